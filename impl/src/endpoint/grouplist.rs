//! Asking for the groups that have layer 3 members (RFC 2022, 5.3).

use std::collections::VecDeque;

use super::core::{Core, Timer};
use super::io::{Notice, Problem, Refusal};
use super::membership::TRANSMISSIONS;
use super::parts::{Part, Parts, Progress};
use crate::address::{GroupRange, ProtocolAddress};
use crate::ranges;
use crate::wire::mars::{Body, GroupList, Membership, MembershipFlags, PairList};

/// What is asked for: the first one by a request under way. A reply does not say what it answers, so
/// there is one request at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lists {
    wanted: VecDeque<GroupRange>,
    sent: u8,
    parts: Parts<ProtocolAddress>,
}

impl Core {
    pub(super) fn group_list(&mut self, range: GroupRange) -> Result<(), Refusal> {
        if !ranges::fits(self.config.protocol, ranges::ends(range).0) {
            return Err(Refusal::NoGroup);
        }
        if self.lists.wanted.contains(&range) {
            return Ok(());
        }
        self.lists.wanted.push_back(range);
        if self.registered && self.lists.wanted.len() == 1 {
            self.request_list();
        }
        Ok(())
    }

    // R2022-5.3-01
    fn request_list(&mut self) {
        let Some(range) = self.lists.wanted.front().copied() else {
            return;
        };
        self.lists.sent += 1;
        self.lists.parts = Parts::default();
        let Some(pairs) = PairList::new(core::slice::from_ref(&range)) else {
            return;
        };
        let body = Membership {
            source_protocol: self.config.source,
            flags: MembershipFlags::default(),
            cmi: 0,
            msn: 0,
            pairs,
        };
        let again = (Timer::List, self.config.answer_ms);
        self.send_control(self.current, Body::GrouplistRequest(body), again);
    }

    pub(super) fn list_due(&mut self) {
        if self.lists.sent < TRANSMISSIONS {
            self.request_list();
        } else {
            // R2022-5.4-02
            self.problem(Problem::NoAnswer);
        }
    }

    pub(super) fn pause_list(&mut self) {
        self.timers.cancel(Timer::List);
    }

    pub(super) fn restart_list(&mut self) {
        self.lists.sent = 0;
        self.request_list();
    }

    pub(super) fn list_reply(&mut self, list: &GroupList<'_>) {
        if self.lists.wanted.is_empty() {
            return self.drop("unasked-answer");
        }
        let part = Part {
            last: list.last,
            part: list.part,
            msn: list.msn,
            // R2022-5.3-07
            step: 0,
        };
        match self.lists.parts.take(part, list.groups.iter()) {
            Progress::More => {}
            // R2022-5.3-08
            Progress::Broken => {
                self.drop("broken-answer");
                self.list_due();
            }
            Progress::Whole { items, msn } => {
                self.track(msn, false);
                self.timers.cancel(Timer::List);
                if let Some(range) = self.lists.wanted.pop_front() {
                    self.notice(Notice::GroupList {
                        range,
                        groups: items,
                    });
                }
                self.restart_list();
            }
        }
    }
}
