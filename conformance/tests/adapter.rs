//! The adapter as a process and the same server in this process give the same answers, octet for
//! octet, however often they are asked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::VecDeque;

use mars_conformance::sut::child::{Child, Launch};
use mars_conformance::sut::in_process::InProcess;
use mars_conformance::sut::{Answer, OutAction, Sut};
use serde_json::{Value, json};

/// LLC/SNAP of MARS control messages (RFC 2022, 4.2).
const MARS: &str = "aaaa0300005e0003";
/// A client registers; computed by hand in design/layouts-and-constants.md, G8.
const REGISTER: &str = "000f08000000000000000000e4c0000000041400040000012000000000000000\
    47000580ffe1000000f21a2b3c0020480c0001000a000063";
/// It joins 224.1.2.3; G9.
const JOIN: &str = "000f08000000000000000000c0b2000000041400040400018000000000000000\
    47000580ffe1000000f21a2b3c0020480c0001000a000063e0010203e0010203";

fn atm(last: &str) -> Value {
    json!({"number": format!("47000580ffe1000000f21a2b3c002048{last}000100"), "form": "nsapa"})
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// Server 0 or 1 of a pair.
fn config(own: usize) -> Value {
    let ids = ["0a000001", "0a000002"];
    let addresses = [atm("0a"), atm("0b")];
    json!({
        "server_id": ids[own], "atm": addresses[own], "cmi_range": [1 + 100 * own, 100 + 100 * own],
        "neighbors": [{"id": ids[1 - own], "atm": addresses[1 - own]}],
    })
}

/// Two servers on one VC; everything they answered.
struct Pair<'a> {
    servers: [&'a mut dyn Sut; 2],
    next: [Option<u64>; 2],
    log: Vec<(usize, Answer)>,
}

impl Pair<'_> {
    /// Takes an answer, and delivers frames between the servers until none is left.
    fn take(&mut self, at: u64, from: usize, answer: Answer) {
        let mut answers = VecDeque::from([(from, answer)]);
        while let Some((from, answer)) = answers.pop_front() {
            self.next[from] = answer.next;
            for out in &answer.out {
                if let OutAction::Send { vc, hex } = &out.action
                    && vc == "link"
                {
                    let to = 1 - from;
                    let answer = self.servers[to].deliver(at, "link", &octets(hex)).unwrap();
                    answers.push_back((to, answer));
                }
            }
            self.log.push((from, answer));
        }
    }

    /// Lets time pass, never past the earliest timer of both.
    fn advance(&mut self, to: u64) {
        loop {
            let at = self
                .next
                .iter()
                .flatten()
                .copied()
                .min()
                .unwrap_or(to)
                .min(to);
            for server in 0..2 {
                let answer = self.servers[server].advance(at).unwrap();
                self.take(at, server, answer);
            }
            if at == to {
                return;
            }
        }
    }
}

/// Two servers come up, a client registers and joins at the first one, time passes. All answers, and
/// what the second server knows in the end.
fn play(servers: [&mut dyn Sut; 2]) -> (Vec<(usize, Answer)>, Value) {
    let mut pair = Pair {
        servers,
        next: [None, None],
        log: Vec::new(),
    };
    for server in 0..2 {
        let answer = pair.servers[server]
            .reset("pair", 7, &config(server))
            .unwrap();
        pair.take(0, server, answer);
    }
    let up = [atm("0b"), atm("0a")];
    let up = [0, 1].map(|server| pair.servers[server].vc_up(1, "link", &up[server]).unwrap());
    for (server, answer) in up.into_iter().enumerate() {
        pair.take(1, server, answer);
    }
    pair.advance(10_000);
    let answer = pair.servers[0].vc_up(10_000, "client", &atm("0c")).unwrap();
    pair.take(10_000, 0, answer);
    for message in [REGISTER, JOIN] {
        let frame = octets(&format!("{MARS}{message}"));
        let answer = pair.servers[0].deliver(10_000, "client", &frame).unwrap();
        pair.take(10_000, 0, answer);
    }
    pair.advance(130_000);
    let known = pair.servers[1].probe(130_000, "membership").unwrap();
    (pair.log, known)
}

fn in_process() -> (Vec<(usize, Answer)>, Value) {
    play([&mut InProcess::new(), &mut InProcess::new()])
}

#[test]
fn a_process_and_this_process_answer_alike() {
    let command = [env!("CARGO_BIN_EXE_mars-conformance"), "adapter"]
        .map(str::to_owned)
        .to_vec();
    let [mut a, mut b] = [0, 1].map(|_| Child::start(Launch::new(command.clone())).unwrap());
    let (log, known) = play([&mut a, &mut b]);
    assert_eq!(known[0]["origin"], "0a000001");
    assert_eq!(known[0]["endpoint"], atm("0c"));
    assert_eq!(
        (&known[0]["min"], &known[0]["max"]),
        (&json!("e0010203"), &json!("e0010203"))
    );
    assert_eq!((log.clone(), known.clone()), in_process());
    // Once more in the same processes: a reset leaves nothing behind.
    assert_eq!((log, known), play([&mut a, &mut b]));
}

#[test]
fn the_second_server_learns_of_a_client_in_virtual_time() {
    let (log, known) = in_process();
    assert_eq!(known.as_array().map(Vec::len), Some(1));
    let leaves = log.iter().flat_map(|(_, answer)| &answer.out);
    let added = leaves.filter(|out| matches!(out.action, OutAction::Leaf { add: true, .. }));
    assert_eq!(
        added.count(),
        1,
        "only the client's own server has it as a leaf"
    );
}
