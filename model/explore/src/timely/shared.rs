//! What the threads of one process share: why to stop, who is gone, how far everybody is.

use super::error::Error;
use crate::StoppedBy;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// How far one process is.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) unique: AtomicU64,
    pub(super) states: AtomicU64,
    pub(super) expanded: AtomicU64,
    pub(super) octets: AtomicU64,
}

/// What a process knows of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Peer {
    Working,
    /// It said that it has its result.
    Finished,
    Lost,
}

pub(super) struct Shared {
    reason: AtomicU8,
    failed: AtomicBool,
    failure: Mutex<Option<Failure>>,
    torn_down: AtomicBool,
    peers: Vec<AtomicU8>,
    hosts: Vec<String>,
    /// One for each process, this one among them.
    pub(super) tallies: Vec<Tally>,
    pub(super) depth: AtomicU64,
    pub(super) frontier: AtomicU64,
    /// Octets that left through sockets.
    pub(super) sent: AtomicU64,
}

/// Errors are handed out several times, so they are made when asked for.
enum Failure {
    Lost { process: usize, why: String },
    Codec { octets: String },
    Panicked,
}

const REASONS: [StoppedBy; 6] = [
    StoppedBy::Exhausted,
    StoppedBy::Decided,
    StoppedBy::Interrupted,
    StoppedBy::StateLimit,
    StoppedBy::TimeLimit,
    StoppedBy::MemoryLimit,
];

impl Shared {
    pub(super) fn new(processes: usize, hosts: &[String]) -> Self {
        Self {
            reason: AtomicU8::new(0),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
            torn_down: AtomicBool::new(false),
            peers: (0..processes).map(|_| AtomicU8::new(0)).collect(),
            hosts: hosts.to_vec(),
            tallies: (0..processes).map(|_| Tally::default()).collect(),
            depth: AtomicU64::new(0),
            frontier: AtomicU64::new(0),
            sent: AtomicU64::new(0),
        }
    }

    /// Asks everybody to stop; the first reason counts.
    pub(super) fn ask_to_stop(&self, reason: u8) {
        let _ = self
            .reason
            .compare_exchange(0, reason, Ordering::Relaxed, Ordering::Relaxed);
    }
    /// The reason to stop as a number, 0: none.
    pub(super) fn reason(&self) -> u8 {
        self.reason.load(Ordering::Relaxed)
    }
    /// The number of a reason.
    pub(super) fn number(reason: StoppedBy) -> u8 {
        let numbered = (0u8..).zip(REASONS);
        numbered
            .filter(|(_, known)| *known == reason)
            .map(|(number, _)| number)
            .next()
            .unwrap_or(0)
    }
    /// The reason of a number.
    pub(super) fn named(number: u8) -> StoppedBy {
        REASONS
            .get(usize::from(number))
            .copied()
            .unwrap_or(StoppedBy::Interrupted)
    }

    fn fail(&self, failure: Failure) {
        if let Ok(mut place) = self.failure.lock() {
            place.get_or_insert(failure);
        }
        self.failed.store(true, Ordering::Release);
    }
    /// Another process went away without a word.
    pub(super) fn lose(&self, process: usize, why: String) {
        if let Some(peer) = self.peers.get(process) {
            let lost = peer.compare_exchange(0, 2, Ordering::AcqRel, Ordering::Acquire);
            if lost.is_ok() {
                self.fail(Failure::Lost { process, why });
            }
        }
    }
    /// A state was not what it should be.
    pub(super) fn miscoded(&self, octets: &[u8]) {
        let octets = octets
            .iter()
            .take(512)
            .map(|octet| format!("{octet:02x}"))
            .collect();
        self.fail(Failure::Codec { octets });
    }
    /// A thread of this process panicked; the panic itself is passed on elsewhere.
    pub(super) fn panicked(&self) {
        self.fail(Failure::Panicked);
    }
    /// Why there will be no result, if so.
    pub(super) fn failure(&self) -> Option<Error> {
        if !self.failed.load(Ordering::Acquire) {
            return None;
        }
        let failure = self.failure.lock().ok()?;
        Some(match failure.as_ref()? {
            Failure::Lost { process, why } => Error::Lost {
                process: *process,
                address: self.hosts.get(*process).cloned().unwrap_or_default(),
                why: why.clone(),
            },
            Failure::Codec { octets } => Error::Codec {
                octets: octets.clone(),
            },
            Failure::Panicked => Error::Interrupted,
        })
    }

    /// Another process has its result, and will close its connections.
    pub(super) fn finish(&self, process: usize) {
        if let Some(peer) = self.peers.get(process) {
            let _ = peer.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
        }
    }
    pub(super) fn peer(&self, process: usize) -> Peer {
        match self
            .peers
            .get(process)
            .map_or(2, |peer| peer.load(Ordering::Acquire))
        {
            0 => Peer::Working,
            1 => Peer::Finished,
            _ => Peer::Lost,
        }
    }

    /// From now on network threads that wait for a lost process may end.
    pub(super) fn tear_down(&self) {
        self.torn_down.store(true, Ordering::Release);
    }
    pub(super) fn is_torn_down(&self) -> bool {
        self.torn_down.load(Ordering::Acquire)
    }

    /// A sum over all processes.
    pub(super) fn sum(&self, part: impl Fn(&Tally) -> &AtomicU64) -> u64 {
        let parts = self.tallies.iter().map(part);
        parts.map(|part| part.load(Ordering::Relaxed)).sum()
    }
}
