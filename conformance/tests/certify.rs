//! Certification from the outside: the binary on adapters that behave and on adapters that do not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_mars-conformance");

/// A case of the smoke profile that begins with a registration.
const FIRST: &str = "block-of-one-is-none-of-another";

/// How a command ended: exit code, stdout, stderr.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn summary(&self) -> Value {
        self.lines().last().unwrap()["summary"].clone()
    }

    fn row(&self, case: &str) -> Value {
        let rows = self.lines();
        let row = rows.iter().find(|row| row["case"] == case);
        row.unwrap_or_else(|| panic!("no row of {case}")).clone()
    }

    /// The first case that an adapter broke in.
    fn first_error(&self) -> Value {
        let rows = self.lines();
        let broke = |row: &&Value| {
            let case = row["case"].as_str().unwrap_or_default();
            row["verdict"] == "error" && !case.starts_with("sanity")
        };
        rows.iter().find(broke).unwrap().clone()
    }
}

fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(BINARY)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn own() -> String {
    format!("{BINARY} adapter")
}

fn control(name: &str) -> String {
    format!("{BINARY} adapter --control {name}")
}

/// Certifies an adapter on the smoke profile, rows to stdout.
fn smoke(adapter: &str, more: &[&str]) -> Ran {
    let mut arguments = vec![
        "certify",
        "--adapter",
        adapter,
        "--profile",
        "smoke",
        "--format",
        "json",
    ];
    arguments.extend(more);
    run(&arguments)
}

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn schema(name: &str) -> jsonschema::Validator {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{value}: {errors:?}");
}

#[test]
fn builtin_and_adapter_pass_every_case_with_equal_rows_for_any_number_of_jobs() {
    let builtin = run(&["certify", "--builtin", "--format", "json", "--jobs", "1"]);
    assert_eq!(builtin.code, 0, "{}", builtin.err);
    let summary = builtin.summary();
    assert_eq!(summary["pass"], summary["of"]);
    assert!(summary["of"].as_u64().unwrap() >= 190, "{summary}");
    for jobs in ["1", "2", "5"] {
        let adapter = own();
        let arguments = [
            "certify",
            "--adapter",
            &adapter,
            "--format",
            "json",
            "--jobs",
            jobs,
        ];
        let ran = run(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out == builtin.out, "{jobs} jobs");
    }
    assert_eq!(builtin.row("sanity-first")["verdict"], "pass");
    assert_eq!(builtin.row("sanity-last")["verdict"], "pass");
}

/// Each negative control gets its stated verdict, exit code and failure code.
#[test]
fn negative_controls_get_their_stated_verdicts() {
    // Control, exit code, the verdict of a registration, its failure code, what the diagnosis says.
    let stated = [
        ("echo", 1, "fail", "missing-output", ""),
        ("noise", 1, "fail", "extra-output", ""),
        ("silent", 1, "fail", "missing-output", ""),
        ("late", 1, "fail", "late-output", ""),
        ("reserved-bit", 1, "fail", "noncanonical:hdrrsv", ""),
        ("claims-all", 1, "drift", "unsupported", ""),
        (
            "crashes",
            5,
            "error",
            "crash",
            "Only `bye` and the end of stdin",
        ),
        (
            "twice",
            5,
            "missing",
            "",
            "Write exactly one line for each request",
        ),
        ("string-id", 5, "missing", "", "Echo `id` as the integer"),
        ("megabyte", 5, "missing", "", "at most 1 MiB"),
        (
            "babbles",
            5,
            "missing",
            "",
            "Keep logs, banners and prompts off stdout",
        ),
        ("never-answers", 5, "missing", "", "flush stdout"),
        (
            "chatters",
            5,
            "error",
            "protocol-violation:1",
            "Keep logs, banners and prompts off stdout",
        ),
        (
            "sleeps-at-advance",
            5,
            "missing",
            "",
            "no answer to `advance`",
        ),
        (
            "next-is-past",
            5,
            "missing",
            "",
            "`next` lies at or before the time of the request",
        ),
        ("version", 65, "missing", "", "version 1 of mars-sut"),
    ];
    for (name, code, verdict, failure, says) in stated {
        let ran = smoke(&control(name), &["--deadline", "5"]);
        assert_eq!(ran.code, code, "{name}: {}", ran.err);
        // Who crashes once too often is not asked any more: only the first cases are played.
        let row = if ["crashes", "chatters"].contains(&name) {
            ran.first_error()
        } else {
            ran.row(FIRST)
        };
        assert_eq!(row["verdict"], verdict, "{name}: {row}");
        if !failure.is_empty() {
            assert_eq!(row["failure"]["code"], failure, "{name}");
        }
        assert!(ran.err.contains(says), "{name}: {}", ran.err);
        assert_eq!(ran.summary()["exit"], code, "{name}");
        assert_ne!(ran.summary()["pass"], ran.summary()["of"], "{name}");
    }
}

