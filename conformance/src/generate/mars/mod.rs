//! Local traces of RFC 2022: what one MARS without neighbours owes its clients and MCSs, written down from
//! the RFC and the register (sections E and F), step by step. No line of `impl/` made an expectation.
//!
//! `messages` makes frames for both directions, `builder` and `expect` are the words of a script; every
//! other file is a set of scripts about one chapter.

mod builder;
mod counter;
mod expect;
pub mod messages;
mod registration;

use crate::trace::Trace;

/// Area of the traces about clients.
const CLUSTER: &str = "mars.cluster";

/// All traces, in the order of their chapters.
#[must_use]
pub fn traces() -> Vec<Trace> {
    registration::traces()
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
