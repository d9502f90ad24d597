//! `wire vectors`: what `traces/wire/` says about octets, held against the codecs of
//! `distributed_mars`.

use std::fs;
use std::path::{Path, PathBuf};

use distributed_mars::wire::scsp::hmac_md5;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Bare, decode_octets, encode_value, hex, unhex};

/// Where the vectors of this project are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join("traces")
        .join("wire")
}

/// How one vector fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Id of the vector.
    pub case: String,
    /// `pass` or `fail`.
    pub verdict: &'static str,
    /// Always `wire`.
    pub area: &'static str,
    /// Ledger ids that the vector stands for.
    pub requirements: Vec<String>,
    /// What the vector is.
    pub title: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Row {
    /// True if the vector holds.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.failure.is_none()
    }
}

#[derive(Deserialize)]
struct File {
    format: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    title: String,
    #[serde(default)]
    requirements: Vec<String>,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Kind {
    Valid {
        hex: String,
        bare: Option<String>,
        fields: Value,
    },
    Invalid {
        hex: String,
        bare: Option<String>,
        error: Expected,
    },
    Hmac {
        key: String,
        data: String,
        mac: String,
    },
}

#[derive(Deserialize)]
struct Expected {
    code: String,
    field: String,
    offset: usize,
}

/// The format that is understood.
const FORMAT: &str = "mars-vectors/1";

/// Checks every `.json` file of `folder`, in order of names.
///
/// # Errors
///
/// A folder or file that cannot be read, or is no vector file, named.
pub fn check(folder: &Path) -> Result<Vec<Row>, String> {
    let named = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| named(folder, &error))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|name| name == "json"))
        .collect();
    paths.sort();
    let mut rows = Vec::new();
    for path in paths {
        let text = fs::read(&path).map_err(|error| named(&path, &error))?;
        let file: File = serde_json::from_slice(&text).map_err(|error| named(&path, &error))?;
        if file.format != FORMAT {
            return Err(named(&path, &format_args!("format {}", file.format)));
        }
        rows.extend(file.vectors.into_iter().map(row));
    }
    if rows.is_empty() {
        return Err(named(folder, &"no vectors"));
    }
    Ok(rows)
}

fn row(vector: Vector) -> Row {
    let failure = failure(&vector.kind);
    Row {
        case: vector.id,
        verdict: if failure.is_none() { "pass" } else { "fail" },
        area: "wire",
        requirements: vector.requirements,
        title: vector.title,
        failure,
    }
}

/// Why the vector does not hold.
fn failure(kind: &Kind) -> Option<String> {
    let octets = |text: &str| {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        unhex(text.as_bytes()).map_err(|error| error.detail)
    };
    let outcome = match kind {
        Kind::Valid {
            hex: text,
            bare,
            fields,
        } => octets(text).and_then(|octets| valid(&octets, read_bare(bare.as_deref())?, fields)),
        Kind::Invalid {
            hex: text,
            bare,
            error,
        } => octets(text).and_then(|octets| invalid(&octets, read_bare(bare.as_deref())?, error)),
        Kind::Hmac { key, data, mac } => octets(key).and_then(|key| {
            let found = hex(&hmac_md5(&key, &octets(data)?));
            same("mac", &found, mac)
        }),
    };
    outcome.err()
}

fn read_bare(name: Option<&str>) -> Result<Option<Bare>, String> {
    match name {
        None => Ok(None),
        Some("scsp") => Ok(Some(Bare::Scsp)),
        Some("mars") => Ok(Some(Bare::Mars)),
        Some(other) => Err(format!("bare {other}")),
    }
}

fn same<T: PartialEq + std::fmt::Display + ?Sized>(
    what: &str,
    found: &T,
    wanted: &T,
) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{what} is {found}, wanted {wanted}"))
    }
}

fn valid(octets: &[u8], bare: Option<Bare>, fields: &Value) -> Result<(), String> {
    let (protocol, message) =
        decode_octets(octets, bare).map_err(|error| format!("refused: {}", error.to_value()))?;
    let found = serde_json::json!({ "protocol": protocol, "message": message });
    same("decoded value", &found, fields)?;
    let again = encode_value(fields, bare)
        .map_err(|error| format!("cannot be encoded: {}", error.to_value()))?;
    same("encoded", &hex(&again), &hex(octets))
}

fn invalid(octets: &[u8], bare: Option<Bare>, wanted: &Expected) -> Result<(), String> {
    match decode_octets(octets, bare) {
        Ok((_, message)) => nested(&message, wanted),
        Err(found) => {
            same("code", found.code, &wanted.code)?;
            same("field", &found.field, &wanted.field)?;
            same("offset", &found.offset, &wanted.offset)
        }
    }
}

/// A fault of one record, in its place in a message that stands (register C24).
fn nested(message: &Value, wanted: &Expected) -> Result<(), String> {
    let records = message.get("records").and_then(Value::as_array);
    let found = records
        .into_iter()
        .flatten()
        .find_map(|record| record.get("error"))
        .ok_or_else(|| format!("accepted, wanted {} of {}", wanted.code, wanted.field))?;
    let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
    same("code", text("code"), &wanted.code)?;
    same("field", text("field"), &wanted.field)?;
    let offset = found
        .get("offset")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    same("offset", &offset, &(wanted.offset as u64))
}
