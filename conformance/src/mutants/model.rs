//! Mutants of the model: faults of its step functions, to see whether its properties and witnesses notice them.
//!
//! Data in `model/mutants/*.toml`, of the form of the implementation's. A scenario kills a mutant where one of its
//! properties fails, or where it is exhausted and a witness is missing. Who survives all scenarios of its family is
//! equivalent under their bounds if every one of them is exhausted with the very counts of the original.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use mars_model::family::Profile;
use mars_model::registry;
use serde::Deserialize;

use super::build::{
    compile, digest, lock, manifest, places, publish, read, sources, workspace_manifest, woven,
    write_all,
};
use super::{Mutant, MutantError, load};

/// Name of the program.
const PROGRAM: &str = "mutant-model";
/// A mutant may make a graph endless: so many states are enough for any scenario of profile `ci`.
const MOST_STATES: u64 = 8_000_000;

/// The program, and what it can be.
#[derive(Clone, Debug)]
pub struct BuiltModel {
    program: PathBuf,
    /// All mutants in it.
    pub mutants: Vec<Mutant>,
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A scenario noticed: the property that fails there, or the witness or kind of action that is missing.
    Killed {
        /// Where.
        scenario: String,
        /// What.
        by: String,
    },
    /// Every scenario of its family has the original's counts, and all holds.
    Equivalent,
    /// Nothing fails, and these scenarios have other counts than the original or were not exhausted.
    Survives(Vec<String>),
}

/// What a scenario came to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Row {
    scenario: String,
    unique: u64,
    states: u64,
    exhausted: bool,
    violated: Vec<String>,
    missing: Vec<String>,
}

/// The folder of the model's mutants.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/mutants")
}

/// The scenarios that are tried on mutants of a file, in this order: those of its family, small ones first.
fn scenarios_of(file: &Path) -> Vec<&'static str> {
    let family = file.iter().next().and_then(|part| part.to_str());
    let of_family = |case: &&dyn registry::Case| {
        case.profile() != Profile::Deep && family == Some(case.family())
    };
    let mut cases: Vec<_> = registry::cases().filter(of_family).collect();
    cases.sort_by_key(|case| case.profile());
    cases.iter().map(|case| case.name()).collect()
}

/// Builds the program, unless that was done before.
///
/// # Errors
/// A mutant that does not fit the model any more, or one that does not compile.
pub fn build() -> Result<BuiltModel, MutantError> {
    let mutants = load(&folder())?;
    let (root, store) = places()?;
    let workspace = store.join("model-workspace");
    let mut files = woven(&root, "model", &mutants)?;
    files.extend(sources(&root, "model/explore")?);
    for member in ["model", "model/explore"] {
        let path = Path::new(member).join("Cargo.toml");
        files.insert(path, manifest(&root, member)?);
    }
    let counts = Path::new("model/expected_counts.json");
    files.insert(counts.to_owned(), read(&root.join(counts))?);
    let members = ["model", "model/explore", "program"];
    let manifest = workspace_manifest(&root, &members, 3)?;
    files.insert("Cargo.toml".into(), manifest);
    files.insert("Cargo.lock".into(), read(&root.join("Cargo.lock"))?);
    files.insert("program/Cargo.toml".into(), MANIFEST.to_owned());
    let ids: Vec<&str> = mutants.iter().map(|mutant| mutant.id.as_str()).collect();
    let main = include_str!("model.rs.in").replace("@MUTANTS@", &format!("{ids:?}"));
    files.insert("program/src/main.rs".into(), main);
    let folder = store.join(digest(&root, &files)?);
    let program = folder.join(PROGRAM);
    let _locked = lock(&store)?;
    if !program.exists() {
        // What a file of an earlier time declares must not be compiled with the rest.
        for member in ["model/src", "model/explore/src"] {
            let old = workspace.join(member);
            if old.exists() {
                fs::remove_dir_all(&old).map_err(|error| MutantError::io(&old, &error))?;
            }
        }
        write_all(&workspace, &files)?;
        compile(&workspace, PROGRAM)?;
        publish(&workspace.join("target/debug").join(PROGRAM), &program)?;
    }
    Ok(BuiltModel { program, mutants })
}

