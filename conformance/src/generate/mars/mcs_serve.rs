//! What an MCS serves: MSERV, UNSERV, MIGRATE, and who is told of whom (RFC 2022, 6.2.1, 6.2.2, 6.2.5).

use super::builder::{CCVC, SCVC, Script};
use super::messages::{LAYER3GRP, op};
use super::{BLOCK, G1, G2, MCS};
use crate::trace::{Class, Level, Trace};

pub(super) fn traces() -> Vec<Trace> {
    vec![
        migrate(),
        no_members(),
        members_of_a_block(),
        second(),
        redundant(),
        last(),
        not_the_last(),
        requests(),
        not_serving(),
        no_host_map(),
        group_list(),
        own_group(),
        copies(),
        ssn_wraps(),
    ]
}

const MIGRATE: [&str; 8] = [
    "R2022-5.1.6-01",
    "R2022-6.2-01",
    "R2022-6.2.2-01",
    "R2022-6.2.2-02",
    "R2022-6.2.2-05",
    "R2022-6.2.2-06",
    "R2022-6.2.2-07",
    "R2022-6.2.5-01",
];

/// An MCS begins to serve a group that has members.
fn serve_members(s: &mut Script, who: &str, range: (&str, &str)) {
    let migrate = s.migrate(range.0, who);
    s.says(op::MSERV, who, range)
        .copy_on(SCVC)
        .on(CCVC, migrate)
        .done(&MIGRATE);
}

