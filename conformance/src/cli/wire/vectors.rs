//! `wire vectors`: what `traces/wire/` says about octets, held against the codecs of
//! `distributed_mars` and of the harness.

use std::path::Path;

use distributed_mars::wire::llc_snap::Encapsulation;
use distributed_mars::wire::scsp::hmac_md5;
use serde::Serialize;
use serde_json::{Value, json};

use super::{decode_message, encode_message};
use crate::frames::Protocol;
pub use crate::vectors::folder;
use crate::vectors::{self, Codec, Corpus, Harness, VectorError};

/// The codec of `distributed_mars`.
#[derive(Clone, Copy, Debug)]
pub struct Implementation;

impl Codec for Implementation {
    fn name(&self) -> &'static str {
        "distributed_mars"
    }

    fn decode(&self, bare: Option<Protocol>, octets: &[u8]) -> Result<Value, Value> {
        let (protocol, message) =
            decode_message(octets, bare.map(encapsulation)).map_err(|error| error.to_value())?;
        Ok(json!({ "protocol": protocol, "message": message }))
    }

    fn encode(&self, bare: Option<Protocol>, value: &Value) -> Result<Vec<u8>, Value> {
        encode_message(value, bare.map(encapsulation)).map_err(|error| error.to_value())
    }

    fn mac(&self, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        Some(hmac_md5(key, data).to_vec())
    }
}

const fn encapsulation(protocol: Protocol) -> Encapsulation {
    match protocol {
        Protocol::Mars => Encapsulation::Mars,
        Protocol::Scsp => Encapsulation::Scsp,
        Protocol::Data1 => Encapsulation::Data1,
        Protocol::Data2 => Encapsulation::Data2,
    }
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
    /// Ids of the ledger and of the register that the vector stands for.
    pub requirements: Vec<String>,
    /// What the vector is.
    pub title: String,
    /// Which codec did what instead.
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

/// How many vectors of each kind there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Frames that decode.
    pub valid: usize,
    /// Frames, or records, that are refused.
    pub invalid: usize,
    /// MACs.
    pub hmac: usize,
    /// Codecs that each is put to.
    pub codecs: usize,
}

/// Puts every vector of `folder` to both codecs.
///
/// # Errors
///
/// A folder or file that cannot be read, or is no vector file, named.
pub fn check(folder: &Path) -> Result<(Vec<Row>, Counts), VectorError> {
    let corpus = vectors::load(folder)?;
    let codecs: [&dyn Codec; 2] = [&Implementation, &Harness];
    let counts = count(&corpus, codecs.len());
    let verdicts = corpus.judge(&codecs).into_iter();
    let rows = verdicts.map(|verdict| Row {
        case: verdict.id.to_owned(),
        verdict: if verdict.failure.is_none() {
            "pass"
        } else {
            "fail"
        },
        area: "wire",
        requirements: verdict.requirements.to_vec(),
        title: verdict.title.to_owned(),
        failure: verdict.failure,
    });
    Ok((rows.collect(), counts))
}

const fn count(corpus: &Corpus, codecs: usize) -> Counts {
    Counts {
        valid: corpus.valid.len(),
        invalid: corpus.invalid.len(),
        hmac: corpus.hmac.len(),
        codecs,
    }
}
