//! Where the primary is, and that it may move.

use std::{path::Path, process::Command, sync::Arc};

use fenghuo::{
    app::{self, KEY_FILE, StartFault},
    clock::Clock,
    config::StoreConfig,
    store::{
        CommitFault, Engine,
        redis::{Options, Redis},
        seal::KeyFault,
    },
};

use super::rig::{at, node, until};
use crate::{
    store::rig::{numbered, whole_journal},
    support::redis::{RedisCluster, RedisSentinel, RedisServer, free_port},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_replaced_loses_nothing_that_was_acknowledged() {
    let mut primary = RedisServer::start();
    let replica = RedisServer::replica_of(&primary);
    let sentinel = RedisSentinel::watching(&primary);
    let node = node(&Options { replicas: 1, ..at(&sentinel.url()) }).await;
    let mut acknowledged = Vec::new();
    for number in 0..50 {
        node.commit(numbered(number)).await.unwrap();
        acknowledged.push(number);
    }
    primary.kill();
    let unanswered = node.commit(numbered(50)).await.unwrap_err();
    assert!(matches!(unanswered, CommitFault::Unknown(_) | CommitFault::Unavailable(_)), "{unanswered:?}");
    until("the replica is the primary", || async { replica.cli(&["ROLE"]).starts_with("master") }).await;
    primary.start_again();
    let mut number = 100;
    until("the store takes commits again", || {
        number += 1;
        let (node, number) = (Arc::clone(&node), number);
        async move { node.commit(numbered(number)).await.is_ok() }
    })
    .await;
    let told = whole_journal(&(node as _)).await;
    for number in acknowledged {
        let text = format!("{{\"number\":{number}}}");
        assert!(told.iter().any(|entry| **entry == *text.as_bytes()), "{number} was acknowledged and is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_moves_under_running_commits() {
    let cluster = RedisCluster::start();
    let options = at(&cluster.url());
    let node = node(&options).await;
    node.commit(numbered(0)).await.unwrap();
    let slot = cluster.servers[0].cli(&["CLUSTER", "KEYSLOT", "{fenghuo}:head"]);
    let held = |server: &RedisServer| server.cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]) != "0";
    let from = cluster.servers.iter().find(|server| held(server)).unwrap();
    let to = cluster.servers.iter().find(|server| server.port != from.port).unwrap();
    let writing = Arc::clone(&node);
    let (moved, mut is_moved) = tokio::sync::watch::channel(false);
    let mut commits = tokio::task::JoinSet::new();
    commits.spawn(async move {
        let mut acknowledged = Vec::new();
        let mut after = 0;
        for number in 1.. {
            writing.commit(numbered(number)).await.expect("no caller notices");
            acknowledged.push(number);
            after += u64::from(*is_moved.borrow_and_update());
            if after >= 20 {
                break;
            }
        }
        acknowledged
    });
    let (from_id, to_id) = (from.cli(&["CLUSTER", "MYID"]), to.cli(&["CLUSTER", "MYID"]));
    to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
    from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]);
    let keys = from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
    let port = to.port.to_string();
    let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
    migrate.extend(keys.lines());
    assert_eq!(from.cli(&migrate), "OK");
    for server in [to, from] {
        server.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
    }
    moved.send(true).unwrap();
    let acknowledged = commits.join_all().await.remove(0);
    assert!(held(to), "the store is on another server now");
    let told = whole_journal(&(node as _)).await;
    assert_eq!(told.len(), acknowledged.len() + 1, "each is there once");
}

