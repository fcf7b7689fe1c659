//! Postfix from the distribution's package, started on ports and in a directory of its own, on the loopback alone. It never sees
//! the machine's own set-up.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Bytes of a mailbox at most.
const MAILBOX: usize = 60_000;

/// A running mail server.
pub(crate) struct Mta {
    /// Where it takes mail.
    pub(crate) address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Mta {
    /// `transports` says where mail for a domain goes that has no mailboxes here. There are the mailboxes here@people.example
    /// and full@people.example, which has no room left.
    pub(crate) fn start(transports: &[(&str, String)]) -> Self {
        let address = free();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        // Its processes give up the rights of root, and must still find their way.
        std::fs::set_permissions(root, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["etc", "queue", "data", "mail", "log"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        std::fs::write(root.join("mail/full"), "x".repeat(MAILBOX)).unwrap();
        run(Command::new("chown").args(["-R", "postfix"]).arg(root.join("data")));
        run(Command::new("chown").args(["-R", "65534:65534"]).arg(root.join("mail")));
        std::fs::write(root.join("etc/master.cf"), format!("{address} inet n - n - - smtpd\n{SERVICES}")).unwrap();
        std::fs::write(root.join("etc/main.cf"), main_cf(root, transports)).unwrap();
        let mta = Self { address, folder };
        mta.postfix("start");
        mta
    }

    fn postfix(&self, what: &str) -> Output {
        run(Command::new("postfix").arg("-c").arg(self.folder.path().join("etc")).arg(what))
    }

    /// What is in a mailbox.
    pub(crate) fn mailbox(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("mail").join(name)).unwrap_or_default()
    }

    /// What it wrote down.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log/mail.log")).unwrap_or_default()
    }
}

impl Drop for Mta {
    fn drop(&mut self) {
        self.postfix("stop");
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run: cargo xtask test"));
    assert!(output.status.success(), "{command:?}, which must be run as root: {output:?}");
    output
}

fn main_cf(root: &Path, transports: &[(&str, String)]) -> String {
    let root = root.display();
    let transports: Vec<String> = transports.iter().map(|(domain, to)| format!("{{ {domain} = {to} }}")).collect();
    format!(
        "compatibility_level = 3.6\nconfig_directory = {root}/etc\nqueue_directory = {root}/queue\ndata_directory = {root}/data\n\
         maillog_file = {root}/log/mail.log\nmaillog_file_prefixes = {root}\ninet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\nmyhostname = mx.songbei.example\nmydestination =\nmynetworks = 127.0.0.0/8\nalias_maps =\n\
         alias_database =\nnotify_classes =\nsmtp_dns_support_level = disabled\nsmtpd_reject_unlisted_recipient = no\n\
         smtpd_recipient_restrictions = permit_mynetworks, reject\nvirtual_mailbox_domains = people.example\n\
         virtual_mailbox_maps = inline:{{ {{ here@people.example = here }}, {{ full@people.example = full }} }}\n\
         virtual_mailbox_base = {root}/mail\nvirtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\n\
         virtual_mailbox_limit = {MAILBOX}\nmessage_size_limit = {MAILBOX}\ntransport_maps = inline:{{ {} }}\n",
        transports.join(", ")
    )
}

/// An address nobody listens at.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
