//! Codes of providers, from the tables built into the program: what the state of a delivery may show, in words.

use std::sync::LazyLock;

use fenghuo_contract::{CodeMeaning, CodeTable};

/// Name and text of every table.
const TABLES: &[(&str, &str)] = &[
    ("aliyun", include_str!("../../config/codes/aliyun.toml")),
    ("apns", include_str!("../../config/codes/apns.toml")),
    ("cmpp", include_str!("../../config/codes/cmpp.toml")),
    ("dingtalk", include_str!("../../config/codes/dingtalk.toml")),
    ("email", include_str!("../../config/codes/email.toml")),
    ("fcm", include_str!("../../config/codes/fcm.toml")),
    ("feishu", include_str!("../../config/codes/feishu.toml")),
    ("http", include_str!("../../config/codes/http.toml")),
    ("huawei", include_str!("../../config/codes/huawei.toml")),
    ("jpush", include_str!("../../config/codes/jpush.toml")),
    ("ntfy", include_str!("../../config/codes/ntfy.toml")),
    ("sgip", include_str!("../../config/codes/sgip.toml")),
    ("smgp", include_str!("../../config/codes/smgp.toml")),
    ("smpp", include_str!("../../config/codes/smpp.toml")),
    ("tencent", include_str!("../../config/codes/tencent.toml")),
    ("twilio", include_str!("../../config/codes/twilio.toml")),
    ("webhook", include_str!("../../config/codes/webhook.toml")),
    ("webpush", include_str!("../../config/codes/webpush.toml")),
    ("wechat", include_str!("../../config/codes/wechat.toml")),
    ("wecom", include_str!("../../config/codes/wecom.toml")),
];

static PARSED: LazyLock<Vec<(&'static str, CodeTable)>> = LazyLock::new(|| {
    let parsed = TABLES.iter().filter_map(|(name, text)| Some((*name, CodeTable::parse(text).ok()?)));
    parsed.collect()
});

/// What tables say about a code, written alone (`5.1.1`), with its table (`email 5.1.1`), or as a delivery shows it
/// (`550 5.1.1`, `HTTP 503`).
#[must_use]
pub fn find(asked: &str) -> Vec<(&'static str, &'static CodeMeaning)> {
    let asked = asked.trim();
    let (table, code) = asked.split_once(' ').unwrap_or(("", asked));
    let named = PARSED.iter().find(|(name, _)| name.eq_ignore_ascii_case(table));
    if let Some((name, known)) = named {
        return known.find(code.trim()).map(|meaning| (*name, meaning)).into_iter().collect();
    }
    let ways = std::iter::once(asked).chain(asked.rsplit_once(' ').map(|(_, last)| last));
    let mut found: Vec<(usize, &'static str, &'static CodeMeaning)> = Vec::new();
    for way in ways {
        found.extend(PARSED.iter().filter_map(|(name, known)| {
            let (named, meaning) = known.find_named(way)?;
            Some((named, *name, meaning))
        }));
    }
    // Every code that begins with 5 begins with one of HTTP's: who names more of it knows it better.
    let most = found.iter().map(|(named, ..)| *named).max();
    found.into_iter().filter(|(named, ..)| Some(*named) == most).map(|(_, name, meaning)| (name, meaning)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_can_be_read_and_every_file_is_a_table() {
        for (name, text) in TABLES.iter().copied() {
            let table = CodeTable::parse(text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert!(table.iter().count() > 10, "{name}");
            for (code, meaning) in table.iter() {
                let is_chinese = !meaning.zh.is_ascii();
                let is_english = meaning.en.is_ascii() && meaning.en.starts_with(|c: char| c.is_ascii_uppercase());
                assert!(is_chinese && is_english, "{name} {code}: {meaning:?}");
                assert!(code.len() <= 60 && code.trim() == code, "{name} {code:?}");
            }
        }
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/codes");
        let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
        let files: BTreeSet<String> =
            files.filter_map(|name| name.to_str()?.strip_suffix(".toml").map(str::to_owned)).collect();
        let names: BTreeSet<String> = TABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(files, names);
    }

    #[test]
    fn codes_are_found_as_people_meet_them() {
        let tables = |asked: &str| find(asked).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(tables("5.1.1"), ["email"]);
        assert_eq!(tables("550 5.1.1"), ["email"]);
        assert_eq!(tables("email rcpt 550"), ["email"]);
        assert_eq!(tables("smpp 0x58"), ["smpp"]);
        assert_eq!(tables("isv.ACCOUNT_ABNORMAL"), ["aliyun"]);
        assert!(tables("HTTP 503").contains(&"http"));
        assert!(tables("no-such-code").is_empty());
    }
}
