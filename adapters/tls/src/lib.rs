//! Whom an outgoing link trusts: one TLS client for everything that dials out.
//!
//! rustls with *ring*, named explicitly; TLS 1.2 and 1.3; the roots of the operating system plus those of an optional
//! file, as a provider with a certificate authority of its own needs. Names are always verified: there is no switch that
//! turns it off.

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// Neither the operating system nor a file has a certificate authority.
    #[error("no certificate authority is known: install the system's certificates or set ca_file")]
    NoRoots,
    /// The file of certificate authorities cannot be used.
    #[error("ca_file {} cannot be read", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        error: rustls::pki_types::pem::Error,
    },
    /// The file of certificate authorities holds none.
    #[error("ca_file {} holds no certificate", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// rustls refuses.
    #[error("TLS cannot be set up")]
    Rustls(#[source] rustls::Error),
}

/// A client with the operating system's roots and those of a file. Speaks no protocol by name (ALPN): who needs one adds
/// it.
///
/// # Errors
/// [`TlsFault`].
pub fn client(ca_file: Option<&Path>) -> Result<ClientConfig, TlsFault> {
    let roots = roots(ca_file)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsFault::Rustls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(client)
}

/// Certificates of the operating system that cannot be read are left out: one broken file must not stop everything.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let known = roots.len();
        let unreadable = |error| TlsFault::CaFile { path: path.to_owned(), error };
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots.add(certificate.map_err(unreadable)?).map_err(TlsFault::Rustls)?;
        }
        if roots.len() == known {
            return Err(TlsFault::Empty { path: path.to_owned() });
        }
    }
    if roots.is_empty() { Err(TlsFault::NoRoots) } else { Ok(roots) }
}