#[test]
fn a_broken_adapter_is_started_again_at_most_20_times_in_the_order_of_the_suite() {
    let one = smoke(&control("crashes"), &["--jobs", "1"]);
    let verdicts: Vec<String> = one
        .lines()
        .iter()
        .filter_map(|row| Some(row["verdict"].as_str()?.to_owned()))
        .collect();
    let errors = verdicts
        .iter()
        .filter(|verdict| *verdict == "error")
        .count();
    assert_eq!(errors, 21, "{verdicts:?}");
    let last = verdicts
        .iter()
        .rposition(|verdict| verdict == "error")
        .unwrap();
    let after = &verdicts[last + 1..verdicts.len() - 1];
    assert!(
        !after.is_empty() && after.iter().all(|verdict| verdict == "missing"),
        "{after:?}"
    );
    let row = one.first_error();
    assert_eq!(row["failure"]["stderr"][0], "control: ending on purpose");
    assert!(one.err.contains("exit status: 3"), "{}", one.err);
    let three = smoke(&control("crashes"), &["--jobs", "3"]);
    assert!(one.out == three.out);
}

#[test]
fn a_failure_is_explained_and_shrunk_and_its_commands_show_it_alone() {
    let one = smoke(&control("reserved-bit"), &["--jobs", "1"]);
    let two = smoke(&control("reserved-bit"), &["--jobs", "2"]);
    assert!(
        one.out == two.out,
        "the results depend on the number of jobs"
    );
    let row = one.row(FIRST);
    let failure = &row["failure"];
    assert_eq!(failure["octets"][0]["field"], "message.hdrrsv");
    assert_eq!(failure["octets"][0]["wanted"], "00");
    assert_eq!(failure["octets"][0]["got"], "01");
    assert_eq!(failure["octets"][0]["offset"], 8 + 11);
    assert_eq!(failure["alternatives"][0]["wanted"], "\"000000\"");
    assert!(!failure["requirements"].as_array().unwrap().is_empty());
    // What is wrong only after a longer script: the toy knows no blocks.
    let toy = "python3 conformance/adapters/toy.py";
    let case = "block-over-a-single-join";
    let again = |more: &[&str]| {
        let mut arguments = vec![
            "certify",
            "--adapter",
            toy,
            "--case",
            case,
            "--format",
            "json",
            "--seed",
            "3",
        ];
        arguments.extend(more);
        run(&arguments)
    };
    let whole = again(&[]);
    let failure = whole.row(case)["failure"].clone();
    let shrunk = &failure["shrunk"];
    let steps: Vec<String> = shrunk["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(steps.len() < usize::try_from(shrunk["of"].as_u64().unwrap()).unwrap());
    let command = shrunk["command"].as_str().unwrap();
    assert!(
        command.contains("--seed 3") && command.contains(&steps.join(",")),
        "{command}"
    );
    let short = again(&["--steps", &steps.join(",")]);
    let shown = short.row(case)["failure"].clone();
    assert_eq!(shown["code"], failure["code"]);
    // Steps are counted as in the whole case, and the command is the one that was given.
    assert_eq!(shown["step"], failure["step"]);
    let again = shown["command"].as_str().unwrap();
    assert!(
        again.ends_with(&format!("--steps {}", steps.join(","))),
        "{again}"
    );
    assert_eq!(shown["stimulus"], failure["stimulus"]);
    assert_eq!(shown["requirements"], failure["requirements"]);
    assert!(failure["frames"].as_array().unwrap().len() <= 5);
}

#[test]
fn what_is_not_claimed_is_unsupported_and_what_is_claimed_in_vain_is_drift() {
    let toy = "python3 conformance/adapters/toy.py";
    let ran = run(&["certify", "--adapter", toy, "--format", "json"]);
    assert_eq!(ran.code, 1);
    let row = ran.row("grouplist-in-parts");
    assert_eq!(row["verdict"], "unsupported");
    assert_eq!(row["why"], "not claimed: mars.grouplist");
    assert_eq!(ran.row("register-two")["verdict"], "pass");
    let summary = ran.summary();
    assert_eq!(summary["drift"], 0);
    // The same toy that does not know `leaf_gone`.
    let script = "while read -r line; do case \"$line\" in *leaf_gone*) id=${line#*:}; \
                  echo \"{\\\"id\\\":${id%%,*},\\\"status\\\":\\\"unsupported\\\"}\";; *) echo \"$line\" >&3; \
                  read -r answer <&4; echo \"$answer\";; esac; done";
    let wrapper = folder("drift.sh");
    let text = format!(
        "d=$(mktemp -d); mkfifo $d/a $d/b; {toy} <$d/a >$d/b & exec 3>$d/a 4<$d/b; rm -r $d; {script}"
    );
    std::fs::write(&wrapper, text).unwrap();
    let adapter = format!("bash {}", wrapper.display());
    let case = "leaf-gone-removes-all";
    let ran = run(&[
        "certify",
        "--adapter",
        &adapter,
        "--case",
        case,
        "--format",
        "json",
    ]);
    assert_eq!(ran.row(case)["verdict"], "drift", "{}", ran.out);
    assert_eq!(ran.code, 1);
}

/// Files of two folders are equal.
fn assert_equal_folders(a: &Path, b: &Path) {
    for name in [
        "results.jsonl",
        "junit.xml",
        "report.html",
        "badge.svg",
        "badge.json",
        "certificate.json",
    ] {
        assert!(
            std::fs::read(a.join(name)).unwrap() == std::fs::read(b.join(name)).unwrap(),
            "{name}"
        );
    }
    assert_eq!(
        std::fs::read_dir(a).unwrap().count(),
        6,
        "nothing temporary is left"
    );
}

#[test]
fn a_certificate_follows_from_its_results_and_tampering_is_found() {
    let (results_schema, certificate_schema) = (schema("results"), schema("certificate"));
    let toy = "python3 conformance/adapters/toy.py";
    let (first, second) = (folder("toy-1"), folder("toy-2"));
    let certify = |out: &Path, jobs: &str| {
        let out = out.to_str().unwrap();
        run(&[
            "certify",
            "--adapter",
            toy,
            "--quiet",
            "--jobs",
            jobs,
            "--out",
            out,
        ])
        .code
    };
    assert_eq!((certify(&first, "1"), certify(&second, "3")), (1, 1));
    assert_equal_folders(&first, &second);
    let text = std::fs::read_to_string(first.join("results.jsonl")).unwrap();
    for line in text.lines() {
        assert_valid(&results_schema, &serde_json::from_str(line).unwrap());
    }
    let certificate = std::fs::read_to_string(first.join("certificate.json")).unwrap();
    let certificate: Value = serde_json::from_str(&certificate).unwrap();
    assert_valid(&certificate_schema, &certificate);
    assert_eq!(certificate["result"], "fail");
    assert!(certificate["cases"]["unsupported"]["n"].as_u64().unwrap() > 0);
    // The schemas can refuse.
    let mut wrong = certificate.clone();
    wrong["requirements"][0]["outcome"] = "fine".into();
    assert!(!certificate_schema.is_valid(&wrong));
    assert!(!results_schema.is_valid(&serde_json::json!({"case": "a", "verdict": "pass"})));

    let verify = |folder: &Path| run(&["verify-certificate", folder.to_str().unwrap()]);
    let checked = verify(&first);
    assert_eq!(checked.code, 0, "{}", checked.out);
    // A fail that became a pass, with totals that fit, is found by judging it again.
    let write = |text: &str| std::fs::write(second.join("results.jsonl"), text).unwrap();
    let flipped = text.replacen("\"verdict\":\"fail\"", "\"verdict\":\"pass\"", 1);
    write(&flipped);
    let checked = verify(&second);
    assert_eq!(checked.code, 1);
    assert!(
        checked
            .out
            .contains("its answers come to fail, the row says pass"),
        "{}",
        checked.out
    );
    // A case that is left out, an answer that was changed, a total, and an end that is missing.
    let mut lines: Vec<&str> = text.lines().collect();
    lines.remove(3);
    write(&format!("{}\n", lines.join("\n")));
    assert!(
        verify(&second)
            .out
            .contains("the rows are not those of the profile")
    );
    write(&text.replacen("\"send\":{\"vc\":\"c1\"", "\"send\":{\"vc\":\"c2\"", 1));
    assert_eq!(verify(&second).code, 1);
    write(&text.replacen("\"fail\":", "\"fail\":1", 1));
    assert!(verify(&second).out.contains("the totals are"));
    let lines: Vec<&str> = text.lines().collect();
    write(&format!("{}\n", lines[..lines.len() - 1].join("\n")));
    assert_eq!(verify(&second).code, 64);
    write(&text);
    assert_eq!(verify(&second).code, 0);
    let badge = std::fs::read_to_string(second.join("badge.json")).unwrap();
    std::fs::write(
        second.join("badge.json"),
        badge.replace("red", "brightgreen"),
    )
    .unwrap();
    assert!(
        verify(&second)
            .out
            .contains("badge.json is not what follows")
    );
}

#[test]
fn builtins_certificate_is_valid_and_what_is_not_covered_is_said() {
    let out = folder("builtin");
    let ran = run(&[
        "certify",
        "--builtin",
        "--quiet",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let text = std::fs::read_to_string(out.join("certificate.json")).unwrap();
    let certificate: Value = serde_json::from_str(&text).unwrap();
    assert_valid(&schema("certificate"), &certificate);
    for line in std::fs::read_to_string(out.join("results.jsonl"))
        .unwrap()
        .lines()
    {
        assert_valid(&schema("results"), &serde_json::from_str(line).unwrap());
    }
    assert_eq!(certificate["result"], "pass");
    let requirements = certificate["requirements"].as_array().unwrap();
    let outcomes = |word: &str| {
        requirements
            .iter()
            .filter(|one| one["outcome"] == word)
            .count()
    };
    assert!(
        outcomes("pass") > 100 && outcomes("fail") == 0,
        "{}",
        outcomes("pass")
    );
    for gap in ["traces of clients and MCSs", "traces of several servers"] {
        let gaps = certificate["not_covered"].as_array().unwrap();
        assert!(gaps.iter().any(|one| one["what"] == gap), "{gap}");
    }
    assert!(!certificate["choices"].as_array().unwrap().is_empty());
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for fetched in ["src=", "<link", "@import", "url(http", "<script"] {
        assert!(
            !page.contains(fetched),
            "the page is not self-contained: {fetched}"
        );
    }
    assert!(page.contains("prefers-color-scheme:dark"));
}

#[test]
fn the_doctor_says_what_to_mend() {
    let examine = |adapter: &str| run(&["doctor", "--adapter", adapter, "--deadline", "5"]);
    for well in [own(), "python3 conformance/adapters/toy.py".to_owned()] {
        let ran = examine(&well);
        // The toy dies of a line that is no JSON: the doctor tells.
        if well.contains("toy") && ran.code == 5 {
            assert!(ran.out.contains("a line that is no request"), "{}", ran.out);
            continue;
        }
        assert_eq!(ran.code, 0, "{well}: {}", ran.out);
    }
    for (name, code, says) in [
        ("never-answers", 5, "flush stdout"),
        ("babbles", 5, "Keep logs, banners and prompts off stdout"),
        ("twice", 5, "Write exactly one line for each request"),
        (
            "crashes",
            5,
            "Only `bye` and the end of stdin may end the adapter",
        ),
        ("string-id", 5, "Echo `id` as the integer"),
        ("megabyte", 5, "at most 1 MiB"),
        ("version", 65, "version 1 of mars-sut"),
        ("ignores-bye", 5, "exit with status 0"),
        ("time-goes-back", 5, "time-went-back"),
        ("claims-all", 5, "This is a valid request"),
        ("chatters", 5, "not a JSON object: got a frame"),
        ("chatters", 5, "stderr is free"),
        ("sleeps-at-advance", 5, "no answer to `advance`"),
        ("sleeps-at-advance", 5, "\"to\":1000"),
        (
            "next-is-past",
            5,
            "Mend this first: time passes. breaks rule 6",
        ),
    ] {
        let ran = examine(&control(name));
        assert_eq!(ran.code, code, "{name}: {}", ran.out);
        assert!(ran.out.contains(says), "{name}: {}", ran.out);
        assert!(ran.out.contains("Mend this first"), "{name}");
    }
    let ran = examine("/no/such/adapter");
    assert_eq!(ran.code, 5);
    assert!(ran.out.contains("Check the path"), "{}", ran.out);
}

/// A peer that serves this project's adapter over TCP, `at_once` connections at a time.
fn tcp_peer(at_once: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let most = Arc::new(AtomicUsize::new(0));
    let (serving, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            while serving.load(Ordering::SeqCst) >= at_once {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let now = serving.fetch_add(1, Ordering::SeqCst) + 1;
            seen.fetch_max(now, Ordering::SeqCst);
            let serving = Arc::clone(&serving);
            std::thread::spawn(move || {
                let mut child = Command::new(BINARY)
                    .arg("adapter")
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let (mut ask, answers) =
                    (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                let (mut answers, mut peer) =
                    (BufReader::new(answers), stream.try_clone().unwrap());
                let mut line = Vec::new();
                let mut lines = BufReader::new(stream);
                while lines
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|count| count > 0)
                {
                    ask.write_all(&line).unwrap();
                    line.clear();
                    answers.read_until(b'\n', &mut line).unwrap();
                    if peer.write_all(&line).is_err() {
                        break;
                    }
                    line.clear();
                }
                drop(ask);
                child.wait().unwrap();
                serving.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (address, most)
}

#[test]
fn a_peer_is_reached_over_tcp_with_one_connection_a_job_or_one_for_all() {
    for (at_once, jobs, used) in [(8, "3", 3), (1, "3", 1)] {
        let (address, most) = tcp_peer(at_once);
        let arguments = [
            "certify",
            "--connect",
            &address,
            "--profile",
            "smoke",
            "--format",
            "json",
            "--jobs",
            jobs,
        ];
        let ran = run(&arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(ran.summary()["pass"], 50);
        assert_eq!(most.load(Ordering::SeqCst), used);
        let told = ran.err.contains("all cases went over that one");
        assert_eq!(told, used == 1, "{}", ran.err);
    }
    let ran = run(&["certify", "--connect", "127.0.0.1:1", "--profile", "smoke"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(
        ran.err.contains("Start the adapter before the suite"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("executed"), "{}", ran.err);
}

#[test]
fn interrupting_gives_what_is_known_and_130() {
    // An adapter that takes its time.
    let (wrapper, count) = (folder("slow.sh"), folder("slow.count"));
    let _ = std::fs::remove_file(&count);
    let text = format!(
        "{BINARY} adapter | while read -r line; do sleep 0.02; echo \"$line\"; echo >>{}; done",
        count.display()
    );
    std::fs::write(&wrapper, text).unwrap();
    let adapter = format!("bash {}", wrapper.display());
    let child = Command::new(BINARY)
        .args([
            "certify",
            "--adapter",
            &adapter,
            "--format",
            "json",
            "--jobs",
            "1",
        ])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Enough for the first cases, by far not for all.
    let asked = || std::fs::read_to_string(&count).unwrap_or_default().len();
    for _ in 0..3000 {
        if asked() >= 100 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let out = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let summary = &last["summary"];
    assert_eq!(summary["interrupted"], true);
    assert_eq!(summary["exit"], 130);
    let (pass, missing) = (
        summary["pass"].as_u64().unwrap(),
        summary["missing"].as_u64().unwrap(),
    );
    assert!(pass > 0 && missing > 0, "{summary}");
    assert_eq!(pass + missing, summary["of"].as_u64().unwrap());
}

/// Compiles the example in C, once.
fn toy_in_c() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("toy-in-c");
    let source = root().join("conformance/adapters/toy.c");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-o"])
        .args([&program, &source])
        .status();
    match compiled {
        Ok(status) => {
            assert!(status.success());
            Some(program)
        }
        // Some machines have no C compiler; `.ci/run certify` has one.
        Err(_) => None,
    }
}

#[test]
fn the_example_adapters_are_short_and_get_an_honest_certificate() {
    let lines = |name: &str| {
        let text = std::fs::read_to_string(root().join("conformance/adapters").join(name)).unwrap();
        text.lines().count()
    };
    assert!(lines("toy.py") <= 120 && lines("toy.c") <= 250);
    let python = run(&[
        "certify",
        "--adapter",
        "python3 conformance/adapters/toy.py",
        "--format",
        "json",
    ]);
    let counts = |ran: &Ran| {
        let summary = ran.summary();
        ["pass", "fail", "unsupported", "error"].map(|word| summary[word].as_u64().unwrap())
    };
    let [pass, fail, unsupported, error] = counts(&python);
    assert!(
        pass >= 25 && fail > 0 && unsupported > 0 && error == 0,
        "{}",
        python.summary()
    );
    let Some(program) = toy_in_c() else {
        return;
    };
    let adapter = program.to_str().unwrap().to_owned();
    let ran = run(&["certify", "--adapter", &adapter, "--format", "json"]);
    let [pass, fail, unsupported, error] = counts(&ran);
    assert!(
        pass >= 2 && fail > 0 && unsupported > 0 && error == 0,
        "{}",
        ran.summary()
    );
    assert_eq!(ran.row("register-two")["verdict"], "pass");
}
