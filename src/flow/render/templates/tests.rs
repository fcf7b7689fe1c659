use std::fs;

use super::*;
use crate::domain::{
    message::{Kind, Message, MessageRef, NamedValue, Status},
    warning::Warning,
};

fn templates() -> Templates {
    Templates::load(&Config::default()).unwrap()
}

fn message(status: Status) -> Message {
    let mut message: Message = serde_json::from_str(
        r#"{"identifier":"A1","sender":"weather@songbei.example","sent":"2026-07-15T18:20:00+08:00","status":"actual",
        "kind":"alert","scope":"public","infos":[{"language":"zh-CN","categories":["met"],"event":"暴雨",
        "urgency":"immediate","severity":"extreme","certainty":"observed","event_codes":[{"name":"CN-12379","value":"11B03"}],
        "expires":"2026-07-15T21:20:00+08:00","sender_name":"样例气象台","headline":"样例气象台发布暴雨红色预警信号",
        "description":"降水量已达97毫米，请 <立即> 避险。\n第二段","instruction":"1.停止集会；2.转移危险地带人员；3.做好山洪防御工作。",
        "areas":[{"description":"松北区","geocodes":[{"name":"CN-STAT-CODE","value":"230109000000"}]}]}]}"#,
    )
    .expect("a message");
    message.status = status;
    message
}

fn warning(message: Message) -> Warning {
    Warning::new(message).unwrap_or_else(|findings| panic!("{findings:?}"))
}

const RELEASED: i64 = 1_784_110_800;
const DEADLINE: i64 = RELEASED + 86_400;

fn context(warning: &Warning, language: &str) -> Context {
    Context::new(&Config::default(), warning, language, RELEASED, DEADLINE)
}

fn every_rendering(warning: &Warning) -> Vec<(Channel, String, Rendered)> {
    let templates = templates();
    let mut all = Vec::new();
    for channel in file::channels() {
        for language in ["zh-CN", "en"] {
            let variant = Variant::of(warning);
            let rendered = templates.render(channel, language, variant, &context(warning, language)).unwrap();
            all.push((channel, language.to_owned(), rendered));
        }
    }
    all
}

#[test]
fn the_built_in_templates_are_all_files_of_the_directory() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/templates");
    let mut findings = Vec::new();
    let files = file::read_directory(&directory, &mut findings);
    assert_eq!(findings, []);
    let built_in: BTreeMap<String, String> =
        built_in::FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(files, built_in);
}

#[test]
fn every_text_carries_what_was_signed_and_no_mark_when_it_is_actual() {
    for (channel, language, rendered) in every_rendering(&warning(message(Status::Actual))) {
        let whole = format!("{}\n{}", rendered.title, rendered.text);
        assert!(whole.contains("样例气象台发布暴雨红色预警信号"), "{channel} {language}: {whole}");
        assert!(whole.contains("降水量已达97毫米，请 <立即> 避险。\n第二段"), "{channel} {language}: {whole}");
        assert!(!format!("{rendered:?}").contains(DRILL_MARK), "{channel} {language}");
        assert_eq!(rendered.html.is_empty(), channel != Channel::Email);
        assert_eq!(rendered.title.is_empty(), channel == Channel::Sms);
        assert!(!rendered.title.contains('\n'));
    }
}

#[test]
fn html_is_escaped_and_names_level_time_and_area() {
    let all = every_rendering(&warning(message(Status::Actual)));
    let (_, _, mail) =
        all.iter().find(|(channel, language, _)| *channel == Channel::Email && language == "zh-CN").unwrap();
    assert!(mail.html.contains("&lt;立即&gt;") && !mail.html.contains("<立即>"));
    for wanted in ["暴雨红色预警（Ⅰ级", "#C4001A", "2026年7月15日21时20分", "松北区", "样例气象台"]
    {
        assert!(mail.html.contains(wanted), "{wanted}");
    }
    assert_eq!(mail.title, "样例气象台发布暴雨红色预警信号");
}

#[test]
fn every_text_of_a_drill_begins_and_ends_with_the_mark() {
    for status in [Status::Exercise, Status::Test] {
        for (channel, language, rendered) in every_rendering(&warning(message(status))) {
            for text in [&rendered.title, &rendered.text, &rendered.short] {
                // Carriers want their signature first.
                let words = text.strip_prefix("【松北预警】").unwrap_or(text);
                let marked = words.starts_with(DRILL_MARK) && words.ends_with(DRILL_MARK);
                assert!(marked || text.is_empty(), "{channel} {language}: {text}");
            }
            if channel == Channel::Email {
                assert_eq!(rendered.html.matches(DRILL_MARK).count(), 2);
                let body = rendered.html.split_once("<body").unwrap().1.split_once('>').unwrap().1;
                assert!(body.starts_with("<p style=") && rendered.html.contains("</p></body>"), "{}", rendered.html);
            }
        }
    }
}

