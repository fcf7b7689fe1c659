//! What is told about settings that do not make sense.

use super::*;

fn files() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (key, callback) = (folder.path().join("key"), folder.path().join("callback"));
    std::fs::write(&key, SECRET).unwrap();
    std::fs::write(&callback, "unguessable").unwrap();
    (folder, key, callback)
}

fn problems(settings: &Settings) -> Vec<String> {
    CloudSms::new(settings, Arc::new(|| NOW), chance())
        .err()
        .map(|SettingsFault(problems)| problems)
        .unwrap_or_default()
}

fn keys(settings: &Settings) -> Vec<String> {
    let key = |problem: &String| problem.split(": ").next().unwrap_or_default().to_owned();
    problems(settings).iter().map(key).collect()
}

#[test]
fn the_documented_sample_is_read_and_unknown_keys_are_not() {
    let (_folder, key_file, _) = files();
    let sample = "provider = \"aliyun\"\nkey_id = \"LTAI5tExample\"\nkey_file = \"/run/credentials/aliyun-key\"\n\
                  signature = \"松北应急\"\n\n[[templates]]\nid = \"SMS_480000001\"\n\
                  text = \"${issuer}发布${hazard_name}${level_name}预警。\"\n\
                  parameters = [\"issuer\", \"hazard_name\", \"level_name\"]\n";
    let settings: Settings = toml::from_str(sample).unwrap();
    assert_eq!(keys(&settings), ["key_file"], "the file is not there");
    assert_eq!(problems(&Settings { key_file, ..settings }), Vec::<String>::new());
    let unknown = toml::from_str::<Settings>(&format!("secret = \"x\"\n{sample}")).unwrap_err();
    assert!(unknown.to_string().contains("unknown field `secret`"), "{unknown}");
}

#[test]
fn every_problem_is_told_at_once() {
    let (_folder, key_file, _) = files();
    let settings = Settings {
        key_id: " ".to_owned(),
        key_file: key_file.with_file_name("missing"),
        signature: Some("【松北】".to_owned()),
        app_id: None,
        sender: Some("1069".to_owned()),
        auth: Auth::AkSk,
        templates: Vec::new(),
        text_max: Some(0),
        batch_max: Some(201),
        parallel: 0,
        window: 0,
        callback_url: Some("https://w.example/x".to_owned()),
        callback_secret_file: Some(key_file.clone()),
        timeout_ms: 0,
        connect_timeout_ms: 0,
        codes_file: Some(key_file.clone()),
        ..of(Provider::Tencent, key_file, PathBuf::new())
    };
    let found = keys(&settings);
    for key in [
        "key_id",
        "key_file",
        "signature",
        "app_id",
        "sender",
        "auth",
        "templates",
        "text_max",
        "batch_max",
        "parallel",
        "window",
        "callback_url",
        "timeout_ms",
        "connect_timeout_ms",
        "codes_file",
    ] {
        assert!(found.iter().any(|found| found == key), "{key} in {found:?}");
    }
    for problem in problems(&settings) {
        assert!(problem.contains(" · ") && !problem.contains(SECRET), "{problem}");
    }
}

#[test]
fn each_provider_wants_its_own_keys() {
    let (_folder, key, callback) = files();
    for (provider, wanted) in [
        (Provider::Aliyun, &["signature", "templates"][..]),
        (Provider::Tencent, &["signature", "app_id", "templates"]),
        (Provider::Huawei, &["signature", "sender", "templates"]),
        (Provider::Twilio, &["sender"]),
    ] {
        let whole = of(provider, key.clone(), callback.clone());
        assert_eq!(problems(&whole), Vec::<String>::new(), "{provider:?}");
        let bare = Settings { signature: None, app_id: None, sender: None, templates: Vec::new(), ..whole };
        assert_eq!(keys(&bare), wanted, "{provider:?}");
    }
}

#[test]
fn goes_nowhere_inside_that_is_not_allowed() {
    let (_folder, key, callback) = files();
    for endpoint in [
        "http://127.0.0.1/",
        "https://[::1]",
        "https://10.1.2.3",
        "https://169.254.169.254",
        "https://localhost:8443",
        "https://[64:ff9b::7f00:1]/",
        "https://user:pass@sms.example.org",
        "ftp://sms.example.org",
        "sms",
    ] {
        for provider in ALL {
            let settings =
                Settings { endpoint: Some(endpoint.to_owned()), ..of(provider, key.clone(), callback.clone()) };
            assert_eq!(keys(&settings), ["endpoint"], "{provider:?} {endpoint}");
        }
    }
}

#[test]
fn no_secret_is_shown() {
    let (_folder, key, callback) = files();
    std::fs::write(&key, "two words").unwrap();
    let settings = of(Provider::Twilio, key, callback);
    let told = format!("{:?} {:?}", settings, problems(&settings));
    assert!(
        !told.contains("words\"") && !told.contains("unguessable") && told.contains("more than one word"),
        "{told}"
    );
    assert_eq!(format!("{:?}", signature::Secret::new("hidden")), "…");
}
