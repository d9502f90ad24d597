//! RFC 2022, 5.2.3.

use super::*;
use crate::endpoint::Refusal;

fn calm(rig: &Rig) -> Vec<(u64, Op)> {
    let seen = rig.seen.iter();
    seen.filter_map(|(at, action)| match action {
        OutputAction::Send { octets, .. } => Some((*at, op(split(octets).unwrap().1))),
        _ => None,
    })
    .collect()
}

// R2022-5.2.3-01 R2022-5.2.3-02 R2022-5.2.1-06 R2022-5.2.1-07 R2022-5.2.1-14 R2022-5.2.1-15,
// register F06
#[test]
fn the_registration_is_a_join_of_nothing() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    rig.command(Command::Register);
    let sent = rig.last_sent();
    let decoded = decode(&sent).unwrap();
    assert_eq!(decoded.source, atm(OWN));
    assert!(decoded.checksum_present);
    let Body::Join(body) = decoded.body else {
        panic!("{decoded:?}");
    };
    assert_eq!(body.flags.without(MembershipFlags::SEQUENCE).0, 0x2000);
    assert_eq!((body.cmi, body.msn), (0, 0));
    assert_eq!((body.pairs.len(), body.group_len()), (1, 0));
}

// R2022-5.2.3-03 R2022-5.2.3-04 R2022-5.1.4.2-07
#[test]
fn its_copy_gives_cmi_and_sequence_number() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    assert_eq!(rig.view().hsn, 0);
    rig.command(Command::Register);
    assert_eq!(rig.view().phase, "registering");
    rig.confirm_registration(MARS, CMI, FIRST);
    let view = rig.view();
    assert_eq!(
        (view.registered, view.phase, view.cmi, view.hsn),
        (true, "registered", CMI, FIRST)
    );
    assert_eq!(view.current_mars, atm(MARS));
    assert!(rig.notices().contains(&Notice::Registered {
        mars: atm(MARS),
        cmi: CMI
    }));
}

// R2022-5.2.2-04 R2022-5.2.2-05 R2022-5.2.3-03 R2022-5.1.2-12: each field of the copy by itself.
#[test]
fn what_is_not_its_copy_is_ignored() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    rig.command(Command::Register);
    let sent = rig.last_sent();
    let good = copy(&sent, Some(CMI), FIRST);
    let flags = MembershipFlags(u16::from_be_bytes([good[24], good[25]]));
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bad = good.clone();
        bad[12..14].fill(0);
        change(&mut bad);
        bad
    };
    let flagged =
        |flags: MembershipFlags| with(&|bad| bad[24..26].copy_from_slice(&flags.0.to_be_bytes()));
    let bad = [
        sent.clone(),
        with(&|bad| bad[17] = Op::Leave.code()),
        flagged(flags.without(MembershipFlags::REGISTER)),
        flagged(flags.with(MembershipFlags::PUNCHED)),
        flagged(MembershipFlags(flags.0 ^ 1)),
        with(&|bad| bad[22..24].fill(0)),
        with(&|bad| bad[26..28].fill(0)),
        with(&|bad| bad[32 + 18] ^= 1),
    ];
    for bad in &bad {
        assert!(decode(bad).is_ok());
        rig.private(bad);
        assert!(!rig.view().registered, "{:?}", decode(bad));
    }
    rig.private(&good);
    assert!(rig.view().registered);
}

// R2022-5.2.2-01 R2022-5.2.2-02 R2022-5.2.2-03 R2022-5.4.1-01 R2022-5.4.1-06, register F12: six at
// equal distance, the failure one interval later; a wait of 1 to 10 s, six more; then a minute.
#[test]
fn without_a_copy_it_is_repeated_five_times() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    rig.command(Command::Register);
    rig.run(59_999);
    assert_eq!(
        calm(&rig),
        [0, 10, 20, 30, 40, 50].map(|s| (s * 1_000, Op::Join))
    );
    assert_eq!(rig.view().phase, "registering");
    rig.run(1);
    assert_eq!(rig.view().phase, "waiting");
    assert!(
        rig.notices()
            .contains(&Notice::RegistrationFailed { mars: atm(MARS) })
    );
    rig.take();
    rig.run(70_000);
    let again = calm(&rig);
    let start = again[0].0;
    assert!((61_000..=70_000).contains(&start), "{again:?}");
    assert_eq!(again.len(), 6);
    rig.take();
    rig.now = start + 60_000;
    rig.input(Input::TimePassed);
    rig.run(59_999);
    assert_eq!(calm(&rig), []);
    rig.run(1);
    assert_eq!(calm(&rig), [(start + 120_000, Op::Join)]);
}

