//! One trace for some cells of a grid: go to the place, let the event happen, look, go back.

use core::fmt;

use super::input::{Body, Fault, Form, Input, Listing, Number};
use super::node::{Node, Place, Reaction};
use super::peer::{Setup, Side};
use super::tour::{Tour, Way, answered, is_tidy, take, way};
use crate::trace::{Class, FORMAT, Level, Source, Topology, Trace};

/// A cell: a place of the machines and what happens there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// `hello`, `alignment`, `update` or `timers`.
    pub grid: &'static str,
    /// Whether the neighbour's id is `larger` or `smaller`.
    pub neighbor: &'static str,
    /// The place, such as `slave-more`.
    pub place: &'static str,
    /// The event, such as `CA +1 M-O1`.
    pub event: String,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            grid,
            neighbor,
            place,
            event,
        } = self;
        write!(f, "{grid}, {neighbor} neighbor, {place}: {event}")
    }
}

/// What became of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This trace has it.
    Trace(String),
    /// It has none, and why: it cannot be, or another stands for it.
    None(&'static str),
}

/// Name of a side.
pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Larger => "larger",
        Side::Smaller => "smaller",
    }
}

/// An event with the name that its cell has.
pub(super) type Event = (String, Input);

/// One trace in the making.
pub(super) struct Plan {
    /// Area of the trace; the grid's name is behind its dot.
    pub(super) grid: &'static str,
    /// Where the events happen.
    pub(super) place: Place,
    /// What the trace is played with.
    pub(super) setup: Setup,
    /// Kind of input.
    pub(super) class: Class,
}

impl Plan {
    /// The trace's id.
    pub(super) fn id(&self, what: &str) -> String {
        format!(
            "{}-{}-{}-{what}",
            self.grid,
            side(self.setup.side),
            self.place.name()
        )
    }

    /// The cell of an event.
    pub(super) fn cell(&self, event: &str) -> Cell {
        Cell {
            grid: self.grid,
            neighbor: side(self.setup.side),
            place: self.place.name(),
            event: event.to_owned(),
        }
    }

    /// To the place, if it is not there; false where there is no way.
    fn arrive(&self, tour: &mut Tour, input: &Input) -> bool {
        let late = matches!(input, Input::Frame(Body::Ca(Number::Late, _), _));
        if late && tour.node.number(Number::Late).is_none() {
            // There was no round before this one.
            tour.go(self.place);
            tour.give(&Input::VcDown);
        }
        (tour.node.place() == self.place && is_tidy(&tour.node)) || tour.go(self.place)
    }

    /// The server at the place.
    pub(super) fn node(&self) -> Option<Node> {
        let mut tour = Tour::new(self.setup);
        tour.go(self.place).then_some(tour.node)
    }

    /// What an event does at the place; `None` where the place cannot be reached.
    pub(super) fn outcome(&self, input: &Input) -> Option<(Reaction, Place)> {
        let mut tour = Tour::new(self.setup);
        self.arrive(&mut tour, input).then(|| {
            let reaction = take(&mut tour.node, input);
            (reaction, tour.node.place())
        })
    }

