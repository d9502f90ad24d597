//! Sweeps that know the fields: every reserved bit, every inner length, every order of extensions.

use std::collections::{BTreeMap, BTreeSet};

use super::annotate::{Field, fields};
use super::sweep::reseal;
use super::{Kind, recode, samples, unhex};
use crate::wire::csa::decode_record;
use crate::wire::error::WireError;
use crate::wire::{mars, scsp};

/// The bits of a field that a receiver ignores, as a mask over its octets; by the tables of
/// `layouts-and-constants.md`. `kind` is the SCSP type or MARS op.
fn reserved_bits(kind: Kind, octets: &[u8], field: &Field) -> Vec<u8> {
    let mut mask = vec![0; field.length];
    match (kind, field.name.as_str()) {
        // R2022-4.3-03, R2022-5.1.2-01, R2022-5.4.3-02
        (_, "unused" | "mar$hdrrsv" | "reserved" | "padding") => mask.fill(0xff),
        (_, "N, unused") => mask.copy_from_slice(&[0x7f, 0xff]),
        (Kind::Scsp, "Flags") => match octets[1] {
            1 => mask.copy_from_slice(&[0x1f, 0xff]),
            // R2334-B.2.2-03, R2334-B.2.5-07
            _ if field.at < 20 => mask.fill(0xff),
            _ => {}
        },
        // R2022-4.3.2-03
        (Kind::Mars, "mar$pro.snap") if octets[2..4] != [0, 0x80] => mask.fill(0xff),
        // R2022-10.1-02
        (Kind::Mars, "mar$extoff") => mask[1] = 3,
        // R2022-5.2.1-03
        (Kind::Mars, "mar$flags") => mask[0] = 0x0f,
        (Kind::Mars, "mar$redirf") => mask[0] = 0x7f,
        // R2022-5.1.2-06
        (Kind::Mars, "mar$sstl" | "mar$tstl") if octets[field.at] & 0x3f == 0 => mask[0] = 0x40,
        _ => {}
    }
    mask
}

/// What a message means, reserved bits left out.
fn meaning(kind: Kind, octets: &[u8]) -> Result<String, WireError> {
    match kind {
        Kind::Scsp => {
            let mut packet = scsp::decode(octets)?;
            packet.reserved = scsp::Reserved::default();
            let mut text = format!("{packet:?}");
            if let scsp::Body::CsuRequest(records) = packet.body {
                text = format!("{:?} {:?}", packet.header, packet.extensions);
                for record in records.iter() {
                    let csas = scsp::Csas {
                        unused: 0,
                        ..record.csas
                    };
                    text += &format!("{csas:?}");
                    if !csas.null {
                        let mut record = decode_record(record.body)?;
                        record.unused = 0;
                        text += &format!("{record:?}");
                    }
                }
            } else if let scsp::Body::Ca { records, .. }
            | scsp::Body::CsuReply(records)
            | scsp::Body::Csus(records) = packet.body
            {
                text = format!("{:?} {:?}", packet.header, packet.extensions);
                for csas in records.iter() {
                    text += &format!("{:?}", scsp::Csas { unused: 0, ..csas });
                }
            }
            Ok(text)
        }
        Kind::Mars => {
            let mut message = mars::decode(octets)?;
            message.reserved = mars::Reserved::default();
            let text = format!("{message:?}");
            Ok(match message.body {
                mars::Body::Request(query) | mars::Body::Nak(query) => {
                    let (from, target) = (query.source_protocol, query.target);
                    format!(
                        "{:?} {:?} {from:?} {target:?}",
                        message.body.op(),
                        message.source
                    )
                }
                body => match body.membership() {
                    Some(membership) => text.replace(
                        &format!("flags: {:?}", membership.flags),
                        &format!(
                            "flags: {:?}",
                            membership.flags.without(mars::MembershipFlags::RESERVED)
                        ),
                    ),
                    None => text,
                },
            })
        }
    }
}

#[test]
fn every_reserved_bit_is_ignored_and_kept() {
    let mut toggled = BTreeMap::<String, usize>::new();
    for (name, kind, octets) in samples::all() {
        let meant = meaning(kind, &octets).unwrap();
        for field in fields(kind, &octets) {
            let mask = reserved_bits(kind, &octets, &field);
            for (place, bits) in mask.iter().enumerate() {
                for bit in (0..8).map(|bit| 1u8 << bit).filter(|bit| bits & bit != 0) {
                    let mut odd = octets.clone();
                    odd[field.at + place] ^= bit;
                    let unchecked = kind == Kind::Mars && odd[12..14] == [0, 0];
                    if !unchecked {
                        reseal(kind, &mut odd);
                    }
                    let what = format!("{name}: {} bit {bit:#04x} of octet {place}", field.name);
                    assert_eq!(meaning(kind, &odd).as_ref(), Ok(&meant), "{what}");
                    assert_eq!(recode(kind, &odd).as_ref(), Ok(&odd), "{what}");
                    *toggled.entry(field.name.clone()).or_default() += 1;
                }
            }
        }
    }
    let names: BTreeSet<&str> = toggled.keys().map(String::as_str).collect();
    let all = [
        "Flags",
        "N, unused",
        "mar$extoff",
        "mar$flags",
        "mar$hdrrsv",
        "mar$pro.snap",
        "mar$redirf",
        "mar$sstl",
        "mar$tstl",
        "padding",
        "reserved",
        "unused",
    ];
    assert_eq!(names, BTreeSet::from(all));
}

