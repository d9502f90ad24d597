//! What happened, for people: the last events are kept, and all are printed if that is wanted.

use std::collections::VecDeque;
use std::fmt::Display;

/// Lines kept for a failure.
const KEPT: usize = 50;

/// The log of a run.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// Print each line when it happens.
    pub(crate) aloud: bool,
    last: VecDeque<String>,
}

impl Story {
    /// Something happened.
    pub(crate) fn tell(&mut self, at_ms: u64, what: impl Display) {
        let line = format!("{} {what}", clock(at_ms));
        if self.aloud {
            println!("{line}");
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last events, the newest last.
    pub(crate) fn last(&self) -> impl Iterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }
}

/// Milliseconds as hours, minutes and seconds.
pub(crate) fn clock(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!(
        "{:02}:{:02}:{seconds:02}.{ms:03}",
        minutes / 60,
        minutes % 60
    )
}
