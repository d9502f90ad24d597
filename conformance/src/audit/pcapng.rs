//! Captures: pcapng to frames. Nothing is believed: every length is compared with what is there.

use std::fmt;

/// Link type of LLC/SNAP over AAL5 (`LINKTYPE_ATM_RFC1483`), the only one read.
const LINK_TYPE: u16 = 100;
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE: u32 = 3;
const PACKET: u32 = 6;

/// A frame of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'c> {
    /// Its number, from 1.
    pub number: usize,
    /// Where its block begins in the file.
    pub offset: usize,
    /// Milliseconds since 1970, or whatever the capture counts from.
    pub at: u64,
    /// The octets, LLC/SNAP included.
    pub octets: &'c [u8],
    /// Some octets were not captured.
    pub cut: bool,
    /// Comments.
    pub comments: Vec<String>,
}

/// Why a capture cannot be read, from where on, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    /// Offset of the block, in octets from the start of the file.
    pub offset: usize,
    /// What is wrong.
    pub detail: String,
    /// What helps.
    pub remedy: &'static str,
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "offset {}: {}; {}",
            self.offset, self.detail, self.remedy
        )
    }
}

impl std::error::Error for CaptureError {}

const DAMAGED: &str =
    "the file is damaged or cut off: write it again, or mend it with `editcap FILE MENDED`";

/// Whether these are the first octets of a pcapng file.
#[must_use]
pub fn is_capture(start: &[u8]) -> bool {
    start.starts_with(&SECTION.to_le_bytes())
}

/// Whether these are the first octets of the older format.
#[must_use]
pub fn is_old_capture(start: &[u8]) -> bool {
    let magic = [0xa1b2_c3d4_u32, 0xa1b2_3c4d];
    magic.iter().any(|magic| {
        start.starts_with(&magic.to_le_bytes()) || start.starts_with(&magic.to_be_bytes())
    })
}

/// Octets of a block, read in the order of its section.
#[derive(Clone, Copy)]
struct Octets<'c> {
    octets: &'c [u8],
    big: bool,
}

impl<'c> Octets<'c> {
    fn word(self, at: usize) -> Option<u32> {
        let octets: [u8; 4] = self.octets.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big {
            u32::from_be_bytes(octets)
        } else {
            u32::from_le_bytes(octets)
        })
    }

    fn half(self, at: usize) -> Option<u16> {
        let octets: [u8; 2] = self.octets.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big {
            u16::from_be_bytes(octets)
        } else {
            u16::from_le_bytes(octets)
        })
    }

    fn size(self, at: usize) -> Option<usize> {
        usize::try_from(self.word(at)?).ok()
    }

    /// Options from an offset on, up to the end; `None` if one is longer than what is there.
    fn options(self, mut at: usize) -> Option<Vec<(u16, &'c [u8])>> {
        let mut all = Vec::new();
        while at < self.octets.len() {
            let (code, length) = (self.half(at)?, usize::from(self.half(at + 2)?));
            if code == 0 {
                break;
            }
            all.push((code, self.octets.get(at + 4..at + 4 + length)?));
            at += 4 + length.div_ceil(4) * 4;
        }
        Some(all)
    }
}

/// An interface: link type, and units of time in a second as a power.
#[derive(Clone, Copy)]
struct Interface {
    link: u16,
    base: u64,
    power: u32,
}

impl Interface {
    fn of(body: Octets<'_>) -> Option<Self> {
        let link = body.half(0)?;
        let options = body.options(8)?;
        let resolution = options.iter().find(|(code, _)| *code == 9);
        let value = resolution.map_or(Some(6), |(_, value)| value.first().copied())?;
        Some(Self {
            link,
            base: if value & 0x80 == 0 { 10 } else { 2 },
            power: u32::from(value & 0x7f),
        })
    }

    fn milliseconds(self, high: u32, low: u32) -> Option<u64> {
        let units = u128::from(high) << 32 | u128::from(low);
        let second = u128::from(self.base).checked_pow(self.power)?;
        u64::try_from(units.checked_mul(1000)? / second).ok()
    }
}

