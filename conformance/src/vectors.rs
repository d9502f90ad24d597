//! The wire vectors of `traces/wire/`: frames with what they decode to, frames that are refused and
//! why, and MACs. They are laid out by a stand-alone script from field lists (`layout.py`), by neither
//! codec, and so judge both; `traces/wire/README.md` is for other implementations.

mod judge;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

pub use judge::{Codec, Harness, Verdict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The only format this version reads.
pub const FORMAT: &str = "mars-vectors/1";

/// Where the vectors of this project are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/wire")
}

/// One file of vectors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    kind: Kind,
    vectors: Vec<Value>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Valid,
    Invalid,
    Hmac,
}

/// A frame and what it decodes to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valid {
    /// Permanent name.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The protocol, if the octets have no LLC/SNAP header.
    pub bare: Option<String>,
    /// The octets.
    pub hex: String,
    /// Ids of the ledger, and of the register.
    pub requirements: Vec<String>,
    /// The decoded value, in the form of [`crate::frames::read`].
    pub fields: Value,
}

/// A frame, or a record in a frame that stands, which is refused, and why.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalid {
    /// Permanent name.
    pub id: String,
    /// What is wrong with it.
    pub title: String,
    /// The protocol, if the octets have no LLC/SNAP header.
    pub bare: Option<String>,
    /// The octets.
    pub hex: String,
    /// Ids of the ledger, and of the register.
    pub requirements: Vec<String>,
    /// The valid vector that this one was.
    pub base: String,
    /// What was done to it, field by field.
    pub deviation: Vec<String>,
    /// Whether the message or one record of it is refused.
    pub tier: Tier,
    /// The place (from 0) of the record that alone is refused; none: the message is.
    pub record: Option<usize>,
    /// What a decoder must answer.
    pub error: Expected,
}

/// How far a fault reaches (register C24, C25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Nothing of the message is used.
    Message,
    /// The message stands without the record.
    Record,
}

/// The checkable part of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// One of the closed list.
    pub code: String,
    /// The field.
    pub field: String,
    /// Octets from the start of the input.
    pub offset: u64,
}

/// A MAC and what it is made of (RFC 2104 with MD5, as RFC 2334, B.3.1 uses it).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hmac {
    /// Permanent name.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Ids of the ledger, and of the register.
    pub requirements: Vec<String>,
    /// Key, hex.
    pub key: String,
    /// Octets that it covers, hex.
    pub data: String,
    /// The 16 octets, hex.
    pub mac: String,
}

/// Everything in a folder of vectors.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Frames that decode.
    pub valid: Vec<Valid>,
    /// Frames that do not.
    pub invalid: Vec<Invalid>,
    /// MACs.
    pub hmac: Vec<Hmac>,
}

impl Corpus {
    /// Number of vectors of all three kinds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.valid.len() + self.invalid.len() + self.hmac.len()
    }

    /// True without vectors.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds what one file has.
    fn read(&mut self, text: &str) -> Result<(), String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.format != FORMAT {
            return Err(format!("format is {}, wanted {FORMAT}", file.format));
        }
        match file.kind {
            Kind::Valid => self.valid.extend(each(file.vectors)?),
            Kind::Invalid => self.invalid.extend(each(file.vectors)?),
            Kind::Hmac => self.hmac.extend(each(file.vectors)?),
        }
        Ok(())
    }
}

/// Reads vectors one by one, so that a fault can be told with the name of its vector.
fn each<T: DeserializeOwned>(vectors: Vec<Value>) -> Result<Vec<T>, String> {
    let read = |(index, vector): (usize, Value)| {
        let id = vector.get("id").and_then(Value::as_str);
        let name = id.map_or_else(|| format!("number {}", index + 1), str::to_owned);
        T::deserialize(vector).map_err(|error| format!("vector {name}: {error}"))
    };
    vectors.into_iter().enumerate().map(read).collect()
}

/// A file of vectors that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorError {
    /// Which file, or the folder.
    pub file: PathBuf,
    /// What is wrong, and where.
    pub reason: String,
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl std::error::Error for VectorError {}

/// Every `.json` file of `folder`, in order of names.
///
/// # Errors
/// A folder or file that cannot be read, a file that is no vector file, a folder without vectors.
pub fn load(folder: &Path) -> Result<Corpus, VectorError> {
    let fail = |file: &Path, reason: String| VectorError {
        file: file.to_owned(),
        reason,
    };
    let entries = fs::read_dir(folder).map_err(|error| fail(folder, error.to_string()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| fail(folder, error.to_string()))?
            .path();
        if path.extension().is_some_and(|name| name == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut corpus = Corpus::default();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| fail(&path, error.to_string()))?;
        corpus.read(&text).map_err(|reason| fail(&path, reason))?;
    }
    if corpus.is_empty() {
        return Err(fail(folder, "no vectors".to_owned()));
    }
    Ok(corpus)
}
