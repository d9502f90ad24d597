//! Keys: what is sent under which, and what is believed.

use crate::io::Time;
use crate::wire::scsp::{
    self, AuthKey, Body, Csa, Csas, EncodeBody, Header, SequenceNumber, verify_authentication,
};

use super::super::auth::{AuthFault, PeerKey, TimedKey};
use super::super::event::{DropReason, NeighborIx, SpeakerEvent};
use super::peer::Scripted;
use super::sim::Sim;
use super::{ServerId, events, key, server};

fn secret(spi: u32) -> AuthKey {
    AuthKey {
        spi,
        key: format!("a secret of sixteen {spi:08x}").into_bytes(),
    }
}

fn shared(peer: u8, key: AuthKey) -> PeerKey {
    PeerKey {
        peer: server(peer),
        key: TimedKey::unlimited(key),
    }
}

fn limited(peer: u8, spi: u32, from: u64, until: u64) -> PeerKey {
    PeerKey {
        peer: server(peer),
        key: TimedKey {
            key: secret(spi),
            not_before: Time(from),
            not_after: Some(Time(until)),
        },
    }
}

/// Server 10.0.0.2 with neighbours 10.0.0.n, whose ids are configured, and these keys.
fn keyed(ids: &[u8], keys: Vec<PeerKey>) -> Scripted {
    Scripted::with(ids, |config| {
        config.neighbors = ids.iter().map(|&id| Some(server(id))).collect();
        config.keys = keys;
    })
}

fn frame(sender: ServerId, body: &EncodeBody<'_>, key: Option<&AuthKey>) -> Vec<u8> {
    let mut octets = Vec::new();
    let header = Header::mars(1, sender, Some(server(2)));
    scsp::encode(&header, body, key, &mut octets);
    octets
}

const HELLO: EncodeBody<'static> = EncodeBody::Hello {
    hello_interval: 3600,
    dead_factor: 1,
    family: 0,
    additional: &[],
};

const fn ca(sequence: u32, bid: bool) -> EncodeBody<'static> {
    EncodeBody::Ca {
        sequence,
        master: true,
        init: bid,
        more: bid,
        records: &[],
    }
}

/// Brings neighbour `n`, which has a larger id, to Aligned under this key.
fn align(s: &mut Scripted, n: usize, id: u8, key: &AuthKey) {
    for body in [HELLO, ca(70, true), ca(71, false)] {
        s.raw(n, &frame(server(id), &body, Some(key)));
    }
    assert_eq!(s.cafsm(n), "aligned");
    s.clear();
}

fn record(origin: u8, n: u16) -> Csa<'static> {
    let csas = Csas {
        hop_count: 9,
        ..Csas::new(key(n), server(origin), SequenceNumber(5))
    };
    Csa { csas, body: &[1] }
}

/// The SPIs of what was sent to a neighbour; each packet's authentication is right under its key.
fn spis(s: &Scripted, n: usize) -> Vec<Option<u32>> {
    let to = s.sent.iter().filter(|(to, _)| *to == n);
    to.map(|(_, octets)| {
        let spi = scsp::decode(octets).unwrap().authentication?.spi;
        assert!(verify_authentication(octets, &secret(spi)));
        Some(spi)
    })
    .collect()
}

fn faults(s: &Scripted) -> Vec<(AuthFault, u64)> {
    let dropped = s.speaker.meters().dropped.iter();
    dropped
        .filter_map(|(reason, count)| match reason {
            DropReason::Authentication(fault) => Some((*fault, *count)),
            _ => None,
        })
        .collect()
}

fn logged(s: &mut Scripted, code: &str) -> usize {
    events(&mut s.speaker)
        .iter()
        .filter(|e| matches!(e, SpeakerEvent::Logged { event, .. } if event.code == code))
        .count()
}

// R2334-B.3.1-02, R2334-B.3.1-04, R2334-B.3.1.1-02, R2334-B.3.1.1-03, R2334-B.3.1.2-01,
// R2334-B.3.1.4-01, R2334-B.3.1.5-04, R2443-6-03: who has a key is believed about others, too.
#[test]
fn each_hop_has_its_own_key() {
    let mut s = keyed(
        &[3, 4, 5],
        vec![shared(3, secret(0x103)), shared(4, secret(0x104))],
    );
    // Hellos before anything is heard: the id is configured, so the key is known.
    let all = |s: &Scripted| [0, 1, 2].map(|n| spis(s, n));
    assert_eq!(all(&s), [vec![Some(0x103)], vec![Some(0x104)], vec![None]]);
    align(&mut s, 0, 3, &secret(0x103));
    align(&mut s, 1, 4, &secret(0x104));
    s.align(2);
    // A record of a fourth server, which has no key here at all.
    let csa = [record(9, 1)];
    let csu = EncodeBody::CsuRequest(&csa);
    s.raw(0, &frame(server(3), &csu, Some(&secret(0x103))));
    assert_eq!(all(&s), [vec![Some(0x103)], vec![Some(0x104)], vec![None]]);
    assert_eq!((s.csas_to(1).len(), s.csas_to(2).len()), (1, 1));
    let (_, octets) = s.sent.iter().find(|(to, _)| *to == 1).unwrap();
    let data = scsp::decode(octets).unwrap().authentication.unwrap().data;
    assert_eq!(data.len(), 16);
}

