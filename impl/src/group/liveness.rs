//! Which servers are alive: Redirect Entry beats, and the flush of who misses two of them
//! (RFC 2443, 2 and 5.1), for one layer 3 protocol (register H12).

use std::collections::BTreeMap;

use crate::address::{Endpoint, ServerId};
use crate::io::Time;

/// What is known of the other originators of one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Liveness {
    originators: BTreeMap<ServerId, Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Status {
    /// Address in its newest Redirect Entry; `None` before the first.
    atm: Option<Endpoint>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Its records count.
    Live {
        /// Unless it beats before.
        flush_at: Time,
    },
    /// Its records are kept in quarantine (register B02).
    Flushed,
}

/// What a beat did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// It was live, or unheard of.
    Live,
    /// It had been flushed: its records count again.
    Restored,
}

impl Liveness {
    /// Some record of this originator was learned. The first one, whatever it is, starts the timer
    /// (registers B04, B07); no other moves it. True for the first.
    pub(crate) fn seen(&mut self, now: Time, origin: ServerId, hold_ms: u64) -> bool {
        let first = !self.originators.contains_key(&origin);
        self.originators.entry(origin).or_insert(Status {
            atm: None,
            phase: Phase::Live {
                flush_at: after(now, hold_ms),
            },
        });
        first
    }

    /// A newer Redirect Entry was accepted.
    // R2443-5.1-06: its source is from now on in the table of backups.
    pub(crate) fn beat(
        &mut self,
        now: Time,
        origin: ServerId,
        atm: Endpoint,
        hold_ms: u64,
    ) -> Beat {
        let status = Status {
            atm: Some(atm),
            phase: Phase::Live {
                flush_at: after(now, hold_ms),
            },
        };
        match self.originators.insert(origin, status) {
            Some(Status {
                phase: Phase::Flushed,
                ..
            }) => Beat::Restored,
            _ => Beat::Live,
        }
    }

    /// True for an originator whose records count.
    pub(crate) fn is_live(&self, origin: ServerId) -> bool {
        self.live().any(|(live, _)| live == origin)
    }

    /// The live originators, ascending by id (registers A02, A03), with the address of each that has
    /// sent a Redirect Entry.
    // R2443-2-20
    pub(crate) fn live(&self) -> impl Iterator<Item = (ServerId, Option<Endpoint>)> + '_ {
        self.originators
            .iter()
            .filter(|(_, status)| status.phase != Phase::Flushed)
            .map(|(origin, status)| (*origin, status.atm))
    }

    /// The earliest flush to come.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.deadlines().map(|(at, _)| at).min()
    }

    /// Flushes everyone whose time is up, and says who that is, ascending by id.
    // R2443-2-18 R2443-5.1-07
    pub(crate) fn flush_due(&mut self, now: Time) -> Vec<ServerId> {
        let due: Vec<ServerId> = self
            .deadlines()
            .filter(|(at, _)| *at <= now)
            .map(|(_, origin)| origin)
            .collect();
        for origin in &due {
            if let Some(status) = self.originators.get_mut(origin) {
                status.phase = Phase::Flushed;
            }
        }
        due
    }

    /// Forgets an originator that was flushed long ago.
    pub(crate) fn drop_origin(&mut self, origin: ServerId) {
        self.originators.remove(&origin);
    }

    fn deadlines(&self) -> impl Iterator<Item = (Time, ServerId)> + '_ {
        self.originators
            .iter()
            .filter_map(|(origin, status)| match status.phase {
                Phase::Live { flush_at } => Some((flush_at, *origin)),
                Phase::Flushed => None,
            })
    }

    /// The same with the times left instead of points in time.
    pub(crate) fn canonical(&self, now: Time) -> Self {
        let mut relative = self.clone();
        for status in relative.originators.values_mut() {
            if let Phase::Live { flush_at } = &mut status.phase {
                *flush_at = Time(flush_at.0.saturating_sub(now.0));
            }
        }
        relative
    }
}

/// A point in time `ms` after another.
pub(crate) const fn after(now: Time, ms: u64) -> Time {
    Time(now.0.saturating_add(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AtmForm, AtmNumber};

    const A: ServerId = ServerId([0, 0, 0, 1]);
    const B: ServerId = ServerId([0x80, 0, 0, 0]);
    const HOLD: u64 = 150_000;

    fn atm(number: u8) -> Endpoint {
        Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
            subaddress: None,
        }
    }

    // R2443-2-18: exactly at the hold time, not one millisecond before.
    #[test]
    fn flushes_exactly_at_the_hold_time_after_the_last_beat() {
        let mut liveness = Liveness::default();
        liveness.beat(Time(5), A, atm(1), HOLD);
        liveness.beat(Time(60_005), A, atm(1), HOLD);
        assert_eq!(liveness.next_deadline(), Some(Time(210_005)));
        assert_eq!(liveness.flush_due(Time(210_004)), []);
        assert!(liveness.is_live(A));
        assert_eq!(liveness.flush_due(Time(210_005)), [A]);
        assert!(!liveness.is_live(A));
        assert_eq!(liveness.next_deadline(), None);
        assert_eq!(liveness.live().count(), 0);
    }

    // Registers B04, B07: first sight starts the timer, and only beats restart it.
    #[test]
    fn other_records_start_the_timer_once() {
        let mut liveness = Liveness::default();
        assert!(liveness.seen(Time(0), A, HOLD));
        assert!(!liveness.seen(Time(100_000), A, HOLD));
        assert!(liveness.is_live(A));
        assert_eq!(liveness.next_deadline(), Some(Time(HOLD)));
        assert_eq!(liveness.flush_due(Time(HOLD)), [A]);
        assert!(!liveness.seen(Time(HOLD), A, HOLD));
        assert!(!liveness.is_live(A));
    }

    #[test]
    fn a_beat_restores_and_brings_its_address() {
        let mut liveness = Liveness::default();
        assert_eq!(liveness.beat(Time(0), A, atm(1), HOLD), Beat::Live);
        assert_eq!(liveness.flush_due(Time(HOLD)), [A]);
        assert_eq!(liveness.beat(Time(HOLD), A, atm(2), HOLD), Beat::Restored);
        assert_eq!(liveness.beat(Time(HOLD), A, atm(3), HOLD), Beat::Live);
        assert_eq!(liveness.live().collect::<Vec<_>>(), [(A, Some(atm(3)))]);
    }

    // R2443-2-20: as unsigned numbers.
    #[test]
    fn lists_by_ascending_id() {
        let mut liveness = Liveness::default();
        liveness.beat(Time(0), B, atm(2), HOLD);
        liveness.beat(Time(0), A, atm(1), HOLD);
        let ids: Vec<_> = liveness.live().map(|(id, _)| id).collect();
        assert_eq!(ids, [A, B]);
        assert_eq!(liveness.flush_due(Time(HOLD)), [A, B]);
    }

    #[test]
    fn canonical_is_the_same_at_any_time() {
        let at = |time| {
            let mut liveness = Liveness::default();
            liveness.beat(Time(time), A, atm(1), HOLD);
            liveness.canonical(Time(time + 5))
        };
        assert_eq!(at(0), at(777));
    }
}
