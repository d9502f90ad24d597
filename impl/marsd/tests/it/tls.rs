//! TLS: who may speak, and for which address.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use distributed_mars::address::Endpoint;
use marsd::atm;
use marsd::config;
use marsd::lab::{Lab, Plan, members};
use marsd::station::{Settings, Station};
use marsd::testing::{Scratch, free_socket};
use marsd::tls::{Tls, name};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::common::{GROUP, PATIENCE, bounded, heard, joined, plan};

struct Authority {
    scratch: Scratch,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let scratch = Scratch::new();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(scratch.path("authority.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Self { scratch, issuer }
    }

    /// Files `WHO.pem` and `WHO.key` that stand for this address.
    fn issue(&self, who: &str, atm: Endpoint) -> config::Tls {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name(atm)]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = config::Tls {
            authority: self.scratch.path("authority.pem"),
            certificate: self.scratch.path(&format!("{who}.pem")),
            key: self.scratch.path(&format!("{who}.key")),
        };
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }
}

fn client(lab: &Lab, prefers: usize, listen: SocketAddr, tls: Option<Tls>) -> Settings {
    Settings {
        listen,
        tls,
        ..lab.client(prefers, u64::from(listen.port()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_with_a_certificate_for_their_address_are_heard() {
    bounded(async {
        let authority = Authority::new();
        let folder = authority.scratch.folder().display().to_string();
        let mut lab = Lab::new(Plan {
            servers: 2,
            more: format!(
                "[tls]\nauthority = \"{folder}/authority.pem\"\n\
                 certificate = \"{folder}/server-{{n}}.pem\"\nkey = \"{folder}/server-{{n}}.key\"\n"
            ),
            ..plan()
        })
        .await?;
        for number in [0, 1] {
            authority.issue(&format!("server-{}", number + 1), lab.mars(number)[0]);
            lab.start(number)?;
        }
        lab.aligned(&[0, 1], PATIENCE).await?;
        let mut good = Vec::new();
        for (number, who) in ["one", "two"].into_iter().enumerate() {
            let listen = free_socket();
            let files = authority.issue(who, atm::of_socket(listen).unwrap());
            let tls = Tls::read(&files)?;
            good.push(
                joined(client(&lab, number, listen, Some(tls)), GROUP)
                    .await?
                    .0,
            );
        }
        lab.until(1, PATIENCE, "both", |s| members(s) == 2).await?;
        // Data goes over TLS too.
        let mut two = good.pop().unwrap();
        heard(&good[0], &mut [&mut two]).await?;

        // A certificate for another address, one of another authority, and none at all.
        let listen = free_socket();
        let stolen = authority.issue("stolen", good[0].atm);
        let other = Authority::new();
        let mut foreign = other.issue("foreign", atm::of_socket(listen).unwrap());
        foreign.authority = authority.scratch.path("authority.pem");
        let files = [Some(stolen), Some(foreign), None];
        // Each on a socket of its own: that of a station that was dropped may not be free yet.
        let sockets = [free_socket(), listen, free_socket()];
        for (files, listen) in files.into_iter().zip(sockets) {
            let plain = files.is_none();
            let tls = files.map(|files| Tls::read(&files)).transpose()?;
            // The address of the foreign certificate is right.
            let before = refused(&lab)?;
            let station = Station::start(client(&lab, 0, listen, tls)).await;
            let station = station.map_err(|error| error.to_string())?;
            station.order(distributed_mars::endpoint::Command::Register);
            lab.until(0, PATIENCE, "one more refused", |s| {
                let refused = s["vcs"]["refused"]["untrusted"].as_u64();
                refused.unwrap_or(0) > before
            })
            .await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let (view, _) = station.look().await.ok_or("it ended")?;
            assert!(!view.registered, "plain: {plain}");
        }
        assert_eq!(members(&lab.status(0)?), 2);
        Ok(())
    })
    .await;
}

fn refused(lab: &Lab) -> Result<u64, String> {
    Ok(lab.status(0)?["vcs"]["refused"]["untrusted"]
        .as_u64()
        .unwrap_or(0))
}