// R2022-5.2.3-06 R2022-5.2.3-07
#[test]
fn deregistration_ends_everything() {
    let mut rig = Rig::client();
    rig.join(one(1));
    rig.open(5, FIRST, &[20]);
    rig.command(Command::Deregister);
    let sent = rig.last_sent();
    let Body::Leave(body) = decode(&sent).unwrap().body else {
        panic!("{sent:?}");
    };
    assert!(body.flags.register() && !body.flags.copy());
    assert_eq!((body.pairs.len(), body.group_len()), (1, 0));
    assert_eq!(rig.view().phase, "deregistering");
    rig.private(&copy(&sent, None, FIRST));
    let view = rig.view();
    assert_eq!((view.phase, view.cmi, view.registered), ("off", 0, false));
    assert!(view.joined.is_empty() && view.groups.is_empty() && rig.trees.is_empty());
    assert_eq!(rig.core.next_deadline(), None);
    assert!(
        rig.notices()
            .contains(&Notice::Deregistered { confirmed: true })
    );
    // And it can register again.
    rig.take();
    rig.register(MARS);
    assert!(rig.view().registered);
}

// R2022-5.2.3-06
#[test]
fn an_unconfirmed_deregistration_ends_too() {
    let mut rig = Rig::client();
    rig.command(Command::Deregister);
    rig.run(60_000);
    assert_eq!(rig.ops(), [Op::Leave; 6]);
    assert!(
        rig.notices()
            .contains(&Notice::Deregistered { confirmed: false })
    );
    assert_eq!(rig.view().phase, "off");
}

// R2022-5.2-05
#[test]
fn nothing_is_done_before_the_registration() {
    let mut rig = Rig::new(Role::Member, &[MARS]);
    rig.join(one(1));
    rig.send(1);
    let why = Refusal::NotRegistered;
    assert_eq!(rig.notices(), vec![Notice::Refused { why }; 2]);
    assert!(rig.sent().is_empty());
    rig.command(Command::Register);
    // Asked for in time, done in time.
    rig.join(one(1));
    rig.send(1);
    assert_eq!(rig.ops(), [Op::Join]);
    rig.confirm_registration(MARS, CMI, FIRST);
    assert_eq!(rig.ops(), [Op::Join, Op::Join, Op::Request]);
}

// R2022-5-02
#[test]
fn the_vc_to_the_mars_is_released_when_idle() {
    let mut rig = Rig::client();
    let vc = rig.links[&atm(MARS)];
    for msn in FIRST..FIRST + 20 {
        rig.run(59_999);
        rig.control(&map(MARS, true, (true, 1), msn, &[MARS]));
    }
    assert_eq!(rig.links.len(), 1);
    rig.run(20);
    assert!(
        rig.take()
            .contains(&(1_200_000, OutputAction::Hangup { vc }))
    );
    assert_eq!(rig.links.len(), 0);
    // The next message calls again.
    rig.join(one(1));
    assert_eq!(rig.ops(), [Op::Join]);
    assert_eq!(rig.links.len(), 1);
}

/// The repeat is counted from what was sent, not from when it was first wanted.
// R2022-5.2.2-02
#[test]
fn a_slow_call_does_not_hasten_the_repeat() {
    let mut core = Rig::new(Role::Member, &[MARS]).core;
    core.handle(Time(0), Input::Command(Command::Register));
    let up = Input::VcUp {
        vc: VcId(1),
        peer: atm(MARS),
        kind: VcKind::PointToPoint,
    };
    core.handle(Time(9_000), up);
    assert_eq!(core.next_deadline(), Some(Time(19_000)));
}
