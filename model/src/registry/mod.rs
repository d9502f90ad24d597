//! All scenarios of all families behind one interface, for tools that run any of them.

mod future;

pub use future::{Answer, Future, Refuted};

use crate::carried::Carried;
use crate::explore::audit::audit;
use crate::explore::timely::{Cluster, Error, Outcome};
use crate::explore::{Discovery, Kinds, Options, Path, Progress, Report, StoppedBy, search_space};
use crate::family::{Configuration, Kind, Profile, meant};
use crate::reading::{Choice, FieldValue, Readings, differences};
use crate::server_group::Action;
use stateright::{Checker as _, Model, Property};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// An action of any family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// One of the server group: charts can show what it makes visible.
    Group(Action),
    /// One of another family, in words, with the message that it takes off its way.
    Words(String, Option<Carried>),
}

impl Act {
    /// The action of the server group.
    pub const fn group(&self) -> Option<Action> {
        match self {
            Self::Group(action) => Some(*action),
            Self::Words(..) => None,
        }
    }
}

impl Kinds for Act {
    const KINDS: &'static [&'static str] = &["group", "words"];
    fn kind(&self) -> usize {
        usize::from(self.group().is_none())
    }
}

/// What is told of a model of any family: reports and paths of it have the form of those of a model. It has no states
/// of its own; a state on a path is its text.
#[derive(Clone, Copy, Debug)]
pub struct Told;

impl Model for Told {
    type State = String;
    type Action = Act;

    fn init_states(&self) -> Vec<String> {
        Vec::new()
    }
    fn actions(&self, _: &String, _: &mut Vec<Act>) {}
    fn next_state(&self, _: &String, _: Act) -> Option<String> {
        None
    }
    fn properties(&self) -> Vec<Property<Self>> {
        Vec::new()
    }
}

/// What is said about a property, whatever its family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// Its name, unique in its family.
    pub name: &'static str,
    /// The property in one sentence.
    pub sentence: &'static str,
    /// The requirements of the ledger that it stands for.
    pub requirements: &'static [&'static str],
    /// Always or once.
    pub kind: Kind,
}

/// What stateright's own search came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Second {
    /// States generated.
    pub states: usize,
    /// Different states.
    pub unique: usize,
    /// The deepest level.
    pub depth: usize,
    /// Whether it ended by itself.
    pub done: bool,
    /// Properties for which there is an example.
    pub discovered: Vec<&'static str>,
}

/// What an audit of `Hash` and `Eq` came to: [`crate::explore::audit::Audit`] without its states.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are those of `Audit`")]
pub struct Audited {
    pub states: u64,
    pub generated: u64,
    pub pairs: u64,
    pub crossed: u64,
    pub proved: bool,
    pub chance_collisions: u64,
    pub octets: u64,
    pub seconds: f64,
    pub stopped_by: StoppedBy,
    pub fault: Option<String>,
}

/// Hears how far a search has come.
pub type Tell<'a> = &'a mut dyn FnMut(&Progress);

