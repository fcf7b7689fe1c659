use super::*;

/// A URL and what becomes of it: `ok`, or the rule it breaks.
const FORMS: &[(&str, &str)] = &[
    // What is meant to be called.
    ("https://example.org", "ok"),
    ("https://example.org/hook?token=1", "ok"),
    ("HTTPS://EXAMPLE.ORG/", "ok"),
    ("https://example.org:443/", "ok"),
    ("https://example.org:8443/", "ok"),
    ("https://example.org./", "ok"),
    ("https://1.1.1.1/", "ok"),
    ("https://[2606:4700:4700::1111]/", "ok"),
    ("https://[2606:4700:4700::1111]:8443/", "ok"),
    ("https://预警.example.org/", "ok"),
    ("https://xn--fiqs8s/", "ok"),
    ("https://www。example。org/", "ok"),
    ("https://203.0.112.1/", "ok"),
    ("https://100.63.255.255/", "ok"),
    ("https://100.128.0.0/", "ok"),
    ("https://172.32.0.1/", "ok"),
    // Schemes.
    ("http://example.org/", "scheme"),
    ("ftp://example.org/", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("gopher://example.org:443/_", "scheme"),
    ("javascript:alert(1)", "scheme"),
    ("data:text/plain,x", "scheme"),
    ("unix:/run/docker.sock", "scheme"),
    ("ws://example.org/", "scheme"),
    ("localhost:443/", "scheme"),
    // Not URLs.
    ("", "malformed"),
    ("example.org", "malformed"),
    ("//example.org/", "malformed"),
    ("https://", "malformed"),
    ("https://exa mple.org/", "malformed"),
    ("https://[::1/", "malformed"),
    ("https://example.org:99999/", "malformed"),
    ("https://1.2.3.4.5/", "malformed"),
    ("https://256.1.1.1/", "malformed"),
    ("https://0x1.0x2.0x3.0xfff/", "malformed"),
    ("https://[fe80::1%25eth0]/", "malformed"),
    // Credentials.
    ("https://user@example.org/", "user info"),
    ("https://user:secret@example.org/", "user info"),
    ("https://:secret@example.org/", "user info"),
    ("https://example.org@127.0.0.1/", "user info"),
    ("https://127.0.0.1#@example.org/", "address"),
    ("https://127.0.0.1\\@example.org/", "address"),
    // Ports.
    ("https://example.org:80/", "port"),
    ("https://example.org:22/", "port"),
    ("https://example.org:6379/", "port"),
    ("https://example.org:0/", "port"),
    // This machine, in every spelling.
    ("https://localhost/", "host"),
    ("https://LOCALHOST/", "host"),
    ("https://localhost./", "host"),
    ("https://api.localhost/", "host"),
    ("https://ｌｏｃａｌｈｏｓｔ/", "host"),
    ("https://127.0.0.1/", "address"),
    ("https://127.1/", "address"),
    ("https://127.255.255.254/", "address"),
    ("https://2130706433/", "address"),
    ("https://0x7f000001/", "address"),
    ("https://0x7f.0.0.1/", "address"),
    ("https://0177.0.0.1/", "address"),
    ("https://017700000001/", "address"),
    ("https://①②⑦.⓪.⓪.①/", "address"),
    ("https://127.0.0.1./", "address"),
    ("https://%31%32%37.0.0.1/", "address"),
    ("https://[::1]/", "address"),
    ("https://[0:0:0:0:0:0:0:1]/", "address"),
    ("https://[::]/", "address"),
    ("https://0.0.0.0/", "address"),
    ("https://0/", "address"),
    // Mapped, compatible, translated, tunnelled.
    ("https://[::ffff:127.0.0.1]/", "address"),
    ("https://[::ffff:7f00:1]/", "address"),
    ("https://[::ffff:1.1.1.1]/", "address"),
    ("https://[::127.0.0.1]/", "address"),
    ("https://[64:ff9b::7f00:1]/", "address"),
    ("https://[64:ff9b:1::a00:1]/", "address"),
    ("https://[2002:7f00:1::]/", "address"),
    ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "address"),
    // The inside.
    ("https://10.0.0.1/", "address"),
    ("https://172.16.0.1/", "address"),
    ("https://172.31.255.255/", "address"),
    ("https://192.168.1.1/", "address"),
    ("https://3232235777/", "address"),
    ("https://169.254.169.254/latest/meta-data/", "address"),
    ("https://0xa9fea9fe/", "address"),
    ("https://100.64.0.1/", "address"),
    ("https://100.127.255.255/", "address"),
    ("https://[fd00::1]/", "address"),
    ("https://[fc00::1]/", "address"),
    ("https://[fe80::1]/", "address"),
    ("https://[fec0::1]/", "address"),
    // Nobody.
    ("https://224.0.0.1/", "address"),
    ("https://239.255.255.250/", "address"),
    ("https://240.0.0.1/", "address"),
    ("https://255.255.255.255/", "address"),
    ("https://[ff02::1]/", "address"),
    ("https://192.0.0.170/", "address"),
    ("https://192.0.2.1/", "address"),
    ("https://198.51.100.1/", "address"),
    ("https://203.0.113.1/", "address"),
    ("https://198.18.0.1/", "address"),
    ("https://198.19.255.255/", "address"),
    ("https://192.88.99.1/", "address"),
    ("https://[2001:db8::1]/", "address"),
    ("https://[3fff::1]/", "address"),
    ("https://[2001:2::1]/", "address"),
    ("https://[100::1]/", "address"),
    ("https://[5f00::1]/", "address"),
];

