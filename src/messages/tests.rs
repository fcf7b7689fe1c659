use std::collections::BTreeSet;

use fenghuo_contract::Channel;

use super::{FILES, Lang, bundle::Texts, *};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
    },
    flow::alarms::AlarmCode,
    http::problem::ProblemCode,
};

/// Every variable a file's source names, as it stands.
fn variables(source: &str) -> BTreeSet<&str> {
    source
        .split('$')
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
        .collect()
}

/// A value for every variable of every file.
fn every_variable() -> Vec<(&'static str, String)> {
    let names: BTreeSet<&str> = FILES.iter().flat_map(|(_, zh, en)| [*zh, *en]).flat_map(variables).collect();
    names.into_iter().map(|name| (name, "7".to_owned())).collect()
}

#[test]
fn the_files_have_no_faults_and_no_code_twice() {
    for lang in Lang::ALL {
        assert_eq!(Texts::of(lang).faults, Vec::<String>::new(), "{}", lang.tag());
    }
}

#[test]
fn both_languages_say_the_same_things() {
    let [zh, en] = Lang::ALL.map(Texts::of);
    assert_eq!(zh.ids(), en.ids());
    for id in zh.ids() {
        assert_eq!(zh.attributes(&id), en.attributes(&id), "attributes of {id}");
    }
    for (name, chinese, english) in FILES {
        assert_eq!(variables(chinese), variables(english), "variables of {name}.ftl");
    }
}

#[test]
fn every_text_formats_with_its_variables() {
    let args = every_variable();
    for lang in Lang::ALL {
        let texts = Texts::of(lang);
        for id in texts.ids() {
            let attributes = texts.attributes(&id);
            for attribute in attributes.iter().map(|name| Some(name.as_str())).chain([None]) {
                let Some(text) = texts.format(&id, attribute, &args) else { continue };
                assert!(!text.trim().is_empty() && !text.contains("{$"), "{id} {attribute:?}: {text}");
            }
        }
    }
}

#[test]
fn every_code_that_reaches_a_caller_has_a_title_and_something_to_do() {
    let problems = ProblemCode::ALL.iter().map(|code| code.name().to_owned());
    let reasons = Reason::ALL.iter().map(|reason| format!("reason-{}", reason.name().replace('_', "-")));
    let alarms = AlarmCode::ALL.iter().map(|code| format!("alarm-{}", code.name()));
    for id in problems.chain(reasons).chain(alarms) {
        for lang in Lang::ALL {
            assert_ne!(title(lang, &id), id, "title of {id}");
            assert!(action(lang, &id).is_some(), "action of {id}");
        }
    }
}

#[test]
fn every_word_has_a_text() {
    let states = State::ALL.iter().map(|state| format!("state-{}", state.name().replace('_', "-")));
    let levels = Level::ALL.iter().map(|level| format!("level-{}", level.name()));
    let channels = Channel::ALL.iter().map(|channel| format!("channel-{}", channel.name()));
    for id in states.chain(levels).chain(channels) {
        assert!(is_code(&id), "{id}");
    }
}

#[test]
fn variables_are_filled_in_and_left_out_where_there_are_none() {
    let args = [("count", "3".to_owned())];
    assert_eq!(detail(Lang::English, "warning-rejected", &args), "3 faults were found and nothing was stored");
    assert_eq!(detail(Lang::Chinese, "warning-rejected", &args), "发现 3 处问题，什么都没有保存");
    let one = [("count", "1".to_owned())];
    assert_eq!(detail(Lang::English, "warning-rejected", &one), "One fault was found and nothing was stored");
    assert_eq!(
        action(Lang::English, "level-not-allowed").unwrap(),
        "Use a level it may issue: …; or let a headquarters issue it that may"
    );
    let area = [("got", "023010900000".to_owned())];
    assert_eq!(text(Lang::English, "area-unknown", &area), "The configuration knows no area code 023010900000");
}

#[test]
fn a_sentence_says_what_is_wrong_and_what_to_do() {
    assert_eq!(
        sentence(Lang::English, "key-revoked", &[]),
        "This key was revoked. Use a new key; the security administrator hands out keys."
    );
    assert_eq!(sentence(Lang::Chinese, "key-revoked", &[]), "这个密钥已经停用。换用新的密钥；由安全管理员发放。");
}

#[test]
fn reads_what_a_reader_likes_best() {
    for (header, lang) in [
        ("", Lang::Chinese),
        ("en", Lang::English),
        ("en-GB,en;q=0.9", Lang::English),
        ("fr, en;q=0.3, zh;q=0.8", Lang::Chinese),
        ("zh-CN;q=0.2, en;q=0.7", Lang::English),
        ("en;q=0, zh", Lang::Chinese),
        ("fr", Lang::Chinese),
        ("en;q=abc", Lang::Chinese),
    ] {
        assert_eq!(Lang::from_accept_language(header), lang, "{header}");
    }
    for (locale, lang) in
        [("en_US.UTF-8", Lang::English), ("zh_CN.UTF-8", Lang::Chinese), ("C", Lang::Chinese), ("", Lang::Chinese)]
    {
        assert_eq!(Lang::from_env(locale), lang, "{locale}");
    }
}

#[test]
fn finds_the_code_that_was_meant() {
    assert_eq!(nearest("warning-reject").as_deref(), Some("warning-rejected"));
    assert_eq!(nearest("completely other"), None);
    assert!(codes().contains(&"not-found".to_owned()));
}
