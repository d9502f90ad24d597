//! The shortest script that still shows a failure.
//!
//! Steps before the failing one are left out, first many at a time, then one by one, as long as the
//! server still fails the same demand with the same code. Leaving steps out can make a demand wrong (a
//! client that never registered is owed nothing), so a shorter script counts only if this project's
//! own server still passes it: it makes no expectation here, it only vetoes a shortening.

use std::sync::atomic::AtomicBool;

use super::play::{Played, play};
use super::verdict::Verdict;
use crate::sut::Sut;
use crate::sut::in_process::InProcess;
use crate::trace::{Step, Trace};

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
    let script = only(trace, steps);
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

/// The script of these steps alone.
#[must_use]
pub fn only(trace: &Trace, steps: &[usize]) -> Trace {
    let kept: Vec<Step> = steps
        .iter()
        .filter_map(|at| trace.steps.get(*at).cloned())
        .collect();
    Trace {
        steps: kept,
        ..trace.clone()
    }
}