// R2334-B.3.1-03, R2334-B.3.1.4-03, R2334-B.3.1.4-04, R2334-B.3.1.5-03, R2334-B.3.1.3-02,
// R2443-6-02: register D07.
#[test]
fn what_is_not_authentic_changes_nothing_and_is_counted_by_reason() {
    let mut s = keyed(
        &[3, 4],
        vec![
            shared(3, secret(1)),
            limited(3, 2, 0, 5000),
            limited(3, 3, 9000, 10_000),
        ],
    );
    align(&mut s, 0, 3, &secret(1));
    s.align(1);
    s.pass(5000);
    s.clear();
    logged(&mut s, "");
    let before = s.speaker.core().clone();
    let csa = [record(9, 1)];
    let csas = [record(9, 1).csas];
    let bodies = [
        HELLO,
        ca(500, true),
        EncodeBody::CsuRequest(&csa),
        EncodeBody::CsuReply(&csas),
        EncodeBody::Csus(&csas),
    ];
    let mut other_key = secret(1);
    other_key.key[0] ^= 1;
    for body in &bodies {
        // No extension; a wrong key; an unknown SPI; a key too old and one too young.
        s.raw(0, &frame(server(3), body, None));
        s.raw(0, &frame(server(3), body, Some(&other_key)));
        s.raw(0, &frame(server(3), body, Some(&secret(9))));
        s.raw(0, &frame(server(3), body, Some(&secret(2))));
        s.raw(0, &frame(server(3), body, Some(&secret(3))));
        // Somebody without a key in the place of the neighbour, and the neighbour's key in his hand.
        s.raw(0, &frame(server(8), body, None));
        s.raw(0, &frame(server(8), body, Some(&secret(1))));
        // A key where none is agreed.
        s.raw(1, &frame(server(4), body, Some(&secret(1))));
        assert_eq!(*s.speaker.core(), before, "{body:?}");
    }
    assert_eq!(s.sent, []);
    let expected = [
        (AuthFault::Missing, 10),
        (AuthFault::Unexpected, 5),
        (AuthFault::UnknownSpi, 10),
        (AuthFault::OutOfTime, 10),
        (AuthFault::WrongMac, 5),
    ];
    assert_eq!(faults(&s), expected);
    assert_eq!(logged(&mut s, "not-authenticated"), 40);
    assert_eq!(s.speaker.meters().abnormal, 0);
}

// R2334-B.3.1.5-03, R2334-B.3.1.1-03: no octet can be changed, with the checksum made to fit.
#[test]
fn a_changed_octet_is_noticed_wherever_it_is() {
    let mut s = keyed(&[3], vec![shared(3, secret(1))]);
    align(&mut s, 0, 3, &secret(1));
    let csa = [record(9, 1)];
    let good = frame(server(3), &EncodeBody::CsuRequest(&csa), Some(&secret(1)));
    let before = s.speaker.core().clone();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        if !(4..6).contains(&at) {
            bad[4..6].fill(0);
            let sum = crate::wire::checksum::compute(&bad);
            bad[4..6].copy_from_slice(&sum.to_be_bytes());
        }
        s.raw(0, &bad);
        assert_eq!(*s.speaker.core(), before, "octet {at}");
    }
    // Cut anywhere, it is malformed; between neighbours with keys that is nobody's word.
    for length in 0..good.len() {
        s.raw(0, &good[..length]);
        assert_eq!(*s.speaker.core(), before, "length {length}");
    }
    s.raw(0, &good);
    assert!(s.speaker.get(server(9), key(1)).is_some());
}

// R2334-B.3.1.4-03: what this server sent itself is not the neighbour's word, though key and SPI fit.
#[test]
fn own_packets_that_come_back_are_not_believed() {
    let mut s = keyed(&[3], vec![shared(3, secret(1))]);
    let hello = s.sent[0].1.clone();
    align(&mut s, 0, 3, &secret(1));
    let before = s.speaker.core().clone();
    s.raw(0, &hello);
    assert_eq!(*s.speaker.core(), before);
    assert_eq!(faults(&s), [(AuthFault::UnknownSpi, 1)]);
}

// R2334-B.3.1.3-02: the same SPI is another key with another neighbour.
#[test]
fn an_spi_means_what_its_neighbour_agreed_to() {
    let mut theirs = secret(7);
    theirs.key.reverse();
    let mut s = keyed(
        &[3, 4],
        vec![shared(3, secret(7)), shared(4, theirs.clone())],
    );
    align(&mut s, 0, 3, &secret(7));
    align(&mut s, 1, 4, &theirs);
    s.raw(0, &frame(server(3), &HELLO, Some(&theirs)));
    s.raw(1, &frame(server(4), &HELLO, Some(&secret(7))));
    assert_eq!(faults(&s), [(AuthFault::WrongMac, 2)]);
}

