//! The shortest script that still shows a failure.
//!
//! Steps before the failing one are left out, first many at a time, then one by one, as long as the
//! server still fails the same demand with the same code. Leaving steps out can make a demand wrong (a
//! client that never registered is owed nothing), so a shorter script counts only if this project's
//! own server still passes it: it makes no expectation here, it only vetoes a shortening. A sequence
//! number depends on how many messages came before, so it is not judged in a shorter script, unless it
//! is what is wrong.

use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::play::{Played, play};
use super::verdict::Verdict;
use crate::sut::Sut;
use crate::sut::in_process::InProcess;
use crate::trace::{Expected, Step, Trace};

/// Most scripts that are tried for one case.
const TRIES: usize = 120;

/// The positions of the steps that are left, the failing one last; `None` when nothing shorter shows it.
pub fn shrink(
    trace: &Trace,
    failing: usize,
    code: &str,
    sut: &mut dyn Sut,
    stop: &AtomicBool,
) -> Option<Vec<usize>> {
    let mut kept: Vec<usize> = (0..=failing).collect();
    let mut tries = 0;
    let mut size = failing.div_ceil(2);
    while size > 0 {
        let mut from = 0;
        // The failing step itself stays.
        while from + 1 < kept.len() {
            let to = (from + size).min(kept.len() - 1);
            let mut fewer = kept.clone();
            fewer.drain(from..to);
            if tries == TRIES {
                return (kept.len() <= failing).then_some(kept);
            }
            tries += 1;
            if shows(trace, &fewer, code, sut, stop)? {
                kept = fewer;
            } else {
                from = to;
            }
        }
        size = match size {
            1 => 0,
            _ => size.div_ceil(2),
        };
    }
    (kept.len() <= failing).then_some(kept)
}

/// Whether this script fails at its last step with this code, and rightly; `None` once stopped.
fn shows(
    trace: &Trace,
    steps: &[usize],
    code: &str,
    sut: &mut dyn Sut,
    stop: &AtomicBool,
) -> Option<bool> {
    let script = only(trace, steps, is_number(code));
    let right = play(&script, &mut InProcess::new(), stop)?;
    if right.verdict != Verdict::Pass {
        return Some(false);
    }
    let played = play(&script, sut, stop)?;
    Some(fails_last(&played, steps.len(), code))
}

fn fails_last(played: &Played, steps: usize, code: &str) -> bool {
    let failure = played.failure.as_ref();
    played.verdict == Verdict::Fail
        && failure.is_some_and(|one| one.step + 1 == steps && one.code == code)
}

/// Whether a code says that a sequence number is wrong.
#[must_use]
pub fn is_number(code: &str) -> bool {
    code == "wrong-field:msn"
}

/// The script of these steps alone, without what it demands of `mar$msn` unless that is to be kept.
#[must_use]
pub fn only(trace: &Trace, steps: &[usize], keep_numbers: bool) -> Trace {
    let mut kept: Vec<Step> = steps
        .iter()
        .filter_map(|at| trace.steps.get(*at).cloned())
        .collect();
    let alternatives = kept.iter_mut().flat_map(|step| &mut step.expect);
    for expected in alternatives.flat_map(|one| &mut one.outputs) {
        if let Expected::Frame { matches, .. } = expected
            && !keep_numbers
            && let Some(message) = matches.get_mut("message").and_then(Value::as_object_mut)
        {
            message.remove("msn");
        }
    }
    Trace {
        steps: kept,
        ..trace.clone()
    }
}
