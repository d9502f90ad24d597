//! The scenarios as cases of the command line, beside those of the families of models.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use mars_model::explore::audit::audit;
use mars_model::explore::graph::Graph;
use mars_model::explore::liveness::Lasso;
use mars_model::explore::timely::{Cluster, Error, Outcome};
use mars_model::explore::{Discovery, Kinds as _, Options, Path, Report, search};
use mars_model::family::{Kind, Profile};
use mars_model::reading::{Choice, FieldValue};
use mars_model::registry::{
    About, Act, Answer, Audited, Case, Future, Refuted, Second, Tell, Told,
};
use stateright::{Checker as _, Model as _};

use super::action::Action;
use super::claims::{CLAIMS, Claim, ENDED_STAYS, EQUAL};
use super::run::{self, CAN_SETTLE};
use super::scenario::{Effort, SCENARIOS, SMALLEST, Scenario};
use super::space::{Inside, WITNESS};
use super::text;
use crate::adapter::machines::Pool;

/// Name of the family.
pub const FAMILY: &str = "implementation";

/// All scenarios.
pub fn cases() -> impl Iterator<Item = &'static dyn Case> {
    SCENARIOS.iter().map(|scenario| scenario as &dyn Case)
}

/// A scenario on speakers in this process.
#[must_use]
pub fn model(scenario: &'static Scenario) -> Inside {
    Inside::new(scenario, Box::new(Pool::new(&scenario.configs(), 1)))
}

impl Scenario {
    /// The scenario that this is a copy of.
    fn stands(&self) -> &'static Self {
        let known = SCENARIOS.iter().find(|known| known.name == self.name);
        known.unwrap_or(&SMALLEST)
    }
}

fn told(model: &Inside, path: &Path<Inside>) -> Path<Told> {
    let words = text::words(model, path);
    let steps = path.0.iter().zip(words);
    Path(
        steps
            .map(|((_, state), words)| {
                (
                    words.map(|words| Act::Words(words, None)),
                    format!("{state:?}"),
                )
            })
            .collect(),
    )
}

fn about(claim: &Claim) -> About {
    About {
        name: claim.name,
        sentence: claim.sentence,
        requirements: claim.requirements,
        kind: Kind::Always,
    }
}

fn refuted(model: &Inside, run: &Lasso<Inside>) -> Refuted {
    let first = run.stem.last().map(|&state| (None, state));
    let round = run
        .cycle
        .iter()
        .map(|&(action, state)| (Some(action), state));
    let round = Path(first.into_iter().chain(round).collect());
    Refuted {
        why: "a run on which it does not settle".to_owned(),
        stem: told(model, &run.stem),
        cycle: text::words(model, &round)
            .into_iter()
            .flatten()
            .map(|words| Act::Words(words, None))
            .collect(),
    }
}

impl Case for Scenario {
    fn family(&self) -> &'static str {
        FAMILY
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.what
    }

    fn profile(&self) -> Profile {
        match self.effort {
            Effort::Quick => Profile::Quick,
            Effort::Ci => Profile::Ci,
            Effort::Deep => Profile::Deep,
        }
    }

    /// What the budget has.
    fn actions(&self) -> &'static [&'static str] {
        self.meant
    }

    fn kinds(&self) -> &'static [&'static str] {
        Action::KINDS
    }

    fn properties(&self) -> Vec<About> {
        let witness = About {
            name: WITNESS,
            sentence: "with every fault spent all settles",
            requirements: &[],
            kind: Kind::Witness,
        };
        let claims = CLAIMS.iter().chain([&EQUAL, &ENDED_STAYS]);
        claims.map(about).chain([witness]).collect()
    }

    fn fingerprint(&self, _: Choice) -> u64 {
        let text = format!("{self:?}");
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    fn readers(&self) -> u8 {
        0
    }

    /// There are none: the rules are those of the implementation.
    fn differences(&self, _: Choice) -> Vec<FieldValue> {
        Vec::new()
    }

    fn search(
        &self,
        _: Choice,
        options: &Options,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Report<Told> {
        let model = model(self.stands());
        let report = search(&model, options, tell, stop);
        let discoveries = report.discoveries.iter().map(|found| Discovery {
            property: found.property,
            violation: found.violation,
            path: told(&model, &found.path),
        });
        Report {
            discoveries: discoveries.collect(),
            labels: BTreeMap::new(),
            states: report.states,
            unique: report.unique,
            depth: report.depth,
            levels: report.levels,
            unexpanded: report.unexpanded,
            threads: report.threads,
            seed: report.seed,
            exact: report.exact,
            peak_octets: report.peak_octets,
            visited_octets: report.visited_octets,
            stopped_by: report.stopped_by,
            seconds: report.seconds,
            bytes_per_state: report.bytes_per_state,
            action_counts: report.action_counts,
            held: report.held,
            missing_witnesses: report.missing_witnesses,
        }
    }

    /// Numbers of machines mean something in one process only.
    fn together(
        &self,
        _: Choice,
        _: &Options,
        _: &Cluster,
        _: Tell<'_>,
        _: &AtomicBool,
    ) -> Result<Outcome<Told>, Error> {
        Err(Error::Differs {
            process: 0,
            address: String::new(),
            what: "the numbers that it gives to machines: the implementation is searched in one process",
        })
    }

    fn second(&self, _: Choice, threads: usize) -> Second {
        let checker = model(self.stands())
            .checker()
            .threads(threads)
            .spawn_bfs()
            .join();
        Second {
            states: checker.state_count(),
            unique: checker.unique_state_count(),
            depth: checker.max_depth(),
            done: checker.is_done(),
            discovered: checker.discoveries().into_keys().collect(),
        }
    }

    fn serve(&self, _: Choice, address: &str) {
        model(self.stands()).checker().serve(address);
    }

    fn future(&self, _: Choice, options: &Options, tell: Tell<'_>, stop: &AtomicBool) -> Future {
        let model = model(self.stands());
        let graph = Graph::build(&model, options, tell, stop);
        let sentence = |name| match name {
            CAN_SETTLE => "from every state all can be Aligned, quiet and equal again",
            _ => "on every fair run all is Aligned, quiet and equal again and again",
        };
        let answers = run::answers(&model, &graph)
            .into_iter()
            .map(|(name, verdict)| Answer {
                name,
                sentence: sentence(name),
                requirements: &["R2334-2.2.4-01", "R2334-2.2-05"],
                verdict: verdict.map(|run| refuted(&model, &run)),
                refuted: None,
            });
        Future {
            states: graph.len(),
            transitions: graph.transitions(),
            octets: graph.peak_octets(),
            complete: graph.is_complete(),
            stopped_by: graph.stopped_by(),
            answers: answers.collect(),
        }
    }

    fn audit(
        &self,
        _: Choice,
        options: &Options,
        max_pairs: u64,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Audited {
        let found = audit(&model(self.stands()), options, max_pairs, tell, stop);
        Audited {
            proved: found.proved(),
            states: found.states,
            generated: found.generated,
            pairs: found.pairs,
            crossed: found.crossed,
            chance_collisions: found.chance_collisions,
            octets: found.octets,
            seconds: found.seconds,
            stopped_by: found.stopped_by,
            fault: found.fault.map(|fault| fault.text()),
        }
    }
}
