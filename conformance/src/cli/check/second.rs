//! `check --engine stateright`: the second opinion.

use mars_model::family::Kind;
use mars_model::registry::Case;
use serde_json::{Value, json};

use super::super::output::{Ctx, Exit};
use super::{Args, limits::threads};

/// Counts and verdicts of stateright's own search.
pub(super) fn stateright_all(scenarios: &[&'static dyn Case], args: &Args, ctx: &Ctx) -> Exit {
    let mut exit = Exit::Ok;
    for scenario in scenarios {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        let started = std::time::Instant::now();
        let found = scenario.second(args.rules.choice(), threads(args.threads).get());
        let properties: Vec<Value> = scenario
            .properties()
            .into_iter()
            .map(|claim| {
                let found = found.discovered.contains(&claim.name);
                let (kind, holds) = match claim.kind {
                    Kind::Always => ("always", !found),
                    Kind::Witness => ("witness", found),
                };
                if !holds {
                    exit = exit.combine(if kind == "always" { Exit::Failed } else { Exit::SuiteBroken });
                }
                json!({"name": claim.name, "kind": kind, "holds": holds, "requirements": claim.requirements})
            })
            .collect();
        let (seconds, unique) = (started.elapsed().as_secs_f64(), found.unique);
        ctx.row(&json!({
            "scenario": scenario.name(), "model": scenario.family(), "rules": args.rules.as_str(), "engine": "stateright",
            "states": found.states, "unique": unique, "depth": found.depth,
            "exhausted": found.done, "seconds": seconds,
            "states_per_second": super::super::replay::usize_f64(unique) / seconds.max(1e-9), "properties": properties,
        }));
        ctx.say(format_args!(
            "{:<28} {unique:>10} unique states in {seconds:.1} s (stateright)",
            scenario.name()
        ));
    }
    exit
}
