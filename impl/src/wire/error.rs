//! What can be wrong with octets, as data.

use core::fmt;

/// The closed list of things that a decoder finds wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The input ends inside this field.
    Truncated,
    /// A length, count or offset that cannot be right.
    BadLength,
    /// The checksum does not fit the octets.
    BadChecksum,
    /// The LLC/SNAP header is none of the four known.
    BadEncapsulation,
    /// A version this implementation does not speak.
    BadVersion,
    /// A type code or op code outside the list.
    UnknownType,
    /// A value that the field may not have.
    BadValue,
}

impl ErrorCode {
    /// Every code, in order.
    pub const ALL: [Self; 7] = [
        Self::Truncated,
        Self::BadLength,
        Self::BadChecksum,
        Self::BadEncapsulation,
        Self::BadVersion,
        Self::UnknownType,
        Self::BadValue,
    ];

    /// The kebab-case name that logs, counters and `wire decode` use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::BadLength => "bad-length",
            Self::BadChecksum => "bad-checksum",
            Self::BadEncapsulation => "bad-encapsulation",
            Self::BadVersion => "bad-version",
            Self::UnknownType => "unknown-type",
            Self::BadValue => "bad-value",
        }
    }
}

/// Why octets were refused. Small and without heap: refusing is as cheap as accepting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WireError {
    /// What kind of fault.
    pub code: ErrorCode,
    /// The field, by its name in `layouts-and-constants.md` (snake_case, without `mar$`).
    pub field: &'static str,
    /// Octets from the start of what was decoded to the field.
    pub offset: usize,
    /// The offending value; for [`ErrorCode::Truncated`] the octets that were wanted.
    pub value: u64,
}

impl WireError {
    pub(crate) const fn new(
        code: ErrorCode,
        field: &'static str,
        offset: usize,
        value: u64,
    ) -> Self {
        Self {
            code,
            field,
            offset,
            value,
        }
    }

    /// The same error seen from `octets` earlier, for the caller that took a header off first.
    #[must_use]
    pub const fn shifted(mut self, octets: usize) -> Self {
        self.offset = self.offset.saturating_add(octets);
        self
    }

    /// Whether an SCSP packet with this fault is an "abnormal event" that resets the adjacency
    /// (RFC 2334, 2.1, as register C25, D13 and D14 read it): wrong lengths are, noise and
    /// unknown versions or types are not.
    #[must_use]
    pub const fn is_abnormal(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::Truncated | ErrorCode::BadLength | ErrorCode::BadValue
        )
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: field {} at offset {}, value {} ({:#x})",
            self.code.as_str(),
            self.field,
            self.offset,
            self.value,
            self.value
        )
    }
}

impl core::error::Error for WireError {}
