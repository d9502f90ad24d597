//! The CAFSM's grid: every CA in every place, every other message before Update Cache, every way to stop.

use super::input::{Body, Fault, Form, Input, Instance, Listing, Number, Record};
use super::node::Place;
use super::peer::{Setup, Side};
use super::plan::{Event, Plan};
use super::{Grid, add};
use crate::trace::Class;

/// The grid's name.
const GRID: &str = "alignment";

/// Ids that say that a message came at the wrong moment.
const INOPPORTUNE: [&str; 6] = [
    "R2334-2.1-21",
    "R2334-2.2-08",
    "R2334-2.2.1-13",
    "R2334-2.2.2-02",
    "R2334-2.2.2-19",
    "R2334-2.3-01",
];

/// The places of a server with such a neighbour (RFC 2334, 2.2), from Negotiation on.
pub(super) fn places(side: Side) -> Vec<Place> {
    match side {
        Side::Larger => vec![
            Place::Negotiation,
            Place::Slave(true),
            Place::Slave(false),
            Place::Update(true),
            Place::Update(false),
            Place::Aligned(true),
            Place::Aligned(false),
        ],
        Side::Smaller => vec![
            Place::Negotiation,
            Place::Master(true),
            Place::Master(false),
            Place::Update(false),
            Place::Aligned(false),
        ],
    }
}

/// Places that a server with such a neighbour is never at, and why.
pub(super) fn never(side: Side) -> (Vec<Place>, &'static str) {
    match side {
        Side::Larger => (
            vec![Place::Master(true), Place::Master(false)],
            "the server with the smaller id is never the master (R2334-2.2.1-01)",
        ),
        Side::Smaller => (
            vec![
                Place::Slave(true),
                Place::Slave(false),
                Place::Update(true),
                Place::Aligned(true),
            ],
            "the server with the larger id is never the slave (R2334-2.2.1-07)",
        ),
    }
}

/// Every CA that the relation tells apart.
fn ca_events() -> Vec<Event> {
    let mut events = Vec::new();
    let numbers = [("-1", -1), ("+0", 0), ("+1", 1), ("+2", 2)];
    for (text, distance) in numbers {
        for bits in ["M", "MO", "", "O"] {
            let form = Form::new(bits, 1);
            let number = Number::From(distance);
            events.push((format!("CA {text} {form}"), Input::ca(number, form)));
        }
        for (bits, records) in [("MIO", 1), ("MI", 0), ("I", 0)] {
            if (0..=1).contains(&distance) {
                let form = Form::new(bits, records);
                let number = Number::From(distance);
                events.push((format!("CA {text} {form}"), Input::ca(number, form)));
            }
        }
    }
    for (text, number) in [
        ("new", Number::Fresh),
        ("+0", Number::From(0)),
        ("repeated", Number::Bid),
    ] {
        let form = Form::BID;
        events.push((format!("CA {text} {form}"), Input::ca(number, form)));
    }
    events
}

/// What stops an alignment, and what does not.
fn other_events(place: Place) -> Vec<Event> {
    let mut events = vec![
        ("Hello that lists".to_owned(), Input::hello(Listing::Us)),
        ("Hello that omits".to_owned(), Input::hello(Listing::Nobody)),
        ("VC lost".to_owned(), Input::VcDown),
    ];
    if !place.is_open() {
        for body in bodies() {
            events.push((body.name().to_owned(), Input::right(body)));
        }
    }
    events
}

/// Messages of the update part, about a record that the server does not know.
pub(super) fn bodies() -> [Body; 3] {
    let news = vec![Instance::of(Record::Theirs(u8::MAX))];
    [
        Body::Request(news.clone()),
        Body::Reply(news.clone()),
        Body::Csus(news),
    ]
}

/// A CA that would count at the place.
fn effective(place: Place, side: Side) -> Body {
    let (number, form) = match (place, side) {
        (Place::Negotiation, Side::Smaller) | (Place::Master(_), _) => {
            (Number::From(0), Form::new("", 1))
        }
        (Place::Slave(_), _) => (Number::From(1), Form::new("M", 1)),
        _ => (Number::Fresh, Form::BID),
    };
    Body::Ca(number, form)
}