    /// The server as other readings of the event have it, where there are any.
    fn others(&self, node: &Node, input: &Input) -> Vec<Way> {
        let both_ways = self.place.is_heard_both_ways();
        let (number, form) = match input {
            Input::Frame(Body::Ca(number, form), Fault::None) => (*number, *form),
            _ => (Number::Fresh, Form::BID),
        };
        let ignored = || (node.clone(), Vec::new());
        let distance = match number {
            Number::From(distance) => Some(distance),
            _ => None,
        };
        match (self.place, input) {
            // Register D01: a Hello that omits may count when the dead time is over only.
            (_, Input::Frame(Body::Hello(Listing::Nobody | Listing::Another), Fault::None)) => {
                both_ways.then(ignored).into_iter().collect()
            }
            _ if self.may_reset(input) => {
                let abnormal = Input::Frame(Body::Hello(Listing::Us), Fault::Size);
                vec![way(node.clone(), &abnormal)]
            }
            // Register C25: with an id of another length it is of somebody else.
            (place, Input::Frame(_, Fault::IdLength)) if place.has_heard() => vec![ignored()],
            (Place::Down, _) => Vec::new(),
            // Register C29: what is behind the last record may be of no matter.
            (_, Input::Frame(body, Fault::LeftOver)) => {
                vec![way(node.clone(), &Input::right(body.clone()))]
            }
            // A CA that leads back to negotiation may be the answer to the bid that is made there (register C18, C20). Of
            // the master RFC 2334, 2.2.2, does not say that a wrong number leads back (C19).
            (Place::Master(_) | Place::Update(_) | Place::Aligned(_), _)
                if self.setup.side == Side::Smaller && !form.master && !form.init =>
            {
                let (back, mut outputs) = way(node.clone(), input);
                if back.place() != Place::Negotiation {
                    return Vec::new();
                }
                let answer = Input::ca(Number::From(0), form);
                let (after, more) = way(back, &answer);
                outputs.extend(more);
                let mut ways = vec![(after, outputs)];
                if matches!(self.place, Place::Master(_)) {
                    ways.push(ignored());
                }
                ways
            }
            // Register C20: RFC 2334, 2.2.1, case 2, asks for no number.
            (Place::Negotiation, _)
                if self.setup.side == Side::Smaller
                    && !form.master
                    && !form.init
                    && distance != Some(0) =>
            {
                vec![way(node.clone(), &Input::ca(Number::From(0), form))]
            }
            // Register H01: the I bit leads back to negotiation (2.2.2, rule 1), where the bid may be answered at once.
            (Place::Slave(_), Input::Frame(Body::Ca(..), Fault::None)) if form == Form::BID => {
                let number = node.number(number).map(|(number, _)| number);
                let Some(bid) = number.filter(|number| node.alignment.bid == Some(*number)) else {
                    return Vec::new();
                };
                let again = Input::ca(Number::Exactly(bid), Form::BID);
                let wrong = Input::ca(Number::Exactly(bid), Form::new("I", 0));
                vec![
                    way(node.clone().without_bid(), &again),
                    way(node.clone(), &wrong),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// Whether an event that is to change nothing may be an abnormal one: a wrong checksum (register D13), a version or type
    /// that nobody knows (D14, C25), a CSU or CSUS before its time (C23).
    fn may_reset(&self, input: &Input) -> bool {
        match input {
            Input::Frame(_, Fault::Checksum | Fault::Version | Fault::Type) => {
                self.place.has_heard()
            }
            Input::Frame(Body::Request(_) | Body::Reply(_) | Body::Csus(_), Fault::None) => {
                self.place.is_heard_both_ways() && !self.place.is_open()
            }
            _ => false,
        }
    }

    /// A trace of all these events, quiet ones first: each is followed by what shows that it changed
    /// nothing more, or by the way back. Last come those after which conforming servers differ; losing the VC makes them
    /// alike again. Those that all readings answer with silence, in one place or another, share one look.
    pub(super) fn walk(&self, events: &[Event]) -> Result<Trace, String> {
        let mut tour = Tour::new(self.setup);
        let unreachable = || format!("{}: no way to {}", self.grid, self.place.name());
        let is_loud = |input: &Input| {
            let outcome = self.outcome(input);
            outcome
                .is_none_or(|(reaction, place)| !reaction.outputs.is_empty() || place != self.place)
        };
        let here = self.node().ok_or_else(unreachable)?;
        let (open, settled): (Vec<&Event>, Vec<&Event>) = events
            .iter()
            .partition(|(_, input)| !self.others(&here, input).is_empty());
        let (reset, open): (Vec<&Event>, Vec<&Event>) = open
            .into_iter()
            .partition(|(_, input)| self.may_reset(input));
        let (loud, quiet): (Vec<&Event>, Vec<&Event>) =
            settled.into_iter().partition(|(_, input)| is_loud(input));
        for (_, input) in quiet.iter().chain(&loud) {
            if !self.arrive(&mut tour, input) {
                return Err(unreachable());
            }
            tour.give(input);
            if quiet.last().is_some_and(|(_, last)| last == input) {
                look(&mut tour);
            }
        }
        if !(quiet.is_empty() && loud.is_empty()) {
            look(&mut tour);
        }
        for (position, (_, input)) in reset.iter().chain(&open).enumerate() {
            if position > 0 && position >= reset.len() {
                tour.give_in_brief(&Input::VcDown);
            }
            if !self.arrive(&mut tour, input) {
                return Err(unreachable());
            }
            let others = self.others(&tour.node, input);
            let others = tour.give_to_each(input, others);
            if position + 1 >= reset.len() {
                tour.look_at_each(others);
            }
        }
        let cells = quiet.iter().chain(&loud).chain(&reset).chain(&open);
        let cells = cells.map(|(event, _)| event.clone()).collect();
        Ok(self.trace(tour, cells))
    }

    /// The trace of a tour.
    pub(super) fn trace(&self, tour: Tour, goals: Vec<String>) -> Trace {
        let class = match self.class {
            Class::Valid => "valid",
            Class::Invalid => "invalid",
            Class::Inopportune => "inopportune",
        };
        self.titled(tour, goals, class)
    }

    /// The trace of a tour under a name of its own.
    pub(super) fn titled(&self, tour: Tour, goals: Vec<String>, what: &str) -> Trace {
        let title = format!(
            "{} of a server at {}, whose neighbour's id is {}: {what}",
            match self.grid {
                "hello" => "HFSM",
                "alignment" => "CAFSM",
                "update" => "Cache state update",
                _ => "Timers",
            },
            self.place.name(),
            side(self.setup.side)
        );
        Trace {
            format: FORMAT.to_owned(),
            id: self.id(what),
            title,
            area: format!("scsp.{}", self.area()),
            class: self.class,
            level: Level::Must,
            requirements: tour.requirements(),
            source: Some(Source {
                scenario: format!("scsp-grid-{}", self.grid),
                fingerprint: super::FINGERPRINT.clone(),
                goals,
            }),
            topology: Topology::default(),
            servers: vec![self.setup.server()],
            steps: tour.steps,
        }
    }

    const fn area(&self) -> &'static str {
        match (self.grid.as_bytes(), self.place) {
            (b"update", _) => "update",
            (b"hello", _) => "hello",
            (b"timers", Place::Down | Place::Waiting | Place::Unidirectional) => "hello",
            _ => "alignment",
        }
    }
}

/// The next ordinary message that the server answers: it shows where the server is.
pub(super) fn look(tour: &mut Tour) {
    if let Some(input) = answered(&tour.node) {
        tour.give_in_brief(&input);
    }
}
