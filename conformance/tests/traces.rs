//! The golden corpus: every file has the published form, and the implementation does what it says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::path::{Path, PathBuf};

use mars_conformance::lockstep::{local, replay};
use mars_conformance::sut::{Sut, in_process::InProcess};
use mars_conformance::trace::{Trace, canonical, find, load};

fn traces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")
}

fn all() -> Vec<(PathBuf, Trace)> {
    let files = find(&traces()).unwrap();
    assert!(!files.is_empty(), "there are no traces");
    files
        .into_iter()
        .map(|file| {
            (
                file.clone(),
                load(&file).unwrap_or_else(|error| panic!("{error}")),
            )
        })
        .collect()
}

#[test]
fn every_trace_is_valid_by_the_published_schema_and_in_canonical_form() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/trace.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (file, trace) in all() {
        let text = std::fs::read_to_string(&file).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
        let written = canonical(&serde_json::to_value(&trace).unwrap());
        assert!(
            text == written,
            "{} is not in canonical form",
            file.display()
        );
        // The check can fail.
        let mut wrong = value;
        wrong["steps"][0]["expect"] = serde_json::json!([]);
        assert!(!validator.is_valid(&wrong), "{}", file.display());
    }
}

#[test]
fn the_implementation_passes_every_trace() {
    for (file, trace) in all() {
        let mut suts: Vec<InProcess> = trace.servers.iter().map(|_| InProcess::default()).collect();
        let played = match trace.steps.first() {
            Some(step) if step.stimulus.is_some() => local::play(&trace, &mut suts[0]),
            _ => replay(&trace, suts.iter_mut().map(|sut| sut as &mut dyn Sut)),
        };
        if let Some(failure) = played.failure {
            panic!("{}: {failure}", file.display());
        }
    }
}
