//! Replays every seed, on stable and without libFuzzer.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: a missing corpus is a failure"
)]

use std::fs;
use std::path::{Path, PathBuf};

use distributed_mars::wire::llc_snap::{self, Encapsulation};
use distributed_mars::wire::{mars, scsp};

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let octets = fs::read(&path).unwrap();
            (path, octets)
        })
        .collect()
}

#[test]
fn every_target_has_a_corpus_that_passes() {
    for (name, body) in mars_fuzz::TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 10, "{name}: {} seeds", seeds.len());
        for (path, octets) in seeds {
            println!("{}", path.display());
            body(&octets);
        }
    }
}

#[test]
fn every_corpus_folder_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            mars_fuzz::TARGETS.iter().any(|target| target.0 == name),
            "{name}"
        );
    }
}

/// Seeds that are called frames get past all checks: a fuzzer starts from the inside.
#[test]
fn frames_among_the_seeds_decode() {
    let mut kinds = [0; 2];
    for (path, octets) in seeds("decode_any") {
        if path
            .extension()
            .is_none_or(|extension| extension != "frame")
        {
            continue;
        }
        let (kind, payload) = llc_snap::split(&octets).unwrap();
        let stands = match kind {
            Encapsulation::Scsp => {
                kinds[0] += 1;
                scsp::decode(payload).is_ok()
            }
            _ => {
                kinds[1] += 1;
                mars::decode(payload).is_ok()
            }
        };
        assert!(stands, "{}", path.display());
    }
    assert!(kinds[0] >= 5 && kinds[1] >= 13, "{kinds:?}");
}

#[test]
#[should_panic(expected = "assertion `left == right` failed")]
fn a_target_can_fail() {
    // What a broken encoder would cause: the comparison inside the bodies, on octets that differ.
    let (_, octets) = seeds("decode_any")
        .into_iter()
        .find(|(path, _)| path.ends_with("ca_with_summaries.frame"))
        .unwrap();
    let packet = octets.get(8..).unwrap();
    let mut again = Vec::new();
    scsp::decode(packet)
        .map(|mut packet| {
            packet.reserved.common ^= 1;
            packet.encode(&mut again);
        })
        .unwrap();
    assert_eq!(again, packet);
}
