//! Lines of the adapter protocol, request and response in turn, to events in their order.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::demands::{BEATS, Demands, FLOODING, MAPS, REPEATS, SPREAD};
use super::event::{Event, What};
use super::finding::{Count, Finding, Passed, Sink, Wrong};
use super::links::Links;
use super::messages::Messages;
use super::updates::Updates;
use super::view::{View, atm, read, read_arrived};
use super::world::World;
use crate::adapter::message::{MAX_LINE, Op};
use crate::adapter::{Outcome, Request, Response};
use crate::frames;
use crate::sut::contract::Contract;
use crate::sut::reply::emitted;
use crate::sut::{Answer, OutAction};

/// The contract of `mars-sut/1`: times, `next`, silence, names of VCs.
const CONTRACT: &str = "contract";
/// Every monitor, so that one that had nothing to do says so.
const MONITORS: [&str; 14] = [
    CONTRACT,
    "frames",
    "hello",
    "alignment",
    "updates",
    "numbers",
    "registration",
    "copies",
    "answers",
    FLOODING,
    REPEATS,
    BEATS,
    MAPS,
    SPREAD,
];

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub detail: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.detail)
    }
}

impl std::error::Error for LineError {}

/// Judges a recording line by line.
#[derive(Default)]
pub struct Auditor {
    world: World,
    sink: Sink,
    contract: Contract,
    links: Links,
    updates: Updates,
    messages: Messages,
    demands: Demands,
    request: Option<Request>,
    /// Runs begun.
    pub runs: usize,
    /// Exchanges judged.
    pub exchanges: usize,
    /// The run is not of a server, or began before the recording.
    pub unjudged_runs: usize,
    idle: bool,
}