/// A scenario of any family.
pub trait Case: Send + Sync {
    /// The family's name.
    fn family(&self) -> &'static str;
    /// The name, a word for the command line.
    fn name(&self) -> &'static str;
    /// What it is about, one sentence.
    fn title(&self) -> &'static str;
    /// When it is run.
    fn profile(&self) -> Profile;
    /// The kinds of action that must occur.
    fn actions(&self) -> &'static [&'static str];
    /// All kinds of action of the family.
    fn kinds(&self) -> &'static [&'static str];
    /// Its properties: every safety property, and the witnesses that must be found.
    fn properties(&self) -> Vec<About>;
    /// [`Configuration::fingerprint`].
    fn fingerprint(&self, choice: Choice) -> u64;
    /// How many nodes can follow rules of their own; 0 where a mixed group makes no sense.
    fn readers(&self) -> u8;
    /// In which fields the rules differ from the resolved ones.
    fn differences(&self, choice: Choice) -> Vec<FieldValue>;
    /// Searches with [`crate::explore`].
    fn search(
        &self,
        choice: Choice,
        options: &Options,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Report<Told>;
    /// Searches together with other workers.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    fn together(
        &self,
        choice: Choice,
        options: &Options,
        cluster: &Cluster,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Result<Outcome<Told>, Error>;
    /// Searches with stateright's breadth-first search.
    fn second(&self, choice: Choice, threads: usize) -> Second;
    /// Serves stateright's Explorer until the process ends.
    fn serve(&self, choice: Choice, address: &str);
    /// Keeps the graph of all states and asks what must happen.
    fn future(
        &self,
        choice: Choice,
        options: &Options,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Future;
    /// Compares `Hash` with `Eq`.
    fn audit(
        &self,
        choice: Choice,
        options: &Options,
        max_pairs: u64,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Audited;
}

impl<C: Configuration> Case for C {
    fn family(&self) -> &'static str {
        C::MODEL
    }
    fn name(&self) -> &'static str {
        C::name(self)
    }
    fn title(&self) -> &'static str {
        C::title(self)
    }
    fn profile(&self) -> Profile {
        C::profile(self)
    }
    fn actions(&self) -> &'static [&'static str] {
        C::actions(self)
    }
    fn kinds(&self) -> &'static [&'static str] {
        <C::Model as Model>::Action::KINDS
    }
    fn properties(&self) -> Vec<About> {
        meant(C::claims(), self.witnesses())
            .map(|claim| About {
                name: claim.name,
                sentence: claim.sentence,
                requirements: claim.requirements,
                kind: claim.kind,
            })
            .collect()
    }
    fn fingerprint(&self, choice: Choice) -> u64 {
        C::fingerprint(self, &choice.readers())
    }
    fn readers(&self) -> u8 {
        C::readers(self)
    }
    fn differences(&self, choice: Choice) -> Vec<FieldValue> {
        differences(&choice.rules::<C::Rules>(), &C::Rules::resolved())
    }

    fn search(
        &self,
        choice: Choice,
        options: &Options,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Report<Told> {
        let model = self.model(choice.readers());
        let report = search_space(&model, options, None, tell, stop);
        told::<C>(&model, report)
    }

    fn together(
        &self,
        choice: Choice,
        options: &Options,
        cluster: &Cluster,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Result<Outcome<Told>, Error> {
        let model = self.model(choice.readers());
        let cluster = Cluster {
            identity: Case::fingerprint(self, choice),
            ..cluster.clone()
        };
        let outcome = C::together(&model, options, &cluster, tell, stop)?;
        Ok(Outcome {
            report: told::<C>(&model, outcome.report),
            shares: outcome.shares,
            socket_octets: outcome.socket_octets,
        })
    }

    fn second(&self, choice: Choice, threads: usize) -> Second {
        let model = self.model(choice.readers());
        let checker = model.checker().threads(threads).spawn_bfs().join();
        Second {
            states: checker.state_count(),
            unique: checker.unique_state_count(),
            depth: checker.max_depth(),
            done: checker.is_done(),
            discovered: checker.discoveries().into_keys().collect(),
        }
    }

    fn serve(&self, choice: Choice, address: &str) {
        self.model(choice.readers()).checker().serve(address);
    }

    fn future(
        &self,
        choice: Choice,
        options: &Options,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Future {
        future::ask(self, choice, options, tell, stop)
    }

    fn audit(
        &self,
        choice: Choice,
        options: &Options,
        max_pairs: u64,
        tell: Tell<'_>,
        stop: &AtomicBool,
    ) -> Audited {
        let found = audit(
            &self.model(choice.readers()),
            options,
            max_pairs,
            tell,
            stop,
        );
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

/// A path with its actions as they are told.
fn told_path<C: Configuration>(model: &C::Model, path: &Path<C::Model>) -> Path<Told> {
    let mut before = None;
    let told = path.0.iter().map(|(action, state)| {
        let act = told_act::<C>(model, before.replace(state), action.as_ref());
        (act, format!("{state:?}"))
    });
    Path(told.collect())
}

/// An action as it is told, with the state that it was taken in.
fn told_act<C: Configuration>(
    model: &C::Model,
    before: Option<&<C::Model as Model>::State>,
    action: Option<&<C::Model as Model>::Action>,
) -> Option<Act> {
    Some(C::act(model, before?, action?))
}

/// A report with its paths as they are told.
fn told<C: Configuration>(model: &C::Model, report: Report<C::Model>) -> Report<Told> {
    let discoveries = report.discoveries.iter().map(|found| Discovery {
        property: found.property,
        violation: found.violation,
        path: told_path::<C>(model, &found.path),
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

/// The scenarios of a list, whatever its family.
fn of<C: Configuration>(scenarios: &'static [C]) -> impl Iterator<Item = &'static dyn Case> {
    scenarios.iter().map(|scenario| scenario as &dyn Case)
}

/// All scenarios of all families, in the order in which they are run.
pub fn cases() -> impl Iterator<Item = &'static dyn Case> {
    of(crate::hello::scenarios())
        .chain(of(crate::alignment::scenarios()))
        .chain(of(crate::flooding::scenarios()))
        .chain(of(crate::cluster::scenarios()))
        .chain(of(crate::scenario::scenarios()))
}

/// Scenarios that are for questions about the future only.
pub fn for_liveness() -> impl Iterator<Item = &'static dyn Case> {
    of(std::slice::from_ref(
        &crate::server_group::liveness::HAND_OVER,
    ))
}

/// The scenario of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Case> {
    cases().find(|case| case.name() == name)
}

#[cfg(test)]
mod tests;