const MANIFEST: &str = "\
[package]
name = \"mutant-model\"
version.workspace = true
edition.workspace = true
publish = false

[dependencies]
mars-model.workspace = true

[lints]
workspace = true
";

impl BuiltModel {
    /// What scenarios come to with one mutant, or with none.
    fn run(&self, id: Option<&str>, scenarios: &[&str]) -> Result<Vec<Row>, String> {
        let mut command = Command::new(&self.program);
        command.args(["--mutant", id.unwrap_or("none"), "--most"]);
        command.arg(MOST_STATES.to_string()).args(scenarios);
        let output = command.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}", output.status, words.trim_end()));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let rows = text.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>()
            .map_err(|error| format!("{PROGRAM}: {error}"))
    }

    /// Tries one mutant: on the scenario that its data names, then on all of its family.
    fn try_one(&self, mutant: &Mutant, originals: &BTreeMap<&str, Row>) -> Result<Fate, String> {
        let id = Some(mutant.id.as_str());
        let named = mutant.caught_by.as_deref().and_then(scenario_named);
        let family = scenarios_of(&mutant.file);
        let mut others = Vec::new();
        for scenario in named
            .iter()
            .chain(family.iter().filter(|one| Some(**one) != named))
        {
            for row in self.run(id, &[scenario])? {
                if let Some(by) = row.violated.first().or(row.missing.first()) {
                    let (scenario, by) = (row.scenario, by.clone());
                    return Ok(Fate::Killed { scenario, by });
                }
                if originals.get(row.scenario.as_str()) != Some(&row) {
                    others.push(row.scenario);
                }
            }
        }
        Ok(if others.is_empty() {
            Fate::Equivalent
        } else {
            Fate::Survives(others)
        })
    }

    /// Tries every mutant, and the original on every scenario first.
    ///
    /// # Errors
    /// The program broke, or the original fails a scenario.
    pub fn try_all(
        &self,
        jobs: NonZeroUsize,
        told: &(dyn Fn(usize) + Sync),
        stop: &AtomicBool,
    ) -> Result<Vec<(Mutant, Fate)>, String> {
        let mut names: Vec<&str> = self
            .mutants
            .iter()
            .flat_map(|mutant| scenarios_of(&mutant.file))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut originals = BTreeMap::new();
        for row in in_turn(jobs, &names, stop, &|_| {}, &|name| self.run(None, &[name]))? {
            for row in row {
                let clean = row.exhausted && row.violated.is_empty() && row.missing.is_empty();
                let name = names.iter().find(|name| **name == row.scenario);
                match name {
                    Some(name) if clean => {
                        originals.insert(*name, row);
                    }
                    _ => return Err(format!("the original fails {}: {row:?}", row.scenario)),
                }
            }
        }
        let fates = in_turn(jobs, &self.mutants, stop, told, &|mutant| {
            let fate = self.try_one(mutant, &originals)?;
            Ok((mutant.clone(), fate))
        })?;
        Ok(fates)
    }
}

/// The scenario in `caught_by`, which says `SCENARIO` or `SCENARIO PROPERTY`.
fn scenario_named(caught_by: &str) -> Option<&str> {
    caught_by.split_whitespace().next()
}

/// Does the work of each item on several threads; the results in the items' order. Stops early when the flag is raised.
fn in_turn<T: Sync, R: Send>(
    jobs: NonZeroUsize,
    items: &[T],
    stop: &AtomicBool,
    told: &(dyn Fn(usize) + Sync),
    work: &(dyn Fn(&T) -> Result<R, String> + Sync),
) -> Result<Vec<R>, String> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.get() {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else { break };
                    let result = work(item);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.insert(place, result);
                    drop(results);
                    told(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_values().collect()
}
