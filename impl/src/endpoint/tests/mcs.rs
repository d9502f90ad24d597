//! RFC 2022, 6.2 and 7.

use super::data::frame;
use super::*;
use crate::endpoint::Problem;
use crate::wire::data::Sender;

/// A registered MCS.
fn mcs() -> Rig {
    let mut rig = Rig::new(Role::Server, &[MARS, BACKUP]);
    rig.command(Command::Register);
    rig.control_vc(MARS);
    let sent = rig.last_sent();
    // R2022-6.2.3-03: no CMI.
    rig.private(&copy(&sent, Some(0), FIRST));
    rig
}

/// One that serves a group, whose members the MARS has told.
fn serving(to: u8, members: &[u8]) -> Rig {
    let mut rig = mcs();
    rig.take();
    serve(&mut rig, to, members);
    rig
}

fn serve(rig: &mut Rig, to: u8, members: &[u8]) {
    rig.command(Command::Serve { range: one(to) });
    let sent = rig.last_sent();
    let next = rig.view().control_msn.map_or(FIRST, |msn| msn + 1);
    rig.control(&copy(&sent, None, next));
    if members.is_empty() {
        rig.private(&nak(to));
    } else {
        rig.private(&multi(to, true, 1, next + 1, members));
    }
}

fn arrive(rig: &mut Rig, packet: &[u8]) -> Vec<u8> {
    let vc = VcId(900);
    let (peer, kind) = (atm(30), VcKind::Leaf);
    rig.input(Input::VcUp { vc, peer, kind });
    let octets = frame(Sender::Member(44), Protocol::IPV4, packet);
    let input = octets.clone();
    rig.input(Input::Frame { vc, octets: input });
    octets
}

// R2022-6.2.3-01 R2022-7.1-01
#[test]
fn it_registers_with_an_mserv() {
    let rig = mcs();
    let sent = rig.sent();
    assert_eq!(op(&sent[0]), Op::Mserv);
    let body = *decode(&sent[0]).unwrap().body.membership().unwrap();
    assert!(body.flags.register() && body.cmi == 0);
    assert_eq!((body.pairs.len(), body.group_len()), (1, 0));
    assert_eq!((rig.view().registered, rig.view().cmi), (true, 0));
}

// R2022-6.2.2-01 R2022-7.3-01
#[test]
fn it_asks_for_the_members_of_what_it_serves() {
    let mut rig = mcs();
    rig.take();
    rig.command(Command::Serve { range: one(5) });
    assert_eq!(rig.ops(), [Op::Mserv]);
    let sent = rig.last_sent();
    assert!(
        !decode(&sent)
            .unwrap()
            .body
            .membership()
            .unwrap()
            .flags
            .register()
    );
    rig.control(&copy(&sent, None, FIRST));
    assert_eq!(rig.ops(), [Op::Mserv, Op::Request]);
    rig.private(&multi(5, true, 1, FIRST + 1, &[20, 21]));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
}

// R2022-7.3-01, register F01 and G01
#[test]
fn sjoin_and_sleave_change_the_leaf_set() {
    let mut rig = serving(5, &[20]);
    rig.control(&update(Op::Sjoin, 21, 0, FIRST + 1, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![20, 21]));
    // 18 and 19 are what RFC 2022, 6.2.4 says.
    for (op_type, leaves) in [(18, vec![20, 21, 22]), (19, vec![20, 21])] {
        let msn = rig.view().hsn + 1;
        let mut octets = update(Op::Sjoin, 22, 0, msn, &[range(1, 9)]);
        octets[12..14].fill(0);
        octets[17] = op_type;
        rig.control(&octets);
        assert_eq!(rig.leaves(5), Some(leaves));
    }
    let msn = rig.view().hsn;
    rig.control(&update(Op::Sleave, 20, 0, msn + 1, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![21]));
    rig.control(&update(Op::Sjoin, 23, 0, msn + 2, &[one(5)]));
    rig.control(&update(Op::Leave, 21, 0, msn + 3, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![23]));
    // A JOIN is for clients; another MCS is only counted.
    rig.control(&update(Op::Join, 24, 0, msn + 4, &[one(5)]));
    rig.control(&update(Op::Mserv, 51, 0, msn + 5, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![23]));
    assert_eq!((rig.view().hsn, rig.core.meters().jumps), (msn + 5, 0));
}

