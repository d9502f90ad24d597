//! RFC 2022, 5.1.4.2 and 5.1.5; register F02.

use super::*;

/// A client with trees for groups 1 and 2.
fn two_trees() -> Rig {
    let mut rig = Rig::client();
    rig.open(1, FIRST, &[20, 21]);
    rig.open(2, FIRST, &[20]);
    rig
}

/// A message that changes nothing.
fn tick(rig: &mut Rig, msn: u32) {
    rig.control(&update(Op::Join, 90, 0, msn, &[one(200)]));
}

/// Both schemes of register F02 count the same messages: private ones in between carry the number of
/// the last, or of the next, control message.
#[test]
fn both_ways_of_counting_are_in_step() {
    for ahead in [0, 1] {
        let mut rig = two_trees();
        tick(&mut rig, FIRST);
        for msn in FIRST + 1..FIRST + 20 {
            tick(&mut rig, msn);
            let sent = {
                rig.command(Command::GroupList { range: one(1) });
                rig.take();
                msn + ahead
            };
            rig.private(&update(Op::Join, OWN, 0, sent, &[one(77)]));
        }
        assert_eq!(rig.core.meters().jumps, 0, "{ahead}");
    }
}

// R2022-5.1.4.2-04
#[test]
fn numbers_wrap() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    rig.command(Command::Register);
    rig.confirm_registration(MARS, CMI, u32::MAX);
    for msn in [u32::MAX, 0, 1] {
        tick(&mut rig, msn);
    }
    assert_eq!((rig.core.meters().jumps, rig.view().hsn), (0, 1));
}

// R2022-5.1.4.2-05 and register F02: every single loss is seen, whatever private messages come around
// it and in whichever way the MARS counts.
#[test]
fn every_loss_is_noticed() {
    for ahead in [0, 1] {
        for lost in 1..6 {
            for private in 0..6 {
                let mut rig = two_trees();
                tick(&mut rig, FIRST);
                for step in 1..8 {
                    if step != lost {
                        tick(&mut rig, FIRST + step);
                    }
                    if step == private {
                        let msn = FIRST + step + ahead;
                        rig.private(&update(Op::Join, OWN, 0, msn, &[one(77)]));
                    }
                }
                assert!(rig.core.meters().jumps > 0, "{ahead} {lost} {private}");
            }
        }
    }
}

// Register F02, before there is a last number on the control VC: a MARS that raises after it sends
// said FIRST, sent FIRST, which is lost, and sends FIRST + 1.
#[test]
fn the_first_loss_is_noticed() {
    let mut rig = two_trees();
    tick(&mut rig, FIRST + 1);
    assert_eq!(rig.core.meters().jumps, 1);
    let mut rig = two_trees();
    tick(&mut rig, FIRST);
    assert_eq!(rig.core.meters().jumps, 0);
}

// R2022-5.1.5.2-01 R2022-5.1.5-03: each tree at a time of its own, 1 to 10 s later.
#[test]
fn a_jump_marks_every_tree_at_its_own_time() {
    let mut rig = Rig::client();
    for to in 1..=40 {
        rig.open(to, FIRST, &[20]);
    }
    tick(&mut rig, FIRST + 5);
    let mut times = BTreeMap::new();
    for ms in (50..=10_000_u64).step_by(50) {
        rig.run(50);
        for state in rig.view().groups {
            if state.revalidate {
                times.entry(state.group).or_insert(ms);
            }
        }
        assert!(ms >= 1_000 || times.is_empty());
    }
    assert_eq!(times.len(), 40);
    let distinct: BTreeSet<_> = times.values().collect();
    assert!(distinct.len() > 20, "{times:?}");
}

// R2022-5.1.5.2-02
#[test]
fn a_jump_in_the_answer_that_opens_a_tree_spares_that_tree() {
    let mut rig = Rig::client();
    rig.open(1, FIRST, &[20]);
    rig.open(2, FIRST + 9, &[20]);
    rig.run(10_000);
    assert!(rig.revalidates(1));
    assert!(!rig.revalidates(2));
}

