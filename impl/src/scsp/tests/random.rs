//! Loss, duplication, delay and nonsense by chance.

use proptest::prelude::*;

use crate::io::Time;
use crate::wire::checksum;

use super::super::event::NeighborIx;
use super::peer::Scripted;
use super::sim::{Fate, Sim};
use super::{Taste, content, server};

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Deliver),
        2 => Just(Fate::Lose),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Late),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    // R2334-2.2.3-09, R2334-2.3-16: after the last fault the servers come to agree.
    #[test]
    fn finite_faults_end_in_equal_caches(
        fates in prop::collection::vec(fate(), 1..120),
        changes in prop::collection::vec((0usize..3, 0u16..6, 0u64..4000), 0..30),
        mtu in prop_oneof![Just(92u16), Just(300), Just(9180)],
        line in any::<bool>(),
    ) {
        let ring = [(0, 1), (1, 2), (0, 2)];
        let links = if line { &ring[..2] } else { &ring[..] };
        let mut sim = Sim::new(3, links, |_, config| config.mtu = mtu);
        let mut fates = fates.into_iter();
        sim.link = Box::new(move |_| fates.next().unwrap_or(Fate::Deliver));
        sim.all_up();
        for (count, (me, key, wait)) in changes.into_iter().enumerate() {
            sim.originate_and_pump(me, key, &[me as u8, count as u8]);
            sim.advance(wait);
        }
        sim.advance(30_000);
        sim.link = Box::new(|_| Fate::Deliver);
        // Long enough for retry limits, dead times and new negotiations one after the other.
        sim.advance(60_000);
        sim.assert_aligned();
        sim.assert_equal_caches();
        let sent = sim.log.len();
        sim.advance(12_000);
        prop_assert!(sim.log[sent..].iter().all(|f| f.kind() == 'H'));
    }

    // R2334-1-02: links that come and go.
    #[test]
    fn links_that_come_and_go_end_in_equal_caches(
        moves in prop::collection::vec((0usize..4, 0u8..4, 0u64..5000), 0..40),
    ) {
        let links = [(0, 1), (1, 2), (2, 3), (0, 3)];
        let mut sim = Sim::new(4, &links, |_, config| config.mtu = 132);
        let mut up = [false; 4];
        for (count, (n, what, wait)) in moves.into_iter().enumerate() {
            let (a, b) = links[n];
            match what {
                0 if up[n] => {
                    up[n] = false;
                    sim.down(a, b);
                }
                0 | 1 if !up[n] => {
                    up[n] = true;
                    sim.up(a, b);
                }
                _ => sim.originate_and_pump(n, u16::from(what), &[count as u8]),
            }
            sim.advance(wait);
        }
        for (n, (a, b)) in links.into_iter().enumerate() {
            if !up[n] {
                sim.up(a, b);
            }
        }
        sim.advance(30_000);
        sim.assert_aligned();
        sim.assert_equal_caches();
    }
}

/// A packet of a real exchange with some octets changed, its checksum put right half of the time.
fn mutilated(
    log: &[Vec<u8>],
    pick: usize,
    cut: usize,
    edits: &[(usize, u8)],
    mend: bool,
) -> Vec<u8> {
    let mut octets = log[pick % log.len()].clone();
    for &(at, octet) in edits {
        let at = at % octets.len();
        octets[at] = octet;
    }
    octets.truncate(octets.len() - cut % octets.len());
    if mend && octets.len() >= 8 {
        octets[4..6].fill(0);
        let sum = checksum::compute(&octets);
        octets[4..6].copy_from_slice(&sum.to_be_bytes());
    }
    octets
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    // R2334-2.1-19: nothing panics, and a frame that cannot be read leaves the cache alone.
    #[test]
    fn no_octets_do_harm(
        frames in prop::collection::vec(
            (
                any::<usize>(),
                prop_oneof![3 => Just(0usize), 1 => any::<usize>()],
                prop::collection::vec((any::<usize>(), any::<u8>()), 0..4),
                any::<bool>(),
                0u64..3000,
            ),
            1..40,
        ),
        noise in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4),
    ) {
        let mut sim = Sim::pair(|_, config| config.mtu = 92);
        for n in 0..5 {
            sim.originate(0, n, &[1]);
            sim.originate(1, n, &[2]);
        }
        sim.all_up();
        sim.advance(3000);
        let log: Vec<_> = sim.log.iter().filter(|f| f.to == 1).map(|f| f.octets.clone()).collect();
        let speaker = &mut sim.speakers[1];
        let mut now = sim.now;
        for (pick, cut, edits, mend, wait) in frames {
            now = Time(now.0 + wait);
            let octets = mutilated(&log, pick, cut, &edits, mend);
            speaker.fire(now);
            let before = content(speaker);
            speaker.packet(now, NeighborIx(0), &octets, &Taste);
            while speaker.poll_send().is_some() {}
            if crate::wire::scsp::decode(&octets).is_err() {
                prop_assert_eq!(content(speaker), before);
            }
            prop_assert!(speaker.next_deadline().is_none_or(|next| next > now));
        }
        for octets in noise {
            let before = content(speaker);
            speaker.packet(now, NeighborIx(0), &octets, &Taste);
            if crate::wire::scsp::decode(&octets).is_err() {
                prop_assert_eq!(content(speaker), before);
            }
        }
        prop_assert!(speaker.cache().filter(|(origin, ..)| *origin == server(2)).count() == 5);
    }

    // R2334-2.2.2-01: any sequence of CAs leaves the speaker able to align.
    #[test]
    fn any_cas_leave_the_speaker_able_to_align(
        cas in prop::collection::vec((498u32..510, 0u8..8, 0usize..2), 0..30),
        larger in any::<bool>(),
    ) {
        let mut s = Scripted::new(&[if larger { 3 } else { 1 }]);
        s.hello(0, true);
        for (number, bits, records) in cas {
            let flags: String = ['M', 'I', 'O']
                .into_iter()
                .enumerate()
                .filter(|(bit, _)| bits & 1 << bit != 0)
                .map(|(_, letter)| letter)
                .collect();
            let summary = crate::wire::scsp::Csas::new(
                super::key(1),
                server(9),
                crate::wire::scsp::SequenceNumber(4),
            );
            s.ca(0, number, &flags, &vec![summary; records]);
        }
        s.hello(0, false);
        s.clear();
        s.align(0);
    }
}
