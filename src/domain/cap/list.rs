//! The small languages inside of CAP texts: lists with quotation marks, references, polygons, circles.

use crate::domain::message::{Circle, MessageRef, Polygon};

/// White space as XML and CAP have it.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// A quotation mark that opens and does not close.
#[derive(Debug, PartialEq)]
pub(in crate::domain) struct OpenQuote;

/// Reads addresses or incidents: separated by white space, quoted where they contain some (CAP 1.2, 3.2.1).
pub(in crate::domain) fn read_items(text: &str) -> Result<Vec<String>, OpenQuote> {
    let mut items = Vec::new();
    let mut rest = text.trim_start_matches(BLANKS);
    while !rest.is_empty() {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(OpenQuote)?,
            None => rest.split_at(rest.find(BLANKS).unwrap_or(rest.len())),
        };
        items.push(item.to_owned());
        rest = after.trim_start_matches(BLANKS);
    }
    Ok(items)
}

/// Writes addresses or incidents.
pub(in crate::domain) fn write_items(items: &[String]) -> String {
    let quoted = |item: &String| if item.contains(BLANKS) { format!("\"{item}\"") } else { item.clone() };
    items.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Reads `sender,identifier,sent` triplets separated by white space; `Err` holds the number, from 1, of the first that
/// is none.
pub(in crate::domain) fn read_references(text: &str) -> Result<Vec<MessageRef>, usize> {
    text.split(BLANKS)
        .filter(|item| !item.is_empty())
        .enumerate()
        .map(|(at, item)| reference(item).ok_or(at + 1))
        .collect()
}

fn reference(item: &str) -> Option<MessageRef> {
    let mut parts = item.split(',');
    let (sender, identifier, sent) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && !sender.is_empty() && !identifier.is_empty();
    whole.then_some(())?;
    Some(MessageRef { sender: sender.to_owned(), identifier: identifier.to_owned(), sent: sent.parse().ok()? })
}

/// Writes references.
pub(in crate::domain) fn write_references(references: &[MessageRef]) -> String {
    let triplet = |item: &MessageRef| format!("{},{},{}", item.sender, item.identifier, item.sent);
    references.iter().map(triplet).collect::<Vec<_>>().join(" ")
}

/// Reads `latitude,longitude` pairs separated by white space; `Err` holds the first word that is no pair.
pub(in crate::domain) fn read_polygon(text: &str) -> Result<Polygon, &str> {
    let pairs = text.split(BLANKS).filter(|word| !word.is_empty());
    pairs.map(|word| pair(word).ok_or(word)).collect::<Result<_, _>>().map(Polygon)
}

/// Writes a polygon with one blank between pairs: consumers split on exactly one.
pub(in crate::domain) fn write_polygon(polygon: &Polygon) -> String {
    polygon.0.iter().map(|[latitude, longitude]| format!("{latitude},{longitude}")).collect::<Vec<_>>().join(" ")
}

/// Reads `latitude,longitude radius`.
pub(in crate::domain) fn read_circle(text: &str) -> Option<Circle> {
    let mut words = text.split(BLANKS).filter(|word| !word.is_empty());
    let (centre, radius_km) = (pair(words.next()?)?, read_decimal(words.next()?)?);
    words.next().is_none().then_some(Circle { centre, radius_km })
}

/// Writes a circle.
pub(in crate::domain) fn write_circle(circle: &Circle) -> String {
    format!("{},{} {}", circle.centre[0], circle.centre[1], circle.radius_km)
}

pub(in crate::domain) fn pair(word: &str) -> Option<[f64; 2]> {
    let (latitude, longitude) = word.split_once(',')?;
    Some([read_decimal(latitude)?, read_decimal(longitude)?])
}

/// Reads a number as XML Schema writes decimals: digits, one point, a sign; no exponent.
pub(in crate::domain) fn read_decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || digits.len() > 400 {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{OpenQuote, read_circle, read_decimal, read_items, read_polygon, read_references, write_items};

    #[test]
    fn items_with_blanks_stand_in_quotation_marks() {
        let items = read_items(" one \"two words\"\nthree ").expect("closed");
        assert_eq!(items, ["one", "two words", "three"]);
        assert_eq!(write_items(&items), "one \"two words\" three");
        assert_eq!(read_items("one \"two"), Err(OpenQuote));
    }

    #[test]
    fn references_are_triplets() {
        let three = "a,1,2026-07-15T14:40:00+08:00\n a,2,2026-07-15T15:40:00+08:00\ta,3,2026-07-15T16:40:00+08:00";
        assert_eq!(read_references(three).expect("triplets").len(), 3);
        assert_eq!(read_references("a,1,2026-07-15T14:40:00+08:00 a,2").expect_err("the second"), 2);
        assert_eq!(read_references("a,1,2026-07-15T14:40:00Z").expect_err("Z"), 1);
        assert_eq!(read_references(",1,2026-07-15T14:40:00+08:00").expect_err("no sender"), 1);
    }

    #[test]
    fn numbers_have_no_exponent() {
        assert_eq!(read_decimal("-1.50"), Some(-1.5));
        assert_eq!(read_decimal("+.5"), Some(0.5));
        for text in ["", "-", ".", "1e3", "NaN", "inf", "1.2.3", "0x1", " 1", &"9".repeat(399)] {
            assert_eq!(read_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn shapes_are_read_with_any_blanks_between() {
        assert_eq!(read_polygon(" 1,2\t3,4\n").expect("pairs").0, [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(read_polygon("1,2 松北区"), Err("松北区"));
        assert_eq!(read_circle("1,2 5").expect("circle").radius_km, 5.0);
        for text in ["1,2", "1,2 x", "1 2 3", "1,2 3 4"] {
            assert_eq!(read_circle(text), None, "{text}");
        }
    }
}
