//! What the audit knows of memberships, from what clients said and was confirmed, and from records that were
//! acknowledged: who must be a member for sure, and who may be one under some reading.

use std::collections::{BTreeMap, BTreeSet};

use super::ranges::Groups;
use super::view::{Atm, Body, Mars, Record};

/// A client or an MCS of the server itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Party {
    pub(super) cmi: u64,
    pub(super) ranges: Vec<Range>,
    /// Whether what is known is all for sure.
    pub(super) sure: bool,
}

/// A range that was joined, or is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: String,
    pub(super) max: String,
    pub(super) sure: bool,
}

/// The newest instance of a record.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) number: i64,
    pub(super) hops: u64,
    pub(super) body: Option<Body>,
    /// On which VCs this number came.
    pub(super) from: BTreeSet<String>,
    /// Whether it may have been asked for.
    pub(super) asked: bool,
    /// Some reading has it gone.
    shaken: bool,
    /// Every reading has it gone.
    dead: bool,
}

/// The last Redirect Entry of a server for a protocol.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    pub(super) at: u64,
    /// It was silent longer than the hold time before it.
    pub(super) returned: bool,
}

/// Two sets: who is a member under every reading, and who under some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    pub(super) must: BTreeSet<Atm>,
    pub(super) may: BTreeSet<Atm>,
}

/// All of it. Keys begin with the protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) clients: BTreeMap<(String, Atm), Party>,
    pub(super) servers: BTreeMap<(String, Atm), Party>,
    pub(super) records: BTreeMap<(String, String), Known>,
    /// Of each originator and ATM address the keys under which a registration ever stood.
    registrations: BTreeMap<(String, Atm), BTreeSet<String>>,
    pub(super) beats: BTreeMap<(String, String), Beat>,
    /// What came and whether it took effect cannot be known: upper bounds are not judged any more.
    pub(super) fuzzy: bool,
    /// Messages of this exchange that await their copy.
    pub(super) pending: Vec<(String, Mars, bool)>,
    /// Records that came in this exchange, and those that they replaced or ended: one may be told of, or come back with its
    /// server, before another of the same message ends it.
    pub(super) passing: Vec<Body>,
}

impl Book {
    /// A record came and was taken.
    pub(super) fn learn(&mut self, vc: &str, record: &Record, asked: bool, at: u64, hold: u64) {
        let key = (record.origin.clone(), record.key.clone());
        if record.null || record.number == i64::from(i32::MIN) {
            return;
        }
        if let Some(known) = self.records.get_mut(&key) {
            let wrapped = known.number == i64::from(i32::MAX);
            if record.number == known.number {
                known.from.insert(vc.to_owned());
                known.asked |= asked;
                return;
            }
            if record.number < known.number && !wrapped {
                return;
            }
            self.fuzzy |= wrapped;
        }
        if let Some(body) = &record.body {
            self.effect(&key, body, at, hold);
            self.passing.push(body.clone());
            if body.register {
                let (origin, key) = key.clone();
                let keys = self.registrations.entry((origin, body.atm.clone()));
                keys.or_default().insert(key);
            }
        }
        let before = self.records.insert(
            key,
            Known {
                number: record.number,
                hops: record.hops,
                body: record.body.clone(),
                from: BTreeSet::from([vc.to_owned()]),
                asked,
                shaken: false,
                dead: false,
            },
        );
        self.passing.extend(before.and_then(|known| known.body));
    }

    fn effect(&mut self, key: &(String, String), body: &Body, at: u64, hold: u64) {
        let (origin, _) = key;
        if body.state == 1 {
            let place = (body.pro.clone(), origin.clone());
            let returned = self
                .beats
                .get(&place)
                .is_some_and(|beat| beat.at + hold <= at);
            if returned {
                let of = self
                    .records
                    .iter_mut()
                    .filter(|((other, _), _)| other == origin);
                of.for_each(|(_, known)| known.shaken = true);
            }
            // Several lives of a server may beat in one message (C09): it returned with the first.
            let already = self.beats.get(&place);
            let returned = returned || already.is_some_and(|beat| beat.at == at && beat.returned);
            self.beats.insert(place, Beat { at, returned });
            return;
        }
        let ends = matches!(body.state, 4 | 5);
        for (other, known) in &mut self.records {
            let Some(theirs) = &known.body else { continue };
            if other == key || theirs.pro != body.pro || theirs.atm != body.atm {
                continue;
            }
            if ends && body.register {
                // A08, E22: of this originator and registration for sure, of others in some readings.
                let theirs = theirs.clone();
                let ends = other.0 == *origin && theirs.cmi == body.cmi && theirs.cmi != 0;
                if ends && !known.dead {
                    known.dead = true;
                    self.passing.push(theirs);
                }
                known.shaken = true;
            } else if ends {
                // C02.
                known.shaken |= theirs.range == body.range;
            } else if body.register {
                // C03.
                known.shaken |= other.0 == *origin && theirs.cmi != body.cmi;
            }
        }
        if ends {
            let place = (body.pro.clone(), body.atm.clone());
            for parties in [&mut self.clients, &mut self.servers] {
                if let Some(party) = parties.get_mut(&place) {
                    party.ranges.iter_mut().for_each(|range| range.sure = false);
                }
            }
        }
    }

