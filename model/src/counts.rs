//! How many states each scenario has: data in `expected_counts.json`, written by [`bless`] and by nothing else.
//!
//! Blessing searches a scenario twice, with [`crate::explore`] and with stateright's own breadth-first search, whose
//! hash and bookkeeping share nothing with ours, and writes the counts only if both agree on all of them.

use crate::explore::{Options, Progress};
use crate::reading::Choice;
use crate::registry::{Case, cases};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The counts of one scenario under the resolved rules.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counts {
    /// Different states.
    pub unique: u64,
    /// States generated: the initial one and one for each transition.
    pub states: u64,
    /// The deepest level of the breadth-first search.
    pub depth: usize,
    /// [`crate::family::Configuration::fingerprint`] in hexadecimal: says which configuration was counted.
    pub fingerprint: String,
}

const EXPECTED: &str = include_str!("../expected_counts.json");

/// The counts as they were when this crate was built, by scenario name.
pub fn expected() -> BTreeMap<String, Counts> {
    // A file that cannot be read is a file without counts: every comparison then fails, which is what it should do.
    serde_json::from_str(EXPECTED).unwrap_or_default()
}

/// What a finished search of a scenario counted.
pub fn of(scenario: &dyn Case, unique: u64, states: u64, depth: usize) -> Counts {
    let fingerprint = format!("{:016x}", scenario.fingerprint(Choice::Resolved));
    Counts {
        unique,
        states,
        depth,
        fingerprint,
    }
}

/// Where [`bless`] writes when the crate stands in its source tree.
pub fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("expected_counts.json")
}

