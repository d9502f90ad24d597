//! Asking the MARS for the members of a group (RFC 2022, 5.1.1).

use std::collections::{BTreeMap, BTreeSet};

use super::core::{Core, Role, Timer};
use super::io::Problem;
use super::membership::TRANSMISSIONS;
use super::parts::{Part, Parts, Progress};
use crate::address::{Endpoint, ProtocolAddress};
use crate::wire::mars::{Answer, Body, Query as Request};

/// Limits of the wait after an answer without other members (RFC 2022, 5.1.1).
const HOLD_MS: [u64; 2] = [5_000, 10_000];

/// A REQUEST without a whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Query {
    sent: u8,
    parts: Parts<Endpoint>,
    /// What the control VC has said of the group since the REQUEST went out: the answer may be older.
    /// True for a member that came.
    pub(super) news: BTreeMap<Endpoint, bool>,
}

impl Core {
    /// Asks for a group, unless that is being done.
    pub(super) fn ask(&mut self, group: ProtocolAddress) {
        let state = self.groups.entry(group).or_default();
        if state.query.is_some() {
            return;
        }
        state.query = Some(Query::default());
        // Without a registration it waits for one.
        if self.registered {
            self.request(group);
        }
    }

    /// Asks again as if for the first time, after a registration.
    pub(super) fn restart_query(&mut self, group: ProtocolAddress) {
        if let Some(query) = self.query_mut(group) {
            query.sent = 0;
        }
        self.request(group);
    }

    pub(super) fn query_mut(&mut self, group: ProtocolAddress) -> Option<&mut Query> {
        self.groups.get_mut(&group)?.query.as_mut()
    }

    // R2022-5.1.2-01 R2022-5.1.2-02 R2022-5.1.2-03
    fn request(&mut self, group: ProtocolAddress) {
        let Some(query) = self.query_mut(group) else {
            return;
        };
        *query = Query {
            sent: query.sent + 1,
            ..Query::default()
        };
        self.meters.requests += 1;
        let body = Request {
            source_protocol: self.config.source,
            target: group,
            padding: [0; 8],
        };
        // R2022-5.1.1-09 R2022-5.1.1-10
        let again = (Timer::Query(group), self.config.answer_ms);
        self.send_control(self.current, Body::Request(body), again);
    }

    /// No whole answer in time.
    // R2022-5.1.1-12
    pub(super) fn query_due(&mut self, group: ProtocolAddress) {
        self.ask_again(group);
    }

    /// Repeats a REQUEST, as often as a JOIN would be: RFC 2022, 5.4 has failed requests as a sign of
    /// failure without a number.
    fn ask_again(&mut self, group: ProtocolAddress) {
        match self.query_mut(group) {
            Some(query) if query.sent < TRANSMISSIONS => self.request(group),
            // R2022-5.4-02
            Some(_) => self.problem(Problem::NoAnswer),
            None => {}
        }
    }

    /// Stops all REQUESTs until the next registration.
    pub(super) fn pause_queries(&mut self) {
        for (group, state) in &mut self.groups {
            self.timers.cancel(Timer::Query(*group));
            if let Some(query) = &mut state.query {
                *query = Query::default();
            }
        }
    }

    // R2022-5.1.2-07
    pub(super) fn nak(&mut self, group: ProtocolAddress) {
        if self.query_mut(group).is_none() {
            return self.drop("unasked-answer");
        }
        self.answered(group, BTreeSet::new());
    }

    pub(super) fn multi(&mut self, answer: &Answer<'_>) {
        let group = answer.target;
        let Some(query) = self.query_mut(group) else {
            return self.drop("unasked-answer");
        };
        let part = Part {
            last: answer.last,
            part: answer.part,
            msn: answer.msn,
            // R2022-5.1.1-14
            step: 0,
        };
        match query.parts.take(part, answer.targets.iter()) {
            Progress::More => {}
            // R2022-5.1.1-11 R2022-5.1.1-13
            Progress::Broken => {
                self.drop("broken-answer");
                self.ask_again(group);
            }
            Progress::Whole { items, msn } => {
                // R2022-5.1.4.2-06 R2022-5.1.5.2-02
                self.track(msn, false);
                self.answered(group, items.into_iter().collect());
            }
        }
    }

    /// The whole answer is here: what the control VC has said meanwhile is newer or the same.
    fn answered(&mut self, group: ProtocolAddress, mut members: BTreeSet<Endpoint>) {
        self.timers.cancel(Timer::Query(group));
        let Some(query) = self
            .groups
            .get_mut(&group)
            .and_then(|state| state.query.take())
        else {
            return;
        };
        for (member, came) in query.news {
            if came {
                members.insert(member);
            } else {
                members.remove(&member);
            }
        }
        members.remove(&self.config.address);
        if members.is_empty() {
            // R2022-5.1.1-02
            self.arm_random(Timer::Hold(group), HOLD_MS);
            // R2022-5.1.1-01
            self.forget(group);
            return;
        }
        self.set_leaves(group, &members);
    }

    /// Whether the group is known to have no other member for now.
    // R2022-5.1.1-02
    pub(super) fn held(&self, group: ProtocolAddress) -> bool {
        self.timers.deadline(Timer::Hold(group)).is_some()
    }

    /// The groups that are known to have no other member.
    pub(super) fn held_groups(&self) -> Vec<ProtocolAddress> {
        self.timers
            .iter()
            .filter_map(|(_, timer)| match timer {
                Timer::Hold(group) => Some(group),
                _ => None,
            })
            .collect()
    }

    /// The first member of a group that had none: an MCS need not ask for it, since it follows every
    /// change of the groups that it serves.
    pub(super) fn first_member(&mut self, group: ProtocolAddress, member: Endpoint) {
        if self.role == Role::Server
            && self.held(group)
            && self.serves(group)
            && !self.groups.contains_key(&group)
        {
            self.timers.cancel(Timer::Hold(group));
            self.set_leaves(group, &BTreeSet::from([member]));
        }
    }
}
