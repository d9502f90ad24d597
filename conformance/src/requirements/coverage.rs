//! How much of the ledger is cited, exercised and discriminated.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::{Home, Ledger, citations};

/// One line of `coverage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageRow {
    /// Ledger id.
    pub requirement: String,
    /// The ledger's word.
    pub level: &'static str,
    /// What kind of rule it is.
    pub kind: &'static str,
    /// Some code, test, mutant or trace names it.
    pub cited: bool,
    /// Some code of the implementation names it.
    pub honoured: bool,
    /// Some test or trace names it.
    pub exercised: bool,
    /// Some declared mutant breaks it.
    pub discriminated: bool,
    /// Why nothing tests it, if the ledger says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excuse: Option<String>,
}

/// One row for each requirement, in the ledger's order, for the project at `root`.
///
/// # Errors
/// The ledger's own faults, and files below `root` that cannot be read.
pub fn coverage(root: &Path) -> io::Result<Vec<CoverageRow>> {
    let ledger = Ledger::load().map_err(io::Error::other)?;
    let found = citations(root)?;
    let of = |homes: &[Home]| -> BTreeSet<&str> {
        let here = found.iter().filter(|one| homes.contains(&one.home));
        here.map(|one| one.id.as_str()).collect()
    };
    let cited = of(&[Home::Code, Home::Test, Home::Mutant, Home::Trace]);
    let exercised = of(&[Home::Test, Home::Trace]);
    let discriminated = of(&[Home::Mutant]);
    let honoured: BTreeSet<&str> = found
        .iter()
        .filter(|one| one.home == Home::Code && one.file.starts_with("impl"))
        .map(|one| one.id.as_str())
        .collect();
    let row = |entry: &super::Requirement| CoverageRow {
        requirement: entry.id.clone(),
        level: entry.level.as_str(),
        kind: entry.kind.as_str(),
        cited: cited.contains(entry.id.as_str()),
        honoured: honoured.contains(entry.id.as_str()),
        exercised: exercised.contains(entry.id.as_str()),
        discriminated: discriminated.contains(entry.id.as_str()),
        excuse: entry.excuse.clone(),
    };
    Ok(ledger.requirements.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    /// Files whose ids are examples, not citations.
    const EXAMPLES: [&str; 3] = ["citations.rs", "file.rs", "coverage.rs"];

    #[test]
    fn every_id_that_is_cited_exists() {
        let ledger = Ledger::load().unwrap();
        let unknown: Vec<String> = citations(&root())
            .unwrap()
            .into_iter()
            .filter(|one| !ledger.has(&one.id))
            .filter(|one| {
                !EXAMPLES
                    .iter()
                    .any(|name| one.file.ends_with(format!("requirements/{name}")))
            })
            .map(|one| one.to_string())
            .collect();
        assert!(
            unknown.is_empty(),
            "cited, and in neither ledger nor register:\n{}",
            unknown.join("\n")
        );
    }

    #[test]
    fn coverage_has_one_row_for_each_requirement_and_tells_levels_apart() {
        let rows = coverage(&root()).unwrap();
        assert_eq!(rows.len(), Ledger::load().unwrap().requirements.len());
        for row in &rows {
            assert!(
                row.cited || !(row.exercised || row.discriminated || row.honoured),
                "{}",
                row.requirement
            );
        }
        assert!(rows.iter().any(|row| row.cited) && rows.iter().any(|row| !row.cited));
    }
}