    /// Whether a record that names a range counts at `now`: `None` if in no reading, whether it does in every one.
    fn standing(&self, origin: &str, known: &Known, now: u64, hold: u64) -> Option<bool> {
        let body = known.body.as_ref()?;
        if !matches!(body.state, 2 | 3) || body.register || known.dead {
            return None;
        }
        let beat = self.beats.get(&(body.pro.clone(), origin.to_owned()));
        // R2443-2-11: gone with its server; at the very millisecond both are right.
        if beat.is_some_and(|beat| beat.at + hold < now) {
            return None;
        }
        let alive = beat.is_some_and(|beat| now < beat.at + hold && !beat.returned);
        // C03, E20: only with its registration.
        let keys = self
            .registrations
            .get(&(origin.to_owned(), body.atm.clone()));
        let registered = keys.into_iter().flatten().any(|key| {
            let known = self.records.get(&(origin.to_owned(), key.clone()));
            known.is_some_and(|known| {
                let register = known.body.as_ref();
                register.is_some_and(|register| {
                    register.register
                        && register.state == body.state
                        && register.pro == body.pro
                        && register.atm == body.atm
                        && register.cmi == body.cmi
                }) && !known.shaken
                    && !known.dead
            })
        });
        body.range.as_ref()?;
        Some(alive && registered && !known.shaken)
    }

    /// Whether this record counts in every reading.
    pub(super) fn counts(&self, key: &(String, String), now: u64, hold: u64) -> bool {
        let known = self.records.get(key);
        known.and_then(|known| self.standing(&key.0, known, now, hold)) == Some(true)
    }

    /// Groups that own MCSs serve for sure.
    pub(super) fn serves(&self, pro: &str) -> Groups {
        let own = self.servers.iter();
        let own = own.filter(|((other, _), party)| other == pro && party.sure);
        let ranges = own.flat_map(|(_, party)| party.ranges.iter().filter(|range| range.sure));
        Groups::of(ranges.map(|range| (range.min.as_str(), range.max.as_str())))
    }

    /// What a client may have joined besides this range of an own registration.
    pub(super) fn otherwise(&self, pro: &str, atm: &str, but: (&str, &str)) -> Groups {
        let own = self.clients.get(&(pro.to_owned(), atm.to_owned()));
        let own = own.into_iter().flat_map(|party| party.ranges.iter());
        let own = own.map(|range| (range.min.as_str(), range.max.as_str()));
        let records = self.records.values().filter_map(|known| {
            let body = known.body.as_ref()?;
            let ours = body.state == 3 && body.pro == pro && body.atm == atm;
            body.range.as_ref().filter(|_| ours)
        });
        let records = records.map(|(min, max)| (min.as_str(), max.as_str()));
        Groups::of(own.filter(|range| *range != but).chain(records))
    }

