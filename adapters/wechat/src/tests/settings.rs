//! What is told about settings that do not make sense.

use super::*;

fn keys(fault: Option<SettingsFault>) -> Vec<String> {
    let key = |problem: &String| problem.split(": ").next().unwrap_or_default().to_owned();
    fault.map(|SettingsFault(problems)| problems.iter().map(key).collect()).unwrap_or_default()
}

fn of_account(settings: &AccountSettings) -> Vec<String> {
    let (tokens, quota) = (Arc::new(InMemoryTokens::default()), Arc::new(InMemoryQuota::default()));
    keys(OfficialAccount::new(settings, tokens, quota, now()).err())
}

#[test]
fn the_documented_samples_are_read() {
    let account = "app_id = 'wx0123456789abcdef'\nsecret_file = '/run/credentials/wechat-secret'\nway = 'mass'\n\
                   callback_token_file = '/run/credentials/wechat-token'\n\
                   callback_key_file = '/run/credentials/wechat-aes-key'\n";
    let expected = ["secret_file", "callback_token_file", "callback_key_file"];
    assert_eq!(of_account(&toml::from_str(account).unwrap()), expected, "the files are not there");
    let unknown = toml::from_str::<AccountSettings>(&format!("secret = 'x'\n{account}")).unwrap_err();
    assert!(unknown.to_string().contains("unknown field `secret`"), "{unknown}");
    let wecom = "corp_id = 'ww0123456789abcdef'\nagent_id = 1000002\nsecret_file = '/run/credentials/wecom-secret'\n";
    let wecom = toml::from_str(wecom).unwrap();
    assert_eq!(keys(WeCom::new(&wecom, Arc::new(InMemoryTokens::default()), now()).err()), ["secret_file"]);
    let robot = "preset = 'dingtalk'\n[[groups]]\nname = '值班群'\nkey_file = '/run/credentials/duty-robot'\n\
                 secret_file = '/run/credentials/duty-robot-secret'\n";
    let robot = Robot::new(&toml::from_str(robot).unwrap(), now()).err();
    assert_eq!(keys(robot), ["groups[0].key_file", "groups[0].secret_file"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two");
    std::fs::write(&file, "two words").unwrap();
    let file = file.display();
    let account = format!(
        "app_id = ' '\nsecret_file = '{file}'\nway = 'draft'\nmass = {{ when = {{ level = 'rot' }}, monthly = 0 }}\ntext_max = 0\n\
         batch_max = 10001\nparallel = 0\nwindow = 0\ncallback_key_file = '{file}'\ncodes_file = '{file}'\n\
         outbound = {{ endpoint = 'ftp://x', timeout_ms = 0 }}\n[[templates]]\nid = ''\ntext = '{{{{thing1.DATA}}}}'\nparameters = []\n"
    );
    let expected = [
        "app_id",
        "templates",
        "draft",
        "mass.when.level",
        "mass.monthly",
        "text_max",
        "batch_max",
        "parallel",
        "window",
        "codes_file",
        "secret_file",
        "callback_key_file",
        "templates[0].id",
        "templates[0].text",
        "outbound.timeout_ms",
        "outbound.endpoint",
    ];
    assert_eq!(of_account(&toml::from_str(&account).unwrap()), expected);

    let robots = format!(
        "preset = 'wecom'\ntext_bytes = 0\nper_minute = 0\nbatch_max = 0\nwindow = 0\n[[groups]]\nname = ''\nkey_file = '{file}'\nsecret_file = '{file}'\n"
    );
    let expected = [
        "text_bytes",
        "per_minute",
        "batch_max",
        "window",
        "groups[0].name",
        "groups[0].key_file",
        "groups[0].secret_file",
        "groups[0].secret_file",
    ];
    assert_eq!(keys(Robot::new(&toml::from_str(&robots).unwrap(), now()).err()), expected);
}

#[test]
fn a_robots_key_is_not_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6").unwrap();
    let robots = format!("preset = 'wecom'\n[[groups]]\nname = 'a'\nkey_file = '{}'\n", file.display());
    let fault = Robot::new(&toml::from_str(&robots).unwrap(), now()).err();
    assert!(!format!("{fault:?}").contains("693a91f6"));
    assert_eq!(keys(fault), ["groups[0].key_file"]);
}
