//! The variable-length addresses of MARS messages and MARS records.

use crate::address::{AtmForm, AtmNumber, Endpoint, GroupRange, ProtocolAddress};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::Reader;

/// A type/length octet (RFC 2022, 5.1.2): form and length of an ATM number or subaddress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    octet: u8,
    offset: usize,
    field: &'static str,
}

impl Shape {
    #[inline]
    pub(crate) fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, WireError> {
        let offset = reader.offset();
        let octet = reader.u8(field)?;
        let shape = Self {
            octet,
            offset,
            field,
        };
        // R2022-5.1.2-04
        if octet & 0x80 != 0 {
            return Err(shape.error(ErrorCode::BadValue));
        }
        Ok(shape)
    }

    #[inline]
    pub(crate) fn error(self, code: ErrorCode) -> WireError {
        WireError::new(code, self.field, self.offset, u64::from(self.octet))
    }

    // R2022-5.1.2-05
    pub(crate) const fn form(self) -> AtmForm {
        if self.octet & 0x40 == 0 {
            AtmForm::Nsapa
        } else {
            AtmForm::E164
        }
    }

    pub(crate) const fn len(self) -> usize {
        (self.octet & 0x3f) as usize
    }

    pub(crate) const fn is_null(self) -> bool {
        self.len() == 0
    }

    pub(crate) const fn octet(self) -> u8 {
        self.octet
    }

    /// Reads a number that must be there. One longer than an NSAPA is not kept.
    #[inline]
    pub(crate) fn number(
        self,
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Result<AtmNumber, WireError> {
        let octets = reader.take(field, self.len())?;
        AtmNumber::new(self.form(), octets).ok_or_else(|| self.error(ErrorCode::BadLength))
    }

    /// Reads a subaddress, which may be null (R2022-4.2-02).
    #[inline]
    pub(crate) fn optional(
        self,
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Result<Option<AtmNumber>, WireError> {
        // R2022-5.1.2-06: with length zero the form says nothing.
        if self.is_null() {
            return Ok(None);
        }
        self.number(reader, field).map(Some)
    }
}

/// Reads a protocol address of `length` octets; zero gives the null address (R2022-4.2-02).
#[inline]
pub(crate) fn protocol_address(
    reader: &mut Reader<'_>,
    field: &'static str,
    length: u8,
) -> Result<ProtocolAddress, WireError> {
    let too_long = reader.error(ErrorCode::BadLength, field, u64::from(length));
    if usize::from(length) > ProtocolAddress::MAX {
        return Err(too_long);
    }
    let octets = reader.take(field, usize::from(length))?;
    ProtocolAddress::new(octets).ok_or(too_long)
}

/// Reads a `<min,max>` pair of `length` octets each.
#[inline]
pub(crate) fn group_range(
    reader: &mut Reader<'_>,
    length: u8,
    fields: (&'static str, &'static str),
) -> Result<GroupRange, WireError> {
    let min = protocol_address(reader, fields.0, length)?;
    let at = reader.offset();
    let max = protocol_address(reader, fields.1, length)?;
    GroupRange::new(min, max).ok_or(WireError::new(
        ErrorCode::BadValue,
        fields.1,
        at,
        u64::from(length),
    ))
}

/// Reads a number and a subaddress.
#[inline]
pub(crate) fn endpoint(
    reader: &mut Reader<'_>,
    number: Shape,
    subaddress: Shape,
    fields: (&'static str, &'static str),
) -> Result<Endpoint, WireError> {
    Ok(Endpoint {
        number: number.number(reader, fields.0)?,
        subaddress: subaddress.optional(reader, fields.1)?,
    })
}
