//! Point-to-multipoint VCs: one Hello for all leaves, one Hello machine for each.

use std::collections::VecDeque;

use crate::io::Time;
use crate::wire::scsp::{self, AuthKey, Body, Packet, verify_authentication};

use super::super::auth::{PeerKey, TimedKey};
use super::super::event::NeighborIx;
use super::super::multipoint::{Multipoint, MultipointIx};
use super::peer::Scripted;
use super::{ServerId, Speaker, SpeakerConfig, Taste, content, key, server};

/// The neighbours with these indexes are leaves of one VC.
fn vc(leaves: &[u16]) -> Multipoint {
    Multipoint {
        leaves: leaves.iter().copied().map(NeighborIx).collect(),
        keys: Vec::new(),
    }
}

/// Server 10.0.0.2 with leaves 10.0.0.3 to 10.0.0.5 and one neighbour with a VC of its own, 10.0.0.6.
fn root() -> Scripted {
    Scripted::with(&[3, 4, 5, 6], |config| {
        config.multipoint = vec![vc(&[0, 1, 2])];
    })
}

/// Receiver and additional receivers of a Hello.
fn listed(octets: &[u8]) -> Vec<ServerId> {
    let Packet { header, body, .. } = scsp::decode(octets).unwrap();
    let Body::Hello { additional, .. } = body else {
        panic!("{body:?}");
    };
    // R2334-B.2.5-09: without a receiver there are no others either.
    assert!(header.receiver.is_some() || additional.is_empty());
    header
        .receiver
        .into_iter()
        .chain(additional.iter())
        .collect()
}

/// The Hellos to all leaves since the last call: when, and whom they list.
fn hellos(s: &mut Scripted) -> Vec<(u64, Vec<ServerId>)> {
    let sent = std::iter::from_fn(|| s.speaker.poll_multipoint());
    sent.map(|(at, vc, octets)| {
        assert_eq!(vc, MultipointIx(0));
        (at.0, listed(&octets))
    })
    .collect()
}

fn ids<const N: usize>(ids: [u8; N]) -> Vec<ServerId> {
    ids.map(server).to_vec()
}

// R2334-2.1-17, R2334-2.1-01, R2334-2.1-06, R2334-2.1-12, R2334-B.2.5-09
#[test]
fn leaves_get_one_hello_together_and_others_their_own() {
    let mut s = root();
    assert_eq!(hellos(&mut s), [(0, vec![])]);
    assert_eq!(s.sent.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [3]);
    s.clear();
    s.pass(3000);
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(3000, vec![]), (6000, vec![])]);
    assert_eq!(s.sent.iter().map(|(to, _)| *to).collect::<Vec<_>>(), [3, 3]);
    // A leaf more or less changes nothing for the others; the last one ends the Hellos.
    for n in [0, 2] {
        s.speaker.vc_down(s.now, NeighborIx(n));
    }
    s.speaker.vc_up(s.now, NeighborIx(2));
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(9000, vec![])]);
    for n in [1, 2] {
        s.speaker.vc_down(s.now, NeighborIx(n));
    }
    s.pass(30_000);
    assert_eq!(hellos(&mut s), []);
    // R2334-2.1-05
    s.speaker.vc_up(s.now, NeighborIx(1));
    assert_eq!(hellos(&mut s), [(39_000, vec![])]);
}

// R2334-2.1-11, R2334-2.1-18, R2334-B.2.5-06, R2334-B.2.5-10, R2334-B.2.5-11, R2334-B.2.5-12: register D02.
#[test]
fn the_first_heard_is_the_receiver_and_the_others_are_additional() {
    let mut s = root();
    hellos(&mut s);
    s.hello(3, true);
    s.hello(2, false);
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(3000, ids([5]))]);
    s.hello(0, true);
    s.hello(1, false);
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(6000, ids([5, 3, 4]))]);
    // Whoever goes is off the list, and last when it comes back (register D03).
    s.speaker.vc_down(s.now, NeighborIx(2));
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(9000, ids([3, 4]))]);
    s.speaker.vc_up(s.now, NeighborIx(2));
    s.hello(2, true);
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(12_000, ids([3, 4, 5]))]);
    assert_eq!(
        [0, 1, 2].map(|n| s.hfsm(n)),
        ["bidirectional", "unidirectional", "bidirectional"]
    );
}

// R2334-2.1-03, R2334-2.1-13, R2334-2.1-15, R2334-2.1-18: each leaf has a dead time of its own.
#[test]
fn a_silent_leaf_leaves_the_list_and_the_others_stay() {
    let mut s = root();
    s.hello(0, true);
    let body = scsp::EncodeBody::Hello {
        hello_interval: 2,
        dead_factor: 2,
        family: 0,
        additional: &[server(2)],
    };
    // R2334-B.2.5-11: for this server among others, too.
    s.send_as(1, server(4), Some(server(3)), &body);
    assert_eq!((s.hfsm(0), s.hfsm(1)), ("bidirectional", "bidirectional"));
    s.pass(3000);
    hellos(&mut s);
    s.pass(1000);
    assert_eq!((s.hfsm(0), s.hfsm(1)), ("bidirectional", "waiting"));
    s.pass(2000);
    assert_eq!(hellos(&mut s), [(6000, ids([3]))]);
}

