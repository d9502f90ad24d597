//! Extensions at the end of an SCSP packet (RFC 2334, B.3).

use core::fmt;

use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Hex, Reader};

/// Type of the End extension.
pub(super) const END: u16 = 0;
/// Type of the Authentication extension: R2334-B.3.1-01.
pub(super) const AUTHENTICATION: u16 = 1;

/// One extension; the End extension is not among those listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// 1 Authentication, 2 Vendor-Private, others unknown and skipped (register D11). A vendor's own ones
    /// (R2334-B.3.2-01) are not looked into (R2334-B.3.2-03), may come twice (R2334-B.3.2-02), and are never
    /// sent.
    pub kind: u16,
    /// The value, unpadded.
    pub value: &'a [u8],
}

/// The Authentication extension (RFC 2334, B.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Authentication<'a> {
    /// Security Parameter Index, chosen by the receiver.
    pub spi: u32,
    /// The authentication data: 16 octets for HMAC-MD5-128.
    pub data: &'a [u8],
}

/// All extensions of a packet in order, checked when made; empty when there are none. Their order is kept:
/// R2334-B.3-05.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    octets: &'a [u8],
    listed: usize,
}

impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "type {} {:?}", self.kind, Hex(self.value))
    }
}

impl fmt::Debug for Authentication<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spi {:#x} {:?}", self.spi, Hex(self.data))
    }
}

impl fmt::Debug for Extensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(self.iter());
        if !self.after_end().is_empty() {
            list.entry(&Hex(self.after_end()));
        }
        list.finish()
    }
}

impl<'a> Extensions<'a> {
    /// Checks `octets`: what a packet holds from Start Of Extensions to its end.
    ///
    /// # Errors
    ///
    /// An extension that runs past the end, a missing End extension, an End extension with a length,
    /// a second Authentication extension.
    pub fn parse(octets: &'a [u8]) -> Result<Self, WireError> {
        Self::read(Reader::new(octets))
    }

    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, WireError> {
        let start = reader.offset();
        let octets = reader.rest();
        let mut authenticated = false;
        loop {
            let at = reader.offset();
            // R2334-B.3-02: without End this runs out of octets.
            // R2334-B.3-01
            let kind = reader.u16("type")?;
            let length = reader.u16("length")?;
            if kind == END {
                if length != 0 {
                    return Err(WireError::new(
                        ErrorCode::BadLength,
                        "length",
                        at + 2,
                        u64::from(length),
                    ));
                }
                return Ok(Self {
                    octets,
                    listed: at - start,
                });
            }
            let value_at = reader.offset();
            let value = reader.take("value", usize::from(length))?;
            if kind == AUTHENTICATION {
                // R2334-B.3-04
                if authenticated {
                    return Err(WireError::new(
                        ErrorCode::BadValue,
                        "type",
                        at,
                        u64::from(kind),
                    ));
                }
                authenticated = true;
                // R2334-B.3.1.1-01
                Reader::at(value, value_at).u32("spi")?;
            }
        }
    }

    /// The extensions before End, in the order they came: R2334-B.3-03.
    #[must_use]
    pub fn iter(&self) -> ExtensionIter<'a> {
        ExtensionIter(Reader::new(
            self.octets.get(..self.listed).unwrap_or_default(),
        ))
    }

    /// The octets as they came, End and whatever follows it included.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// What follows the End extension; canonically nothing, ignored (register D11).
    #[must_use]
    pub fn after_end(&self) -> &'a [u8] {
        self.octets.get(self.listed + 4..).unwrap_or_default()
    }

    /// The Authentication extension, if there is one.
    #[must_use]
    pub fn authentication(&self) -> Option<Authentication<'a>> {
        let found = self.iter().find(|one| one.kind == AUTHENTICATION)?;
        let (spi, data) = found.value.split_first_chunk::<4>()?;
        Some(Authentication {
            spi: u32::from_be_bytes(*spi),
            data,
        })
    }
}

/// Iterator over [`Extensions`].
#[derive(Clone, Debug)]
pub struct ExtensionIter<'a>(Reader<'a>);

impl<'a> Iterator for ExtensionIter<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        let kind = self.0.u16("type").ok()?;
        let length = self.0.u16("length").ok()?;
        let value = self.0.take("value", usize::from(length)).ok()?;
        Some(Extension { kind, value })
    }
}
