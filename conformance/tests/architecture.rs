//! The walls of the house: who may know whom (ARCHITECTURE.md, "Rooms").
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Lines below `folders` that name the implementation's crate.
fn naming(folders: &[PathBuf], word: &str) -> Vec<String> {
    let files = folders.iter().flat_map(|folder| {
        if folder.is_dir() {
            rust_files(folder)
        } else {
            vec![folder.clone()]
        }
    });
    files
        .flat_map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let lines: Vec<String> = text
                .lines()
                .enumerate()
                .filter(|(_, line)| line.contains(word))
                .map(|(number, line)| format!("{}:{}: {line}", file.display(), number + 1))
                .collect();
            lines
        })
        .collect()
}

#[test]
fn the_rooms_that_judge_do_not_name_the_implementation() {
    let source = root().join("conformance/src");
    let rooms = [
        "audit",
        "certify",
        "frames",
        "generate",
        "inside",
        "judge",
        "lockstep",
        "lower",
        "report",
        "trace",
        "requirements",
        "mutants",
        "product",
        "vectors",
        "vectors.rs",
    ];
    let rooms: Vec<PathBuf> = rooms
        .iter()
        .map(|room| source.join(room))
        .filter(|room| room.exists())
        .collect();
    assert!(rooms.len() >= 7, "the rooms have moved: {rooms:?}");
    assert_eq!(naming(&rooms, "distributed_mars"), Vec::<String>::new());
    // The checker on the production code reaches it through the adapter, and reads frames with `frames`.
    for (room, pool) in [("inside", "machines"), ("product", "servers")] {
        let room = [source.join(room)];
        assert!(!naming(&room, &format!("crate::adapter::{pool}")).is_empty());
        assert!(!naming(&room, "crate::frames").is_empty());
    }
    // The check can fail: the adapter does name it.
    assert!(!naming(&[source.join("adapter")], "distributed_mars").is_empty());
}

#[test]
fn the_model_does_not_know_the_implementation() {
    let tree = |package: &str| {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--edges",
                "normal,build,dev",
                "--prefix",
                "none",
                "-p",
                package,
            ])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!tree("mars-model").contains("distributed-mars"));
    assert!(!tree("distributed-mars").contains("mars-model"));
    // The check can fail: the harness knows both.
    assert!(tree("mars-conformance").contains("distributed-mars"));
    assert_eq!(
        naming(&[root().join("model/src")], "distributed_mars"),
        Vec::<String>::new()
    );
}
