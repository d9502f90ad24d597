//! Local traces of RFC 2022: what one MARS without neighbours owes its clients and MCSs, written down from
//! the RFC and the register (sections E and F), step by step. No line of `impl/` made an expectation.
//!
//! `messages` makes frames for both directions, `builder` and `expect` are the words of a script; every
//! other file is a set of scripts about one chapter.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a script is a constant of this program, and the test below makes all of them"
)]

pub(in crate::generate) mod builder;
pub(in crate::generate) mod counter;
pub(in crate::generate) mod expect;
mod grouplist;
mod header;
mod holes;
mod mcs_holes;
mod mcs_register;
mod mcs_serve;
mod membership;
pub mod messages;
mod protocols;
mod redirect;
mod registration;
mod requests;
mod tlv;

use messages::Range;

use crate::trace::Trace;

/// Area of the traces about clients.
const CLUSTER: &str = "mars.cluster";
/// Area of the traces about multicast servers.
const MCS: &str = "mars.mcs";

/// A block of 256 groups.
const BLOCK: Range<'static> = ("e0000100", "e00001ff");
/// A group of that block.
const G1: Range<'static> = ("e0000111", "e0000111");
/// Another.
const G2: Range<'static> = ("e0000122", "e0000122");

/// All traces, in the order of their chapters.
#[must_use]
pub fn traces() -> Vec<Trace> {
    [
        registration::traces,
        membership::traces,
        holes::traces,
        requests::traces,
        grouplist::traces,
        redirect::traces,
        tlv::traces,
        header::traces,
        protocols::traces,
        mcs_register::traces,
        mcs_serve::traces,
        mcs_holes::traces,
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
            assert!(trace.title.ends_with('.'), "{}", trace.id);
            assert!(!trace.requirements.is_empty(), "{}", trace.id);
        }
    }
}
