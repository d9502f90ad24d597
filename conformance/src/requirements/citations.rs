//! Finding who cites a requirement or an item of the register.
//!
//! A ledger id is recognised wherever it stands. An id of the register (a letter and two digits) is
//! too short for that: it counts in a comment of a Rust file, and as a whole string in data.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What kind of place cites an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// Code that honours it.
    Code,
    /// A test of it.
    Test,
    /// A declared mutant that breaks it.
    Mutant,
    /// A trace that exercises it.
    Trace,
}

/// One place that cites an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// The id, of the ledger or of the register.
    pub id: String,
    /// The kind of place.
    pub home: Home,
    /// The file, from the root of the project.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Citation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.id)
    }
}

/// Where ids are cited: folder, ending of the files, and the kind of place (decided line by line in
/// Rust files).
const PLACES: [(&str, &str, Home); 6] = [
    ("impl", "rs", Home::Code),
    ("model", "rs", Home::Code),
    ("conformance", "rs", Home::Code),
    ("fuzz", "rs", Home::Code),
    ("conformance/mutants", "toml", Home::Mutant),
    ("traces", "json", Home::Trace),
];

/// Every citation below `root`, the project's folder, in the order of files and lines.
///
/// # Errors
/// A folder or file that cannot be read; a place that does not exist has no citations.
pub fn citations(root: &Path) -> io::Result<Vec<Citation>> {
    let mut found = Vec::new();
    for (folder, ending, home) in PLACES {
        for file in files(&root.join(folder), ending)? {
            let text = fs::read_to_string(&file)?;
            let name = file.strip_prefix(root).unwrap_or(&file);
            found.extend(scan(name, &text, home));
        }
    }
    Ok(found)
}

/// The files with that ending below `folder`, sorted; build output is passed over.
fn files(folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                found.extend(files(&path, ending)?);
            }
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every citation in one file.
pub(super) fn scan(file: &Path, text: &str, home: Home) -> Vec<Citation> {
    let rust = home == Home::Code;
    let of_tests = file.components().any(|part| {
        let name = Path::new(part.as_os_str()).file_stem();
        name.is_some_and(|name| name == "tests")
    });
    let mut home = if rust && of_tests { Home::Test } else { home };
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // Only a test module of this very file makes the rest of the file tests.
        let opens = line.trim() == "#[cfg(test)]";
        let next = text.lines().nth(index + 1).unwrap_or("");
        if rust && opens && next.trim_end().ends_with('{') {
            home = Home::Test;
        }
        let short = if rust {
            line.split_once("//").map_or("", |(_, comment)| comment)
        } else {
            line
        };
        let ids = ledger_ids(line).chain(register_ids(short, rust));
        found.extend(ids.map(|id| Citation {
            id: id.to_owned(),
            home,
            file: file.to_owned(),
            line: index + 1,
        }));
    }
    found
}

/// Words that have the shape of a ledger id: `R`, the RFC, the section, the number.
fn ledger_ids(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        .map(|word| word.trim_end_matches(['.', '-']))
        .filter(|word| {
            let mut parts = word.split('-');
            let rfc = parts
                .next()
                .is_some_and(|rfc| matches!(rfc, "R2443" | "R2334" | "R2022"));
            rfc && parts.next().is_some() && parts.next().is_some_and(is_number)
        })
}

/// Words that have the shape of a register id: in a comment any, in data those that are a string.
fn register_ids(text: &str, comment: bool) -> impl Iterator<Item = &str> {
    let word_end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    let words = text.split(move |c| if comment { word_end(c) } else { c == '"' });
    words.map(|word| word.trim_end_matches('.')).filter(|word| {
        let mut rest = word.chars();
        let letter = rest.next().is_some_and(|c| ('A'..='H').contains(&c));
        letter && word.len() == 3 && is_number(rest.as_str())
    })
}

fn is_number(text: &str) -> bool {
    text.len() == 2 && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(file: &str, text: &str, home: Home) -> Vec<(String, Home, usize)> {
        let found = scan(Path::new(file), text, home);
        found
            .into_iter()
            .map(|one| (one.id, one.home, one.line))
            .collect()
    }

    #[test]
    fn code_and_tests_are_told_apart() {
        let text = "// R2334-2.2.2-04, R2443-2-23.\nlet x = 0xA08; // register C18\n\
            #[cfg(test)]\nmod tests;\n// B02\n#[cfg(test)]\nmod here {\n// R2022-6.1.2-01\n}\n";
        let cited = |id: &str, home, line| (id.to_owned(), home, line);
        let expected = [
            cited("R2334-2.2.2-04", Home::Code, 1),
            cited("R2443-2-23", Home::Code, 1),
            cited("C18", Home::Code, 2),
            cited("B02", Home::Code, 5),
            cited("R2022-6.1.2-01", Home::Test, 8),
        ];
        assert_eq!(ids("impl/src/x.rs", text, Home::Code), expected);
        let as_tests = ids("impl/src/tests/x.rs", text, Home::Code);
        assert!(as_tests.iter().all(|(_, home, _)| *home == Home::Test));
    }

    #[test]
    fn data_is_searched_for_whole_strings() {
        let text = r#"{"requirements":["R2443-5.4-05","A08"],"hex":"E20"}"#;
        let found = ids("traces/x.json", text, Home::Trace);
        let found: Vec<&str> = found.iter().map(|(id, ..)| id.as_str()).collect();
        assert_eq!(found, ["R2443-5.4-05", "A08", "E20"]);
        assert!(ids("traces/x.json", "\"00A0800E20\" \"R2443\"", Home::Trace).is_empty());
    }
}