// R2022-7.3-01, R2022-6.2.5: a jump of the SSN.
#[test]
fn it_revalidates_after_a_jump() {
    let mut rig = serving(5, &[20]);
    rig.control(&update(Op::Sjoin, 21, 0, FIRST + 9, &[one(6)]));
    rig.run(10_000);
    assert!(rig.revalidates(5));
    rig.take();
    arrive(&mut rig, &[1]);
    assert_eq!(rig.ops(), [Op::Request]);
}

// RFC 2022, 7.1 and 5.5: unchanged, so that the sender knows its own packet.
#[test]
fn data_is_relayed_as_it_came() {
    let mut rig = serving(5, &[20]);
    rig.take();
    let octets = arrive(&mut rig, &[1, 2, 3]);
    let tree = rig.tree(5);
    let relayed = OutputAction::SendTree { tree, octets };
    assert_eq!(rig.take(), [(rig.now, relayed)]);
}

// RFC 2022, 7.1: with several groups, by the destination in the packet.
#[test]
fn with_several_groups_the_packet_tells_which() {
    let mut rig = serving(5, &[20]);
    serve(&mut rig, 6, &[21]);
    rig.take();
    let mut packet = [0; 24];
    packet[16..20].copy_from_slice(group(6).octets());
    let octets = arrive(&mut rig, &packet);
    let tree = rig.tree(6);
    let relayed = OutputAction::SendTree { tree, octets };
    assert_eq!(rig.take(), [(rig.now, relayed)]);
    packet[19] = 7;
    arrive(&mut rig, &packet);
    arrive(&mut rig, &[1]);
    assert!(rig.take().is_empty());
    assert_eq!(rig.dropped("not-served"), 2);
}

#[test]
fn the_first_member_of_an_empty_group_is_not_missed() {
    let mut rig = serving(5, &[]);
    assert_eq!(rig.leaves(5), None);
    rig.control(&update(Op::Sjoin, 20, 0, FIRST + 1, &[one(5)]));
    assert_eq!(rig.leaves(5), Some(vec![20]));
    // Not of one that it does not serve.
    rig.control(&update(Op::Sjoin, 20, 0, FIRST + 2, &[one(6)]));
    assert_eq!(rig.leaves(6), None);
}

// RFC 2022, 6.2.2: it relays until the MARS has the UNSERV.
#[test]
fn it_stops_when_the_unserv_is_confirmed() {
    let mut rig = serving(5, &[20]);
    rig.command(Command::Unserve { range: one(5) });
    let sent = rig.last_sent();
    assert_eq!(op(&sent), Op::Unserv);
    arrive(&mut rig, &[1]);
    assert!(matches!(
        rig.seen.last().unwrap().1,
        OutputAction::SendTree { .. }
    ));
    let msn = rig.view().hsn;
    rig.control(&copy(&sent, None, msn));
    assert!(rig.trees.is_empty());
    arrive(&mut rig, &[1]);
    assert_eq!(rig.dropped("not-served"), 1);
}

// R2022-7.4-01
#[test]
fn it_fails_over_like_a_client() {
    let mut rig = serving(5, &[20]);
    rig.core.problem(Problem::NoMap);
    rig.dead.insert(atm(MARS));
    rig.take();
    rig.run(10_000);
    assert_eq!(rig.ops(), [Op::Mserv]);
    rig.confirm_registration(BACKUP, 0, 70);
    assert_eq!(rig.view().current_mars, atm(BACKUP));
    rig.take();
    rig.run(10_000);
    assert_eq!(rig.ops(), [Op::Mserv]);
    assert!(rig.revalidates(5));
    assert_eq!(rig.leaves(5), Some(vec![20]));
}
