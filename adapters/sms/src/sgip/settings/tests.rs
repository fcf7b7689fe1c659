use super::*;
use crate::mainland::tests::{faults, in_folder};

const SAMPLE: &str = r#"
node_id = 3045112345
login_name = "fenghuo"
password_file = "SECRET"
sender = "10655123"
corp_id = "12345"
service_type = "WARN"
[link]
host = "10.20.30.60"
allow_plain = true
[reports]
listen = "10.1.2.3:8801"
allow = ["10.20.30.60/32"]
login_name = "smg"
password_file = "SECRET"
"#;

fn ready(text: &str) -> Result<(Parts, Reception), SettingsFault> {
    let settings: Settings = toml::from_str(text).unwrap();
    settings.ready(Arc::new(|| 0), 0)
}

#[test]
fn the_documented_sample_is_read_and_unknown_keys_are_not() {
    in_folder(SAMPLE, |sample| {
        let (parts, reception) = ready(sample).unwrap();
        assert_eq!((parts.line.port, parts.line.window, parts.line.keepalive.as_secs()), (8801, 32, 30));
        assert_eq!((reception.listen.port(), reception.allow.len()), (8801, 1));
        let unknown = toml::from_str::<Settings>(&format!("password = 'x'\n{sample}")).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `password`"), "{unknown}");
    });
}

#[test]
fn every_problem_is_reported_at_once() {
    let broken = r#"
node_id = 1
login_name = "a name of more than sixteen"
password_file = "/nowhere"
sender = "10655123"
corp_id = "123456"
service_type = ""
fee_type = 9
agent_flag = 2
reason = 4
fee_value = ""
given_value = "1234567"
fee_number = "1234567890123456789012"
[link]
host = "10.20.30.60"
[reports]
listen = "10.1.2.3:8801"
allow = []
login_name = ""
password_file = "/nowhere"
"#;
    let keys = [
        "login_name",
        "password_file",
        "corp_id",
        "service_type",
        "fee_type",
        "agent_flag",
        "reason",
        "fee_value",
        "given_value",
        "fee_number",
        "link.tls",
        "reports.allow",
        "reports.login_name",
        "reports.password_file",
    ];
    faults(ready(broken).err(), &keys);
}
