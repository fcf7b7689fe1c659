//! The screens of a building, as a file lists them.

use crate::flow::screens::{KIOSK_PARAMETER, is_screen_id};

/// Ids and tokens: one kiosk address a line, as the gateway hands it out, or an id and its token. Empty lines and those that
/// begin with `#` are passed over.
///
/// # Errors
/// The number of the first line that is neither, or of the last line when none names a screen.
pub(super) fn read(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut screens = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        screens.push(one(line).ok_or(at + 1)?);
    }
    if screens.is_empty() { Err(text.lines().count()) } else { Ok(screens) }
}

fn one(line: &str) -> Option<(String, String)> {
    let (id, token) = match line.split_once("/screens/") {
        Some((_, rest)) => {
            let (id, query) = rest.split_once('?')?;
            let named = query.split('&').find_map(|pair| pair.strip_prefix(KIOSK_PARAMETER)?.strip_prefix('='));
            (id, named?)
        }
        None => line.split_once(char::is_whitespace)?,
    };
    let token = token.trim();
    let plain =
        !token.is_empty() && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    (is_screen_id(id) && plain).then(|| (id.to_owned(), token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn addresses_and_pairs_are_read_and_the_first_bad_line_is_named() {
        let text = "# 三号楼\nhttp://gw:12379/screens/hall?k=abc-1&speak=1\n\nlift-2  XyZ_9\n";
        let pair = |id: &str, token: &str| (id.to_owned(), token.to_owned());
        assert_eq!(read(text), Ok(vec![pair("hall", "abc-1"), pair("lift-2", "XyZ_9")]));
        for (text, line) in [
            ("", 0),
            ("# nobody\n", 1),
            ("hall abc\nhall\n", 2),
            ("http://gw/screens/hall\n", 1),
            ("../x abc", 1),
            ("hall a&b", 1),
        ] {
            assert_eq!(read(text), Err(line), "{text}");
        }
    }
}
