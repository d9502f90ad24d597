//! Values first: whatever can be said is encoded, decoded, and must be the same. Then a few octets of
//! the encoding are changed, sizes and checksums put right, and all that holds of any octets must hold.

use arbitrary::{Result, Unstructured};
use distributed_mars::wire::{csa, mars, scsp};

use crate::{checks, messages};

/// Reads a value out of `octets` and sends it through the codecs.
///
/// # Panics
///
/// When it does not come back as it was, or a decoder accepts what encoding does not give back.
pub fn structured(octets: &[u8]) {
    let mut source = Unstructured::new(octets);
    // Running out of octets ends the attempt: nothing to check then.
    let _ = match source.arbitrary::<u8>().map(|choice| choice % 3) {
        Ok(0) => packet(&mut source),
        Ok(1) => record(&mut source),
        _ => message(&mut source),
    };
}

/// Up to four changes: octets flipped, cut off, put in or taken out.
pub(crate) fn mutate(octets: &mut Vec<u8>, source: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..source.int_in_range(1..=4)? {
        let at = usize::from(source.arbitrary::<u16>()?) % octets.len().max(1);
        let value: u8 = source.arbitrary()?;
        match source.arbitrary::<u8>()? {
            0..=15 => octets.truncate(at),
            16..=31 => octets.insert(at, value),
            32..=47 if at < octets.len() => {
                octets.remove(at);
            }
            _ => octets
                .get_mut(at)
                .into_iter()
                .for_each(|octet| *octet ^= value),
        }
    }
    Ok(())
}

fn packet(source: &mut Unstructured<'_>) -> Result<()> {
    let key = match source.arbitrary()? {
        true => Some(messages::key(source)?),
        false => None,
    };
    let mut octets = messages::packet(source, |header, body| {
        let mut octets = Vec::new();
        scsp::encode(header, body, key.as_ref(), &mut octets);
        if octets.len() > usize::from(u16::MAX) {
            return Vec::new();
        }
        let found = scsp::decode(&octets);
        let found = found.as_ref().map(|packet| (packet.header, packet.body));
        assert_eq!(found, Ok((*header, body.into())));
        if let Some(key) = &key {
            assert!(scsp::verify_authentication(&octets, key));
        }
        octets
    })?;
    mutate(&mut octets, source)?;
    checks::scsp_packet(&octets);
    checks::scsp_packet(&checks::sealed_scsp(&octets));
    checks::scsp_packet(&checks::resized_scsp(&octets));
    Ok(())
}

fn record(source: &mut Unstructured<'_>) -> Result<()> {
    let record = messages::record(source)?;
    let mut octets = Vec::new();
    csa::encode_record(&record, &mut octets);
    assert_eq!(csa::decode_record(&octets), Ok(record));
    mutate(&mut octets, source)?;
    checks::record(&octets);
    Ok(())
}

fn message(source: &mut Unstructured<'_>) -> Result<()> {
    let mut octets = messages::message(source, |mut message| {
        let octets = message.to_vec();
        let found = mars::decode(&octets);
        // A checksum that comes out as zero reads as none (register F17).
        if let Ok(found) = &found
            && !found.checksum_present
        {
            message.checksum_present = false;
        }
        assert_eq!(found, Ok(message));
        octets
    })?;
    mutate(&mut octets, source)?;
    checks::mars_message(&octets);
    checks::mars_message(&checks::sealed_mars(&octets));
    Ok(())
}