#[test]
fn a_mark_that_is_there_already_is_not_doubled() {
    for (text, is) in [
        ("【演练】雨【演练】", "【演练】雨【演练】"),
        ("雨", "【演练】雨【演练】"),
        ("【演练】", "【演练】【演练】"),
        ("【松北】雨", "【松北】【演练】雨【演练】"),
        ("【松北】【演练】雨", "【松北】【演练】雨【演练】"),
        ("【松北】", "【松北】【演练】【演练】"),
        ("【松江】雨", "【演练】【松江】雨【演练】"),
    ] {
        assert_eq!(marked(text, "松北"), is, "{text}");
    }
    assert_eq!(marked_html("雨").matches(DRILL_MARK).count(), 2);
}

#[test]
fn a_short_message_is_signature_headline_and_description() {
    let all = every_rendering(&warning(message(Status::Actual)));
    let (_, _, sms) = &all[0];
    assert_eq!(sms.text, "【松北预警】样例气象台发布暴雨红色预警信号\n降水量已达97毫米，请 <立即> 避险。\n第二段");
}

#[test]
fn the_short_form_is_signature_headline_and_address() {
    let mut message = message(Status::Actual);
    message.infos[0].web = Some("https://warn.songbei.example/w/1".to_owned());
    message.infos[0].description = Some("雨".repeat(80));
    let all = every_rendering(&warning(message));
    let of = |channel: Channel| all.iter().filter(move |(own, _, _)| *own == channel).map(|(_, _, one)| &*one.short);
    let [zh, en] = of(Channel::Sms).collect::<Vec<_>>()[..] else { panic!("{all:?}") };
    assert_eq!(zh, "【松北预警】样例气象台发布暴雨红色预警信号 https://warn.songbei.example/w/1");
    assert!(en.starts_with("[松北预警] 样例气象台发布暴雨红色预警信号 https"), "{en}");
    assert!(of(Channel::Push).chain(of(Channel::Email)).all(str::is_empty), "there is no file for it");
}

#[test]
fn the_short_form_of_its_issuer_comes_before_one_of_ours() {
    let mut message = message(Status::Actual);
    message.infos[0].description = Some("雨".repeat(80));
    for (name, value) in [("CN-12379.method", "SMS"), ("CN-12379.method.message", "红色预警，速避")] {
        message.infos[0].parameters.push(NamedValue { name: name.to_owned(), value: value.to_owned() });
    }
    let all = every_rendering(&warning(message));
    assert_eq!(all[0].2.short, "【松北预警】红色预警，速避");
}

#[test]
fn a_short_form_is_shorter_and_that_of_a_lift_says_so() {
    let lift = every_rendering(&warning(cancel()));
    assert_eq!(lift[0].2.short, "【松北预警】预警解除：样例气象台发布暴雨红色预警信号");
    let mut message = message(Status::Actual);
    message.infos[0].description = None;
    assert_eq!(every_rendering(&warning(message))[0].2.short, "", "the text says no more");
    // Without a file of its own it would say only what the warning said.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("push.zh-CN.short.txt"), "{{ title }}").unwrap();
    let mut config = Config::default();
    config.texts.templates = Some(folder.path().to_owned());
    let templates = Templates::load(&config).unwrap();
    let short = |variant, warning: &Warning| {
        let rendered = templates.render(Channel::Push, "zh-CN", variant, &context(warning, "zh-CN"));
        rendered.unwrap().short
    };
    assert_eq!(short(Variant::Lift, &warning(cancel())), "");
    let first = warning(self::message(Status::Actual));
    assert_eq!(short(Variant::First, &first), "样例气象台发布暴雨红色预警信号");
}

#[test]
fn english_labels_stand_beside_the_signed_text() {
    let templates = templates();
    let warning = warning(message(Status::Actual));
    let display = templates.render(Channel::Display, "en-GB", Variant::First, &context(&warning, "en-GB")).unwrap();
    assert_eq!(display.title, "Red warning of rainstorm (level Ⅰ, particularly serious)");
    assert!(display.text.contains("样例气象台发布暴雨红色预警信号"));
    let unknown = templates.render(Channel::Display, "ru", Variant::First, &context(&warning, "ru")).unwrap();
    assert!(unknown.text.contains("样例气象台发布暴雨红色预警信号"));
}

fn cancel() -> Message {
    let mut cancel = message(Status::Actual);
    let reference = MessageRef { sender: cancel.sender.clone(), identifier: "A1".to_owned(), sent: cancel.sent };
    cancel.identifier = "A2".to_owned();
    cancel.sent = "2026-07-15T20:00:00+08:00".parse().expect("a moment");
    cancel.kind = Kind::Cancel;
    cancel.references = vec![reference];
    cancel
}

