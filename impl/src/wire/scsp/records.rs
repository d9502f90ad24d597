//! CSAS and CSA records (RFC 2334, B.2.0.2 and B.2.2.1) and the lists of them.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::CSAS_LENGTH;
use crate::address::ServerId;
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Hex, Put, Reader};

/// CSA Sequence Number: signed, compared as signed (RFC 2334, B.2.0.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SequenceNumber(pub i32);

impl fmt::Debug for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl SequenceNumber {
    // R2334-B.2.0.2-11
    /// 0x80000000, reserved: older than everything, never sent (register C10, H05).
    pub const MIN_RESERVED: Self = Self(i32::MIN);
    /// 0x80000001, an entry's first number.
    pub const FIRST: Self = Self(i32::MIN + 1);
    /// 0x7FFFFFFE, the last ordinary number.
    pub const LAST: Self = Self(i32::MAX - 1);
    /// 0x7FFFFFFF, used only to purge an entry (register C11).
    pub const PURGE: Self = Self(i32::MAX);

    /// False for the reserved number only.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        self.0 != i32::MIN
    }

    /// The number after this one, saturating at [`Self::PURGE`].
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Cache Key: names an entry among those of one originator; opaque (register C01).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CacheKey(pub [u8; 4]);

// As one number and not octet by octet, which gives the same order: every map of records compares keys.
impl Ord for CacheKey {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        u32::from_be_bytes(self.0).cmp(&u32::from_be_bytes(other.0))
    }
}

impl PartialOrd for CacheKey {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// Cache State Advertisement Summary: one record's name and version, 20 octets
/// (RFC 2334, B.2.0.2; RFC 2443, 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Csas {
    /// Servers the record may still pass; 1 in a stand-alone CSAS. Kept as received; a received 0
    /// acts as 1 (register C13).
    pub hop_count: u16,
    /// N bit: the solicited entry is gone.
    pub null: bool,
    /// The 15 bits beside N: sent zero, ignored, kept.
    pub unused: u16,
    /// Version of the entry.
    pub sequence: SequenceNumber,
    /// Name of the entry under its originator.
    pub key: CacheKey,
    /// Originator ID, unchanged by relays: R2334-B.2.0.2-21.
    pub origin: ServerId,
}

impl Csas {
    /// A canonical stand-alone summary: hop count 1 (R2334-B.2.0.2-02), N off.
    #[must_use]
    pub const fn new(key: CacheKey, origin: ServerId, sequence: SequenceNumber) -> Self {
        Self {
            hop_count: 1,
            null: false,
            unused: 0,
            sequence,
            key,
            origin,
        }
    }

    /// A record's head and its Record Length.
    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<(Self, u16), WireError> {
        // The same either way: where all is there, no field need be asked for again.
        if reader.rest().len() >= CSAS_LENGTH {
            Self::read_fields(reader)
        } else {
            Self::read_short(reader)
        }
    }

    #[cold]
    fn read_short(reader: &mut Reader<'_>) -> Result<(Self, u16), WireError> {
        Self::read_fields(reader)
    }

    #[inline(always)]
    fn read_fields(reader: &mut Reader<'_>) -> Result<(Self, u16), WireError> {
        let hop_count = reader.u16("hop_count")?;
        let record_length = reader.u16("record_length")?;
        // R2443-4.2-01, R2443-4.2-02: anything else is wrong framing (register C25).
        let at = reader.offset();
        let key_length = reader.u8("cache_key_len")?;
        if key_length != 4 {
            return Err(WireError::new(
                ErrorCode::BadLength,
                "cache_key_len",
                at,
                u64::from(key_length),
            ));
        }
        let at = reader.offset();
        let origin_length = reader.u8("orig_id_len")?;
        if origin_length != 4 {
            return Err(WireError::new(
                ErrorCode::BadLength,
                "orig_id_len",
                at,
                u64::from(origin_length),
            ));
        }
        // R2334-B.2.0.2-07
        let null_and_unused = reader.u16("flags")?;
        let sequence = i32::from_be_bytes(reader.array("csa_sequence_number")?);
        let key = reader.array("cache_key")?;
        let origin = reader.array("originator_id")?;
        Ok((
            Self {
                hop_count,
                null: null_and_unused & 0x8000 != 0,
                unused: null_and_unused & 0x7fff,
                sequence: SequenceNumber(sequence),
                key: CacheKey(key),
                origin: ServerId(origin),
            },
            record_length,
        ))
    }

