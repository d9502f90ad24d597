//! Tests that go over all messages: golden frames, snapshots, sweeps and round trips.

mod annotate;
mod corners;
mod errors;
mod fields;
mod flags;
mod golden;
mod lists;
mod roundtrip;
mod samples;
mod snapshots;
mod sweep;
mod texts;
mod unused;

/// The octets that `text` spells in hex; blanks are skipped.
fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// Which of the two protocols a bare message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scsp,
    Mars,
}

/// Decodes `octets` and writes them again.
fn recode(kind: Kind, octets: &[u8]) -> Result<Vec<u8>, super::WireError> {
    let mut out = Vec::new();
    match kind {
        Kind::Scsp => super::scsp::decode(octets)?.encode(&mut out),
        Kind::Mars => super::mars::decode(octets)?.encode(&mut out),
    }
    Ok(out)
}
