//! The signed text goes out unaltered: what a template made of it is compared with what was signed.

use fenghuo_contract::Channel;
use minijinja::HtmlEscape;

use super::{
    Rendered,
    context::Context,
    fault::RenderFault,
    file::{Part, parts_of},
    one_line,
};

/// Whether the parts carry headline and description whole. The instruction may be left out (a short message), but not
/// cut: whoever carries its beginning must carry it all.
pub(super) fn check(rendered: &Rendered, channel: Channel, context: &Context) -> Result<(), RenderFault> {
    let plain = format!("{}\n{}", rendered.title, rendered.text);
    carries(&plain, context, false)?;
    if parts_of(channel).contains(&Part::Html) { carries(&rendered.html, context, true) } else { Ok(()) }
}

fn carries(text: &str, context: &Context, html: bool) -> Result<(), RenderFault> {
    let written = |signed: &str| if html { HtmlEscape(signed).to_string() } else { signed.to_owned() };
    let whole = |signed: &str| text.contains(&written(signed.trim())) || text.contains(&written(&one_line(signed)));
    for (part, signed) in [("headline", &context.headline), ("description", &context.description)] {
        if !whole(signed) {
            return Err(RenderFault::Alters { html, part });
        }
    }
    // Twenty characters are enough to know the instruction by, and no label is that long. A description may itself say
    // what the instruction says.
    let beginning: String = context.instruction.trim().chars().take(20).collect();
    let signed = [&context.description, &context.headline].map(|signed| signed.trim().to_owned());
    let others = signed.iter().filter(|signed| !signed.is_empty()).fold(text.to_owned(), |text, signed| {
        text.replace(&written(signed), "").replace(&written(&one_line(signed)), "")
    });
    let begun = !beginning.is_empty() && others.contains(&written(&beginning));
    if begun && !whole(&context.instruction) {
        return Err(RenderFault::Alters { html, part: "instruction" });
    }
    Ok(())
}
