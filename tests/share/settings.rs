//! What `fenghuo check` says of partners and feeds.

use std::path::Path;

use fenghuo::config::{Environment, load};

fn codes(folder: &Path, text: &str) -> Vec<(String, String)> {
    let file = folder.join("fenghuo.toml");
    std::fs::write(&file, text).unwrap();
    let found = match load(Some(&file), &Environment::default()) {
        Ok(loaded) => loaded.advice,
        Err(fault) => fault.findings,
    };
    let ours =
        found.iter().filter(|finding| ["partners", "upstreams"].iter().any(|table| finding.key.starts_with(table)));
    ours.map(|finding| (finding.code.to_owned(), finding.key.clone())).collect()
}

#[test]
fn what_would_go_wrong_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("open.whsec"), "whsec_x").unwrap();
    let partner = |more: &str| format!("[partners.city]\n{more}\n");
    let upstream = |more: &str| {
        format!(
            "[issuers.relay]\nname = \"r\"\nhazards = [\"*\"]\nlevels = [\"red\"]\nareas = [\"*\"]\nrelay = true\n[upstreams.up]\nformat = \"atom\"\n{more}\n"
        )
    };
    let secret = "secret_files = [\"open.whsec\"]";
    for (text, code, key) in [
        (partner("url = \"http://a.example/\"\nactive = false"), "config-share-plain", "partners.city.url"),
        (partner("url = \"ftp://a.example/\"\nactive = false"), "config-share-url", "partners.city.url"),
        (partner("url = \"https://a.example/\""), "config-partner-unsigned", "partners.city.secret_files"),
        (
            partner("url = \"https://a.example/\"\nsecret_files = [\"absent\"]"),
            "config-file-missing",
            "partners.city.secret_files",
        ),
        (
            partner("url = \"https://a.example/\"\nactive = false\nareas = [\"here\"]"),
            "config-share-area",
            "partners.city.areas",
        ),
        (
            partner("url = \"https://a.example/\"\nactive = false\nhazards = []"),
            "config-share-nothing",
            "partners.city.hazards",
        ),
        (
            upstream("url = \"https://a.example/\"\nissuer = \"nobody\""),
            "config-upstream-issuer",
            "upstreams.up.issuer",
        ),
        (
            upstream("url = \"https://a.example/\"\nissuer = \"relay\"\nevery_s = 1"),
            "config-upstream-pace",
            "upstreams.up.every_s",
        ),
        (upstream("url = \"http://a.example/\"\nissuer = \"relay\""), "config-share-plain", "upstreams.up.url"),
    ] {
        let found = codes(folder.path(), &text);
        assert!(found.contains(&(code.to_owned(), key.to_owned())), "{text}: {found:?}");
    }
    let fine = partner(&format!("url = \"https://a.example/\"\n{secret}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |mode| std::fs::set_permissions(folder.path().join("open.whsec"), PermissionsExt::from_mode(mode));
        mode(0o644).unwrap();
        assert_eq!(codes(folder.path(), &fine)[0].0, "config-file-open");
        mode(0o600).unwrap();
    }
    assert_eq!(codes(folder.path(), &fine), []);
    assert_eq!(codes(folder.path(), &upstream("url = \"https://a.example/\"\nissuer = \"relay\"")), []);
}
