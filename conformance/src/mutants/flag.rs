//! What `audit` alone finds in the recordings of a mutant that plays the suite.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Built;
use super::kill::{Kill, Killer};
use crate::audit::Auditor;
use crate::audit::tape::Tape;
use crate::certify::play::play;
use crate::sut::SutError;
use crate::sut::child::Child;
use crate::trace::Trace;

/// Whether a trace is a case of the suite: of one server, which the audit judges.
#[must_use]
pub fn is_case(trace: &Trace) -> bool {
    let [server] = trace.servers.as_slice() else {
        return false;
    };
    let role = server
        .config
        .get("role")
        .and_then(serde_json::Value::as_str);
    role.is_none_or(|role| role == "server") && trace.steps.iter().all(|step| step.act.is_none())
}

/// Plays cases on a mutant (the original for `None`), each recorded with the five minutes after it, until the audit accuses
/// the server of something. What the judge of the cases says is not looked at. `None` too when the stop flag is raised.
///
/// # Errors
/// The program cannot be started.
pub fn first_finding<'a>(
    built: &Built,
    id: Option<&str>,
    cases: impl IntoIterator<Item = &'a Trace>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    let mut server = Child::start(built.launch(id))?;
    for trace in cases.into_iter().filter(|trace| is_case(trace)) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut tape = Tape::new(&mut server);
        if play(trace, &mut tape, stop).is_none() {
            return Ok(None);
        }
        tape.linger();
        let mut auditor = Auditor::new();
        let mut broke = false;
        for (at, line) in tape.lines.into_iter().enumerate() {
            broke |= line.get("status").is_some_and(|status| status != "ok");
            // What is no line of the protocol any more is no recording.
            if auditor.value(at + 1, line).is_err() {
                break;
            }
        }
        if let Some(found) = auditor.findings().first() {
            return Ok(Some(Kill {
                by: Killer::Audit(trace.id.clone()),
                step: found.line,
                code: found.code.clone(),
                report: format!(
                    "{} at {} ms on {}: wanted {}, got {}",
                    found.monitor, found.at, found.vc, found.wanted, found.got
                ),
            }));
        }
        if broke {
            // It crashed or hangs, of which a recording says nothing.
            server = Child::start(built.launch(id))?;
        }
    }
    Ok(None)
}
