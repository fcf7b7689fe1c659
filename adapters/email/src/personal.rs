//! The link by which one recipient says that the message arrived: a line below the text and a button below the HTML, the
//! signed words above them as they are.
//!
//! A message is written once for a whole batch. Base64 is written in lines of 76 characters for 57 bytes, so a link that
//! begins where such a line begins and fills whole lines can be exchanged in the finished message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fenghuo_contract::Content;
use lettre::message::{
    SinglePart,
    header::{ContentTransferEncoding, ContentType},
};

/// Bytes of a line of base64.
const LINE: usize = 57;

/// Text and HTML with a place for the link.
pub(crate) struct Personal {
    text: String,
    html: String,
    /// What stands in the place until a recipient's link does.
    stand_in: String,
}

/// A place in the finished message; its bytes are lines of base64.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Bytes that fit.
    room: usize,
}

impl Personal {
    /// For links of at most this many bytes.
    pub(crate) fn new(content: &Content, longest: usize) -> Self {
        let room = (longest + 1).div_ceil(LINE) * LINE;
        let chinese = content.language.get(..2).is_none_or(|tag| tag.eq_ignore_ascii_case("zh"));
        let (line, button) = if chinese {
            ("收到后请点开此链接确认：", "我已收到")
        } else {
            ("Please open this link to confirm that you have received this:", "I have received this")
        };
        let stand_in = stand_in(content, room);
        let text = padded(&crlf(&content.text), &format!("\r\n\r\n{line}\r\n"), ' ') + &stand_in + "\r\n";
        let html = if content.html.is_empty() { String::new() } else { html(&crlf(&content.html), button, &stand_in) };
        Self { text, html, stand_in }
    }

    pub(crate) fn plain(&self) -> SinglePart {
        part(ContentType::TEXT_PLAIN, &self.text)
    }

    pub(crate) fn html(&self) -> SinglePart {
        part(ContentType::TEXT_HTML, &self.html)
    }

    /// Where the stand-ins are in the finished message: once in each part, and the parts come before the attachments.
    pub(crate) fn places(&self, message: &[u8]) -> Vec<Place> {
        let mut wanted = Vec::new();
        encode(self.stand_in.as_bytes(), &mut wanted);
        let mut places = Vec::new();
        let mut from = 0;
        let parts = if self.html.is_empty() { 1 } else { 2 };
        while places.len() < parts
            && let Some(at) = find(&message[from..], &wanted)
        {
            let start = from + at;
            from = start + wanted.len();
            places.push(Place { start, end: from, room: self.stand_in.len() });
        }
        places
    }
}

impl Place {
    /// Writes a link into its place. One that does not fit is left out: a link cut short leads nowhere.
    pub(crate) fn write(&self, link: &str, out: &mut Vec<u8>) {
        let link = if link.len() < self.room { link.as_bytes() } else { &[] };
        // In HTML the quotation mark that ends the attribute comes after the blanks, which readers of it take away.
        let mut bytes = link.to_vec();
        bytes.resize(self.room, b' ');
        encode(&bytes, out);
    }
}

/// What no content contains, and what fills its place exactly.
fn stand_in(content: &Content, room: usize) -> String {
    let taken = |text: &str| content.text.contains(text) || content.html.contains(text);
    let signs = ('0'..='9').chain('a'..='z').map(|sign| sign.to_string().repeat(room));
    signs.into_iter().find(|text| !taken(text)).unwrap_or_else(|| "0".repeat(room))
}

/// The button goes before the end of the body, where there is one.
fn html(html: &str, button: &str, stand_in: &str) -> String {
    let at = html.to_ascii_lowercase().rfind("</body").unwrap_or(html.len());
    let (before, after) = html.split_at(at);
    let style = "display:inline-block;padding:12px 28px;background:#1f4e79;color:#ffffff;font-weight:bold;\
                 text-decoration:none;border-radius:4px";
    let opening = format!("<p style=\"margin:24px 0;text-align:center\"><a style=\"{style}\" href=\"");
    padded(before, &opening, '\n') + stand_in + &format!("\">{button}</a></p>\r\n") + after
}

/// `text`, blanks, and `tail`, so that what follows begins a line of base64.
fn padded(text: &str, tail: &str, blank: char) -> String {
    let used = (text.len() + tail.len()) % LINE;
    // Line ends are two bytes long, blanks one.
    let blanks = if used == 0 { 0 } else { LINE - used };
    let filling: String = match blank {
        '\n' => " ".repeat(blanks),
        _ if blanks >= 2 => format!("\r\n{}", " ".repeat(blanks - 2)),
        _ => " ".repeat(blanks),
    };
    format!("{text}{filling}{tail}")
}

/// Line ends as they go over the wire.
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn part(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder().header(content_type).header(ContentTransferEncoding::Base64).body(text.to_owned())
}

/// Whole lines of base64, each with its end.
fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for line in bytes.chunks(LINE) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
