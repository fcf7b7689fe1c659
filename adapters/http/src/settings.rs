use std::path::PathBuf;

use ipnet::IpNet;

/// How the outbound client behaves.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Time to connect, TLS included, milliseconds. Default 5000.
    pub connect_timeout_ms: u64,
    /// Time for a whole call at most, milliseconds; a shorter budget of the submit wins. Default 15000.
    pub timeout_ms: u64,
    /// Bytes of an answer kept, unpacked. Default 65536; with 0 no body is read at all.
    pub answer_max: usize,
    /// Ask for packed answers and unpack them. Default no.
    pub gzip: bool,
    /// Ports that may be called. Default 443 and 8443.
    pub ports: Vec<u16>,
    /// Allow `http` besides `https`. Default no: texts and credentials would go in the clear.
    pub allow_plain: bool,
    /// Networks of the inside that may be called all the same, for example `["10.20.0.0/16"]`: many government partners
    /// are on private networks. Default none.
    pub allow_private: Vec<IpNet>,
    /// Public networks that must not be called, for example this installation's own. Default none.
    pub deny: Vec<IpNet>,
    /// PEM file with certificate authorities trusted besides those of the operating system.
    pub ca_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 5000,
            timeout_ms: 15_000,
            answer_max: 64 * 1024,
            gzip: false,
            ports: vec![443, 8443],
            allow_plain: false,
            allow_private: Vec::new(),
            deny: Vec::new(),
            ca_file: None,
        }
    }
}
