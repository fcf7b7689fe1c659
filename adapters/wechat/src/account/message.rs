//! What a content becomes, by the way it goes.

use fenghuo_contract::{Cause, Content};
use serde_json::{Map, Value, json};

use super::settings::{Draft, Ready, Way};
use crate::template::Filled;

/// A message as it goes out.
pub(crate) enum Message {
    /// A filled template, with the language a mini program is opened in.
    Filled { filled: Filled, language: &'static str },
    /// A text as it is.
    Text(String),
    /// An article.
    Article { title: String, html: String, text: String },
}

impl Message {
    /// What a reader will see.
    pub(crate) fn seen(self) -> String {
        match self {
            Self::Filled { filled, .. } => filled.text,
            Self::Text(text) => text,
            Self::Article { title, text, .. } => format!("{title}\n{text}"),
        }
    }
}

impl Ready {
    /// The message a content becomes.
    ///
    /// # Errors
    /// The [`Cause`] for which every address would be refused.
    pub(crate) fn message(&self, content: &Content) -> Result<Message, Cause> {
        match (self.way, &self.draft) {
            (Way::Template | Way::Subscribe | Way::MiniProgram, _) => {
                Ok(Message::Filled { filled: self.templates.fill(content)?, language: language(content) })
            }
            (Way::Draft, Some(draft)) => article(draft, content),
            (Way::Mass | Way::MassList, _) if !self.mass.when.holds(content) => {
                Err(Cause::new("NOT-MASS", "the settings send no mass message for this"))
            }
            _ => Ok(Message::Text(content.text_within(Some(self.text_max))?.to_owned())),
        }
    }
}

fn article(draft: &Draft, content: &Content) -> Result<Message, Cause> {
    let title = content.title.trim();
    if title.is_empty() {
        return Err(Cause::new("NO-TITLE", "an article needs a title"));
    }
    let html = if content.html.is_empty() { paragraphs(&content.text) } else { body(&content.html).to_owned() };
    for (what, text, most) in [("title", title, draft.title_max), ("article", &html, draft.content_max)] {
        let long = text.chars().count();
        if long > most {
            let told = format!("the {what} has {long} characters, at most {most} fit");
            return Err(Cause::new("TOO-LONG", &told));
        }
    }
    Ok(Message::Article { title: title.to_owned(), html, text: content.text.clone() })
}

/// What is between the tags of `body`, where there are such; else all of it.
fn body(html: &str) -> &str {
    let inner = || {
        let (_, from) = html.split_once("<body")?;
        let (_, inner) = from.split_once('>')?;
        Some(inner.rsplit_once("</body>")?.0.trim())
    };
    inner().unwrap_or(html)
}

/// A text as paragraphs of HTML.
fn paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("<p>{line}</p>")).collect()
}

fn language(content: &Content) -> &'static str {
    if content.language.starts_with("en") { "en_US" } else { "zh_CN" }
}

/// The values of a template as the interface wants them.
pub(crate) fn data(filled: &Filled) -> Value {
    let fields = filled.values.iter().map(|(name, value)| (name.clone(), json!({ "value": value })));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// The one article of a draft.
pub(crate) fn draft(draft: &Draft, title: &str, html: &str) -> Value {
    json!({ "articles": [{
        "title": title, "author": draft.author, "content": html, "thumb_media_id": draft.thumb_media_id,
        "need_open_comment": 0,
    }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_the_body_of_the_mail_or_the_text_in_paragraphs() {
        let draft = Draft { thumb_media_id: "m".into(), author: String::new(), title_max: 6, content_max: 40 };
        let html = |content: &Content| match article(&draft, content) {
            Ok(Message::Article { html, .. }) => html,
            Ok(_) => "no article".to_owned(),
            Err(cause) => cause.code.to_string(),
        };
        let mail = "<html><head><title>x</title></head>\n<body style=\"a\">\n<p>暴雨</p>\n</body></html>";
        let content =
            Content { title: "暴雨".into(), html: mail.into(), text: "a<b\n\nc".into(), ..Content::default() };
        assert_eq!(html(&content), "<p>暴雨</p>");
        assert_eq!(html(&Content { html: String::new(), ..content.clone() }), "<p>a&lt;b</p><p>c</p>");
        assert_eq!(html(&Content { html: "<p>x</p>".into(), ..content.clone() }), "<p>x</p>");
        assert_eq!(html(&Content { title: " ".into(), ..content.clone() }), "NO-TITLE");
        assert_eq!(html(&Content { title: "暴雨红色预警了".into(), ..content.clone() }), "TOO-LONG");
        assert_eq!(html(&Content { html: "雨".repeat(41), ..content }), "TOO-LONG");
    }
}
