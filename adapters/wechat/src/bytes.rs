//! Limits that count bytes.

use fenghuo_contract::{Cause, Content};

/// The text in the form that goes out where the limit is `most` bytes of UTF-8: the whole one when it fits, else the short
/// one.
///
/// # Errors
/// A cause named `TOO-LONG` when neither fits.
pub(crate) fn text_within_bytes(content: &Content, most: usize) -> Result<&str, Cause> {
    if content.text.len() <= most {
        return Ok(&content.text);
    }
    if !content.short.is_empty() && content.short.len() <= most {
        return Ok(&content.short);
    }
    let long = content.text.len();
    let told = format!("the text has {long} bytes, at most {most} fit, and there is no short form that does");
    Err(Cause::new("TOO-LONG", &told))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_goes_out_whole_or_not_at_all(text in "[雨a]{0,20}", short in "[雨a]{0,20}", most in 1usize..60) {
            let content = Content { text: text.clone(), short: short.clone(), ..Content::default() };
            match text_within_bytes(&content, most) {
                Ok(out) => {
                    prop_assert!(out.len() <= most);
                    prop_assert_eq!(out, if text.len() <= most { &text } else { &short });
                }
                Err(_) => prop_assert!(text.len() > most && (short.is_empty() || short.len() > most)),
            }
        }
    }
}
