//! Records between servers: originating, flooding (RFC 2334, 2.3), accepting, alignment (2.2), purge and restore.

use super::action::{Client, Server};
use super::observation::{CcvcKind, Observation, RecordKind, ScvcKind, Sink};
use super::packed::{Entry, Flight, Key};
use super::state::{HOLD, REGRESS};
use super::step::Step;
use super::view;
use crate::rules::{
    AfterRestart, EarlyRecords, Flush, ForeignDeregister, Mutant, NewBeatKey, PurgeScope, SameBeat,
    SolicitedHop, UnknownKey,
};

/// How a record came, and so how it goes on.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) key: Key,
    pub(super) entry: Entry,
    pub(super) from: Server,
    pub(super) at: Server,
    /// Hop count steps that it has used up.
    pub(super) hops: u8,
    pub(super) solicited: bool,
}

impl<S: Sink> Step<'_, S> {
    /// Stores an entry and notes that its key's numbers have to be ranked anew.
    fn store(&mut self, server: Server, key: Key, entry: Entry) {
        self.touched |= key.bit();
        self.state.set_entry(server, key, entry);
    }

    /// Puts the entry that `from` holds into a CSU Request to one neighbour.
    fn send(&mut self, from: Server, to: Server, key: Key, hops: u8, solicited: bool, fresh: bool) {
        let entry = self.state.entry(from, key);
        self.touched |= key.bit();
        let capacity = self.model.scenario().queue;
        self.state
            .put_flight(from, to, Flight::new(key, entry, hops, solicited), capacity);
        let record = self.state.record(key, entry);
        self.sink.see(Observation::Csu {
            from,
            to,
            record,
            hops,
            solicited,
            fresh,
        });
    }

    /// Sends the entry that `from` holds to every linked neighbour but one.
    fn flood(&mut self, from: Server, key: Key, except: Option<Server>, hops: u8, fresh: bool) {
        for to in self.model.servers() {
            if Some(to) != except && self.state.is_linked(from, to) {
                self.send(from, to, key, hops, false, fresh);
            }
        }
    }

    /// A new instance of an own record: the next number, to every neighbour (R2443-5.1-05, C02: the key stays).
    pub(super) fn originate(&mut self, server: Server, key: Key, live: bool, slot: u8) {
        let rank = self.state.entry(server, key).rank();
        let reuse = self.model.rules(server).mutant == Mutant::ReuseNumber && rank > 0;
        let rank = if reuse {
            rank
        } else {
            self.state.next_rank(rank)
        };
        self.store(server, key, Entry::new(rank, live, slot));
        self.flood(server, key, None, 0, true);
    }

    /// The oldest record between two servers arrives.
    pub(super) fn deliver(&mut self, from: Server, at: Server) {
        let Some(flight) = self.state.take_flight(from, at) else {
            return;
        };
        let key = flight.key();
        self.touched |= key.bit();
        let arrival = Arrival {
            key,
            entry: flight.entry(),
            from,
            at,
            hops: flight.hops(),
            solicited: flight.solicited(),
        };
        let (mine, theirs) = (self.state.entry(at, key), flight.entry());
        // C07: an unknown key counts as newer.
        let known = mine.rank() > 0 || self.model.rules(at).unknown_key == UnknownKey::Newer;
        let own = self.state.oid(key.origin()) == at;
        let any = self.model.rules(at).mutant == Mutant::AcceptOlder && !own;
        if own && key.origin() != at {
            self.accept_own(arrival);
        } else if !own
            && (known && theirs.rank() > mine.rank() || any && theirs.rank() != mine.rank())
        {
            // C08: nothing under the own OID is ever taken from the net.
            self.accept(arrival);
        } else if theirs.rank() < mine.rank() && self.state.entry(from, key).rank() < mine.rank() {
            // The acknowledgement shows the larger number, so the sender asks for it (RFC 2334, 2.3 case 2b).
            self.send(at, from, key, 0, true, false);
        }
    }

    /// A record of the own earlier life: it is not installed (C08), and what it claims is withdrawn (B11).
    fn accept_own(&mut self, arrival: Arrival) {
        let Arrival { key, entry, at, .. } = arrival;
        let held = self.state.entry(at, key).rank();
        let rules = self.model.rules(at);
        if rules.after_restart == AfterRestart::Nothing || entry.rank() <= held {
            return;
        }
        // E04: what was given then is not free yet.
        self.hold_cmi(at, entry.slot());
        if entry.live() && key.kind() != RecordKind::RedirectEntry {
            let rank = self.state.next_rank(entry.rank());
            self.store(at, key, Entry::new(rank, false, entry.slot()));
            self.flood(at, key, None, 0, true);
        }
    }

    /// A record that is newer than what the server has: store, use, announce, pass on.
    pub(super) fn accept(&mut self, arrival: Arrival) {
        let Arrival { key, entry, at, .. } = arrival;
        if entry.rank() < self.state.entry(at, key).rank() {
            self.state.set_flag(REGRESS);
        }
        let heard = view::believes_alive(self.state, at, key.origin());
        if self.model.rules(at).early_records == EarlyRecords::Dropped
            && key.kind() != RecordKind::RedirectEntry
            && !heard
        {
            return;
        }
        match key.kind() {
            RecordKind::RedirectEntry => self.accept_beat(arrival),
            RecordKind::Register { client } => {
                self.accept_membership(arrival);
                if !entry.live() {
                    self.foreign_deregister(at, key.origin(), client);
                }
            }
            RecordKind::Join { .. } => self.accept_membership(arrival),
        }
    }

    /// A newer Redirect Entry restarts the originator's time, and brings back what was quarantined (B02, B04).
    fn accept_beat(&mut self, arrival: Arrival) {
        let Arrival {
            key,
            entry,
            from,
            at,
            ..
        } = arrival;
        let origin = key.origin();
        let known = self.state.entry(at, key).rank() > 0;
        if !known
            && self.model.rules(at).new_beat_key == NewBeatKey::Ignored
            && view::knows(self.state, at, origin)
        {
            // H06, read the other way: cached and passed on, but no sign of life.
            self.store(at, key, entry);
            self.relay(arrival);
            return;
        }
        let flushed = self.state.age(at, origin) >= HOLD;
        let before = if flushed {
            view::counting(self.model, self.state, at)
        } else {
            0
        };
        self.store(at, key, entry);
        self.state.set_age(at, origin, 0);
        self.relay(arrival);
        if flushed && self.model.rules(at).flush == Flush::Quarantine {
            // H04: as if just learned; B02: once more through the group, for those that have deleted them.
            self.announce_new(at, before);
            // A new key may be that of a new life, which is to see what it said in the old one: no summary has it (B03).
            let except = known.then_some(from);
            for life in self.state.lives(origin) {
                for restored in Key::of(life).skip(usize::from(life == origin)) {
                    // What the same alignment is about to bring is flooded as it comes.
                    if self.state.entry(at, restored).rank() > 0
                        && self.coming & restored.bit() == 0
                    {
                        self.flood(at, restored, except, 0, false);
                    }
                }
            }
        }
    }

    /// A register, join, leave or deregister record of another server.
    fn accept_membership(&mut self, arrival: Arrival) {
        let Arrival { key, entry, at, .. } = arrival;
        if !self.state.has_leaves(at, u8::MAX) {
            // Nobody is there to be told (F13, F16).
            self.store(at, key, entry);
            self.relay(arrival);
            return;
        }
        let before = view::counting(self.model, self.state, at);
        self.store(at, key, entry);
        self.announce_new(at, before);
        if let RecordKind::Join { client, range } = key.kind()
            && before & key.bit() != 0
        {
            let whole = self.model.groups(range);
            if entry.live() {
                self.repeated_service(at, client, whole);
            } else {
                // R2443-5.4-06 R2443-5.4-07: what other records still cover is not left.
                let after = view::counting(self.model, self.state, at);
                let rest = whole & !view::covered(self.model, after, client);
                if self.model.is_mcs(client) {
                    // E17
                    self.scvc(at, ScvcKind::Unserv, client, rest, whole);
                } else {
                    self.tell_servers(at, ScvcKind::Sleave, client, rest, whole);
                    let open = rest & !self.served(at);
                    self.ccvc(at, CcvcKind::Leave, client, open, whole);
                }
            }
        }
        // R2443-5.5-07, E16: an end of service is told however it came.
        self.announce_ended(at, before);
        self.relay(arrival);
    }

    /// Announces every membership that counts now and did not before, in canonical order, each punched against all
    /// that was known (R2443-5.3-15, R2443-5.3-16, E20). A register that only ends memberships is silent (E19).
    fn announce_new(&mut self, at: Server, before: u32) {
        let after = view::counting(self.model, self.state, at);
        let new = after & !before;
        if new == 0 {
            return;
        }
        let mut known = after & before;
        for key in Key::canonical().filter(|key| new & key.bit() != 0) {
            if let RecordKind::Join { client, range } = key.kind() {
                let covered = view::covered(self.model, known, client);
                let whole = self.model.groups(range);
                let rest = whole & !covered;
                if self.model.is_mcs(client) {
                    if rest != 0 {
                        // E17
                        self.scvc(at, ScvcKind::Mserv, client, whole, whole);
                    }
                    self.announce_service(at, known, client, whole, true);
                } else {
                    // R2443-5.3-19
                    self.tell_servers(at, ScvcKind::Sjoin, client, rest, whole);
                    let served = view::served(view::serving(self.model, known));
                    self.ccvc(at, CcvcKind::Join, client, rest & !served, whole);
                }
            }
            known |= key.bit();
        }
    }

    /// A message on the ClusterControlVC, unless nothing is left of it or nobody is there (F13, F16).
    pub(super) fn ccvc(
        &mut self,
        server: Server,
        kind: CcvcKind,
        client: Client,
        groups: u8,
        whole: u8,
    ) {
        if groups != 0 && self.has_cluster(server) {
            self.sink.see(Observation::Ccvc {
                server,
                kind,
                client,
                groups,
                punched: groups != whole,
            });
        }
    }

    /// Passes an accepted record on to all other neighbours (R2443-5.1-09). C13: news that was asked for starts afresh.
    fn relay(&mut self, arrival: Arrival) {
        let rules = self.model.rules(arrival.at);
        if rules.mutant == Mutant::NoRelay
            || arrival.solicited && rules.solicited_hop == SolicitedHop::One
        {
            return;
        }
        let hops = if arrival.solicited {
            0
        } else {
            arrival.hops + 1
        };
        self.flood(arrival.at, arrival.key, Some(arrival.from), hops, false);
    }

    /// What else a deregister of `client` by `origin` does at another server (A08).
    fn foreign_deregister(&mut self, at: Server, origin: Server, client: Client) {
        let literal = self.model.scenario().literal_purgers & (1 << at.0) != 0;
        let own = Key::register(at, client);
        if literal || self.model.rules(at).purge_scope == PurgeScope::All {
            self.purge_all(at, origin, client);
        }
        let own = self.state.entry(at, own);
        if literal
            || self.model.rules(at).foreign_deregister == ForeignDeregister::Ignore
            || !view::is_registered(self.state, at, client)
        {
            return;
        }
        self.originate(at, Key::register(at, client), true, own.slot());
        for range in self.model.ranges() {
            let key = Key::join(at, client, range);
            if self.state.entry(at, key).live() {
                self.originate(at, key, true, own.slot());
            }
        }
    }

    /// A08, reading 1: everything about the client goes, whoever supplied it. (What `origin` supplied no longer counts
    /// anyway, its register record being dead.) Own records are only withdrawn in the own cache: nobody is told.
    fn purge_all(&mut self, at: Server, origin: Server, client: Client) {
        let others = view::origins(self.model, self.state).filter(|&other| other != origin);
        for other in others {
            let joins = self
                .model
                .ranges()
                .map(|range| Key::join(other, client, range));
            for key in std::iter::once(Key::register(other, client)).chain(joins) {
                let entry = self.state.entry(at, key);
                if other != at {
                    self.store(at, key, Entry::NONE);
                } else if entry.live() {
                    let rank = self.state.next_rank(entry.rank());
                    self.store(at, key, Entry::new(rank, false, entry.slot()));
                }
            }
        }
    }

    /// Flushes an originator that was silent for too long (R2443-2-18, B05: what it originated).
    pub(super) fn flush(&mut self, at: Server, origin: Server) {
        if self.model.rules(at).flush == Flush::Delete {
            for life in self.state.lives(origin) {
                for key in Key::of(life) {
                    self.store(at, key, Entry::NONE);
                }
            }
        }
    }

    /// B04, read the other way: a summary shows the number that is known already, and that counts as a sign of life.
    fn same_beats(&mut self, snapshot: &super::State, from: Server, at: Server) {
        for origin in self.model.servers().filter(|&origin| origin != at) {
            let rank = |server| snapshot.entry(server, Key::redirect(origin)).rank();
            let summarised = from == origin || snapshot.age(from, origin) < HOLD;
            if rank(at) > 0 && rank(at) == rank(from) && summarised {
                self.state.set_age(at, origin, 0);
            }
        }
    }

    /// Alignment of two caches: each side gets what is newer at the other and not quarantined there (B03). What one of
    /// them originates because of it (A08) goes on the queues like any other change.
    pub(super) fn align(&mut self, a: Server, b: Server) {
        let snapshot = *self.state;
        // Directions, each with the keys that it brings, one bit each.
        let taken = [(a, b), (b, a)].map(|(from, at)| {
            let newer = Key::canonical().filter(|&key| {
                let (theirs, mine) = (snapshot.entry(from, key), snapshot.entry(at, key));
                let (rules, origin) = (self.model.rules(at), snapshot.oid(key.origin()));
                let summarised = from == origin || snapshot.age(from, origin) < HOLD;
                let known = rules.unknown_key == UnknownKey::Newer || mine.rank() > 0;
                // C08: what the own earlier life said is asked for, to be withdrawn (B11).
                let earlier = key.origin() != at && rules.after_restart == AfterRestart::Withdraw;
                (origin != at || earlier) && theirs.rank() > mine.rank() && summarised && known
            });
            (from, at, newer.fold(0, |keys, key| keys | key.bit()))
        });
        let arrivals = |(from, at, keys): (Server, Server, u32)| {
            let keys = Key::canonical().filter(move |key| keys & key.bit() != 0);
            keys.map(move |key| Arrival {
                key,
                entry: snapshot.entry(from, key),
                from,
                at,
                hops: 0,
                solicited: true,
            })
        };
        for arrival in taken.into_iter().flat_map(arrivals) {
            self.sink.see(Observation::Csu {
                from: arrival.from,
                to: arrival.at,
                record: self.state.record(arrival.key, arrival.entry),
                hops: 0,
                solicited: true,
                fresh: false,
            });
        }
        for direction in taken {
            let (from, at, keys) = direction;
            self.coming = keys;
            if self.model.rules(at).same_beat == SameBeat::Counts {
                self.same_beats(&snapshot, from, at);
            }
            for arrival in arrivals(direction) {
                if self.state.oid(arrival.key.origin()) == at {
                    self.accept_own(arrival);
                } else {
                    self.accept(arrival);
                }
            }
        }
        self.coming = 0;
    }
}
