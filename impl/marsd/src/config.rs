//! The configuration file: TOML, read with messages that name line and key.

mod check;
mod types;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use distributed_mars::address::{Endpoint, ServerId};
use distributed_mars::group::{
    AuthAlgorithm, AuthConfig, GroupConfig, NeighborConfig, RedirectOrder,
};
use serde::Deserialize;

use self::types::{Address, Id, Key, Layer3};
use crate::atm;

/// All that a file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    server: ServerPart,
    #[serde(default)]
    neighbor: Vec<NeighborPart>,
    #[serde(default)]
    auth: Vec<AuthPart>,
    #[serde(default)]
    timers: TimersPart,
    /// Bounds on what others can make the service hold.
    #[serde(default)]
    pub limits: Limits,
    /// How the service ends.
    #[serde(default)]
    pub shutdown: Shutdown,
    /// The read-only endpoint for people and Prometheus.
    pub status: Option<Status>,
    /// Logs.
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    route: Vec<RoutePart>,
    /// Makes all VCs TLS connections.
    pub tls: Option<Tls>,
    /// What no production server wants.
    #[serde(default)]
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerPart {
    id: Id,
    listen: SocketAddr,
    atm: Option<Address>,
    #[serde(default = "one")]
    sgid: u16,
    #[serde(default = "ipv4")]
    protocols: Vec<Layer3>,
    cmi_range: [u16; 2],
    state: Option<PathBuf>,
    #[serde(default)]
    backups: Vec<Address>,
    #[serde(default)]
    redirect_order: RedirectOrder,
    hop_count: Option<u16>,
    mtu: Option<u16>,
}

fn one() -> u16 {
    1
}

fn ipv4() -> Vec<Layer3> {
    vec![Layer3::IPV4]
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeighborPart {
    id: Id,
    atm: Address,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthPart {
    spi: u32,
    peer: Id,
    key: Option<Key>,
    key_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimersPart {
    hello_interval_s: Option<u16>,
    dead_factor: Option<u16>,
    ca_rexmt_ms: Option<u64>,
    csus_rexmt_ms: Option<u64>,
    csu_rexmt_ms: Option<u64>,
    csu_max_rexmt: Option<u32>,
    redirect_interval_ms: Option<u64>,
    redirect_hold_ms: Option<u64>,
    map_interval_ms: Option<u64>,
    startup_ms: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoutePart {
    atm: Address,
    connect: SocketAddr,
}

/// Bounds on what others can make the service hold. Times in real milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// VCs that others set up.
    pub connections: usize,
    /// Those of one ATM address.
    pub per_peer: usize,
    /// Connections that have not said who they are.
    pub strangers: usize,
    /// How long one may stay a stranger.
    pub setup_ms: u64,
    /// Longest SDU taken.
    pub sdu_octets: usize,
    /// SDUs that wait to be sent on one VC.
    pub queue_frames: usize,
    /// Their octets.
    pub queue_octets: usize,
    /// A peer that takes nothing for so long is given up.
    pub stall_ms: u64,
    /// Something is sent at least this often.
    pub keep_alive_ms: u32,
    /// A client's point-to-point VC without an SDU for so long is released.
    pub idle_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            per_peer: 8,
            strangers: 256,
            setup_ms: 5_000,
            sdu_octets: 9_188,
            queue_frames: 4_096,
            queue_octets: 4 << 20,
            stall_ms: 10_000,
            keep_alive_ms: 5_000,
            // RFC 2022, 5.
            idle_ms: 20 * 60 * 1000,
        }
    }
}

impl Limits {
    /// How long one may stay a stranger.
    #[must_use]
    pub const fn setup(&self) -> Duration {
        Duration::from_millis(self.setup_ms)
    }

    /// How long a peer may take nothing.
    #[must_use]
    pub const fn stall(&self) -> Duration {
        Duration::from_millis(self.stall_ms)
    }
}

/// How the service ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shutdown {
    /// How long clients are given to follow a redirect map to another server; 0 for not at all.
    pub drain_ms: u64,
    /// How long neighbours are given to acknowledge the last records.
    pub settle_ms: u64,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            drain_ms: 0,
            settle_ms: 2_000,
        }
    }
}

/// The read-only endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Where; it has no authentication, so an address that only friends reach.
    pub listen: SocketAddr,
}

/// Logs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A filter of `tracing-subscriber`: `info`, `marsd=debug`.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            json: false,
        }
    }
}

/// TLS on all VCs, with certificates of both ends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Certificates of those who may sign peers' ones, PEM.
    pub authority: PathBuf,
    /// The own certificate and those between it and an authority, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// What no production server wants.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Test {
    /// All times of the protocol pass this many times faster; the same on all stations.
    pub speed: u32,
}

