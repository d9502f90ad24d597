//! The HFSM's grid: every Hello, every way to lose a neighbour, every other message.

use super::alignment::bodies;
use super::input::{Body, Fault, Form, Input, Listing, Number};
use super::node::Place;
use super::peer::{Setup, Side};
use super::plan::{Event, Plan};
use super::{Grid, add};
use crate::trace::Class;

/// The grid's name.
const GRID: &str = "hello";

/// One place for each state of the HFSM.
const PLACES: [Place; 4] = [
    Place::Down,
    Place::Waiting,
    Place::Unidirectional,
    Place::Negotiation,
];

/// What a conforming neighbour and its network do.
fn valid() -> Vec<Event> {
    [
        ("VC up", Input::VcUp),
        ("VC lost", Input::VcDown),
        ("Hello that lists", Input::hello(Listing::Us)),
        (
            "Hello that lists behind another",
            Input::hello(Listing::UsBehind),
        ),
        ("Hello that omits", Input::hello(Listing::Nobody)),
        (
            "Hello that lists another only",
            Input::hello(Listing::Another),
        ),
    ]
    .map(|(event, input)| (event.to_owned(), input))
    .to_vec()
}

/// Messages that count in Bidirectional only; there they belong to the other grids.
fn inopportune() -> Vec<Event> {
    let ca = Body::Ca(Number::Fresh, Form::BID);
    let answer = Body::Ca(Number::Fresh, Form::new("", 1));
    let mut events = vec![
        ("CA, a bid".to_owned(), Input::right(ca)),
        ("CA, an answer".to_owned(), Input::right(answer)),
    ];
    let others = bodies();
    events.extend(others.map(|body| (body.name().to_owned(), Input::right(body))));
    events
}

/// Hellos with something wrong, and each wrong length once.
fn invalid() -> Vec<Event> {
    let quiet = Fault::QUIET
        .iter()
        .filter(|fault| **fault != Fault::Receiver);
    let faults = quiet.chain(&Fault::ABNORMAL);
    let hello = faults.map(|fault| (Body::Hello(Listing::Us), *fault));
    let ca = (Body::Ca(Number::Fresh, Form::BID), Fault::Size);
    let [request, reply, csus] = bodies();
    hello
        .chain([
            ca,
            (request, Fault::Count),
            (reply, Fault::LeftOver),
            (csus, Fault::IdLength),
        ])
        .map(|(body, fault)| {
            let event = format!("{}, {}", body.name(), fault.name());
            (event, Input::Frame(body, fault))
        })
        .collect()
}

/// Hellos under ids that nobody may have: the machine stays in Waiting (register A03, C31). What they do
/// elsewhere the register leaves open.
fn impostors() -> [Event; 2] {
    [Fault::OwnSender, Fault::AllSender].map(|fault| {
        let body = Body::Hello(Listing::Us);
        let event = format!("{}, {}", body.name(), fault.name());
        (event, Input::Frame(body, fault))
    })
}

/// Why an event cannot be at a place.
fn impossible(place: Place, input: &Input) -> Option<&'static str> {
    match (place, input) {
        (Place::Down, Input::Frame(..)) => Some("without a VC nothing can arrive (R2334-2.1-04)"),
        (Place::Down, Input::VcDown) => Some("there is no VC to lose"),
        _ => None,
    }
}

/// Adds the grid's traces and cells.
pub(super) fn fill(grid: &mut Grid) -> Result<(), String> {
    for place in PLACES {
        let mut wrong = invalid();
        if place == Place::Waiting {
            wrong.extend(impostors());
        }
        for (class, events) in [
            (Class::Valid, valid()),
            (Class::Inopportune, inopportune()),
            (Class::Invalid, wrong),
        ] {
            if place == Place::Negotiation && class == Class::Inopportune {
                continue;
            }
            let plan = Plan {
                grid: GRID,
                place,
                setup: Setup::greeting(Side::Larger),
                class,
            };
            let (mut here, mut never) = (Vec::new(), Vec::new());
            for (event, input) in events {
                match impossible(place, &input) {
                    Some(why) => never.push((event, why)),
                    None => here.push((event, input)),
                }
            }
            for (event, why) in never {
                grid.spare(plan.cell(&event), why);
            }
            add(grid, &plan, &here)?;
        }
    }
    Ok(())
}
