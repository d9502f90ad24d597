//! `check --liveness`: what must happen, not only what must not.

use mars_model::explore::liveness::Verdict;
use mars_model::explore::{Options, Path};
use mars_model::findings::findings;
use mars_model::reading::Choice;
use mars_model::registry::{Act, Answer, Case, Future, Refuted};
use serde_json::{Value, json};

use super::output::{Ctx, Exit, Paint};

/// Flags of `check` for liveness.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Flags {
    /// Keeps the graph of all states and asks what must happen: the group can always settle, it settles again and
    /// again in every fair run, and what has a deadline meets it. The scenario `hand_over` is for this only
    #[arg(long)]
    pub liveness: bool,
    /// The resolved rules with one finding's reading (see `findings`)
    #[arg(
        long,
        value_name = "ID",
        requires = "liveness",
        conflicts_with = "rules"
    )]
    pub finding: Option<String>,
}

/// The rules that were asked for; `None` after saying that there is no such finding.
fn rules(flags: &Flags, named: Choice, ctx: &Ctx) -> Option<Choice> {
    let Some(id) = &flags.finding else {
        return Some(named);
    };
    let found = findings().find(|finding| finding.id == id);
    if found.is_none() {
        let known: Vec<&str> = findings().map(|finding| finding.id).collect();
        ctx.error(format_args!(
            "there is no finding `{id}`; there are: {}",
            known.join(", ")
        ));
    }
    found.map(mars_model::findings::Finding::choice)
}

/// The exit of an answer, and how it reads.
fn judge(answer: &Answer) -> (Exit, Paint, &'static str) {
    match (&answer.verdict, answer.refuted) {
        (Verdict::Open, _) => (Exit::Incomplete, Paint::Yellow, "not decided"),
        (Verdict::Holds, None) => (Exit::Ok, Paint::Green, "holds"),
        (Verdict::Fails(_), Some(_)) => (Exit::Ok, Paint::Yellow, "fails, as it must"),
        (Verdict::Holds, Some(_)) => (Exit::SuiteBroken, Paint::Red, "HOLDS, BUT MUST NOT"),
        (Verdict::Fails(_), None) => (Exit::Failed, Paint::Red, "FAILS"),
    }
}

/// The chart of a run: the stem, a line, then one round of the loop.
fn chart(scenario: &'static dyn Case, rules: Choice, refuted: &Refuted) -> String {
    let stem = refuted.stem.len();
    let mut whole = Path(refuted.stem.0.clone());
    let on = refuted.cycle.iter().cloned();
    whole.0.extend(on.map(|act| (Some(act), String::new())));
    let chart = crate::report::of_path::chart(scenario, &whole, String::new(), rules);
    let mut text = String::new();
    let loops = !refuted.cycle.is_empty();
    for line in chart.text().lines().skip(1) {
        let first = format!("{}. ", stem + 1);
        if loops && line.trim_start().starts_with(&first) {
            text.push_str("    -- and from here on for ever --\n");
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Runs the command for some scenarios.
pub fn run(
    scenarios: &[&'static dyn Case],
    flags: &Flags,
    named: Choice,
    options: &Options,
    ctx: &Ctx,
) -> Exit {
    let Some(rules) = rules(flags, named, ctx) else {
        return Exit::Usage;
    };
    let options = Options {
        // The questions need about a third of what the graph takes on top of it.
        max_memory: options.max_memory.map(|octets| octets / 4 * 3),
        ..options.clone()
    };
    let mut exit = Exit::Ok;
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {:>8} {:>8}",
        "scenario", "states", "transitions", "B/state", "seconds"
    ));
    for scenario in scenarios {
        if ctx.stopped() {
            return exit.combine(Exit::Incomplete);
        }
        exit = exit.combine(one(*scenario, rules, &options, ctx));
    }
    exit
}

fn one(scenario: &'static dyn Case, rules: Choice, options: &Options, ctx: &Ctx) -> Exit {
    let mut progress = ctx.progress("graph", None);
    let mut tell = |now: &mars_model::explore::Progress| {
        let (depth, queue, mebioctets) = (now.depth, now.queue, now.octets >> 20);
        progress.set(
            now.unique,
            format_args!(
                "states; {}: depth {depth}, queue {queue}, {mebioctets} MiB",
                scenario.name()
            ),
        );
    };
    let started = std::time::Instant::now();
    let future = scenario.future(rules, options, &mut tell, ctx.stop);
    progress.finish();
    let seconds = started.elapsed().as_secs_f64();
    let per_state = future.octets / future.states.max(1);
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {per_state:>8} {seconds:>8.1}",
        scenario.name(),
        future.states,
        future.transitions,
    ));
    if !future.complete {
        ctx.say(format_args!(
            "    not all of it: {}",
            future.stopped_by.as_str()
        ));
    }
    let mut exit = Exit::Ok;
    for answer in &future.answers {
        let (own, paint, word) = judge(answer);
        exit = exit.combine(own);
        ctx.say(format_args!(
            "    {:<42} {}",
            answer.name,
            ctx.paint(paint, word)
        ));
        ctx.row(&row(scenario, rules, &future, answer, word));
        if let Some(why) = answer.refuted {
            ctx.say(format_args!("      known: {why}"));
        }
        if let Verdict::Fails(refuted) = &answer.verdict {
            ctx.say(format_args!("      {}:", refuted.why));
            for line in chart(scenario, rules, refuted).lines() {
                ctx.say(format_args!("      {line}"));
            }
        }
    }
    exit
}

