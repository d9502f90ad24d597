//! Trace files: finding, reading, checking.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{FORMAT, Step, Trace};

/// Why a trace file was refused.
#[derive(Debug)]
pub struct TraceError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub kind: TraceErrorKind,
}

/// What is wrong with a trace file.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields bear the names of what they hold")]
pub enum TraceErrorKind {
    /// It could not be read.
    Unreadable(String),
    /// It is not JSON, or a field has the wrong form; with the path of the field.
    Malformed { field: String, detail: String },
    /// It has the right form and contradicts itself; with the path of the field.
    Inconsistent { field: String, detail: String },
    /// It was written in a format that this version does not know.
    Version { found: String },
}

impl TraceError {
    /// True when the file is of a newer format (exit code 65), false when it is simply wrong (64).
    #[must_use]
    pub const fn is_version(&self) -> bool {
        matches!(self.kind, TraceErrorKind::Version { .. })
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        match &self.kind {
            TraceErrorKind::Unreadable(why) => write!(f, "cannot be read: {why}"),
            TraceErrorKind::Malformed { field, detail } => write!(f, "field `{field}`: {detail}"),
            TraceErrorKind::Inconsistent { field, detail } => {
                write!(f, "field `{field}`: {detail}")
            }
            TraceErrorKind::Version { found } => write!(
                f,
                "field `format`: `{found}` is not known here (this version reads `{FORMAT}`); a newer \
                 mars-conformance is needed"
            ),
        }
    }
}

impl std::error::Error for TraceError {}

/// Reads and checks one file.
///
/// # Errors
/// Names the file and the path of the field that is wrong.
pub fn load(file: &Path) -> Result<Trace, TraceError> {
    let text = std::fs::read_to_string(file).map_err(|error| TraceError {
        file: file.to_path_buf(),
        kind: TraceErrorKind::Unreadable(error.to_string()),
    })?;
    parse(file, &text)
}

/// Checks the text of a file; `file` is only used to name it.
///
/// # Errors
/// Names the file and the path of the field that is wrong.
pub fn parse(file: &Path, text: &str) -> Result<Trace, TraceError> {
    let refuse = |kind| TraceError {
        file: file.to_path_buf(),
        kind,
    };
    let malformed =
        |field: String, detail: String| refuse(TraceErrorKind::Malformed { field, detail });
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| malformed("(document)".to_owned(), error.to_string()))?;
    // The version first: a newer format may have any fields.
    if let Some(found) = value.get("format").and_then(serde_json::Value::as_str)
        && found != FORMAT
    {
        return Err(refuse(TraceErrorKind::Version {
            found: found.to_owned(),
        }));
    }
    let trace: Trace = serde_path_to_error::deserialize(value)
        .map_err(|error| malformed(error.path().to_string(), error.inner().to_string()))?;
    check(&trace)
        .map_err(|(field, detail)| refuse(TraceErrorKind::Inconsistent { field, detail }))?;
    if let Some(stem) = file.file_stem().and_then(std::ffi::OsStr::to_str)
        && stem != trace.id
    {
        return Err(refuse(TraceErrorKind::Inconsistent {
            field: "id".to_owned(),
            detail: format!("`{}` differs from the file's name", trace.id),
        }));
    }
    Ok(trace)
}

