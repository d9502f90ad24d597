//! RFC 2022, 5.2.1 and 5.2.2.

use super::*;
use crate::endpoint::{Problem, Refusal};

// R2022-5.2.1-01 R2022-5.2-01 R2022-5.2.1-08 R2022-5.2.1-11 R2022-5.2.1-12 R2022-5.2.1.1-01
#[test]
fn a_join_has_one_pair_and_no_more_flags_than_it_should() {
    let mut rig = Rig::client();
    rig.join(one(1));
    let sent = rig.last_sent();
    let Body::Join(body) = decode(&sent).unwrap().body else {
        panic!("{sent:?}");
    };
    assert_eq!(body.flags.without(MembershipFlags::SEQUENCE).0, 0x8000);
    assert_eq!((body.cmi, body.msn), (0, 0));
    assert!(body.pairs.iter().eq([one(1)]));
}

// R2022-5.2.1-09 R2022-5.2.1-10 R2022-5.2.1.1-02 R2022-5.2.1.1-03
#[test]
fn a_block_is_not_for_layer_3() {
    let mut rig = Rig::client();
    rig.join(range(1, 9));
    let sent = rig.last_sent();
    let flags = decode(&sent).unwrap().body.membership().unwrap().flags;
    assert!(!flags.layer3grp());
}

// R2022-5.2-03 R2022-5.2-04
#[test]
fn blocks_do_not_overlap() {
    let mut rig = Rig::client();
    rig.join(range(10, 20));
    for overlapping in [range(20, 30), range(1, 10), range(12, 13), range(1, 99)] {
        rig.take();
        rig.join(overlapping);
        let why = Refusal::Overlap;
        assert_eq!(rig.notices(), [Notice::Refused { why }]);
        assert!(rig.sent().is_empty());
    }
    for beside in [one(15), range(21, 30), range(1, 9)] {
        rig.take();
        rig.join(beside);
        assert_eq!(rig.ops(), [Op::Join]);
    }
    // Retracted, it is no hindrance.
    rig.leave(range(10, 20));
    rig.take();
    rig.join(range(12, 13));
    assert_eq!(rig.ops(), [Op::Join]);
}

// R2022-5.2.2-01 R2022-5.2.2-08: a copy on either VC ends the repeats, each of its own message.
#[test]
fn copies_confirm() {
    let mut rig = Rig::client();
    rig.join(one(1));
    let first = rig.last_sent();
    rig.join(one(2));
    let second = rig.last_sent();
    rig.control(&copy(&first, None, FIRST));
    assert_eq!(rig.view().joined.iter().filter(|j| j.confirmed).count(), 1);
    rig.private(&copy(&second, None, FIRST + 1));
    assert!(rig.view().joined.iter().all(|joined| joined.confirmed));
    rig.take();
    rig.run(60_000);
    assert!(rig.sent().is_empty());
    assert_eq!(rig.view().hsn, FIRST + 1);
    rig.leave(one(1));
    let leave = rig.last_sent();
    assert_eq!(op(&leave), Op::Leave);
    rig.control(&copy(&leave, None, FIRST + 1));
    assert!(rig.notices().contains(&Notice::Left { range: one(1) }));
    assert_eq!(rig.view().joined.len(), 1);
}

// R2022-5.2.2-04 R2022-5.2.2-05
#[test]
fn other_messages_do_not_confirm() {
    let mut rig = Rig::client();
    rig.join(range(1, 9));
    let sent = rig.last_sent();
    let sequence = decode(&sent).unwrap().body.membership().unwrap().flags.0;
    let punched = MembershipFlags::PUNCHED | sequence;
    let blocks = [range(1, 4), range(6, 9)];
    let others = [
        update(Op::Join, OWN, punched, FIRST, &[range(1, 9)]),
        update(Op::Join, OWN, sequence, FIRST, &blocks),
        update(Op::Join, OWN, sequence ^ 1, FIRST, &[range(1, 9)]),
        update(Op::Leave, OWN, sequence, FIRST, &[range(1, 9)]),
        update(Op::Join, 33, sequence, FIRST, &[range(1, 9)]),
        update(Op::Join, OWN, sequence, FIRST, &[range(1, 8)]),
        sent.clone(),
    ];
    for other in &others {
        rig.private(other);
        assert!(!rig.view().joined[0].confirmed, "{:?}", decode(other));
    }
    rig.private(&copy(&sent, None, FIRST));
    assert!(rig.view().joined[0].confirmed);
}

// R2022-5.2.2-06: the copy of an earlier JOIN of the same range is not that of a later one.
#[test]
fn the_sequence_tells_one_join_from_the_next() {
    let mut rig = Rig::client();
    rig.join(one(1));
    let first = rig.last_sent();
    rig.leave(one(1));
    rig.join(one(1));
    let second = rig.last_sent();
    rig.private(&copy(&first, None, FIRST));
    assert!(!rig.view().joined[0].confirmed);
    rig.private(&copy(&second, None, FIRST));
    assert!(rig.view().joined[0].confirmed);
    // Never zero, all the way round: a MARS uses that (register E11).
    let mut rig = Rig::client();
    for _ in 0..300 {
        rig.join(one(1));
        rig.leave(one(1));
    }
    let flags = |sent: &Vec<u8>| decode(sent).unwrap().body.membership().unwrap().flags;
    assert!(rig.sent().iter().all(|sent| flags(sent).sequence() != 0));
}

// R2022-5.2.2-02 R2022-5.2.2-03, register F12
#[test]
fn a_join_without_a_copy_is_a_problem() {
    let mut rig = Rig::client();
    rig.join(one(1));
    rig.run(59_999);
    assert_eq!(rig.ops(), [Op::Join; 6]);
    let sent = rig.sent();
    assert!(sent.iter().all(|one| *one == sent[0]));
    assert!(rig.view().registered);
    rig.run(1);
    assert!(!rig.view().registered);
    assert!(rig.notices().contains(&Notice::MarsProblem {
        mars: atm(MARS),
        why: Problem::NoCopy
    }));
}

// RFC 2022, 5.2
#[test]
fn commands_that_make_no_sense_are_refused() {
    let mut rig = Rig::client();
    rig.leave(one(1));
    let long = ProtocolAddress::new(&[1; 16]).unwrap();
    rig.join(GroupRange::new(long, long).unwrap());
    rig.command(Command::Serve { range: one(1) });
    let refused = [Refusal::NotJoined, Refusal::NoGroup, Refusal::WrongRole];
    assert_eq!(
        rig.notices(),
        refused.map(|why| Notice::Refused { why }).to_vec()
    );
    rig.join(one(1));
    rig.take();
    rig.join(one(1));
    assert!(rig.take().is_empty());
}
