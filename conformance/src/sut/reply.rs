//! One way from [`Sut`] calls to requests and from responses to answers, for everything that speaks
//! in messages of the protocol.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::contract::{Contract, FIELD, ID};
use super::{Answer, Out, OutAction, Signal, Sut, SutError};
use crate::adapter::message::{LeafOp, VcKind, Wish};
use crate::adapter::{Action, Emitted, Op, Outcome, Response};

/// Carries one message there and one back.
pub trait Exchange {
    /// Sends a request and takes its response.
    ///
    /// # Errors
    /// No response, or one that breaks the protocol.
    fn exchange(&mut self, op: Op) -> Result<(Answer, Map<String, Value>), SutError>;

    /// The clock and the last promise of this server.
    fn contract(&mut self) -> &mut Contract;
}

/// Sends a request at `at` and holds the answer against the contract of time.
fn stimulate<T: Exchange>(sut: &mut T, at: u64, op: Op) -> Result<Answer, SutError> {
    let (answer, _) = sut.exchange(op)?;
    sut.contract().check(at, &answer)?;
    Ok(answer)
}

impl<T: Exchange> Sut for T {
    fn reset(&mut self, case: &str, seed: u64, config: &Value) -> Result<Answer, SutError> {
        let op = Op::Reset {
            case: case.to_owned(),
            seed,
            config: config.clone(),
        };
        let (answer, _) = self.exchange(op)?;
        self.contract().reset(&answer)?;
        Ok(answer)
    }

    fn vc_up(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
        stimulate(
            self,
            at,
            Op::VcUp {
                at,
                vc: vc.to_owned(),
                peer: peer.clone(),
                kind: None,
            },
        )
    }

    fn vc_down(&mut self, at: u64, vc: &str) -> Result<Answer, SutError> {
        stimulate(
            self,
            at,
            Op::VcDown {
                at,
                vc: vc.to_owned(),
            },
        )
    }

    fn deliver(&mut self, at: u64, vc: &str, octets: &[u8]) -> Result<Answer, SutError> {
        let hex = octets.iter().fold(
            String::with_capacity(octets.len() * 2),
            |mut text, octet| {
                let _ = write!(text, "{octet:02x}");
                text
            },
        );
        stimulate(
            self,
            at,
            Op::Deliver {
                at,
                vc: vc.to_owned(),
                hex,
            },
        )
    }

    fn leaf_gone(&mut self, at: u64, group: &str, peer: &Value) -> Result<Answer, SutError> {
        stimulate(
            self,
            at,
            Op::LeafGone {
                at,
                group: group.to_owned(),
                peer: peer.clone(),
            },
        )
    }

    fn advance(&mut self, to: u64) -> Result<Answer, SutError> {
        stimulate(self, to, Op::Advance { to })
    }

    fn admin(&mut self, at: u64, what: &str) -> Result<Answer, SutError> {
        stimulate(
            self,
            at,
            Op::Admin {
                at,
                what: what.to_owned(),
            },
        )
    }

    fn leaf_of(&mut self, at: u64, vc: &str, peer: &Value) -> Result<Answer, SutError> {
        let op = Op::VcUp {
            at,
            vc: vc.to_owned(),
            peer: peer.clone(),
            kind: Some(VcKind::Leaf),
        };
        stimulate(self, at, op)
    }

    fn command(&mut self, at: u64, command: &Wish) -> Result<Answer, SutError> {
        let command = command.clone();
        stimulate(self, at, Op::Command { at, command })
    }

    fn signal(&mut self, at: u64, signal: &Signal) -> Result<Answer, SutError> {
        let op = match signal.clone() {
            Signal::CallFailed { peer } => Op::CallFailed { at, peer },
            Signal::LeafUp { tree, peer } => Op::LeafUp { at, tree, peer },
            Signal::LeafFailed { tree, peer, cause } => Op::LeafFailed {
                at,
                tree,
                peer,
                cause,
            },
            Signal::TreeDown { tree } => Op::TreeDown { at, tree },
        };
        stimulate(self, at, op)
    }

    fn probe(&mut self, _at: u64, what: &str) -> Result<Value, SutError> {
        let (_, mut more) = self.exchange(Op::Probe {
            what: what.to_owned(),
        })?;
        more.remove("probe").ok_or_else(|| SutError::Protocol {
            rule: FIELD,
            detail: "the answer to `probe` has no field `probe`".to_owned(),
        })
    }
}

/// The name of the operation.
pub(super) const fn name(op: &Op) -> &'static str {
    match op {
        Op::Hello { .. } => "hello",
        Op::Reset { .. } => "reset",
        Op::VcUp { .. } => "vc_up",
        Op::VcDown { .. } => "vc_down",
        Op::Deliver { .. } => "deliver",
        Op::LeafGone { .. } => "leaf_gone",
        Op::Advance { .. } => "advance",
        Op::Admin { .. } => "admin",
        Op::Command { .. } => "command",
        Op::CallFailed { .. } => "call_failed",
        Op::LeafUp { .. } => "leaf_up",
        Op::LeafFailed { .. } => "leaf_failed",
        Op::TreeDown { .. } => "tree_down",
        Op::Probe { .. } => "probe",
        Op::Bye => "bye",
    }
}

/// The answer that a response gives, and what else stands in it.
pub(super) fn answer(
    op: &'static str,
    id: i64,
    response: Response,
) -> Result<(Answer, Map<String, Value>), SutError> {
    if response.id != Some(id) {
        let got = response.id.map_or("null".to_owned(), |id| id.to_string());
        return Err(SutError::Protocol {
            rule: ID,
            detail: format!("id {got} answers {id}"),
        });
    }
    match response.outcome {
        Outcome::Ok { out, next, more } => {
            let out = out.into_iter().map(emitted).collect();
            Ok((Answer { out, next }, more))
        }
        Outcome::Unsupported { reason } => Err(SutError::Unsupported { op, reason }),
        Outcome::Error { code, reason } => Err(SutError::Refused { code, reason }),
    }
}

/// An output as the harness has it.
pub(crate) fn emitted(Emitted { at, action }: Emitted) -> Out {
    let action = match action {
        Action::Send { vc, hex } => OutAction::Send { vc, hex },
        Action::Leaf { op, group, peer } => OutAction::Leaf {
            add: op == LeafOp::Add,
            group,
            peer,
        },
        Action::Call { peer } => OutAction::Call { peer },
        Action::Hangup { vc } => OutAction::Hangup { vc },
        Action::Tree {
            op,
            tree,
            group,
            peer,
        } => OutAction::Tree {
            op,
            tree,
            group,
            peer,
        },
        Action::Deliver { cmi, hex } => OutAction::Deliver { cmi, hex },
        Action::Notice(notice) => OutAction::Notice(notice),
    };
    Out { at, action }
}
