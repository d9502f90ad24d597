//! Verdicts and what a failure shows.

use serde::{Deserialize, Serialize};

use crate::trace::Level;

/// What a case came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that was demanded was seen.
    Pass,
    /// Only deviations from a SHOULD.
    Nonstrict,
    /// A MUST was violated.
    Fail,
    /// The case could not be judged to its end.
    Inconclusive,
    /// In the suite, and not run.
    Missing,
    /// Claimed, and answered `unsupported`.
    Drift,
    /// Not claimed, and therefore not asked.
    Unsupported,
    /// The harness or the adapter broke.
    Error,
}

impl Verdict {
    /// Every verdict, in the order of the contract.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Nonstrict,
        Self::Fail,
        Self::Inconclusive,
        Self::Missing,
        Self::Drift,
        Self::Unsupported,
        Self::Error,
    ];

    /// Its word in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Nonstrict => "nonstrict",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Missing => "missing",
            Self::Drift => "drift",
            Self::Unsupported => "unsupported",
            Self::Error => "error",
        }
    }
}

/// A step that was not as demanded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Stable code.
    pub code: String,
    /// Position of the step, from 0.
    pub step: usize,
    /// Virtual milliseconds.
    pub at: u64,
    /// What was done to the server, in a few words.
    pub stimulus: String,
    /// The level of what was demanded.
    pub level: Level,
    /// Ledger ids behind what was demanded.
    pub requirements: Vec<String>,
    /// Items of the register that the case rests on: if the server follows another reading of one, see there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub register: Vec<String>,
    /// What broke, where it was no demand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What was allowed, each with what is wrong with it first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Mismatch>,
    /// What was seen in this step, in a few words each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// Octets that are not as wanted, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub octets: Vec<OctetDifference>,
    /// The last frames before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<String>,
    /// The last lines of the adapter's stderr in this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr: Vec<String>,
    /// The command that shows it alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// The steps of the shortest script found that still shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
}

/// An alternative that was not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Its level.
    pub level: Level,
    /// Its ledger ids.
    pub requirements: Vec<String>,
    /// What is wrong.
    pub code: String,
    /// The first field that differs; empty where no field does.
    pub field: String,
    /// What was wanted.
    pub wanted: String,
    /// What was there.
    pub got: String,
}

/// A field whose octets differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OctetDifference {
    /// Path of the field.
    pub field: String,
    /// Offset of its first octet that differs, from the start of the frame.
    pub offset: usize,
    /// Octets that were wanted, in hex.
    pub wanted: String,
    /// Octets that were there, in hex.
    pub got: String,
}

/// The shortest script found that shows a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shrunk {
    /// Positions in the case of the steps that are left.
    pub steps: Vec<usize>,
    /// How many there were up to the failure.
    pub of: usize,
    /// The command that plays these alone.
    pub command: String,
}

/// One of several readings, or options, that a server took.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Choice {
    /// Position of the step.
    pub step: usize,
    /// The field that was free, or `alternative` for a whole way to behave.
    pub what: String,
    /// Which of them, from 1.
    pub taken: usize,
    /// How many there are.
    pub of: usize,
    /// Ledger ids behind it.
    pub requirements: Vec<String>,
}
