//! Mutants of the implementation: declared faults, one place each, that the golden traces must
//! notice.
//!
//! They are data (`conformance/mutants/*.toml`); the implementation carries no hook. [`build`] copies
//! `impl/` under `target/mutants/`, turns each place into a choice at run time, and builds one adapter
//! that takes `--mutant ID`.

mod build;
mod instrument;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use build::{Adapter, build};
pub use instrument::instrument;

/// One declared fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// Permanent name, kebab-case.
    pub id: String,
    /// Kind of fault, for the score: `timer`, `guard`, `sequence`, `output`, `ordering`, ..
    pub class: String,
    /// The ledger id that it violates.
    pub requirement: String,
    /// The source file, relative to `impl/src`.
    pub file: String,
    /// The exact expression, or whole statements ending in `;` or `}`. Occurs exactly once in the file.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
    /// The area or trace that is known to notice it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught_by: Option<String>,
}

/// A file of mutants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MutantFile {
    mutant: Vec<Mutant>,
}

/// Why there is no adapter of mutants.
#[derive(Debug)]
pub enum MutantError {
    /// A file cannot be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file of mutants or a manifest is wrong.
    Data {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Two mutants share an id.
    Repeated {
        /// The id.
        id: String,
    },
    /// The expression does not occur exactly once.
    NotOnce {
        /// The mutant.
        id: String,
        /// The file.
        file: String,
        /// How often it occurs.
        found: usize,
    },
    /// Two mutants' places overlap without being the same.
    Overlap {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// The altered copy does not build.
    Build {
        /// The end of what cargo said.
        output: String,
    },
}

impl fmt::Display for MutantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Data { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Repeated { id } => write!(f, "two mutants are named `{id}`"),
            Self::NotOnce { id, file, found } => {
                write!(
                    f,
                    "mutant `{id}`: its expression occurs {found} times in impl/src/{file}"
                )
            }
            Self::Overlap { first, second } => {
                write!(
                    f,
                    "mutants `{first}` and `{second}` overlap without being in one place"
                )
            }
            Self::Build { output } => write!(f, "the mutants do not build:\n{output}"),
        }
    }
}

impl std::error::Error for MutantError {}

/// The root of the workspace that this binary was built in.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// All mutants declared under `root`, files in order of their names.
///
/// # Errors
/// A file that cannot be read or is wrong, or an id that is used twice.
pub fn declared(root: &Path) -> Result<Vec<Mutant>, MutantError> {
    let directory = root.join("conformance/mutants");
    let mut files = build::files(&directory)?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    let mut mutants = Vec::new();
    for path in files {
        let text = build::read(&path)?;
        let file: MutantFile = toml::from_str(&text).map_err(|error| MutantError::Data {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        mutants.extend(file.mutant);
    }
    let mut ids = BTreeSet::new();
    match mutants
        .iter()
        .find(|mutant| !ids.insert(mutant.id.as_str()))
    {
        Some(mutant) => Err(MutantError::Repeated {
            id: mutant.id.clone(),
        }),
        None => Ok(mutants),
    }
}

#[cfg(test)]
mod tests;
