//! Which groups have members for the sake of layer 3 (RFC 2022, 5.3; register F07).

use super::builder::{CCVC, Script};
use super::messages::{Endpoint, LAYER3GRP, Protocol, op};
use super::{BLOCK, CLUSTER, G1, G2};
use crate::trace::{Class, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![list(), empty(), parts(), pairs(), stranger(), last_flag()]
}

/// A client joins groups for layer 3.
fn join_for_layer_3(s: &mut Script, who: &str, groups: &[&str]) {
    for group in groups {
        let join = s.about(op::JOIN, who, (group, group));
        s.send(who, join.with("flags", LAYER3GRP))
            .copy_on(CCVC)
            .done(&["R2022-6.1.2-13", "R2022-5.2.1-02"]);
    }
}

fn list() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-within-a-range",
        "The list has the groups of the range that a member joined for layer 3, the ends of the range included.",
    );
    s.register("c1");
    s.register("c2");
    join_for_layer_3(&mut s, "c1", &[BLOCK.0, G1.0, "e0000200", "e00000ff"]);
    s.join("c2", G2);
    join_for_layer_3(&mut s, "c2", &[BLOCK.1]);
    let ids = [
        "R2022-5.3-01",
        "R2022-5.3-04",
        "R2022-5.3-05",
        "R2022-5.3-06",
        "R2022-5.3-09",
    ];
    for (who, range, groups) in [
        ("c2", BLOCK, &[BLOCK.0, G1.0, BLOCK.1][..]),
        ("c1", G1, &[G1.0]),
        ("c1", ("e0000200", "ffffffff"), &["e0000200"]),
    ] {
        let ask = s.about(op::GROUPLIST_REQUEST, who, range);
        let list = s.group_list(who, groups);
        s.send(who, ask).parts(CCVC, vec![list]).done(&ids);
    }
    s.finish()
}

fn empty() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-of-nothing",
        "For a range without layer 3 members there is a list of no groups, or no answer.",
    );
    s.register("c1");
    s.join("c1", G1);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", BLOCK);
    let none = s.group_list("c1", &[]);
    s.send("c1", ask)
        .parts(CCVC, vec![none])
        .or(&["R2022-5.3-04", "R2022-5.3-06", "F07"])
        .done(&["R2022-5.3-04", "F07"]);
    s.finish()
}

/// Ten groups of IPv6 fit: (256 - 88) / 16, with or without LLC/SNAP (register F04).
fn parts() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-in-parts",
        "A list longer than a message comes in parts like a MULTI.",
    )
    .protocols(&[Protocol::short(0x86dd)])
    .config("mtu", 256);
    let address = |octet: u8| format!("fe8000000000000000000000000000{octet:02x}");
    s.cast("c1", Endpoint::nsapa(0xc1, &address(1)).below(0xd1));
    s.cast("c2", Endpoint::nsapa(0xc2, &address(2)).below(0xd2));
    s.register("c1");
    s.register("c2");
    let group = |octet: u8| format!("ff0200000000000000000000000001{octet:02x}");
    let groups: Vec<String> = (1..=11).map(group).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    join_for_layer_3(&mut s, "c1", &groups);
    let block = (group(0), group(0xff));
    let ask = s.about(op::GROUPLIST_REQUEST, "c2", (&block.0, &block.1));
    let parts = vec![
        s.group_list_part("c2", &groups, 0..10),
        s.group_list_part("c2", &groups, 10..11),
    ];
    s.send("c2", ask).parts(CCVC, parts).done(&[
        "R2022-5.1.1-03",
        "R2022-5.1.1-04",
        "R2022-5.1.1-06",
        "R2022-5.3-06",
        "R2022-5.3-07",
    ]);
    s.finish()
}

fn pairs() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-first-pair-counts",
        "Only the first range of a request for groups counts; one without a range is ignored.",
    )
    .class(Class::Invalid);
    s.register("c1");
    join_for_layer_3(&mut s, "c1", &[G1.0, G2.0]);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", G1).pairs(&[G1, G2]);
    let one = s.group_list("c1", &[G1.0]);
    // The sample of appendix F drops it.
    s.send("c1", ask)
        .parts(CCVC, vec![one])
        .or(&["R2022-5.3-02", "F07"])
        .done(&["F07"]);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", G1).pairs(&[]);
    s.send("c1", ask).silence(&["R2022-5.3-03"]);
    s.finish()
}

fn stranger() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-of-a-stranger",
        "Who is not registered is told no groups.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    join_for_layer_3(&mut s, "c1", &[G1.0]);
    s.up("c2");
    let ask = s.about(op::GROUPLIST_REQUEST, "c2", BLOCK);
    s.send("c2", ask).silence(&["R2022-F-01", "F07"]);
    s.finish()
}

fn last_flag() -> Trace {
    let mut s = Script::new(
        CLUSTER,
        "grouplist-until-the-last-member",
        "A group is listed while one of its members joined it for layer 3, whoever else is in it.",
    );
    s.register("c1");
    s.register("c2");
    s.register("c3");
    s.join("c1", G1);
    join_for_layer_3(&mut s, "c2", &[G1.0]);
    join_for_layer_3(&mut s, "c3", &[G1.0]);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", BLOCK);
    let one = s.group_list("c1", &[G1.0]);
    s.send("c1", ask.clone())
        .parts(CCVC, vec![one.clone()])
        .done(&["R2022-5.3-04"]);
    s.says(op::LEAVE, "c2", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.1.2-13"]);
    s.send("c1", ask.clone())
        .parts(CCVC, vec![one])
        .done(&["R2022-5.3-04"]);
    s.leaf_gone(CCVC, "c3").silence(&["R2022-6.1.2-20"]);
    let none = s.group_list("c1", &[]);
    s.send("c1", ask)
        .parts(CCVC, vec![none])
        .or(&["R2022-5.3-04", "F07"])
        .done(&["R2022-5.3-04", "F07"]);
    s.members("c1", G1.0, &["c1"], &["R2022-6.1.2-20"]);
    s.finish()
}
