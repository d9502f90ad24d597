//! Local traces of SCSP: every cell of the grids of states and events, valid, invalid and inopportune
//! (RFC 2334, 2.1 to 2.3).
//!
//! The states and what is done in them are the model's relations (`mars_model::hello::hfsm`,
//! `mars_model::alignment::cafsm`); what the records of CSU messages mean is RFC 2334, 2.3 and the
//! register's section C, written down in `update`. A trace goes to a place by a shortest way of ordinary
//! messages, lets an event happen there, and goes on from where that must have led.

mod alignment;
mod cite;
mod exchange;
mod hello;
mod input;
mod node;
mod output;
mod peer;
mod place;
mod plan;
mod relation;
mod timers;
mod tour;
mod update;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use plan::{Cell, Fate};
use plan::{Event, Plan};

use crate::trace::Trace;

/// Traces and cells.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// All traces, in the order in which they were made.
    pub traces: Vec<Trace>,
    /// All cells and what became of each.
    pub cells: BTreeMap<Cell, Fate>,
}

impl Grid {
    fn spare(&mut self, cell: Cell, why: &'static str) {
        self.cells.insert(cell, Fate::None(why));
    }

    fn cover(&mut self, cell: Cell, trace: &str) {
        self.cells.insert(cell, Fate::Trace(trace.to_owned()));
    }
}

/// All local traces of the grids.
///
/// # Errors
/// A place that the relations do not lead to; a bug of ours.
pub fn grid() -> Result<Grid, String> {
    let mut grid = Grid::default();
    hello::fill(&mut grid)?;
    alignment::fill(&mut grid)?;
    exchange::fill(&mut grid)?;
    timers::fill(&mut grid)?;
    Ok(grid)
}

/// One trace for these events, if there are any.
fn add(grid: &mut Grid, plan: &Plan, events: &[Event]) -> Result<(), String> {
    if events.is_empty() {
        return Ok(());
    }
    let trace = plan.walk(events)?;
    for (event, _) in events {
        grid.cover(plan.cell(event), &trace.id);
    }
    grid.traces.push(trace);
    Ok(())
}

/// Of the relations: 16 hex digits that change when a row of theirs does (FNV-1a).
static FINGERPRINT: LazyLock<String> = LazyLock::new(fingerprint);

fn fingerprint() -> String {
    use mars_model::alignment::{cafsm, rules};
    use mars_model::hello::{hfsm, rules as hello};
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |row: String| {
        for octet in row.bytes() {
            hash = (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for state in hfsm::State::ALL {
        for event in hfsm::Event::ALL {
            let next = hfsm::next(&hello::Rules::resolved(), state, event);
            mix(format!("{} {} {}", state.name(), event.name(), next.name()));
        }
    }
    for row in cafsm::rows(&rules::Rules::resolved()) {
        mix(format!("{row:?}"));
    }
    format!("{hash:016x}")
}
