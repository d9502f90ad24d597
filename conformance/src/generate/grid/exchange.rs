//! The grid of CSU Requests, CSU Replies and CSUSs in Update Cache and Aligned (RFC 2334, 2.2.3 and 2.3).

use super::input::{Body, Fault, Input, Instance, Record};
use super::node::{Node, Place};
use super::peer::{Setup, Side};
use super::plan::{Plan, look};
use super::tour::{Tour, is_tidy};
use super::{Grid, alignment};
use crate::trace::Class;

/// The grid's name.
const GRID: &str = "update";

/// Keys of records that nobody announces in a CA.
const FIRST_KEY: u8 = 100;

/// What the server must have before an event makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// A record of the neighbour in its cache.
    Known,
    /// The same, and it waits for the neighbour's acknowledgement.
    Queued,
    /// A CSUS of its own is outstanding.
    Asked,
}

/// Which records a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Records {
    None,
    /// So many that it does not know.
    New(u8),
    /// The known one, so much newer.
    Known(i64),
    /// The server's own.
    Own,
    /// The known one and its own.
    Both,
    /// A kind that it cannot use.
    Odd,
    /// One that it does not know, as a null record.
    Null,
    /// What it asked for, so much newer.
    Asked(i64),
    /// What it asked for, as a null record.
    AskedNull,
}

/// The three messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Request,
    Reply,
    Csus,
}

/// Event, its kind, what it needs, message, records.
type Row = (&'static str, Class, Needs, Message, Records);

const ROWS: [Row; 26] = {
    use Class::{Inopportune, Valid};
    use Message::{Csus, Reply, Request};
    use Needs::{Asked, Known, Nothing, Queued};
    [
        ("CSU Request, empty", Valid, Nothing, Request, Records::None),
        (
            "CSU Request, unknown",
            Valid,
            Nothing,
            Request,
            Records::New(1),
        ),
        (
            "CSU Request, two unknown",
            Valid,
            Nothing,
            Request,
            Records::New(2),
        ),
        (
            "CSU Request, newer",
            Valid,
            Known,
            Request,
            Records::Known(1),
        ),
        (
            "CSU Request, equal",
            Valid,
            Known,
            Request,
            Records::Known(0),
        ),
        (
            "CSU Request, older",
            Inopportune,
            Known,
            Request,
            Records::Known(-1),
        ),
        (
            "CSU Request, own equal",
            Valid,
            Nothing,
            Request,
            Records::Own,
        ),
        (
            "CSU Request, unusable",
            Valid,
            Nothing,
            Request,
            Records::Odd,
        ),
        (
            "CSU Request, null",
            Inopportune,
            Nothing,
            Request,
            Records::Null,
        ),
        (
            "CSU Request, equal to queued",
            Valid,
            Queued,
            Request,
            Records::Known(0),
        ),
        (
            "CSU Request, newer than queued",
            Valid,
            Queued,
            Request,
            Records::Known(1),
        ),
        (
            "CSU Request, older than queued",
            Inopportune,
            Queued,
            Request,
            Records::Known(-1),
        ),
        (
            "CSU Request, asked for",
            Valid,
            Asked,
            Request,
            Records::Asked(0),
        ),
        (
            "CSU Request, newer than asked for",
            Valid,
            Asked,
            Request,
            Records::Asked(1),
        ),
        (
            "CSU Request, older than asked for",
            Inopportune,
            Asked,
            Request,
            Records::Asked(-1),
        ),
        (
            "CSU Request, null for asked",
            Valid,
            Asked,
            Request,
            Records::AskedNull,
        ),
        ("CSU Reply, empty", Valid, Nothing, Reply, Records::None),
        (
            "CSU Reply, not queued",
            Inopportune,
            Known,
            Reply,
            Records::Known(0),
        ),
        (
            "CSU Reply, equal to queued",
            Valid,
            Queued,
            Reply,
            Records::Known(0),
        ),
        (
            "CSU Reply, older than queued",
            Inopportune,
            Queued,
            Reply,
            Records::Known(-1),
        ),
        (
            "CSU Reply, newer than queued",
            Valid,
            Queued,
            Reply,
            Records::Known(1),
        ),
        ("CSUS, empty", Valid, Nothing, Csus, Records::None),
        ("CSUS, own", Valid, Nothing, Csus, Records::Own),
        ("CSUS, known and own", Valid, Known, Csus, Records::Both),
        ("CSUS, unknown", Valid, Nothing, Csus, Records::New(1)),
        ("CSUS, repeated", Valid, Queued, Csus, Records::Known(0)),
    ]
};

/// A tour that also names records.
struct Walk {
    tour: Tour,
    place: Place,
    next_key: u8,
}

impl Walk {
    fn key(&mut self) -> u8 {
        self.next_key += 1;
        FIRST_KEY + self.next_key
    }

    /// To the place, with what the event needs. False when there is no way.
    fn prepare(&mut self, needs: Needs) -> bool {
        let place = self.place;
        let there = self.tour.node.place() == place && is_tidy(&self.tour.node);
        if !there && !self.tour.go(place) {
            return false;
        }
        if matches!(needs, Needs::Known | Needs::Queued) && self.tour.node.update.known().is_none()
        {
            let news = vec![Instance::of(Record::Theirs(self.key()))];
            self.tour.give(&Input::right(Body::Request(news)));
        }
        if let (Needs::Queued, Some(known)) = (needs, self.tour.node.update.known()) {
            self.tour.give(&Input::right(Body::Csus(vec![known])));
        }
        self.tour.node.place() == place
    }

    fn records(&mut self, records: Records) -> Vec<Instance> {
        let known = self.tour.node.update.known();
        let asked = self.tour.node.asked();
        match records {
            Records::None => Vec::new(),
            Records::New(count) => (0..count)
                .map(|_| Instance::of(Record::Theirs(self.key())))
                .collect(),
            Records::Known(by) => known.map(|known| known.newer(by)).into_iter().collect(),
            Records::Own => vec![Instance::of(Record::Own)],
            Records::Both => known
                .into_iter()
                .chain([Instance::of(Record::Own)])
                .collect(),
            Records::Odd => vec![Instance::of(Record::Odd(self.key()))],
            Records::Null => vec![Instance::of(Record::Theirs(self.key())).nothing()],
            Records::Asked(by) => asked.into_iter().map(|one| one.newer(by)).collect(),
            Records::AskedNull => asked.into_iter().map(Instance::nothing).collect(),
        }
    }
}

/// Why an event cannot be at a place.
fn impossible(place: Place, needs: Needs) -> Option<&'static str> {
    match (place, needs) {
        (Place::Update(true) | Place::Aligned(true), Needs::Queued) => {
            Some("the CSUS that fills the queue frees the slave's last CA (R2334-2.2.2-22)")
        }
        (Place::Aligned(_), Needs::Asked) => Some(
            "Aligned is entered when nothing is asked for (R2334-2.2.3-09); C27 is a row of its own",
        ),
        _ => None,
    }
}

