use proptest::prelude::*;

use super::*;

fn capacity() -> Capacity {
    Capacity {
        lines: 3,
        columns: 12,
        pages: 2,
        multi_max: 1024,
        characters_per_s: 4,
        page_min: 20,
        letters: Letters::Utf8,
        headline_alone: true,
    }
}

fn content(title: &str, text: &str, short: &str) -> Content {
    Content { title: title.to_owned(), text: text.to_owned(), short: short.to_owned(), ..Content::default() }
}

fn composed(title: &str, text: &str, short: &str) -> String {
    String::from_utf8(compose(&content(title, text, short), &capacity()).unwrap().multi).unwrap()
}

#[test]
fn headline_and_text_take_lines_and_pages() {
    assert_eq!(composed("暴雨红色预警", "请勿外出", ""), "暴雨红色预警[nl]请勿外出");
    assert_eq!(composed("FLOOD", "AVOID LOW ROADS", ""), "FLOOD[nl]AVOID LOW[nl]ROADS");
    let two = composed("暴雨红色预警", "请立即停止户外活动，转移到安全地带", "");
    assert_eq!(two, "[pt45o0]暴雨红色预警[nl]请立即停止户[nl]外活动，转移[np][pt20o0]到安全地带");
    // A text that begins with the headline is not preceded by it.
    assert_eq!(composed("暴雨红色预警", "暴雨红色预警，勿外出", ""), "暴雨红色预警[nl]，勿外出");
}

#[test]
fn what_does_not_fit_gives_way_to_the_short_form_then_to_the_headline_alone() {
    let long = "请勿外出。".repeat(20);
    assert_eq!(composed("暴雨红色预警", &long, "勿外出"), "暴雨红色预警[nl]勿外出");
    assert_eq!(composed("暴雨红色预警", &long, &long), "暴雨红色预警");
    let strict = Capacity { headline_alone: false, ..capacity() };
    assert_eq!(&*compose(&content("暴雨红色预警", &long, ""), &strict).unwrap_err().code, "TOO-LONG");
    let refused = compose(&content(&"暴雨".repeat(19), "", ""), &capacity()).unwrap_err();
    assert_eq!(&*refused.code, "TOO-LONG");
    assert_eq!(&*compose(&content(" ", "\n", ""), &capacity()).unwrap_err().code, "NO-TEXT");
    let small = Capacity { multi_max: 10, ..capacity() };
    assert_eq!(&*compose(&content("暴雨红色预警", "", ""), &small).unwrap_err().code, "TOO-LONG");
}

#[test]
fn letters_are_those_of_the_sign() {
    let with = |letters, title| compose(&content(title, title, ""), &Capacity { letters, ..capacity() });
    assert_eq!(with(Letters::CharacterTags, "雨[1]").unwrap().multi, b"[hc96E8][[1]]");
    assert_eq!(with(Letters::Gb18030, "雨").unwrap().multi, [0xd3, 0xea]);
    assert_eq!(&*with(Letters::Ascii, "雨").unwrap_err().code, "NO-LETTER");
    assert_eq!(&*with(Letters::CharacterTags, "🌧").unwrap_err().code, "NO-LETTER");
    assert_eq!(with(Letters::Ascii, "RAIN").unwrap().multi, b"RAIN");
}

/// Reads MULTI as a sign does: the pages, their lines, and the text without tags.
fn shown(multi: &str) -> Vec<Vec<String>> {
    let mut pages = vec![vec![String::new()]];
    let mut rest = multi;
    while let Some(sign) = rest.chars().next() {
        let line =
            |pages: &mut Vec<Vec<String>>, text: &str| pages.last_mut().unwrap().last_mut().unwrap().push_str(text);
        let tag = rest.strip_prefix('[').and_then(|tag| tag.split_once(']'));
        if rest.starts_with("[[") || rest.starts_with("]]") {
            line(&mut pages, &rest[..1]);
            rest = &rest[2..];
        } else if let Some((tag, after)) = tag {
            match tag {
                "nl" => pages.last_mut().unwrap().push(String::new()),
                "np" => pages.push(vec![String::new()]),
                _ => assert!(tag.starts_with("pt"), "{tag}"),
            }
            rest = after;
        } else {
            assert_ne!(sign, ']', "an open bracket in {multi}");
            line(&mut pages, sign.encode_utf8(&mut [0; 4]));
            rest = &rest[sign.len_utf8()..];
        }
    }
    pages
}

fn letters(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_whitespace() && !sign.is_control()).collect()
}

proptest! {
    #[test]
    fn nothing_is_cut_and_brackets_are_no_tags(text in r"([\[\]a-z ]|[暴雨，。]|\[nl\]|\n|\PC){0,60}", most in 2_usize..20) {
        let capacity = Capacity { columns: most, pages: 100, multi_max: 100_000, ..capacity() };
        let multi = set(&text, &capacity).unwrap();
        let pages = shown(std::str::from_utf8(&multi).unwrap());
        let all: String = pages.iter().flatten().map(String::as_str).collect();
        prop_assert_eq!(letters(&all), letters(&text));
        for page in &pages {
            prop_assert!(page.len() <= capacity.lines);
            for line in page {
                prop_assert!(line.chars().map(columns_of).sum::<usize>() <= most, "{line:?} in {most}");
            }
        }
    }

    #[test]
    fn what_is_composed_is_all_of_a_signed_form(title in "[暴雨预警]{1,40}", text in "[暴雨\\[a b]{0,60}", short in "[雨]{0,20}") {
        if let Ok(composed) = compose(&content(&title, &text, &short), &capacity()) {
            let shown: String = shown(std::str::from_utf8(&composed.multi).unwrap()).concat().concat();
            let with = |form: &String| if form.trim_start().starts_with(&title) { form.clone() } else { format!("{title}{form}") };
            let whole = [with(&text), with(&short), title.clone()];
            prop_assert!(whole.iter().any(|form| letters(form) == letters(&shown)), "{shown}");
        } else {
            prop_assert!(title.chars().count() > 36);
        }
    }
}
