//! The timers at every place where they run: fires, just before, at, just after, cancelled.

use super::Grid;
use super::alignment::{self, bodies};
use super::input::{Body, Fault, Form, Input, Instance, Listing, Number, Record};
use super::node::{Place, Timer};
use super::peer::{CA_MS, CSU_REPEATS, HOLD_MS, Setup, Side};
use super::plan::{Plan, look};
use super::tour::{Tour, is_tidy};
use crate::trace::Class;

/// The grid's name.
const GRID: &str = "timers";

const TIMERS: [Timer; 6] = [
    Timer::Dead,
    Timer::Hello,
    Timer::Ca,
    Timer::Hold,
    Timer::Csus,
    Timer::Csu,
];

/// What is looked at.
const PHASES: [&str; 5] = ["fires", "just before", "at", "just after", "cancelled"];

impl Timer {
    /// Its name in cells.
    const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Hello => "hello",
            Self::Ca => "ca",
            Self::Hold => "hold",
            Self::Csus => "csus",
            Self::Csu => "csu",
        }
    }
}

/// Whom a Hello lists that leaves the server at its place.
fn heard(place: Place) -> Listing {
    if place.is_heard_both_ways() {
        Listing::Us
    } else {
        Listing::Nobody
    }
}

/// A message whose effect depends on whether the timer has run out, `None` where there is none.
fn touching(timer: Timer, tour: &Tour) -> Input {
    let node = &tour.node;
    match timer {
        Timer::Dead => Input::hello(Listing::Us),
        Timer::Hello => Input::hello(heard(node.place())),
        Timer::Ca => match (node.place(), node.setup.side) {
            (Place::Negotiation, Side::Larger) => Input::ca(Number::Fresh, Form::BID),
            _ => Input::ca(Number::From(0), Form::new("O", 0)),
        },
        // The master has not seen the slave's last CA.
        Timer::Hold => Input::ca(Number::From(0), Form::new("M", 0)),
        Timer::Csus => Input::right(Body::Request(node.asked())),
        Timer::Csu => Input::right(Body::Reply(node.queued())),
    }
}

/// What stops the timer.
fn cancels(timer: Timer, place: Place, tour: &Tour) -> Vec<Input> {
    let [_, _, csus] = bodies();
    match timer {
        Timer::Dead | Timer::Hello => vec![Input::VcDown],
        Timer::Ca => vec![touching(timer, tour), Input::VcDown],
        Timer::Hold => vec![Input::right(csus), Input::VcDown],
        Timer::Csus => vec![touching(timer, tour), Input::ca(Number::Fresh, Form::BID)],
        Timer::Csu => {
            let mut inputs = vec![touching(timer, tour)];
            if place.is_open() {
                inputs.push(Input::right(Body::Request(tour.node.queued())));
            }
            inputs.push(Input::ca(Number::Fresh, Form::BID));
            inputs
        }
    }
}

/// To the place with the timer just started.
fn prepare(tour: &mut Tour, place: Place, timer: Timer) -> bool {
    // A timer that runs already is not at its beginning.
    let begun = tour.node.place() != Place::Down && !tour.steps.is_empty();
    if begun && place != Place::Unidirectional {
        tour.give_in_brief(&Input::VcDown);
    }
    if !tour.go_where(|node| node.place() == place && is_tidy(node)) {
        return false;
    }
    match timer {
        Timer::Csu => {
            let own = vec![Instance::of(Record::Own)];
            tour.give_in_brief(&Input::right(Body::Csus(own)));
        }
        Timer::Dead => {
            tour.give_in_brief(&Input::hello(heard(place)));
        }
        Timer::Hello | Timer::Ca | Timer::Hold | Timer::Csus => {}
    }
    // A CSUS frees the copy that two of the places have.
    tour.node.place() == place && tour.node.timers.contains_key(&timer)
}

/// When the timer is due.
fn due(tour: &Tour, timer: Timer) -> u64 {
    let due = tour.node.timers.get(&timer).copied();
    due.unwrap_or(tour.node.now)
}

/// One trace of a timer at a place; `None` where it does not run.
fn trace(plan: &Plan, timer: Timer) -> Option<Result<Tour, String>> {
    let mut tour = Tour::new(plan.setup);
    if !prepare(&mut tour, plan.place, timer) {
        return None;
    }
    Some(phases(tour, plan, timer))
}

/// Whether the phase is looked at. How long beyond one CAReXmtInterval the slave keeps its last CA is open (register C17).
fn is_settled(timer: Timer, phase: &str) -> bool {
    timer != Timer::Hold || matches!(phase, "just before" | "cancelled")
}

/// The slave has its last CA for one CAReXmtInterval at least, and no more after a CSUS.
fn kept(mut tour: Tour, plan: &Plan) -> Result<Tour, String> {
    let timer = Timer::Hold;
    let at = (due(&tour, timer) + CA_MS).saturating_sub(HOLD_MS + 1);
    let input = touching(timer, &tour);
    tour.give_at(&input, at);
    look(&mut tour);
    for input in cancels(timer, plan.place, &tour) {
        if !prepare(&mut tour, plan.place, timer) {
            return Err(format!("no way back to {}", plan.place.name()));
        }
        tour.give(&input);
        look(&mut tour);
    }
    Ok(tour)
}

