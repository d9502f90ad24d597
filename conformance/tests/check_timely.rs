//! `check --engine timely` as users start it: two processes over loopback, and what happens when one is missing or dies.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A file with free addresses on loopback, removed at the end.
struct Hosts {
    file: PathBuf,
    addresses: Vec<String>,
}

impl Hosts {
    fn new(name: &str) -> Self {
        let listeners: Vec<_> = (0..2)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let addresses: Vec<_> = listeners
            .iter()
            .map(|listener| listener.local_addr().unwrap().to_string())
            .collect();
        let file = std::env::temp_dir().join(format!("mars-{name}-{}.hosts", std::process::id()));
        std::fs::write(&file, addresses.join("\n")).unwrap();
        Self { file, addresses }
    }

    fn start(&self, process: usize, words: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_mars-conformance"))
            .args(["check", "--engine", "timely", "--format", "json", "--hosts"])
            .arg(&self.file)
            .args(["--process", &process.to_string()])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Exit code, stdout and stderr of a process that ends by itself within a minute.
fn end(mut child: Child) -> (Option<i32>, String, String) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("still running after a minute");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (mut out, mut err) = (String::new(), String::new());
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut err).unwrap();
    }
    (child.wait().unwrap().code(), out, err)
}

/// Waits until a process has said that all are there, and hands on what it says afterwards.
fn all_there(child: &mut Child) -> std::thread::JoinHandle<String> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let found = lines.any(|line| line.unwrap().contains("all 2 processes are there"));
    assert!(found, "it ended before the other was there");
    std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"))
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn two_processes_report_what_the_kernel_reports() {
    let kernel = Command::new(env!("CARGO_BIN_EXE_mars-conformance"))
        .args(["check", "ring_with_a_cut", "--format", "json", "--quiet"])
        .output()
        .unwrap();
    let kernel: Value = serde_json::from_slice(&kernel.stdout).unwrap();
    let hosts = Hosts::new("pair");
    // The second comes first; nobody minds.
    let second = hosts.start(1, &["ring_with_a_cut", "--workers", "2"]);
    let first = hosts.start(0, &["ring_with_a_cut", "--workers", "2"]);
    let (code, out, err) = end(first);
    assert_eq!(code, Some(0), "{out}{err}");
    let row: Value = serde_json::from_str(&out).unwrap();
    for field in [
        "unique",
        "states",
        "depth",
        "levels",
        "actions",
        "properties",
        "exhausted",
        "problems",
    ] {
        assert_eq!(row[field], kernel[field], "{field}");
    }
    assert_eq!(
        (&row["processes"], &row["workers"], &row["engine"]),
        (&2.into(), &2.into(), &"timely".into())
    );
    assert!(row["traffic"]["socket_octets_per_state"].as_f64().unwrap() > 1.0);
    let (code, out, err) = end(second);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
}

#[test]
fn two_processes_show_the_same_violation() {
    let hosts = Hosts::new("literal");
    let words = ["ring_with_a_cut", "--rules", "literal"];
    let second = hosts.start(1, &words);
    let (code, out, _) = end(hosts.start(0, &words));
    assert_eq!((code, end(second).0), (Some(1), Some(1)));
    let row: Value = serde_json::from_str(&out).unwrap();
    let kernel = Command::new(env!("CARGO_BIN_EXE_mars-conformance"))
        .args([
            "check",
            "ring_with_a_cut",
            "--rules",
            "literal",
            "--format",
            "json",
            "--quiet",
        ])
        .output()
        .unwrap();
    let kernel: Value = serde_json::from_slice(&kernel.stdout).unwrap();
    let sorted = |row: &Value| {
        let mut problems: Vec<String> = row["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        problems.sort();
        problems
    };
    // "fails after N steps", for every property that fails.
    assert!(!sorted(&row).is_empty());
    assert_eq!(sorted(&row), sorted(&kernel));
}

#[test]
fn who_loses_its_partner_ends_with_an_error() {
    let hosts = Hosts::new("killed");
    let mut second = hosts.start(1, &["ring_of_three"]);
    let mut first = hosts.start(0, &["ring_of_three"]);
    let said = all_there(&mut first);
    signal(&second, "-KILL");
    second.wait().unwrap();
    let (code, out, _) = end(first);
    let said = said.join().unwrap();
    assert_eq!((code, out.as_str()), (Some(2), ""), "{said}");
    let named = format!("process 1 ({}) is gone", hosts.addresses[1]);
    assert!(said.contains(&named), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn an_interrupt_of_one_ends_both_with_what_is_known() {
    let hosts = Hosts::new("stopped");
    let mut second = hosts.start(1, &["ring_of_three"]);
    let mut first = hosts.start(0, &["ring_of_three"]);
    let said = (all_there(&mut first), all_there(&mut second));
    signal(&second, "-INT");
    let (code, out, _) = end(first);
    let said = (said.0.join().unwrap(), said.1.join().unwrap());
    assert_eq!(code, Some(2), "{said:?}");
    let row: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(row["exhausted"], false);
    assert_eq!(row["stopped_by"], "interrupted");
    assert_eq!(end(second).0, Some(130), "{said:?}");
}

#[test]
fn who_waits_in_vain_says_for_whom() {
    let hosts = Hosts::new("vain");
    let (code, _, err) = end(hosts.start(0, &["ring_with_a_cut", "--patience", "1"]));
    assert_eq!(code, Some(2));
    let named = format!(
        "process 1 ({}) did not come up within 1 s",
        hosts.addresses[1]
    );
    assert!(err.contains(&named), "{err}");
    let usage = hosts.start(7, &["ring_with_a_cut"]);
    let (code, _, err) = end(usage);
    assert_eq!(code, Some(64), "{err}");
}
