//! `check --lockstep`: the model `server_group` and real servers side by side, for every action in every state.

use mars_model::explore::Options;
use mars_model::scenario::Scenario;
use mars_model::server_group::Action;
use serde_json::{Map, Value, json};

use super::super::Profile;
use super::super::output::{Ctx, Exit, Paint};
use crate::adapter::servers::Pool;
use crate::product::scenario::{all, supported, unsupported};
use crate::product::search::{Ended, Progress};
use crate::product::{Explored, Limits, World, explore};

/// Flags of `check` for lockstep exploration.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Explores the model of a server group together with real servers: for every action in every state, what the servers
    /// send and know has to be what the model says
    #[arg(
        long,
        conflicts_with_all = ["liveness", "audit_hash", "explore", "bless", "rules", "engine", "threads", "seed"]
    )]
    pub lockstep: bool,
}

/// Name of the product where rows name a model.
const MODEL: &str = "lockstep";

/// The scenarios that are meant.
fn meant(names: &[String], profile: Profile) -> Result<Vec<&'static Scenario>, String> {
    if names.is_empty() {
        let most = match profile {
            Profile::Quick => mars_model::family::Profile::Quick,
            Profile::Ci => mars_model::family::Profile::Ci,
            Profile::Deep => mars_model::family::Profile::Deep,
        };
        return Ok(supported()
            .filter(|scenario| scenario.profile <= most)
            .collect());
    }
    let one = |name: &String| match all().find(|scenario| scenario.name == name) {
        None => {
            let known: Vec<&str> = supported().map(|scenario| scenario.name).collect();
            Err(format!(
                "there is no scenario `{name}` of a server group; there are: {}",
                known.join(", ")
            ))
        }
        Some(scenario) => match unsupported(scenario) {
            Some(why) => Err(format!("{name} cannot be explored in lockstep: {why}")),
            None => Ok(scenario),
        },
    };
    names.iter().map(one).collect()
}

/// Runs the command.
pub fn run(names: &[String], profile: Profile, options: &Options, ctx: &Ctx) -> Exit {
    let meant = match meant(names, profile) {
        Ok(meant) => meant,
        Err(why) => {
            ctx.error(why);
            return Exit::Usage;
        }
    };
    let limits = Limits {
        states: options.max_states,
        time: options.max_time,
        memory: options.max_memory,
    };
    ctx.say(format_args!(
        "{:<28} {:>10} {:>10} {:>11} {:>5} {:>8} {:>9} {:>9}",
        "scenario", "nodes", "of states", "steps", "depth", "seconds", "steps/s", "machines"
    ));
    let mut exit = Exit::Ok;
    for scenario in meant {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        exit = exit.combine(one(scenario, &limits, ctx));
    }
    exit
}

fn one(scenario: &'static Scenario, limits: &Limits, ctx: &Ctx) -> Exit {
    let pool = match Pool::new(&World::new(scenario).group()) {
        Ok(pool) => pool,
        Err(error) => {
            ctx.error(error);
            return Exit::Internal;
        }
    };
    let mut progress = ctx.progress("check --lockstep", None);
    let mut tell = |now: &Progress| {
        progress.set(
            now.nodes,
            format_args!(
                "nodes; {}: {:.0} steps/s, depth {}, queue {}, {} machines",
                scenario.name,
                rate(now),
                now.depth,
                now.waiting,
                now.machines
            ),
        );
    };
    let explored = explore(scenario, Box::new(pool), limits, &mut tell, ctx.stop);
    progress.finish();
    ctx.row(&row(&explored));
    line(&explored, ctx);
    exit_of(explored.ended)
}

const fn exit_of(ended: Ended) -> Exit {
    match ended {
        Ended::Exhausted => Exit::Ok,
        Ended::Disagreement => Exit::Failed,
        Ended::Limit(_) | Ended::Stopped => Exit::Incomplete,
    }
}

fn rate(progress: &Progress) -> f64 {
    progress.steps as f64 / progress.seconds.max(1e-9)
}

/// How far a search got that was not exhausted.
fn how_far(explored: &Explored) -> String {
    let Progress {
        nodes,
        waiting,
        depth,
        ..
    } = explored.progress;
    format!(
        "not exhausted: {}; all nodes down to depth {depth} were seen, of the next level some; {waiting} of {nodes} nodes \
         wait for their successors",
        explored.ended.as_str(),
    )
}

fn row(explored: &Explored) -> Value {
    let Explored {
        scenario, progress, ..
    } = explored;
    let counts = explored.actions.iter().zip(Action::KINDS);
    let actions: Map<String, Value> = counts
        .filter(|(count, _)| **count > 0)
        .map(|(count, kind)| (kind.to_owned(), json!(count)))
        .collect();
    let fault = explored.fault.as_ref().map(|fault| {
        json!({
            "code": fault.failure.code, "wanted": fault.failure.wanted, "got": fault.failure.got,
            "steps": fault.path.len(), "path": fault.text.lines().collect::<Vec<_>>(),
        })
    });
    json!({
        "scenario": scenario.name, "model": MODEL, "rules": "resolved", "engine": "lockstep", "threads": 1,
        "unique": progress.nodes, "model_states": explored.states, "states": progress.steps, "depth": progress.depth,
        "exhausted": explored.ended == Ended::Exhausted, "stopped_by": explored.ended.as_str(),
        "unexpanded": progress.waiting, "seconds": progress.seconds, "states_per_second": rate(progress),
        "machines": progress.machines, "machine_steps": explored.asked, "set_aside": explored.aside, "actions": actions, "disagreement": fault,
    })
}

fn line(explored: &Explored, ctx: &Ctx) {
    let Explored {
        scenario, progress, ..
    } = explored;
    ctx.say(format_args!(
        "{:<28} {:>10} {:>10} {:>11} {:>5} {:>8.1} {:>9.0} {:>9} {}",
        scenario.name,
        progress.nodes,
        explored.states,
        progress.steps,
        progress.depth,
        progress.seconds,
        rate(progress),
        progress.machines,
        match explored.ended {
            Ended::Exhausted => ctx.paint(Paint::Green, "exhausted, all agree"),
            Ended::Disagreement => ctx.paint(Paint::Red, "DISAGREE"),
            Ended::Limit(_) | Ended::Stopped => {
                ctx.paint(Paint::Yellow, "stopped, nothing wrong so far")
            }
        },
    ));
    if explored.aside > 0 {
        ctx.say(format_args!(
            "    {} steps set aside: a second question while the answer to one is on its way, which the model has answered \
             at once (register C27)",
            explored.aside
        ));
    }
    if let Some(fault) = &explored.fault {
        for line in fault.text.lines() {
            ctx.say(format_args!("    {line}"));
        }
    } else if explored.ended != Ended::Exhausted {
        ctx.say(format_args!("    {}", how_far(explored)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_explored_is_refused_by_name() {
        let named = |name: &str| meant(&[name.to_owned()], Profile::Quick);
        let hung = named("line_with_a_hung_heartbeat").unwrap_err();
        assert!(hung.contains("cannot be explored"), "{hung}");
        let none = named("nothing").unwrap_err();
        assert!(none.contains("drain"), "{none}");
        assert_eq!(named("drain").unwrap().len(), 1);
        let quick = meant(&[], Profile::Quick).unwrap().len();
        let deep = meant(&[], Profile::Deep).unwrap().len();
        assert!(2 < quick && quick < deep, "{quick} {deep}");
    }
}
