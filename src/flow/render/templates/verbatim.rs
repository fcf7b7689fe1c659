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

/// Whether the parts carry headline and description whole, and the short form the headline or what its issuer wrote for
/// that. What may be left out, the
/// instruction and in the short form the description, is not cut: whoever carries its beginning must carry it all.
pub(super) fn check(rendered: &Rendered, channel: Channel, context: &Context) -> Result<(), RenderFault> {
    let plain = format!("{}\n{}", rendered.title, rendered.text);
    carries(&plain, context, Part::Text)?;
    if !rendered.short.is_empty() {
        carries(&rendered.short, context, Part::Short)?;
    }
    if parts_of(channel).contains(&Part::Html) { carries(&rendered.html, context, Part::Html) } else { Ok(()) }
}

fn carries(text: &str, context: &Context, carrier: Part) -> Result<(), RenderFault> {
    let (html, short) = (carrier == Part::Html, carrier == Part::Short);
    let written = |signed: &str| if html { HtmlEscape(signed).to_string() } else { signed.to_owned() };
    let whole = |signed: &str| text.contains(&written(signed.trim())) || text.contains(&written(&one_line(signed)));
    // The issuer's own short form takes the place of all of it.
    if short && text.contains(context.short_text.trim()) && !context.short_text.trim().is_empty() {
        return Ok(());
    }
    for (part, signed) in [("headline", &context.headline), ("description", &context.description)] {
        let left_out = short && part == "description" && !text.contains(&beginning(signed));
        if !left_out && !whole(signed) {
            return Err(RenderFault::Alters { carrier, part });
        }
    }
    // A description may itself say what the instruction says.
    let beginning = beginning(&context.instruction);
    let signed = [&context.description, &context.headline].map(|signed| signed.trim().to_owned());
    let others = signed.iter().filter(|signed| !signed.is_empty()).fold(text.to_owned(), |text, signed| {
        text.replace(&written(signed), "").replace(&written(&one_line(signed)), "")
    });
    let begun = !beginning.is_empty() && others.contains(&written(&beginning));
    if begun && !whole(&context.instruction) {
        return Err(RenderFault::Alters { carrier, part: "instruction" });
    }
    Ok(())
}

/// Twenty characters are enough to know a text by, and no label is that long.
fn beginning(signed: &str) -> String {
    signed.trim().chars().take(20).collect()
}