fn outcome(url: &str, settings: &Settings) -> &'static str {
    let guard = Guard::new(settings.allow_private.clone(), settings.deny.clone());
    match Target::check(url, settings, &guard) {
        Ok(_) => "ok",
        Err(TargetFault::Long) => "long",
        Err(TargetFault::Malformed(_)) => "malformed",
        Err(TargetFault::Scheme(_)) => "scheme",
        Err(TargetFault::UserInfo) => "user info",
        Err(TargetFault::Host) => "host",
        Err(TargetFault::Address(_)) => "address",
        Err(TargetFault::Port(_)) => "port",
    }
}

#[test]
fn only_the_public_internet_is_called_whatever_the_spelling() {
    let wrong: Vec<String> = FORMS
        .iter()
        .filter(|(url, expected)| outcome(url, &Settings::default()) != *expected)
        .map(|(url, expected)| format!("{url}: {expected} expected, {} found", outcome(url, &Settings::default())))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_allowed_by_name_is_called_and_nothing_beside_it() {
    let settings = Settings {
        allow_private: vec!["10.20.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()],
        deny: vec!["1.1.1.0/24".parse().unwrap(), "10.20.30.0/24".parse().unwrap()],
        allow_plain: true,
        ports: vec![80, 443],
        ..Settings::default()
    };
    for (url, expected) in [
        ("https://10.20.1.1/", "ok"),
        ("http://10.20.1.1/", "ok"),
        ("https://[fd00:1::5]/", "ok"),
        ("https://10.21.1.1/", "address"),
        ("https://10.20.30.1/", "address"),
        ("https://1.1.1.1/", "address"),
        ("https://[::ffff:10.20.1.1]/", "address"),
        ("https://localhost/", "host"),
        ("https://example.org:8443/", "port"),
    ] {
        assert_eq!(outcome(url, &settings), expected, "{url}");
    }
}

#[test]
fn long_urls_are_refused_before_they_are_read() {
    assert_eq!(outcome(&format!("https://example.org/{}", "a".repeat(2048)), &Settings::default()), "long");
}

#[test]
fn a_target_shows_its_host_and_no_more() {
    let settings = Settings::default();
    let guard = Guard::new(Vec::new(), Vec::new());
    let target = Target::check("https://hooks.example.org/T0/secret?key=abc#x", &settings, &guard).unwrap();
    assert_eq!(format!("{target:?} {target}"), "https://hooks.example.org/… https://hooks.example.org/…");
}
