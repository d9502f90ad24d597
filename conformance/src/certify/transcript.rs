//! What a server answered, written down, and the same answers read again.
//!
//! A row of the results holds every answer of its case. [`Recorder`] writes them while a case is
//! played; [`Recorded`] is a server that gives them once more, so that the verdict can be judged
//! again without the server.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::adapter::Emitted;
use crate::sut::reply::emitted;
use crate::sut::{Answer, Out, OutAction, Sut, SutError, contract::Contract};

/// Passes every request on and writes down the answer.
pub struct Recorder<'s> {
    sut: &'s mut dyn Sut,
    seed: u64,
    /// One line for each request: `{"op","at","out"?,"next"?}`, or `broke` instead of the last two.
    pub lines: Vec<Value>,
}

impl<'s> Recorder<'s> {
    /// Before this server; every `reset` is given this seed.
    pub fn new(sut: &'s mut dyn Sut, seed: u64) -> Self {
        Self {
            sut,
            seed,
            lines: Vec::new(),
        }
    }

    fn note(
        &mut self,
        op: &str,
        at: u64,
        answer: Result<Answer, SutError>,
    ) -> Result<Answer, SutError> {
        let mut line = Map::new();
        line.insert("op".to_owned(), op.into());
        line.insert("at".to_owned(), at.into());
        match &answer {
            Ok(answer) => line.extend(answer_json(answer)),
            Err(error) => {
                line.insert("broke".to_owned(), error_json(error));
            }
        }
        self.lines.push(Value::Object(line));
        answer
    }
}

impl Sut for Recorder<'_> {
    fn reset(&mut self, case: &str, _seed: u64, config: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.reset(case, self.seed, config);
        self.note("reset", 0, answer)
    }

    fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.vc_up(at, vc, peer);
        self.note("vc_up", at, answer)
    }

    fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError> {
        let answer = self.sut.vc_down(at, vc);
        self.note("vc_down", at, answer)
    }

    fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError> {
        let answer = self.sut.deliver(at, vc, octets);
        self.note("deliver", at, answer)
    }

    fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError> {
        let answer = self.sut.leaf_gone(at, group, peer);
        self.note("leaf_gone", at, answer)
    }

    fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
        let answer = self.sut.advance(to);
        self.note("advance", to, answer)
    }

    fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError> {
        let answer = self.sut.admin(at, what);
        self.note("admin", at, answer)
    }

    fn probe(&mut self, at: u64, what: &str) -> Result<Value, SutError> {
        self.sut.probe(at, what)
    }
}

/// Gives recorded answers, one for each request; refuses one that was not asked then.
pub struct Recorded {
    lines: VecDeque<Value>,
    contract: Contract,
}

impl Recorded {
    /// The answers of a case.
    #[must_use]
    pub fn new(lines: &[Value]) -> Self {
        Self {
            lines: lines.iter().cloned().collect(),
            contract: Contract::default(),
        }
    }

    /// True when every answer was given.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.lines.is_empty()
    }

    fn next(&mut self, op: &str, at: u64) -> Result<Answer, SutError> {
        let refused = |reason: &str| SutError::Refused {
            code: "transcript".to_owned(),
            reason: reason.to_owned(),
        };
        let line = self.lines.pop_front();
        let line = line.ok_or_else(|| refused("there is no further answer"))?;
        let asked = line.get("op").and_then(Value::as_str);
        if asked != Some(op) || line.get("at").and_then(Value::as_u64) != Some(at) {
            return Err(refused(&format!("`{op}` at {at} ms was never asked here")));
        }
        if let Some(broke) = line.get("broke") {
            return Err(error_of(broke));
        }
        let out = match line.get("out") {
            Some(out) => serde_json::from_value::<Vec<Emitted>>(out.clone())
                .map_err(|error| refused(&error.to_string()))?,
            None => Vec::new(),
        };
        Ok(Answer {
            out: out.into_iter().map(emitted).collect(),
            next: line.get("next").and_then(Value::as_u64),
        })
    }

    fn timed(&mut self, op: &str, at: u64) -> Result<Answer, SutError> {
        let answer = self.next(op, at)?;
        self.contract.check(at, &answer)?;
        Ok(answer)
    }
}

