//! Local traces of the other end of RFC 2022: a client (area `mars.client`) and an MCS
//! (`mars.endpoint-mcs`), with the harness as MARS and network.
//!
//! `stage` writes one trace step by step, `say` has the messages of both sides; the other files are
//! the scripts, one for each topic. What an endpoint must do is written down here from RFC 2022 and the
//! register, once for each step; its freedoms (numbers, random delays, names of trees) are bound or are
//! windows of time.

mod data;
mod failover;
mod grouplist;
mod mcs;
mod membership;
mod redirect;
mod registration;
mod resolve;
mod say;
mod sequence;
mod stage;
mod tracking;
mod trees;

use crate::trace::Trace;

/// All traces of endpoints, in the order of their topics.
#[must_use]
pub fn traces() -> Vec<Trace> {
    let stages = [
        registration::stages(),
        membership::stages(),
        resolve::stages(),
        trees::stages(),
        tracking::stages(),
        sequence::stages(),
        data::stages(),
        failover::stages(),
        redirect::stages(),
        grouplist::stages(),
        mcs::stages(),
    ];
    let stages = stages.into_iter().flatten();
    stages.map(stage::Stage::trace).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_trace_has_a_name_of_its_own_and_cites_the_ledger() {
        let all = traces();
        let names: BTreeSet<&str> = all.iter().map(|trace| trace.id.as_str()).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.len() >= 50, "{}", all.len());
        for trace in &all {
            assert!(!trace.requirements.is_empty(), "{}", trace.id);
        }
    }

    /// The harness never lets a minute pass beyond what the endpoint has told of its timers: no step is
    /// longer than the shortest of those that always run.
    #[test]
    fn no_step_skips_minutes_of_silence() {
        for trace in traces() {
            let mut before = 0;
            for step in &trace.steps {
                assert!(step.at - before <= 5 * 60_000, "{}: {}", trace.id, step.at);
                before = step.at;
            }
        }
    }
}
