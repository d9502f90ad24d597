//! What to mend in an adapter that broke, in one paragraph.

use super::results::Row;
use super::verdict::Verdict;
use crate::sut::SutError;
use crate::sut::contract;

/// The paragraph for the first case that broke, if one did.
#[must_use]
pub fn of_rows(rows: &[Row]) -> Option<String> {
    let broken = rows.iter().filter(|row| row.verdict == Verdict::Error);
    let first = broken.clone().next()?;
    let failure = first.failure.as_ref()?;
    let paragraph = of_code(&failure.code, &failure.detail);
    let count = broken.count();
    let more = match count {
        1 => String::new(),
        _ => format!(" {count} cases ended so."),
    };
    Some(format!(
        "The adapter broke in case {}, step {} ({}): {}.{more} {paragraph}",
        first.case,
        failure.step,
        failure.stimulus,
        failure.detail.trim_end_matches('.'),
    ))
}

/// The paragraph for an adapter that could not even be started.
#[must_use]
pub fn of_error(error: &SutError) -> String {
    let text = error.to_string();
    let code = match error {
        SutError::Refused { code, .. } => code.clone(),
        other => other.code(),
    };
    let first = text.trim_end_matches('.');
    format!(
        "The adapter could not be started or did not say hello: {first}. {}",
        of_code(&code, &text)
    )
}

/// What a code means, and what to mend.
#[must_use]
pub fn of_code(code: &str, detail: &str) -> String {
    let violation = code.strip_prefix("protocol-violation:");
    let number: Option<u8> = violation.and_then(|number| number.parse().ok());
    let text = match (code, number) {
        ("hang", _) => {
            "It read a request and wrote no answer in time. Answer every request with exactly one line, \
             end the line with a newline, and flush stdout after it (Python: print(.., flush=True); C: \
             fflush(stdout)); never sleep, time is the harness's."
        }
        ("crash", _) => {
            "The process ended, or closed its stdout, before it answered. The last lines of its stderr \
             stand with the case; run the command that is given there to see it alone. Only `bye` and the \
             end of stdin may end the adapter."
        }
        (_, Some(contract::LINE)) => {
            "What it wrote is not one JSON object on a line of at most 1 MiB. Stdout is for answers alone. \
             Keep logs, banners and prompts off stdout (stderr is free), and write each object on one line."
        }
        (_, Some(contract::ID)) => {
            "The answer does not carry the request's id. Echo `id` as the integer that came, not as a \
             string and not a count of your own."
        }
        (_, Some(contract::FIELD)) => {
            "A field of the answer is missing or has the wrong form. The form of every answer is in \
             conformance/schemas/adapter-response.schema.json."
        }
        (_, Some(contract::OUTPUT_TIME)) => {
            "An output carries a time outside the request. `at` is the request's own time, or for a timer \
             the virtual time at which it was due, never before the last request and never after this one, \
             in ascending order."
        }
        (_, Some(contract::SILENCE)) => {
            "It sent something before the time that it had promised in `next`. `next` is the earliest \
             pending deadline of all timers; give the right one after every request, null only if none runs."
        }
        (_, Some(contract::OVERDUE)) => {
            "`next` lies at or before the time of the request. Fire every timer that is due at or before \
             that time first, then say when the following one is due."
        }
        (_, Some(contract::UNASKED)) => {
            "It wrote a line that answers no request. Write exactly one line for each request, in order; \
             collect all outputs of a request in its one answer."
        }
        ("version", _) => "It does not speak version 1 of mars-sut.",
        ("cannot-start", _) => {
            "Check the path, that the file may be executed, and for an interpreter that the command names it \
             (for example 'python3 adapter.py')."
        }
        ("cannot-connect", _) => {
            "Start the adapter before the suite, let it listen on that port, and accept there until the run \
             is over; it has to listen on an address that this machine reaches (0.0.0.0 or ::, not 127.0.0.1, \
             where the two are on different machines), and no firewall may stand between."
        }
        ("error", _) if detail.contains("version") => "It does not speak version 1 of mars-sut.",
        ("error", _) => {
            "It answered a valid request with an error. Answer `unsupported` to what it does not do, and \
             keep `error` for requests that cannot be meant."
        }
        _ => "See conformance/ADAPTERS.md.",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_reason_has_no_empty_place_for_it() {
        let error = |reason: &str| {
            let (code, reason) = ("version".to_owned(), reason.to_owned());
            of_error(&SutError::Refused { code, reason })
        };
        assert!(
            error("").contains("hello: refused: version. It does not"),
            "{}",
            error("")
        );
        assert!(error("2 alone").contains("refused: version: 2 alone. It"));
    }

    #[test]
    fn who_is_reached_over_tcp_is_not_told_of_paths() {
        let tcp = of_code("cannot-connect", "");
        assert!(
            tcp.contains("listen on that port") && !tcp.contains("path"),
            "{tcp}"
        );
        assert!(of_code("cannot-start", "").contains("Check the path"));
    }
}
