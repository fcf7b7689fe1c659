use super::*;
use crate::mainland::tests::{faults, in_folder};

const SAMPLE: &str = r#"
sp_id = "901234"
secret_file = "SECRET"
sender = "106901234"
service_id = "WARN"
[link]
host = "10.20.30.40"
allow_plain = true
[text]
signature = "【松北应急】"
"#;

fn ready(text: &str) -> Result<Parts, SettingsFault> {
    let settings: Settings = toml::from_str(text).unwrap();
    settings.ready(Arc::new(|| 0), 0)
}

#[test]
fn the_documented_sample_is_read_and_unknown_keys_are_not() {
    in_folder(SAMPLE, |sample| {
        let parts = ready(sample).unwrap();
        assert_eq!((parts.line.port, parts.line.window), (7890, 16));
        assert_eq!((parts.line.keepalive.as_secs(), parts.line.answer_timeout.as_secs()), (180, 60));
        let unknown = toml::from_str::<Settings>(&format!("secret = 'x'\n{sample}")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `secret`"), "{unknown}");
    });
}

#[test]
fn every_problem_is_reported_at_once() {
    let broken = r#"
sp_id = "9012345"
secret_file = "/nowhere"
sender = "号码"
service_id = ""
fee_user = 3
fee_type = "1"
fee_code = "1234567"
[link]
host = "10.20.30.40"
window = 0
[text]
codings = ["gsm7"]
long = "sar"
"#;
    let keys = [
        "sp_id",
        "secret_file",
        "sender",
        "service_id",
        "fee_number",
        "fee_type",
        "fee_code",
        "link.window",
        "link.tls",
        "text.codings",
        "text.long",
    ];
    faults(ready(broken).err(), &keys);
}