    pub(super) fn write(&self, body_length: usize, out: &mut Vec<u8>) {
        out.put_u16(self.hop_count);
        // R2334-B.2.0.2-05, R2334-B.2.0.2-06
        out.put_count(CSAS_LENGTH + body_length);
        out.put(&[4, 4]);
        out.put_u16(u16::from(self.null) << 15 | self.unused & 0x7fff);
        out.put(&self.sequence.0.to_be_bytes());
        out.put(&self.key.0);
        out.put(&self.origin.0);
    }

    #[inline]
    fn read_alone(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let at = reader.offset() + 2;
        let (csas, length) = Self::read(reader)?;
        // R2334-B.2.0.2-05, R2334-B.2.1-08: register C14 says that a summary never has its CSA's length.
        if usize::from(length) == CSAS_LENGTH {
            Ok(csas)
        } else {
            Err(WireError::new(
                ErrorCode::BadLength,
                "record_length",
                at,
                u64::from(length),
            ))
        }
    }
}

/// Cache State Advertisement: a CSAS and the protocol-specific part (RFC 2334, B.2.2.1):
/// R2334-B.2.2.1-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Csa<'a> {
    /// Name and version.
    pub csas: Csas,
    /// Protocol-specific part, opaque; empty in a null record (R2334-2.3-24). At most 65515 octets.
    pub body: &'a [u8],
}

impl fmt::Debug for Csa<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Csa")
            .field("csas", &self.csas)
            .field("body", &Hex(self.body))
            .finish()
    }
}

impl<'a> Csa<'a> {
    /// Reads one whole record and nothing after it.
    ///
    /// # Errors
    ///
    /// As those of a CSU Request that holds it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(octets);
        let record = Self::read(&mut reader)?;
        if reader.rest().is_empty() {
            Ok(record)
        } else {
            Err(reader.error(
                ErrorCode::BadLength,
                "record_length",
                reader.rest().len() as u64,
            ))
        }
    }

    /// Appends the record as it stands in a CSU Request.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.csas.write(self.body.len(), out);
        out.put(self.body);
    }

    #[inline(always)]
    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let at = reader.offset() + 2;
        let (csas, length) = Csas::read(reader)?;
        // R2334-B.2.0.2-06
        let body = usize::from(length)
            .checked_sub(CSAS_LENGTH)
            .filter(|body| *body <= reader.rest().len())
            .ok_or(WireError::new(
                ErrorCode::BadLength,
                "record_length",
                at,
                u64::from(length),
            ))?;
        let body = reader.take("record_length", body)?;
        Ok(Self { csas, body })
    }
}

/// One kind of record, readable in place.
pub trait Record<'a>: Copy + Sized {
    #[doc(hidden)]
    fn read_record(cursor: &mut Cursor<'a>) -> Result<Self, WireError>;

    /// Steps over a record without looking into it; false, and no step, where its framing is not plainly
    /// right.
    #[doc(hidden)]
    fn skip_record(_cursor: &mut Cursor<'a>) -> bool {
        false
    }
}

/// A place in the octets of a list; opaque.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a>(Reader<'a>);

/// The Record Length of a record that has a head, with key and id of four octets.
#[inline]
fn framed(octets: &[u8]) -> Option<usize> {
    match *octets.first_chunk::<CSAS_LENGTH>()? {
        [_, _, high, low, 4, 4, ..] => Some(usize::from(u16::from_be_bytes([high, low])))
            .filter(|length| *length >= CSAS_LENGTH),
        _ => None,
    }
}

impl Record<'_> for Csas {
    #[inline]
    fn skip_record(cursor: &mut Cursor<'_>) -> bool {
        framed(cursor.0.rest()) == Some(CSAS_LENGTH) && cursor.0.skip(CSAS_LENGTH)
    }

    #[inline]
    fn read_record(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        Self::read_alone(&mut cursor.0)
    }
}

