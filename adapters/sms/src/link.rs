//! The connections to one carrier, whichever protocol they speak.

use std::time::Duration;

use tokio_rustls::TlsConnector;

/// Settings of the connections made usable.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsConnector>,
    pub(crate) binds: usize,
    pub(crate) window: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) keepalive: Duration,
    pub(crate) reconnect_max: Duration,
}
