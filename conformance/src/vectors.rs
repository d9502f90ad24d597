//! The wire vectors of `traces/wire/`: frames with what they decode to, frames that are refused and
//! why, and MACs. They are laid out by a stand-alone script from field lists (`layout.py`), by neither
//! codec, and so judge both.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::frames::{self, FrameError, Protocol};

/// The only format this version reads.
pub const FORMAT: &str = "mars-vectors/1";

const FILES: [(&str, &str); 3] = [
    ("golden.json", include_str!("../../traces/wire/golden.json")),
    (
        "invalid.json",
        include_str!("../../traces/wire/invalid.json"),
    ),
    ("hmac.json", include_str!("../../traces/wire/hmac.json")),
];

/// One file of vectors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    #[serde(flatten)]
    vectors: Vectors,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", content = "vectors", rename_all = "lowercase")]
enum Vectors {
    Valid(Vec<Valid>),
    Invalid(Vec<Invalid>),
    Hmac(Vec<Hmac>),
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
    /// Ledger ids.
    pub requirements: Vec<String>,
    /// The decoded value, in the form of [`frames::read`].
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
    /// Ledger ids.
    pub requirements: Vec<String>,
    /// The place (from 0) of the record that alone is refused; none: the message is.
    pub record: Option<usize>,
    /// What a decoder must answer.
    pub error: Expected,
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
    /// Key, hex.
    pub key: String,
    /// Octets that it covers, hex.
    pub data: String,
    /// The 16 octets, hex.
    pub mac: String,
}

/// Everything in `traces/wire/`.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Frames that decode.
    pub valid: Vec<Valid>,
    /// Frames that do not.
    pub invalid: Vec<Invalid>,
    /// MACs.
    pub hmac: Vec<Hmac>,
}

/// A file of vectors that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorError {
    /// Which file.
    pub file: String,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "traces/wire/{}: {}", self.file, self.reason)
    }
}

impl std::error::Error for VectorError {}

/// The vectors that are compiled in.
///
/// # Errors
/// Which file is wrong; a test sees to it that none is.
pub fn load() -> Result<Corpus, VectorError> {
    let mut corpus = Corpus::default();
    for (name, text) in FILES {
        let fail = |reason: String| VectorError {
            file: name.to_owned(),
            reason,
        };
        let file: File = serde_json::from_str(text).map_err(|error| fail(error.to_string()))?;
        if file.format != FORMAT {
            return Err(fail(format!("format is {}, wanted {FORMAT}", file.format)));
        }
        match file.vectors {
            Vectors::Valid(vectors) => corpus.valid.extend(vectors),
            Vectors::Invalid(vectors) => corpus.invalid.extend(vectors),
            Vectors::Hmac(vectors) => corpus.hmac.extend(vectors),
        }
    }
    Ok(corpus)
}

/// A codec that vectors are put to: octets to value, for whole frames and for bare messages.
pub type Decode<'a> = &'a dyn Fn(Option<Protocol>, &[u8]) -> Result<Value, Value>;

/// The harness's own codec in that form.
///
/// # Errors
/// The `error` object of `wire decode`.
pub fn own(bare: Option<Protocol>, octets: &[u8]) -> Result<Value, Value> {
    match bare {
        Some(protocol) => frames::read_bare(protocol, octets),
        None => frames::read(octets),
    }
    .map_err(|error: FrameError| error.to_value())
}

impl Valid {
    /// What is wrong with the answer of a codec, or nothing.
    #[must_use]
    pub fn judge(&self, decode: Decode<'_>) -> Option<String> {
        match answer(self.bare.as_deref(), &self.hex, decode) {
            Ok(value) if value == self.fields => None,
            Ok(value) => Some(format!("decoded to {value}, wanted {}", self.fields)),
            Err(error) => Some(format!("refused: {error}")),
        }
    }
}

impl Invalid {
    /// What is wrong with the answer of a codec, or nothing.
    #[must_use]
    pub fn judge(&self, decode: Decode<'_>) -> Option<String> {
        let answer = answer(self.bare.as_deref(), &self.hex, decode);
        let error = match (answer, self.record) {
            (Err(error), None) => error,
            (Ok(value), Some(place)) => {
                let record = value.pointer(&format!("/message/records/{place}"));
                match record.and_then(|record| record.get("error")) {
                    Some(error) => error.clone(),
                    None => return Some(format!("record {place} was not refused: {value}")),
                }
            }
            (Ok(value), None) => return Some(format!("was not refused: {value}")),
            (Err(error), Some(_)) => {
                return Some(format!("the whole message was refused: {error}"));
            }
        };
        let got = |name: &str| error.get(name).cloned().unwrap_or(Value::Null);
        let expected = &self.error;
        let same = got("code") == expected.code.as_str()
            && got("field") == expected.field.as_str()
            && got("offset") == expected.offset;
        (!same).then(|| {
            let Expected {
                code,
                field,
                offset,
            } = expected;
            format!("refused with {error}, wanted {code} of {field} at {offset}")
        })
    }
}