impl<'a> Record<'a> for Csa<'a> {
    #[inline]
    fn skip_record(cursor: &mut Cursor<'a>) -> bool {
        framed(cursor.0.rest()).is_some_and(|length| cursor.0.skip(length))
    }

    #[inline]
    fn read_record(cursor: &mut Cursor<'a>) -> Result<Self, WireError> {
        Self::read(&mut cursor.0)
    }
}

/// Additional receiver record: R2334-B.2.5-08.
impl Record<'_> for ServerId {
    #[inline]
    fn read_record(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let at = cursor.0.offset();
        let length = cursor.0.u8("rec_id_len")?;
        if length != 4 {
            return Err(WireError::new(
                ErrorCode::BadLength,
                "rec_id_len",
                at,
                u64::from(length),
            ));
        }
        cursor.0.array("id").map(ServerId)
    }
}

/// Records, checked when the list was made: either octets of a received packet or a slice.
///
/// Two lists are equal when their records are.
#[derive(Clone, Copy)]
pub struct RecordList<'a, T>(Source<'a, T>);

#[derive(Clone, Copy)]
enum Source<'a, T> {
    Octets { cursor: Cursor<'a>, count: u16 },
    Items(&'a [T]),
}

/// The summaries of a CA, CSUS or CSU Reply.
pub type CsasList<'a> = RecordList<'a, Csas>;
/// The records of a CSU Request.
pub type CsaList<'a> = RecordList<'a, Csa<'a>>;
/// The additional receivers of a Hello.
pub type IdList<'a> = RecordList<'a, ServerId>;

impl<'a, T: Record<'a>> RecordList<'a, T> {
    /// Reads `count` records and keeps them, or gives the first one's fault.
    pub(super) fn read(reader: &mut Reader<'a>, count: u16) -> Result<Self, WireError> {
        let cursor = Cursor(*reader);
        let mut walker = cursor;
        for _ in 0..count {
            if !T::skip_record(&mut walker) {
                T::read_record(&mut walker)?;
            }
        }
        *reader = walker.0;
        Ok(Self(Source::Octets { cursor, count }))
    }

    /// Number of records.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Octets { count, .. } => count as usize,
            Source::Items(items) => items.len(),
        }
    }

    /// True without records.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records in order.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'a, T> {
        RecordIter(match self.0 {
            Source::Octets { cursor, count } => IterSource::Octets {
                cursor,
                left: count,
            },
            Source::Items(items) => IterSource::Items(items.iter()),
        })
    }
}

impl<T> Default for RecordList<'_, T> {
    fn default() -> Self {
        Self(Source::Items(&[]))
    }
}

impl<'a, T> From<&'a [T]> for RecordList<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self(Source::Items(items))
    }
}

impl<'a, T: Record<'a>> IntoIterator for RecordList<'a, T> {
    type Item = T;
    type IntoIter = RecordIter<'a, T>;

    fn into_iter(self) -> RecordIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Record<'a> + PartialEq> PartialEq for RecordList<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Record<'a> + Eq> Eq for RecordList<'a, T> {}

impl<'a, T: Record<'a> + fmt::Debug> fmt::Debug for RecordList<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Iterator over a [`RecordList`].
#[derive(Clone, Debug)]
pub struct RecordIter<'a, T>(IterSource<'a, T>);

#[derive(Clone, Debug)]
enum IterSource<'a, T> {
    Octets { cursor: Cursor<'a>, left: u16 },
    Items(core::slice::Iter<'a, T>),
}

/// Iterator over a [`CsasList`].
pub type CsasIter<'a> = RecordIter<'a, Csas>;
/// Iterator over a [`CsaList`].
pub type CsaIter<'a> = RecordIter<'a, Csa<'a>>;
/// Iterator over an [`IdList`].
pub type IdIter<'a> = RecordIter<'a, ServerId>;

impl<'a, T: Record<'a>> Iterator for RecordIter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            IterSource::Octets { cursor, left } => {
                *left = left.checked_sub(1)?;
                // Read once before, when the list was made.
                T::read_record(cursor).ok()
            }
            IterSource::Items(items) => items.next().copied(),
        }
    }
}
