//! Golden traces from the model: goals first, a shortest path for each goal, a small set of paths
//! that meets all goals, each path as a trace. The same model gives the same octets, whatever the
//! number of threads. Local traces of one server come from the model's relations instead of its paths
//! ([`grid`]), or from scripts that say what RFC 2022 demands of a MARS ([`mars`]) and of the other end
//! ([`ends`]), and RFC 2443 of a MARS with neighbours ([`group`]).

pub mod convert;
mod cover;
pub mod ends;
mod goals;
pub mod grid;
pub mod group;
pub mod mars;
pub mod project;
mod script;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use goals::Goal;
use mars_model::scenario::{Profile, Scenario, scenarios};

use crate::trace::{Trace, canonical};

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Below `traces/`, such as `group.flush/crash_and_failover-007.json`.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Which files a set of generated ones is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those of [`local`] and of [`projected`].
    Local,
}

/// Why nothing was generated.
#[derive(Debug, PartialEq, Eq)]
pub enum GenerateError {
    /// The stop flag was raised.
    Stopped,
    /// The model and the trace vocabulary do not fit; a bug of ours.
    Internal(String),
}

/// Whether traces are made from a scenario. A peer that follows another reading cannot be played by an implementation of
/// the resolved one, and the configuration of a trace has one interval for all heartbeats. Multicast servers and restarts
/// have their vocabulary and their place in the network, but no replay has been seen yet that they are right.
const fn is_played(scenario: &Scenario) -> bool {
    let sound = scenario.literal_purgers == 0 && scenario.slow == 0;
    // What takes hours to explore is not for every run of CI.
    let short = !matches!(scenario.profile, Profile::Deep);
    sound && short && scenario.mcs == 0 && scenario.budgets.restarts == 0
}

