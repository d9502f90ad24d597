//! Why there are no mutants.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why mutants could not be read or built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MutantError {
    /// A file or folder.
    Io {
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A file of mutants is not of the form.
    Data {
        /// Which.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// An id.
    Id {
        /// Which.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The expression of a mutant is not in its file exactly once.
    Place {
        /// The mutant.
        id: String,
        /// Its file below `src` of its crate.
        file: PathBuf,
        /// How often it occurs.
        times: usize,
        /// The expression.
        find: String,
    },
    /// Two mutants want different expressions that share octets.
    Overlap {
        /// The first.
        one: String,
        /// The other.
        other: String,
        /// Their file.
        file: PathBuf,
    },
    /// The copy does not compile.
    Compile {
        /// Last lines of the compiler.
        output: String,
    },
}

impl MutantError {
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            reason: error.to_string(),
        }
    }
}

impl fmt::Display for MutantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Data { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Id { id, reason } => write!(f, "mutant `{id}`: {reason}"),
            Self::Place {
                id,
                file,
                times,
                find,
            } => write!(
                f,
                "mutant `{id}`: its expression occurs {times} times in src/{}, not once:\n{find}",
                file.display()
            ),
            Self::Overlap { one, other, file } => write!(
                f,
                "mutants `{one}` and `{other}` overlap in src/{}",
                file.display()
            ),
            Self::Compile { output } => {
                write!(f, "the copy with mutants does not compile:\n{output}")
            }
        }
    }
}

impl std::error::Error for MutantError {}
