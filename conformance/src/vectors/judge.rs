//! Vectors put to a codec.

use serde_json::Value;

use super::{Corpus, Expected, Hmac, Invalid, Valid};
use crate::frames::{self, FrameError, Protocol};

/// A codec that vectors are put to, over octets with a LLC/SNAP header or, if `bare`, without.
pub trait Codec {
    /// What it is called in verdicts.
    fn name(&self) -> &'static str;

    /// Octets to the value that `wire decode` prints, without `ok`.
    ///
    /// # Errors
    /// The `error` object of `wire decode`.
    fn decode(&self, bare: Option<Protocol>, octets: &[u8]) -> Result<Value, Value>;

    /// The reverse.
    ///
    /// # Errors
    /// The `error` object of `wire encode`.
    fn encode(&self, bare: Option<Protocol>, value: &Value) -> Result<Vec<u8>, Value>;

    /// HMAC-MD5, if it has one.
    fn mac(&self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let _ = (key, data);
        None
    }
}

/// The harness's own codec.
#[derive(Clone, Copy, Debug)]
pub struct Harness;

impl Codec for Harness {
    fn name(&self) -> &'static str {
        "harness"
    }

    fn decode(&self, bare: Option<Protocol>, octets: &[u8]) -> Result<Value, Value> {
        match bare {
            Some(protocol) => frames::read_bare(protocol, octets),
            None => frames::read(octets),
        }
        .map_err(|error: FrameError| error.to_value())
    }

    fn encode(&self, bare: Option<Protocol>, value: &Value) -> Result<Vec<u8>, Value> {
        match bare {
            Some(_) => frames::write_bare(value),
            None => frames::write(value),
        }
        .map_err(|error| error.to_value())
    }
}

/// How one vector fared with all the codecs that it was put to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Id of the vector.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// Ids of the ledger, and of the register.
    pub requirements: &'a [String],
    /// Which codec did what instead; none: it holds.
    pub failure: Option<String>,
}

impl Corpus {
    /// Puts every vector to every codec.
    #[must_use]
    pub fn judge(&self, codecs: &[&dyn Codec]) -> Vec<Verdict<'_>> {
        let all = |judge: &dyn Fn(&dyn Codec) -> Option<String>| {
            let wrong: Vec<String> = codecs
                .iter()
                .filter_map(|codec| Some(format!("{}: {}", codec.name(), judge(*codec)?)))
                .collect();
            (!wrong.is_empty()).then(|| wrong.join("; "))
        };
        let valid = self.valid.iter().map(|one| Verdict {
            id: &one.id,
            title: &one.title,
            requirements: &one.requirements,
            failure: all(&|codec| one.judge(codec)),
        });
        let invalid = self.invalid.iter().map(|one| Verdict {
            id: &one.id,
            title: &one.title,
            requirements: &one.requirements,
            failure: all(&|codec| one.judge(codec)),
        });
        let macs = self.hmac.iter().map(|one| Verdict {
            id: &one.id,
            title: &one.title,
            requirements: &one.requirements,
            failure: all(&|codec| one.judge(codec)),
        });
        valid.chain(invalid).chain(macs).collect()
    }
}

impl Valid {
    /// What a codec did in place of reading the octets as the fields and writing the fields as the
    /// octets.
    #[must_use]
    pub fn judge(&self, codec: &dyn Codec) -> Option<String> {
        let (bare, octets) = match input(self.bare.as_deref(), &self.hex) {
            Ok(input) => input,
            Err(reason) => return Some(reason),
        };
        match codec.decode(bare, &octets) {
            Ok(value) if value == self.fields => written(codec, bare, &value, &self.hex),
            Ok(value) => Some(difference("", &value, &self.fields)),
            Err(error) => Some(format!("refused: {error}")),
        }
    }
}

impl Invalid {
    /// What a codec did in place of refusing the message, or the record and keeping its octets, for the
    /// reason given.
    #[must_use]
    pub fn judge(&self, codec: &dyn Codec) -> Option<String> {
        let (bare, octets) = match input(self.bare.as_deref(), &self.hex) {
            Ok(input) => input,
            Err(reason) => return Some(reason),
        };
        let (error, kept) = match (codec.decode(bare, &octets), self.record) {
            (Err(error), None) => (error, None),
            (Ok(value), Some(place)) => {
                let found = value.pointer(&format!("/message/records/{place}/error"));
                match found.cloned() {
                    Some(error) => (error, written(codec, bare, &value, &self.hex)),
                    None => return Some(format!("record {place} was not refused: {value}")),
                }
            }
            (Ok(value), None) => return Some(format!("was not refused: {value}")),
            (Err(error), Some(_)) => {
                return Some(format!("the whole message was refused: {error}"));
            }
        };
        let got = |name: &str| error.get(name).cloned().unwrap_or(Value::Null);
        let Expected {
            code,
            field,
            offset,
        } = &self.error;
        let same = got("code") == code.as_str()
            && got("field") == field.as_str()
            && got("offset") == *offset;
        if same {
            kept
        } else {
            Some(format!(
                "refused with {error}, wanted {code} of {field} at {offset}"
            ))
        }
    }
}

impl Hmac {
    /// What a codec made in place of the MAC; nothing of one that makes none.
    #[must_use]
    pub fn judge(&self, codec: &dyn Codec) -> Option<String> {
        let (Some(key), Some(data)) = (frames::unhex(&self.key), frames::unhex(&self.data)) else {
            return Some("key and data are no hex".to_owned());
        };
        let found = frames::hex(&codec.mac(&key, &data)?);
        (found != self.mac).then(|| format!("mac is {found}, wanted {}", self.mac))
    }
}

fn input(bare: Option<&str>, hex: &str) -> Result<(Option<Protocol>, Vec<u8>), String> {
    let octets = frames::unhex(hex).ok_or_else(|| "hex is no hex".to_owned())?;
    let named = |name| Protocol::from_name(name).ok_or_else(|| format!("bare is {name}"));
    Ok((bare.map(named).transpose()?, octets))
}

fn written(codec: &dyn Codec, bare: Option<Protocol>, value: &Value, hex: &str) -> Option<String> {
    match codec.encode(bare, value) {
        Ok(octets) if frames::hex(&octets) == hex => None,
        Ok(octets) => Some(format!("written as {}, wanted {hex}", frames::hex(&octets))),
        Err(error) => Some(format!("cannot be written: {error}")),
    }
}

/// The first field in which two values differ.
fn difference(path: &str, found: &Value, wanted: &Value) -> String {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            let names = found.keys().chain(wanted.keys());
            let first = names
                .map(|name| (name, found.get(name), wanted.get(name)))
                .find(|(_, found, wanted)| found != wanted);
            if let Some((name, found, wanted)) = first {
                let null = Value::Null;
                let path = format!("{path}/{name}");
                return difference(&path, found.unwrap_or(&null), wanted.unwrap_or(&null));
            }
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            let differs = |(_, (found, wanted)): &(usize, (&Value, &Value))| found != wanted;
            if let Some((at, (found, wanted))) = found.iter().zip(wanted).enumerate().find(differs)
            {
                return difference(&format!("{path}/{at}"), found, wanted);
            }
        }
        _ => {}
    }
    format!("{path} is {found}, wanted {wanted}")
}
