//! Texts of the public site: in Russian besides the two languages of the product, for the neighbours across the river.
//! They stand in files of their own, so that nothing but the site has to speak Russian.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{bundle::Texts, preferred};

/// A language of the public site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum PublicLang {
    /// `zh-CN`
    #[serde(rename = "zh-CN")]
    Chinese,
    /// `en`
    #[serde(rename = "en")]
    English,
    /// `ru`
    #[serde(rename = "ru")]
    Russian,
}

static CHINESE: LazyLock<Texts> = LazyLock::new(|| read(PublicLang::Chinese));
static ENGLISH: LazyLock<Texts> = LazyLock::new(|| read(PublicLang::English));
static RUSSIAN: LazyLock<Texts> = LazyLock::new(|| read(PublicLang::Russian));

fn read(lang: PublicLang) -> Texts {
    Texts::read(lang.tag(), [("public", lang.source())].into_iter())
}

impl PublicLang {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Chinese, Self::English, Self::Russian];

    /// BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chinese => "中文",
            Self::English => "English",
            Self::Russian => "Русский",
        }
    }

    /// The language of a tag such as `zh-Hans-CN`, `en-GB` or `ru`; `None` for any other.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            "ru" => Some(Self::Russian),
            _ => None,
        }
    }

    /// The one of these languages a reader likes best, from the value of `Accept-Language`; the first of them when he names
    /// none.
    #[must_use]
    pub fn from_accept_language(header: &str, among: &[Self]) -> Self {
        let offered = |tag: &str| Self::from_tag(tag).filter(|lang| among.contains(lang));
        preferred(header, offered).or(among.first().copied()).unwrap_or(Self::Chinese)
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Chinese => include_str!("zh-CN/public.ftl"),
            Self::English => include_str!("en/public.ftl"),
            Self::Russian => include_str!("ru/public.ftl"),
        }
    }

    fn texts(self) -> &'static Texts {
        match self {
            Self::Chinese => &CHINESE,
            Self::English => &ENGLISH,
            Self::Russian => &RUSSIAN,
        }
    }

    /// A text of the site, with its variable parts filled in; its id when there is none, and a test fails.
    #[must_use]
    pub fn text(self, id: &str, args: &[(&str, String)]) -> String {
        self.texts().format(id, None, args).unwrap_or_else(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PublicLang;

    fn variables(source: &str) -> BTreeSet<&str> {
        let after = source.split("{ $").skip(1);
        after.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()).collect()
    }

    #[test]
    fn the_three_languages_say_the_same_things() {
        let ids = PublicLang::Chinese.texts().ids();
        assert!(ids.len() > 40, "there are texts");
        for lang in PublicLang::ALL {
            let texts = lang.texts();
            assert_eq!(texts.faults, Vec::<String>::new(), "{}", lang.tag());
            assert_eq!(texts.ids(), ids, "{}", lang.tag());
            assert_eq!(variables(lang.source()), variables(PublicLang::Chinese.source()), "{}", lang.tag());
        }
    }

    #[test]
    fn every_text_is_written_out_for_every_number() {
        for (lang, number) in PublicLang::ALL.into_iter().flat_map(|lang| [0, 1, 2, 5, 21].map(|number| (lang, number)))
        {
            let names = variables(PublicLang::Chinese.source());
            let args: Vec<(&str, String)> = names.into_iter().map(|name| (name, number.to_string())).collect();
            for id in lang.texts().ids() {
                let text = lang.text(&id, &args);
                assert!(!text.trim().is_empty() && !text.contains("{$") && text != id, "{} {id}: {text}", lang.tag());
            }
        }
        let count = |number: u32| PublicLang::Russian.text("public-count", &[("count", number.to_string())]);
        assert!(
            count(1) != count(2).replace('2', "1") && count(5) != count(2).replace('2', "5"),
            "Russian has three forms"
        );
    }

    #[test]
    fn a_reader_gets_what_he_likes_best_of_what_is_offered() {
        use PublicLang::{Chinese, English, Russian};
        for (header, among, lang) in [
            ("", &[Chinese, English, Russian][..], Chinese),
            ("ru-RU,ru;q=0.9,en;q=0.8", &[Chinese, English, Russian], Russian),
            ("ru-RU,ru;q=0.9,en;q=0.8", &[Chinese, English], English),
            ("fr", &[English, Chinese], English),
            ("zh;q=0, en;q=0.1", &[Chinese, English], English),
            ("ru", &[], Chinese),
        ] {
            assert_eq!(PublicLang::from_accept_language(header, among), lang, "{header}");
        }
    }
}