impl Sut for Recorded {
    fn reset(&mut self, _case: &str, _seed: u64, _config: &Value) -> Result<Answer, SutError> {
        let answer = self.next("reset", 0)?;
        self.contract.reset(&answer)?;
        Ok(answer)
    }

    fn vc_up(&mut self, at: u64, _vc: &str, _peer: &Value) -> Result<Answer, SutError> {
        self.timed("vc_up", at)
    }

    fn vc_down(&mut self, at: u64, _vc: &str) -> Result<Answer, SutError> {
        self.timed("vc_down", at)
    }

    fn deliver(&mut self, at: u64, _vc: &str, _octets: &[u8]) -> Result<Answer, SutError> {
        self.timed("deliver", at)
    }

    fn leaf_gone(&mut self, at: u64, _group: &str, _peer: &Value) -> Result<Answer, SutError> {
        self.timed("leaf_gone", at)
    }

    fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
        self.timed("advance", to)
    }

    fn admin(&mut self, at: u64, _what: &str) -> Result<Answer, SutError> {
        self.timed("admin", at)
    }

    fn probe(&mut self, _at: u64, what: &str) -> Result<Value, SutError> {
        Err(SutError::Unsupported {
            op: "probe",
            reason: what.to_owned(),
        })
    }
}

/// An answer as its line; what is empty is left out.
fn answer_json(answer: &Answer) -> Map<String, Value> {
    let mut line = Map::new();
    if !answer.out.is_empty() {
        line.insert("out".to_owned(), answer.out.iter().map(out_json).collect());
    }
    if let Some(next) = answer.next {
        line.insert("next".to_owned(), next.into());
    }
    line
}

/// An output in the protocol's form.
#[must_use]
pub fn out_json(out: &Out) -> Value {
    let at = out.at;
    match &out.action {
        OutAction::Send { vc, hex } => json!({"at": at, "send": {"vc": vc, "hex": hex}}),
        OutAction::Leaf { add, group, peer } => {
            let op = if *add { "add" } else { "drop" };
            json!({"at": at, "leaf": {"op": op, "group": group, "peer": peer}})
        }
        OutAction::Call { peer } => json!({"at": at, "call": {"peer": peer}}),
        OutAction::Hangup { vc } => json!({"at": at, "hangup": {"vc": vc}}),
        OutAction::Tree {
            op,
            tree,
            group,
            peer,
        } => {
            let mut body = json!({"op": op, "tree": tree});
            if let Some(fields) = body.as_object_mut() {
                fields.extend(group.iter().map(|group| ("group".to_owned(), json!(group))));
                fields.extend(peer.iter().map(|peer| ("peer".to_owned(), peer.clone())));
            }
            json!({"at": at, "tree": body})
        }
        OutAction::Deliver { cmi, hex } => json!({"at": at, "deliver": {"cmi": cmi, "hex": hex}}),
        OutAction::Notice(notice) => json!({"at": at, "notice": notice}),
    }
}

/// Why there was no answer.
fn error_json(error: &SutError) -> Value {
    let (kind, op, detail) = match error {
        SutError::Crash { detail, .. } => ("crash", None, detail.clone()),
        SutError::Hang { op, waited_ms, .. } => ("hang", Some(*op), waited_ms.to_string()),
        SutError::Protocol { rule, detail } => {
            return json!({"kind": "protocol", "rule": rule, "detail": detail});
        }
        SutError::Unsupported { op, reason } => ("unsupported", Some(*op), reason.clone()),
        SutError::Refused { code, reason } => {
            return json!({"kind": "refused", "code": code, "detail": reason});
        }
    };
    match op {
        Some(op) => json!({"kind": kind, "op": op, "detail": detail}),
        None => json!({"kind": kind, "detail": detail}),
    }
}