// R2334-2.1-19: register D03; an abnormal event of one leaf is its own.
#[test]
fn a_malformed_frame_resets_its_leaf_only() {
    let mut s = root();
    s.align(0);
    s.align(1);
    s.raw(1, &[1, 2, 0, 9, 0, 0, 0, 0, 0]);
    assert_eq!(
        (s.cafsm(0), s.cafsm(1)),
        ("aligned", "aligned"),
        "a checksum is noise"
    );
    let mut short = Vec::new();
    let header = scsp::Header::mars(1, server(4), Some(server(2)));
    scsp::encode(
        &header,
        &scsp::EncodeBody::CsuRequest(&[]),
        None,
        &mut short,
    );
    s.raw(1, &short[..20]);
    assert_eq!((s.cafsm(0), s.hfsm(1)), ("aligned", "waiting"));
    hellos(&mut s);
    s.pass(3000);
    assert_eq!(hellos(&mut s), [(3000, ids([3]))]);
}

// R2334-2.1-17: who is a leaf twice is one of the first VC; indexes of nobody are nobody.
#[test]
fn a_neighbor_is_a_leaf_of_one_vc() {
    let mut s = Scripted::with(&[3, 4], |config| {
        config.multipoint = vec![vc(&[0, 9]), vc(&[0, 1]), vc(&[7])];
    });
    let vcs: Vec<_> = std::iter::from_fn(|| s.speaker.poll_multipoint())
        .map(|(_, vc, _)| vc.0)
        .collect();
    assert_eq!(vcs, [0, 1]);
}

fn group_key() -> AuthKey {
    AuthKey {
        spi: 0x6_0000,
        key: vec![9; 20],
    }
}

// R2334-B.3.1.1-02, R2334-B.3.1.4-02: register D09.
#[test]
fn a_hello_to_all_leaves_is_under_the_key_of_the_vc() {
    let with = |vc_keys: &[TimedKey], peer_keys: &[PeerKey]| {
        let mut s = Scripted::with(&[3, 4], |config| {
            config.neighbors = vec![Some(server(3)), Some(server(4))];
            config.multipoint = vec![vc(&[0, 1])];
            config.multipoint[0].keys = vc_keys.to_vec();
            config.keys = peer_keys.to_vec();
        });
        s.pass(3000);
        std::iter::from_fn(|| s.speaker.poll_multipoint())
            .map(|(_, _, octets)| {
                let spi = scsp::decode(&octets).unwrap().authentication?.spi;
                verify_authentication(&octets, &group_key()).then_some(spi)
            })
            .collect::<Vec<_>>()
    };
    let endless = TimedKey::unlimited(group_key());
    let short = TimedKey {
        not_after: Some(Time(3000)),
        ..endless.clone()
    };
    let of_leaf = PeerKey {
        peer: server(4),
        key: endless.clone(),
    };
    let spi = group_key().spi;
    assert_eq!(with(&[], &[]), [None, None]);
    assert_eq!(with(&[endless], std::slice::from_ref(&of_leaf)), [Some(spi); 2]);
    assert_eq!(with(&[short], &[]), [Some(spi)]);
    assert_eq!(with(&[], &[of_leaf]), []);
}

/// Servers each of which is the root of a VC to all others. Whatever one sends reaches all others.
struct Mesh {
    speakers: Vec<Speaker>,
    now: Time,
    wire: VecDeque<(usize, Vec<u8>)>,
    /// When which server sent a Hello, and how many ids it had.
    hellos: Vec<(u64, usize, usize)>,
    /// Nothing from this server arrives.
    mute: Option<usize>,
}

impl Mesh {
    fn new(count: u8, configure: impl Fn(u8, &mut SpeakerConfig)) -> Self {
        let speakers = (1..=count)
            .map(|id| {
                let others = (1..=count)
                    .filter(|other| *other != id)
                    .map(server)
                    .map(Some);
                let mut config = SpeakerConfig::new(server(id), others.collect());
                let leaves: Vec<u16> = (0..u16::from(count) - 1).collect();
                config.multipoint = vec![vc(&leaves)];
                config.ca_start = 1000 * u32::from(id);
                configure(id, &mut config);
                Speaker::new(config, Time(0))
            })
            .collect();
        let mut mesh = Self {
            speakers,
            now: Time(0),
            wire: VecDeque::new(),
            hellos: Vec::new(),
            mute: None,
        };
        for me in 0..mesh.speakers.len() {
            for leaf in 0..u16::from(count) - 1 {
                mesh.speakers[me].vc_up(Time(0), NeighborIx(leaf));
            }
            mesh.drain(me);
        }
        mesh.pump();
        mesh
    }

