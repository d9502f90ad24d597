//! A walk of the neighbour through the places of a server: what it sends, what it must hear.

use std::collections::{BTreeSet, VecDeque};

use super::input::{Body, Form, Input, Instance, Listing, Number, Record};
use super::node::{Node, Place, Reaction};
use super::output::{CaNumber, Output, instance};
use super::peer::{self, Setup};
use crate::frames;
use crate::trace::{Alternative, Expected, Level, Step, Stimulus};

/// A trace in the making.
#[derive(Clone, Debug)]
pub(super) struct Tour {
    /// The server as it must be now.
    pub(super) node: Node,
    /// What was done so far.
    pub(super) steps: Vec<Step>,
    /// VCs beside the one in use.
    spare: u32,
    /// On the way: steps are told in brief.
    brief: bool,
}

impl Tour {
    /// At the server's start.
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            node: Node::new(setup),
            steps: Vec::new(),
            spare: 0,
            brief: false,
        }
    }

    /// Ledger ids of all steps.
    pub(super) fn requirements(&self) -> Vec<String> {
        let all = self.steps.iter().flat_map(|step| &step.expect);
        let ids: BTreeSet<&String> = all.flat_map(|one| &one.requirements).collect();
        ids.into_iter().cloned().collect()
    }

    /// One step at the present instant.
    pub(super) fn give(&mut self, input: &Input) -> Reaction {
        self.give_at(input, self.node.now)
    }

    /// One step at the present instant, of which what `others` do is as good: the server as other readings have it.
    pub(super) fn give_to_each(&mut self, input: &Input, others: Vec<Way>) -> Vec<Node> {
        let (vc, setup, brief) = (self.node.vc(), self.node.setup, self.brief);
        let rounds = others.iter().map(|(node, _)| node.rounds()).max();
        self.give(input);
        self.node.skip_rounds(rounds.unwrap_or(0));
        let mut nodes = Vec::new();
        for (node, outputs) in others {
            let pattern = |one: &Output| one.expected(&vc, setup, brief);
            let outputs: Vec<Expected> = outputs.iter().map(pattern).collect();
            if let Some(step) = self.steps.last_mut()
                && let Some(first) = step.expect.first()
                && step.expect.iter().all(|one| one.outputs != outputs)
            {
                let other = Alternative {
                    outputs,
                    ..first.clone()
                };
                step.expect.push(other);
            }
            nodes.push(node);
        }
        nodes
    }

    /// The next ordinary message, told in brief, that the server answers: it shows where the server is, or where it is by
    /// other readings.
    pub(super) fn look_at_each(&mut self, others: Vec<Node>) {
        let Some(input) = answered(&self.node) else {
            return;
        };
        // What not all of them have said cannot be named.
        let mut names = others.iter().map(Node::rounds);
        if names.any(|rounds| self.node.names_round_after(&input, rounds)) {
            return;
        }
        let exact = match &input {
            Input::Frame(Body::Ca(number, form), _) => {
                let number = self.node.number(*number).map_or(0, |(number, _)| number);
                Input::ca(Number::Exactly(number), *form)
            }
            _ => input.clone(),
        };
        let ways = others.into_iter().map(|node| way(node, &exact)).collect();
        self.brief = true;
        self.give_to_each(&input, ways);
        self.brief = false;
    }

    /// The same, told in brief.
    pub(super) fn give_in_brief(&mut self, input: &Input) {
        self.brief = true;
        self.give(input);
        self.brief = false;
    }

    /// Time passes; one step.
    pub(super) fn wait_until(&mut self, at: u64) -> Reaction {
        self.give_at(&Input::Until(at), at)
    }

    /// One step at `at`: what is due by then comes first (design of the adapter protocol).
    pub(super) fn give_at(&mut self, input: &Input, at: u64) -> Reaction {
        let due = self.node.apply(&Input::Until(at), &[]);
        let is_second = *input == Input::VcUp && self.node.place() != Place::Down;
        let news = news(&mut self.node, input);
        let stimulus = self.stimulus(input, &news, is_second);
        let mut reaction = self.node.apply(input, &news);
        let mut outputs = due.outputs;
        outputs.append(&mut reaction.outputs);
        reaction.outputs = outputs;
        reaction.ids.extend(due.ids);
        if matches!(input, Input::Until(_)) && reaction.ids.is_empty() {
            reaction.cite(self.silence());
        }
        let vc = self.node.vc();
        let setup = self.node.setup;
        let brief = self.brief;
        let ids = reaction.ids.iter().take(if brief { 1 } else { usize::MAX });
        let ids: Vec<String> = ids.map(|id| (*id).to_owned()).collect();
        let way = |outputs: &mut dyn Iterator<Item = &Output>| Alternative {
            level: Level::Must,
            requirements: ids.clone(),
            window: None,
            outputs: outputs.map(|one| one.expected(&vc, setup, brief)).collect(),
        };
        let mut expect = vec![way(&mut reaction.outputs.iter())];
        // Register C24: whether a record that must be discarded is acknowledged nobody says.
        let discarded = |one: &Instance| matches!(one.record, Record::Odd(_));
        if matches!(input, Input::Frame(Body::Request(news), _) if news.iter().all(discarded)) {
            let mut rest = reaction.outputs.iter();
            expect.push(way(&mut rest
                .by_ref()
                .filter(|one| !matches!(one, Output::Reply(_)))));
        }
        self.steps.push(Step {
            at,
            act: None,
            stimulus: Some(stimulus),
            expect,
            state: Default::default(),
        });
        if is_second {
            self.drop_spare();
        }
        reaction
    }

    /// Takes down a VC that is not in use, or it would be the next to be used (register H11).
    fn drop_spare(&mut self) {
        self.steps.push(Step {
            at: self.node.now,
            act: None,
            stimulus: Some(Stimulus::VcDown {
                vc: format!("x{}", self.spare),
            }),
            expect: vec![Alternative {
                level: Level::Must,
                requirements: vec!["R2334-2.1-20".to_owned()],
                window: None,
                outputs: Vec::new(),
            }],
            state: Default::default(),
        });
    }

    /// What says that nothing is to be heard while time passes.
    fn silence(&self) -> &'static [&'static str] {
        match self.node.place() {
            Place::Down => &["R2334-2.1-04"],
            Place::Waiting | Place::Unidirectional => &["R2334-2.1-12"],
            Place::Negotiation | Place::Master(_) => &["R2334-2.2-05"],
            Place::Slave(_) => &["R2334-2.2.2-01"],
            Place::Update(_) => &["R2334-2.2.3-06"],
            Place::Aligned(_) => &["R2334-2.3-13"],
        }
    }

    fn stimulus(&mut self, input: &Input, news: &[Instance], is_second: bool) -> Stimulus {
        let setup = self.node.setup;
        match input {
            Input::VcUp => Stimulus::VcUp {
                kind: None,
                vc: if is_second {
                    self.spare += 1;
                    format!("x{}", self.spare)
                } else {
                    self.node.next_vc()
                },
                peer: peer::atm(0x0b),
            },
            Input::VcDown => Stimulus::VcDown { vc: self.node.vc() },
            Input::Until(_) => Stimulus::Advance {},
            Input::Frame(body, fault) => {
                let whole = matches!(body, Body::Request(_));
                let records: Vec<_> = news
                    .iter()
                    .map(|one| instance(*one, whole, setup))
                    .collect();
                let number = match body {
                    Body::Ca(number, _) => self.node.number(*number),
                    _ => None,
                };
                let number = number.map_or(CaNumber::Given(0), |(_, symbol)| symbol);
                let frame = super::input::frame(body, *fault, setup, number.value(), &records);
                // On the way a frame without a name in it is told in octets.
                let octets = self.brief.then(|| frames::write(&frame).ok()).flatten();
                Stimulus::Deliver {
                    vc: self.node.vc(),
                    frame: octets.is_none().then_some(frame),
                    hex: octets.map(|octets| frames::hex(&octets)),
                }
            }
        }
    }

    /// Goes to a place by the shortest way of ordinary messages, with nothing left on the lists but what
    /// the place needs; false when there is none.
    pub(super) fn go(&mut self, place: Place) -> bool {
        self.go_where(|node| node.place() == place && is_tidy(node))
    }

    /// The same for anything that can be said of the server.
    pub(super) fn go_where(&mut self, there: impl Fn(&Node) -> bool) -> bool {
        let Some(path) = self.way(&there) else {
            return false;
        };
        for input in &path {
            self.give_in_brief(input);
        }
        true
    }

    fn way(&self, there: &impl Fn(&Node) -> bool) -> Option<Vec<Input>> {
        let mut seen = BTreeSet::from([key(&self.node)]);
        let mut open = VecDeque::from([(self.node.clone(), Vec::new())]);
        while let Some((node, path)) = open.pop_front() {
            if there(&node) {
                return Some(path);
            }
            for input in ordinary(&node) {
                let mut next = node.clone();
                take(&mut next, &input);
                if seen.insert(key(&next)) {
                    let longer = path.iter().cloned().chain([input]).collect();
                    open.push_back((next, longer));
                }
            }
        }
        None
    }
}

