//! `results.jsonl`: a start line, a line for each case, an end line. A file without its end line is
//! refused.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::verdict::{Choice, Explained, Verdict};
use crate::cli::output::Exit;
use crate::trace::Level;

/// The only format this version reads and writes.
pub const FORMAT: &str = "mars-results/1";
/// The area of the sanity case, which has no part in any score.
pub const SANITY: &str = "suite";

/// How the reason begins why a case is `unsupported`.
const NOT_CLAIMED: &str = "not claimed: ";

/// What a run was about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`FORMAT`].
    pub format: String,
    /// Which suite.
    pub suite: SuiteId,
    /// How the implementation was reached, as options of `certify`.
    pub target: String,
    /// What it says it is.
    pub implementation: Value,
    /// What it claims.
    pub claims: Vec<String>,
    /// Probes that it answers; none is used.
    pub probes: Vec<String>,
    /// `smoke` or `standard`.
    pub profile: String,
    /// Globs that narrowed the profile.
    #[serde(rename = "case")]
    pub globs: Vec<String>,
    /// The seed of every `reset`.
    pub seed: u64,
    /// Whether a deviation from a SHOULD counts.
    pub strict: bool,
    /// Cases that were meant.
    pub cases: usize,
    /// Traces that certify nothing of a single server, by kind.
    pub elsewhere: Elsewhere,
}

/// Name, version and digest of the suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteId {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 over all cases, in hex.
    pub digest: String,
}

/// Traces that are played elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Of clients and MCSs.
    pub endpoints: usize,
    /// Of several servers.
    pub global: usize,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its id.
    pub case: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Its area.
    pub area: String,
    /// The strongest level among its requirements.
    pub level: Level,
    /// Ledger ids that it exercises.
    pub requirements: Vec<String>,
    /// Steps that were judged.
    pub steps: usize,
    /// Why it was not played, or not to its end.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Explained>,
    /// Deviations from a SHOULD.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<Explained>,
    /// What the server chose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Every answer, in order: `out` and `next` of the protocol, or `broke`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Value>,
}

impl Row {
    /// Why a case is not asked that needs claims that are not made.
    #[must_use]
    pub fn not_claimed(claims: &[&str]) -> String {
        format!("{NOT_CLAIMED}{}", claims.join(", "))
    }

    /// The claims that it needs and that are not made.
    pub fn unclaimed(&self) -> impl Iterator<Item = &str> {
        let claims = self.why.strip_prefix(NOT_CLAIMED);
        claims.into_iter().flat_map(|claims| claims.split(", "))
    }

    /// Whether it is the sanity case.
    #[must_use]
    pub fn is_sanity(&self) -> bool {
        self.area == SANITY
    }
}

/// The totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Cases of each verdict; the sanity case is not counted.
    #[serde(flatten)]
    pub counts: BTreeMap<String, usize>,
    /// Cases.
    pub of: usize,
    /// Steps that were judged.
    pub steps: usize,
    /// Ended by Ctrl-C.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub interrupted: bool,
    /// Exit code of the run.
    pub exit: u8,
}

impl Summary {
    /// The totals of these rows.
    #[must_use]
    pub fn of(rows: &[Row], strict: bool, interrupted: bool) -> Self {
        let cases: Vec<&Row> = rows.iter().filter(|row| !row.is_sanity()).collect();
        let count = |verdict: Verdict| cases.iter().filter(|row| row.verdict == verdict).count();
        let counts = Verdict::ALL.map(|verdict| (verdict.as_str().to_owned(), count(verdict)));
        Self {
            counts: counts.into_iter().collect(),
            of: cases.len(),
            steps: cases.iter().map(|row| row.steps).sum(),
            interrupted,
            exit: exit(rows, strict, interrupted).code(),
        }
    }

    /// Cases of one verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.get(verdict.as_str()).copied().unwrap_or(0)
    }
}

/// The exit code that rows come to.
#[must_use]
pub fn exit(rows: &[Row], strict: bool, interrupted: bool) -> Exit {
    let mut exit = if interrupted {
        Exit::Interrupted
    } else {
        Exit::Ok
    };
    let mut judged = false;
    for row in rows {
        judged |=
            !row.is_sanity() && !matches!(row.verdict, Verdict::Unsupported | Verdict::Missing);
        exit = exit.combine(match row.verdict {
            Verdict::Pass | Verdict::Unsupported => Exit::Ok,
            // What fails the sanity case is no server that anything can be said of.
            Verdict::Drift => Exit::Failed,
            _ if row.is_sanity() && row.verdict != Verdict::Missing => Exit::AdapterBroke,
            Verdict::Nonstrict if strict => Exit::Deviation,
            Verdict::Nonstrict => Exit::Ok,
            Verdict::Inconclusive | Verdict::Missing => Exit::Incomplete,
            Verdict::Fail => Exit::Failed,
            Verdict::Error => Exit::AdapterBroke,
        });
    }
    // A run that judged nothing has no score.
    if judged {
        exit
    } else {
        exit.combine(Exit::Incomplete)
    }
}

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// What it was about.
    pub start: Start,
    /// Its cases in order.
    pub rows: Vec<Row>,
    /// Its totals.
    pub summary: Summary,
}

/// Why results are refused.
#[derive(Debug)]
pub enum ResultsError {
    /// The file cannot be read.
    Io(PathBuf, io::Error),
    /// A line is wrong; the line's number from 1.
    Line(usize, String),
    /// The end line is missing: the run did not end.
    NoEnd,
    /// It was written in a format that this version does not know.
    Version(String),
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(file, error) => write!(f, "{}: {error}", file.display()),
            Self::Line(number, why) => write!(f, "results.jsonl, line {number}: {why}"),
            Self::NoEnd => f.write_str("results.jsonl has no end line: the run did not end"),
            Self::Version(found) => write!(f, "results.jsonl: format `{found}` is not known here"),
        }
    }
}

