//! `check --liveness`: what must happen, not only what must not.

use mars_model::explore::graph::Graph;
use mars_model::explore::liveness::{
    Lasso, Verdict, always_again, answers_within, can_always_reach,
};
use mars_model::explore::{Options, Path};
use mars_model::findings::findings;
use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::liveness::{
    HAND_OVER, SETTLED, fair, intervals, responses, settled, settled_at_sound_servers,
};
use mars_model::server_group::{ServerGroup, State};
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

/// The scenario of that name among those that are for liveness only.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Scenario> {
    (HAND_OVER.name == name).then_some(&HAND_OVER)
}

/// One answer, in words and with the run that refutes it.
struct Answer {
    claim: &'static str,
    sentence: &'static str,
    verdict: Verdict<Refuted>,
    /// Whether it must be refuted: a fault that is known and stays visible.
    refuted: Option<&'static str>,
}

/// A run that refutes a claim.
struct Refuted {
    why: String,
    lasso: Lasso<ServerGroup>,
}

const FORGETS: &str = "a server that follows the literal reading of A08 forgets a client that moved to it as soon as the \
                       old home's deregister arrives; the client does not notice and nobody else can repair it";

/// The rules that were asked for; `None` after saying that there is no such finding.
fn rules(flags: &Flags, named: Rules, ctx: &Ctx) -> Option<Rules> {
    let Some(id) = &flags.finding else {
        return Some(named);
    };
    let found = findings().iter().find(|finding| finding.id == id);
    if found.is_none() {
        let known: Vec<&str> = findings().iter().map(|finding| finding.id).collect();
        ctx.error(format_args!(
            "there is no finding `{id}`; there are: {}",
            known.join(", ")
        ));
    }
    found.map(mars_model::findings::Finding::rules)
}

