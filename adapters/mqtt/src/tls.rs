use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    /// Neither the operating system nor a file has a certificate authority.
    #[error("no certificate authority is known: install the system's certificates or set ca_file")]
    NoRoots,
    /// The file of certificate authorities cannot be read.
    #[error("ca_file cannot be read: {0}")]
    CaFile(rustls::pki_types::pem::Error),
    /// rustls refuses.
    #[error("TLS cannot be set up: {0}")]
    Rustls(rustls::Error),
}

/// A TLS client with the operating system's roots and those of a file, on *ring*.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        for certificate in CertificateDer::pem_file_iter(path).map_err(TlsFault::CaFile)? {
            roots.add(certificate.map_err(TlsFault::CaFile)?).map_err(TlsFault::Rustls)?;
        }
    }
    if roots.is_empty() {
        return Err(TlsFault::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Rustls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
