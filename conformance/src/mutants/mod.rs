//! Mutants: declared faults of the implementation, to see whether the traces notice them.
//!
//! A mutant is data (`conformance/mutants/*.toml`): an expression of a file of `impl/src`, quoted so
//! exactly that it occurs there once, and what stands in its place. [`build`] copies `impl/`,
//! turns every such place into a choice at run time ([`weave`]), and compiles of the copy an adapter and the
//! simulated LIS, which take the mutant's id on their command line. `impl/` itself carries no hook.

mod build;
mod error;
pub mod flag;
pub mod kill;
pub mod lockstep;
pub mod model;
pub mod simulate;
mod weave;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use build::{Built, build};
pub use error::MutantError;
pub use weave::weave;

/// One declared fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Permanent name, kebab-case.
    pub id: String,
    /// What kind of mistake it is.
    pub class: Class,
    /// The ledger entry that it violates.
    pub requirement: String,
    /// The mistake in words.
    pub what: String,
    /// File below `impl/src`, or `model/src`.
    pub file: PathBuf,
    /// The expression, or the statements if it ends in `;`. Occurs exactly once in the file.
    pub find: String,
    /// What stands in its place; may be empty for statements.
    pub replace: String,
    /// Further places that change with it.
    #[serde(default)]
    pub also: Vec<Edit>,
    /// Id of the trace expected to notice it, or `check` and the scenario of the checker, or `lockstep` and the scenario
    /// of lockstep exploration, or `lis`, the seed and the number of servers of the simulated LIS; for a mutant of the
    /// model its scenario. Tried first.
    #[serde(default)]
    pub caught_by: Option<String>,
    /// Of a mutant of the model: why nothing in the bounds of the scenarios can tell it from the original.
    #[serde(default)]
    pub equivalent: Option<String>,
}

/// A further place of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// File, as in [`Mutant::file`].
    pub file: PathBuf,
    /// As in [`Mutant::find`].
    pub find: String,
    /// As in [`Mutant::replace`].
    pub replace: String,
}

impl Mutant {
    /// Every place: file, what is there, what stands in its place.
    fn places(&self) -> impl Iterator<Item = (&Path, &str, &str)> {
        let first = (
            self.file.as_path(),
            self.find.as_str(),
            self.replace.as_str(),
        );
        let also = self.also.iter();
        let more = also.map(|one| (one.file.as_path(), one.find.as_str(), one.replace.as_str()));
        std::iter::once(first).chain(more)
    }
}

/// Kinds of mistakes; the score is printed for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A condition is missing or wrong.
    Guard,
    /// A wrong next state.
    Transition,
    /// A timer is not armed, not cancelled, or off by an interval.
    Timer,
    /// A sequence number (CSA, CSN, SSN) goes wrong.
    SequenceNumber,
    /// An output is missing, doubled, or on the wrong VC.
    Output,
    /// A hop count goes wrong.
    HopCount,
    /// A flag is wrong.
    Flag,
    /// An address, range or identifier is wrong.
    Value,
    /// The records of a dead server stay, or those of a live one go.
    Flush,
    /// Too much or too little is purged.
    Purge,
    /// Things come in the wrong order.
    Ordering,
    /// No fault: another reading of an RFC, which the judge accepts.
    Reading,
}

impl Class {
    /// The name used in data and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Transition => "transition",
            Self::Timer => "timer",
            Self::SequenceNumber => "sequence-number",
            Self::Output => "output",
            Self::HopCount => "hop-count",
            Self::Flag => "flag",
            Self::Value => "value",
            Self::Flush => "flush",
            Self::Purge => "purge",
            Self::Ordering => "ordering",
            Self::Reading => "reading",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MutantFile {
    #[serde(alias = "reading")]
    mutant: Vec<Mutant>,
}

/// Reads all `*.toml` of a folder, in order of file name.
///
/// # Errors
/// A file that cannot be read or is not of this form, or an id that is not kebab-case or not unique.
pub fn load(folder: &Path) -> Result<Vec<Mutant>, MutantError> {
    let mut mutants = Vec::new();
    for path in build::files_below(folder)? {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| MutantError::io(&path, &error))?;
        let file: MutantFile = toml::from_str(&text).map_err(|error| MutantError::Data {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        mutants.extend(file.mutant);
    }
    check_ids(&mutants)?;
    Ok(mutants)
}

fn check_ids(mutants: &[Mutant]) -> Result<(), MutantError> {
    let mut seen = BTreeMap::new();
    for mutant in mutants {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        // `none` is how the adapter is asked for the original.
        if mutant.id.is_empty() || mutant.id == "none" || !mutant.id.chars().all(kebab) {
            return Err(MutantError::Id {
                id: mutant.id.clone(),
                reason: "not a kebab-case name",
            });
        }
        if seen.insert(&mutant.id, ()).is_some() {
            return Err(MutantError::Id {
                id: mutant.id.clone(),
                reason: "declared twice",
            });
        }
    }
    Ok(())
}

/// The folder of the project's own mutants.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants")
}

/// The folder of the other readings that the judge accepts.
#[must_use]
pub fn readings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("readings")
}

#[cfg(test)]
mod tests;