/// All frames of a capture, in their order.
///
/// # Errors
/// The first block that is not as its format says, or that is of another link type. Blocks of unknown types are skipped.
pub fn read(file: &[u8]) -> Result<Vec<Packet<'_>>, CaptureError> {
    let mut packets = Vec::new();
    let mut interfaces: Vec<Interface> = Vec::new();
    let mut big = false;
    let mut offset = 0;
    while offset < file.len() {
        let wrong = |detail: String, remedy| CaptureError {
            offset,
            detail,
            remedy,
        };
        let damaged = |what: &str| wrong(what.to_owned(), DAMAGED);
        let rest = file.get(offset..).unwrap_or_default();
        let start = Octets { octets: rest, big };
        if rest.starts_with(&SECTION.to_le_bytes()) {
            big = match rest.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                _ => return Err(damaged("a section without its byte-order magic")),
            };
            interfaces.clear();
        } else if offset == 0 {
            let remedy =
                "give a recording as JSON lines, or a capture made with `show TRACE --as pcapng`";
            return Err(wrong("no pcapng file".to_owned(), remedy));
        }
        let start = Octets { big, ..start };
        let (Some(kind), Some(length)) = (start.word(0), start.size(4)) else {
            return Err(damaged("the head of a block is cut off"));
        };
        if length < 12 || length % 4 != 0 || length > rest.len() {
            let left = rest.len();
            return Err(damaged(&format!(
                "a block of {length} octets where {left} are left"
            )));
        }
        if start.size(length - 4) != Some(length) {
            return Err(damaged(
                "a block that ends with another length than it begins with",
            ));
        }
        let body = Octets {
            octets: rest.get(8..length - 4).unwrap_or_default(),
            big,
        };
        match kind {
            INTERFACE => {
                let of = Interface::of(body);
                interfaces
                    .push(of.ok_or_else(|| damaged("an interface whose options overrun it"))?);
            }
            PACKET => {
                let read = packet(body, &interfaces).map_err(|what| match what {
                    Wrong::Damaged(what) => damaged(what),
                    Wrong::Link(link) => wrong(
                        format!("a frame of link type {link}"),
                        "only link type 100 (LLC/SNAP over AAL5) is read: capture there, or keep these frames only",
                    ),
                })?;
                packets.push(Packet {
                    number: packets.len() + 1,
                    offset,
                    ..read
                });
            }
            SIMPLE => {
                return Err(wrong(
                    "a packet without a time".to_owned(),
                    "capture with time stamps (enhanced packet blocks)",
                ));
            }
            _ => {}
        }
        offset += length;
    }
    Ok(packets)
}