// R2334-B.3.1.3-04: a new key is brought in while the old one is alive, on either side first.
#[test]
fn keys_may_be_changed_in_mid_stream() {
    let mut s = keyed(&[3], vec![shared(3, secret(1)), shared(3, secret(2))]);
    align(&mut s, 0, 3, &secret(1));
    for (n, spi) in [(1, 2), (2, 1), (3, 2)] {
        let csa = [record(9, n)];
        s.raw(
            0,
            &frame(server(3), &EncodeBody::CsuRequest(&csa), Some(&secret(spi))),
        );
        assert!(s.speaker.get(server(9), key(n)).is_some());
    }
    assert_eq!(spis(&s, 0), [Some(1); 3]);
    assert_eq!(faults(&s), []);
}

// R2334-B.3.1.3-03, R2334-B.3.1.4-02
#[test]
fn a_key_that_is_over_is_neither_sent_under_nor_believed() {
    let mut s = keyed(
        &[3],
        vec![limited(3, 1, 0, 6000), limited(3, 2, 4000, 9000)],
    );
    align(&mut s, 0, 3, &secret(1));
    s.pass(3000);
    s.pass(3000);
    assert_eq!(spis(&s, 0), [Some(1), Some(2)]);
    s.clear();
    s.raw(0, &frame(server(3), &HELLO, Some(&secret(1))));
    s.raw(0, &frame(server(3), &HELLO, Some(&secret(2))));
    assert_eq!(faults(&s), [(AuthFault::OutOfTime, 1)]);
    // With the last key gone nothing is sent, and that is said.
    logged(&mut s, "");
    s.pass(3000);
    s.speaker.originate(s.now, key(1), vec![1]).unwrap();
    s.drain();
    assert_eq!(s.sent, []);
    assert_eq!(s.speaker.meters().withheld, 2);
    assert_eq!(logged(&mut s, "no-valid-key"), 2);
    // Nor is silence that could be had without a key taken for agreement to do without.
    s.raw(0, &frame(server(3), &HELLO, None));
    assert_eq!(
        faults(&s),
        [(AuthFault::Missing, 1), (AuthFault::OutOfTime, 1)]
    );
    // The dead time ends what nobody can speak for.
    s.pass(3_600_000);
    assert_eq!(s.hfsm(0), "waiting");
}

/// Keys of either of two servers: each sends under one and takes both.
fn with_keys(ix: usize, config: &mut super::SpeakerConfig) {
    let spis = [[0x1000, 0x1001], [0x1001, 0x1000]][ix];
    config.keys = spis.map(|spi| shared([2, 1][ix], secret(spi))).to_vec();
    config.mtu = 300;
}

// R2334-B.3.1-02, R2334-B.1-07: two servers, and what they send fits into the MTU all the same.
#[test]
fn two_servers_with_keys_align_and_stay_within_the_mtu() {
    for ids_configured in [[true, true], [true, false], [false, true]] {
        let mut sim = Sim::pair(|ix, config| {
            with_keys(ix, config);
            if ids_configured[ix] {
                config.neighbors = vec![Some(server([2, 1][ix]))];
            }
        });
        for n in 0..40 {
            sim.originate(0, n, &[1; 30]);
            sim.originate(1, n, &[2; 30]);
        }
        sim.all_up();
        sim.advance(9000);
        sim.assert_aligned();
        for n in 0..40 {
            sim.originate(0, n, &[3; 30]);
        }
        sim.pump();
        sim.assert_equal_caches();
        assert!(sim.log.iter().all(|f| f.octets.len() <= 300));
        let longest = sim.log.iter().map(|f| f.octets.len()).max();
        assert!(longest > Some(300 - 50), "{longest:?}");
        // Only the first Hellos of a server that does not know whom it speaks to are bare.
        for f in sim
            .log
            .iter()
            .filter(|f| f.packet().authentication.is_none())
        {
            assert!(!ids_configured[f.from] && matches!(f.packet().body, Body::Hello { .. }));
        }
    }
}

// R2334-B.3.1.2-01, R2334-B.3.1.1-01, R2334-B.3.1.4-03: register D08; a frame that is not of our making.
#[test]
fn the_golden_hello_is_believed_with_its_key() {
    // G7 of the golden frames, a Hello of 10.0.0.1 to 10.0.0.2; its key is that of RFC 2104's first test.
    let hex = "01050040f570002400030003000000000003000100000000040400000a000001\
               0a0000020001001400001000b125683d9392cd01157545c766fca4cf00000000";
    let octets: Vec<u8> = (0..hex.len() / 2)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    let golden = AuthKey {
        spi: 0x1000,
        key: vec![0x0b; 16],
    };
    let mut s = keyed(&[1], vec![shared(1, golden)]);
    s.raw(0, &octets);
    assert_eq!(s.hfsm(0), "bidirectional");
    let mut bare = Scripted::new(&[1]);
    bare.raw(0, &octets);
    assert_eq!(faults(&bare), [(AuthFault::Unexpected, 1)]);
    assert_eq!(bare.speaker.hfsm(NeighborIx(0)).name(), "waiting");
}