/// Every message with everything that can be wrong with it; wrong lengths, which reset the adjacency,
/// take turns. Where CSU messages do not count anyhow they have wrong lengths only.
fn fault_events(place: Place, side: Side, turn: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let [_, reply, csus] = bodies();
    // A null record is acknowledged like any other.
    let request = Body::Request(vec![Instance::of(Record::Theirs(u8::MAX)).nothing()]);
    let hello = Body::Hello(Listing::Nobody);
    let mut abnormal = Fault::ABNORMAL.iter().cycle().skip(turn);
    for body in [effective(place, side), request, reply, csus, hello] {
        let counts = place.is_open() || matches!(body, Body::Ca(..) | Body::Hello(_));
        let mut faults: Vec<Fault> = match (counts, &body) {
            (false, _) => Vec::new(),
            (true, Body::Hello(_)) => {
                let quiet = Fault::QUIET.iter();
                quiet
                    .filter(|fault| **fault != Fault::Receiver)
                    .copied()
                    .collect()
            }
            (true, Body::Ca(..) | Body::Csus(_)) => {
                Fault::QUIET.iter().copied().chain([Fault::ToAll]).collect()
            }
            (true, Body::Request(_) | Body::Reply(_)) => Fault::QUIET.to_vec(),
        };
        faults.extend(abnormal.next());
        for fault in faults {
            let event = format!("{}, {}", body.name(), fault.name());
            events.push((event, Input::Frame(body.clone(), fault)));
        }
    }
    events
}

/// Adds the grid's traces and cells.
pub(super) fn fill(grid: &mut Grid) -> Result<(), String> {
    let mut turn = 0;
    for side in [Side::Larger, Side::Smaller] {
        for place in places(side) {
            let plan = |class| Plan {
                grid: GRID,
                place,
                setup: Setup::aligning(side, true),
                class,
            };
            let node = plan(Class::Valid)
                .node()
                .ok_or_else(|| format!("no way to {}", place.name()))?;
            let (mut valid, mut inopportune, mut invalid) = (Vec::new(), Vec::new(), Vec::new());
            let mut events = ca_events();
            if (place, side) == (Place::Negotiation, Side::Smaller) {
                // Register C20: the answer to a bid of an earlier round.
                let form = Form::new("O", 1);
                events.push((format!("CA late {form}"), Input::ca(Number::Late, form)));
            }
            for (event, input) in events.into_iter().chain(other_events(place)) {
                if input == Input::ca(Number::Bid, Form::BID)
                    && !matches!(place, Place::Slave(true))
                {
                    let why = "no bid made the server a slave, or another CA came since (see H01)";
                    grid.spare(plan(Class::Valid).cell(&event), why);
                    continue;
                }
                if (place, side) == (Place::Negotiation, Side::Smaller)
                    && let Input::Frame(Body::Ca(Number::From(-1 | 2), form), _) = &input
                    && !form.master
                    && !form.init
                {
                    let why = "whether the number matters is open (register C20): see +1, late";
                    grid.spare(plan(Class::Valid).cell(&event), why);
                    continue;
                }
                let Some((reaction, after)) = plan(Class::Valid).outcome(&input) else {
                    return Err(format!("no way to {}", place.name()));
                };
                if let Input::Frame(Body::Ca(Number::From(distance), form), _) = &input
                    && after != place
                    && *form != Form::BID
                    && node.is_like_nearer(*form, *distance)
                {
                    let why = "to the relation it is the same as that with a nearer number";
                    grid.spare(plan(Class::Valid).cell(&event), why);
                    continue;
                }
                let nonsense =
                    matches!(&input, Input::Frame(Body::Ca(_, form), _) if form.is_nonsense());
                let list = if nonsense {
                    &mut invalid
                } else if INOPPORTUNE.iter().any(|id| reaction.ids.contains(id)) {
                    &mut inopportune
                } else {
                    &mut valid
                };
                list.push((event, input));
            }
            for (event, input) in fault_events(place, side, turn) {
                let why = match &input {
                    Input::Frame(Body::Ca(..), _) => None,
                    Input::Frame(_, Fault::Checksum) => {
                        Some("the checksum is over the whole packet, whatever is in it: see CA")
                    }
                    Input::Frame(_, Fault::Type) => {
                        Some("of what type it might be nobody knows: see CA")
                    }
                    _ => None,
                };
                match why {
                    Some(why) => grid.spare(plan(Class::Invalid).cell(&event), why),
                    None => invalid.push((event, input)),
                }
            }
            turn += 1;
            for (class, events) in [
                (Class::Valid, valid),
                (Class::Inopportune, inopportune),
                (Class::Invalid, invalid),
            ] {
                add(grid, &plan(class), &events)?;
            }
        }
        let (places, why) = never(side);
        for place in places {
            let plan = Plan {
                grid: GRID,
                place,
                setup: Setup::aligning(side, true),
                class: Class::Valid,
            };
            for (event, _) in ca_events().into_iter().chain(other_events(place)) {
                grid.spare(plan.cell(&event), why);
            }
        }
    }
    Ok(())
}
