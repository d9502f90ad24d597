//! Before the first step of a path: every neighbour comes up and aligns, and everybody is known to everybody.

use serde_json::{Value, json};

use super::subject::Subject;
use super::world::{Carried, World};
use crate::trace::{Expected, Stimulus};

/// First CA sequence number of a neighbour that is the master.
const CA: u64 = 100_000;
/// Seconds between Hellos: one, and then none for as long as a trace takes.
pub(super) const HELLO_S: u64 = 3600;

/// Ledger ids as a step has them.
pub(super) fn ids(list: &[&str]) -> Vec<String> {
    list.iter().map(|id| (*id).to_owned()).collect()
}

/// The neighbours of the server under test come up, and tell of all servers. `origins` gives for each server
/// the neighbour that it is learned of, and the servers it passed on the way there.
pub(super) fn prologue(subject: &mut Subject<'_>, world: &World, servers: &[String]) {
    let own = subject.name.clone();
    let neighbors = world.neighbors(&own);
    for one in &neighbors {
        align(subject, one);
    }
    for origin in servers.iter().filter(|origin| **origin != own) {
        let near = neighbors.contains(origin);
        // In a line of three the far one is behind the one neighbour.
        let from = if near {
            Some(origin)
        } else {
            neighbors.first()
        };
        let (Some(from), Some(entry)) = (from, world.entry(origin)) else {
            continue;
        };
        let carried = Carried {
            instance: entry.clone(),
            hops: u8::from(!near),
        };
        let mut outputs = vec![subject.acknowledgement(from, entry)];
        for other in neighbors.iter().filter(|other| *other != from) {
            let wanted = super::passed_on(&own, other, &carried);
            outputs.push(subject.told(&wanted, entry, None));
        }
        let stimulus = subject.csu(from, &carried);
        let cited = ids(&["R2334-2.3-06", "R2443-1-03", "R2443-5.1-09"]);
        subject.push(stimulus, &cited, vec![outputs]);
    }
}

/// One comes up and aligns; it has nothing to tell, the server its own Redirect Entry. Of the two the one with
/// the larger id is the master (RFC 2334, 2.2.1).
fn align(subject: &mut Subject<'_>, one: &str) {
    let own = subject.name.clone();
    let lower = subject.lower;
    let up = Stimulus::VcUp {
        vc: one.to_owned(),
        peer: crate::lockstep::nsapa(lower.server_atm(one)),
        kind: None,
    };
    let hello = packet(one, json!({"receiver_id": "", "type_code": 5}));
    subject.push(
        up,
        &ids(&["R2334-2.1-05", "R2443-4.1-01"]),
        vec![vec![hello]],
    );
    let said = subject.says(
        one,
        json!({"type_code": 5, "hello_interval": HELLO_S, "dead_factor": 3}),
    );
    let number = format!("{one}-ca");
    let ca = json!({"type_code": 1, "flags": 0xe000, "number_of_records": 0, "ca_sequence_number": {"bind": number}});
    let ca = packet(one, ca);
    subject.push(said, &ids(&["R2334-1-02"]), vec![vec![ca]]);
    let summary = json!({
        "hop_count": 1, "flags": 0, "originator_id": lower.server_id(&own),
        "csa_sequence_number": {"bind": format!("{own}-number")}, "cache_key": {"bind": format!("{own}-key")},
    });
    let slave = lower.server_id(one) > lower.server_id(&own);
    let (first, last) = if slave {
        (
            json!({"type_code": 1, "flags": 0xe000, "ca_sequence_number": CA}),
            json!({"type_code": 1, "flags": 0x8000, "ca_sequence_number": CA + 1}),
        )
    } else {
        (
            json!({"type_code": 1, "flags": 0, "ca_sequence_number": {"ref": number}}),
            json!({"type_code": 1, "flags": 0, "ca_sequence_number": {"ref": number, "add": 1}}),
        )
    };
    let answers = if slave {
        let first =
            json!({"type_code": 1, "flags": 0, "ca_sequence_number": CA, "records": [summary]});
        let last = json!({"type_code": 1, "flags": 0, "ca_sequence_number": CA + 1, "number_of_records": 0});
        [Some(first), Some(last)]
    } else {
        let next = json!({"ref": number, "add": 1});
        // Register C22: more, or no more, of what is whole.
        let flags = json!({"one_of": [0x8000, 0xa000]});
        let first = json!({"type_code": 1, "flags": flags, "ca_sequence_number": next, "records": [summary]});
        [Some(first), None]
    };
    let cited = ["R2334-2.2.1-01", "R2334-2.2.2-12"];
    for ((said, answer), id) in [first, last].into_iter().zip(answers).zip(cited) {
        let outputs = answer.map(|answer| packet(one, answer));
        let said = subject.says(one, said);
        subject.push(said, &ids(&[id]), vec![outputs.into_iter().collect()]);
    }
}

/// A packet to a neighbour while it comes up, as the traces of that chapter (`grid`) judge it.
fn packet(to: &str, fields: Value) -> Expected {
    Expected::Frame {
        vc: to.to_owned(),
        matches: json!({"message": fields}),
    }
}