fn error_of(broke: &Value) -> SutError {
    let text = |key: &str| {
        let text = broke.get(key).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let op = || {
        let all = crate::adapter::message::OPS;
        all.into_iter()
            .find(|op| *op == text("op"))
            .unwrap_or("a line")
    };
    let detail = text("detail");
    match text("kind").as_str() {
        "crash" => SutError::Crash {
            detail,
            stderr: Vec::new(),
        },
        "hang" => SutError::Hang {
            op: op(),
            waited_ms: detail.parse().unwrap_or_default(),
            stderr: Vec::new(),
        },
        "protocol" => SutError::Protocol {
            rule: broke
                .get("rule")
                .and_then(Value::as_u64)
                .and_then(|rule| u8::try_from(rule).ok())
                .unwrap_or_default(),
            detail,
        },
        "unsupported" => SutError::Unsupported {
            op: op(),
            reason: detail,
        },
        _ => SutError::Refused {
            code: text("code"),
            reason: detail,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_when_it_is_read_again() {
        let errors = [
            SutError::Crash {
                detail: "exit status: 3".to_owned(),
                stderr: Vec::new(),
            },
            SutError::Hang {
                op: "advance",
                waited_ms: 10_000,
                stderr: Vec::new(),
            },
            SutError::Protocol {
                rule: 7,
                detail: "x".to_owned(),
            },
            SutError::Unsupported {
                op: "leaf_gone",
                reason: "no".to_owned(),
            },
            SutError::Refused {
                code: "config".to_owned(),
                reason: "no".to_owned(),
            },
        ];
        for error in errors {
            let again = error_of(&error_json(&error));
            assert_eq!(again.to_string(), error.to_string());
            assert_eq!(again.code(), error.code());
        }
    }

    #[test]
    fn outputs_are_the_same_when_they_are_read_again() {
        let peer = json!({"number": "47", "form": "nsapa"});
        let actions = [
            OutAction::Send {
                vc: "a".to_owned(),
                hex: "00".to_owned(),
            },
            OutAction::Leaf {
                add: false,
                group: "ccvc".to_owned(),
                peer: peer.clone(),
            },
            OutAction::Call { peer },
            OutAction::Hangup { vc: "a".to_owned() },
        ];
        let out: Vec<Out> = actions.map(|action| Out { at: 5, action }).to_vec();
        let answer = Answer { out, next: Some(9) };
        struct Says(Vec<Answer>);
        impl Sut for Says {
            fn reset(&mut self, _: &str, _: u64, _: &Value) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn vc_up(&mut self, _: u64, _: &str, _: &Value) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn vc_down(&mut self, _: u64, _: &str) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn deliver(&mut self, _: u64, _: &str, _: &[u8]) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn leaf_gone(&mut self, _: u64, _: &str, _: &Value) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn advance(&mut self, _: u64) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn admin(&mut self, _: u64, _: &str) -> Result<Answer, SutError> {
                Ok(self.0.remove(0))
            }
            fn probe(&mut self, _: u64, _: &str) -> Result<Value, SutError> {
                Ok(Value::Null)
            }
        }
        let mut says = Says(vec![Answer::default(), answer.clone()]);
        let mut recorder = Recorder::new(&mut says, 7);
        recorder.reset("c", 0, &Value::Null).unwrap();
        recorder.advance(5).unwrap();
        let mut recorded = Recorded::new(&recorder.lines);
        recorded.reset("c", 0, &Value::Null).unwrap();
        assert!(!recorded.is_exhausted());
        assert_eq!(recorded.advance(5).unwrap(), answer);
        assert!(recorded.is_exhausted());
        assert_eq!(recorded.advance(6).unwrap_err().code(), "error");
        // What was asked is compared, too.
        let mut recorded = Recorded::new(&recorder.lines);
        assert_eq!(recorded.advance(0).unwrap_err().code(), "error");
    }
}