/// A server as another reading has it, and what it says on the way there.
pub(super) type Way = (Node, Vec<Output>);

/// What becomes of a server that takes an input.
pub(super) fn way(mut node: Node, input: &Input) -> Way {
    let outputs = take(&mut node, input).outputs;
    (node, outputs)
}

/// The next ordinary message that the server answers.
pub(super) fn answered(node: &Node) -> Option<Input> {
    ordinary(node).into_iter().find(|input| {
        let mut next = node.clone();
        !take(&mut next, input).outputs.is_empty()
    })
}

/// Lets a server take an input, without telling a trace of it.
pub(super) fn take(node: &mut Node, input: &Input) -> Reaction {
    let news = news(node, input);
    node.apply(input, &news)
}

/// The records of an input; summaries of a CA are of records that the server does not know.
fn news(node: &mut Node, input: &Input) -> Vec<Instance> {
    match input {
        Input::Frame(Body::Ca(_, form), _) => (0..form.records)
            .map(|_| Instance::of(Record::Theirs(node.name_record())))
            .collect(),
        Input::Frame(Body::Request(news) | Body::Reply(news) | Body::Csus(news), _) => news.clone(),
        _ => Vec::new(),
    }
}

/// Nothing on the lists but what the place needs.
pub(super) fn is_tidy(node: &Node) -> bool {
    let asks = matches!(node.place(), Place::Update(_));
    node.update.queue.is_empty() && (asks || node.update.wanted.is_empty())
}