fn answer(bare: Option<&str>, hex: &str, decode: Decode<'_>) -> Result<Value, Value> {
    let octets = frames::unhex(hex).unwrap_or_default();
    decode(bare.and_then(Protocol::from_name), &octets)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::requirements::Ledger;

    #[test]
    fn the_own_codec_decodes_every_valid_vector_and_writes_it_back() {
        let corpus = load().unwrap();
        assert!(!corpus.valid.is_empty());
        for vector in corpus.valid {
            assert_eq!(vector.judge(&own), None, "{}", vector.id);
            let octets = match vector.bare {
                Some(_) => frames::write_bare(&vector.fields),
                None => frames::write(&vector.fields),
            };
            assert_eq!(frames::hex(&octets.unwrap()), vector.hex, "{}", vector.id);
        }
    }

    #[test]
    fn the_own_codec_refuses_every_invalid_vector_for_the_stated_reason() {
        let corpus = load().unwrap();
        let wrong: Vec<String> = corpus
            .invalid
            .iter()
            .filter_map(|vector| Some(format!("{}: {}", vector.id, vector.judge(&own)?)))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // Records that are refused alone are kept octet for octet.
        for vector in corpus
            .invalid
            .iter()
            .filter(|vector| vector.record.is_some())
        {
            let octets = frames::unhex(&vector.hex).unwrap();
            let value = frames::read_bare(Protocol::Scsp, &octets).unwrap();
            assert_eq!(frames::write_bare(&value).unwrap(), octets, "{}", vector.id);
        }
    }

    #[test]
    fn every_code_that_octets_can_earn_has_a_vector() {
        let corpus = load().unwrap();
        let seen: BTreeSet<&str> = corpus
            .invalid
            .iter()
            .map(|vector| vector.error.code.as_str())
            .collect();
        for code in frames::ErrorCode::ALL {
            let of_text = matches!(code, frames::ErrorCode::BadHex | frames::ErrorCode::BadJson);
            assert_eq!(seen.contains(code.as_str()), !of_text, "{}", code.as_str());
        }
    }

    #[test]
    fn ids_are_unique_and_requirements_exist() {
        let corpus = load().unwrap();
        let ledger = Ledger::load().unwrap();
        let valid = corpus.valid.iter().map(|one| (&one.id, &one.requirements));
        let invalid = corpus
            .invalid
            .iter()
            .map(|one| (&one.id, &one.requirements));
        let mut ids = BTreeSet::new();
        for (id, requirements) in valid.chain(invalid) {
            assert!(ids.insert(id.clone()), "{id} twice");
            assert!(!requirements.is_empty(), "{id} has no requirement");
            for requirement in requirements {
                assert!(
                    ledger.requirement(requirement).is_some(),
                    "{id}: {requirement}"
                );
            }
        }
        assert!(corpus.hmac.iter().all(|one| ids.insert(one.id.clone())));
    }

    #[test]
    fn a_codec_that_is_wrong_is_found_out() {
        let corpus = load().unwrap();
        let silent = |_: Option<Protocol>, _: &[u8]| Ok(json!({}));
        let refusing = |_: Option<Protocol>, _: &[u8]| Err(json!({"code": "truncated"}));
        assert!(corpus.valid.iter().all(|one| one.judge(&silent).is_some()));
        assert!(
            corpus
                .valid
                .iter()
                .all(|one| one.judge(&refusing).is_some())
        );
        assert!(
            corpus
                .invalid
                .iter()
                .all(|one| one.judge(&silent).is_some())
        );
        assert!(
            corpus
                .invalid
                .iter()
                .all(|one| one.judge(&refusing).is_some())
        );
        for mut one in corpus.invalid {
            one.error.offset += 1;
            assert!(one.judge(&own).is_some(), "{}", one.id);
        }
        for mut one in corpus.valid {
            let flipped = if one.hex.ends_with('0') { "1" } else { "0" };
            let end = one.hex.len() - 1;
            one.hex.replace_range(end.., flipped);
            assert!(one.judge(&own).is_some(), "{}", one.id);
        }
    }

    /// Puts a right checksum into a bare message again, if it had one.
    fn summed(protocol: Protocol, octets: &mut [u8]) {
        let place = if protocol == Protocol::Scsp {
            4..6
        } else {
            12..14
        };
        if octets.get(place.clone()).is_some_and(|sum| sum != [0, 0]) {
            octets[place.clone()].fill(0);
            let sum = frames::checksum(octets);
            octets[place].copy_from_slice(&sum.to_be_bytes());
        }
    }

    #[test]
    fn whatever_reads_is_written_back_octet_for_octet() {
        let (mut stood, mut fell) = (0, 0);
        for vector in load().unwrap().valid {
            let Some(protocol) = vector.bare.as_deref().and_then(Protocol::from_name) else {
                continue;
            };
            let whole = frames::unhex(&vector.hex).unwrap();
            let mut variants = Vec::new();
            for place in 0..whole.len() {
                for value in [0, 1, 3, 4, 0x14, 0x40, 0x80, 0xff, whole[place] ^ 1] {
                    let mut octets = whole.clone();
                    octets[place] = value;
                    variants.push(octets);
                }
                variants.push(whole[..place].to_vec());
            }
            variants.push([&whole[..], &[0xab]].concat());
            for mut octets in variants {
                summed(protocol, &mut octets);
                match frames::read_bare(protocol, &octets) {
                    Ok(value) => {
                        stood += 1;
                        let back = frames::write_bare(&value).unwrap();
                        assert_eq!(frames::hex(&back), frames::hex(&octets), "{value}");
                    }
                    Err(error) => {
                        fell += 1;
                        assert!(error.offset <= octets.len(), "{error}");
                    }
                }
            }
        }
        assert!(stood > 0 && fell > 0, "{stood} stood, {fell} fell");
    }
}
