//! Reading the ledger's and the register's files, with errors that name file and entry.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{Ambiguity, Ledger, Requirement};

/// A file, and the RFC that it is about; none for the register.
pub(super) struct Source {
    name: &'static str,
    text: &'static str,
    rfc: Option<&'static str>,
}

pub(super) const FILES: [Source; 4] = [
    Source {
        name: "rfc2443.toml",
        text: include_str!("../../requirements/rfc2443.toml"),
        rfc: Some("2443"),
    },
    Source {
        name: "rfc2334.toml",
        text: include_str!("../../requirements/rfc2334.toml"),
        rfc: Some("2334"),
    },
    Source {
        name: "rfc2022.toml",
        text: include_str!("../../requirements/rfc2022.toml"),
        rfc: Some("2022"),
    },
    Source {
        name: "ambiguities.toml",
        text: include_str!("../../requirements/ambiguities.toml"),
        rfc: None,
    },
];

/// What is wrong with a file of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerError {
    /// The file's name.
    pub file: String,
    /// The entry's id, or its number (from 1) when it has none; empty when the file itself is wrong.
    pub entry: String,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.entry.is_empty() {
            write!(f, ", entry {}", self.entry)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for LedgerError {}

pub(super) fn load(sources: &[Source]) -> Result<Ledger, LedgerError> {
    let mut ledger = Ledger {
        requirements: Vec::new(),
        ambiguities: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for source in sources {
        let fail = |entry: &str, reason: String| LedgerError {
            file: source.name.to_owned(),
            entry: entry.to_owned(),
            reason,
        };
        match source.rfc {
            Some(rfc) => {
                for entry in entries::<Requirement>(source, "requirement")? {
                    let prefix = format!("R{rfc}-{}-", entry.section);
                    if !entry.id.starts_with(&prefix) {
                        return Err(fail(&entry.id, format!("does not begin with {prefix}")));
                    }
                    if !seen.insert(entry.id.clone()) {
                        return Err(fail(&entry.id, "occurs twice".to_owned()));
                    }
                    ledger.requirements.push(entry);
                }
            }
            None => {
                for entry in entries::<Ambiguity>(source, "ambiguity")? {
                    if !seen.insert(entry.id.clone()) {
                        return Err(fail(&entry.id, "occurs twice".to_owned()));
                    }
                    ledger.ambiguities.push(entry);
                }
            }
        }
    }
    Ok(ledger)
}

/// The entries of a file, each read alone so that an error can name it.
fn entries<T: DeserializeOwned>(source: &Source, key: &str) -> Result<Vec<T>, LedgerError> {
    let fail = |entry: String, reason: String| LedgerError {
        file: source.name.to_owned(),
        entry,
        reason,
    };
    let table: Table = source
        .text
        .parse()
        .map_err(|error: toml::de::Error| fail(String::new(), error.to_string()))?;
    if let Some(other) = table.keys().find(|other| *other != key) {
        return Err(fail(
            String::new(),
            format!("has `{other}`, which is not known"),
        ));
    }
    let list = table.get(key).and_then(Value::as_array);
    let list = list.ok_or_else(|| fail(String::new(), format!("has no [[{key}]]")))?;
    let read = |(index, entry): (usize, &Value)| {
        let id = entry.get("id").and_then(Value::as_str);
        let name = id.map_or_else(|| (index + 1).to_string(), str::to_owned);
        T::deserialize(entry.clone()).map_err(|error| fail(name, error.message().to_owned()))
    };
    list.iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &'static str, rfc: Option<&'static str>) -> String {
        let source = Source {
            name: "x.toml",
            text,
            rfc,
        };
        load(&[source]).unwrap_err().to_string()
    }

    #[test]
    fn nothing_is_lost_and_nothing_twice() {
        let ledger = Ledger::load().unwrap();
        for source in &FILES {
            let heads = |key: &str| source.text.lines().filter(|line| *line == key).count();
            let loaded = match source.rfc {
                Some(rfc) => {
                    let prefix = format!("R{rfc}-");
                    let of_rfc = ledger.requirements.iter();
                    of_rfc.filter(|entry| entry.id.starts_with(&prefix)).count()
                }
                None => ledger.ambiguities.len(),
            };
            let written = heads("[[requirement]]") + heads("[[ambiguity]]");
            assert!(written > 0);
            assert_eq!(loaded, written, "{}", source.name);
        }
    }

    #[test]
    fn errors_name_file_and_entry() {
        const GOOD: &str = "[[ambiguity]]\nid = 'A01'\ntitle = 't'\njudge = 'any'\n";
        assert!(error("[[ambiguity]]\nid = 'A01'\n", None).starts_with("x.toml, entry A01: "));
        assert!(error("[[ambiguity]]\ntitle = 't'\n", None).starts_with("x.toml, entry 1: "));
        assert!(error("x = ", None).starts_with("x.toml: "));
        assert!(error("requirement = []\n", None).contains("`requirement`"));
        let twice: &'static str = Box::leak([GOOD, GOOD].concat().into_boxed_str());
        assert_eq!(error(twice, None), "x.toml, entry A01: occurs twice");
        let misplaced = "[[requirement]]\nid = 'R2022-1-01'\nsection = '2'\nlevel = 'MUST'\n\
            actor = 'any'\nkind = 'wire'\ntext = 't'\nobservable = 'o'\n";
        assert!(error(misplaced, Some("2022")).contains("entry R2022-1-01: does not begin with"));
    }
}
