use std::{io, path::Path, sync::Arc};

use fenghuo_contract::{Cause, Fault};
use rustls::{AlertDescription, ClientConfig};
use tokio_rustls::TlsConnector;

use crate::KitFault;

/// A client that speaks HTTP/2 and HTTP/1.1.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, KitFault> {
    let mut config = fenghuo_tls::client(ca_file)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The same for connections that speak HTTP/2 and nothing else.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, KitFault> {
    let mut config = client(ca_file)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a hand-shake that failed says: a certificate that does not hold needs a person.
pub(crate) fn fault(error: &io::Error) -> Fault {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(
            error @ (rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)),
        ) => Fault::Misconfigured(Cause::new("HTTP2", &error.to_string())),
        Some(error @ (rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_))) => {
            Fault::Misconfigured(Cause::new("TLS", &error.to_string()))
        }
        Some(error) => Fault::Transient(Cause::new("TLS", &error.to_string())),
        None => Fault::Transient(Cause::new("CONNECT", "the connection broke at its start")),
    }
}
