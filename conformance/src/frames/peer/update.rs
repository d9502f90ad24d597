//! What a peer does with records: asking, answering, acknowledging, repeating (RFC 2334, 2.2.3 and 2.3).

use serde_json::{Value, json};

use super::super::{FrameError, csu_request, summary};
use super::{AlignmentState, Peer, Timer, identity, items, kind, number, sequence, text, with};

/// N bit of a null record (RFC 2334, B.2.0.2).
const NULL: u64 = 0x8000;

impl Peer {
    /// Gives the neighbour a record in the JSON form of [`super::super::read`]; originator, key and
    /// sequence number are the caller's. Before Update it is summarised or waits.
    ///
    /// # Errors
    /// A record that no frame can be made of; it is not kept.
    pub fn advertise(&mut self, now: u64, record: Value) -> Result<(), FrameError> {
        // Refused here rather than when it is sent.
        let group = self.config.server_group_id.into();
        csu_request(
            &group,
            &self.config.id,
            &self.neighbor,
            core::slice::from_ref(&record),
        )?;
        let id = identity(&record);
        // A summary needs these, a caller need not give them.
        let absent = [("cache_key_len", 4), ("orig_id_len", 4), ("flags", 0)];
        let absent = absent
            .into_iter()
            .filter(|(name, _)| record.get(name).is_none());
        let absent: Vec<(&str, Value)> = absent.map(|(name, value)| (name, value.into())).collect();
        let complete = with(&record, &absent);
        self.cache.insert(id.clone(), complete.clone());
        match self.alignment {
            AlignmentState::Down | AlignmentState::Negotiation => Ok(()),
            AlignmentState::Summarize { .. } => {
                self.unacknowledged.insert(id, complete);
                Ok(())
            }
            AlignmentState::Update | AlignmentState::Aligned => {
                self.unacknowledged.insert(id, complete.clone());
                self.timers
                    .entry(Timer::Csu)
                    .or_insert(now + self.config.rexmt_ms.max(1));
                self.send_records(now, &[complete])
            }
        }
    }

    fn is_updating(&self) -> bool {
        matches!(
            self.alignment,
            AlignmentState::Update | AlignmentState::Aligned
        )
    }

    /// Asks for the first of what is wanted; nothing wanted is Aligned.
    pub(super) fn solicit(&mut self, now: u64) -> Result<(), FrameError> {
        let most = self.config.records_per_message.max(1);
        self.asked = self.wanted.keys().take(most).cloned().collect();
        if self.asked.is_empty() {
            self.timers.remove(&Timer::Csus);
            self.alignment = AlignmentState::Aligned;
            return Ok(());
        }
        let records: Vec<Value> = self
            .wanted
            .values()
            .take(most)
            .filter_map(summary)
            .collect();
        self.start(Timer::Csus, now);
        self.send(now, json!({"type_code": kind::CSUS, "records": records}))
    }

    /// Sends again, or for the first time, what is not acknowledged.
    pub(super) fn send_unacknowledged(&mut self, now: u64) -> Result<(), FrameError> {
        let records: Vec<Value> = self.unacknowledged.values().cloned().collect();
        if !records.is_empty() {
            self.start(Timer::Csu, now);
        }
        self.send_records(now, &records)
    }

    fn send_records(&mut self, now: u64, records: &[Value]) -> Result<(), FrameError> {
        for some in records.chunks(self.config.records_per_message.max(1)) {
            self.send(
                now,
                json!({"type_code": kind::CSU_REQUEST, "records": some}),
            )?;
        }
        Ok(())
    }

    /// Records of the neighbour: all are acknowledged, newer ones kept.
    pub(super) fn csu_request(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        if !self.is_updating() {
            return Ok(());
        }
        let waiting = !self.asked.is_empty();
        let mut acknowledgements = Vec::new();
        for record in items(message, "records") {
            let Some(received) = summary(record) else {
                continue;
            };
            let id = identity(&received);
            let known = self.cache.get(&id).and_then(summary);
            let null = number(&received, "flags") & NULL != 0;
            let newer = known
                .as_ref()
                .is_none_or(|known| sequence(known) < sequence(&received));
            if self
                .wanted
                .get(&id)
                .is_some_and(|wanted| null || sequence(wanted) <= sequence(&received))
            {
                self.wanted.remove(&id);
                self.asked.remove(&id);
            }
            if self
                .unacknowledged
                .get(&id)
                .is_some_and(|sent| sequence(sent) == sequence(&received))
            {
                self.unacknowledged.remove(&id);
            }
            match known {
                // A sender that is behind is told so.
                Some(known) if !newer && !null => acknowledgements.push(known),
                _ => {
                    let own = text(&received, "originator_id") == self.config.id;
                    if !null && !own {
                        self.cache.insert(id, record.clone());
                    }
                    acknowledgements.push(received);
                }
            }
        }
        for some in acknowledgements.chunks(self.config.records_per_message.max(1)) {
            self.send(now, json!({"type_code": kind::CSU_REPLY, "records": some}))?;
        }
        if waiting && self.asked.is_empty() {
            return self.solicit(now);
        }
        Ok(())
    }

    /// Acknowledgements of the neighbour.
    pub(super) fn csu_reply(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        if !self.is_updating() {
            return Ok(());
        }
        for record in items(message, "records") {
            let id = identity(record);
            let Some(sent) = self.unacknowledged.get(&id).map(sequence) else {
                continue;
            };
            if sent <= sequence(record) {
                self.unacknowledged.remove(&id);
            }
            // It has a newer one: ask for it. One's own is one's own business.
            if sent < sequence(record) && id.0 != self.config.id {
                self.wanted.insert(id, record.clone());
            }
        }
        if self.unacknowledged.is_empty() {
            self.timers.remove(&Timer::Csu);
        }
        if self.asked.is_empty() && !self.wanted.is_empty() {
            return self.solicit(now);
        }
        Ok(())
    }

    /// Questions of the neighbour.
    pub(super) fn csus(&mut self, now: u64, message: &Value) -> Result<(), FrameError> {
        if !self.is_updating() {
            return Ok(());
        }
        let mut records = Vec::new();
        for asked in items(message, "records") {
            let id = identity(asked);
            match self.cache.get(&id) {
                // An answer goes no further than to the one who asked.
                Some(record) => {
                    let answer = if record.get("hex").is_some() {
                        record.clone()
                    } else {
                        with(record, &[("hop_count", 1.into())])
                    };
                    self.unacknowledged.insert(id, answer.clone());
                    self.start(Timer::Csu, now);
                    records.push(answer);
                }
                // Nothing there any more: a null record.
                None => records
                    .extend(summary(asked).map(|null| with(&null, &[("flags", NULL.into())]))),
            }
        }
        self.send_records(now, &records)
    }
}