/// What tells servers apart on the way.
fn key(node: &Node) -> (Place, bool, bool) {
    (
        node.place(),
        node.update.wanted.is_empty(),
        node.update.queue.is_empty(),
    )
}

/// What a neighbour ordinarily does next, quiet ends first.
pub(super) fn ordinary(node: &Node) -> Vec<Input> {
    const EMPTY: Form = Form::new("", 0);
    let ca = |distance, bits, records| Input::ca(Number::From(distance), Form::new(bits, records));
    let mut inputs = match node.place() {
        Place::Down => return vec![Input::VcUp],
        Place::Waiting | Place::Unidirectional => vec![
            Input::hello(Listing::Us),
            Input::hello(Listing::Nobody),
            Input::VcDown,
        ],
        Place::Negotiation => vec![
            Input::ca(Number::Fresh, Form::BID),
            Input::ca(Number::From(0), EMPTY),
            ca(0, "", 1),
            ca(0, "O", 0),
        ],
        Place::Slave(_) => vec![ca(1, "M", 0), ca(1, "M", 1), ca(1, "MO", 0)],
        Place::Master(_) => vec![ca(0, "", 0), ca(0, "", 1), ca(0, "O", 0)],
        Place::Update(_) | Place::Aligned(_) => {
            let mut inputs = vec![Input::ca(Number::Fresh, Form::BID)];
            if !node.asked().is_empty() {
                inputs.push(Input::right(Body::Request(node.asked())));
            }
            if !node.queued().is_empty() {
                inputs.push(Input::right(Body::Reply(node.queued())));
            }
            if node.knows_own() {
                let own = vec![Instance::of(Record::Own)];
                inputs.push(Input::right(Body::Csus(own)));
            } else {
                let none = vec![Instance::of(Record::Theirs(u8::MAX))];
                inputs.push(Input::right(Body::Csus(none)));
            }
            inputs
        }
    };
    // A Hello that omits is no way back: when it counts is open (register D01).
    if node.place().is_heard_both_ways() {
        inputs.push(Input::VcDown);
    }
    inputs
}