/// An answer as a row.
fn row(
    scenario: &dyn Case,
    rules: Choice,
    future: &Future,
    answer: &Answer,
    verdict: &str,
) -> Value {
    let words = |actions: &[Act]| -> Vec<String> {
        let word = |act: &Act| match act {
            Act::Group(action) => action.to_string(),
            Act::Words(words, _) => words.clone(),
        };
        actions.iter().map(word).collect()
    };
    let (stem, round) = match &answer.verdict {
        Verdict::Fails(refuted) => (words(&refuted.stem.actions()), words(&refuted.cycle)),
        Verdict::Holds | Verdict::Open => (Vec::new(), Vec::new()),
    };
    json!({
        "scenario": scenario.name(), "model": scenario.family(), "liveness": answer.name,
        "sentence": answer.sentence, "requirements": answer.requirements,
        "rules": scenario.differences(rules).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "states": future.states, "transitions": future.transitions, "complete": future.complete,
        "stopped_by": future.stopped_by.as_str(), "verdict": verdict, "known": answer.refuted,
        "stem": stem, "loop": round,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Format;
    use std::sync::atomic::AtomicBool;

    static STOP: AtomicBool = AtomicBool::new(false);

    fn end(finding: Option<&str>, max_states: Option<u64>) -> Exit {
        let ctx = Ctx {
            format: Format::Json,
            quiet: true,
            stop: &STOP,
        };
        let flags = Flags {
            liveness: true,
            finding: finding.map(str::to_owned),
        };
        let options = Options {
            max_states,
            ..Options::default()
        };
        let cases: Vec<_> = mars_model::registry::for_liveness()
            .filter(|case| case.name() == "hand_over")
            .collect();
        run(&cases, &flags, Choice::Resolved, &options, &ctx)
    }

    #[test]
    fn exit_codes_tell_what_was_found() {
        assert_eq!(end(None, None), Exit::Ok);
        assert_eq!(end(Some("A01"), None), Exit::Failed);
        assert_eq!(end(None, Some(5)), Exit::Incomplete);
        assert_eq!(end(Some("Z99"), None), Exit::Usage);
    }

    #[test]
    fn a_known_fault_that_is_gone_breaks_the_suite() {
        let answer = |verdict| Answer {
            name: "can-always-settle",
            sentence: "It settles.",
            requirements: &[],
            verdict,
            refuted: Some("it forgets"),
        };
        assert_eq!(judge(&answer(Verdict::Holds)).0, Exit::SuiteBroken);
        assert_eq!(judge(&answer(Verdict::Open)).0, Exit::Incomplete);
    }
}
