//! A bounds-checked reader and the few writing helpers that need one. Nothing here indexes.

use super::error::{ErrorCode, WireError};

/// Reads big-endian fields (R2022-1.4-01) in order; every read names its field for the error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the start of `octets`.
    #[inline]
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self::at(octets, 0)
    }

    /// As [`Self::new`], with errors counting from `offset` octets earlier.
    #[inline]
    pub(crate) const fn at(octets: &'a [u8], offset: usize) -> Self {
        Self {
            rest: octets,
            offset,
        }
    }

    /// Octets read so far.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// What is not read yet.
    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` octets.
    #[inline]
    pub(crate) fn take(
        &mut self,
        field: &'static str,
        count: usize,
    ) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| self.error(ErrorCode::Truncated, field, count as u64))?;
        self.rest = rest;
        self.offset += count;
        Ok(taken)
    }

    /// Steps over `count` octets; false, and no step, where there are fewer.
    #[inline]
    pub(crate) fn skip(&mut self, count: usize) -> bool {
        let rest = self.rest.get(count..);
        if let Some(rest) = rest {
            self.rest = rest;
            self.offset += count;
        }
        rest.is_some()
    }

    /// The next `N` octets as an array.
    #[inline]
    pub(crate) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], WireError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.error(ErrorCode::Truncated, field, N as u64))?;
        self.rest = rest;
        self.offset += N;
        Ok(*taken)
    }

    #[inline]
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, WireError> {
        self.array(field).map(u8::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, WireError> {
        self.array(field).map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, WireError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// An error about the field that starts here.
    pub(crate) const fn error(
        &self,
        code: ErrorCode,
        field: &'static str,
        value: u64,
    ) -> WireError {
        WireError::new(code, field, self.offset, value)
    }
}

/// Appends big-endian fields.
pub(crate) trait Put {
    fn put_u8(&mut self, value: u8);
    fn put_u16(&mut self, value: u16);
    fn put_u32(&mut self, value: u32);
    fn put(&mut self, octets: &[u8]);
    /// Appends a count or length of 16 bits. What does not fit saturates, and the receiver will
    /// refuse it; encoders document that the caller stays below.
    fn put_count(&mut self, value: usize) {
        self.put_u16(u16::try_from(value).unwrap_or(u16::MAX));
    }
}

impl Put for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

/// Octets as lower-case hex in `Debug` output.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl core::fmt::Debug for Hex<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Overwrites octets at `offset`; nothing happens when they would not fit.
pub(crate) fn patch(octets: &mut [u8], offset: usize, value: &[u8]) {
    if let Some(place) = octets.get_mut(offset..offset.saturating_add(value.len())) {
        place.copy_from_slice(value);
    }
}

/// Reads 16 bits at `offset`, if they are there.
pub(crate) fn peek_u16(octets: &[u8], offset: usize) -> Option<u16> {
    let (two, _) = octets.get(offset..)?.split_first_chunk::<2>()?;
    Some(u16::from_be_bytes(*two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_big_endian() {
        // R2022-1.4-01
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(reader.u8("a"), Ok(1));
        assert_eq!(reader.u16("b"), Ok(0x0203));
        assert_eq!(reader.u32("c"), Ok(0x0405_0607));
        assert_eq!(reader.offset(), 7);
        assert_eq!(
            reader.u16("d"),
            Err(WireError::new(ErrorCode::Truncated, "d", 7, 2))
        );
        assert_eq!(reader.take("e", 1), Ok(&[8][..]));
        assert!(reader.rest().is_empty());
    }

    #[test]
    fn patching_never_leaves_the_slice() {
        let mut octets = [0; 3];
        patch(&mut octets, 1, &[9, 9]);
        patch(&mut octets, 2, &[7, 7]);
        assert_eq!(octets, [0, 9, 9]);
        assert_eq!(peek_u16(&octets, 1), Some(0x0909));
        assert_eq!(peek_u16(&octets, 2), None);
    }
}
