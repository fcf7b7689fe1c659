//! Message templates: files in `config/templates` (built in, replaceable one by one from a directory), rendered by
//! minijinja.
//!
//! A file is named `channel.language.part.txt`, for example `sms.zh-CN.text.txt`; a variant of its own for updates or
//! lifts is named `channel.language.lift.part.txt`. The parts are `title` (`subject` for e-mail), `text`, and for
//! e-mail `html` (`email.zh-CN.html`); all but e-mail may have `short`, a shorter text for where the other does not fit.
//! `config/templates/README.md` lists the variables.
//!
//! Three rules are kept by code and not by the authors of templates: nothing that was signed is shortened or changed,
//! every text of a warning that is not actual begins (behind the signature of a short message) and ends with 【演练】, and HTML is escaped.

mod built_in;
pub mod context;
mod fault;
mod file;
mod samples;
mod verbatim;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use fenghuo_contract::Channel;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};

pub(crate) use context::MapWords;
pub use context::{Context, Variant};
pub use fault::{RenderFault, TemplateFaults, TemplateFinding};
pub use file::Part;
use file::{FileName, optional_parts_of, parts_of};
pub(super) use samples::sample;

use crate::{config::Config, domain::text::DRILL_MARK};

/// The parts of a content, rendered. A part the channel has no place for is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Subject of a mail, title of a push message or screen; one line.
    pub title: String,
    /// The text itself.
    pub text: String,
    /// A shorter form of it; empty when there is none that is shorter.
    pub short: String,
    /// The same as HTML.
    pub html: String,
}

/// Every template of an installation, checked.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Environment<'static>,
    languages: BTreeSet<String>,
}

impl Templates {
    /// Reads the built-in templates, lays the files of the configured directory over them, and renders every one with
    /// samples, so that what is broken is found before a warning needs it.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, and configured languages that have none.
    pub fn load(config: &Config) -> Result<Self, TemplateFaults> {
        let mut findings = Vec::new();
        let templates = Self::read(config.texts.templates.as_deref(), &mut findings);
        let without = config.texts.languages.iter().filter(|language| !templates.has_language(language));
        findings.extend(without.map(|language| TemplateFinding::language(language)));
        if findings.is_empty() { Ok(templates) } else { Err(TemplateFaults { findings }) }
    }

    fn read(directory: Option<&Path>, findings: &mut Vec<TemplateFinding>) -> Self {
        let mut sources: BTreeMap<String, String> =
            built_in::FILES.iter().map(|(name, source)| ((*name).to_owned(), (*source).to_owned())).collect();
        if let Some(directory) = directory {
            sources.extend(file::read_directory(directory, findings));
        }
        let names: Vec<FileName> = sources.keys().filter_map(|name| FileName::parse(name)).collect();
        let languages: BTreeSet<String> = names.into_iter().map(|name| name.language).collect();
        let mut templates = Self { environment: environment(), languages };
        for (name, source) in sources {
            if let Err(cause) = templates.environment.add_template_owned(name.clone(), source) {
                findings.push(TemplateFinding::broken(&name, &cause));
            }
        }
        templates.try_out(findings);
        templates
    }

