//! What SCSP asks of a server with several neighbours, or with one that does what few do (RFC 2334, 2 and B).

use serde_json::json;

use super::super::mars::builder::SERVER;
use super::learned::CMI;
use super::record::{Part, Record, distinct, own, state};
use super::stage::{
    BEAT_MS, CA, FAR, N1, N2, Seal, bid, hello, line, packet, pair, registration, server,
};
use super::{ALIGNMENT, G1, G2, HELLO, UPDATE};
use crate::generate::mars::builder::CCVC;
use crate::generate::mars::messages::op;
use crate::trace::{Level, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        unlisted(),
        at_once(),
        keys(),
        own_keys(),
        before(),
        unused(),
    ]
}

/// Register D01: at once, or when the neighbour has not listed the server for its dead time.
fn unlisted() -> Trace {
    let mut s = server(
        HELLO,
        "one-unlisted-for-too-long",
        "A neighbour that goes on saying Hello, and does not list the server for its dead time, is heard and no more than that.",
        &[N1],
    )
    .config("hello_interval_s", 5);
    s.open(&[N1]);
    let ids = ["R2334-2.1-14", "R2334-B.2.5-04", "D01"];
    let says = |receiver: &str| {
        json!({
            "type_code": 5, "hello_interval": 1, "dead_factor": 3, "receiver_id": receiver,
        })
    };
    s.scsp(N1, says("0a000001")).silence(&ids);
    for second in 1..=4 {
        s.advance(second * 1_000).silence(&[]);
        s.scsp(N1, says("")).silence(&ids);
    }
    let part = registration(state::JOIN, json!(CMI), s.who("c5"));
    s.csu_of(N1, &Record::new(N1, 1, part)).silence(&ids);
    let listed = packet(N1, json!({"type_code": 5, "number_of_records": 0}));
    s.advance(5_000).sees(listed).done(&ids);
    let anew = bid(N1, json!({"bind": "n1-anew"}));
    s.scsp(N1, says("0a000001")).sees(anew).done(&ids);
    // It was sent once more after CAReXmtInterval; now with a look at its number.
    s.scsp(N1, says("0a000001")).silence(&[]);
    s.advance(7_000).silence(&[]);
    s.scsp(N1, says("0a000001")).silence(&[]);
    let other = json!({"bind": "n1-anew", "unlike": [{"ref": "n1-ca"}]});
    s.advance(8_000)
        .level(Level::Should)
        .sees(bid(N1, other))
        .done(&["R2334-B.2.1-05"]);
    s.finish()
}

/// Two alignments at once, each with its own numbers.
fn at_once() -> Trace {
    let mut s = server(
        ALIGNMENT,
        "one-aligns-with-two-at-once",
        "Two neighbours align at the same time, each with numbers of its own.",
        &[N1, N2],
    );
    s.appears(N1);
    s.appears(N2);
    s.greets(N1, Seal::None);
    s.greets(N2, Seal::None);
    s.bids(N1, Seal::None, CA);
    s.bids(N2, Seal::None, 2 * CA);
    s.ends(N2, Seal::None, 2 * CA + 1);
    s.ends(N1, Seal::None, CA + 1);
    let ids = ["R2334-2.2-01", "R2334-2.2.4-01", "R2334-B.2.1-04"];
    for (one, other) in [(N1, N2), (N2, N1)] {
        s.csu(one, &one.beat())
            .passes_on(&[other], &one.beat())
            .done(&ids);
    }
    s.finish()
}

/// Keys are octets without a meaning, and each originator has its own.
fn keys() -> Trace {
    let mut s = line(
        UPDATE,
        "one-keys-of-two-originators",
        "A key may be any octets, and says nothing of another originator's record under the same ones.",
    );
    for (position, key) in [0xffff_ffff_u32, 0x8000_0000, 0, 1].into_iter().enumerate() {
        // Each later one has the lower number.
        for (distance, origin) in [(0, N1), (1, FAR)] {
            let who = format!("c{}", 2 * position + 1 + usize::from(distance == 1));
            let cmi = CMI + 2 * u64::try_from(position).unwrap_or_default() + distance;
            let part = registration(state::JOIN, json!(cmi), s.who(&who));
            let number = 900 - 100 * i64::try_from(distance).unwrap_or_default();
            let record = Record::new(origin, key, part).numbered(number);
            s.csu(N1, &record).passes_on(&[N2], &record).done(&[
                "R2334-2.4-03",
                "R2334-B.2.0.2-10",
                "R2334-B.2.0.2-19",
                "R2334-B.2.0.2-21",
            ]);
        }
    }
    s.finish()
}