// R2022-5.1.5-01 R2022-5.1.5-02
#[test]
fn the_next_packet_revalidates() {
    let mut rig = two_trees();
    tick(&mut rig, FIRST + 5);
    rig.run(10_000);
    rig.take();
    let tree = rig.tree(1);
    rig.send(1);
    let order: Vec<bool> = rig
        .seen
        .iter()
        .map(|(_, action)| matches!(action, OutputAction::SendTree { .. }))
        .collect();
    assert_eq!(order, [true, false]);
    assert_eq!(rig.ops(), [Op::Request]);
    // Packets go on meanwhile, and do not ask again.
    rig.send(1);
    assert_eq!(rig.ops(), [Op::Request]);
    assert_eq!(rig.dropped("queue-full"), 0);
    rig.take();
    rig.private(&multi(1, true, 1, FIRST + 6, &[21, 22]));
    assert_eq!(rig.leaves(1), Some(vec![21, 22]));
    assert_eq!(rig.tree(1), tree);
    let seen: Vec<_> = rig.take().into_iter().map(|(_, action)| action).collect();
    let (added, gone) = (atm(22), atm(20));
    assert_eq!(
        seen,
        [
            OutputAction::AddLeaf { tree, peer: added },
            OutputAction::DropLeaf { tree, peer: gone }
        ]
    );
    assert!(!rig.revalidates(1));
    rig.send(1);
    assert!(rig.sent().is_empty());
    // The other group has had no packet, so nobody asked.
    assert!(rig.revalidates(2));
}

// R2022-5.1.5-02: an event during the revalidation is not lost with its end.
#[test]
fn a_jump_during_the_revalidation_counts() {
    let mut rig = two_trees();
    tick(&mut rig, FIRST + 5);
    rig.run(10_000);
    rig.send(1);
    tick(&mut rig, FIRST + 15);
    rig.run(9_999);
    rig.private(&multi(1, true, 1, FIRST + 16, &[20]));
    rig.run(1);
    assert!(rig.revalidates(1));
}

// Register A06 and R2022-5.4.3-11: numbers of another MARS, or another protocol, do not count.
#[test]
fn only_the_current_mars_counts() {
    let mut rig = two_trees();
    rig.control_from(BACKUP, &update(Op::Leave, 20, 0, 5_000, &[one(1)]));
    assert_eq!(rig.dropped("other-mars"), 1);
    let body = Membership {
        source_protocol: ProtocolAddress::default(),
        flags: MembershipFlags(MembershipFlags::COPY),
        cmi: 0,
        msn: 5_000,
        pairs: PairList::empty(16),
    };
    rig.control(&Message::new(Protocol::IPV6, atm(20), Body::Leave(body)).to_vec());
    assert_eq!(rig.dropped("other-protocol"), 1);
    assert_eq!((rig.view().hsn, rig.core.meters().jumps), (FIRST, 0));
    assert_eq!(rig.leaves(1), Some(vec![20, 21]));
}

/// A gap twice a second, for as long as a revalidation may take.
// R2022-5.1.5-03
#[test]
fn gaps_in_a_row_do_not_put_revalidation_off() {
    let mut rig = two_trees();
    for step in 1..=20 {
        tick(&mut rig, FIRST + 2 * step);
        rig.run(500);
    }
    assert!(rig.core.meters().jumps >= 19);
    let view = rig.view();
    assert!(view.groups.iter().all(|group| group.revalidate), "{view:?}");
}

// R2022-5.1.4.2-04, register F02: a private message must not hide the loss of the first message on the control VC.
#[test]
fn the_first_number_is_held_against_that_of_the_registration() {
    let mut rig = Rig::client();
    // The next number on the control VC, as private messages have it: somebody joins, and that is lost.
    rig.open(3, FIRST, &[20]);
    rig.open(1, FIRST + 1, &[20]);
    rig.control(&map(MARS, true, (true, 1), FIRST + 1, &[MARS]));
    rig.run(10_000);
    assert!(rig.revalidates(3));
    // The very first one is no gap.
    let mut rig = Rig::client();
    rig.open(3, FIRST, &[20]);
    rig.control(&map(MARS, true, (true, 1), FIRST, &[MARS]));
    rig.run(10_000);
    assert!(!rig.revalidates(3));
}
