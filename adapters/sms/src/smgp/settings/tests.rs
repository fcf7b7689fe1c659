use super::*;
use crate::mainland::tests::{faults, in_folder};

const SAMPLE: &str = r#"
client_id = "10690001"
secret_file = "SECRET"
sender = "106590001"
service_id = "WARN"
[link]
host = "10.20.30.50"
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
        assert_eq!((parts.line.port, parts.line.window), (8890, 16));
        assert_eq!((parts.line.keepalive.as_secs(), parts.line.answer_timeout.as_secs()), (180, 60));
        let unknown = toml::from_str::<Settings>(&format!("secret = 'x'\n{sample}")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `secret`"), "{unknown}");
    });
}

#[test]
fn every_problem_is_reported_at_once() {
    let broken = r#"
client_id = "106900012"
secret_file = "/nowhere"
sender = ""
service_id = "WARNINGS-OF-ALL"
fee_type = ""
fee_code = ""
fixed_fee = "1234567"
fee_number = "123456789012345678901"
[link]
host = "10.20.30.50"
"#;
    let keys = [
        "client_id",
        "secret_file",
        "sender",
        "service_id",
        "fee_type",
        "fee_code",
        "fixed_fee",
        "fee_number",
        "link.tls",
    ];
    faults(ready(broken).err(), &keys);
}