    /// Languages that every template exists in, as BCP 47 tags.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(String::as_str)
    }

    /// Whether there are templates for this language or one with the same primary language.
    #[must_use]
    pub fn has_language(&self, language: &str) -> bool {
        self.nearest_language(language).is_some()
    }

    /// Renders a warning for one channel and language. A language without templates is rendered with those of its
    /// primary language, then with the Chinese ones.
    ///
    /// # Errors
    /// The channel has no templates, or a template fails with this warning; the samples make the latter unlikely.
    pub fn render(
        &self,
        channel: Channel,
        language: &str,
        variant: Variant,
        context: &Context,
    ) -> Result<Rendered, RenderFault> {
        if parts_of(channel).is_empty() {
            return Err(RenderFault::NoTemplates(channel));
        }
        let mut rendered = self.render_parts(channel, language, variant, context)?;
        rendered.title = one_line(&rendered.title);
        verbatim::check(&rendered, channel, context)?;
        Ok(finished(rendered, channel, context))
    }

    /// What a channel says when its template fails with a warning: the signed words themselves, one after the other. A
    /// released warning goes out.
    #[must_use]
    pub fn plain(channel: Channel, context: &Context) -> Rendered {
        let signed = [&context.headline, &context.description, &context.instruction];
        let words: Vec<&str> = signed.into_iter().map(|words| words.trim()).filter(|words| !words.is_empty()).collect();
        let text = if words.is_empty() { context.hazard.name.clone() } else { words.join("\n") };
        let title = one_line(words.first().copied().unwrap_or(&context.hazard.name));
        let html = if parts_of(channel).contains(&Part::Html) {
            format!("<pre>{}</pre>", minijinja::HtmlEscape(&text))
        } else {
            String::new()
        };
        let short = if optional_parts_of(channel).is_empty() { String::new() } else { title.clone() };
        finished(Rendered { title, text, short, html }, channel, context)
    }

    fn render_parts(
        &self,
        channel: Channel,
        language: &str,
        variant: Variant,
        context: &Context,
    ) -> Result<Rendered, RenderFault> {
        let language = self.nearest_language(language).unwrap_or(FALLBACK);
        let mut rendered = Rendered::default();
        for part in parts_of(channel).iter().chain(optional_parts_of(channel)) {
            let name = self.template_name(channel, language, variant, *part);
            if *part == Part::Short && !self.has_short(channel, language, variant, &name) {
                continue;
            }
            let template = self.environment.get_template(&name).map_err(|cause| RenderFault::broken(&name, &cause))?;
            let text = template.render(Serde(context)).map_err(|cause| RenderFault::broken(&name, &cause))?;
            let text = text.trim().to_owned();
            if text.is_empty() {
                return Err(RenderFault::Empty { file: name });
            }
            match part {
                Part::Title => rendered.title = text,
                Part::Text => rendered.text = text,
                Part::Short => rendered.short = text,
                Part::Html => rendered.html = text,
            }
        }
        Ok(rendered)
    }

    /// The file of a part: the variant's own when there is one, else the general one.
    fn template_name(&self, channel: Channel, language: &str, variant: Variant, part: Part) -> String {
        let name = |variant| FileName { channel, language: language.to_owned(), variant, part }.to_string();
        let own = (variant != Variant::First).then(|| name(variant));
        own.filter(|name| self.environment.get_template(name).is_ok()).unwrap_or_else(|| name(Variant::First))
    }

    /// Whether a short form is written for a variant. A variant with words of its own has its own short form or none: the
    /// general one would leave out that it is a lift.
    fn has_short(&self, channel: Channel, language: &str, variant: Variant, name: &str) -> bool {
        let own = |part| FileName { channel, language: language.to_owned(), variant, part }.to_string();
        let is_there = |name: &str| self.environment.get_template(name).is_ok();
        is_there(name) && (name == own(Part::Short) || !parts_of(channel).iter().any(|part| is_there(&own(*part))))
    }

    fn nearest_language(&self, language: &str) -> Option<&str> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.languages.iter().find(|tag| tag.eq_ignore_ascii_case(language));
        exact.or_else(|| self.languages.iter().find(|tag| primary(tag) == primary(language))).map(String::as_str)
    }

    /// Renders every template with every sample.
    fn try_out(&self, findings: &mut Vec<TemplateFinding>) {
        for language in &self.languages {
            for channel in file::channels() {
                self.try_channel(channel, language, findings);
            }
        }
    }

    fn try_channel(&self, channel: Channel, language: &str, findings: &mut Vec<TemplateFinding>) {
        let named = |variant, part| FileName { channel, language: language.to_owned(), variant, part }.to_string();
        let missing: Vec<String> = parts_of(channel).iter().map(|part| named(Variant::First, *part)).collect();
        let missing = missing.into_iter().filter(|name| self.environment.get_template(name).is_err());
        // One that is there and broken has been reported already.
        let missing: Vec<_> = missing.filter(|name| !findings.iter().any(|finding| finding.file == *name)).collect();
        if !missing.is_empty() {
            findings.extend(missing.into_iter().map(|name| TemplateFinding::missing(&name)));
            return;
        }
        for (variant, context) in samples::contexts(language) {
            if let Err(fault) = self.render(channel, language, variant, &context) {
                let file = |part| self.template_name(channel, language, variant, part);
                let finding = TemplateFinding::of(fault, file);
                if !findings.iter().any(|known| known.file == finding.file) {
                    findings.push(finding);
                }
            }
        }
    }
}

/// The language every installation has templates for.
const FALLBACK: &str = "zh-CN";

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters are valid"));
    environment.set_auto_escape_callback(
        |name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    environment
}

/// Line breaks of a title become blanks: a title is one line everywhere, and a header must not be broken.
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What templates made, as it goes out: with the mark of a drill, and with a short form only where that is shorter.
fn finished(mut rendered: Rendered, channel: Channel, context: &Context) -> Rendered {
    if rendered.short.chars().count() >= rendered.text.chars().count() {
        rendered.short.clear();
    }
    if context.drill {
        mark(&mut rendered, channel, &context.signature);
    }
    rendered
}

/// Puts the drill mark at the beginning and the end of every part, behind its signature. A template cannot leave it out.
fn mark(rendered: &mut Rendered, channel: Channel, signature: &str) {
    if !rendered.short.is_empty() {
        rendered.short = marked(&rendered.short, signature);
    }
    for part in parts_of(channel) {
        match part {
            Part::Title => rendered.title = marked(&rendered.title, signature),
            Part::Text => rendered.text = marked(&rendered.text, signature),
            Part::Html => rendered.html = marked_html(&rendered.html),
            Part::Short => {}
        }
    }
}

/// The mark stands behind a signature in 【】 that leads the text: carriers of the mainland know whose message it is by what
/// comes first, and refuse or sign anew what begins with anything else.
fn marked(text: &str, signature: &str) -> String {
    let signed = text.strip_prefix('【').and_then(|text| text.strip_prefix(signature)?.strip_prefix('】'));
    let (signature, text) = text.split_at(text.len() - signed.unwrap_or(text).len());
    let before = if text.starts_with(DRILL_MARK) { "" } else { DRILL_MARK };
    let after = if text.len() > DRILL_MARK.len() && text.ends_with(DRILL_MARK) { "" } else { DRILL_MARK };
    format!("{signature}{before}{text}{after}")
}

fn marked_html(html: &str) -> String {
    let banner = format!(
        "<p style=\"margin:0;padding:12px;text-align:center;font-size:20px;font-weight:bold;\
         border:4px dashed #808080\">{DRILL_MARK}</p>"
    );
    // ASCII lower case keeps every byte where it is.
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<body").and_then(|at| Some(at + lower[at..].find('>')? + 1)).unwrap_or(0);
    let end = lower.rfind("</body").filter(|end| *end >= start).unwrap_or(html.len());
    [&html[..start], &banner, &html[start..end], &banner, &html[end..]].concat()
}

#[cfg(test)]
mod tests;