/// What the types cannot say: names that are used exist, and each step is of one kind.
fn check(trace: &Trace) -> Result<(), (String, String)> {
    let servers: BTreeSet<&str> = trace
        .servers
        .iter()
        .map(|server| server.name.as_str())
        .collect();
    if servers.len() != trace.servers.len() || servers.is_empty() {
        return Err((
            "servers".to_owned(),
            "needs at least one server, each with its own name".to_owned(),
        ));
    }
    for (position, (a, b)) in trace.topology.links.iter().enumerate() {
        if let Some(name) = [a, b]
            .into_iter()
            .find(|name| !servers.contains(name.as_str()))
        {
            return Err((
                format!("topology.links[{position}]"),
                format!("there is no server `{name}`"),
            ));
        }
    }
    let mut before = 0;
    for (position, step) in trace.steps.iter().enumerate() {
        let field = |name: &str| format!("steps[{position}].{name}");
        if step.at < before {
            return Err((
                field("at"),
                format!(
                    "{} ms lies before the step ahead of it ({before} ms)",
                    step.at
                ),
            ));
        }
        before = step.at;
        match (&step.act, &step.stimulus) {
            (Some(_), None) => {
                check_act(trace, step, &servers).map_err(|(name, why)| (field(name), why))?;
            }
            (None, Some(_)) if servers.len() == 1 => {}
            (None, Some(_)) => {
                return Err((
                    field("stimulus"),
                    "needs a trace with exactly one server".to_owned(),
                ));
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err((
                    field("act"),
                    "a step has exactly one of `act` and `stimulus`".to_owned(),
                ));
            }
        }
        if step.expect.is_empty() {
            return Err((
                field("expect"),
                "needs at least one alternative; silence is `\"outputs\":[]`".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Names in an act exist in the topology.
fn check_act(
    trace: &Trace,
    step: &Step,
    servers: &BTreeSet<&str>,
) -> Result<(), (&'static str, String)> {
    let named = serde_json::to_value(&step.act).unwrap_or_default();
    let fields = named
        .as_object()
        .into_iter()
        .flat_map(|act| act.values())
        .filter_map(|fields| fields.as_object());
    for (role, name) in fields.flatten() {
        let name = name.as_str().unwrap_or_default();
        let known = match role.as_str() {
            "client" => trace.topology.clients.contains_key(name),
            "range" => trace.topology.ranges.contains_key(name),
            _ => servers.contains(name),
        };
        if !known {
            return Err((
                "act",
                format!("there is no {role} `{name}` in the topology"),
            ));
        }
    }
    if let Some(name) = step
        .state
        .keys()
        .find(|name| !servers.contains(name.as_str()))
    {
        return Err(("state", format!("there is no server `{name}`")));
    }
    Ok(())
}

/// All trace files below `folder` (sorted, `wire/` left out: those are vectors).
///
/// # Errors
/// The folder that could not be listed.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>, TraceError> {
    let unreadable = |file: &Path, error: &std::io::Error| TraceError {
        file: file.to_path_buf(),
        kind: TraceErrorKind::Unreadable(error.to_string()),
    };
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))? {
            let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
            if path.is_dir() {
                if path.file_name() != Some(std::ffi::OsStr::new("wire")) {
                    folders.push(path);
                }
            } else if path.extension() == Some(std::ffi::OsStr::new("json")) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn small() -> serde_json::Value {
        json!({
            "format": FORMAT, "id": "small", "title": "t", "area": "scsp.hello", "class": "valid", "level": "MUST",
            "requirements": [], "topology": {"clients": {"c1": {"atm": "47", "protocol_address": "0a000063"}}},
            "servers": [{"name": "s1", "config": {}}],
            "steps": [{"at": 1, "act": {"register": {"client": "c1", "server": "s1"}},
                       "expect": [{"level": "MUST", "requirements": [], "outputs": []}]}],
        })
    }

    fn refused(value: &serde_json::Value) -> String {
        parse(Path::new("small.json"), &value.to_string())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_right_file_is_read_and_written_back_the_same() {
        let trace = parse(Path::new("small.json"), &small().to_string()).unwrap();
        assert_eq!(serde_json::to_value(trace).unwrap(), small());
    }

    #[test]
    fn a_wrong_file_names_file_step_and_field() {
        let mut wrong = small();
        wrong["steps"][0]["expect"][0]["level"] = json!("MAYBE");
        let text = refused(&wrong);
        assert!(
            text.starts_with("small.json: field `steps[0].expect[0].level`: "),
            "{text}"
        );

        let mut unknown = small();
        unknown["steps"][0]["act"]["register"]["client"] = json!("c9");
        assert_eq!(
            refused(&unknown),
            "small.json: field `steps[0].act`: there is no client `c9` in the topology"
        );

        let mut both = small();
        both["steps"][0]["stimulus"] = json!({"advance": {}});
        assert!(refused(&both).contains("exactly one of `act` and `stimulus`"));

        let mut silent = small();
        silent["steps"][0]["expect"] = json!([]);
        assert!(refused(&silent).contains("steps[0].expect"));

        let mut renamed = small();
        renamed["id"] = json!("other");
        assert!(refused(&renamed).contains("field `id`"));
    }

    #[test]
    fn a_newer_format_is_told_apart_from_a_wrong_file() {
        let mut newer = small();
        newer["format"] = json!("mars-trace/2");
        newer["steps"] = json!("anything");
        let error = parse(Path::new("small.json"), &newer.to_string()).unwrap_err();
        assert!(error.is_version(), "{error}");
    }
}
