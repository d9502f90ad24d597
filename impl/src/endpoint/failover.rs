//! Which MARS to use: signs of failure, the list of backups, redirect maps (RFC 2022, 5.4).

use super::core::{Core, Timer};
use super::io::{Notice, Problem, VcKind};
use super::parts::{Part, Parts, Progress};
use super::registration::{Attempt, Phase, RECOVERY_MS, Stage};
use crate::address::Endpoint;
use crate::wire::mars::RedirectMap;

/// How long the parts of one map may take (RFC 2022, 5.4.3 by way of 5.1.1).
const MAP_PARTS_MS: u64 = 10_000;

/// What redirect maps have told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Maps {
    /// The servers of the last map, in its order.
    learned: Vec<Endpoint>,
    parts: Parts<Endpoint>,
}

impl Maps {
    /// Throws the parts of an unfinished map away.
    pub(super) fn discard(&mut self) {
        self.parts = Parts::default();
    }
}

impl Core {
    /// The MARSs in order of preference: those of the last map, then the configured ones.
    // R2022-5.4-01 R2022-5.4.3-01
    pub(super) fn list(&self) -> Vec<Endpoint> {
        let mut list: Vec<Endpoint> = Vec::new();
        for mars in self.maps.learned.iter().chain(&self.config.mars) {
            if !list.contains(mars) {
                list.push(*mars);
            }
        }
        list
    }

    /// The MARS after this one, from the top again after the last; `None` when there is no other.
    // R2022-5.4.2-03
    pub(super) fn after(&self, mars: Endpoint) -> Option<Endpoint> {
        let list = self.list();
        let at = list.iter().position(|other| *other == mars);
        let next = at.map_or(0, |at| at + 1);
        list.iter()
            .cycle()
            .skip(next)
            .take(list.len())
            .find(|other| **other != mars)
            .copied()
    }

    /// The current MARS seems to have failed.
    pub(super) fn problem(&mut self, why: Problem) {
        if self.phase != Phase::On || !self.registered {
            return;
        }
        let mars = self.current;
        // R2022-5.4.1-07
        self.notice(Notice::MarsProblem { mars, why });
        self.registered = false;
        self.timers.cancel(Timer::MissedMap);
        self.pause_membership();
        self.pause_queries();
        self.pause_list();
        self.hang_up(mars);
        // Trees stay: R2022-5.4.1-05.
        match &mut self.attempt {
            // A redirect is under way: it becomes the recovery.
            Some(attempt) => {
                attempt.soft = false;
                attempt.recover = true;
            }
            // R2022-5.4.1-01
            None => self.try_later(mars, Stage::Again, RECOVERY_MS),
        }
    }

    /// Takes a part of a redirect map that came on a VC of this kind from the current MARS.
    pub(super) fn redirect_map(&mut self, kind: VcKind, source: Endpoint, map: &RedirectMap<'_>) {
        // R2022-5.4.3-11 R2022-5.4.3-03, register F11
        if kind != VcKind::Leaf || source != self.current || !self.registered {
            return self.drop("untrusted-map");
        }
        if self.maps.parts.is_new() {
            self.arm(Timer::MapParts, MAP_PARTS_MS);
        }
        let part = Part {
            last: map.last,
            part: map.part,
            msn: map.msn,
            step: 1,
        };
        match self.maps.parts.take(part, map.servers.iter()) {
            Progress::More => {}
            // R2022-5.4.3-04
            Progress::Broken => {
                self.timers.cancel(Timer::MapParts);
                self.drop("broken-map");
            }
            // R2022-5.4.3-12
            Progress::Whole { mut items, .. } => {
                self.timers.cancel(Timer::MapParts);
                self.arm(Timer::MissedMap, self.config.missed_map_ms);
                items.retain(|mars| *mars != self.config.address);
                self.install(items, map.hard);
            }
        }
    }

    fn install(&mut self, servers: Vec<Endpoint>, hard: bool) {
        let Some(first) = servers.first().copied() else {
            return self.drop("empty-map");
        };
        self.maps.learned = servers;
        if self.phase != Phase::On {
            return;
        }
        let under_way = self.attempt.as_ref().map(|attempt| attempt.mars);
        // R2022-5.4.3-07, register F11: number and subaddress.
        if first == self.current {
            // A redirect that is still waited for is taken back.
            if self
                .attempt
                .as_ref()
                .is_some_and(|attempt| attempt.sent == 0)
            {
                self.attempt = None;
                self.timers.cancel(Timer::Wait);
            }
            return;
        }
        if under_way == Some(first) {
            return;
        }
        if let Some(old) = under_way
            && old != self.current
        {
            self.hang_up(old);
        }
        self.timers.cancel(Timer::Register);
        self.timers.cancel(Timer::Wait);
        self.notice(Notice::Redirected { mars: first, hard });
        if hard {
            // R2022-5.4.3-08
            self.try_later(first, Stage::Again, RECOVERY_MS);
        } else {
            // R2022-5.4.3-09 R2022-5.4.3-10
            let mut attempt = Attempt::new(first, Stage::Again);
            attempt.soft = true;
            attempt.recover = false;
            self.attempt = Some(attempt);
            self.begin_attempt();
        }
    }
}
