//! RFC 2022, 5.1.1, 5.1.2 and 5.3.

use super::*;
use crate::endpoint::Problem;
use crate::wire::mars::{AddressList, GroupList};

// R2022-5.1.2-01 R2022-5.1.2-02 R2022-5.1.2-03 R2022-5.1.3-01
#[test]
fn the_first_packet_asks_and_the_answer_opens_a_tree() {
    let mut rig = Rig::client();
    rig.send(5);
    let sent = rig.last_sent();
    let decoded = decode(&sent).unwrap();
    let Body::Request(query) = decoded.body else {
        panic!("{decoded:?}");
    };
    assert_eq!((decoded.source, query.target), (atm(OWN), group(5)));
    assert_eq!(rig.leaves(5), None);
    rig.send(5);
    assert_eq!(rig.ops(), [Op::Request]);
    rig.private(&multi(5, true, 1, FIRST, &[20, 21, OWN]));
    // Without itself.
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
    let data = |(_, action): &&(u64, OutputAction)| matches!(action, OutputAction::SendTree { .. });
    assert_eq!(rig.seen.iter().filter(data).count(), 2);
}

// R2022-5.1.1-01 R2022-5.1.1-02
#[test]
fn nobody_there_means_no_packet_and_a_pause() {
    for answer in [nak(5), multi(5, true, 1, FIRST, &[OWN])] {
        let mut rig = Rig::client();
        rig.send(5);
        rig.private(&answer);
        assert_eq!(rig.dropped("no-members"), 1);
        assert!(rig.view().groups.is_empty());
        rig.take();
        let start = rig.now;
        while rig.sent().is_empty() {
            rig.run(10);
            rig.send(5);
        }
        assert!((5_000..=10_010).contains(&(rig.now - start)), "{}", rig.now);
    }
}

// R2022-5.1.1-03 R2022-5.1.1-04 R2022-5.1.4.2-06
#[test]
fn parts_make_one_answer() {
    let mut rig = Rig::client();
    rig.send(5);
    rig.private(&multi(5, false, 1, FIRST + 1, &[20]));
    rig.private(&multi(5, false, 2, FIRST + 1, &[21]));
    assert_eq!((rig.leaves(5), rig.view().hsn), (None, FIRST));
    rig.private(&multi(5, true, 3, FIRST + 1, &[22]));
    assert_eq!(rig.leaves(5), Some(vec![20, 21, 22]));
    assert_eq!(rig.view().hsn, FIRST + 1);
}

// R2022-5.1.1-11 R2022-5.1.1-13: each waits for x, throws all away, and asks again.
#[test]
fn broken_answers_are_thrown_away_at_their_end() {
    let failures: [&[(bool, u16, u32)]; 4] = [
        // The first part, a middle one, y repeated, a number that moves.
        &[(false, 2, FIRST), (true, 3, FIRST)],
        &[(false, 1, FIRST), (true, 3, FIRST)],
        &[(false, 1, FIRST), (false, 1, FIRST), (true, 2, FIRST)],
        &[(false, 1, FIRST), (true, 2, FIRST + 1)],
    ];
    for parts in failures {
        let mut rig = Rig::client();
        rig.send(5);
        rig.take();
        for (last, part, msn) in parts {
            assert!(rig.sent().is_empty());
            rig.private(&multi(5, *last, *part, *msn, &[20]));
        }
        assert_eq!(rig.ops(), [Op::Request], "{parts:?}");
        assert_eq!((rig.leaves(5), rig.view().hsn), (None, FIRST));
        rig.private(&multi(5, true, 1, FIRST, &[21]));
        assert_eq!(rig.leaves(5), Some(vec![21]));
    }
}

// R2022-5.1.1-09 R2022-5.1.1-10 R2022-5.1.1-12
#[test]
fn a_lost_end_is_missed_after_ten_seconds() {
    let mut rig = Rig::client();
    rig.send(5);
    rig.private(&multi(5, false, 1, FIRST, &[20]));
    rig.take();
    rig.run(9_999);
    assert!(rig.sent().is_empty());
    rig.run(1);
    assert_eq!(rig.ops(), [Op::Request]);
    // Nothing is left of the first answer.
    rig.private(&multi(5, true, 1, FIRST, &[21]));
    assert_eq!(rig.leaves(5), Some(vec![21]));
}

