//! Local traces of RFC 2443: what one MARS of a server group owes its neighbours and its own cluster, written
//! down from the RFC and the register (sections A, B, C and E), step by step. No line of `impl/` made an
//! expectation.
//!
//! `stage` brings simulated neighbours up to Aligned and has the words for CSU messages, `record` the records in
//! both directions; clients and MCSs speak in the words of the scripts about RFC 2022. Every other file is a set
//! of scripts about one chapter.

mod auth;
mod bounds;
mod flush;
mod learned;
mod map;
mod mcs_gone;
mod mcs_learned;
mod mcs_told;
mod proxy;
mod punched;
mod range;
mod record;
mod relay;
mod scsp;
mod served;
mod stage;
mod told;

use super::mars::messages::Range;
use crate::trace::Trace;

/// What the id of each begins with, which no model path has.
pub(super) const PREFIX: &str = "one-";

/// Area of the traces about clients and what they join.
const MEMBERSHIP: &str = "group.membership";
/// Area of the traces about leaves that drop.
const PROXY: &str = "group.proxy_deregister";
/// Area of the traces about servers that are not heard of any more.
const FLUSH: &str = "group.flush";
/// Area of the traces about Cluster Member IDs.
const CMI_RANGE: &str = "group.cmi_range";
/// Area of the traces about Redirect Entries and maps.
const MAP: &str = "group.redirect_map";
/// Area of the traces about neighbours that authenticate.
const AUTHENTICATION: &str = "scsp.authentication";
/// Areas of the traces about what SCSP asks of a server with several neighbours, or with a strange one.
const HELLO: &str = "scsp.hello";
const ALIGNMENT: &str = "scsp.alignment";
const UPDATE: &str = "scsp.update";
/// Area of the traces about multicast servers.
const MCS: &str = "group.mcs";

/// A block of 256 groups.
const BLOCK: Range<'static> = ("e0000100", "e00001ff");
/// A group of that block.
const G1: Range<'static> = ("e0000111", "e0000111");
/// Another.
const G2: Range<'static> = ("e0000122", "e0000122");
/// The block without the first group.
const AROUND_G1: [Range<'static>; 2] = [("e0000100", "e0000110"), ("e0000112", "e00001ff")];

/// All traces, in the order of their chapters.
#[must_use]
pub fn traces() -> Vec<Trace> {
    [
        told::traces,
        learned::traces,
        punched::traces,
        relay::traces,
        proxy::traces,
        range::traces,
        map::traces,
        flush::traces,
        mcs_told::traces,
        mcs_learned::traces,
        mcs_gone::traces,
        served::traces,
        bounds::traces,
        auth::traces,
        scsp::traces,
    ]
    .into_iter()
    .flat_map(|chapter| chapter())
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_trace_has_a_name_of_its_own_and_a_sentence() {
        let all = traces();
        let names: BTreeSet<&str> = all.iter().map(|trace| trace.id.as_str()).collect();
        assert_eq!(names.len(), all.len());
        for trace in &all {
            assert!(trace.id.starts_with(PREFIX), "{}", trace.id);
            assert!(trace.title.ends_with('.'), "{}", trace.id);
            let cites = |id: &String| id.starts_with("R2443-");
            assert!(trace.requirements.iter().any(cites), "{}", trace.id);
        }
    }
}
