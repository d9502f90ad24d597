//! `check --audit-hash`: do `Hash` and `Eq` of the model's state agree?

use mars_model::explore::Options;
use mars_model::reading::Choice;
use mars_model::registry::{Audited, Case};
use serde_json::json;

use super::output::{Ctx, Exit, Paint};

/// Flags of `check` for the audit.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Keeps every state whole and shows that no two different states have one hash and no two equal ones different
    /// hashes, instead of checking properties
    #[arg(long, conflicts_with = "liveness")]
    pub audit_hash: bool,
}

/// Pairs of states compared in one scenario beyond the near ones: a few seconds.
const PAIRS: u64 = 500_000_000;

/// Runs the command for some scenarios.
pub fn run(scenarios: &[&'static dyn Case], rules: Choice, options: &Options, ctx: &Ctx) -> Exit {
    let mut exit = Exit::Ok;
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>12} {:>8} {:>8}",
        "scenario", "states", "transitions", "pairs", "B/state", "seconds"
    ));
    for scenario in scenarios {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        exit = exit.combine(one(*scenario, rules, options, ctx));
    }
    exit
}

fn one(scenario: &'static dyn Case, rules: Choice, options: &Options, ctx: &Ctx) -> Exit {
    let mut progress = ctx.progress("audit", None);
    let mut tell = |now: &mars_model::explore::Progress| {
        let (depth, queue) = (now.depth, now.queue);
        progress.set(
            now.unique,
            format_args!("states; {}: depth {depth}, queue {queue}", scenario.name()),
        );
    };
    let found = scenario.audit(rules, options, PAIRS, &mut tell, ctx.stop);
    progress.finish();
    let (exit, paint, word) = judge(&found);
    let fault = &found.fault;
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>12} {:>8} {:>8.1} {}",
        scenario.name(),
        found.states,
        found.generated,
        found.pairs,
        found.octets / found.states.max(1),
        found.seconds,
        ctx.paint(paint, &word)
    ));
    for line in fault.iter().flat_map(|text| text.lines()) {
        ctx.say(format_args!("    {line}"));
    }
    ctx.row(&json!({
        "scenario": scenario.name(), "audit": "hash", "states": found.states, "generated": found.generated,
        "pairs": found.pairs, "crossed": found.crossed, "proved": found.proved,
        "chance_collisions": found.chance_collisions, "octets": found.octets, "seconds": found.seconds,
        "stopped_by": found.stopped_by.as_str(), "fault": fault,
    }));
    exit
}

/// How an audit ends and reads. Where all states were seen the fault that loses states is excluded, even if the other,
/// which needs all pairs, is not.
fn judge(found: &Audited) -> (Exit, Paint, String) {
    if found.fault.is_some() {
        return (Exit::SuiteBroken, Paint::Red, "WRONG".to_owned());
    }
    let all = found.stopped_by == mars_model::explore::StoppedBy::Exhausted;
    let pairs = if found.crossed == found.states {
        "all pairs".to_owned()
    } else {
        format!("all pairs of the first {}", found.crossed)
    };
    if all {
        let word = format!("no state is lost; no state is counted twice among {pairs}");
        (Exit::Ok, Paint::Green, word)
    } else {
        let why = found.stopped_by.as_str();
        let word = format!("nothing so far ({why}); {pairs}");
        (Exit::Incomplete, Paint::Yellow, word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Format;
    use mars_model::registry::for_liveness;
    use std::sync::atomic::AtomicBool;

    static STOP: AtomicBool = AtomicBool::new(false);

    #[test]
    fn the_state_of_the_model_passes_and_a_limit_is_no_proof() {
        let ctx = Ctx {
            format: Format::Json,
            quiet: true,
            stop: &STOP,
        };
        let cases: Vec<_> = for_liveness().collect();
        let end = |options: &Options| run(&cases, Choice::Resolved, options, &ctx);
        assert_eq!(end(&Options::default()), Exit::Ok);
        let few = Options {
            max_states: Some(5),
            ..Options::default()
        };
        assert_eq!(end(&few), Exit::Incomplete);
    }

    #[test]
    fn a_fault_means_that_no_check_is_to_be_trusted() {
        let case = for_liveness().next().unwrap();
        let options = Options::default();
        let mut found = case.audit(Choice::Resolved, &options, 0, &mut |_| {}, &STOP);
        assert_eq!(judge(&found).0, Exit::Ok);
        found.fault = Some("two states differ".to_owned());
        assert_eq!(judge(&found).0, Exit::SuiteBroken);
    }
}
