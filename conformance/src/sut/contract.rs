//! The contract of time of `mars-sut/1`, and the numbers of the rules that an answer can break.

use super::{Answer, SutError};

/// The line is not one JSON object of at most 1 MiB.
pub const LINE: u8 = 1;
/// The `id` is not that of the request.
pub const ID: u8 = 2;
/// A field is missing or of the wrong type, or `status` is not in the list.
pub const FIELD: u8 = 3;
/// An output lies before the last request or after this one, or out of order.
pub const OUTPUT_TIME: u8 = 4;
/// An output between two stimuli lies before the promised `next`.
pub const SILENCE: u8 = 5;
/// `next` is already due.
pub const OVERDUE: u8 = 6;
/// Something was said that answers no request.
pub const UNASKED: u8 = 7;

/// The rule of this number in words.
#[must_use]
pub const fn rule(number: u8) -> &'static str {
    match number {
        LINE => "one JSON object a line, at most 1 MiB",
        ID => "the id is echoed",
        FIELD => "fields and their types",
        OUTPUT_TIME => "outputs lie in the time of the request, in order",
        SILENCE => "silence until `next` unless stimulated",
        OVERDUE => "`next` is in the future",
        UNASKED => "exactly one answer for each request",
        _ => "unknown rule",
    }
}

/// Remembers the clock and the last promise.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    now: u64,
    next: Option<u64>,
}

impl Contract {
    /// Checks the answer to `reset`.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn reset(&mut self, answer: &Answer) -> Result<(), SutError> {
        *self = Self::default();
        self.check(0, answer)
    }

    /// Checks the answer to a request at virtual time `at`.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&mut self, at: u64, answer: &Answer) -> Result<(), SutError> {
        let broken = |rule, detail| Err(SutError::Protocol { rule, detail });
        let mut last = self.now;
        for out in &answer.out {
            if out.at < last || out.at > at {
                let detail = format!("an output at {} ms, expected {last} to {at} ms", out.at);
                return broken(OUTPUT_TIME, detail);
            }
            if out.at < at && self.next.is_none_or(|next| out.at < next) {
                let promised = self
                    .next
                    .map_or("no timer".to_owned(), |next| format!("{next} ms"));
                let detail = format!("an output at {} ms, promised {promised}", out.at);
                return broken(SILENCE, detail);
            }
            last = out.at;
        }
        if let Some(next) = answer.next
            && next <= at
            && at > 0
        {
            return broken(OVERDUE, format!("next is {next} ms and it is {at} ms"));
        }
        self.now = at;
        self.next = answer.next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sut::{Out, OutAction};

    fn answer(times: &[u64], next: Option<u64>) -> Answer {
        let out = times.iter().map(|&at| Out {
            at,
            action: OutAction::Hangup { vc: "a".to_owned() },
        });
        Answer {
            out: out.collect(),
            next,
        }
    }

    fn broken(at: u64, wrong: &Answer) -> String {
        let mut contract = Contract::default();
        contract.reset(&answer(&[0], Some(100))).unwrap();
        contract.check(10, &answer(&[10], Some(100))).unwrap();
        contract.check(at, wrong).unwrap_err().code()
    }

    #[test]
    fn timers_and_replies_are_within_the_contract() {
        let mut contract = Contract::default();
        contract.reset(&answer(&[0, 0], Some(100))).unwrap();
        contract
            .check(300, &answer(&[100, 200, 300], Some(400)))
            .unwrap();
        contract.check(300, &answer(&[300], None)).unwrap();
        contract.reset(&answer(&[], None)).unwrap();
    }

    #[test]
    fn each_rule_of_time_is_checked() {
        assert_eq!(broken(20, &answer(&[9], None)), "protocol-violation:4");
        assert_eq!(broken(20, &answer(&[21], None)), "protocol-violation:4");
        assert_eq!(
            broken(200, &answer(&[150, 120], None)),
            "protocol-violation:4"
        );
        assert_eq!(broken(200, &answer(&[99], None)), "protocol-violation:5");
        assert_eq!(broken(20, &answer(&[], Some(20))), "protocol-violation:6");
    }
}
