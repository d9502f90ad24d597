//! Lockstep exploration with a mutant in every server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mars_model::scenario::Scenario;

use super::Built;
use super::kill::{Kill, Killer};
use crate::product::machines::Remote;
use crate::product::scenario::supported;
use crate::product::search::Ended;
use crate::product::{Limits, World, explore};
use crate::sut::SutError;

/// Scenarios on which mutants are tried, in this order.
pub const TRIED: [&str; 6] = [
    "pair_with_two_joins",
    "ring_with_a_cut",
    "crash_and_failover",
    "drain",
    "two_servers_moving_client",
    "cmi_range_nearly_used_up",
];
/// Nodes of each scenario on which a mutant is tried: a few seconds.
pub const FEW_NODES: u64 = 20_000;
/// Nodes of the scenario that is said to show a mutant.
pub const MOST_NODES: u64 = 200_000;
/// Longest wait for a mutant's servers.
const PATIENCE: Duration = Duration::from_secs(5);

/// The scenario of that name, if it can be explored in lockstep.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    supported().find(|scenario| scenario.name == name)
}

/// Explores scenarios with servers of one mutant (of the original for `None`), each until the first disagreement or so
/// many nodes. A crash and a hang kill, too.
///
/// # Errors
/// The program cannot be started.
pub fn first_disagreement(
    built: &Built,
    id: Option<&str>,
    scenarios: impl IntoIterator<Item = (&'static Scenario, u64)>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    let mut command = built.launch(id).command;
    command.push("--servers".to_owned());
    for (scenario, most) in scenarios {
        let limits = Limits {
            states: Some(most),
            ..Limits::default()
        };
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let group = World::new(scenario).group();
        let machines = Remote::start(&command, &group, PATIENCE);
        let machines = machines.map_err(|reason| SutError::Refused {
            code: "cannot-start".to_owned(),
            reason,
        })?;
        let explored = explore(scenario, Box::new(machines), &limits, &mut |_| {}, stop);
        if explored.ended == Ended::Stopped {
            return Ok(None);
        }
        if let Some(fault) = explored.fault {
            return Ok(Some(Kill {
                by: Killer::Lockstep(scenario.name),
                step: fault.path.len(),
                code: fault.failure.code,
                report: fault.text,
            }));
        }
    }
    Ok(None)
}
