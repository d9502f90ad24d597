//! The alignment machine of a peer: negotiation and summaries (RFC 2334, 2.2.1 and 2.2.2).

use serde_json::{Value, json};

use super::super::{FrameError, summary};
use super::{AlignmentState, Peer, Timer, identity, items, kind, number, sequence, text};

/// Flags of a CA (RFC 2334, B.2.1).
const MASTER: u64 = 0x8000;
const INITIAL: u64 = 0x4000;
const MORE: u64 = 0x2000;

impl Peer {
    /// Nothing of an alignment is left.
    pub(super) fn forget_alignment(&mut self) {
        self.alignment = AlignmentState::Down;
        self.last_ca = None;
        self.to_summarize.clear();
        self.wanted.clear();
        self.asked.clear();
        self.unacknowledged.clear();
        for timer in [Timer::Ca, Timer::Csus, Timer::Csu] {
            self.timers.remove(&timer);
        }
    }

    /// To negotiation, with a number that was not used before.
    pub(super) fn negotiate(&mut self, now: u64) -> Result<(), FrameError> {
        self.forget_alignment();
        self.alignment = AlignmentState::Negotiation;
        self.ca_number = self.ca_number.wrapping_add(1);
        self.send_ca(now, MASTER | INITIAL | MORE, true)
    }

    /// A CA of the neighbour.
    pub(super) fn ca(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        match self.alignment {
            AlignmentState::Down => Ok(()),
            AlignmentState::Negotiation => self.negotiated(now, message),
            AlignmentState::Summarize { master: true } => self.master(now, message),
            AlignmentState::Summarize { master: false } => self.slave(now, message),
            AlignmentState::Update | AlignmentState::Aligned => {
                let was_slave = self.config.id < self.neighbor;
                if was_slave && number(message, "flags") & INITIAL == 0 && self.is_current(message)
                {
                    return self.resend_ca(now);
                }
                // The neighbour began again (register C18).
                self.negotiate(now)?;
                self.negotiated(now, message)
            }
        }
    }

    fn negotiated(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        let flags = number(message, "flags");
        let empty = items(message, "records").next().is_none();
        if flags & (MASTER | INITIAL | MORE) == MASTER | INITIAL | MORE
            && empty
            && self.neighbor > self.config.id
        {
            self.alignment = AlignmentState::Summarize { master: false };
            self.timers.remove(&Timer::Ca);
            self.ca_number = ca_number(message);
            self.summarize_all();
            return self.send_ca(now, 0, false);
        }
        // The answer to the number that was sent, and to no older one (register C20).
        if flags & (MASTER | INITIAL) == 0
            && self.neighbor < self.config.id
            && self.is_current(message)
        {
            self.alignment = AlignmentState::Summarize { master: true };
            self.note_summaries(message);
            self.summarize_all();
            self.ca_number = self.ca_number.wrapping_add(1);
            return self.send_ca(now, MASTER, true);
        }
        Ok(())
    }

    fn master(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        let flags = number(message, "flags");
        if flags & (MASTER | INITIAL) != 0 {
            return self.begin_again(now, message);
        }
        if ca_number(message) == self.ca_number.wrapping_sub(1) {
            return Ok(());
        }
        if !self.is_current(message) {
            return self.negotiate(now);
        }
        self.note_summaries(message);
        self.ca_number = self.ca_number.wrapping_add(1);
        if self.to_summarize.is_empty() && flags & MORE == 0 {
            return self.enter_update(now);
        }
        self.send_ca(now, MASTER, true)
    }

    fn slave(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        let flags = number(message, "flags");
        if flags & INITIAL != 0 && self.is_current(message) {
            // The master did not get the answer yet (register H01).
            return self.resend_ca(now);
        }
        if flags & INITIAL != 0 || flags & MASTER == 0 {
            return self.begin_again(now, message);
        }
        if self.is_current(message) {
            return self.resend_ca(now);
        }
        if ca_number(message) != self.ca_number.wrapping_add(1) {
            return self.negotiate(now);
        }
        self.note_summaries(message);
        self.ca_number = ca_number(message);
        self.send_ca(now, 0, false)?;
        let told_all = self
            .last_ca
            .as_ref()
            .is_some_and(|last| number(last, "flags") & MORE == 0);
        if told_all && flags & MORE == 0 {
            return self.enter_update(now);
        }
        Ok(())
    }

    /// Back to negotiation, where the message that did it may already be the first step.
    fn begin_again(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        self.negotiate(now)?;
        self.negotiated(now, message)
    }

    /// Sends the next CA, with as many summaries as fit, unless it is the first; `repeat` it until it is
    /// answered.
    fn send_ca(&mut self, now: u64, flags: u64, repeat: bool) -> Result<(), FrameError> {
        let count = self
            .config
            .records_per_message
            .max(1)
            .min(self.to_summarize.len());
        let records: Vec<Value> = self.to_summarize.drain(..count).collect();
        let more = if self.to_summarize.is_empty() {
            0
        } else {
            MORE
        };
        let message = json!({
            "type_code": kind::CA,
            "ca_sequence_number": self.ca_number,
            "flags": flags | more,
            "records": records,
        });
        self.last_ca = Some(message.clone());
        if repeat {
            self.start(Timer::Ca, now);
        }
        self.send(now, message)
    }

    /// The CA timer of a master, or of one who does not know yet.
    pub(super) fn repeat_ca(&mut self, now: u64) -> Result<(), FrameError> {
        self.start(Timer::Ca, now);
        self.resend_ca(now)
    }

    fn resend_ca(&mut self, now: u64) -> Result<(), FrameError> {
        match self.last_ca.clone() {
            Some(last) => self.send(now, last),
            None => Ok(()),
        }
    }

    fn is_current(&self, message: &Value) -> bool {
        ca_number(message) == self.ca_number
    }

    fn summarize_all(&mut self) {
        self.to_summarize = self.cache.values().filter_map(summary).collect();
    }

    /// Puts on the request list what the neighbour has newer (RFC 2334, 2.2.2.1 and 2.4).
    pub(super) fn note_summaries(&mut self, message: &Value) {
        for record in items(message, "records") {
            let id = identity(record);
            let own = text(record, "originator_id") == self.config.id;
            let known = self.cache.get(&id).and_then(summary);
            if !own && known.is_none_or(|known| sequence(&known) < sequence(record)) {
                self.wanted.insert(id, record.clone());
            }
        }
    }

    fn enter_update(&mut self, now: u64) -> Result<(), FrameError> {
        self.timers.remove(&Timer::Ca);
        self.alignment = AlignmentState::Update;
        self.send_unacknowledged(now)?;
        self.solicit(now)
    }
}

fn ca_number(message: &Value) -> u32 {
    u32::try_from(number(message, "ca_sequence_number")).unwrap_or_default()
}