impl std::error::Error for ResultsError {}

impl Results {
    /// The text of `results.jsonl`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", json!({"start": self.start}));
        for row in &self.rows {
            text.push_str(&json!(row).to_string());
            text.push('\n');
        }
        text.push_str(&format!("{}\n", json!({"summary": self.summary})));
        text
    }

    /// Reads the text of `results.jsonl`.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn parse(text: &str) -> Result<Self, ResultsError> {
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let value: Value = serde_json::from_str(line)
                .map_err(|error| ResultsError::Line(number + 1, error.to_string()))?;
            lines.push(value);
        }
        let wrong = |number: usize, why: &str| ResultsError::Line(number, why.to_owned());
        let start = lines.first().and_then(|line| line.get("start"));
        let start = start.ok_or_else(|| wrong(1, "no start line"))?;
        let format = start.get("format").and_then(Value::as_str);
        if format != Some(FORMAT) {
            return Err(ResultsError::Version(format.unwrap_or_default().to_owned()));
        }
        let start: Start =
            serde_json::from_value(start.clone()).map_err(|error| wrong(1, &error.to_string()))?;
        let end = lines.last().and_then(|line| line.get("summary"));
        let end = end.ok_or(ResultsError::NoEnd)?;
        let number = lines.len();
        let summary: Summary = serde_json::from_value(end.clone())
            .map_err(|error| wrong(number, &error.to_string()))?;
        let rows = lines.get(1..number.saturating_sub(1)).unwrap_or_default();
        let rows = rows.iter().enumerate().map(|(at, row)| {
            serde_json::from_value(row.clone()).map_err(|error| wrong(at + 2, &error.to_string()))
        });
        Ok(Self {
            start,
            rows: rows.collect::<Result<_, _>>()?,
            summary,
        })
    }

    /// Reads `results.jsonl` of a folder.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn load(folder: &Path) -> Result<(String, Self), ResultsError> {
        let file = folder.join("results.jsonl");
        let text = std::fs::read_to_string(&file).map_err(|error| ResultsError::Io(file, error))?;
        let results = Self::parse(&text)?;
        Ok((text, results))
    }
}

/// Writes a file under a temporary name and renames it, so that it is there whole or not at all.
///
/// # Errors
/// Those of writing and renaming.
pub fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let written = std::fs::File::create(&temporary).and_then(|mut out| {
        out.write_all(text.as_bytes())?;
        out.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&temporary, file));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: Verdict) -> Row {
        Row {
            case: "c".to_owned(),
            verdict,
            area: "mars.cluster".to_owned(),
            level: Level::Must,
            requirements: Vec::new(),
            steps: 1,
            why: String::new(),
            failure: None,
            deviations: Vec::new(),
            choices: Vec::new(),
            answers: Vec::new(),
        }
    }

    #[test]
    fn verdicts_come_to_the_exit_codes_of_the_contract() {
        use Verdict::*;
        let code = |verdicts: &[Verdict], strict| {
            let rows: Vec<Row> = verdicts.iter().map(|&verdict| row(verdict)).collect();
            exit(&rows, strict, false).code()
        };
        assert_eq!(code(&[Pass, Unsupported], true), 0);
        assert_eq!(code(&[Pass, Nonstrict], false), 0);
        assert_eq!(code(&[Pass, Nonstrict], true), 3);
        assert_eq!(code(&[Pass, Inconclusive], false), 2);
        assert_eq!(code(&[Pass, Missing], false), 2);
        assert_eq!(code(&[Pass, Fail, Missing], false), 1);
        assert_eq!(code(&[Pass, Drift], false), 1);
        assert_eq!(code(&[Fail, Error], false), 5);
        assert_eq!(code(&[], false), 2, "nothing was judged");
        assert_eq!(code(&[Unsupported], false), 2, "nothing was judged");
        assert_eq!(exit(&[row(Error)], false, true).code(), 130);
        let mut sanity = row(Fail);
        sanity.area = SANITY.to_owned();
        assert_eq!(exit(&[row(Pass), sanity], false, false).code(), 5);
    }

    #[test]
    fn a_file_without_its_end_is_refused() {
        let start = Start {
            format: FORMAT.to_owned(),
            suite: SuiteId {
                name: "n".to_owned(),
                version: "1".to_owned(),
                digest: String::new(),
            },
            target: "--builtin".to_owned(),
            implementation: Value::Null,
            claims: Vec::new(),
            probes: Vec::new(),
            profile: "standard".to_owned(),
            globs: Vec::new(),
            seed: 0,
            strict: false,
            cases: 1,
            elsewhere: Elsewhere {
                endpoints: 0,
                global: 0,
            },
        };
        let rows = vec![row(Verdict::Pass)];
        let summary = Summary::of(&rows, false, false);
        let results = Results {
            start,
            rows,
            summary,
        };
        let text = results.text();
        assert_eq!(Results::parse(&text).unwrap(), results);
        let cut: String = text
            .lines()
            .take(2)
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(matches!(Results::parse(&cut), Err(ResultsError::NoEnd)));
        let newer = text.replace(FORMAT, "mars-results/2");
        assert!(matches!(
            Results::parse(&newer),
            Err(ResultsError::Version(_))
        ));
        assert!(matches!(
            Results::parse(&text[1..]),
            Err(ResultsError::Line(1, _))
        ));
    }
}
