//! What the harness's reader and writer find wrong.

use std::fmt;

use serde_json::{Value, json};

/// The closed list of faults, the same names that an implementation's log should use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The input ends inside the field.
    Truncated,
    /// A length, count or offset that cannot be right.
    BadLength,
    /// The checksum does not fit the octets.
    BadChecksum,
    /// The LLC/SNAP header is none of the four known.
    BadEncapsulation,
    /// A version that is not spoken here.
    BadVersion,
    /// A type code, op code or state outside the list.
    UnknownType,
    /// A value that the field may not have.
    BadValue,
    /// Text that is not an even number of hex digits, or none at all.
    BadHex,
    /// On writing: a JSON value of the wrong shape, or none where one is needed.
    BadJson,
}

impl ErrorCode {
    /// Every code, in order.
    pub const ALL: [Self; 9] = [
        Self::Truncated,
        Self::BadLength,
        Self::BadChecksum,
        Self::BadEncapsulation,
        Self::BadVersion,
        Self::UnknownType,
        Self::BadValue,
        Self::BadHex,
        Self::BadJson,
    ];

    /// The stable kebab-case name that `wire decode` prints.
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
            Self::BadHex => "bad-hex",
            Self::BadJson => "bad-json",
        }
    }
}

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    /// What kind of fault.
    pub code: ErrorCode,
    /// The field, by its name in the layouts (`snake_case`, without `mar$`).
    pub field: String,
    /// Octets from the start of the input (reading), or of what was written so far (writing).
    pub offset: usize,
    /// What was found and what was wanted, for people.
    pub detail: String,
}

impl FrameError {
    /// A fault of `field` at `offset`.
    #[must_use]
    pub fn new(code: ErrorCode, field: &str, offset: usize, detail: impl Into<String>) -> Self {
        Self {
            code,
            field: field.to_owned(),
            offset,
            detail: detail.into(),
        }
    }

    /// The object that stands under `error` in the output of `wire decode`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "code": self.code.as_str(),
            "field": self.field,
            "offset": self.offset,
            "detail": self.detail,
        })
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: field {} at offset {}: {}",
            self.code.as_str(),
            self.field,
            self.offset,
            self.detail
        )
    }
}

impl std::error::Error for FrameError {}
