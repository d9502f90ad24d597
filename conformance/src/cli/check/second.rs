//! `check --engine stateright`: the second opinion.

use mars_model::scenario::Scenario;
use mars_model::server_group::property::Kind;
use serde_json::{Value, json};
use stateright::{Checker as _, Model as _};

use super::super::output::{Ctx, Exit};
use super::{Args, limits::threads};

/// Counts and verdicts of stateright's own search.
pub(super) fn stateright_all(scenarios: &[&'static Scenario], args: &Args, ctx: &Ctx) -> Exit {
    let mut exit = Exit::Ok;
    for scenario in scenarios {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        let started = std::time::Instant::now();
        let checker = scenario
            .model(args.rules.rules())
            .checker()
            .threads(threads(args.threads).get())
            .spawn_bfs()
            .join();
        let discovered = checker.discoveries();
        let properties: Vec<Value> = scenario
            .properties()
            .map(|claim| {
                let found = discovered.contains_key(claim.name);
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
        let (seconds, unique) = (
            started.elapsed().as_secs_f64(),
            checker.unique_state_count(),
        );
        ctx.row(&json!({
            "scenario": scenario.name, "model": "server_group", "rules": args.rules.as_str(), "engine": "stateright",
            "states": checker.state_count(), "unique": unique, "depth": checker.max_depth(),
            "exhausted": checker.is_done(), "seconds": seconds,
            "states_per_second": super::super::replay::usize_f64(unique) / seconds.max(1e-9), "properties": properties,
        }));
        ctx.say(format_args!(
            "{:<28} {unique:>10} unique states in {seconds:.1} s (stateright)",
            scenario.name
        ));
    }
    exit
}
