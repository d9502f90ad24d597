//! The published schemas of frames and vectors, and the script that lays the vectors out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use mars_conformance::frames::{Protocol, decode_line};
use mars_conformance::vectors::{self, Corpus};
use serde_json::{Value, json};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn lines(corpus: &Corpus) -> Vec<Value> {
    let valid = corpus.valid.iter().map(|one| (&one.bare, &one.hex));
    let invalid = corpus.invalid.iter().map(|one| (&one.bare, &one.hex));
    let line = |(bare, hex): (&Option<String>, &String)| {
        decode_line(hex, bare.as_deref().and_then(Protocol::from_name))
    };
    valid.chain(invalid).map(line).collect()
}

#[test]
fn what_is_decoded_fits_the_schema() {
    let schema = read(&here().join("schemas/decode.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for line in lines(&vectors::load().unwrap()) {
        let errors: Vec<String> = validator
            .iter_errors(&line)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        // The check can fail.
        let mut wrong = line;
        wrong["ok"] = json!("yes");
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
    let mut wrong = decode_line("aaaa0300005e00010101080045000014", None);
    assert!(validator.is_valid(&wrong));
    wrong["message"]["packet"] = json!("4500001");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn vector_files_fit_the_schema() {
    let schema = read(&here().join("schemas/vectors.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["golden.json", "invalid.json", "hmac.json"] {
        let mut file = read(&here().join("../traces/wire").join(name));
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        file["vectors"][0]["id"] = json!(7);
        assert!(!validator.is_valid(&file), "{name}");
    }
}

#[test]
fn the_script_lays_out_what_is_checked_in() {
    let script = here().join("../traces/wire/layout.py");
    let python = Command::new("python3").arg(&script).arg("--check").output();
    // Without Python CI runs the script alone.
    if let Ok(output) = python {
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
