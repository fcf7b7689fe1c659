use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

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
