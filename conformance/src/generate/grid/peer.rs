//! Who takes part in a local trace of SCSP: the server under test, its one neighbour, their times.

use serde_json::{Value, json};

use crate::trace::ServerSpec;

/// Name of the server under test.
pub(super) const SERVER: &str = "s1";
/// Its id; the neighbour's is larger or smaller.
pub(super) const OWN: &str = "0a000002";
/// An id that nobody in the trace has.
pub(super) const STRANGER: &str = "0a000009";
/// The id that stands for every receiver (RFC 2334, 2.3).
pub(super) const EVERYBODY: &str = "ffffffff";
/// Server Group ID.
pub(super) const GROUP: u64 = 1;
/// Milliseconds of CAReXmtInterval.
pub(super) const CA_MS: u64 = 3_100;
/// Milliseconds for which a slave keeps its last CA (register C17).
pub(super) const HOLD_MS: u64 = 3 * CA_MS;
/// Milliseconds of CSUSReXmtInterval.
pub(super) const CSUS_MS: u64 = 3_700;
/// Milliseconds of CSUReXmtInterval.
pub(super) const CSU_MS: u64 = 4_300;
/// Repetitions of an unacknowledged CSA before the reset.
pub(super) const CSU_REPEATS: u32 = 2;
/// Hop count of own records.
pub(super) const HOPS: u64 = 255;
/// Largest SCSP packet of a server that is to need two CAs.
const SHORT_MTU: usize = 256;
/// Octets of a CA before its summaries, and of a summary.
const CA_HEAD: usize = 32;
const SUMMARY: usize = 20;

/// On which side of the server's id the neighbour's lies (RFC 2334, 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Side {
    /// Larger: the server becomes the slave.
    Larger,
    /// Smaller: the server becomes the master.
    Smaller,
}

/// What a trace is played with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// The neighbour's id against the server's.
    pub(super) side: Side,
    /// The server has more summaries than fit into a CA.
    pub(super) many: bool,
    /// Seconds between the server's Hellos.
    pub(super) hello_s: u64,
    /// HelloInterval and DeadFactor that the neighbour tells.
    pub(super) told: (u64, u64),
}

impl Setup {
    /// Hellos play no part: minutes apart, as long as a trace takes.
    pub(super) const fn aligning(side: Side, many: bool) -> Self {
        Self {
            side,
            many,
            hello_s: 60,
            told: (60, 3),
        }
    }

    /// Hellos are all that matters.
    pub(super) const fn greeting(side: Side) -> Self {
        Self {
            side,
            many: false,
            hello_s: 3,
            told: (2, 4),
        }
    }

    /// The neighbour's id.
    pub(super) const fn id(self) -> &'static str {
        match self.side {
            Side::Larger => "0a000003",
            Side::Smaller => "0a000001",
        }
    }

    /// Own records of the server at the start: one Redirect Entry for each protocol.
    pub(super) const fn records(self) -> usize {
        if self.many { Self::limit() + 1 } else { 1 }
    }

    /// Summaries that fit into one CA of a server with the short MTU.
    pub(super) const fn limit() -> usize {
        (SHORT_MTU - CA_HEAD) / SUMMARY
    }

    /// The server's configuration.
    pub(super) fn server(self) -> ServerSpec {
        let mut protocols = vec![json!({"type": 0x0800, "snap": "0000000000"})];
        protocols.extend(
            (1..self.records()).map(|n| json!({"type": 0x0080, "snap": format!("{n:010x}")})),
        );
        let config = json!({
            "server_id": OWN,
            "atm": atm(0x0a),
            "sgid": GROUP,
            "protocols": protocols,
            "cmi_range": [257, 260],
            "neighbors": [{"id": self.id(), "atm": atm(0x0b)}],
            "hello_interval_s": self.hello_s,
            "dead_factor": 3,
            "ca_rexmt_ms": CA_MS,
            "csus_rexmt_ms": CSUS_MS,
            "csu_rexmt_ms": CSU_MS,
            "csu_max_rexmt": CSU_REPEATS,
            "redirect_interval_ms": 120_000,
            "redirect_hold_ms": 245_000,
            "map_interval_ms": 120_000,
            "hop_count": HOPS,
            "mtu": if self.many { SHORT_MTU } else { 9180 },
        });
        ServerSpec {
            name: SERVER.to_owned(),
            config,
        }
    }
}

/// ATM address that differs from others in one octet.
pub(super) fn atm(octet: u8) -> Value {
    json!({"number": number(octet), "form": "nsapa"})
}

/// Number of such an address.
pub(super) fn number(octet: u8) -> String {
    format!("47000580ffe1000000f21a2b3c002048{octet:02x}000100")
}
