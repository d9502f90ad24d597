//! Random frames, and random histories with loss.

use proptest::prelude::*;
use quickcheck::{Arbitrary, Gen, QuickCheck};

use super::*;

/// Octets that are nearly a frame: a good one with a few octets changed, cut, or mere noise.
#[derive(Clone, Debug)]
struct Nearly(Vec<u8>);

impl Arbitrary for Nearly {
    fn arbitrary(g: &mut Gen) -> Self {
        let seeds = [
            update(Op::Join, 20, 0, 105, &[range(1, 9)]),
            update(Op::Leave, OWN, 0, 106, &[one(5)]),
            update(Op::Sjoin, 20, 0, 107, &[one(5)]),
            multi(5, true, 1, 100, &[20, 21]),
            nak(5),
            migrate(5, 101, &[50]),
            map(MARS, true, (true, 1), 101, &[BACKUP, MARS]),
        ];
        let seed: Vec<u8> = g.choose(&seeds).unwrap().clone();
        let mut octets = [&MARS_HEADER[..], &seed].concat();
        match u8::arbitrary(g) % 4 {
            0 => octets = Vec::arbitrary(g),
            1 => octets.truncate(usize::arbitrary(g) % (octets.len() + 1)),
            _ => {
                // Without a checksum, so that the change is looked at.
                octets[20..22].fill(0);
                for _ in 0..u8::arbitrary(g) % 4 {
                    let at = usize::arbitrary(g) % octets.len();
                    octets[at] = u8::arbitrary(g);
                }
            }
        }
        Self(octets)
    }
}

fn survives(frames: &[(bool, Nearly)], role: Role) -> bool {
    let mut rig = Rig::new(role, &[MARS]);
    rig.command(Command::Register);
    rig.confirm_registration(MARS, CMI, FIRST);
    rig.send(5);
    rig.command(Command::Serve { range: one(5) });
    let control = rig.control_vc(MARS);
    for (on_control, frame) in frames {
        let vc = if *on_control {
            control
        } else {
            rig.links.get(&atm(MARS)).copied().unwrap_or(control)
        };
        let octets = frame.0.clone();
        rig.input(Input::Frame { vc, octets });
    }
    rig.run(30_000);
    rig.core.meters().frames_in > frames.len() as u64
}

#[test]
fn no_frame_makes_it_panic() {
    fn client(frames: Vec<(bool, Nearly)>) -> bool {
        survives(&frames, Role::Member)
    }
    fn mcs(frames: Vec<(bool, Nearly)>) -> bool {
        survives(&frames, Role::Server)
    }
    QuickCheck::new()
        .tests(300)
        .quickcheck(client as fn(_) -> _);
    QuickCheck::new().tests(300).quickcheck(mcs as fn(_) -> _);
}

/// What happens to a group, or to the endpoint.
#[derive(Clone, Debug)]
enum Step {
    /// A member comes or goes; the message about it is lost or not.
    Change {
        group: u8,
        member: u8,
        comes: bool,
        lost: bool,
    },
    /// A packet for a group; its answer, if one is due, is lost or not.
    Packet { group: u8, lost: bool },
    /// A leaf drops off a tree by itself.
    Drop { group: u8, member: u8 },
    /// Time.
    Wait { ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let group = 1_u8..4;
    let member = 20_u8..24;
    prop_oneof![
        4 => (group.clone(), member.clone(), any::<bool>(), prop::bool::weighted(0.3))
            .prop_map(|(group, member, comes, lost)| Step::Change { group, member, comes, lost }),
        3 => (group.clone(), prop::bool::weighted(0.2))
            .prop_map(|(group, lost)| Step::Packet { group, lost }),
        1 => (group, member).prop_map(|(group, member)| Step::Drop { group, member }),
        2 => (1_u64..8_000).prop_map(|ms| Step::Wait { ms }),
    ]
}

/// The scripted MARS: who is in which group, and its sequence number.
struct Script {
    rig: Rig,
    members: BTreeMap<u8, BTreeSet<u8>>,
    csn: u32,
    /// How far a private message is ahead of the last control message (register F02).
    ahead: u32,
}

impl Script {
    fn on_control(&mut self, lost: bool, message: impl Fn(u32) -> Vec<u8>) {
        let message = message(self.csn);
        self.csn += 1;
        if !lost {
            self.rig.control(&message);
        }
    }

    /// Answers every REQUEST that has come.
    fn answer(&mut self, lost: bool) {
        let asked: Vec<u8> = self
            .rig
            .sent()
            .iter()
            .filter_map(|sent| match decode(sent).unwrap().body {
                Body::Request(query) => Some(query.target.octets()[3]),
                _ => None,
            })
            .collect();
        self.rig.take();
        for group in asked.into_iter().filter(|_| !lost) {
            let members: Vec<u8> = self.members[&group].iter().copied().collect();
            let msn = self.csn - 1 + self.ahead;
            self.rig.private(&if members.is_empty() {
                nak(group)
            } else {
                multi(group, true, 1, msn, &members)
            });
        }
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Change {
                group,
                member,
                comes,
                lost,
            } => {
                let members = self.members.get_mut(&group).unwrap();
                let op = if comes {
                    members.insert(member);
                    Op::Join
                } else {
                    members.remove(&member);
                    Op::Leave
                };
                self.on_control(lost, |msn| update(op, member, 0, msn, &[one(group)]));
            }
            Step::Packet { group, lost } => {
                self.rig.send(group);
                self.answer(lost);
            }
            Step::Drop { group, member } => {
                if self.rig.leaves(group).is_some_and(|l| l.contains(&member)) {
                    let (tree, peer) = (self.rig.tree(group), atm(member));
                    self.rig.trees.get_mut(&tree).unwrap().remove(&peer);
                    if self.rig.trees[&tree].is_empty() {
                        // The network cannot keep a tree without leaves.
                        self.rig.trees.remove(&tree);
                        self.rig.input(Input::TreeDown { tree });
                    } else {
                        self.rig.input(Input::LeafGone { tree, peer });
                    }
                }
            }
            Step::Wait { ms } => self.rig.run(ms),
        }
        self.answer(false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    // P8 with P7: once nothing more is lost, one map on the control VC shows what has been missed, and
    // within 10 s and one packet each leaf set is what the MARS would answer.
    #[test]
    fn leaf_sets_converge(steps in prop::collection::vec(step(), 1..60), ahead in 0_u32..2) {
        let mut script = Script {
            rig: Rig::client(),
            members: (1..4).map(|group| (group, BTreeSet::from([20]))).collect(),
            csn: FIRST + 1 - ahead,
            ahead,
        };
        for step in &steps {
            script.apply(step);
        }
        for _ in 0..3 {
            script.on_control(false, |msn| map(MARS, true, (true, 1), msn, &[MARS]));
            script.rig.run(10_000);
            script.answer(false);
            for group in 1..4 {
                script.apply(&Step::Packet { group, lost: false });
            }
        }
        for (group, members) in &script.members {
            let leaves = script.rig.leaves(*group).unwrap_or_default();
            prop_assert!(leaves.iter().eq(members), "{group}: {leaves:?} {members:?}");
        }
    }
}
