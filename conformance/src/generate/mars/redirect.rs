//! When redirect maps go out, and what is in them (RFC 2022, 5.4.3, 6.1.3).

use serde_json::{Value, json};

use super::builder::{CCVC, SCVC, SERVER, Script};
use super::messages::Endpoint;
use super::{CLUSTER, G1};
use crate::trace::{Level, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![every_minute(), two_minutes(), backups(), parts(), mixed()]
}

fn every_minute() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "map-every-minute",
        "A server alone sends its own address as the map every minute on both control VCs, numbered like all else there.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.join("c1", G1);
    for minute in 1..=3 {
        s.advance(minute * 60_000 - 30_001)
            .level(Level::Should)
            .silence(&["R2022-5.4.3-06", "F09"]);
        let map = s.map(&[SERVER]);
        s.advance(minute * 60_000)
            .on(CCVC, map.clone())
            .on(SCVC, map)
            .done(&[
                "R2022-5.1.4.2-02",
                "R2022-5.4.3-02",
                "R2022-5.4.3-03",
                "R2022-5.4.3-05",
                "R2022-5.4.3-06",
                "R2022-6.1.3-01",
                "R2022-6.1.3-02",
                "R2022-6.1.4-01",
                "R2022-6.2-02",
                "R2022-6.2.5-01",
                "R2022-6.2.5-02",
                "R2022-E-03",
            ]);
        if minute == 1 {
            s.members("c1", G1.0, &["c1"], &["R2022-5.1.4.2-03"]);
        }
    }
    s.finish()
}

fn two_minutes() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "map-at-the-longest-interval",
        "A server that is told to send its map every two minutes is never later than that.",
    )
    .config("map_interval_ms", 120_000);
    s.register("c1");
    for round in 1..=2 {
        let map = s.map(&[SERVER]);
        s.advance(round * 120_000)
            .on(CCVC, map)
            .done(&["R2022-5.4.3-05", "R2022-6.1.3-01"]);
    }
    s.finish()
}

/// A script whose server has these backups, named `b1` and so on.
fn with_backups(id: &'static str, title: &'static str, backups: &[Endpoint]) -> Script {
    let peers: Vec<Value> = backups.iter().map(Endpoint::peer).collect();
    let mut script = Script::new(CLUSTER, id, title)
        .config("backups", peers)
        .config("redirect_order", json!("self-first"));
    for (number, backup) in backups.iter().enumerate() {
        script.cast(&format!("b{}", number + 1), backup.clone());
    }
    script
}

fn backups() -> Trace {
    let all = [Endpoint::nsapa(0x0c, ""), Endpoint::nsapa(0x0b, "")];
    let mut s = with_backups(
        "map-with-backups",
        "A map with configured backups has the server first and the backups in their configured order.",
        &all,
    );
    s.register("c1");
    let map = s.map(&[SERVER, "b1", "b2"]);
    s.advance(60_000).on(CCVC, map).done(&[
        "R2022-5.4.3-02",
        "R2022-5.4.3-03",
        "R2022-6.1.3-01",
        "A01",
    ]);
    s.finish()
}

/// Four servers with subaddresses fit: (256 - 72) / 40, with or without LLC/SNAP (register F04).
fn parts() -> Trace {
    let all = [0x0b, 0x0c, 0x0d, 0x0e].map(|octet| Endpoint::nsapa(octet, "").below(octet + 0x10));
    let mut s = with_backups(
        "map-in-parts",
        "A map that is too long for a message comes in parts, each a message on the control VC of its own.",
        &all,
    )
    .server(Endpoint::nsapa(0x0a, "0a000001").below(0x1a))
    .config("mtu", 256);
    s.register("c1");
    s.register_mcs("m1");
    let first = s.map(&[SERVER, "b1", "b2", "b3"]).with("seqxy", 1);
    let second = s.map(&["b4"]).with("seqxy", 0x8002);
    s.advance(60_000)
        .on(CCVC, first.clone())
        .on(CCVC, second.clone())
        .on(SCVC, first)
        .on(SCVC, second)
        .done(&[
            "R2022-5.1.1-06",
            "R2022-5.1.4.2-02",
            "R2022-5.4.3-12",
            "R2022-6.2-02",
            "R2022-6.2.5-01",
        ]);
    s.finish()
}

/// Register F26.
fn mixed() -> Trace {
    let mut all = [0x0b, 0x0c].map(|octet| Endpoint::nsapa(octet, ""));
    all[0] = Endpoint::nsapa(0, "").e164("31323334");
    let mut s = with_backups(
        "map-of-two-address-types",
        "A map of servers with addresses of two types comes in parts of one type, the server itself first.",
        &all,
    );
    s.register("c1");
    let ids = ["R2022-5.4.3-12", "R2022-5.1.1-07", "F26"];
    let in_order = [
        s.map(&[SERVER]).with("seqxy", 1),
        s.map(&["b1"]).with("seqxy", 2),
        s.map(&["b2"]).with("seqxy", 0x8003),
    ];
    let by_type = [
        s.map(&[SERVER, "b2"]).with("seqxy", 1),
        s.map(&["b1"]).with("seqxy", 0x8002),
    ];
    let mut expect = s.advance(60_000);
    for part in in_order {
        expect = expect.on(CCVC, part);
    }
    expect = expect.or(&ids);
    for part in by_type {
        expect = expect.on(CCVC, part);
    }
    expect.done(&ids);
    s.finish()
}
