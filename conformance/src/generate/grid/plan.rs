//! One trace for some cells of a grid: go to the place, let the event happen, look, go back.

use core::fmt;

use super::input::{Body, Fault, Input, Listing, Number};
use super::node::{Node, Place, Reaction};
use super::peer::{Setup, Side};
use super::tour::{Tour, is_tidy, ordinary, take};
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

    /// The server as another reading of the event has it, where there is one: a Hello that omits may count when the dead
    /// time is over only (register D01), and a wrong checksum may be an abnormal event (D13).
    fn otherwise(&self, node: &Node, input: &Input) -> Option<Node> {
        match input {
            Input::Frame(Body::Hello(Listing::Nobody | Listing::Another), Fault::None)
                if self.place.is_heard_both_ways() =>
            {
                Some(node.clone())
            }
            Input::Frame(body, Fault::Checksum)
                if !matches!(self.place, Place::Down | Place::Waiting) =>
            {
                let mut other = node.clone();
                take(&mut other, &Input::Frame(body.clone(), Fault::Size));
                Some(other)
            }
            _ => None,
        }
    }

    /// A trace of all these events, quiet ones first: each is followed by what shows that it changed
    /// nothing more, or by the way back. Last come those after which conforming servers differ; losing the VC makes them
    /// alike again.
    pub(super) fn walk(&self, events: &[Event]) -> Result<Trace, String> {
        let mut tour = Tour::new(self.setup);
        let unreachable = || format!("{}: no way to {}", self.grid, self.place.name());
        let is_loud = |input: &Input| {
            let outcome = self.outcome(input);
            outcome
                .is_none_or(|(reaction, place)| !reaction.outputs.is_empty() || place != self.place)
        };
        let (open, settled): (Vec<&Event>, Vec<&Event>) = events
            .iter()
            .partition(|(_, input)| self.otherwise(&tour.node, input).is_some());
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
        for (position, (_, input)) in open.iter().enumerate() {
            if position > 0 {
                tour.give_in_brief(&Input::VcDown);
            }
            if !self.arrive(&mut tour, input) {
                return Err(unreachable());
            }
            let other = self.otherwise(&tour.node, input);
            tour.give(input);
            if let (Some(input), Some(other)) = (answered(&tour.node), other) {
                tour.give_to_either(&input, other);
            }
        }
        let cells = quiet.iter().chain(&loud).chain(&open);
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

/// The next ordinary message that the server answers.
fn answered(node: &Node) -> Option<Input> {
    ordinary(node).into_iter().find(|input| {
        let mut next = node.clone();
        !take(&mut next, input).outputs.is_empty()
    })
}
