//! The Authentication extension: what was signed passes, whatever is touched does not.

use arbitrary::{Result, Unstructured};
use distributed_mars::wire::scsp::{self, AuthKey, hmac_md5, verify_authentication};

use crate::checks::{resized_scsp, sealed_scsp};
use crate::messages;

/// Signs a packet made of `octets` and plays with it; and takes `octets` for a signed packet.
///
/// # Panics
///
/// When a right MAC is refused, or a wrong one, a changed packet or another key passes.
pub fn auth(octets: &[u8]) {
    let mut source = Unstructured::new(octets);
    // Running out of octets ends the attempt.
    let _ = signed(&mut source);
    let _ = by_hand(&mut Unstructured::new(octets));
    let key = AuthKey {
        spi: 0,
        key: Vec::new(),
    };
    for packet in [octets, &sealed_scsp(octets), &resized_scsp(octets)] {
        let carries = scsp::decode(packet).is_ok_and(|found| found.authentication.is_some());
        assert!(!verify_authentication(packet, &key) || carries);
    }
}

/// What RFC 2104 makes of a key before it is used: keys that are the same to it, pass for each other.
fn block(key: &[u8]) -> [u8; 64] {
    use md5::Digest as _;
    let mut block = [0; 64];
    let hashed = md5::Md5::digest(key);
    let key = if key.len() > 64 {
        hashed.as_slice()
    } else {
        key
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    block
}

fn signed(source: &mut Unstructured<'_>) -> Result<()> {
    let key = messages::key(source)?;
    let packet = messages::packet(source, |header, body| {
        let mut packet = Vec::new();
        scsp::encode(header, body, Some(&key), &mut packet);
        packet
    })?;
    if packet.len() > usize::from(u16::MAX) {
        return Ok(());
    }
    assert!(verify_authentication(&packet, &key));

    // Octets behind Packet Size do not count (register C29); every other bit does.
    let trailing: u8 = source.arbitrary()?;
    assert!(verify_authentication(
        &[packet.as_slice(), &[trailing; 3]].concat(),
        &key
    ));
    let at = usize::from(source.arbitrary::<u16>()?) % packet.len();
    let cut = packet.get(..at).unwrap_or_default();
    assert!(!verify_authentication(cut, &key));
    assert!(!verify_authentication(&resized_scsp(cut), &key));
    let mut flipped = packet.clone();
    let bit = 1 << source.int_in_range(0..=7)?;
    flipped.get_mut(at).into_iter().for_each(|o| *o ^= bit);
    assert!(!verify_authentication(&flipped, &key), "octet {at}");
    // Two octets are the checksum, which is put right.
    if !(4..6).contains(&at) {
        assert!(
            !verify_authentication(&sealed_scsp(&flipped), &key),
            "octet {at}"
        );
    }

    let mut other = messages::key(source)?;
    let same = block(&other.key) == block(&key.key);
    assert_eq!(
        verify_authentication(&packet, &other),
        same && other.spi == key.spi
    );
    other.spi = key.spi;
    assert_eq!(verify_authentication(&packet, &other), same);
    Ok(())
}

/// A packet whose extensions are put together here: lengths of the authentication data, other
/// extensions before and after, octets behind the End extension.
fn by_hand(source: &mut Unstructured<'_>) -> Result<()> {
    let key = messages::key(source)?;
    let mut packet = messages::packet(source, |header, body| {
        let mut packet = Vec::new();
        scsp::encode(header, body, None, &mut packet);
        packet
    })?;
    let start = packet.len();
    let before = source.int_in_range(0..=2)?;
    vendor(&mut packet, before, source)?;
    let length = usize::from(source.int_in_range(12_u8..=20)?);
    put(&mut packet, 1, 4 + length);
    packet.extend_from_slice(&key.spi.to_be_bytes());
    let data_at = packet.len();
    packet.resize(data_at + length, 0);
    let after = source.int_in_range(0..=2)?;
    vendor(&mut packet, after, source)?;
    let second: bool = source.arbitrary()?;
    if second {
        put(&mut packet, 1, 4);
        packet.extend_from_slice(&key.spi.to_be_bytes());
    }
    put(&mut packet, 0, 0);
    let behind = source.int_in_range(0..=5)?;
    packet.extend_from_slice(source.bytes(behind)?);
    if packet.len() > usize::from(u16::MAX) {
        return Ok(());
    }
    set(&mut packet, 6, start);
    let size = packet.len();
    set(&mut packet, 2, size);
    set(&mut packet, 4, 0);
    let mac = hmac_md5(&key.key, &packet);
    let data = packet.get_mut(data_at..data_at + length);
    data.into_iter()
        .flatten()
        .zip(mac)
        .for_each(|(to, from)| *to = from);
    let packet = sealed_scsp(&packet);
    let found = scsp::decode(&packet);
    assert_eq!(found.is_ok(), !second, "{found:?}");
    assert_eq!(
        verify_authentication(&packet, &key),
        length == 16 && !second,
        "{found:?}"
    );
    Ok(())
}

fn put(packet: &mut Vec<u8>, kind: u8, length: usize) {
    packet.extend_from_slice(&[0, kind]);
    packet.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
}

fn vendor(packet: &mut Vec<u8>, count: usize, source: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..count {
        let length = source.int_in_range(0..=9)?;
        put(packet, 2, length);
        packet.extend_from_slice(source.bytes(length)?);
    }
    Ok(())
}

fn set(packet: &mut [u8], at: usize, value: usize) {
    let value = u16::try_from(value).unwrap_or(u16::MAX).to_be_bytes();
    let field = packet.get_mut(at..at + 2);
    field
        .into_iter()
        .for_each(|field| field.copy_from_slice(&value));
}
