//! What traces are for: every witness, every kind of action with every mix of messages that it can
//! cause, every finding's way into trouble (under the resolved rules, where it must do no harm).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use mars_model::explore::{Options, search_space};
use mars_model::findings::{failure, findings};
use mars_model::registry::Act;
use mars_model::rules::Rules;
use mars_model::scenario::Scenario;
use mars_model::server_group::{
    Action, CcvcKind, Control, Copy, Observation, RecordKind, ScvcKind, ServerGroup, State, step,
};

/// Something that a trace is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    /// A property of a scenario whose example is wanted.
    Witness {
        /// Name of the scenario.
        scenario: &'static str,
        /// Name of the property.
        property: &'static str,
    },
    /// A kind of action that causes this mix of messages, in a group of so many servers.
    Transition {
        /// How many servers.
        servers: u8,
        /// Kind of action and kinds of messages.
        label: String,
    },
    /// The way in which a defect of the RFCs does harm.
    Finding {
        /// Its id.
        id: &'static str,
    },
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Witness { property, .. } => write!(f, "{property}"),
            Self::Transition { servers, label } => write!(f, "{label} among {servers}"),
            Self::Finding { id } => write!(f, "the path of finding {id} does no harm"),
        }
    }
}

/// A path from the initial state and the goals that it meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The path.
    pub(super) actions: Vec<Action>,
    /// Goals met on the way.
    pub(super) goals: BTreeSet<Goal>,
}

/// Kind of an action and of each message that it causes here, such as
/// `deliver: csa-join, ccvc-join-punched`.
fn label(model: &ServerGroup, state: &State, action: Action) -> Option<String> {
    // A beat that hangs has no counterpart in a trace.
    if matches!(action, Action::Hang { .. } | Action::Wake { .. }) {
        return None;
    }
    let mut seen = Vec::new();
    step(model, state, action, &mut seen)?;
    let kinds: BTreeSet<String> = seen.iter().map(kind).collect();
    let kinds: Vec<String> = kinds.into_iter().collect();
    Some(format!("{}: {}", action.label(), kinds.join(", ")))
}

/// Kind of a message.
fn kind(observation: &Observation) -> String {
    match observation {
        Observation::Csu {
            record,
            solicited,
            fresh,
            ..
        } => {
            let about = match (record.kind, record.live) {
                (RecordKind::RedirectEntry, _) => "beat",
                (RecordKind::Register { .. }, true) => "register",
                (RecordKind::Register { .. }, false) => "deregister",
                (RecordKind::Join { .. }, true) => "join",
                (RecordKind::Join { .. }, false) => "leave",
            };
            let how = if *solicited {
                "solicited-"
            } else if *fresh {
                ""
            } else {
                "relayed-"
            };
            let life = if record.earlier { "earlier-" } else { "" };
            format!("{how}csa-{life}{about}")
        }
        Observation::Private { copy, .. } => match copy {
            Copy::Register { .. } => "copy-register".to_owned(),
            Copy::Deregister => "copy-deregister".to_owned(),
            Copy::Join { .. } => "copy-join".to_owned(),
            Copy::Leave { .. } => "copy-leave".to_owned(),
        },
        Observation::Ccvc { kind, punched, .. } => {
            let name = match kind {
                CcvcKind::Join => "ccvc-join",
                CcvcKind::Leave => "ccvc-leave",
            };
            format!("{name}{}", if *punched { "-punched" } else { "" })
        }
        Observation::Scvc { kind, punched, .. } => {
            let name = match kind {
                ScvcKind::Sjoin => "scvc-sjoin",
                ScvcKind::Sleave => "scvc-sleave",
                ScvcKind::Mserv => "scvc-mserv",
                ScvcKind::Unserv => "scvc-unserv",
            };
            format!("{name}{}", if *punched { "-punched" } else { "" })
        }
        Observation::Migrate { .. } => "ccvc-migrate".to_owned(),
        Observation::Map { control, order, .. } => {
            let to = match control {
                Control::Cluster => "map",
                Control::Servers => "scvc-map",
            };
            format!("{to}-of-{}", order.len())
        }
        Observation::Leaf { control, add, .. } => {
            let to = match control {
                Control::Cluster => "leaf",
                Control::Servers => "scvc-leaf",
            };
            format!("{to}-{}", if *add { "added" } else { "dropped" })
        }
    }
}

/// All candidates of a scenario: one shortest path for each label and each witness, and those of the
/// findings on this scenario.
pub(super) fn candidates(scenario: &'static Scenario, stop: &AtomicBool) -> Vec<Candidate> {
    let model = scenario.model(Rules::resolved());
    let numbers: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
    let number = |state: &State, action: &Action| {
        let name = label(&model, state, *action)?;
        let mut numbers = numbers.lock().ok()?;
        let next = u32::try_from(numbers.len()).ok()?;
        Some(*numbers.entry(name).or_insert(next))
    };
    let report = search_space(
        &model,
        &Options::default(),
        Some(&number),
        &mut |_| {},
        stop,
    );
    let mut paths: Vec<(Vec<Action>, Option<Goal>)> = Vec::new();
    for discovery in report
        .discoveries
        .iter()
        .filter(|discovery| !discovery.violation)
    {
        let goal = Goal::Witness {
            scenario: scenario.name,
            property: discovery.property,
        };
        paths.push((discovery.path.actions(), Some(goal)));
    }
    // In the order of names, not of numbers: the order in which a search meets labels is its own.
    let names: Vec<(String, u32)> = numbers
        .into_inner()
        .unwrap_or_default()
        .into_iter()
        .collect();
    paths.extend(
        names
            .iter()
            .filter_map(|(_, number)| Some((report.labels.get(number)?.actions(), None))),
    );
    for finding in findings().filter(|finding| finding.scenario == scenario.name) {
        if let Some(path) = failure(finding, stop) {
            let goal = Goal::Finding { id: finding.id };
            let actions: Vec<Action> = path.actions().iter().filter_map(Act::group).collect();
            paths.push((enabled(&model, &actions), Some(goal)));
        }
    }
    let mut found: Vec<Candidate> = Vec::new();
    for (actions, goal) in paths {
        if let Some(candidate) = candidate(&model, scenario, actions, goal)
            && !found
                .iter()
                .any(|other| other.actions == candidate.actions && other.goals == candidate.goals)
        {
            found.push(candidate);
        }
    }
    found
}

/// The actions that the model allows, one after the other; the others are left out.
fn enabled(model: &ServerGroup, actions: &[Action]) -> Vec<Action> {
    let mut state = model.initial();
    actions
        .iter()
        .filter(|action| match step(model, &state, **action, &mut ()) {
            Some(after) => {
                state = after;
                true
            }
            None => false,
        })
        .copied()
        .collect()
}

/// A path with all the goals that it meets; `None` when a trace cannot say it.
fn candidate(
    model: &ServerGroup,
    scenario: &Scenario,
    actions: Vec<Action>,
    goal: Option<Goal>,
) -> Option<Candidate> {
    let mut goals: BTreeSet<Goal> = goal.into_iter().collect();
    let mut state = model.initial();
    for action in &actions {
        let label = label(model, &state, *action)?;
        goals.insert(Goal::Transition {
            servers: scenario.servers,
            label,
        });
        state = step(model, &state, *action, &mut ())?;
    }
    Some(Candidate { actions, goals })
}