fn phases(mut tour: Tour, plan: &Plan, timer: Timer) -> Result<Tour, String> {
    if timer == Timer::Hold {
        return kept(tour, plan);
    }
    let again = |tour: &mut Tour| {
        if prepare(tour, plan.place, timer) {
            Ok(())
        } else {
            Err(format!("no way back to {}", plan.place.name()))
        }
    };
    // Fires, and not before; nothing more just after.
    let at = due(&tour, timer);
    tour.wait_until(at - 1);
    tour.wait_until(at);
    tour.wait_until(at + 1);
    look(&mut tour);
    for moment in [-1, 0, 1] {
        again(&mut tour)?;
        let at = due(&tour, timer);
        if moment == 1 {
            tour.wait_until(at);
        }
        let input = touching(timer, &tour);
        tour.give_at(&input, at.saturating_add_signed(moment));
        if moment == -1 {
            tour.wait_until(at);
        }
        look(&mut tour);
    }
    let mut number = 0;
    loop {
        again(&mut tour)?;
        let at = due(&tour, timer);
        let inputs = cancels(timer, plan.place, &tour);
        let Some(input) = inputs.get(number) else {
            break;
        };
        number += 1;
        tour.give(input);
        tour.wait_until(at);
    }
    if timer == Timer::Dead {
        // Register D04: nobody says how long an interval of zero is.
        let hello = Body::Hello(heard(plan.place));
        tour.give(&Input::Frame(hello, Fault::Zero));
        tour.give(&Input::VcDown);
        look(&mut tour);
    }
    if timer == Timer::Csu {
        // Repeated as often as it may be, then the reset.
        tour.give(&Input::hello(Listing::Us));
        for _ in 0..=CSU_REPEATS {
            let at = due(&tour, timer);
            tour.wait_until(at - 1);
            tour.wait_until(at);
        }
        // Whether the next Hello lists the neighbour is open (register D03).
        let at = due(&tour, Timer::Hello);
        tour.wait_until(at);
        look(&mut tour);
    }
    Ok(tour)
}

/// Why a timer does not run at a place.
fn idle(timer: Timer, place: Place) -> &'static str {
    match (timer, place) {
        (_, Place::Down) => "no timer runs without a VC (R2334-2.1-04)",
        (Timer::Dead, _) => "nothing was heard that could fall silent (R2334-2.1-13)",
        (Timer::Ca, _) => {
            "only a bid and the master's CA are repeated (R2334-2.2-05, R2334-2.2.2-23)"
        }
        (Timer::Hold, _) => {
            "only the slave keeps its last CA, after the summaries (R2334-2.2.2-20)"
        }
        (Timer::Csus, _) => "nothing is asked for (R2334-2.2.3-06)",
        (Timer::Csu, Place::Update(true) | Place::Aligned(true)) => {
            "the CSUS that fills the queue frees the slave's last CA (R2334-2.2.2-22)"
        }
        (Timer::Csu, _) => "no CSU Request is sent before Update Cache (R2334-2.3-01)",
        (Timer::Hello, _) => "Hellos are sent as long as there is a VC (R2334-2.1-06)",
    }
}

/// Why the timer is looked at elsewhere.
fn elsewhere(timer: Timer, side: Side, place: Place) -> Option<&'static str> {
    match timer {
        Timer::Dead | Timer::Hello
            if place.is_heard_both_ways()
                && (place, side) != (Place::Negotiation, Side::Larger) =>
        {
            Some("the HFSM does not tell apart what the CAFSM does: see negotiation")
        }
        Timer::Csu if matches!(place, Place::Update(_)) => {
            Some("the retransmit queue is the same in both open states: see aligned")
        }
        Timer::Csus if place == Place::Update(true) => {
            Some("the request list has nothing to do with the slave's last CA: see update")
        }
        _ => None,
    }
}

/// The setup that a timer is looked at with.
fn setup(timer: Timer, side: Side, place: Place) -> Setup {
    match timer {
        Timer::Dead | Timer::Hello => Setup::greeting(side),
        // With one own record, so that it can be asked for by name.
        Timer::Csu => Setup::aligning(side, false),
        _ => {
            let many = matches!(place, Place::Slave(_) | Place::Master(_));
            Setup::aligning(side, many)
        }
    }
}

/// Adds the grid's traces and cells.
pub(super) fn fill(grid: &mut Grid) -> Result<(), String> {
    let before = [Place::Down, Place::Waiting, Place::Unidirectional];
    for side in [Side::Larger, Side::Smaller] {
        let first = match side {
            Side::Larger => &before[..],
            // What comes before the negotiation does not depend on ids.
            Side::Smaller => &[],
        };
        for place in first.iter().copied().chain(alignment::places(side)) {
            for timer in TIMERS {
                let plan = Plan {
                    grid: GRID,
                    place,
                    setup: setup(timer, side, place),
                    class: Class::Valid,
                };
                let cell = |phase: &str| plan.cell(&format!("{} timer, {phase}", timer.name()));
                if let Some(why) = elsewhere(timer, side, place) {
                    for phase in PHASES {
                        grid.spare(cell(phase), why);
                    }
                    continue;
                }
                match trace(&plan, timer) {
                    None => {
                        for phase in PHASES {
                            grid.spare(cell(phase), idle(timer, place));
                        }
                    }
                    Some(tour) => {
                        let what = format!("{}-timer", timer.name());
                        let (settled, open): (Vec<&str>, Vec<&str>) =
                            PHASES.iter().partition(|phase| is_settled(timer, phase));
                        for phase in &settled {
                            grid.cover(cell(phase), &plan.id(&what));
                        }
                        for phase in open {
                            let why = "how long the slave keeps its last CA beyond one interval is open (C17)";
                            grid.spare(cell(phase), why);
                        }
                        let goals = settled.iter();
                        let goals = goals.map(|phase| format!("{} timer, {phase}", timer.name()));
                        let trace = plan.titled(tour?, goals.collect(), &what);
                        grid.traces.push(trace);
                    }
                }
            }
        }
    }
    Ok(())
}