/// Whether a field says how long something is, how many there are or where it starts.
fn is_length(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or_default();
    name.ends_with("Len")
        || name.ends_with("Length")
        || name.ends_with("T/L")
        || name.ends_with("length")
        || ["Packet Size", "Start Of Extensions", "Number of Records"].contains(&name)
        || (name.starts_with("mar$")
            && ["tl", "pln", "num", "extoff"]
                .iter()
                .any(|end| name.ends_with(end)))
}

#[test]
fn every_inner_length_is_believed_only_when_it_fits() {
    let mut refused = BTreeMap::<String, usize>::new();
    for (name, kind, octets) in samples::all() {
        for field in fields(kind, &octets)
            .into_iter()
            .filter(|field| is_length(&field.name) && (1..=2).contains(&field.length))
        {
            let place = field.at..field.at + field.length;
            let old = octets[place.clone()]
                .iter()
                .fold(0u32, |sum, octet| sum << 8 | u32::from(*octet));
            let top = (1u32 << (8 * field.length)) - 1;
            let entry = refused.entry(field.name.clone()).or_default();
            let near = (0..=70).chain([top / 2, top / 2 + 1, top - 1, top]);
            for new in near.chain([old.wrapping_sub(1), old + 1, old + 4]) {
                if new == old || new > top {
                    continue;
                }
                let mut odd = octets.clone();
                odd[place.clone()].copy_from_slice(&new.to_be_bytes()[4 - field.length..]);
                reseal(kind, &mut odd);
                match recode(kind, &odd) {
                    Ok(again) => assert_eq!(again, odd, "{name}: {} {new}", field.name),
                    Err(_) => *entry += 1,
                }
            }
        }
    }
    // CSA records are read by whoever knows the protocol ID; theirs are swept in `errors/records.rs`.
    let never: Vec<&String> = refused
        .iter()
        .filter(|(name, count)| **count == 0 && !name.ends_with("T/L") && !name.contains("Addr"))
        .map(|(name, _)| name)
        .collect();
    assert!(never.is_empty(), "no value of these is refused: {never:?}");
    assert!(refused.len() > 20, "{refused:?}");
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    (0..items.len())
        .flat_map(|first| {
            let mut others = items.to_vec();
            let head = others.remove(first);
            permutations(&others).into_iter().map(move |mut rest| {
                rest.insert(0, head.clone());
                rest
            })
        })
        .collect()
}

#[test]
fn extensions_come_in_any_order() {
    // R2334-B.3-03, R2334-B.3-04: authentication, vendor private, one unknown, one unknown and empty.
    let one = [
        unhex("0001 0008 00000102 aabbccdd"),
        unhex("0002 0005 0090e6 beef"),
        unhex("0777 0003 010203"),
        unhex("8000 0000"),
    ];
    let orders = permutations(&one);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let mut octets = order.concat();
        octets.extend([0; 4]);
        let read = scsp::Extensions::parse(&octets).unwrap();
        let kinds: Vec<u16> = read.iter().map(|extension| extension.kind).collect();
        let sent: Vec<u16> = order
            .iter()
            .map(|one| u16::from_be_bytes([one[0], one[1]]))
            .collect();
        assert_eq!(kinds, sent);
        let authentication = read.authentication().unwrap();
        assert_eq!(
            (authentication.spi, authentication.data),
            (0x0102, &[0xaa, 0xbb, 0xcc, 0xdd][..])
        );
        assert_eq!((read.octets(), read.after_end()), (&octets[..], &[][..]));
        // Nothing may come after End; what does is ignored (register D11).
        octets.extend(unhex("0001 0008 00000103 aabbccdd"));
        let longer = scsp::Extensions::parse(&octets).unwrap();
        assert_eq!(longer.iter().count(), 4);
        assert_eq!(longer.authentication().unwrap().spi, 0x0102);
    }
}

#[test]
fn supplementary_parameters_come_in_any_order() {
    // R2022-10.2-01: each padded to 32 bits.
    let one = [
        unhex("1001 0005 0102030405 000000"),
        unhex("3800 0000"),
        unhex("0777 0004 0a0b0c0d"),
    ];
    for order in permutations(&one) {
        let mut octets = order.concat();
        octets.extend([0; 4]);
        let read = mars::Tlvs::parse(&octets).unwrap();
        let kinds: Vec<u16> = read.iter().map(|tlv| tlv.kind()).collect();
        let sent: Vec<u16> = order
            .iter()
            .map(|one| u16::from_be_bytes([one[0], one[1]]) & 0x3fff)
            .collect();
        assert_eq!(kinds, sent);
        assert_eq!(read.octets(), octets);
    }
}
