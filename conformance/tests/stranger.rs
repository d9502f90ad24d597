//! What somebody meets who knows README.md and ADAPTERS.md alone: what is printed can be done, what is shown can be
//! followed, and what the page says is so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use mars_conformance::certify::results::Results;
use mars_conformance::certify::verdict::Verdict;
use mars_conformance::requirements::sentence;

const BINARY: &str = env!("CARGO_BIN_EXE_mars-conformance");
const TOY: &str = "python3 conformance/adapters/toy.py";

/// Exit code, stdout, stderr.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(BINARY)
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The arguments of a command line that was printed.
fn arguments(line: &str) -> Vec<String> {
    let (_, command) = line.split_once("mars-conformance certify").unwrap();
    mars_conformance::certify::target::words(command)
}

#[test]
fn the_sanity_case_is_played_and_shown_alone() {
    let out = folder("stranger-sanity");
    let adapter = format!("{BINARY} adapter --control sleeps-at-advance");
    let whole = [
        "certify",
        "--adapter",
        &adapter,
        "--profile",
        "smoke",
        "--deadline",
        "0.3",
        "--out",
        out.to_str().unwrap(),
    ];
    let (code, text, _) = run(&whole);
    assert_eq!(code, 5, "{text}");
    let again = text.lines().find(|line| line.contains("again:")).unwrap();
    let mut words = vec!["certify".to_owned()];
    words.extend(arguments(again));
    words.extend(["--deadline".to_owned(), "0.3".to_owned()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert!(words.contains(&"sanity-first"), "{again}");
    let (code, text, error) = run(&words);
    assert_eq!(code, 5, "{error}");
    assert!(text.contains("no answer to `advance`"), "{text}");
    let results = out.join("results.jsonl");
    let (code, text, error) = run(&["show", results.to_str().unwrap(), "sanity-first"]);
    assert_eq!(code, 0, "{error}");
    assert!(text.contains("no answer to `advance`"), "{text}");
    // Once it is mended there is nothing more to ask; a certificate is not made of it.
    let (code, text, _) = run(&["certify", "--builtin", "--case", "sanity-first"]);
    assert_eq!(code, 0);
    assert!(text.contains("the sanity case comes to pass"), "{text}");
    let out = out.to_str().unwrap();
    let alone = [
        "certify",
        "--builtin",
        "--case",
        "suite/sanity-last",
        "--out",
        out,
    ];
    assert_eq!(run(&alone).0, 64);
    // Only its whole name means it: a pattern that no case of the profile fits is a mistake.
    for pattern in ["sanity", "sanity-*", "*last*", "*-first"] {
        let smoke = [
            "certify",
            "--builtin",
            "--profile",
            "smoke",
            "--case",
            pattern,
        ];
        assert_eq!(run(&smoke).0, 2, "{pattern}");
    }
    // Nor is a step that the case does not have.
    let case = "leaf-gone-removes-all";
    let (code, _, error) = run(&["certify", "--builtin", "--case", case, "--steps", "99,0"]);
    assert_eq!(code, 64);
    assert!(
        error.contains("--steps 99: leaf-gone-removes-all has "),
        "{error}"
    );
}

#[test]
fn what_fails_alike_is_told_once_and_show_tells_the_same_as_certify() {
    let out = folder("stranger-toy");
    let (code, text, _) = run(&["certify", "--adapter", TOY, "--out", out.to_str().unwrap()]);
    assert_eq!(code, 1);
    let (_, results) = Results::load(&out).unwrap();
    let count = |verdict| results.summary.count(verdict);
    // Every failing case is the first of a group or one of those that are more like it.
    let begins = text
        .lines()
        .filter(|line| line.starts_with("fail "))
        .count();
    let more = text.lines().filter_map(|line| {
        let (number, _) = line.strip_prefix("  and ")?.split_once(" more like it: ")?;
        number.parse::<usize>().ok()
    });
    let more: usize = more.sum();
    assert!(more > begins, "{more} {begins}");
    assert_eq!(begins + more, count(Verdict::Fail));
    let lines = text.lines().count();
    assert!(lines < results.rows.len(), "{lines} lines");
    for (word, verdict) in [
        ("pass", Verdict::Pass),
        ("unsupported", Verdict::Unsupported),
    ] {
        let line = format!("{word} {}: ", count(verdict));
        assert!(text.contains(&line), "{line}");
    }
    let (_, verbose, _) = run(&["certify", "--adapter", TOY, "--verbose"]);
    for row in results.rows.iter().filter(|row| !row.is_sanity()) {
        let line = format!("{} {}/{}", row.verdict.as_str(), row.area, row.case);
        assert!(verbose.contains(&line), "{line}");
    }
    // The whole failure, sentences and all.
    let row = results
        .rows
        .iter()
        .find(|row| row.case == "leaf-gone-removes-all");
    let row = row.unwrap();
    let file = out.join("results.jsonl");
    let (code, shown, _) = run(&["show", file.to_str().unwrap(), &row.case]);
    assert_eq!(code, 0);
    assert!(
        !shown.lines().any(|line| line.trim_end().ends_with(',')),
        "{shown}"
    );
    let (_, told, _) = run(&["certify", "--adapter", TOY, "--case", &row.case]);
    let told: Vec<&str> = told.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(told.len() > 10, "{told:?}");
    for line in told {
        assert!(shown.contains(line.trim()), "{line}");
    }
    let failure = row.failure.as_ref().unwrap();
    for id in &failure.requirements {
        let says = sentence(id).unwrap();
        assert!(shown.contains(&format!("{id} {says}")), "{id}");
    }
    // One octet differs, so one is shown.
    let octets = failure.octets.first().unwrap();
    assert_eq!(
        (octets.field.as_str(), octets.wanted.len()),
        ("message.op_type", 2)
    );
    let malformed = results.rows.iter().filter_map(|row| row.failure.as_ref());
    let mut malformed = malformed.filter(|told| told.code == "malformed-frame");
    let wanted = malformed.next().and_then(|told| told.alternatives.first());
    assert_eq!(wanted.unwrap().wanted, "a frame that can be read");
    // Whoever reads `inconclusive` learns what came between.
    let text = std::fs::read_to_string(out.join("certificate.json")).unwrap();
    let certificate: serde_json::Value = serde_json::from_str(&text).unwrap();
    let all = certificate["requirements"].as_array().unwrap();
    let open = all.iter().filter(|one| one["outcome"] == "inconclusive");
    let (mut claims, mut besides) = (0, 0);
    for one in open {
        let id = one["requirement"].as_str().unwrap().to_owned();
        let about = |verdict| {
            let rows = results.rows.iter().filter(|row| row.verdict == verdict);
            rows.filter(|row| row.requirements.contains(&id)).count()
        };
        let (failed, unclaimed) = (about(Verdict::Fail), about(Verdict::Unsupported));
        // A MAY that a failing step names beside a MUST did not fail in something else.
        let beside = one["failed_by"].as_array().map_or(0, Vec::len);
        let why = one["why"].as_str().unwrap();
        for (count, what) in [
            (beside, "failed beside it"),
            (failed - beside, "failed in something else before"),
            (unclaimed, "not asked for want of claims ("),
        ] {
            let plural = if count == 1 { "" } else { "s" };
            let says = why.contains(&format!("{count} case{plural} {what}"));
            assert_eq!(says, count > 0, "{id}: {why}");
        }
        claims += usize::from(unclaimed > 0);
        besides += usize::from(beside > 0);
    }
    assert!(claims > 0 && besides > 0);
    // What is counted as judged again are the cases that were judged.
    let (code, checked, _) = run(&["verify-certificate", out.to_str().unwrap()]);
    assert_eq!(code, 0, "{checked}");
    let judged = results.summary.of - count(Verdict::Unsupported);
    assert!(
        checked.contains(&format!(": {judged} verdicts judged again")),
        "{checked}"
    );
    report(
        &std::fs::read_to_string(out.join("report.html")).unwrap(),
        &results,
    );
}

/// Whatever is linked to is there, and matrix, requirement and case lead to each other.
fn report(page: &str, results: &Results) {
    let names = |before: &str| -> Vec<String> {
        let parts = page.split(before).skip(1);
        parts
            .filter_map(|part| Some(part.split_once('"')?.0.to_owned()))
            .collect()
    };
    let ids = names(" id=\"");
    let links = names("href=\"#");
    for link in &links {
        assert_eq!(ids.iter().filter(|id| *id == link).count(), 1, "{link}");
    }
    for row in &results.rows {
        let Some(failure) = &row.failure else {
            continue;
        };
        assert!(ids.contains(&format!("c-{}", row.case)), "{}", row.case);
        for id in &failure.requirements {
            for link in [format!("r-{id}"), format!("m-{id}")] {
                assert!(links.contains(&link), "{link}");
            }
        }
    }
    // The sentence is in the text, not in a title that only a mouse shows.
    assert!(!page.contains("title=\""));
    let says = sentence("R2334-2.1-05").unwrap();
    assert!(page.contains(&format!(
        "<li><a href=\"#r-R2334-2.1-05\">R2334-2.1-05</a> {says}"
    )));
}

/// What the schema of answers demands of `hello` is what the page and the doctor demand.
#[test]
fn the_answer_to_hello_is_whole() {
    let path = format!(
        "{}/schemas/adapter-response.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let whole = serde_json::json!({
        "id": 1, "status": "ok", "out": [], "next": null, "claims": ["server"], "probes": [],
        "implementation": {"name": "a", "version": "1", "language": "C"},
    });
    assert!(schema.is_valid(&whole));
    let other = serde_json::json!({"id": 1, "status": "ok", "out": [], "next": null});
    assert!(schema.is_valid(&other), "an answer to anything else");
    for key in ["claims", "probes", "implementation"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(key);
        assert!(!schema.is_valid(&part), "{key}");
        let answer = part.to_string().replacen(":1,", ":%s,", 1);
        // An adapter that answers `hello` with this and nothing else.
        let script = folder(&format!("stranger-hello-{key}.sh"));
        let text = format!("read -r line; id=${{line#*:}}; printf '{answer}\\n' \"${{id%%,*}}\"");
        std::fs::write(&script, text).unwrap();
        let adapter = format!("bash {}", script.display());
        let (code, told, _) = run(&["doctor", "--adapter", &adapter, "--deadline", "2"]);
        assert_eq!(code, 5, "{told}");
        assert!(told.contains(&format!("`{key}`")), "{key}: {told}");
    }
}
