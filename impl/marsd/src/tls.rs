//! TLS on VCs, with certificates of both ends that stand for their ATM addresses.
//!
//! A certificate stands for an address when the address's name is among its DNS names: `nsapa-HEX.mars.internal` or
//! `e164-HEX.mars.internal`, with `sub-HEX.` before it where there is a subaddress.

use distributed_mars::address::{AtmForm, Endpoint};

use crate::atm::hex;

/// The DNS name of an address in certificates.
#[must_use]
pub fn name(endpoint: Endpoint) -> String {
    let form = match endpoint.number.form() {
        AtmForm::Nsapa => "nsapa",
        AtmForm::E164 => "e164",
    };
    let number = hex(endpoint.number.octets());
    match endpoint.subaddress {
        None => format!("{form}-{number}.mars.internal"),
        Some(subaddress) => format!(
            "sub-{}.{form}-{number}.mars.internal",
            hex(subaddress.octets())
        ),
    }
}

#[cfg(feature = "tls")]
pub use built_in::{Certificate, Tls};
#[cfg(not(feature = "tls"))]
pub use left_out::{Certificate, Tls};

#[cfg(feature = "tls")]
mod built_in {
    use std::fmt;
    use std::path::Path;
    use std::sync::Arc;

    use distributed_mars::address::Endpoint;
    use tokio::net::TcpStream;
    use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use tokio_rustls::rustls::server::WebPkiClientVerifier;
    use tokio_rustls::rustls::version::TLS13;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::name;
    use crate::config;
    use crate::vc::{End, Stream};

    /// Both sides of TLS for one station.
    #[derive(Clone)]
    pub struct Tls {
        acceptor: TlsAcceptor,
        connector: TlsConnector,
    }

    impl fmt::Debug for Tls {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Tls(..)")
        }
    }

    /// What a caller has shown.
    #[derive(Debug)]
    pub struct Certificate(CertificateDer<'static>);

    fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
        let wrong = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
        let chain: Vec<_> = read
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&error))?;
        if chain.is_empty() {
            return Err(wrong(&"no certificate"));
        }
        Ok(chain)
    }

    impl Tls {
        /// Reads the files.
        ///
        /// # Errors
        /// Which file is wrong and why.
        pub fn read(files: &config::Tls) -> Result<Self, String> {
            let text = |error: &dyn fmt::Display| error.to_string();
            let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
            let mut roots = RootCertStore::empty();
            for certificate in chain(&files.authority)? {
                roots.add(certificate).map_err(|error| text(&error))?;
            }
            let roots = Arc::new(roots);
            let own = chain(&files.certificate)?;
            let key = PrivateKeyDer::from_pem_file(&files.key)
                .map_err(|error| format!("{}: {error}", files.key.display()))?;
            let verifier = WebPkiClientVerifier::builder_with_provider(
                Arc::clone(&roots),
                Arc::clone(&provider),
            )
            .build()
            .map_err(|error| text(&error))?;
            let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(&[&TLS13])
                .map_err(|error| text(&error))?
                .with_client_cert_verifier(verifier)
                .with_single_cert(own.clone(), key.clone_key())
                .map_err(|error| text(&error))?;
            let client = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[&TLS13])
                .map_err(|error| text(&error))?
                .with_root_certificates(roots)
                .with_client_auth_cert(own, key)
                .map_err(|error| text(&error))?;
            Ok(Self {
                acceptor: TlsAcceptor::from(Arc::new(server)),
                connector: TlsConnector::from(Arc::new(client)),
            })
        }

        pub(crate) async fn accept(
            &self,
            stream: TcpStream,
        ) -> Result<(Box<dyn Stream>, Certificate), End> {
            let stream = self.acceptor.accept(stream).await;
            let stream = stream.map_err(|error| End::Untrusted(error.to_string()))?;
            let shown = stream.get_ref().1.peer_certificates();
            let first = shown.and_then(|shown| shown.first());
            let first = first.ok_or_else(|| End::Untrusted("no certificate".to_owned()))?;
            let certificate = Certificate(first.clone().into_owned());
            Ok((Box::new(stream), certificate))
        }

        /// The certificate of the called is checked against its address.
        pub(crate) async fn connect(
            &self,
            stream: TcpStream,
            called: Endpoint,
        ) -> Result<Box<dyn Stream>, End> {
            let untrusted = |error: &dyn fmt::Display| End::Untrusted(error.to_string());
            let name = ServerName::try_from(name(called)).map_err(|error| untrusted(&error))?;
            let stream = self.connector.connect(name, stream).await;
            Ok(Box::new(stream.map_err(|error| untrusted(&error))?))
        }
    }

    impl Certificate {
        pub(crate) fn stands_for(&self, calling: Endpoint) -> Result<(), End> {
            let untrusted = |error: &dyn fmt::Display| End::Untrusted(error.to_string());
            let name = ServerName::try_from(name(calling)).map_err(|error| untrusted(&error))?;
            let certificate =
                webpki::EndEntityCert::try_from(&self.0).map_err(|error| untrusted(&error))?;
            certificate
                .verify_is_valid_for_subject_name(&name)
                .map_err(|error| untrusted(&error))
        }
    }
}

#[cfg(not(feature = "tls"))]
mod left_out {
    use distributed_mars::address::Endpoint;
    use tokio::net::TcpStream;

    use crate::config;
    use crate::vc::{End, Stream};

    /// Never there.
    #[derive(Clone, Debug)]
    pub enum Tls {}

    /// Never there.
    #[derive(Debug)]
    pub enum Certificate {}

    impl Tls {
        /// Always fails.
        ///
        /// # Errors
        /// The feature is left out.
        pub fn read(_: &config::Tls) -> Result<Self, String> {
            Err("this program was built without the feature `tls`".to_owned())
        }

        #[expect(clippy::unused_async, reason = "as where it is built in")]
        pub(crate) async fn accept(
            &self,
            _: TcpStream,
        ) -> Result<(Box<dyn Stream>, Certificate), End> {
            match *self {}
        }

        #[expect(clippy::unused_async, reason = "as where it is built in")]
        pub(crate) async fn connect(
            &self,
            _: TcpStream,
            _: Endpoint,
        ) -> Result<Box<dyn Stream>, End> {
            match *self {}
        }
    }

    impl Certificate {
        pub(crate) fn stands_for(&self, _: Endpoint) -> Result<(), End> {
            match *self {}
        }
    }
}
