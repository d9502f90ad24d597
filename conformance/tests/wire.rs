//! The published schemas of frames and vectors, and the script that lays the vectors out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
    for line in lines(&vectors::load(&vectors::folder()).unwrap()) {
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
    let mut files = 0;
    for entry in std::fs::read_dir(vectors::folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|name| name != "json") {
            continue;
        }
        files += 1;
        let mut file = read(&path);
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        // The check can fail.
        file["vectors"][0]["id"] = json!(7);
        assert!(!validator.is_valid(&file), "{}", path.display());
    }
    assert!(files >= 2, "{files} files");
}

/// Runs the script that lays the vectors out, on the folder that it lies in.
fn layout(folder: &Path, argument: &str) -> Output {
    let script = folder.join("layout.py");
    let run = Command::new("python3").arg(&script).arg(argument).output();
    run.unwrap_or_else(|error| {
        panic!("python3 cannot be run ({error}); install it: apt-get install -y python3")
    })
}

#[test]
fn the_script_lays_out_what_is_checked_in() {
    let output = layout(&vectors::folder(), "--check");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

/// A copy of the script and of the vectors, in a folder that goes when it is dropped.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Self {
        let to = std::env::temp_dir().join(format!("mars-layout-{}", std::process::id()));
        for folder in ["", "lay"] {
            std::fs::create_dir_all(to.join(folder)).unwrap();
            for entry in std::fs::read_dir(vectors::folder().join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.file_name().unwrap();
                    std::fs::copy(&path, to.join(folder).join(name)).unwrap();
                }
            }
        }
        Self(to)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_script_names_file_vector_and_octet_and_mends_them() {
    let copy = Copy::new();
    let change = |file: &str, from: &str, to: &str| {
        let path = copy.0.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{file}: {from}");
        std::fs::write(&path, changed).unwrap();
    };
    change("golden.json", "01050024e6c5", "01050024e6c6");
    change("invalid-frames.json", "Nothing", "nothing");
    change("frames.json", "\"V500\"", "\"V999\"");
    std::fs::remove_file(copy.0.join("hmac.json")).unwrap();
    std::fs::write(copy.0.join("stray.json"), "{}").unwrap();
    let output = layout(&copy.0, "--check");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    for line in [
        "golden.json: W2: octet 5 is c6, laid out c5",
        "invalid-frames.json: I01: differs in title",
        "frames.json: V500: missing",
        "frames.json: V999: not laid out",
        "hmac.json: No such file or directory",
        "stray.json: no file that is laid out here",
    ] {
        assert!(
            errors.lines().any(|found| found == line),
            "{line}\n{errors}"
        );
    }

    std::fs::remove_file(copy.0.join("stray.json")).unwrap();
    assert!(layout(&copy.0, "--write").status.success());
    let output = layout(&copy.0, "--check");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
