//! What must be seen of one step: allowed alternatives, each with the messages and leaves that it demands.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::builder::{CCVC, SCVC, Script, leaf};
use super::counter::Counter;
use super::messages::{Message, Range, flag, op};
use crate::trace::{Alternative, Expected, Level, Stimulus};

/// One thing demanded.
#[derive(Clone)]
enum Output {
    /// On somebody's VC, numbered as the control VC named.
    Private(String, Message, &'static str),
    /// On somebody's VC, without a number.
    Plain(String, Message),
    /// Parts of one answer on somebody's VC: numbered, and with one sequence number.
    Parts(String, Vec<Message>, &'static str),
    /// On `ccvc` or `scvc` of the protocol with this index.
    Control(usize, &'static str, Message),
    /// Anything else.
    Other(Expected),
}

/// A step that is being written.
#[must_use = "a step ends with `done` or `silence`"]
pub(in crate::generate) struct Expect<'s> {
    script: &'s mut Script,
    stimulus: Stimulus,
    /// Who sent what.
    sent: Option<(String, Message)>,
    outputs: Vec<Output>,
    /// What every alternative demands besides.
    always: Vec<Expected>,
    alternatives: Vec<Alternative>,
    /// Numbers before the step, and after its first alternative.
    before: BTreeMap<String, Counter>,
    after: Option<BTreeMap<String, Counter>>,
    level: Level,
}

impl<'s> Expect<'s> {
    pub(in crate::generate) fn new(
        script: &'s mut Script,
        stimulus: Stimulus,
        sent: Option<(String, Message)>,
    ) -> Self {
        let before = script.counters().clone();
        Self {
            script,
            stimulus,
            sent,
            outputs: Vec::new(),
            always: Vec::new(),
            alternatives: Vec::new(),
            before,
            after: None,
            level: Level::Must,
        }
    }

    fn sender(&self) -> (String, Message) {
        let sent = self.sent.clone();
        sent.unwrap_or_else(|| panic!("nobody sent anything that could be copied"))
    }

    /// Numbers in answers to this message are those of which control VC.
    fn counted_by(message: &Message) -> &'static str {
        match message.number("op_type") {
            op::MSERV | op::UNSERV => SCVC,
            _ => CCVC,
        }
    }

    /// The message comes back to its sender alone (R2022-6.1.2-12 and its like).
    pub(in crate::generate) fn copy(self) -> Self {
        let (who, message) = self.sender();
        let vc = Self::counted_by(&message);
        self.private(&who, message.copied(), vc)
    }

    /// The same, with a CMI in it.
    pub(in crate::generate) fn copy_with(self, cmi: Value) -> Self {
        let (who, message) = self.sender();
        let vc = Self::counted_by(&message);
        self.private(&who, message.copied().with("cmi", cmi), vc)
    }

    /// The message goes out on `ccvc` or `scvc` as it is.
    pub(in crate::generate) fn copy_on(self, vc: &'static str) -> Self {
        let (_, message) = self.sender();
        self.on(vc, message.copied())
    }

    /// It goes out on a control VC under another operation with these pairs, punched if they are not its own.
    pub(in crate::generate) fn punched_on(
        self,
        vc: &'static str,
        op_type: u64,
        pairs: &[Range<'_>],
    ) -> Self {
        let (_, message) = self.sender();
        let copy = message.punched(op_type, pairs);
        if vc == CCVC {
            return self.on(vc, copy);
        }
        // Nobody says whether an SJOIN with holes is marked (register E18), and MCSs do not look for it.
        let flags = copy.number("flags");
        let either = json!({"one_of": [flags & !flag::PUNCHED, flags | flag::PUNCHED]});
        self.on(vc, copy.with("flags", either))
    }

    /// A message goes out on `ccvc` or `scvc`.
    pub(in crate::generate) fn on(self, vc: &'static str, message: Message) -> Self {
        let protocol = self.script.spoken();
        self.on_protocol(protocol, vc, message)
    }

    /// A message goes out on that control VC of the protocol with this index.
    pub(in crate::generate) fn on_protocol(
        mut self,
        protocol: usize,
        vc: &'static str,
        message: Message,
    ) -> Self {
        self.outputs.push(Output::Control(protocol, vc, message));
        self
    }

    /// A message to somebody alone, with the current number of a control VC.
    pub(in crate::generate) fn private(
        mut self,
        who: &str,
        message: Message,
        vc: &'static str,
    ) -> Self {
        self.outputs
            .push(Output::Private(who.to_owned(), message, vc));
        self
    }

    /// The NAK of the REQUEST that was sent: it, under another operation (R2022-5.1.2-07).
    pub(in crate::generate) fn nak(mut self) -> Self {
        let (who, message) = self.sender();
        self.outputs
            .push(Output::Plain(who, message.with("op_type", op::NAK)));
        self
    }

    /// Parts of an answer to the sender, in order; `vc` tells whose numbers they carry.
    pub(in crate::generate) fn parts(mut self, vc: &'static str, parts: Vec<Message>) -> Self {
        let (who, _) = self.sender();
        self.outputs.push(Output::Parts(who, parts, vc));
        self
    }

    /// A LEAVE of one group that ends nothing: it comes back, or the cluster is told. RFC 2022, 6.1.2, tells the cluster of
    /// whoever is no member any more; its appendix F tells nobody of a duplicate (register F19).
    pub(in crate::generate) fn copy_or_told(self, ids: &[&str]) -> Self {
        self.copy().or(ids).copy_on(CCVC)
    }

    /// A MULTI in one part, to a client.
    pub(in crate::generate) fn multi(self, group: &str, members: &[&str]) -> Self {
        self.multi_in(CCVC, group, members, &[members.len()])
    }

    /// A MULTI in parts of these sizes, with the numbers of a control VC.
    pub(in crate::generate) fn multi_in(
        self,
        vc: &'static str,
        group: &str,
        members: &[&str],
        sizes: &[usize],
    ) -> Self {
        let (who, _) = self.sender();
        let mut from = 0;
        let mut parts = Vec::new();
        for size in sizes {
            let places = from..from + size;
            let part = self.script.multi(&who, group, members, places);
            // An empty part (register F03) has addresses of no type.
            let empty = *size == 0;
            parts.push(if empty {
                part.without("thtl").without("tstl")
            } else {
                part
            });
            from += size;
        }
        self.parts(vc, parts)
    }

    /// Anything else is seen.
    pub(in crate::generate) fn sees(mut self, other: Expected) -> Self {
        self.outputs.push(Output::Other(other));
        self
    }

    /// Somebody becomes a leaf of a control VC, or is dropped from it.
    pub(in crate::generate) fn leaf(mut self, add: bool, vc: &str, who: &str) -> Self {
        let group = self.script.control_vc(vc);
        let leaf = leaf(add, &group, self.script.who(who));
        self.outputs.push(Output::Other(leaf));
        self
    }

    /// The level of what follows in this step; MUST if nothing is said.
    pub(in crate::generate) fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Something that has to be seen in whichever way the rest is done.
    pub(in crate::generate) fn always(mut self, other: Expected) -> Self {
        self.always.push(other);
        self
    }

    /// What is demanded so far may come with a MIGRATE of a group without members, or without one (register E14): the body
    /// of RFC 2022 has none (6.2.2), its sample and RFC 2443, 5.2, do not ask for members. Nobody hears it where there is no
    /// client.
    pub(in crate::generate) fn or_migrates(mut self, mcs: &str, group: &str, ids: &[&str]) -> Self {
        if !self.script.has_clients() {
            return self;
        }
        let migrate = self.script.migrate(group, mcs);
        let again = self.outputs.clone();
        let ids: Vec<&str> = ids.iter().copied().chain(["E14"]).collect();
        self.close(&ids);
        self.outputs = again;
        self.on(CCVC, migrate)
    }

    /// Another way to behave is allowed too.
    pub(in crate::generate) fn or(mut self, requirements: &[&str]) -> Self {
        self.close(requirements);
        self
    }

    /// Nothing more is allowed; ends the step.
    pub(in crate::generate) fn done(mut self, requirements: &[&str]) {
        self.close(requirements);
        let script = self.script;
        if let Some(after) = self.after {
            script.set_counters(after);
        }
        script.push(self.stimulus, self.alternatives);
    }

    /// Nothing is said at all; ends the step.
    pub(in crate::generate) fn silence(self, requirements: &[&str]) {
        assert!(self.outputs.is_empty(), "something is said");
        self.done(requirements);
    }

    fn close(&mut self, requirements: &[&str]) {
        self.script.set_counters(self.before.clone());
        let outputs = self.numbered();
        self.alternatives.push(Alternative {
            level: self.level,
            requirements: self.script.cite(requirements),
            window: None,
            outputs,
        });
        let mut now = self.script.counters().clone();
        if let Some(first) = &self.after {
            // Alternatives that count differently leave a number that nobody knows.
            for (name, counter) in &mut now {
                if first.get(name) != Some(counter) {
                    counter.forget();
                }
            }
        }
        self.after = Some(now);
    }

    /// The outputs with their numbers: control VCs first, which count; then the private ones, which are in
    /// no order with them.
    fn numbered(&mut self) -> Vec<Expected> {
        let outputs = std::mem::take(&mut self.outputs);
        let script = &mut *self.script;
        let count = |vc: &str| {
            let on = |one: &&Output| matches!(one, Output::Control(_, other, _) if *other == vc);
            u32::try_from(outputs.iter().filter(on).count()).unwrap_or(u32::MAX)
        };
        let mut expected = self.always.clone();
        for output in &outputs {
            match output {
                Output::Other(other) => expected.push(other.clone()),
                Output::Control(protocol, vc, message) => {
                    let spoken = script.spoken();
                    script.speak(*protocol);
                    let number = script.counter(vc).next();
                    let message = message.clone().with("msn", number);
                    expected.push(frame(script.control_vc(vc), &message));
                    script.speak(spoken);
                }
                _ => {}
            }
        }
        for output in &outputs {
            match output {
                Output::Plain(who, message) => expected.push(frame(script.vc(who), message)),
                Output::Private(who, message, vc) => {
                    let number = script.counter(vc).current(count(vc));
                    let message = message.clone().with("msn", number);
                    expected.push(frame(script.vc(who), &message));
                }
                Output::Parts(who, parts, vc) => {
                    let number = script.counter(vc).current(count(vc));
                    let name = format!("answer-{}", script.steps());
                    expected.extend(answer(&script.vc(who), parts, &name, &number));
                }
                _ => {}
            }
        }
        expected
    }
}

fn frame(vc: String, message: &Message) -> Expected {
    Expected::Frame {
        vc,
        matches: message.pattern(),
    }
}

/// Parts of one answer (R2022-5.1.1-03, R2022-5.1.1-04, R2022-5.1.1-14): y counts from 1, x marks the last,
/// and all carry the number of the first.
fn answer(vc: &str, parts: &[Message], name: &str, number: &Value) -> Vec<Expected> {
    let mut expected = Vec::new();
    for (position, part) in parts.iter().enumerate() {
        let last = position + 1 == parts.len();
        let seqxy = position + 1 + if last { 0x8000 } else { 0 };
        let number = match (parts.len(), position) {
            (1, _) => number.clone(),
            (_, 0) => json!({"bind": name, "one_of": [number]}),
            _ => json!({"ref": name}),
        };
        let part = part.clone().with("seqxy", seqxy).with("msn", number);
        expected.push(frame(vc.to_owned(), &part));
    }
    expected
}