    /// Every live record of a protocol that names a range, and whether it counts under every reading at `now`; of those
    /// only that are `meant`.
    fn live<'b>(
        &'b self,
        pro: &'b str,
        mcs: bool,
        now: u64,
        hold: u64,
        meant: impl Fn(&Body, &str, &str) -> bool + 'b,
    ) -> impl Iterator<Item = (&'b Body, &'b (String, String), bool)> {
        let state = if mcs { 2 } else { 3 };
        self.records.iter().filter_map(move |((origin, _), known)| {
            let body = known.body.as_ref()?;
            if body.state != state || body.pro != pro {
                return None;
            }
            let range = body.range.as_ref()?;
            if !meant(body, &range.0, &range.1) {
                return None;
            }
            Some((body, range, self.standing(origin, known, now, hold)?))
        })
    }

    /// Who is in a group's host map or, with `mcs`, its server map.
    pub(super) fn members(
        &self,
        pro: &str,
        group: &str,
        mcs: bool,
        now: u64,
        hold: u64,
    ) -> Members {
        let mut members = Members::default();
        let parties = if mcs { &self.servers } else { &self.clients };
        for ((other, atm), party) in parties {
            for range in &party.ranges {
                if other == pro && range.min.as_str() <= group && group <= range.max.as_str() {
                    members.may.insert(atm.clone());
                    if range.sure && party.sure {
                        members.must.insert(atm.clone());
                    }
                }
            }
        }
        let has = |_: &Body, min: &str, max: &str| min <= group && group <= max;
        for (body, _, sure) in self.live(pro, mcs, now, hold, has) {
            members.may.insert(body.atm.clone());
            if sure {
                members.must.insert(body.atm.clone());
            }
        }
        members
    }

    /// All groups that an MCS serves: for sure, and possibly.
    pub(super) fn served(&self, pro: &str, now: u64, hold: u64) -> (Groups, Groups) {
        let own = self.servers.iter().filter(|((other, _), _)| other == pro);
        let own = own.flat_map(|(_, party)| {
            let ranges = party.ranges.iter();
            ranges.map(|range| {
                (
                    range.min.as_str(),
                    range.max.as_str(),
                    range.sure && party.sure,
                )
            })
        });
        let learned = self.live(pro, true, now, hold, |_, _, _| true);
        let learned = learned.map(|(_, (min, max), sure)| (min.as_str(), max.as_str(), sure));
        let all: Vec<(&str, &str, bool)> = own.chain(learned).collect();
        let must = all.iter().filter(|one| one.2).map(|one| (one.0, one.1));
        (
            Groups::of(must),
            Groups::of(all.iter().map(|one| (one.0, one.1))),
        )
    }

    /// All that a client may have joined, by whichever server.
    pub(super) fn joined(&self, pro: &str, atm: &str, now: u64, hold: u64) -> Groups {
        let own = self.clients.get(&(pro.to_owned(), atm.to_owned()));
        let own = own.into_iter().flat_map(|party| {
            let ranges = party.ranges.iter();
            ranges.map(|range| (range.min.as_str(), range.max.as_str()))
        });
        let learned = self.live(pro, false, now, hold, |body, _, _| body.atm == atm);
        let learned = learned.map(|(_, (min, max), _)| (min.as_str(), max.as_str()));
        let passing = self
            .passing
            .iter()
            .filter(|body| body.state == 3 && body.pro == pro && body.atm == atm)
            .filter_map(|body| body.range.as_ref());
        let passing = passing.map(|(min, max)| (min.as_str(), max.as_str()));
        Groups::of(own.chain(learned).chain(passing))
    }

    /// What a client of the server's own said: its copy came, so it took effect.
    pub(super) fn confirmed(&mut self, message: &Mars) {
        let place = (message.pro.clone(), message.source.clone());
        let mcs = matches!(message.op, 3 | 7);
        let parties = if mcs {
            &mut self.servers
        } else {
            &mut self.clients
        };
        let ends = matches!(message.op, 5 | 7);
        if message.register() {
            if ends {
                parties.remove(&place);
            } else {
                let party = parties.entry(place).or_default();
                if party.ranges.is_empty() {
                    party.sure = true;
                }
            }
            return;
        }
        let (Some(party), [(min, max)]) = (parties.get_mut(&place), message.pairs.as_slice())
        else {
            return;
        };
        let same = party
            .ranges
            .iter()
            .position(|range| range.min == *min && range.max == *max);
        match (ends, same) {
            (true, Some(place)) => {
                party.ranges.remove(place);
            }
            (true, None) => {}
            (false, Some(place)) => {
                if let Some(range) = party.ranges.get_mut(place) {
                    range.sure = true;
                }
            }
            (false, None) => party.ranges.push(Range {
                min: min.clone(),
                max: max.clone(),
                sure: true,
            }),
        }
    }

    /// What it said had no copy: whether it took effect cannot be known.
    pub(super) fn unconfirmed(&mut self, message: &Mars) {
        let place = (message.pro.clone(), message.source.clone());
        for parties in [&mut self.clients, &mut self.servers] {
            if let Some(party) = parties.get_mut(&place) {
                party.sure = false;
            }
        }
    }

    /// A leaf is gone.
    pub(super) fn gone(&mut self, mcs: bool, pro: &str, atm: &str) {
        let place = (pro.to_owned(), atm.to_owned());
        let parties = if mcs {
            &mut self.servers
        } else {
            &mut self.clients
        };
        parties.remove(&place);
    }
}
