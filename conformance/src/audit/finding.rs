//! What the audit finds, and what it looked at.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::certify::words;

/// Frames shown before a violation.
const CONTEXT: usize = 5;
/// Hex digits shown of a frame.
const DIGITS: usize = 320;
/// Violations kept of a recording; the rest is counted.
pub const KEPT: usize = 1000;

/// Something that no conforming server could have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The run: the case of the `reset` before it, or its number.
    pub case: String,
    /// Line of the recording, or number of the packet, from 1.
    pub line: usize,
    /// Virtual milliseconds.
    pub at: u64,
    /// The VC, where it is about one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vc: String,
    /// Which monitor found it.
    pub monitor: &'static str,
    /// A failure code of the contract.
    pub code: String,
    /// `MUST` (what an RFC states without a key word included) or `SHOULD`.
    pub level: &'static str,
    /// Ledger ids.
    pub requirements: Vec<&'static str>,
    /// What a conforming server would have done.
    pub wanted: String,
    /// What was done.
    pub got: String,
    /// The frames before, oldest first.
    pub frames: Vec<String>,
}

/// How much one monitor looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Checks made.
    pub checks: u64,
    /// What was not judged because it could not be known what is right.
    pub unjudged: u64,
    /// Violations.
    pub violations: u64,
}

/// A frame that may have to be shown.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) at: u64,
    /// `in` or `out`.
    pub(super) way: &'static str,
    pub(super) vc: String,
    pub(super) hex: String,
}

impl Passed {
    fn words(&self) -> String {
        let Self { at, way, vc, hex } = self;
        let (shown, rest) = match hex.get(..DIGITS) {
            Some(start) if hex.len() > DIGITS => (start, ".."),
            _ => (hex.as_str(), ""),
        };
        let what = words::hex_frame(hex);
        format!("{at} ms {way} on {vc}: {what} ({shown}{rest})")
    }
}

/// Where monitors put what they find.
#[derive(Debug, Default)]
pub(super) struct Sink {
    pub(super) case: String,
    pub(super) line: usize,
    pub(super) at: u64,
    pub(super) frames: VecDeque<Passed>,
    pub(super) findings: Vec<Finding>,
    pub(super) counts: BTreeMap<&'static str, Count>,
}

/// What is wrong: code, requirement ids, wanted, got.
pub(super) struct Wrong<'w> {
    pub(super) vc: &'w str,
    pub(super) code: &'w str,
    pub(super) ids: &'static [&'static str],
    pub(super) wanted: String,
    pub(super) got: String,
}

impl Sink {
    /// Counts a check.
    pub(super) fn check(&mut self, monitor: &'static str) {
        self.counts.entry(monitor).or_default().checks += 1;
    }

    /// Counts what could not be judged.
    pub(super) fn skip(&mut self, monitor: &'static str) {
        self.counts.entry(monitor).or_default().unjudged += 1;
    }

    /// Counts a check and, when it does not hold, a violation.
    pub(super) fn judge<'w>(
        &mut self,
        monitor: &'static str,
        holds: bool,
        wrong: impl FnOnce() -> Wrong<'w>,
    ) {
        self.check(monitor);
        if !holds {
            self.wrong(monitor, "MUST", wrong());
        }
    }

    /// A violation.
    pub(super) fn wrong(&mut self, monitor: &'static str, level: &'static str, wrong: Wrong<'_>) {
        self.counts.entry(monitor).or_default().violations += 1;
        if self.findings.len() >= KEPT {
            return;
        }
        self.findings.push(Finding {
            case: self.case.clone(),
            line: self.line,
            at: self.at,
            vc: wrong.vc.to_owned(),
            monitor,
            code: wrong.code.to_owned(),
            level,
            requirements: wrong.ids.to_vec(),
            wanted: wrong.wanted,
            got: wrong.got,
            frames: self.frames.iter().map(Passed::words).collect(),
        });
    }

    /// Keeps a frame for those that come after it.
    pub(super) fn keep(&mut self, frame: Passed) {
        self.frames.push_back(frame);
        if self.frames.len() > CONTEXT {
            self.frames.pop_front();
        }
    }
}