/// Makes a certificate authority and a certificate for this machine's loopback in a directory.
fn certificates(dir: &Path) {
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(dir).output();
        let done = done.expect("openssl runs; run: cargo xtask test");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(dir.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority = ["req", "-x509", "-subj", "/CN=ca", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&authority[..], &key].concat());
    openssl(&[&["req", "-subj", "/CN=redis", "-keyout", "server.key", "-out", "server.csr"][..], &key].concat());
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_server_is_believed_by_its_certificate_only() {
    let dir = tempfile::tempdir().unwrap();
    certificates(dir.path());
    let file = |name: &str| dir.path().join(name).display().to_string();
    let port = free_port();
    let _server = RedisServer::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-auth-clients",
        "no",
    ]);
    let strict = at(&format!("rediss://127.0.0.1:{port}"));
    let said = Redis::open(Clock::system(), strict.clone()).await.map(drop).unwrap_err().to_string();
    assert!(said.contains("certificate"), "{said}");
    let node = node(&Options { ca_file: Some(dir.path().join("ca.pem")), ..strict }).await;
    node.commit(numbered(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_one_store_have_one_key() {
    let server = RedisServer::start();
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let store = |number: usize| StoreConfig {
        data: dirs[number].path().join("data"),
        url: Some(server.url()),
        ..StoreConfig::default()
    };
    let key = |number: usize| store(number).data.join(KEY_FILE);
    let open = |number: usize| async move { app::open_configured(&store(number), &Clock::system()).await };
    let first = open(0).await.expect("the first makes the key");
    let fault = open(1).await.map(drop).unwrap_err();
    assert!(matches!(fault, StartFault::Key(KeyFault::Missing { .. })), "{fault}");
    std::fs::copy(key(0), key(1)).unwrap();
    let second = open(1).await.expect("the same key");
    assert_eq!(first.vault.fingerprint(), second.vault.fingerprint());
    let other = RedisServer::start();
    let own = StoreConfig { data: dirs[2].path().join("data"), url: Some(other.url()), ..StoreConfig::default() };
    drop(app::open_configured(&own, &Clock::system()).await.expect("a store of its own"));
    std::fs::remove_file(own.data.join(app::INSTALLATION_FILE)).unwrap();
    let fault = open(2).await.map(drop).unwrap_err();
    assert!(matches!(fault, StartFault::Key(KeyFault::Wrong { .. })), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_looks_at_the_server_and_keys_are_made_there() {
    let server = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("fenghuo.toml");
    std::fs::write(&config, format!("[store]\nurl = \"{}\"\ndata = \"data\"\n", server.url())).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
        let done = command.args(arguments).arg("--config").arg(&config).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let codes = |live: bool| {
        let said = run(if live { &["check", "--json", "--live"] } else { &["check", "--json"] });
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let findings = said["findings"].as_array().unwrap().iter();
        let codes = findings.map(|finding| finding["code"].as_str().unwrap().to_owned());
        codes.filter(|code| code.starts_with("config-store-")).collect::<Vec<_>>()
    };
    assert_eq!(codes(true), ["config-store-unbounded"]);
    server.cli(&["CONFIG", "SET", "appendonly", "no"]);
    assert_eq!(codes(true), ["config-store-append", "config-store-unbounded"]);
    assert_eq!(codes(false), [""; 0], "files are read, nobody is asked");
    server.cli(&["CONFIG", "SET", "appendonly", "yes"]);
    let secret = run(&["keys", "create", "--role", "admin"]);
    assert!(!secret.trim().is_empty());
    assert_ne!(server.cli(&["HLEN", "{fenghuo}:r:9"]), "0", "the key stands in the shared store");
    assert!(run(&["keys", "list"]).contains("admin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_its_file() {
    let server = RedisServer::with(&["--requirepass", "flood-42"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.secret");
    std::fs::write(&file, "wrong\n").unwrap();
    let options = Options { password_file: Some(file.clone()), ..at(&server.url()) };
    let open = || Redis::open(Clock::system(), options.clone());
    let said = open().await.map(drop).unwrap_err().to_string();
    assert!(!said.contains("wrong"), "{said}");
    std::fs::write(&file, "flood-42\n").unwrap();
    let node = open().await.unwrap();
    node.commit(numbered(1)).await.unwrap();
}
