//! The background SCSP of a simulated neighbour (RFC 2334, section 2).
//!
//! A [`Peer`] says Hello, aligns as master or slave, asks for everything that is summarised to it,
//! acknowledges all it gets and repeats what is not acknowledged, so that a trace need only name what it
//! wants judged. It has one VC, to the server under test, and feeds it the records that
//! [`Peer::advertise`] is given. It is no conforming server: it keeps whatever record it gets, does not
//! authenticate, and never gives its neighbour up (the harness cuts the VC instead).

mod alignment;
#[cfg(test)]
mod tests;
mod update;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::{FrameError, read, write};

/// Type codes (RFC 2334, B.1).
mod kind {
    pub(super) const CA: u64 = 1;
    pub(super) const CSU_REQUEST: u64 = 2;
    pub(super) const CSU_REPLY: u64 = 3;
    pub(super) const CSUS: u64 = 4;
    pub(super) const HELLO: u64 = 5;
}

/// Who a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerConfig {
    /// Its server id, 8 hex digits.
    pub id: String,
    /// Server group id.
    pub server_group_id: u16,
    /// Seconds between its Hellos, at least 1.
    pub hello_interval_s: u16,
    /// How many of them may be missed.
    pub dead_factor: u16,
    /// Milliseconds before a CA, CSUS or CSU Request is repeated, at least 1.
    pub rexmt_ms: u64,
    /// At most so many records in a message, at least 1.
    pub records_per_message: usize,
    /// CA sequence number of its first CA.
    pub first_ca: u32,
}

/// State of the Hello machine (RFC 2334, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloState {
    /// No VC.
    Down,
    /// Nothing heard.
    Waiting,
    /// Heard, and not heard by it.
    Unidirectional,
    /// Both hear each other.
    Bidirectional,
}

/// State of the alignment machine (RFC 2334, 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlignmentState {
    /// Not Bidirectional.
    Down,
    /// Finding out who is master.
    Negotiation,
    /// Exchanging summaries.
    Summarize {
        /// The larger id.
        master: bool,
    },
    /// Asking for what the neighbour has more.
    Update,
    /// The caches are one.
    Aligned,
}

/// What repeats or is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Hello,
    Ca,
    Csus,
    Csu,
}

/// Originator id and cache key, hex.
type Identity = (String, String);

/// A simulated neighbour. Times are virtual milliseconds.
#[derive(Clone, Debug)]
pub struct Peer {
    config: PeerConfig,
    hello: HelloState,
    alignment: AlignmentState,
    /// Id of the neighbour, once heard.
    neighbor: String,
    timers: BTreeMap<Timer, u64>,
    /// Whole frames to be sent.
    outbox: VecDeque<(u64, Vec<u8>)>,
    /// Every record known, its own and those learned.
    cache: BTreeMap<Identity, Value>,
    /// CA sequence number in use.
    ca_number: u32,
    /// Message of the last CA sent: repeated as it is.
    last_ca: Option<Value>,
    /// Summaries that the neighbour has not been given yet.
    to_summarize: VecDeque<Value>,
    /// Summaries of what the neighbour has and this peer has not.
    wanted: BTreeMap<Identity, Value>,
    /// Those of them that the last CSUS asked for and that have not come.
    asked: BTreeSet<Identity>,
    /// Records sent, or to be sent in Update, and not acknowledged.
    unacknowledged: BTreeMap<Identity, Value>,
}

impl Peer {
    /// A peer without a VC.
    #[must_use]
    pub fn new(config: PeerConfig) -> Self {
        let ca_number = config.first_ca.wrapping_sub(1);
        Self {
            config,
            hello: HelloState::Down,
            alignment: AlignmentState::Down,
            neighbor: String::new(),
            timers: BTreeMap::new(),
            outbox: VecDeque::new(),
            cache: BTreeMap::new(),
            ca_number,
            last_ca: None,
            to_summarize: VecDeque::new(),
            wanted: BTreeMap::new(),
            asked: BTreeSet::new(),
            unacknowledged: BTreeMap::new(),
        }
    }

    /// State of its Hello machine.
    #[must_use]
    pub const fn hello(&self) -> HelloState {
        self.hello
    }

    /// State of its alignment machine.
    #[must_use]
    pub const fn alignment(&self) -> AlignmentState {
        self.alignment
    }

    /// Every record it knows, in order of originator and key.
    pub fn records(&self) -> impl Iterator<Item = &Value> {
        self.cache.values()
    }