#[test]
fn a_lift_without_any_text_says_what_it_lifts() {
    let (first, mut cancel) = (warning(message(Status::Actual)), cancel());
    cancel.infos.clear();
    let lift = warning(cancel);
    let templates = templates();
    let context = Context::lifting(&Config::default(), &lift, Some(&first), "zh-CN", RELEASED, DEADLINE);
    assert_eq!(context.title, "样例气象台解除暴雨红色预警");
    assert_eq!(context.level.name, "red");
    assert_eq!(context.areas, ["松北区"]);
    for channel in file::channels() {
        let rendered = templates.render(channel, "zh-CN", Variant::Lift, &context).unwrap();
        assert!(format!("{}{}", rendered.title, rendered.text).contains("解除"), "{channel}");
    }
    // Not even the lifted warning is known.
    let bare = Context::new(&Config::default(), &lift, "zh-CN", RELEASED, DEADLINE);
    assert!(templates.render(Channel::Sms, "zh-CN", Variant::Lift, &bare).unwrap().text.contains("松北预警解除预警"));
}

#[test]
fn a_lift_is_told_from_a_warning() {
    let lift = warning(cancel());
    assert_eq!(Variant::of(&lift), Variant::Lift);
    for (channel, _, rendered) in every_rendering(&lift) {
        let whole = format!("{}\n{}", rendered.title, rendered.text);
        assert!(whole.contains("解除") || whole.to_lowercase().contains("lifted"), "{channel}: {whole}");
    }
}

#[test]
fn a_channel_without_templates_is_said_to_have_none() {
    let warning = warning(message(Status::Actual));
    let fault = templates().render(Channel::Webhook, "zh-CN", Variant::First, &context(&warning, "zh-CN"));
    assert_eq!(fault, Err(RenderFault::NoTemplates(Channel::Webhook)));
}

/// What loading a directory with these files reports.
fn findings(files: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut config = Config::default();
    config.texts.templates = Some(folder.path().to_owned());
    match Templates::load(&config) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.findings.into_iter().map(|finding| (finding.code, finding.file)).collect(),
    }
}

#[test]
fn files_of_a_directory_take_the_place_of_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sms.zh-CN.text.txt"), "{{ title }}，{{ description }}\n").unwrap();
    fs::write(folder.path().join("README.md"), "").unwrap();
    let mut config = Config::default();
    config.texts.templates = Some(folder.path().to_owned());
    let templates = Templates::load(&config).unwrap();
    let warning = warning(message(Status::Actual));
    let sms = templates.render(Channel::Sms, "zh-CN", Variant::First, &context(&warning, "zh-CN")).unwrap();
    assert!(sms.text.starts_with("样例气象台发布暴雨红色预警信号，降水量"));
}

#[test]
fn what_is_wrong_with_a_template_is_found_before_it_is_needed() {
    let cases = [
        ("sms.zh-CN.txt", "x", "template-unknown"),
        ("smss.zh-CN.text.txt", "x", "template-unknown"),
        ("sms.zh-CN.text.txt", "{{ title }}{{ descripton }}", "template-broken"),
        ("sms.zh-CN.text.txt", "{% if %}", "template-broken"),
        ("sms.zh-CN.text.txt", "", "template-empty"),
        ("push.zh-CN.text.txt", "{{ description }}", "template-empty"),
        ("sms.zh-CN.text.txt", "{{ title }}", "template-alters"),
        ("sms.zh-CN.text.txt", "{{ title }}\n{{ description[:500] }}", "template-alters"),
        ("sms.zh-CN.text.txt", "{{ title }}\n{{ description | upper }}", "template-alters"),
        ("wechat.zh-CN.text.txt", "{{ summary }}{{ description }}{{ instruction[:30] }}", "template-alters"),
        ("sms.zh-CN.short.txt", "{{ title[:8] }}", "template-alters"),
        ("sms.zh-CN.short.txt", "{{ title }}{{ description[:30] }}", "template-alters"),
        ("sms.zh-CN.lift.short.txt", "", "template-empty"),
        ("email.en.short.txt", "{{ title }}", "template-unknown"),
        ("email.en.html", "<p>{{ title }} {{ description | safe }}</p>", "template-alters"),
    ];
    for (name, text, code) in cases {
        assert_eq!(findings(&[(name, text)]), [(code, name.to_owned())], "{text}");
    }
}

#[test]
fn a_language_needs_every_template_and_all_faults_come_at_once() {
    let found = findings(&[("sms.ru.text.txt", "{{ title }}\n{{ description }}"), ("push.en.text.txt", "{{")]);
    let missing = found.iter().filter(|(code, _)| *code == "template-missing").count();
    assert_eq!((missing, found.len()), (9, 10), "{found:?}");
    let mut config = Config::default();
    config.texts.languages.push("ru".to_owned());
    assert_eq!(Templates::load(&config).unwrap_err().findings[0].code, "config-language-template");
}

#[test]
fn text_of_a_warning_is_never_taken_for_a_template() {
    let mut message = message(Status::Actual);
    message.infos[0].headline = Some("{{ signature }}{% if %}".to_owned());
    let warning = warning(message);
    let push = templates().render(Channel::Push, "zh-CN", Variant::First, &context(&warning, "zh-CN")).unwrap();
    assert_eq!(push.title, "{{ signature }}{% if %}");
}
