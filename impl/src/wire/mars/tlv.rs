//! Supplementary parameters (RFC 2022, 10).

use core::fmt;

use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Hex, Reader};

/// What to do with a message that carries a TLV one does not know: R2022-10.2-05's neighbour,
/// the top two bits of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlvAction {
    /// Skip the TLV (0, and 3 until that is given a meaning).
    Skip,
    /// Drop the message without a word (1).
    Drop,
    /// Drop the message and report it (2).
    Report,
}

/// One TLV; the null TLV that ends the list is not among those listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The whole type field.
    pub raw_kind: u16,
    /// The valid octets.
    pub value: &'a [u8],
    /// The octets that pad the value to 32 bits; sent zero (R2022-10.2-02), ignored, kept.
    pub padding: &'a [u8],
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {:#x} {:?} padded {:?}",
            self.action(),
            self.kind(),
            Hex(self.value),
            Hex(self.padding)
        )
    }
}

impl Tlv<'_> {
    /// The top two bits of the type.
    #[must_use]
    pub const fn action(&self) -> TlvAction {
        match self.raw_kind >> 14 {
            1 => TlvAction::Drop,
            2 => TlvAction::Report,
            _ => TlvAction::Skip,
        }
    }

    /// The low 14 bits of the type.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        self.raw_kind & 0x3fff
    }

    fn read<'a>(reader: &mut Reader<'a>) -> Result<Tlv<'a>, WireError> {
        // R2022-10.2-01
        let raw_kind = reader.u16("type")?;
        let before = *reader;
        let length = usize::from(reader.u16("length")?);
        // R2022-10.4-01: the null TLV is four zero octets, whatever follows.
        if raw_kind == 0 && length != 0 {
            return Err(before.error(ErrorCode::BadLength, "length", length as u64));
        }
        let value = reader.take("value", length)?;
        let padding = reader.take("padding", length.next_multiple_of(4) - length)?;
        Ok(Tlv {
            raw_kind,
            value,
            padding,
        })
    }
}

/// The TLV list of a message, checked when made. Empty means that mar$extoff is zero.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tlvs<'a> {
    octets: &'a [u8],
}

impl fmt::Debug for Tlvs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> Tlvs<'a> {
    /// Checks `octets`, which hold TLVs up to and including the null TLV.
    ///
    /// # Errors
    ///
    /// A TLV past the end, no null TLV (R2022-10.4-01, register F23), octets after it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(octets);
        let list = Self::read(&mut reader)?;
        if reader.rest().is_empty() {
            Ok(list)
        } else {
            Err(reader.error(ErrorCode::BadLength, "type", reader.rest().len() as u64))
        }
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let octets = reader.rest();
        let start = reader.offset();
        loop {
            let tlv = Tlv::read(reader)?;
            if tlv.raw_kind == 0 {
                let octets = octets.get(..reader.offset() - start).unwrap_or(octets);
                return Ok(Self { octets });
            }
        }
    }

    /// The TLVs before the null one, in order.
    #[must_use]
    pub const fn iter(&self) -> TlvIter<'a> {
        TlvIter(Reader::new(self.octets))
    }

    /// The octets, null TLV included; empty without a list.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// What the TLVs say about a receiver that knows none but the null one, which is all that
    /// RFC 2022, 10.4 asks for: the first in the list that does not just want to be skipped.
    #[must_use]
    pub fn verdict(&self) -> TlvAction {
        self.iter()
            .map(|tlv| tlv.action())
            .find(|action| *action != TlvAction::Skip)
            .unwrap_or(TlvAction::Skip)
    }
}

/// Iterator over [`Tlvs`].
#[derive(Clone, Debug)]
pub struct TlvIter<'a>(Reader<'a>);

impl<'a> Iterator for TlvIter<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        Tlv::read(&mut self.0).ok().filter(|tlv| tlv.raw_kind != 0)
    }
}