/// Generates all golden traces on up to `threads` threads. `progress` is told (scenarios done, all).
///
/// # Errors
/// Stopped, or a bug in the conversion.
pub fn generate(
    threads: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
    stop: &AtomicBool,
) -> Result<Vec<Generated>, GenerateError> {
    let all: Vec<&'static Scenario> = scenarios().iter().filter(|one| is_played(one)).collect();
    let found: Vec<Mutex<Option<Vec<goals::Candidate>>>> =
        all.iter().map(|_| Mutex::new(None)).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, all.len().max(1)) {
            scope.spawn(|| {
                while let Some(index) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|index| *index < all.len())
                {
                    let candidates = all
                        .get(index)
                        .map(|scenario| goals::candidates(scenario, stop));
                    if let Some(mut place) = found.get(index).and_then(|place| place.lock().ok()) {
                        *place = candidates;
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, all.len());
                }
            });
        }
    });
    if stop.load(Ordering::Relaxed) {
        return Err(GenerateError::Stopped);
    }
    // From here on one thread: what one scenario covers another need not cover again.
    let mut candidates: Vec<(&'static Scenario, goals::Candidate)> = Vec::new();
    for (scenario, place) in all.iter().zip(found) {
        let of_scenario = place.into_inner().ok().flatten().unwrap_or_default();
        candidates.extend(
            of_scenario
                .into_iter()
                .map(|candidate| (*scenario, candidate)),
        );
    }
    let chosen = cover::cover(&candidates);
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut traces = Vec::with_capacity(chosen.len());
    for (index, goals) in chosen {
        let Some((scenario, candidate)) = candidates.get(index) else {
            continue;
        };
        let number = numbers.entry(scenario.name).or_insert(0);
        *number += 1;
        let id = format!("{}-{number:03}", scenario.name);
        let trace = script::script(scenario, candidate, id, &goals)
            .map_err(|why| GenerateError::Internal(format!("{}: {why}", scenario.name)))?;
        traces.push(trace);
    }
    let cases = project::choose(&traces);
    let mut files: Vec<Generated> = traces
        .iter()
        .chain(&cases)
        .map(generated)
        .collect::<Result<_, _>>()?;
    files.extend(local()?);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The local traces among them, which need no search.
///
/// # Errors
/// A place that the relations do not lead to; a bug of ours.
pub fn local() -> Result<Vec<Generated>, GenerateError> {
    let grid = grid::grid().map_err(GenerateError::Internal)?;
    let mut files = Vec::new();
    for trace in grid
        .traces
        .iter()
        .chain(&mars::traces())
        .chain(&ends::traces())
        .chain(&group::traces())
    {
        files.push(generated(trace)?);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The file of a trace.
fn generated(trace: &Trace) -> Result<Generated, GenerateError> {
    let value =
        serde_json::to_value(trace).map_err(|error| GenerateError::Internal(error.to_string()))?;
    Ok(Generated {
        path: Path::new(&trace.area).join(format!("{}.json", trace.id)),
        text: canonical(&value),
    })
}

/// The projected traces of the paths that are in `folder`: as [`generate`] makes them when its paths are those.
///
/// # Errors
/// A trace that cannot be read.
pub fn projected(folder: &Path) -> Result<Vec<Generated>, GenerateError> {
    let wrong = |error: crate::trace::TraceError| GenerateError::Internal(error.to_string());
    let mut traces = Vec::new();
    for file in crate::trace::find(folder).map_err(wrong)? {
        let trace = crate::trace::load(&file).map_err(wrong)?;
        if trace.source.is_some() && trace.steps.iter().any(|step| step.act.is_some()) {
            traces.push(trace);
        }
    }
    project::choose(&traces).iter().map(generated).collect()
}

/// True for a file in an area of local traces only, and for a local trace of a group, which is named so.
fn is_local(path: &Path) -> bool {
    let area = path.iter().next().and_then(std::ffi::OsStr::to_str);
    let stem = path.file_stem().and_then(std::ffi::OsStr::to_str);
    area.is_some_and(|area| area.starts_with("scsp.") || area.starts_with("mars."))
        || stem.is_some_and(|stem| stem.starts_with(group::PREFIX) || stem.contains(project::AT))
}

/// How the files below `folder` differ from what would be generated; empty when they do not.
#[must_use]
pub fn compare(folder: &Path, generated: &[Generated], which: Which) -> Vec<String> {
    let mut wrong = Vec::new();
    for Generated { path, text } in generated {
        match std::fs::read_to_string(folder.join(path)) {
            Ok(there) if there == *text => {}
            Ok(there) => {
                let line = there
                    .lines()
                    .zip(text.lines())
                    .position(|(one, other)| one != other);
                let line = line.unwrap_or_else(|| there.lines().count().min(text.lines().count()));
                wrong.push(format!(
                    "{}: differs from line {} on",
                    path.display(),
                    line + 1
                ));
            }
            Err(_) => wrong.push(format!("{}: missing", path.display())),
        }
    }
    for path in generated_files(folder, which) {
        let known = path
            .strip_prefix(folder)
            .is_ok_and(|path| generated.iter().any(|one| one.path == path));
        if !known {
            wrong.push(format!("{}: no goal asks for it any more", path.display()));
        }
    }
    wrong
}

/// Trace files below `folder` that name where they were made from.
fn generated_files(folder: &Path, which: Which) -> Vec<PathBuf> {
    let all = crate::trace::find(folder).unwrap_or_default();
    all.into_iter()
        .filter(|path| {
            let below = path.strip_prefix(folder);
            which == Which::All || below.is_ok_and(is_local)
        })
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            value.get("source").is_some()
        })
        .collect()
}

/// Writes the files, each to a temporary name first, and removes those no goal asks for any more.
///
/// # Errors
/// The file that could not be written.
pub fn write(
    folder: &Path,
    generated: &[Generated],
    which: Which,
) -> Result<(), (PathBuf, std::io::Error)> {
    let failed = |path: &Path, error| (path.to_path_buf(), error);
    for Generated { path, text } in generated {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
        }
        let temporary = path.with_extension("json.new");
        std::fs::write(&temporary, text).map_err(|error| failed(&temporary, error))?;
        std::fs::rename(&temporary, &path).map_err(|error| failed(&path, error))?;
    }
    for path in generated_files(folder, which) {
        let known = path
            .strip_prefix(folder)
            .is_ok_and(|path| generated.iter().any(|one| one.path == path));
        if !known {
            std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(())
}
