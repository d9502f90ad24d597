//! Acknowledgements that wait to be collected share a CSU Reply.

use crate::io::Time;
use crate::wire::codepoints::ScspType;
use crate::wire::scsp::{self, Body, CSAS_LENGTH, Csa, Csas, EncodeBody, Header, SequenceNumber};

use super::super::event::NeighborIx;
use super::peer::Scripted;
use super::{Taste, key, server};

/// Gives the speaker a CSU Request with these keys and collects nothing.
fn give(s: &mut Scripted, n: u16, from: u8, keys: &[u16]) {
    let csas: Vec<_> = keys
        .iter()
        .map(|&k| Csas::new(key(k), server(9), SequenceNumber(1)))
        .collect();
    let records: Vec<_> = csas.iter().map(|&csas| Csa { csas, body: &[1] }).collect();
    let header = Header::mars(1, server(from), Some(server(2)));
    let mut octets = Vec::new();
    scsp::encode(
        &header,
        &EncodeBody::CsuRequest(&records),
        None,
        &mut octets,
    );
    s.speaker.packet(s.now, NeighborIx(n), &octets, &Taste);
}

/// Collects; for each CSU Reply its neighbour, when it was made, and the last octets of its keys.
fn replies(s: &mut Scripted) -> Vec<(u16, u64, Vec<u8>)> {
    let mut replies = Vec::new();
    while let Some((at, ix, octets)) = s.speaker.poll_send() {
        if let Body::CsuReply(records) = scsp::decode(&octets).unwrap().body {
            let keys = records.iter().map(|csas| csas.key.0[3]).collect();
            replies.push((ix.0, at.0, keys));
        }
    }
    replies
}

// R2334-2.3-06, R2334-2.3-29
#[test]
fn requests_taken_before_anything_is_collected_are_answered_together() {
    let mut s = Scripted::new(&[3]);
    s.align(0);
    give(&mut s, 0, 3, &[1, 2]);
    give(&mut s, 0, 3, &[3]);
    assert_eq!(replies(&mut s), [(0, 0, vec![1, 2, 3])]);
    give(&mut s, 0, 3, &[4]);
    assert_eq!(replies(&mut s), [(0, 0, vec![4])]);
    assert_eq!(replies(&mut s), []);
}

#[test]
fn a_reply_is_no_longer_than_the_mtu() {
    let mtu = scsp::overhead(ScspType::CsuReply) + 3 * CSAS_LENGTH;
    let mut s = Scripted::with(&[3], |config| config.mtu = mtu as u16);
    s.align(0);
    give(&mut s, 0, 3, &[1, 2]);
    give(&mut s, 0, 3, &[3, 4, 5, 6]);
    give(&mut s, 0, 3, &[7]);
    assert_eq!(
        replies(&mut s),
        [
            (0, 0, vec![1, 2, 3]),
            (0, 0, vec![4, 5, 6]),
            (0, 0, vec![7])
        ]
    );
}

#[test]
fn other_neighbours_and_other_times_have_replies_of_their_own() {
    let mut s = Scripted::new(&[1, 3]);
    s.align_all();
    give(&mut s, 0, 1, &[1]);
    give(&mut s, 1, 3, &[2]);
    give(&mut s, 0, 1, &[3]);
    s.now = Time(7);
    give(&mut s, 0, 1, &[4]);
    assert_eq!(
        replies(&mut s),
        [
            (0, 0, vec![1]),
            (1, 0, vec![2]),
            (0, 0, vec![3]),
            (0, 7, vec![4])
        ]
    );
}

// R2334-2.2.3-08: what was sent in between stays in between.
#[test]
fn no_reply_overtakes_another_message() {
    let mtu = scsp::overhead(ScspType::Csus) + CSAS_LENGTH;
    let mut s = Scripted::with(&[3], |config| config.mtu = mtu as u16);
    s.negotiate(0);
    let announced = |k| Csas::new(key(k), server(9), SequenceNumber(1));
    s.summarize(0, &[announced(1), announced(2)]);
    s.clear();
    // The first answer is followed by the next CSUS.
    give(&mut s, 0, 3, &[1]);
    give(&mut s, 0, 3, &[2]);
    s.drain();
    let kinds: Vec<_> = s
        .sent
        .iter()
        .map(|(_, octets)| scsp::decode(octets).unwrap().body.type_code())
        .collect();
    assert_eq!(
        kinds,
        [ScspType::CsuReply, ScspType::Csus, ScspType::CsuReply]
    );
    assert_eq!(s.replies_to(0), [announced(1), announced(2)]);
}