    fn drain(&mut self, me: usize) {
        while let Some((at, _, octets)) = self.speakers[me].poll_multipoint() {
            self.hellos.push((at.0, me, listed(&octets).len()));
            self.wire.push_back((me, octets));
        }
        while let Some((_, _, octets)) = self.speakers[me].poll_send() {
            self.wire.push_back((me, octets));
        }
    }

    fn pump(&mut self) {
        let mut steps = 0;
        while let Some((from, octets)) = self.wire.pop_front() {
            steps += 1;
            assert!(steps < 10_000, "the servers do not come to rest");
            if self.mute == Some(from) {
                continue;
            }
            for to in (0..self.speakers.len()).filter(|to| *to != from) {
                // The others in the order of their ids.
                let ix = NeighborIx(if from > to { from - 1 } else { from } as u16);
                self.speakers[to].packet(self.now, ix, &octets, &Taste);
                self.drain(to);
            }
        }
    }

    fn advance(&mut self, ms: u64) {
        let end = Time(self.now.0 + ms);
        let next = |mesh: &Self| {
            mesh.speakers
                .iter()
                .filter_map(Speaker::next_deadline)
                .min()
        };
        while let Some(next) = next(self).filter(|next| *next <= end) {
            self.now = next;
            for me in 0..self.speakers.len() {
                self.speakers[me].fire(next);
                self.drain(me);
            }
            self.pump();
        }
        self.now = end;
    }

    fn cafsms(&self) -> Vec<&'static str> {
        let states = |speaker: &Speaker| {
            speaker
                .neighbor_ids()
                .map(|ix| speaker.cafsm(ix).name())
                .collect::<Vec<_>>()
        };
        self.speakers.iter().flat_map(states).collect()
    }
}

// R2334-2.1-17, R2334-2.1-21, R2334-2.2.3-10, R2334-2.3-27, R2334-2-02: servers that hear all that is
// meant for others ignore it, and agree.
#[test]
fn a_full_mesh_of_such_vcs_aligns_and_floods() {
    let mut mesh = Mesh::new(3, |_, _| {});
    for (me, n) in [(0, 1), (1, 2), (2, 3)] {
        let now = mesh.now;
        mesh.speakers[me]
            .originate(now, key(n), vec![n as u8])
            .unwrap();
    }
    mesh.advance(9000);
    assert_eq!(mesh.cafsms(), ["aligned"; 6]);
    let now = mesh.now;
    mesh.speakers[1].originate(now, key(9), vec![9]).unwrap();
    mesh.drain(1);
    mesh.pump();
    assert_eq!(content(&mesh.speakers[0]).len(), 4);
    for speaker in &mesh.speakers {
        assert_eq!(content(speaker), content(&mesh.speakers[0]));
        assert_eq!(speaker.meters().abnormal, 0);
    }
    // Three seconds apart, whatever the number of leaves.
    let of_first: Vec<_> = mesh.hellos.iter().filter(|h| h.1 == 0).collect();
    assert_eq!(
        of_first,
        [&(0, 0, 0), &(3000, 0, 2), &(6000, 0, 2), &(9000, 0, 2)]
    );
    mesh.mute = Some(2);
    mesh.advance(15_000);
    assert_eq!(
        mesh.hellos.iter().rev().find(|h| h.1 == 0),
        Some(&(24_000, 0, 1))
    );
    mesh.mute = None;
    mesh.advance(9000);
    assert_eq!(mesh.cafsms(), ["aligned"; 6]);
}

// R2334-B.3.1-02: register D09; pairs have keys of their own, and all know those of the VCs.
#[test]
fn such_a_mesh_may_have_keys() {
    let pair = |a: u8, b: u8| AuthKey {
        spi: u32::from(a.min(b)) << 8 | u32::from(a.max(b)),
        key: vec![a.min(b), a.max(b), 1, 2, 3],
    };
    let of_root = |root: u8| AuthKey {
        spi: u32::from(root),
        key: vec![root; 16],
    };
    let mut mesh = Mesh::new(3, |id, config| {
        config.multipoint[0].keys = vec![TimedKey::unlimited(of_root(id))];
        for peer in (1..=3).filter(|peer| *peer != id) {
            for key in [pair(id, peer), of_root(peer)] {
                config.keys.push(PeerKey {
                    peer: server(peer),
                    key: TimedKey::unlimited(key),
                });
            }
        }
    });
    mesh.speakers[0]
        .originate(Time(0), key(1), vec![1])
        .unwrap();
    mesh.advance(9000);
    assert_eq!(mesh.cafsms(), ["aligned"; 6]);
    assert_eq!(content(&mesh.speakers[2]), content(&mesh.speakers[0]));
}
