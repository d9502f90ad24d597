//! RFC 2022, 5.5.

use super::*;
use crate::wire::data::{Data, Sender};
use crate::wire::llc_snap::{DATA1_HEADER, DATA2_HEADER};

pub(super) fn frame(sender: Sender, protocol: Protocol, packet: &[u8]) -> Vec<u8> {
    let mut octets = match sender {
        Sender::Member(_) => DATA1_HEADER,
        Sender::Source(_) => DATA2_HEADER,
    }
    .to_vec();
    let data = Data {
        sender,
        protocol,
        padding: &[],
        packet,
    };
    data.encode(&mut octets);
    octets
}

// R2022-5.5-01
#[test]
fn packets_are_sent_as_type_1_with_the_own_cmi() {
    let mut rig = Rig::client();
    rig.open(5, FIRST, &[20]);
    rig.send(5);
    let (_, OutputAction::SendTree { octets, .. }) = &rig.seen[0] else {
        panic!("{:?}", rig.seen);
    };
    assert_eq!(*octets, frame(Sender::Member(CMI), Protocol::IPV4, &[5; 3]));
}

// R2022-5.5-02 R2022-5.5.1-01 R2022-5.2-06
#[test]
fn own_packets_that_come_back_are_dropped() {
    let mut rig = Rig::client();
    let (vc, peer, kind) = (VcId(900), atm(50), VcKind::Leaf);
    rig.input(Input::VcUp { vc, peer, kind });
    let mut arrive = |sender, protocol| {
        let octets = frame(sender, protocol, &[1, 2]);
        rig.input(Input::Frame { vc, octets });
        rig.take()
            .into_iter()
            .map(|(_, action)| action)
            .collect::<Vec<_>>()
    };
    let deliver = |cmi| OutputAction::Deliver {
        cmi,
        packet: vec![1, 2],
    };
    assert_eq!(arrive(Sender::Member(CMI), Protocol::IPV4), []);
    assert_eq!(
        arrive(Sender::Member(CMI + 1), Protocol::IPV4),
        [deliver(Some(CMI + 1))]
    );
    assert_eq!(
        arrive(Sender::Source([7; 8]), Protocol::IPV4),
        [deliver(None)]
    );
    assert_eq!(arrive(Sender::Member(CMI + 1), Protocol::IPV6), []);
    assert_eq!(
        (rig.dropped("reflected"), rig.dropped("other-protocol")),
        (1, 1)
    );
}

// A VC to a data source is no control VC: its end says nothing of the MARS.
#[test]
fn a_data_vc_may_go_at_any_time() {
    let mut rig = Rig::client();
    rig.control(&map(MARS, true, (true, 1), FIRST, &[MARS]));
    let (vc, peer, kind) = (VcId(900), atm(MARS), VcKind::Leaf);
    rig.input(Input::VcUp { vc, peer, kind });
    rig.input(Input::VcDown { vc });
    assert!(rig.view().registered);
}

#[test]
fn the_queue_is_bounded() {
    let mut rig = Rig::client();
    for _ in 0..11 {
        rig.send(5);
    }
    assert_eq!(
        (rig.view().groups[0].waiting, rig.dropped("queue-full")),
        (8, 3)
    );
}
