//! Recordings in memory: requests and responses of `mars-sut/1`, one after the other.

use serde_json::{Value, json};

use crate::adapter::message::Op;
use crate::certify::transcript::out_json;
use crate::frames::hex;
use crate::sut::{Answer, Sut, SutError};

/// The contract lets nobody go further at once.
const STRIDE_MS: u64 = 60_000;
/// Strides after a case.
const TAIL: u64 = 5;

/// Passes every request on and writes down request and response as lines of the adapter protocol.
pub struct Tape<'s> {
    sut: &'s mut dyn Sut,
    /// The lines, request and response in turn.
    pub lines: Vec<Value>,
}

impl<'s> Tape<'s> {
    /// Before this server.
    pub fn new(sut: &'s mut dyn Sut) -> Self {
        Self {
            sut,
            lines: Vec::new(),
        }
    }

    /// Five minutes pass after a case, so that what is late shows.
    pub fn linger(&mut self) {
        let mut times = self.lines.iter().filter_map(|line| {
            let at = line.get("at").or_else(|| line.get("to"));
            at.and_then(Value::as_u64)
        });
        let Some(last) = times.next_back() else {
            return;
        };
        for stride in 1..=TAIL {
            if self.advance(last + stride * STRIDE_MS).is_err() {
                return;
            }
        }
    }

    fn note(&mut self, op: &Op, answer: Result<Answer, SutError>) -> Result<Answer, SutError> {
        let id = self.lines.len() / 2 + 1;
        let mut request = json!({"id": id});
        if let (Some(fields), Ok(Value::Object(more))) =
            (request.as_object_mut(), serde_json::to_value(op))
        {
            fields.extend(more);
        }
        self.lines.push(request);
        self.lines.push(match &answer {
            Ok(answer) => {
                let out: Vec<Value> = answer.out.iter().map(out_json).collect();
                json!({"id": id, "status": "ok", "out": out, "next": answer.next})
            }
            Err(error) => {
                json!({"id": id, "status": "error", "code": error.code(), "reason": error.to_string()})
            }
        });
        answer
    }
}

impl Sut for Tape<'_> {
    fn reset(&mut self, case: &str, seed: u64, config: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.reset(case, seed, config);
        let op = Op::Reset {
            case: case.to_owned(),
            seed,
            config: config.clone(),
        };
        self.note(&op, answer)
    }

    fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.vc_up(at, vc, peer);
        let op = Op::VcUp {
            at,
            vc: vc.to_owned(),
            peer: peer.clone(),
            kind: None,
        };
        self.note(&op, answer)
    }

    fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError> {
        let answer = self.sut.vc_down(at, vc);
        let vc = vc.to_owned();
        self.note(&Op::VcDown { at, vc }, answer)
    }

    fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError> {
        let answer = self.sut.deliver(at, vc, octets);
        let (vc, hex) = (vc.to_owned(), hex(octets));
        self.note(&Op::Deliver { at, vc, hex }, answer)
    }

    fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.leaf_gone(at, group, peer);
        let (group, peer) = (group.to_owned(), peer.clone());
        self.note(&Op::LeafGone { at, group, peer }, answer)
    }

    fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
        let answer = self.sut.advance(to);
        self.note(&Op::Advance { to }, answer)
    }

    fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError> {
        let answer = self.sut.admin(at, what);
        let what = what.to_owned();
        self.note(&Op::Admin { at, what }, answer)
    }

    fn probe(&mut self, at: u64, what: &str) -> Result<Value, SutError> {
        self.sut.probe(at, what)
    }
}

/// What was asked and answered in a case, made from the answers that stand in its row of the results and the trace that
/// says what was asked.
#[must_use]
pub fn of_row(trace: &crate::trace::Trace, answers: &[Value]) -> Vec<Value> {
    let mut recorded = crate::certify::transcript::Recorded::new(answers);
    let mut tape = Tape::new(&mut recorded);
    let stop = core::sync::atomic::AtomicBool::new(false);
    let _ = crate::certify::play::play(trace, &mut tape, &stop);
    tape.lines
}