impl Default for Test {
    fn default() -> Self {
        Self { speed: 1 }
    }
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The key with the tables it is in; empty where there is none.
    pub key: String,
    /// What, for people.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for Fault {}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(file: &Path) -> Result<Self, Box<Fault>> {
        let text = fs::read_to_string(file).map_err(|error| Fault {
            file: file.to_owned(),
            line: None,
            key: String::new(),
            what: error.to_string(),
        })?;
        Self::parse(file, &text)
    }

    /// Reads and checks the text of a file.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Box<Fault>> {
        check::parse(file, text)
    }

    /// Where VCs are taken.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.server.listen
    }

    /// The server's id.
    #[must_use]
    pub const fn id(&self) -> ServerId {
        self.server.id.0
    }

    /// Where what has to outlive the process is kept.
    #[must_use]
    pub fn state(&self) -> Option<&Path> {
        self.server.state.as_deref()
    }

    /// The own ATM address, for a server that listens there.
    #[must_use]
    pub fn atm(&self, bound: SocketAddr) -> Option<Endpoint> {
        match self.server.atm {
            Some(Address(atm)) => Some(atm),
            None => atm::of_socket(bound),
        }
    }

    /// Where ATM addresses are that do not say it themselves.
    #[must_use]
    pub fn routes(&self) -> BTreeMap<Endpoint, SocketAddr> {
        self.route
            .iter()
            .map(|route| (route.atm.0, route.connect))
            .collect()
    }

    /// The configuration of the server proper.
    ///
    /// # Errors
    /// A key file that cannot be used.
    pub fn group(&self, bound: SocketAddr, incarnation: u64) -> Result<GroupConfig, Box<Fault>> {
        let server = &self.server;
        let atm = self.atm(bound).ok_or_else(|| Fault {
            file: PathBuf::new(),
            line: None,
            key: "server.atm".to_owned(),
            what: "is needed where `listen` is no address".to_owned(),
        })?;
        let mut auth = Vec::with_capacity(self.auth.len());
        for (number, entry) in self.auth.iter().enumerate() {
            auth.push(AuthConfig {
                spi: entry.spi,
                peer_id: entry.peer.0,
                algorithm: AuthAlgorithm::HmacMd5,
                key: entry.octets(number)?,
                not_before_ms: 0,
                not_after_ms: None,
            });
        }
        let timers = &self.timers;
        let plain = GroupConfig::new(server.id.0, atm, server.cmi_range);
        Ok(GroupConfig {
            sgid: server.sgid,
            protocols: server.protocols.iter().map(|layer3| layer3.0).collect(),
            neighbors: self
                .neighbor
                .iter()
                .map(|neighbor| NeighborConfig {
                    id: Some(neighbor.id.0),
                    atm: neighbor.atm.0,
                })
                .collect(),
            backups: server.backups.iter().map(|address| address.0).collect(),
            redirect_order: server.redirect_order,
            hop_count: server.hop_count.unwrap_or(plain.hop_count),
            mtu: server.mtu.unwrap_or(plain.mtu),
            hello_interval_s: timers.hello_interval_s.unwrap_or(plain.hello_interval_s),
            dead_factor: timers.dead_factor.unwrap_or(plain.dead_factor),
            ca_rexmt_ms: timers.ca_rexmt_ms.unwrap_or(plain.ca_rexmt_ms),
            csus_rexmt_ms: timers.csus_rexmt_ms.unwrap_or(plain.csus_rexmt_ms),
            csu_rexmt_ms: timers.csu_rexmt_ms.unwrap_or(plain.csu_rexmt_ms),
            csu_max_rexmt: timers.csu_max_rexmt.unwrap_or(plain.csu_max_rexmt),
            redirect_interval_ms: timers
                .redirect_interval_ms
                .unwrap_or(plain.redirect_interval_ms),
            redirect_hold_ms: timers.redirect_hold_ms.unwrap_or(plain.redirect_hold_ms),
            map_interval_ms: timers.map_interval_ms.unwrap_or(plain.map_interval_ms),
            startup_ms: timers.startup_ms,
            incarnation,
            auth,
            seed: incarnation,
            ..plain
        })
    }

    /// Whether `other` differs in what cannot change while the server runs.
    #[must_use]
    pub fn needs_restart(&self, other: &Self) -> Option<&'static str> {
        let pairs = [
            ("server", self.server == other.server),
            ("neighbor", self.neighbor == other.neighbor),
            ("auth", self.auth == other.auth),
            ("timers", self.timers == other.timers),
            ("status", self.status == other.status),
            ("tls", self.tls == other.tls),
            ("log.json", self.log.json == other.log.json),
            ("test", self.test == other.test),
        ];
        pairs
            .into_iter()
            .find(|(_, same)| !same)
            .map(|(table, _)| table)
    }
}

impl AuthPart {
    fn octets(&self, number: usize) -> Result<Vec<u8>, Box<Fault>> {
        let fault = |what: String| {
            Box::new(Fault {
                file: PathBuf::new(),
                line: None,
                key: format!("auth[{number}].key_file"),
                what,
            })
        };
        match (&self.key, &self.key_file) {
            (Some(key), None) => Ok(key.0.clone()),
            (None, Some(file)) => {
                let text = fs::read_to_string(file)
                    .map_err(|error| fault(format!("{}: {error}", file.display())))?;
                atm::unhex(text.trim())
                    .ok_or_else(|| fault(format!("{}: is not hex", file.display())))
            }
            _ => Err(fault("exactly one of key and key_file".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