/// Why nothing was blessed.
#[derive(Debug)]
pub enum BlessError {
    /// The counts of a scenario that was not to be counted are of another configuration.
    Stale(String),
    /// The search of a scenario was stopped.
    Stopped(&'static str),
    /// A scenario does not keep a property or lacks a witness: named after the colon.
    NotClean(&'static str, String),
    /// The two engines count differently: scenario, ours, stateright's.
    Disagreement(&'static str, u64, u64),
    /// The file could not be written.
    Write(PathBuf, std::io::Error),
}

impl fmt::Display for BlessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale(scenario) => write!(
                f,
                "{scenario} has changed or is gone, and was not named; nothing is written"
            ),
            Self::Stopped(scenario) => write!(
                f,
                "{scenario}: stopped before all states were seen; nothing is written"
            ),
            Self::NotClean(scenario, what) => {
                write!(f, "{scenario}: not clean: {what}; nothing is written")
            }
            Self::Disagreement(scenario, ours, theirs) => {
                write!(
                    f,
                    "{scenario}: {ours} states by our search, {theirs} by stateright's; nothing is written"
                )
            }
            Self::Write(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for BlessError {}

/// Counts one scenario with both engines. `told` hears of progress with the scenario's name.
pub fn count_twice(
    scenario: &'static dyn Case,
    told: &mut dyn FnMut(&'static str, &Progress),
    stop: &AtomicBool,
) -> Result<Counts, BlessError> {
    let name = scenario.name();
    let report = scenario.search(
        Choice::Resolved,
        &Options::default(),
        &mut |progress| told(name, progress),
        stop,
    );
    if !report.exhausted() {
        return Err(BlessError::Stopped(name));
    }
    if !report.is_clean() {
        let violated = report.violations().map(|violation| violation.property);
        let names: Vec<_> = violated
            .chain(report.missing_witnesses.iter().copied())
            .collect();
        return Err(BlessError::NotClean(name, names.join(", ")));
    }
    let theirs = scenario.second(Choice::Resolved, 1).unique as u64;
    if theirs != report.unique {
        return Err(BlessError::Disagreement(name, report.unique, theirs));
    }
    Ok(of(scenario, report.unique, report.states, report.depth))
}

/// Counts scenarios with both engines and writes their counts, all or none. The counts of the others stay, if they are
/// of the present configuration.
pub fn bless(
    path: &Path,
    scenarios: &[&'static dyn Case],
    told: &mut dyn FnMut(&'static str, &Progress),
    stop: &AtomicBool,
) -> Result<BTreeMap<String, Counts>, BlessError> {
    let mut counts = BTreeMap::new();
    for (name, kept) in expected() {
        if scenarios.iter().any(|scenario| scenario.name() == name) {
            continue;
        }
        let case = cases().find(|case| case.name() == name);
        if case.is_none_or(|case| of(case, 0, 0, 0).fingerprint != kept.fingerprint) {
            return Err(BlessError::Stale(name));
        }
        counts.insert(name, kept);
    }
    for &scenario in scenarios {
        counts.insert(
            scenario.name().to_owned(),
            count_twice(scenario, told, stop)?,
        );
    }
    let failed = |error| BlessError::Write(path.to_owned(), error);
    let mut text = serde_json::to_string_pretty(&counts).map_err(|error| failed(error.into()))?;
    text.push('\n');
    // All of it or nothing: a half-written file would be one without counts.
    let temporary = path.with_extension("json.new");
    std::fs::write(&temporary, text).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Profile;
    use crate::registry::by_name;

    #[test]
    fn every_scenario_has_counts_of_its_present_configuration_and_is_no_toy() {
        let mut expected = expected();
        for scenario in cases() {
            let Some(counts) = expected.remove(scenario.name()) else {
                // Hours are not for blessing.
                assert_eq!(
                    scenario.profile(),
                    Profile::Deep,
                    "{} is not counted",
                    scenario.name()
                );
                continue;
            };
            assert_eq!(
                counts.fingerprint,
                of(scenario, 0, 0, 0).fingerprint,
                "{} has changed: bless",
                scenario.name()
            );
            assert!(
                counts.unique >= 10_000,
                "{} has only {} states",
                scenario.name(),
                counts.unique
            );
        }
        assert!(expected.is_empty(), "{expected:?} are of no scenario");
    }

    #[test]
    fn every_family_has_a_scenario_of_a_million_states() {
        let expected = expected();
        let families: std::collections::BTreeSet<_> = cases().map(Case::family).collect();
        for family in families {
            let own = cases().filter(|case| case.family() == family);
            let most = own.filter_map(|case| Some(expected.get(case.name())?.unique));
            assert!(most.max().unwrap_or(0) >= 1_000_000, "{family}");
        }
    }

    #[test]
    fn small_scenarios_are_clean_and_both_engines_count_what_is_written() {
        for name in [
            "among_literal_peers",
            "ring_with_a_cut",
            "crash_and_failover",
            "drain",
        ] {
            let scenario = by_name(name).unwrap();
            let counts = count_twice(scenario, &mut |_, _| {}, &AtomicBool::new(false)).unwrap();
            assert_eq!(Some(&counts), expected().get(name));
        }
    }

    #[test]
    fn small_scenarios_do_what_they_declare_and_nothing_else() {
        for name in ["ring_with_a_cut", "drain"] {
            let scenario = by_name(name).unwrap();
            let stop = AtomicBool::new(false);
            let options = Options::default();
            let report = scenario.search(Choice::Resolved, &options, &mut |_| {}, &stop);
            assert!(report.is_clean(), "{name}: {:?}", report.missing_witnesses);
            for (kind, count) in &report.action_counts {
                assert_eq!(
                    *count > 0,
                    scenario.actions().contains(kind),
                    "{name}: {kind} {count}"
                );
            }
            let counted = of(scenario, report.unique, report.states, report.depth);
            assert_eq!(Some(&counted), expected().get(name));
        }
    }

    #[test]
    fn nothing_is_blessed_when_stopped() {
        let scenario = by_name("drain").unwrap();
        let result = count_twice(scenario, &mut |_, _| {}, &AtomicBool::new(true));
        assert!(matches!(result, Err(BlessError::Stopped("drain"))));
    }
}