impl Auditor {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        let mut new = Self {
            idle: true,
            ..Self::default()
        };
        for monitor in MONITORS {
            new.sink.counts.insert(monitor, Count::default());
        }
        new
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.sink.findings
    }

    /// What was looked at so far, by monitor.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<&'static str, Count> {
        &self.sink.counts
    }

    /// Whether a request waits for its response.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.request.is_some()
    }

    /// Reads one line of text.
    ///
    /// # Errors
    /// It is no request or response, or not the one whose turn it is; it changes nothing then.
    pub fn line(&mut self, number: usize, text: &str) -> Result<(), LineError> {
        let wrong = |detail: String| LineError {
            line: number,
            detail,
        };
        if text.len() > MAX_LINE {
            return Err(wrong("longer than 1 MiB".to_owned()));
        }
        let value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        self.value(number, value)
    }

    /// Reads one line as JSON; `{"request":..}` and `{"response":..}` are unwrapped.
    ///
    /// # Errors
    /// As [`Auditor::line`].
    pub fn value(&mut self, number: usize, value: Value) -> Result<(), LineError> {
        let wrong = |detail: &str| LineError {
            line: number,
            detail: detail.to_owned(),
        };
        let value = ["request", "response"]
            .into_iter()
            .find_map(|name| value.get(name).cloned())
            .unwrap_or(value);
        match self.request.take() {
            None => {
                let request: Request = serde_json::from_value(value)
                    .map_err(|error| wrong(&format!("wanted a request: {error}")))?;
                self.request = Some(request);
                Ok(())
            }
            Some(request) => match serde_json::from_value::<Response>(value) {
                Ok(response) => {
                    self.exchange(number, request, response);
                    Ok(())
                }
                Err(error) => {
                    self.request = Some(request);
                    Err(wrong(&format!("wanted the response: {error}")))
                }
            },
        }
    }

    /// A capture begins: nothing is known.
    pub(super) fn begin_capture(&mut self, grace: u64) {
        self.runs += 1;
        self.idle = false;
        self.sink.case = self.runs.to_string();
        (self.world.capture, self.world.grace, self.world.now) = (true, grace, 0);
        self.event(0, What::Reset { config: None });
    }

    /// The line or packet that what follows stands in.
    pub(super) fn at_line(&mut self, line: usize) {
        self.sink.line = line;
        self.exchanges += 1;
    }

    pub(super) fn keep(&mut self, frame: Passed) {
        self.sink.keep(frame);
    }

    pub(super) fn event(&mut self, at: u64, what: What) {
        let event = Event { at, what };
        self.sink.at = at;
        self.world.now = self.world.now.max(at);
        self.links.see(&mut self.world, &event, &mut self.sink);
        self.updates
            .see(&mut self.world, &mut self.links, &event, &mut self.sink);
        self.messages.see(&self.world, &event, &mut self.sink);
        self.demands.see(&self.world, &event, &mut self.sink);
        self.world.apply(&event);
    }

    fn exchange(&mut self, line: usize, request: Request, response: Response) {
        self.sink.line = line;
        let Outcome::Ok { out, next, .. } = response.outcome else {
            // Nothing has changed.
            return;
        };
        if response.id != Some(request.id) {
            self.sink.wrong(
                CONTRACT,
                "MUST",
                Wrong {
                    vc: "",
                    code: "protocol-violation:2",
                    ids: &[],
                    wanted: format!("id {}", request.id),
                    got: format!("{:?}", response.id),
                },
            );
        }
        let answer = Answer {
            out: out.into_iter().map(emitted).collect(),
            next,
        };
        let (at, stimulus) = match request.op {
            Op::Hello { .. } | Op::Probe { .. } | Op::Bye => return,
            Op::Reset { case, config, .. } => {
                self.runs += 1;
                let role = config.get("role").and_then(Value::as_str);
                self.idle = role.is_some_and(|role| role != "server");
                self.unjudged_runs += usize::from(self.idle);
                self.world.now = 0;
                self.sink.frames.clear();
                self.sink.case = if case.is_empty() {
                    self.runs.to_string()
                } else {
                    case
                };
                self.contract = Contract::default();
                let config = Some(config);
                (0, What::Reset { config })
            }
            Op::VcUp { at, vc, peer, .. } => {
                let peer = atm(&peer);
                (at, What::VcUp { vc, peer })
            }
            Op::VcDown { at, vc } => (at, What::VcDown { vc }),
            Op::Deliver { at, vc, hex } => {
                let octets = frames::unhex(&hex).unwrap_or_default();
                let view = read_arrived(&octets);
                self.sink.keep(Passed {
                    at,
                    way: "in",
                    vc: vc.clone(),
                    hex,
                });
                (at, What::In { vc, view })
            }
            Op::LeafGone { at, group, peer } => {
                let peer = atm(&peer);
                (at, What::LeafGone { group, peer })
            }
            Op::Advance { to } => (to, What::Advance),
            Op::Admin { at, .. } => (at, What::Other),
            _ => return,
        };
        if self.idle {
            return;
        }
        self.exchanges += 1;
        self.sink.at = at;
        let kept = if matches!(stimulus, What::Reset { .. }) {
            self.contract.reset(&answer)
        } else {
            self.contract.check(at, &answer)
        };
        self.sink.judge(CONTRACT, kept.is_ok(), || {
            let error = kept.as_ref().err();
            Wrong {
                vc: "",
                code: "protocol-violation",
                ids: &[],
                wanted: "times and `next` as the contract has them".to_owned(),
                got: error.map(ToString::to_string).unwrap_or_default(),
            }
        });
        let (before, after): (Vec<_>, Vec<_>) = answer
            .out
            .into_iter()
            .partition(|out| out.at < at && !matches!(stimulus, What::Reset { .. }));
        for out in before {
            self.out(out.at, out.action);
        }
        self.event(at, stimulus);
        for out in after {
            self.out(out.at, out.action);
        }
        self.event(at, What::End);
    }

    fn out(&mut self, at: u64, action: OutAction) {
        match action {
            OutAction::Send { vc, hex } => {
                let octets = frames::unhex(&hex).unwrap_or_default();
                let known = super::event::control(&vc).is_some()
                    || (self.world.vcs.contains_key(&vc) && !self.world.down.contains(&vc));
                self.sink.at = at;
                self.sink.judge(CONTRACT, known, || Wrong {
                    vc: &vc,
                    code: "wrong-field:vc",
                    ids: &[],
                    wanted: "a VC that is up".to_owned(),
                    got: vc.clone(),
                });
                let view = read(&octets);
                let passed = Passed {
                    at,
                    way: "out",
                    vc: vc.clone(),
                    hex,
                };
                self.event(at, What::Out { vc, view });
                self.sink.keep(passed);
            }
            OutAction::Leaf { add, group, peer } => {
                let peer = atm(&peer);
                self.event(at, What::Leaf { add, group, peer });
            }
            OutAction::Hangup { vc } => self.event(at, What::Hangup { vc }),
            _ => {}
        }
    }
}

/// True for a frame that is no message of either protocol.
pub(super) const fn is_bad(view: &View) -> bool {
    matches!(view, View::Bad(_) | View::Data)
}