fn migrate() -> Trace {
    let mut s = Script::new(
        MCS,
        "first-mcs-migrates",
        "The first MCS of a group with members: all MCSs hear of it, and the cluster is moved to it by a MIGRATE of the server.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", G1);
    s.join("c2", G2);
    s.register_mcs("m1");
    serve_members(&mut s, "m1", G1);
    s.members("c2", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    s.members("c2", G2.0, &["c2"], &["R2022-6.2.1-02"]);
    // Messages to the cluster go on behind it in number.
    s.says(op::LEAVE, "c2", G2)
        .copy_on(CCVC)
        .done(&["R2022-6.1.4-01", "R2022-6.2.4-02"]);
    s.finish()
}

/// Register E14: the sample of appendix F makes a MIGRATE all the same.
fn no_members() -> Trace {
    let mut s = Script::new(
        MCS,
        "first-mcs-without-members",
        "The first MCS of a group without members moves nobody, or nobody that is there.",
    );
    s.register("c1");
    s.register_mcs("m1");
    let ids = ["R2022-6.2.2-05", "R2022-6.2.2-06"];
    s.says(op::MSERV, "m1", G1)
        .copy_on(SCVC)
        .or_migrates("m1", G1.0, &ids)
        .done(&ids);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    s.finish()
}

fn members_of_a_block() -> Trace {
    let mut s = Script::new(
        MCS,
        "first-mcs-inside-a-block",
        "A member by a block is a member: the first MCS of one of its groups migrates that group.",
    );
    s.register("c1");
    s.register("c2");
    s.join("c1", BLOCK);
    s.register_mcs("m1");
    serve_members(&mut s, "m1", G1);
    s.members("c2", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    s.members("c2", G2.0, &["c1"], &["R2022-6.2.1-02"]);
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, &["c1"], &[1])
        .done(&["R2022-6.2.1-01"]);
    s.finish()
}

fn second() -> Trace {
    let mut s = Script::new(
        MCS,
        "second-mcs-joins",
        "A further MCS of a group looks to the cluster like one more member: a JOIN without layer 3 or register flag.",
    );
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    s.register_mcs("m2");
    serve_members(&mut s, "m1", G1);
    let message = s.about(op::MSERV, "m2", G1).with("flags", LAYER3GRP | 0x21);
    let join = s.about(op::JOIN, "m2", G1).with("flags", 0x4021);
    s.send("m2", message).copy_on(SCVC).on(CCVC, join).done(&[
        "R2022-6.2.2-02",
        "R2022-6.2.2-08",
        "R2022-6.2.2-09",
        "R2022-6.2.3-06",
    ]);
    s.members(
        "c1",
        G1.0,
        &["m1", "m2"],
        &["R2022-6.2.3-06", "R2022-6.2.1-02"],
    );
    for who in ["m1", "m2"] {
        s.asks(who, G1.0)
            .multi_in(SCVC, G1.0, &["c1"], &[1])
            .done(&["R2022-6.2.1-01", "R2022-6.2.3-06"]);
    }
    s.finish()
}

fn redundant() -> Trace {
    let mut s = Script::new(
        MCS,
        "redundant-mserv-and-unserv",
        "An MSERV or UNSERV that says nothing new goes back to its MCS alone, without a second MIGRATE.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    s.register_mcs("m2");
    s.says(op::UNSERV, "m1", G1)
        .copy()
        .done(&["R2022-6.2.2-13", "R2022-6.2.5-02"]);
    serve_members(&mut s, "m1", G1);
    for _ in 0..2 {
        s.says(op::MSERV, "m1", G1).copy().done(&[
            "R2022-6.2.2-13",
            "R2022-6.2.2-14",
            "R2022-6.2.5-02",
            "R2022-6.2.5-04",
        ]);
    }
    s.says(op::UNSERV, "m2", G1)
        .copy()
        .done(&["R2022-6.2.2-13"]);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.2-13"]);
    s.serve("m1", G2);
    s.finish()
}

const UNSERVED: [&str; 4] = [
    "R2022-6.2.2-02",
    "R2022-6.2.2-10",
    "R2022-6.2.2-11",
    "R2022-6.2.2-12",
];

fn last() -> Trace {
    let mut s = Script::new(
        MCS,
        "last-mcs-leaves",
        "When the last MCS of a group stops serving, the cluster sees a LEAVE, and the group is a mesh again.",
    );
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    serve_members(&mut s, "m1", G1);
    let message = s
        .about(op::UNSERV, "m1", G1)
        .with("flags", LAYER3GRP | 0x31);
    let leave = s.about(op::LEAVE, "m1", G1).with("flags", 0x4031);
    s.send("m1", message)
        .copy_on(SCVC)
        .on(CCVC, leave)
        .done(&UNSERVED);
    s.members("c1", G1.0, &["c1"], &["R2022-6.2.2-10", "R2022-6.2.1-02"]);
    s.says(op::LEAVE, "c1", G1)
        .copy_on(CCVC)
        .done(&["R2022-6.2.2-10", "R2022-6.2.4-02"]);
    // And it may be served again.
    s.join("c1", G1);
    serve_members(&mut s, "m1", G1);
    s.finish()
}

fn not_the_last() -> Trace {
    let mut s = Script::new(
        MCS,
        "one-of-two-mcs-leaves",
        "When one of two MCSs stops serving, the other goes on, and what the first serves elsewhere stays.",
    );
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    s.register_mcs("m2");
    serve_members(&mut s, "m1", G1);
    s.serve("m1", G2);
    let join = s.about(op::JOIN, "m2", G1).with("flags", 0x4000);
    s.says(op::MSERV, "m2", G1)
        .copy_on(SCVC)
        .on(CCVC, join)
        .done(&["R2022-6.2.2-08", "R2022-6.2.3-06"]);
    let leave = s.about(op::LEAVE, "m1", G1).with("flags", 0x4000);
    s.says(op::UNSERV, "m1", G1)
        .copy_on(SCVC)
        .on(CCVC, leave)
        .done(&UNSERVED);
    s.members("c1", G1.0, &["m2"], &["R2022-6.2.2-10", "R2022-6.2.3-06"]);
    s.members("c1", G2.0, &["m1"], &["R2022-6.2.2-10"]);
    s.finish()
}

fn requests() -> Trace {
    let mut s = Script::new(
        MCS,
        "members-see-mcs-and-mcs-sees-members",
        "Clients are told the MCSs of a group with the CSN, its MCS is told the members with the SSN.",
    );
    s.register("c1");
    s.register("c2");
    s.register_mcs("m1");
    s.register_mcs("m2");
    s.serve("m1", G1);
    s.serve("m2", G2);
    s.join_served("c1", G1);
    s.join_served("c2", G1);
    let client = ["R2022-6.2.1-02", "R2022-6.2.5-03", "R2022-5.1.4.2-01"];
    let server = [
        "R2022-6.2.1-01",
        "R2022-6.2.5-02",
        "R2022-6.2.5-03",
        "R2022-6.2-01",
    ];
    s.members("c1", G1.0, &["m1"], &client);
    s.members("c2", G2.0, &["m2"], &client);
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, &["c1", "c2"], &[2])
        .done(&server);
    s.says(op::LEAVE, "c1", G1)
        .punched_on(SCVC, op::SLEAVE, &[G1])
        .copy()
        .done(&["R2022-6.2.4-03"]);
    s.asks("m1", G1.0)
        .multi_in(SCVC, G1.0, &["c2"], &[1])
        .done(&server);
    s.up("c3");
    s.asks("c3", G1.0).silence(&["R2022-6.2.1-03"]);
    s.finish()
}

/// Register F25: the body drops it, the sample of appendix F answers every MCS with the host map.
fn not_serving() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-asks-for-another-group",
        "An MCS that asks for a group which it does not serve gets no answer, or the members.",
    )
    .class(Class::Inopportune);
    s.register("c1");
    s.join("c1", G1);
    s.register_mcs("m1");
    s.register_mcs("m2");
    serve_members(&mut s, "m2", G1);
    s.asks("m1", G1.0)
        .or(&["R2022-6.2.1-03", "F25"])
        .multi_in(SCVC, G1.0, &["c1"], &[1])
        .done(&["F25"]);
    s.asks("m1", G2.0)
        .or(&["R2022-6.2.1-03", "F25"])
        .nak()
        .done(&["F25"]);
    s.finish()
}