// R2022-5.4-02
#[test]
fn a_mars_that_never_answers_has_failed() {
    let mut rig = Rig::client();
    rig.send(5);
    rig.run(60_000);
    assert_eq!(rig.ops(), [Op::Request; 6]);
    assert!(rig.notices().contains(&Notice::MarsProblem {
        mars: atm(MARS),
        why: Problem::NoAnswer
    }));
    // One that answers with nonsense, at once, is not asked for ever.
    let mut rig = Rig::client();
    rig.send(5);
    for _ in 0..6 {
        rig.private(&multi(5, true, 2, FIRST, &[20]));
    }
    assert_eq!(rig.ops(), [Op::Request; 6]);
    assert!(!rig.view().registered);
}

// A JOIN and a LEAVE that overtake the answer (P8).
#[test]
fn news_of_the_control_vc_is_newer_than_the_answer() {
    let mut rig = Rig::client();
    rig.send(5);
    rig.control(&update(Op::Join, 22, 0, FIRST, &[one(5)]));
    rig.control(&update(Op::Leave, 20, 0, FIRST + 1, &[range(1, 9)]));
    rig.private(&multi(5, true, 1, FIRST + 1, &[20, 21]));
    assert_eq!(rig.leaves(5), Some(vec![21, 22]));
}

// R2022-5.1.2-12
#[test]
fn answers_to_others_are_not_ours() {
    let mut rig = Rig::client();
    rig.send(5);
    let answer = Answer {
        source_protocol: ProtocolAddress::default(),
        target: group(5),
        last: true,
        part: 1,
        msn: FIRST,
        targets: EndpointList::default(),
    };
    rig.private(&message(33, Body::Multi(answer)));
    rig.private(&multi(6, true, 1, FIRST, &[20]));
    assert_eq!(rig.dropped("unasked-answer"), 1);
    assert_eq!(rig.leaves(5), None);
    assert!(rig.view().groups[0].asking);
}

fn list_reply(last: bool, part: u16, msn: u32, groups: &[u8]) -> Vec<u8> {
    let groups: Vec<ProtocolAddress> = groups.iter().map(|last| group(*last)).collect();
    let list = GroupList {
        source_protocol: ProtocolAddress::default(),
        last,
        part,
        msn,
        groups: AddressList::new(&groups).unwrap(),
    };
    message(OWN, Body::GrouplistReply(list))
}

// R2022-5.3-01 R2022-5.3-07 R2022-5.3-08
#[test]
fn groups_with_layer_3_members_can_be_asked_for() {
    let mut rig = Rig::client();
    rig.command(Command::GroupList {
        range: range(1, 99),
    });
    rig.command(Command::GroupList { range: one(3) });
    // One at a time: replies do not say what they answer.
    assert_eq!(rig.ops(), [Op::GrouplistRequest]);
    rig.private(&list_reply(false, 1, FIRST, &[1]));
    rig.private(&list_reply(true, 3, FIRST, &[2]));
    assert_eq!(rig.ops(), [Op::GrouplistRequest; 2]);
    rig.private(&list_reply(false, 1, FIRST, &[1]));
    rig.private(&list_reply(true, 2, FIRST, &[2, 7]));
    assert!(rig.notices().contains(&Notice::GroupList {
        range: range(1, 99),
        groups: [1, 2, 7].map(group).to_vec(),
    }));
    assert_eq!(rig.ops(), [Op::GrouplistRequest; 3]);
    // Register F07.
    rig.private(&list_reply(true, 1, FIRST, &[]));
    assert!(rig.notices().contains(&Notice::GroupList {
        range: one(3),
        groups: vec![],
    }));
    assert_eq!(
        rig.core.timers.deadline(super::super::core::Timer::List),
        None
    );
}
