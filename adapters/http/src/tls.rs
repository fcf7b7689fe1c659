use std::{io, path::Path, sync::Arc};

use fenghuo_contract::{Cause, Fault};
use rustls::{
    AlertDescription, ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_rustls::TlsConnector;

use crate::KitFault;

/// A TLS client with the operating system's roots and those of a file, on *ring*.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<ClientConfig, KitFault> {
    let roots = roots(ca_file)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(KitFault::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
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

/// Certificates of the operating system that cannot be read are left out: one broken file must not stop everything.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, KitFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |error| KitFault::CaFile { path: path.to_owned(), error };
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?).map_err(KitFault::Tls)?;
        }
    }
    if roots.is_empty() { Err(KitFault::NoRoots) } else { Ok(roots) }
}