/// Register F24.
fn no_host_map() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-of-a-group-without-members",
        "A group with an MCS and no members: clients are told the MCS, the MCS gets a NAK.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.serve("m1", G1);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.1-02", "F24"]);
    s.asks("m1", G1.0).nak().done(&["R2022-F-02", "F24"]);
    s.finish()
}

/// Register F07: to an MCS with the SSN.
fn group_list() -> Trace {
    let mut s = Script::new(
        MCS,
        "grouplist-of-an-mcs",
        "An MCS that asks for layer 3 groups is answered with the SSN; that it serves one makes none.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.serve("m1", G1);
    s.serve("m1", G2);
    let join = s.about(op::JOIN, "c1", G1).with("flags", LAYER3GRP);
    s.send("c1", join)
        .punched_on(SCVC, op::SJOIN, &[G1])
        .copy()
        .done(&["R2022-6.2.4-11"]);
    let ask = s.about(op::GROUPLIST_REQUEST, "m1", BLOCK);
    let list = s.group_list("m1", &[G1.0]);
    s.send("m1", ask)
        .parts(SCVC, vec![list])
        .level(Level::Must)
        .or(&["R2022-5.3-04", "R2022-6.2.5-02", "F07"])
        .done(&["F07"]);
    let ask = s.about(op::GROUPLIST_REQUEST, "c1", BLOCK);
    let list = s.group_list("c1", &[G1.0]);
    s.send("c1", ask)
        .parts(CCVC, vec![list])
        .done(&["R2022-5.3-04", "R2022-6.2.5-03"]);
    s.finish()
}

/// Register F20: the sample of appendix F drops it, the body assumes that it does not happen.
fn own_group() -> Trace {
    let mut s = Script::new(
        MCS,
        "mcs-joins-its-own-group",
        "A node that is client and MCS at once is no member of the group that it serves, or one that its MCS hears of.",
    )
    .class(Class::Invalid);
    s.register("c1");
    s.register_mcs("m1");
    s.serve("m1", G1);
    let message = s.registration(op::JOIN, "m1");
    let cmi = s.new_cmi("m1");
    s.send("m1", message)
        .leaf(true, CCVC, "m1")
        .copy_with(cmi)
        .done(&["R2022-6.1.2-01"]);
    s.says(op::JOIN, "m1", G1)
        .or(&["R2022-F-03", "F20"])
        .punched_on(SCVC, op::SJOIN, &[G1])
        .copy()
        .done(&["R2022-6.2.4-03", "F20"]);
    s.members("c1", G1.0, &["m1"], &["R2022-6.2.1-02"]);
    s.finish()
}

fn copies() -> Trace {
    let mut s = Script::new(
        MCS,
        "copy-flag-from-an-mcs",
        "The sequence bits of an MCS come back as they were, and each message on the ServerControlVC has the next SSN.",
    );
    s.register("c1");
    s.register_mcs("m1");
    s.register_mcs("m2");
    for (op_type, mark) in [(op::MSERV, 0x5a), (op::MSERV, 0x5b), (op::MSERV, 0xff)] {
        let group = if mark == 0x5a { G1 } else { G2 };
        let message = s.about(op_type, "m1", group).with("flags", mark);
        let expect = s.send("m1", message);
        let ids = [
            "R2022-5.2.1-04",
            "R2022-5.2.1-07",
            "R2022-6.2.2-02",
            "R2022-6.2.5-01",
            "R2022-6.2.5-04",
        ];
        let expect = if mark == 0xff {
            expect.copy()
        } else {
            expect.copy_on(SCVC).or_migrates("m1", group.0, &ids)
        };
        expect.done(&ids);
    }
    s.finish()
}

fn ssn_wraps() -> Trace {
    let mut s = Script::new(
        MCS,
        "ssn-wraps",
        "The SSN goes from 2^32 - 1 to 0, and has nothing to do with the CSN.",
    )
    .config("ssn_start", 0xffff_fffe_u32)
    .config("csn_start", 7);
    s.register("c1");
    s.register_mcs("m1");
    for group in ["e0000101", "e0000102", "e0000103"] {
        let ids = ["R2022-5.1.4.2-04", "R2022-6.2.5-01"];
        s.says(op::MSERV, "m1", (group, group))
            .copy_on(SCVC)
            .or_migrates("m1", group, &ids)
            .done(&ids);
        s.says(op::MSERV, "m1", (group, group))
            .copy()
            .done(&["R2022-6.2.5-02"]);
    }
    s.join("c1", G2);
    s.finish()
}
