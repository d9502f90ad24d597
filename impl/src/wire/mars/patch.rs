//! Copies of received messages with a few fields changed (register F08, F10).

use super::message::{CHECKSUM_AT, OP_AT};
use crate::wire::checksum;
use crate::wire::codepoints::Op;
use crate::wire::reader::{Put, patch, peek_u16};

/// Offset of mar$flags in a JOIN-like message.
const FLAGS_AT: usize = 24;
/// Offset of mar$cmi in a JOIN-like message.
const CMI_AT: usize = 26;
/// Offset of mar$msn.
const MSN_AT: usize = 28;

/// Appends a copy of `original`, a JOIN-like message that [`super::decode`] took, with `flags_set` set
/// and then `flags_clear` cleared in mar$flags, mar$cmi replaced where `cmi` is given, mar$msn
/// replaced, and the checksum recomputed if there was one. All else, TLVs included, stays (F10).
pub fn patched_copy(
    original: &[u8],
    flags_set: u16,
    flags_clear: u16,
    cmi: Option<u16>,
    msn: u32,
    out: &mut Vec<u8>,
) {
    copy_with(original, out, |copy| {
        set_fields(copy, (flags_set, flags_clear), cmi, msn);
    });
}

fn set_fields(copy: &mut [u8], (set, clear): (u16, u16), cmi: Option<u16>, msn: u32) {
    let flags = peek_u16(copy, FLAGS_AT).unwrap_or_default();
    let flags = (flags | set) & !clear;
    patch(copy, FLAGS_AT, &flags.to_be_bytes());
    if let Some(cmi) = cmi {
        patch(copy, CMI_AT, &cmi.to_be_bytes());
    }
    patch(copy, MSN_AT, &msn.to_be_bytes());
}

/// As [`patched_copy`] with mar$op replaced: a JOIN-like message that goes on as another (RFC 2022,
/// 6.2.2, 6.2.4).
pub fn retyped_copy(
    original: &[u8],
    op: Op,
    flags_set: u16,
    flags_clear: u16,
    cmi: Option<u16>,
    msn: u32,
    out: &mut Vec<u8>,
) {
    copy_with(original, out, |copy| {
        patch(copy, OP_AT, &[op.code()]);
        set_fields(copy, (flags_set, flags_clear), cmi, msn);
    });
}

/// Appends the NAK that answers `original`, a REQUEST that [`super::decode`] took: op type 6 and
/// nothing else changed, but for a checksum that is in use (R2022-5.1.2-07, register F08).
pub fn nak_copy(original: &[u8], out: &mut Vec<u8>) {
    copy_with(original, out, |copy| {
        patch(copy, OP_AT, &[Op::Nak.code()]);
    });
}

fn copy_with(original: &[u8], out: &mut Vec<u8>, change: impl FnOnce(&mut [u8])) {
    let start = out.len();
    out.put(original);
    let Some(copy) = out.get_mut(start..) else {
        return;
    };
    change(copy);
    if peek_u16(copy, CHECKSUM_AT).unwrap_or_default() != 0 {
        patch(copy, CHECKSUM_AT, &[0; 2]);
        let sum = checksum::compute(copy);
        patch(copy, CHECKSUM_AT, &sum.to_be_bytes());
    }
}