fn own_keys() -> Trace {
    let mut s = pair(
        UPDATE,
        "one-keys-of-its-own",
        "Whatever a server has to tell at one time has keys that differ.",
    );
    let ids = ["R2334-B.2.0.2-20", "R2443-5.3-01"];
    s.up("c1");
    let message = s.registration(op::JOIN, "c1");
    let cmi = s.new_cmi("c1");
    let part = registration(state::JOIN, cmi.clone(), s.who("c1"));
    let record = distinct("c1", &["s1"], &part);
    s.send("c1", message)
        .leaf(true, CCVC, "c1")
        .copy_with(cmi)
        .tells(&[N1], &[record])
        .done(&ids);
    let mut names = vec!["s1", "c1"];
    for (name, range) in [("g1", G1), ("g2", G2)] {
        let record = distinct(name, &names, &s.member(state::JOIN, "c1", range));
        s.says(op::JOIN, "c1", range)
            .copy_on(CCVC)
            .tells(&[N1], &[record])
            .done(&ids);
        names.push(name);
    }
    s.finish()
}

/// Register C08: what is left of the server from before it was started again has a larger number than it uses now.
fn before() -> Trace {
    let mut s = pair(
        UPDATE,
        "one-own-record-from-before",
        "After its own record has come back with a larger number, a server uses no number that was used.",
    );
    let ids = ["R2334-B.2.0.2-16", "R2334-B.2.0.2-17", "C08", "C11"];
    let ahead = |add: i64| json!({"ref": "s1-number", "add": add});
    let part = Part::redirect(s.who(SERVER));
    let summary = |hops: u64| {
        json!({
            "hop_count": hops, "csa_sequence_number": ahead(1000), "cache_key": {"ref": "s1-key"},
            "originator_id": "0a000001",
        })
    };
    let mut old = summary(200);
    if let Some(fields) = old.as_object_mut() {
        fields.insert(
            "mars".to_owned(),
            json!({"state": 1, "source_atm_address": s.who(SERVER).number}),
        );
    }
    let request = json!({"type_code": 2, "records": [old]});
    let reply = json!({"type_code": 3, "flags": 0, "records": [summary(1)]});
    let used: Vec<_> = [0, 1, 2, 1000].map(ahead).to_vec();
    let same = |name: &str| {
        own(
            &part,
            &json!({"ref": "s1-key"}),
            &json!({"bind": name, "unlike": used}),
        )
    };
    let moved = |name: &str| {
        let key = json!({"bind": format!("{name}-key"), "unlike": [{"ref": "s1-key"}]});
        own(&part, &key, &json!({"any": true}))
    };
    let either = |name: &str| json!({"one_of": [same(name), moved(name)]});
    s.scsp(N1, request)
        .always(packet(N1, reply))
        .tells(&[N1], &[either("at-once")])
        .or(&ids)
        .done(&ids);
    s.advance(BEAT_MS)
        .tells(&[N1], &[either("next")])
        .done(&ids);
    s.finish()
}

/// Register D05 for the Family ID.
fn unused() -> Trace {
    let mut s = server(
        UPDATE,
        "one-unused-bits-of-scsp-are-ignored",
        "Fields of SCSP that are not used may be anything, and so may the Family ID.",
        &[N1],
    );
    let ids = ["R2334-B-04", "R2334-B.2.5-05", "D05"];
    s.appears(N1);
    let with = |mut fields: serde_json::Value, flags: u64| {
        if let Some(all) = fields.as_object_mut() {
            all.insert("unused".to_owned(), json!(0xffff));
            all.insert("flags".to_owned(), json!(flags));
        }
        fields
    };
    let mut first = with(hello(), 0xffff);
    if let Some(all) = first.as_object_mut() {
        all.insert("hello_unused".to_owned(), json!(0xffff));
        all.insert("family_id".to_owned(), json!(0xfffe));
    }
    let own_bid = bid(N1, json!({"bind": "n1-ca"}));
    s.scsp(N1, first).sees(own_bid).done(&ids);
    let ca = |number: u64| json!({"type_code": 1, "ca_sequence_number": number});
    let answer = |number: u64, records: u64| {
        packet(
            N1,
            json!({
                "type_code": 1, "flags": 0, "ca_sequence_number": number, "number_of_records": records,
            }),
        )
    };
    s.scsp(N1, with(ca(CA), 0xffff))
        .sees(answer(CA, 1))
        .done(&ids);
    s.scsp(N1, with(ca(CA + 1), 0x9fff))
        .sees(answer(CA + 1, 0))
        .done(&ids);
    let beat = N1.beat();
    let request = json!({"type_code": 2, "records": [beat.sent()]});
    let summary = packet(
        N1,
        json!({"type_code": 3, "flags": 0, "records": [beat.acknowledged()]}),
    );
    s.scsp(N1, with(request, 0xffff)).sees(summary).done(&ids);
    s.finish()
}