enum Wrong {
    Damaged(&'static str),
    Link(u16),
}

fn packet<'c>(body: Octets<'c>, interfaces: &[Interface]) -> Result<Packet<'c>, Wrong> {
    let short = || Wrong::Damaged("a packet shorter than its own head");
    let which = body.size(0).ok_or_else(short)?;
    let (high, low) = (
        body.word(4).ok_or_else(short)?,
        body.word(8).ok_or_else(short)?,
    );
    let (captured, whole) = (
        body.size(12).ok_or_else(short)?,
        body.size(16).ok_or_else(short)?,
    );
    let of = interfaces.get(which);
    let of = of.ok_or(Wrong::Damaged(
        "a packet of an interface that was never described",
    ))?;
    if of.link != LINK_TYPE {
        return Err(Wrong::Link(of.link));
    }
    let end = captured
        .checked_add(20)
        .filter(|end| *end <= body.octets.len());
    let end = end.ok_or(Wrong::Damaged("a packet longer than its block"))?;
    let at = of.milliseconds(high, low);
    let options = body.options(end.div_ceil(4) * 4);
    let options = options.ok_or(Wrong::Damaged("a packet whose options overrun it"))?;
    let comments = options.iter().filter(|(code, _)| *code == 1);
    Ok(Packet {
        number: 0,
        offset: 0,
        at: at.ok_or(Wrong::Damaged("a time that no clock shows"))?,
        octets: body.octets.get(20..end).unwrap_or_default(),
        cut: captured < whole,
        comments: comments
            .map(|(_, text)| String::from_utf8_lossy(text).into_owned())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::pcapng::{Captured, write};

    fn written() -> Vec<u8> {
        let frames: Vec<Captured> = (0..4_u8)
            .map(|n| Captured {
                at: u64::from(n) << 33 | 5,
                octets: vec![n; usize::from(n) * 3 + 1],
                comment: format!("s{n} to s1"),
            })
            .collect();
        write(&frames)
    }

    #[test]
    fn what_was_written_is_read() {
        let file = written();
        let packets = read(&file).unwrap();
        assert_eq!(packets.len(), 4);
        for (n, packet) in packets.iter().enumerate() {
            assert_eq!(packet.number, n + 1);
            assert_eq!(packet.at, (n as u64) << 33 | 5);
            assert_eq!(packet.octets, vec![u8::try_from(n).unwrap(); n * 3 + 1]);
            assert_eq!(packet.comments, [format!("s{n} to s1")]);
            assert!(!packet.cut);
            let kind =
                u32::from_le_bytes(file[packet.offset..packet.offset + 4].try_into().unwrap());
            assert_eq!(kind, PACKET);
        }
    }

    #[test]
    fn the_other_byte_order_is_read_too() {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_be_bytes()).collect()
        };
        let mut file = words(&[
            SECTION,
            28,
            0x1a2b_3c4d,
            0x0001_0000,
            u32::MAX,
            u32::MAX,
            28,
        ]);
        file.extend(words(&[INTERFACE, 20, 0x0064_0000, 0, 20]));
        file.extend(words(&[PACKET, 36, 0, 0, 7_000, 2, 9, 0xaabb_0000, 36]));
        let packets = read(&file).unwrap();
        // Microseconds where nothing is said.
        assert_eq!(
            (packets[0].at, packets[0].octets, packets[0].cut),
            (7, &[0xaa, 0xbb][..], true)
        );
    }

    #[test]
    fn every_truncation_but_between_blocks_is_told_with_its_offset() {
        let file = written();
        let mut ends = vec![0, 28, 28 + 32];
        ends.extend(read(&file).unwrap().iter().map(|packet| packet.offset));
        for length in 1..file.len() {
            let cut = read(&file[..length]);
            if ends.contains(&length) {
                assert!(cut.is_ok(), "{length}");
                continue;
            }
            let error = cut.unwrap_err();
            let block = ends.iter().filter(|end| **end <= length).max();
            assert_eq!(Some(&error.offset), block, "{length}: {error}");
            assert!(error.to_string().contains(';'));
        }
    }

    #[test]
    fn no_octet_or_bit_makes_it_panic_and_lengths_that_lie_are_told() {
        let file = written();
        let mut told = 0;
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut broken = file.clone();
                broken[at] ^= 1 << bit;
                told += usize::from(read(&broken).is_err());
            }
            let mut broken = file.clone();
            for word in [u32::MAX, 0x7fff_fffc, 0] {
                let end = (at + 4).min(file.len());
                broken[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
                told += usize::from(read(&broken).is_err());
            }
        }
        assert!(told > file.len(), "{told}");
    }

    #[test]
    fn a_block_that_ends_with_another_length_is_told() {
        let file = written();
        let offsets: Vec<usize> = read(&file).unwrap().iter().map(|one| one.offset).collect();
        for (n, offset) in offsets.iter().enumerate() {
            let end = offsets.get(n + 1).copied().unwrap_or(file.len());
            let mut broken = file.clone();
            broken[end - 4] ^= 4;
            let error = read(&broken).unwrap_err();
            assert_eq!(error.offset, *offset, "{error}");
        }
    }

    #[test]
    fn another_link_type_and_another_format_are_told() {
        let mut file = written();
        file[36] = 1;
        let error = read(&file).unwrap_err();
        assert!(error.detail.contains("link type 1"), "{error}");
        assert!(error.remedy.contains("100"));
        assert_eq!(read(b"{\"op\"").unwrap_err().offset, 0);
        assert!(is_old_capture(&[0xd4, 0xc3, 0xb2, 0xa1]) && !is_old_capture(&file));
        assert!(is_capture(&file));
    }
}
