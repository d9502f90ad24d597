//! A server that is not heard of any more, and what others had from it (RFC 2443, 2 and 5.1).

use serde_json::json;

use super::super::mars::builder::{CCVC, SERVER, Script};
use super::super::mars::expect::Expect;
use super::super::mars::messages::{Message, op};
use super::learned::{CMI, joins, known, member};
use super::record::{Part, Record, newer, state};
use super::stage::{BEAT_MS, FAR, HOLD_MS, N1, registration, server};
use super::{FLUSH, G1, G2};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![flush(), kept(), by_origin(), literal_numbers()]
}

/// A server whose Redirect Entries and maps come every two minutes, with one client.
fn quiet(id: &'static str, title: &'static str) -> Script {
    let mut s = server(FLUSH, id, title, &[N1])
        .config("map_interval_ms", 120_000)
        .config("redirect_interval_ms", 120_000);
    s.open(&[N1]);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s
}

/// Time passes up to `at`, with this many own Redirect Entries and maps so far and now.
fn pass(s: &mut Script, at: u64, before: i64, now: i64, ids: &[&str]) {
    let (told, which) = (told(s), (before + 1..=now).collect::<Vec<i64>>());
    beats(s.advance(at), &told, &which).done(ids);
}

/// So many instances of the own Redirect Entry after the first are told, each with a map; who is in that is the
/// business of other traces.
fn beats<'s>(mut expect: Expect<'s>, (part, map): &(Part, Message), which: &[i64]) -> Expect<'s> {
    for by in which {
        let record = newer("s1", *by, part);
        expect = expect.tells(&[N1], &[record]).on(CCVC, map.clone());
    }
    expect
}

/// What is in an own Redirect Entry, and what in a map that is not looked at.
fn told(s: &Script) -> (Part, Message) {
    let map = ["thtl", "tstl", "tnum", "targets"]
        .into_iter()
        .fold(s.map(&[SERVER]), |map, name| map.without(name));
    (Part::redirect(s.who(SERVER)), map)
}

/// The flush, with two Redirect Entries and maps since the start, `before` of them earlier. The cluster may be told
/// that the member of a group is gone (register B06), and may get a map without the server at once (A10).
fn flushes(s: &mut Script, before: i64, who: &str, cmi: u64, group: (&str, &str), ids: &[&str]) {
    let leave = s.made_up(op::LEAVE, who, group, cmi);
    let (told, which) = (told(s), (before + 1..=2).collect::<Vec<i64>>());
    let mut expect = s.advance(HOLD_MS + 1_000);
    for (leaves, maps) in [(false, false), (true, false), (false, true), (true, true)] {
        expect = beats(expect, &told, &which);
        if leaves {
            expect = expect.on(CCVC, leave.clone());
        }
        if maps {
            expect = expect.on(CCVC, told.1.clone());
        }
        if !(leaves && maps) {
            expect = expect.or(ids);
        }
    }
    expect.done(ids);
}

/// Registers B01, B06: nothing is said of clients.
fn flush() -> Trace {
    let mut s = quiet(
        "one-flush-of-a-silent-server",
        "What came from a server is kept while one of its Redirect Entries is missing, and gone when two are.",
    );
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    s.joins(&[N1], "c1", G1, "g1");
    pass(&mut s, 119_000, 0, 0, &["R2443-2-18"]);
    s.members("c1", G1.0, &["c1", "c5"], &["R2443-2-18"]);
    flushes(
        &mut s,
        0,
        "c5",
        CMI,
        G1,
        &["R2443-2-18", "B01", "B06", "A10"],
    );
    s.members("c1", G1.0, &["c1"], &["R2443-2-11", "R2443-2-18", "B01"]);
    s.finish()
}

fn kept() -> Trace {
    let mut s = quiet(
        "one-no-flush-of-a-server-with-beats",
        "As long as Redirect Entries of a server come every two minutes nothing of it is lost.",
    );
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    let mut beat = N1.beat();
    for round in 1..=4_u64 {
        let count = i64::try_from(round).unwrap_or(0);
        pass(
            &mut s,
            round * 2 * BEAT_MS,
            count - 1,
            count,
            &["R2443-2-16"],
        );
        beat = beat.next(Part::redirect(&N1.endpoint()));
        s.csu(N1, &beat).done(&["R2443-5.1-05", "R2443-2-15"]);
        s.members("c1", G1.0, &["c5"], &["R2443-2-18"]);
    }
    s.finish()
}

/// Register B05: by originator, and not by the neighbour it came through.
fn by_origin() -> Trace {
    let mut s = quiet(
        "one-flush-by-originator",
        "Only what a silent server originated is lost, not what another sent through the same neighbour.",
    );
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    s.csu(N1, &FAR.beat()).done(&["R2443-5.1-06"]);
    let part = registration(state::JOIN, json!(900), s.who("c6"));
    s.csu(N1, &Record::new(FAR, 1, part))
        .done(&["R2443-5.3-12"]);
    let record = Record::new(FAR, 2, member(&s, state::JOIN, "c6", 900, G2));
    let join = s.made_up(op::JOIN, "c6", G2, 900);
    s.csu(N1, &record).on(CCVC, join).done(&["R2443-2-10"]);
    // The neighbour beats, the server behind it does not.
    pass(&mut s, 120_000, 0, 1, &["R2443-2-16"]);
    let part = Part::redirect(&N1.endpoint());
    s.csu(N1, &N1.beat().next(part)).done(&["R2443-5.1-05"]);
    flushes(
        &mut s,
        1,
        "c6",
        900,
        G2,
        &["R2443-2-18", "B05", "B06", "A10"],
    );
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c5"], &["R2443-2-11", "B05"]);
    s.finish()
}

/// Register B04: the same instance once more is no update.
fn literal_numbers() -> Trace {
    let mut s = quiet(
        "one-old-redirect-entry-is-no-update",
        "A Redirect Entry that is sent once more with the same number does not keep its server alive.",
    );
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    pass(&mut s, 120_000, 0, 1, &["R2443-2-16"]);
    s.csu(N1, &N1.beat()).done(&["R2443-5.1-05", "B04"]);
    flushes(
        &mut s,
        1,
        "c5",
        CMI,
        G1,
        &["R2443-2-18", "B04", "B06", "A10"],
    );
    s.nobody("c1", G1.0);
    s.finish()
}
