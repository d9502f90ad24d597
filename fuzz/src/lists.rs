//! The two lists of type, length and value: TLVs of MARS messages and extensions of SCSP packets.

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::wire::mars::{self, Body, Message, Query, TlvAction, Tlvs};
use distributed_mars::wire::scsp::{self, CsasList, Extensions, Header, Packet};

/// Reads `octets` as either list, alone and inside a message.
///
/// # Panics
///
/// When what is listed is not what the octets hold, or the list is judged otherwise inside a message.
pub fn lists(octets: &[u8]) {
    tlvs(octets);
    extensions(octets);
}

/// Types and values, and where the list ends.
type Walked<'a> = (Vec<(u16, &'a [u8])>, usize);

/// The list as anyone can read it: type, value, where the next one starts; up to the first of type
/// zero, which ends it. `None` when the octets run out before.
fn walk(octets: &[u8], padded: bool) -> Option<Walked<'_>> {
    let mut listed = Vec::new();
    let mut at = 0;
    loop {
        let [a, b, c, d] = *octets.get(at..)?.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([c, d]));
        let kind = u16::from_be_bytes([a, b]);
        let value = octets.get(at + 4..at + 4 + length)?;
        at += 4 + length;
        if padded {
            at = at.next_multiple_of(4);
            octets.get(..at)?;
        }
        if kind == 0 {
            return value.is_empty().then_some((listed, at));
        }
        listed.push((kind, value));
    }
}

fn tlvs(octets: &[u8]) {
    let expected = walk(octets, true);
    match Tlvs::parse(octets) {
        Ok(list) => {
            let Some((expected, end)) = expected else {
                panic!("{list:?} in {octets:02x?}");
            };
            let found: Vec<_> = list.iter().map(|tlv| (tlv.raw_kind, tlv.value)).collect();
            assert_eq!((found, end), (expected, octets.len()));
            assert_eq!(list.octets(), octets);
            let verdict = list.verdict();
            let first = list.iter().map(|tlv| tlv.raw_kind >> 14);
            let expected = match first.clone().find(|top| matches!(top, 1 | 2)) {
                Some(1) => TlvAction::Drop,
                Some(_) => TlvAction::Report,
                None => TlvAction::Skip,
            };
            assert_eq!(verdict, expected);
        }
        Err(error) => {
            assert!(error.offset <= octets.len(), "{error}");
            assert!(
                expected.is_none_or(|(_, end)| end < octets.len()),
                "{error} in {octets:02x?}"
            );
        }
    }
    in_message(octets);
}

/// A message with the octets behind it: the list, and octets that trail it, are kept apart.
fn in_message(octets: &[u8]) {
    let Some(number) = AtmNumber::new(AtmForm::Nsapa, &[7; 20]) else {
        return;
    };
    let query = Query {
        source_protocol: ProtocolAddress::default(),
        target: ProtocolAddress::new(&[224, 0, 0, 1]).unwrap_or_default(),
        padding: [0; 8],
    };
    let source = Endpoint {
        number,
        subaddress: None,
    };
    let mut written = Message::new(Protocol::IPV4, source, Body::Request(query)).to_vec();
    let at = written.len();
    if let (Some(field), Ok(offset)) = (written.get_mut(14..16), u16::try_from(at)) {
        field.copy_from_slice(&offset.to_be_bytes());
    }
    written.extend_from_slice(octets);
    let written = crate::checks::sealed_mars(&written);
    crate::checks::mars_message(&written);
    let found = mars::decode(&written);
    match walk(octets, true) {
        Some((expected, end)) => {
            let Ok(found) = found else {
                panic!("{found:?} of {octets:02x?}");
            };
            let listed: Vec<_> = found.tlvs.iter().map(|t| (t.raw_kind, t.value)).collect();
            assert_eq!(listed, expected);
            assert_eq!(found.tlvs.octets().len(), end);
            assert_eq!(found.reserved.trailing.len(), octets.len() - end);
        }
        None => assert!(found.is_err(), "{found:?}"),
    }
}

fn extensions(octets: &[u8]) {
    // One Authentication extension at most, and room in it for its SPI.
    let expected = walk(octets, false).filter(|(listed, _)| {
        let mut authentications = listed.iter().filter(|(kind, _)| *kind == 1);
        let first = authentications.next();
        first.is_none_or(|(_, value)| value.len() >= 4) && authentications.next().is_none()
    });
    let found = Extensions::parse(octets);
    match (&found, &expected) {
        (Ok(found), Some((listed, end))) => {
            let all: Vec<_> = found.iter().map(|one| (one.kind, one.value)).collect();
            assert_eq!(&all, listed);
            assert_eq!(found.after_end().len(), octets.len() - end);
            let authentication = found.authentication().map(|one| one.data);
            let value = listed.iter().find(|(kind, _)| *kind == 1);
            assert_eq!(authentication, value.and_then(|(_, value)| value.get(4..)));
        }
        (Err(error), None) => assert!(error.offset <= octets.len(), "{error}"),
        _ => panic!("{found:?} of {octets:02x?}"),
    }
    in_packet(octets, found.ok());
}

fn in_packet(octets: &[u8], expected: Option<Extensions<'_>>) {
    let header = Header::mars(1, ServerId([1; 4]), Some(ServerId([2; 4])));
    let mut written = Vec::new();
    Packet::new(header, scsp::Body::Csus(CsasList::default())).encode(&mut written);
    if octets.is_empty() || written.len() + octets.len() > usize::from(u16::MAX) {
        return;
    }
    let at = written.len();
    if let (Some(field), Ok(offset)) = (written.get_mut(6..8), u16::try_from(at)) {
        field.copy_from_slice(&offset.to_be_bytes());
    }
    written.extend_from_slice(octets);
    let written = crate::checks::resized_scsp(&written);
    crate::checks::scsp_packet(&written);
    let found = scsp::decode(&written);
    assert_eq!(found.map(|packet| packet.extensions).ok(), expected);
}