/// Asks everything that applies to a scenario.
fn answers(model: &ServerGroup, graph: &Graph<'_, ServerGroup>) -> Vec<Answer> {
    type Goal = fn(&ServerGroup, &State) -> bool;
    let literal = model.scenario().literal_purgers != 0;
    let whole = (
        "settled",
        SETTLED,
        settled as Goal,
        literal.then_some(FORGETS),
    );
    let but = (
        "settled-at-sound-servers",
        "As `settled`, but for clients whose home follows the literal reading of A08.",
        settled_at_sound_servers as Goal,
        None,
    );
    let mut all = Vec::new();
    for (claim, sentence, goal, refuted) in
        [Some(whole), literal.then_some(but)].into_iter().flatten()
    {
        let good = |state: &State| goal(model, state);
        let verdict = can_always_reach(graph, good).map(|trap| Refuted {
            why: format!(
                "after {} steps it cannot be reached any more; the run ends among {} states",
                trap.no_return, trap.states
            ),
            lasso: trap.lasso,
        });
        let claim_of = |how| match (how, claim) {
            ("reach", "settled") => "can-always-settle",
            ("reach", _) => "can-always-settle-at-sound-servers",
            (_, "settled") => "settles-again-and-again",
            _ => "settles-again-and-again-at-sound-servers",
        };
        all.push(Answer {
            claim: claim_of("reach"),
            sentence,
            verdict,
            refuted,
        });
        let verdict = always_again(graph, good, fair).map(|lasso| Refuted {
            why: "a fair run in which it never comes again".to_owned(),
            lasso,
        });
        all.push(Answer {
            claim: claim_of("again"),
            sentence,
            verdict,
            refuted,
        });
    }
    for response in responses()
        .iter()
        .filter(|response| (response.applies)(model.scenario()))
    {
        let verdict = answers_within(
            graph,
            |state| (response.asks)(model, state),
            |state| (response.answers)(model, state),
            response.within,
            intervals,
        );
        all.push(Answer {
            claim: response.name,
            sentence: response.sentence,
            verdict: verdict.map(|late| Refuted {
                why: format!(
                    "asked after {} steps, not answered after {} intervals",
                    late.since, late.counted
                ),
                lasso: Lasso {
                    stem: late.path,
                    cycle: Vec::new(),
                    crosses_boundary: late.crosses_boundary,
                },
            }),
            refuted: None,
        });
    }
    all
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
fn chart(scenario: &Scenario, model: &ServerGroup, refuted: &Refuted) -> String {
    let stem = refuted.lasso.stem.len();
    let on = refuted.lasso.cycle.iter();
    let mut whole = Path(refuted.lasso.stem.0.clone());
    whole
        .0
        .extend(on.map(|&(action, state)| (Some(action), state)));
    let chart = super::findings::chart(scenario, &whole, String::new(), model);
    let mut text = String::new();
    let loops = !refuted.lasso.cycle.is_empty();
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
    scenarios: &[&'static Scenario],
    flags: &Flags,
    named: Rules,
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
        exit = exit.combine(one(scenario, rules, &options, ctx));
    }
    exit
}

fn one(scenario: &'static Scenario, rules: Rules, options: &Options, ctx: &Ctx) -> Exit {
    let model = scenario.model(rules);
    let mut progress = ctx.progress("graph", None);
    let mut tell = |now: &mars_model::explore::Progress| {
        let (depth, queue, mebioctets) = (now.depth, now.queue, now.octets >> 20);
        progress.set(
            now.unique,
            format_args!(
                "states; {}: depth {depth}, queue {queue}, {mebioctets} MiB",
                scenario.name
            ),
        );
    };
    let started = std::time::Instant::now();
    let graph = Graph::build(&model, options, &mut tell, ctx.stop);
    progress.finish();
    let answers = answers(&model, &graph);
    let seconds = started.elapsed().as_secs_f64();
    let per_state = graph.peak_octets() / graph.len().max(1);
    ctx.say(format_args!(
        "{:<28} {:>10} {:>11} {per_state:>8} {seconds:>8.1}",
        scenario.name,
        graph.len(),
        graph.transitions(),
    ));
    if !graph.is_complete() {
        ctx.say(format_args!(
            "    not all of it: {}",
            graph.stopped_by().as_str()
        ));
    }
    let mut exit = Exit::Ok;
    for answer in answers {
        let (own, paint, word) = judge(&answer);
        exit = exit.combine(own);
        ctx.say(format_args!(
            "    {:<42} {}",
            answer.claim,
            ctx.paint(paint, word)
        ));
        ctx.row(&row(scenario, &graph, &answer, word));
        if let Some(why) = answer.refuted {
            ctx.say(format_args!("      known: {why}"));
        }
        if let Verdict::Fails(refuted) = &answer.verdict {
            ctx.say(format_args!("      {}:", refuted.why));
            for line in chart(scenario, &model, refuted).lines() {
                ctx.say(format_args!("      {line}"));
            }
        }
    }
    exit
}

/// An answer as a row.
fn row(
    scenario: &Scenario,
    graph: &Graph<'_, ServerGroup>,
    answer: &Answer,
    verdict: &str,
) -> Value {
    let words = |actions: Vec<mars_model::server_group::Action>| -> Vec<String> {
        actions
            .into_iter()
            .map(|action| format!("{action:?}"))
            .collect()
    };
    let (stem, round) = match &answer.verdict {
        Verdict::Fails(refuted) => {
            let round = refuted.lasso.cycle.iter().map(|&(action, _)| action);
            (words(refuted.lasso.stem.actions()), words(round.collect()))
        }
        Verdict::Holds | Verdict::Open => (Vec::new(), Vec::new()),
    };
    json!({
        "scenario": scenario.name, "liveness": answer.claim, "sentence": answer.sentence,
        "rules": graph.model().rules().differences(&Rules::resolved()).into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "states": graph.len(), "transitions": graph.transitions(), "complete": graph.is_complete(),
        "stopped_by": graph.stopped_by().as_str(), "verdict": verdict, "known": answer.refuted,
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
        run(&[&HAND_OVER], &flags, Rules::resolved(), &options, &ctx)
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
            claim: "can-always-settle",
            sentence: SETTLED,
            verdict,
            refuted: Some(FORGETS),
        };
        assert_eq!(judge(&answer(Verdict::Holds)).0, Exit::SuiteBroken);
        assert_eq!(judge(&answer(Verdict::Open)).0, Exit::Incomplete);
    }
}
