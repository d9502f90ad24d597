//! Two peers speak to each other.

use serde_json::{Value, json};

use super::super::{read, write};
use super::{AlignmentState, HelloState, Peer, PeerConfig};

/// What a simulated link does with the frame of that number: true is lost.
type Losses = fn(usize) -> bool;

fn peer(id: &str, records_per_message: usize) -> Peer {
    Peer::new(PeerConfig {
        id: id.to_owned(),
        server_group_id: 1,
        hello_interval_s: 3,
        dead_factor: 3,
        rexmt_ms: 2000,
        records_per_message,
        first_ca: 100,
    })
}

fn record(origin: &str, key: u32, sequence: i64) -> Value {
    json!({
        "csa_sequence_number": sequence,
        "cache_key": format!("{key:08x}"),
        "originator_id": origin,
        "mars": {
            "state": 3, "flags": 0x2000, "cluster_member_id": key,
            "source_atm_address": "47000580ffe1000000f21a2b3c0020480c000100",
        },
    })
}

const LOW: &str = "0a000001";
const HIGH: &str = "0a000002";

/// Two peers and a link; the frames that were delivered.
struct Pair {
    peers: [Peer; 2],
    lost: Losses,
    sent: usize,
    delivered: Vec<Value>,
}

impl Pair {
    fn new(most: usize, lost: Losses) -> Self {
        Self {
            peers: [peer(LOW, most), peer(HIGH, most)],
            lost,
            sent: 0,
            delivered: Vec::new(),
        }
    }

    fn up(&mut self) {
        for peer in &mut self.peers {
            peer.vc_up(0).unwrap();
        }
    }

    /// Runs to that time, frames crossing at once.
    fn run(&mut self, until: u64) {
        loop {
            let mut idle = true;
            for from in [0, 1] {
                while let Some((at, frame)) = self.peers[from].poll_send() {
                    idle = false;
                    self.sent += 1;
                    if !(self.lost)(self.sent) {
                        self.delivered.push(read(&frame).unwrap());
                        self.peers[1 - from].deliver(at, &frame).unwrap();
                    }
                }
            }
            if idle {
                let next = self.peers.iter().filter_map(Peer::next_deadline).min();
                match next.filter(|at| *at <= until) {
                    None => return,
                    Some(at) => self
                        .peers
                        .iter_mut()
                        .for_each(|peer| peer.fire(at).unwrap()),
                }
            }
        }
    }

    fn summaries(&self) -> [Vec<Value>; 2] {
        let of = |peer: &Peer| {
            peer.records()
                .map(|one| super::super::summary(one).unwrap())
                .collect()
        };
        [of(&self.peers[0]), of(&self.peers[1])]
    }

    fn count(&self, kind: u64) -> usize {
        self.delivered
            .iter()
            .filter(|frame| frame["message"]["type_code"] == kind)
            .count()
    }
}

fn aligned(pair: &Pair) -> bool {
    pair.peers
        .iter()
        .all(|peer| peer.alignment() == AlignmentState::Aligned && peer.is_acknowledged())
}

#[test]
fn master_and_slave_exchange_all_they_have() {
    for most in [1, 2, 100] {
        for (low, high) in [(0, 0), (1, 0), (0, 1), (3, 5), (5, 2)] {
            let mut pair = Pair::new(most, |_| false);
            for key in 0..low {
                pair.peers[0].advertise(0, record(LOW, key, 7)).unwrap();
            }
            for key in 0..high {
                pair.peers[1].advertise(0, record(HIGH, key, 7)).unwrap();
            }
            pair.up();
            // All at the second Hello: nothing waits for a repeat.
            pair.run(3_000);
            assert!(aligned(&pair), "{most} {low} {high}");
            let [a, b] = pair.summaries();
            assert_eq!(a, b);
            assert_eq!(a.len(), usize::try_from(low + high).unwrap());
        }
    }
}

#[test]
fn a_record_fed_later_is_acknowledged_once() {
    let mut pair = Pair::new(10, |_| false);
    pair.up();
    pair.run(10_000);
    assert!(aligned(&pair));
    let requests = pair.count(super::kind::CSU_REQUEST);
    pair.peers[1].advertise(10_000, record(HIGH, 1, 7)).unwrap();
    assert!(!pair.peers[1].is_acknowledged());
    pair.run(20_000);
    assert!(aligned(&pair));
    assert_eq!(pair.count(super::kind::CSU_REQUEST), requests + 1);
    assert_eq!(pair.peers[0].records().count(), 1);
    // A newer instance replaces it, an older one does not.
    pair.peers[1].advertise(20_000, record(HIGH, 1, 9)).unwrap();
    pair.run(25_000);
    assert_eq!(
        pair.peers[0].records().next().unwrap()["csa_sequence_number"],
        9
    );
    pair.peers[1].advertise(25_000, record(HIGH, 1, 8)).unwrap();
    pair.run(30_000);
    assert_eq!(
        pair.peers[0].records().next().unwrap()["csa_sequence_number"],
        9
    );
}

