//! Redirect Entries, in both directions, and the maps made of them (RFC 2443, 2 and 5.1).

use serde_json::json;

use super::super::mars::builder::{CCVC, MAP_MS, SCVC, SERVER, Script};
use super::super::mars::messages::Endpoint;
use super::MAP;
use super::record::{Part, newer};
use super::stage::{BEAT_MS, FAR, HOLD_MS, N1, N2, Neighbor, line, pair, server};
use crate::trace::Trace;

pub(super) fn traces() -> Vec<Trace> {
    vec![beats(), order(), backups(), relayed(), forgotten(), moved()]
}

/// The server's own next Redirect Entries, to these neighbours.
fn beat(s: &Script, by: i64) -> serde_json::Value {
    newer("s1", by, &Part::redirect(s.who(SERVER)))
}

const BEATS: [&str; 11] = [
    "R2334-B.2.0.2-09",
    "R2334-B.2.0.2-13",
    "R2443-2-15",
    "R2443-2-16",
    "R2443-2-17",
    "R2443-5.1-01",
    "R2443-5.1-02",
    "R2443-5.1-03",
    "R2443-5.1-04",
    "R2443-5.1-05",
    "R2443-3-20",
];

fn beats() -> Trace {
    let mut s = server(
        MAP,
        "one-redirect-entry-every-minute",
        "Every minute each neighbour gets the next instance of the server's own Redirect Entry, and clients get their map only.",
        &[N1, N2],
    )
    .config("map_interval_ms", 2 * BEAT_MS);
    let to = [N1, N2];
    s.open(&to);
    s.registers(&to, "c1", &["R2443-5.3-01"]);
    for minute in 1..=3_u64 {
        let record = beat(&s, i64::try_from(minute).unwrap_or(0));
        s.advance(minute * BEAT_MS - 20_000)
            .silence(&["R2443-2-15"]);
        // Register A01.
        let (own, learned) = (s.map(&[SERVER, "n1", "n2"]), s.map(&["n1", "n2"]));
        let told = std::slice::from_ref(&record);
        let expect = s.advance(minute * BEAT_MS).tells(&to, told);
        if minute == 2 {
            let either = expect.on(CCVC, own).or(&BEATS).tells(&to, told);
            either.on(CCVC, learned).done(&BEATS);
        } else {
            expect.done(&BEATS);
        }
    }
    s.finish()
}

/// The map of these servers behind the own one, at this minute; register A01 allows others.
fn maps(s: &mut Script, minute: u64, to: &[Neighbor], servers: &[&str], ids: &[&str]) {
    let record = beat(s, i64::try_from(minute).unwrap_or(0));
    let own: Vec<&str> = [SERVER]
        .into_iter()
        .chain(servers.iter().copied())
        .collect();
    let (own, learned) = (s.map(&own), s.map(servers));
    let mut expect = s
        .advance(minute * MAP_MS)
        .tells(to, std::slice::from_ref(&record));
    expect = expect.on(CCVC, own.clone()).on(SCVC, own).or(ids);
    expect
        .tells(to, &[record])
        .on(CCVC, learned.clone())
        .on(SCVC, learned)
        .done(ids);
}

const MAPS: [&str; 6] = [
    "R2443-2-19",
    "R2443-2-20",
    "R2443-5.1-06",
    "R2443-5.1-08",
    "R2022-5.4.3-02",
    "A01",
];

fn order() -> Trace {
    let mut s = server(
        MAP,
        "one-map-in-order-of-ids",
        "Servers learned from Redirect Entries stand in the map in the order of their ids, however late they were heard of.",
        &[N1, N2],
    );
    s.align(N1);
    s.align(N2);
    // The larger id first.
    for (one, other) in [(N2, N1), (N1, N2)] {
        s.csu(one, &one.beat())
            .passes_on(&[other], &one.beat())
            .done(&["R2443-1-03", "R2443-5.1-09"]);
    }
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1, N2], "m1");
    maps(&mut s, 1, &[N1, N2], &["n1", "n2"], &MAPS);
    s.finish()
}

fn backups() -> Trace {
    let backup = Endpoint::nsapa(0x05, "");
    let mut s = server(
        MAP,
        "one-map-with-a-backup",
        "Backup servers of the configuration stand behind those learned from the group.",
        &[N1],
    )
    .config("backups", json!([backup.peer()]));
    s.cast("b1", backup);
    s.open(&[N1]);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    let ids = ["R2443-2-19", "R2443-2-21", "R2443-5.1-08", "A01"];
    maps(&mut s, 1, &[N1], &["n1", "b1"], &ids);
    s.finish()
}

/// Register A02: by the id of the originator.
fn relayed() -> Trace {
    let mut s = line(
        MAP,
        "one-map-with-a-server-behind",
        "A server behind a neighbour is in the map by its own id, and its Redirect Entry goes on to the other neighbour.",
    );
    s.registers(&[N1, N2], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1, N2], "m1");
    s.csu(N1, &FAR.beat()).passes_on(&[N2], &FAR.beat()).done(&[
        "R2443-5.1-09",
        "R2443-6-03",
        "A02",
    ]);
    maps(&mut s, 1, &[N1, N2], &["n1", "n2", "n3"], &MAPS);
    s.finish()
}

/// Register A10, B01: dead after twice the longest interval and some slack.
fn forgotten() -> Trace {
    let mut s = pair(
        MAP,
        "one-map-without-the-dead",
        "A server that is not heard of any more is in the maps until its time is over, and then in none.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    for minute in 1..=4 {
        maps(&mut s, minute, &[N1], &["n1"], &["R2443-5.1-06", "A01"]);
    }
    // At most one map more when it is taken out (register A10).
    let map = s.map(&[SERVER]);
    s.advance(HOLD_MS + 10_000)
        .or(&["R2443-5.1-07", "A10", "F09"])
        .on(CCVC, map.clone())
        .on(SCVC, map.clone())
        .done(&["R2443-5.1-07", "A10"]);
    let record = beat(&s, 5);
    s.advance(5 * MAP_MS)
        .tells(&[N1], &[record])
        .on(CCVC, map.clone())
        .on(SCVC, map)
        .done(&["R2443-5.1-07", "A10"]);
    s.finish()
}

/// Register A10.
fn moved() -> Trace {
    let mut s = pair(
        MAP,
        "one-map-of-the-newest-entry",
        "A Redirect Entry with another address replaces the one before: the map has the newer.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.register_mcs_of(&[N1], "m1");
    s.cast("b1", Endpoint::nsapa(0x07, ""));
    let part = Part::redirect(s.who("b1"));
    s.csu(N1, &N1.beat().next(part))
        .done(&["R2443-5.1-05", "A10"]);
    maps(&mut s, 1, &[N1], &["b1"], &["R2443-5.1-06", "A10"]);
    s.finish()
}
