//! Where a server group ends (RFC 2443, 1 and 2).

use serde_json::json;

use super::super::mars::builder::CCVC;
use super::super::mars::messages::{Endpoint, op};
use super::learned::{CMI, joins, known, member};
use super::record::{Record, fresh, state};
use super::stage::{FAR, N1, pair, registration};
use super::{CMI_RANGE, G1, G2, MEMBERSHIP};
use crate::trace::{Class, Stimulus, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![others(), stranger(), comes_over()]
}

fn others() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-other-protocol-or-group",
        "Records for another protocol or another server group are not taken, though they come from the neighbour.",
    )
    .class(Class::Invalid);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    let record = Record::new(N1, 3, member(&s, state::JOIN, "c5", CMI, G2));
    for (name, value) in [
        ("protocol_id", 1),
        ("protocol_id", 2),
        ("server_group_id", 2),
    ] {
        let mut fields = json!({"type_code": 2, "records": [record.sent()]});
        if let Some(all) = fields.as_object_mut() {
            all.insert(name.to_owned(), json!(value));
        }
        s.scsp(N1, fields)
            .silence(&["R2443-1-08", "R2443-2-01", "C25"]);
        s.nobody("c1", G2.0);
    }
    joins(&mut s, "c5", 3, CMI, G2);
    s.finish()
}

fn stranger() -> Trace {
    let mut s = pair(
        MEMBERSHIP,
        "one-server-that-is-no-neighbour",
        "A server that is no neighbour by configuration is not spoken to, whatever it says.",
    )
    .class(Class::Invalid);
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    let stimulus = Stimulus::VcUp {
        vc: FAR.name.to_owned(),
        peer: FAR.endpoint().peer(),
        kind: None,
    };
    s.step(stimulus, None).silence(&["R2443-1-08"]);
    let hello = json!({"type_code": 5, "hello_interval": 3, "dead_factor": 3});
    let ca = json!({"type_code": 1, "flags": 0xe000, "ca_sequence_number": 77});
    for fields in [hello, ca] {
        s.scsp(FAR, fields).silence(&["R2443-1-08"]);
    }
    let part = registration(state::JOIN, json!(900), s.who("c5"));
    s.csu_of(FAR, &Record::new(FAR, 1, part))
        .silence(&["R2443-1-08"]);
    let part = member(&s, state::JOIN, "c5", 900, G1);
    s.csu_of(FAR, &Record::new(FAR, 2, part))
        .silence(&["R2443-1-08"]);
    s.nobody("c1", G1.0);
    s.finish()
}

/// Registers A07, E05: no server refuses a client that another knows, and it gets a CMI of this server's range.
fn comes_over() -> Trace {
    let mut s = pair(
        CMI_RANGE,
        "one-client-comes-over",
        "A client that another server knows may register here as well: it gets a CMI of this server and is told like any other.",
    );
    s.registers(&[N1], "c1", &["R2443-5.3-01"]);
    s.cast("c5", Endpoint::nsapa(0xc5, "0a000105"));
    known(&mut s, "c5", 1, CMI);
    joins(&mut s, "c5", 2, CMI, G1);
    s.registers(&[N1], "c5", &["R2443-2-03", "R2443-2-06", "A07", "E05"]);
    // Its ATM address is listed once.
    s.members("c1", G1.0, &["c5"], &["R2443-1-01", "A07"]);
    let record = fresh("c5-g2", &s.member(state::JOIN, "c5", G2));
    s.says(op::JOIN, "c5", G2)
        .copy_on(CCVC)
        .tells(&[N1], &[record])
        .done(&["R2443-2-03", "R2443-5.3-02", "R2443-5.3-05"]);
    s.members("c1", G2.0, &["c5"], &["R2443-1-01"]);
    s.finish()
}