#[test]
fn losses_are_repaired_by_repeating() {
    let losses: [Losses; 4] = [
        |n| n % 2 == 0 && n < 40,
        |n| n % 3 == 0,
        |n| n % 5 < 2,
        |n| (5..20).contains(&n),
    ];
    for (pattern, lost) in losses.into_iter().enumerate() {
        let mut pair = Pair::new(1, lost);
        for key in 0..3 {
            pair.peers[0].advertise(0, record(LOW, key, 7)).unwrap();
            pair.peers[1].advertise(0, record(HIGH, key, 7)).unwrap();
        }
        pair.up();
        pair.run(300_000);
        let [a, b] = pair.summaries();
        assert_eq!((a.len(), &a), (6, &b), "pattern {pattern}");
        assert!(aligned(&pair), "pattern {pattern}");
    }
}

#[test]
fn without_csu_requests_the_one_that_asks_is_never_aligned() {
    let mut pair = Pair::new(10, |_| false);
    pair.peers[1].advertise(0, record(HIGH, 1, 7)).unwrap();
    pair.up();
    let mut frames = 0;
    for time in (0..60_000).step_by(500) {
        for from in [0, 1] {
            pair.peers[from].fire(time).unwrap();
            while let Some((at, frame)) = pair.peers[from].poll_send() {
                frames += 1;
                if read(&frame).unwrap()["message"]["type_code"] != super::kind::CSU_REQUEST {
                    pair.peers[1 - from].deliver(at, &frame).unwrap();
                }
            }
        }
    }
    assert_eq!(pair.peers[0].alignment(), AlignmentState::Update);
    assert_eq!(pair.peers[0].records().count(), 0);
    assert!(frames > 60, "it goes on asking");
}

#[test]
fn what_it_does_not_know_is_null() {
    let mut pair = Pair::new(10, |_| false);
    pair.up();
    pair.run(10_000);
    let asked = json!({"protocol": "scsp", "message": {
        "type_code": super::kind::CSUS, "server_group_id": 1, "sender_id": HIGH, "receiver_id": LOW,
        "records": [{"csa_sequence_number": 4, "cache_key": "00000005", "originator_id": HIGH}],
    }});
    pair.peers[0]
        .deliver(10_000, &write(&asked).unwrap())
        .unwrap();
    let (_, answer) = pair.peers[0].poll_send().unwrap();
    let answer = read(&answer).unwrap();
    assert_eq!(answer["message"]["type_code"], super::kind::CSU_REQUEST);
    assert_eq!(answer["message"]["records"][0]["flags"], 0x8000);
    assert_eq!(answer["message"]["records"][0].get("mars"), None);
}

#[test]
fn a_restarted_neighbour_is_aligned_with_again() {
    let mut pair = Pair::new(2, |_| false);
    for key in 0..3 {
        pair.peers[0].advertise(0, record(LOW, key, 7)).unwrap();
    }
    pair.up();
    pair.run(10_000);
    pair.peers[1] = peer(HIGH, 2);
    pair.peers[1].vc_up(10_000).unwrap();
    pair.run(30_000);
    assert!(aligned(&pair));
    assert_eq!(pair.peers[1].records().count(), 3);
    // Without the VC nothing is said, and nothing is lost.
    pair.peers[0].vc_down();
    assert_eq!(
        (pair.peers[0].hello(), pair.peers[0].next_deadline()),
        (HelloState::Down, None)
    );
    assert_eq!(pair.peers[0].records().count(), 3);
}

#[test]
fn frames_for_others_change_nothing() {
    let mut pair = Pair::new(10, |_| false);
    pair.up();
    pair.run(10_000);
    let before = format!("{:?}", pair.peers[0]);
    let right = json!({
        "type_code": super::kind::CSU_REQUEST, "server_group_id": 1, "sender_id": HIGH, "receiver_id": LOW,
        "records": [record(HIGH, 1, 7)],
    });
    for (field, value) in [
        ("receiver_id", json!("0a000009")),
        ("sender_id", json!("0a000009")),
        ("server_group_id", json!(2)),
    ] {
        let wrong = super::with(&right, &[(field, value)]);
        let frame = write(&json!({"protocol": "scsp", "message": wrong})).unwrap();
        pair.peers[0].deliver(10_000, &frame).unwrap();
        assert_eq!(format!("{:?}", pair.peers[0]), before, "{field}");
    }
    let mut frame = write(&json!({"protocol": "scsp", "message": right})).unwrap();
    pair.peers[0].clone().deliver(10_000, &frame).unwrap();
    *frame.last_mut().unwrap() ^= 1;
    assert!(pair.peers[0].deliver(10_000, &frame).is_err());
    assert_eq!(format!("{:?}", pair.peers[0]), before);
    assert!(
        pair.peers[0]
            .advertise(10_000, json!({"cache_key": 7}))
            .is_err()
    );
}
