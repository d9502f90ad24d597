//! Neighbours that authenticate, and others that pretend to be one (RFC 2443, 6; RFC 2334, B.3.1).

use serde_json::json;

use super::super::mars::builder::{CCVC, Script};
use super::super::mars::messages::op;
use super::MEMBERSHIP;
use super::learned::{CMI, member};
use super::record::{Record, state};
use super::stage::{KEY, N1, SPI, Seal, registration, server};
use super::{G1, G2};
use crate::frames;
use crate::trace::{Class, Expected, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        trusted(),
        bogus(
            "one-wrong-mac-is-thrown-away",
            "A record under a wrong MAC is thrown away: not acknowledged, not used, not told.",
            Seal::Wrong,
        ),
        bogus(
            "one-missing-mac-is-thrown-away",
            "A record without authentication from a neighbour that has a key is thrown away.",
            Seal::None,
        ),
        bogus(
            "one-unknown-spi-is-thrown-away",
            "A record under a security parameter index that nobody allocated is thrown away.",
            Seal::Stranger,
        ),
    ]
}

/// A server with one client, whose neighbour authenticates, is Aligned and has a client.
fn stage(id: &'static str, title: &'static str, class: Class) -> Script {
    let mut s = server(MEMBERSHIP, id, title, &[N1]).class(class).config(
        "auth",
        json!([{
            "spi": SPI, "peer_id": N1.id, "algorithm": "hmac-md5-128", "key": frames::hex(&KEY),
        }]),
    );
    s.align_as(N1, Seal::Right);
    s.csu_as(N1, &N1.beat(), Seal::Right)
        .acknowledges(N1, &N1.beat())
        .done(&["R2443-6-03"]);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let part = registration(state::JOIN, json!(CMI), s.who("c5"));
    let client = Record::new(N1, 1, part);
    s.csu_as(N1, &client, Seal::Right)
        .acknowledges(N1, &client)
        .done(&["R2443-6-03"]);
    s
}

/// The neighbour's client joins a group.
fn join(s: &mut Script, key: u32, range: (&str, &str)) {
    let record = Record::new(N1, key, member(s, state::JOIN, "c5", CMI, range));
    let join = s.made_up(op::JOIN, "c5", range, CMI);
    s.csu_as(N1, &record, Seal::Right)
        .acknowledges(N1, &record)
        .on(CCVC, join)
        .done(&["R2443-6-03", "D08"]);
    s.members("c1", range.0, &["c5"], &["R2443-6-03"]);
}

fn trusted() -> Trace {
    let mut s = stage(
        "one-authenticated-neighbour-is-trusted",
        "What a neighbour says under a right MAC is acknowledged, used and told.",
        Class::Valid,
    );
    join(&mut s, 2, G1);
    join(&mut s, 3, G2);
    s.finish()
}

/// Register D07: the server may give up the neighbour, and says so in a Hello at most.
fn bogus(id: &'static str, title: &'static str, seal: Seal) -> Trace {
    let mut s = stage(id, title, Class::Invalid);
    join(&mut s, 2, G1);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, G2));
    let ids = ["R2443-6-02", "D07"];
    let hello = Expected::Frame {
        vc: N1.name.to_owned(),
        matches: json!({"protocol": "scsp", "message": {"type_code": 5, "receiver_id": ""}}),
    };
    s.csu_as(N1, &record, seal).or(&ids).sees(hello).done(&ids);
    s.nobody("c1", G2.0);
    s.members("c1", G1.0, &["c5"], &["R2443-6-02"]);
    s.finish()
}