    /// Whether the neighbour has acknowledged everything.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        self.unacknowledged.is_empty()
    }

    /// The VC is up: Hello at once, and from then on at every interval.
    ///
    /// # Errors
    /// A configuration that no frame can be made of.
    pub fn vc_up(&mut self, now: u64) -> Result<(), FrameError> {
        if self.hello == HelloState::Down {
            self.hello = HelloState::Waiting;
            self.say_hello(now)?;
        }
        Ok(())
    }

    /// The VC is gone. What is cached stays.
    pub fn vc_down(&mut self) {
        self.hello = HelloState::Down;
        self.neighbor.clear();
        self.outbox.clear();
        self.timers.clear();
        self.forget_alignment();
    }

    /// The next time at which [`Self::fire`] does something.
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        self.timers.values().min().copied()
    }

    /// Does all that is due at or before `now`, each at its own time.
    ///
    /// # Errors
    /// A record that no frame can be made of.
    pub fn fire(&mut self, now: u64) -> Result<(), FrameError> {
        loop {
            let due = self.timers.iter().min_by_key(|(_, at)| **at);
            let Some((timer, at)) = due
                .map(|(timer, at)| (*timer, *at))
                .filter(|(_, at)| *at <= now)
            else {
                return Ok(());
            };
            self.timers.remove(&timer);
            match timer {
                Timer::Hello => self.say_hello(at)?,
                Timer::Ca => self.repeat_ca(at)?,
                Timer::Csus => self.solicit(at)?,
                Timer::Csu => self.send_unacknowledged(at)?,
            }
        }
    }

    /// The next frame to be sent, with its time.
    pub fn poll_send(&mut self) -> Option<(u64, Vec<u8>)> {
        self.outbox.pop_front()
    }

    /// A frame of the neighbour arrives. Anything but SCSP of this group is ignored.
    ///
    /// # Errors
    /// What the harness's reader finds wrong with it.
    pub fn deliver(&mut self, now: u64, frame: &[u8]) -> Result<(), FrameError> {
        let value = read(frame)?;
        let message = value.get("message").unwrap_or(&Value::Null);
        let ours = text(&value, "protocol") == "scsp"
            && number(message, "protocol_id") == 3
            && number(message, "server_group_id") == u64::from(self.config.server_group_id);
        if !ours || self.hello == HelloState::Down {
            return Ok(());
        }
        if number(message, "type_code") == kind::HELLO {
            return self.hear_hello(now, message);
        }
        let receiver = text(message, "receiver_id");
        let to_all = receiver == "ffffffff" && number(message, "type_code") == kind::CSU_REQUEST;
        let for_us = receiver == self.config.id || to_all;
        if self.hello != HelloState::Bidirectional
            || !for_us
            || text(message, "sender_id") != self.neighbor
        {
            return Ok(());
        }
        match number(message, "type_code") {
            kind::CA => self.ca(now, message),
            kind::CSU_REQUEST => self.csu_request(now, message),
            kind::CSU_REPLY => self.csu_reply(now, message),
            kind::CSUS => self.csus(now, message),
            _ => Ok(()),
        }
    }

    fn say_hello(&mut self, now: u64) -> Result<(), FrameError> {
        let interval = self.config.hello_interval_s;
        let message = json!({
            "type_code": kind::HELLO,
            "hello_interval": interval,
            "dead_factor": self.config.dead_factor,
            "receiver_id": self.neighbor,
        });
        self.timers
            .insert(Timer::Hello, now + u64::from(interval.max(1)) * 1000);
        self.send(now, message)
    }

    fn hear_hello(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        let sender = text(message, "sender_id");
        if self.neighbor != sender {
            // Another server on this VC: everything begins again (register D12).
            sender.clone_into(&mut self.neighbor);
            self.forget_alignment();
            self.hello = HelloState::Unidirectional;
        }
        let first = core::iter::once(text(message, "receiver_id"));
        let listed = first
            .chain(items(message, "records").map(|one| text(one, "id")))
            .any(|id| id == self.config.id);
        if !listed {
            self.forget_alignment();
            self.hello = HelloState::Unidirectional;
        } else if self.hello != HelloState::Bidirectional {
            self.hello = HelloState::Bidirectional;
            self.negotiate(now)?;
        }
        Ok(())
    }

    /// Sends a message to the neighbour; the fields that are the same in all are filled in.
    fn send(&mut self, now: u64, mut message: Value) -> Result<(), FrameError> {
        if let Some(fields) = message.as_object_mut() {
            let to = self.neighbor.clone();
            fields.insert(
                "server_group_id".to_owned(),
                self.config.server_group_id.into(),
            );
            fields.insert("sender_id".to_owned(), self.config.id.clone().into());
            fields.entry("receiver_id").or_insert_with(|| to.into());
        }
        let frame = write(&json!({"protocol": "scsp", "message": message}))?;
        self.outbox.push_back((now, frame));
        Ok(())
    }

    fn start(&mut self, timer: Timer, now: u64) {
        self.timers.insert(timer, now + self.config.rexmt_ms.max(1));
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn items<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Originator and key of a summary or record.
fn identity(summary: &Value) -> Identity {
    (
        text(summary, "originator_id").to_owned(),
        text(summary, "cache_key").to_owned(),
    )
}

/// CSA sequence number of a summary or record.
fn sequence(summary: &Value) -> i64 {
    summary
        .get("csa_sequence_number")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// A record with fields replaced.
fn with(record: &Value, changes: &[(&str, Value)]) -> Value {
    let mut fields: Map<String, Value> = record.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        fields.insert((*name).to_owned(), value.clone());
    }
    fields.into()
}