/// The open places of a server with such a neighbour.
fn places(side: Side) -> impl Iterator<Item = Place> {
    alignment::places(side)
        .into_iter()
        .filter(|place| place.is_open())
}

/// Adds the grid's traces and cells.
pub(super) fn fill(grid: &mut Grid) -> Result<(), String> {
    for side in [Side::Larger, Side::Smaller] {
        for place in places(side) {
            for class in [Class::Valid, Class::Inopportune] {
                let plan = Plan {
                    grid: GRID,
                    place,
                    setup: Setup::aligning(side, false),
                    class,
                };
                trace(grid, &plan)?;
            }
        }
    }
    Ok(())
}

/// One trace of all rows of a class at a place.
fn trace(grid: &mut Grid, plan: &Plan) -> Result<(), String> {
    let place = plan.place;
    let mut walk = Walk {
        tour: Tour::new(plan.setup),
        place,
        next_key: 0,
    };
    let mut done = Vec::new();
    for (event, class, needs, message, records) in ROWS {
        if class != plan.class {
            continue;
        }
        if let Some(why) = impossible(place, needs) {
            grid.spare(plan.cell(event), why);
            continue;
        }
        if !walk.prepare(needs) {
            return Err(format!("no way to {} for {event}", place.name()));
        }
        let records = walk.records(records);
        let body = match message {
            Message::Request => Body::Request(records),
            Message::Reply => Body::Reply(records),
            Message::Csus => Body::Csus(records),
        };
        walk.tour.give(&Input::right(body));
        settle(&mut walk.tour);
        done.push(event.to_owned());
    }
    if plan.class == Class::Valid && walk.prepare(Needs::Nothing) {
        // Register C31.
        let event = "CSU Request, to all";
        let news = walk.records(Records::New(1));
        walk.tour
            .give(&Input::Frame(Body::Request(news), Fault::ToAll));
        done.push(event.to_owned());
    }
    look(&mut walk.tour);
    let id = plan.id(match plan.class {
        Class::Valid => "valid",
        Class::Invalid => "invalid",
        Class::Inopportune => "inopportune",
    });
    for event in &done {
        grid.cover(plan.cell(event), &id);
    }
    grid.traces.push(plan.trace(walk.tour, done));
    Ok(())
}

/// Acknowledges and delivers what is open, so that a list that is not what it must be shows at once.
fn settle(tour: &mut Tour) {
    let queued = tour.node.queued();
    if !queued.is_empty() {
        tour.give(&Input::right(Body::Reply(queued)));
    }
    let asked = tour.node.asked();
    let in_update = |node: &Node| matches!(node.place(), Place::Update(_));
    if !asked.is_empty() && !in_update(&tour.node) {
        tour.give(&Input::right(Body::Request(asked)));
    }
}
