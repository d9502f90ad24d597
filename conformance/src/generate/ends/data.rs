//! Data that arrives (RFC 2022, 5.5).

use super::say::{self, CMI};
use super::stage::{S, Stage, handed_up};

pub(super) fn stages() -> Vec<Stage> {
    vec![received(), reflected(), other_protocol()]
}

/// A registered client that is a leaf of somebody's tree.
fn receiving(id: &str, title: &str) -> Stage {
    let mut stage = Stage::client(id, title);
    stage.register();
    stage.joined(1);
    stage.leaf_of("data", 0x31);
    stage
}

fn received() -> Stage {
    let mut stage = receiving(
        "data-received",
        "Data of either type arrives on point-to-multipoint VCs of others.",
    );
    let ids = ["5.2-06", "5.5-02"];
    let up = vec![handed_up(Some(8), "0102030405")];
    stage.hear("data", say::data1(8, "0102030405"), &ids, up);
    let up = vec![handed_up(None, "06")];
    stage.hear("data", say::data2("06"), &ids, up);
    // Several senders.
    stage.leaf_of("more", 0x32);
    stage.hear(
        "more",
        say::data1(9, "07"),
        &ids,
        vec![handed_up(Some(9), "07")],
    );
    stage.hear(
        "data",
        say::data1(8, "08"),
        &ids,
        vec![handed_up(Some(8), "08")],
    );
    stage.quiet(S, &[]);
    stage
}

fn reflected() -> Stage {
    let mut stage = receiving(
        "data-reflected",
        "What comes back from an MCS with the own CMI is dropped in silence.",
    );
    let ids = ["5.5.1-01", "5.2.3-04"];
    let other = vec![handed_up(Some(8), "0102")];
    stage.hear("data", say::data1(8, "0102"), &ids, other);
    stage.hear("data", say::data1(CMI, "0304"), &ids, Vec::new());
    // Type 2 has no CMI.
    stage.hear(
        "data",
        say::data2("0304"),
        &ids,
        vec![handed_up(None, "0304")],
    );
    stage
}

fn other_protocol() -> Stage {
    let mut stage = receiving(
        "data-other-protocol",
        "Data of another protocol is not handed up, whatever its CMI.",
    )
    .inopportune();
    let ids = ["5.5.1-01"];
    let other = serde_json::json!({"pro_type": 0x86dd});
    stage.hear(
        "data",
        say::with(say::data1(8, "0102"), other),
        &ids,
        Vec::new(),
    );
    stage.hear(
        "data",
        say::data1(8, "03"),
        &ids,
        vec![handed_up(Some(8), "03")],
    );
    stage
}
