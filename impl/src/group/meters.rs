//! What a server counts. Monotonic, and no part of its behaviour.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::mars::Ignored;
use crate::wire::WireError;

/// Counters of one server; SCSP counts for itself
/// ([`DistributedMars::scsp_meters`](super::DistributedMars::scsp_meters)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meters {
    /// SDUs received, good or bad.
    pub frames_in: u64,
    /// SDUs sent.
    pub frames_out: u64,
    /// SDUs dropped without an effect, by the reason's stable name.
    pub dropped: BTreeMap<String, u64>,
    /// New registrations of own clients.
    pub registrations: u64,
    /// Own registrations that ended, the ones that the network ended included.
    pub deregistrations: u64,
    /// Registrations refused because no CMI was free (register E02).
    pub cmi_exhausted: u64,
    /// Foreign registrations whose CMI is in the own range or an own client's (register E03).
    pub cmi_conflicts: u64,
    /// Originators flushed.
    pub flushes: u64,
    /// Originators that came back after a flush.
    pub restores: u64,
    /// Originators of which nothing is kept any more, so long were they gone (register B02).
    pub given_up: u64,
    /// Own records of an earlier life that were withdrawn (register B11).
    pub withdrawals: u64,
    /// Own records raised above what the net had (register C08), or sent again because another server
    /// deregistered the client (A08).
    pub reoriginations: u64,
    /// Own keys given up because their numbers ran out (register C11).
    pub renewals: u64,
}

impl Meters {
    pub(crate) fn drop(&mut self, reason: &str) {
        *self.dropped.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn malformed(&mut self, layer: &str, error: &WireError) {
        self.drop(&format!("{layer}-{}", error.code.as_str()));
    }

    pub(crate) fn ignored(&mut self, reason: Ignored) {
        if reason == Ignored::NoCmi {
            self.cmi_exhausted += 1;
        }
        self.drop(match reason {
            Ignored::NotRegistered => "not-registered",
            Ignored::CopyFlag => "copy-flag",
            Ignored::SeveralPairs => "several-pairs",
            Ignored::NoGroup => "no-group",
            Ignored::NoCmi => "no-cmi",
            Ignored::Tlv(_) => "tlv",
            Ignored::ServesGroup => "serves-group",
            Ignored::NotServing => "not-serving-group",
            Ignored::NotForServers(_) => "not-for-servers",
        });
    }
}
