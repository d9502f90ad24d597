//! Clients and their home server: registration, joins, leaves, deregistration, proxy deregistration, CMIs.

use super::action::{Client, Range, Server};
use super::observation::{CcvcKind, Cmi, Copy, Observation, ScvcKind, Sink};
use super::packed::Key;
use super::state::{CMI_HOLD, REFUSED};
use super::step::Step;
use super::{ServerGroup, State, view};
use crate::rules::{
    CmiReuse, DeregisterRecords, DuplicateJoin, Exhausted, KnownElsewhere, McsCmi, Mutant,
    ServerGone,
};

/// What a server can say to a registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Allocation {
    /// This CMI.
    Slot(u8),
    /// None is left.
    Exhausted,
    /// It depends on the moment within the interval, so nothing happens in this interval.
    Ambiguous,
}

/// The next CMI of a server, round robin, without those in use or held (E02, E04).
pub(super) fn allocate(model: &ServerGroup, state: &State, server: Server) -> Allocation {
    let places = model.scenario().cmi_slots;
    let cmis = state.cmis(server);
    let in_use = model.clients().fold(0u8, |in_use, client| {
        let entry = state.entry(server, Key::register(server, client));
        if entry.live() {
            in_use | 1 << entry.slot()
        } else {
            in_use
        }
    });
    let in_use = if model.rules(server).mutant == Mutant::CmiInUse {
        0
    } else {
        in_use
    };
    let pick = |held_above: u8| {
        (0..places)
            .map(|step| (cmis.next() + step) % places + 1)
            .find(|&slot| in_use & (1 << slot) == 0 && cmis.hold(slot) <= held_above)
    };
    match (pick(0), pick(1)) {
        (a, b) if a != b => Allocation::Ambiguous,
        (Some(slot), _) => Allocation::Slot(slot),
        (None, _) => Allocation::Exhausted,
    }
}

/// Whether a client has lost its home: it stopped, or it started again and knows nothing of the client.
pub(super) fn is_homeless(state: &State, client: Client) -> bool {
    let home = state.client(client).home();
    home.is_some_and(|home| {
        !state.is_alive(home) || state.former() == Some(home) && !state.is_leaf(home, client)
    })
}

/// The servers that a client tries when its home is lost: the home itself if it is there again, those of its map after
/// it, or else all.
pub(super) fn failover_targets(
    model: &ServerGroup,
    state: &State,
    client: Client,
) -> impl Iterator<Item = Server> {
    let client = state.client(client);
    let home = client.home();
    let listed: Vec<_> = client
        .map()
        .iter()
        .filter(|&server| Some(server) != home)
        .collect();
    let running = |server: &Server| state.is_alive(*server) && !state.is_waiting(*server);
    let back = home.filter(running);
    let mut targets: Vec<_> = back.into_iter().chain(listed).filter(running).collect();
    if targets.is_empty() {
        targets = model.servers().filter(running).collect();
    }
    targets.into_iter()
}

impl<S: Sink> Step<'_, S> {
    fn private(&mut self, server: Server, client: Client, copy: Copy) {
        self.sink.see(Observation::Private {
            server,
            client,
            copy,
        });
    }

    /// The CMI that a copy of a registration has.
    fn cmi(&self, server: Server, client: Client, slot: u8) -> Cmi {
        // R2022-6.2.3-03, E01: a multicast server's is zero in messages.
        let slot = if self.model.is_mcs(client) { 0 } else { slot };
        Cmi { server, slot }
    }

    /// The place of a CMI that another server gave to a client, as this one would take it over (E05).
    fn known_elsewhere(&self, server: Server, client: Client) -> Option<u8> {
        let rules = self.model.rules(server);
        let elsewhere = || {
            view::registrations(self.model, self.state, server)
                .into_iter()
                .find(|&(known, origin, _)| known == client && origin != server)
        };
        let taken = rules.known_elsewhere == KnownElsewhere::ItsCmi;
        // Beyond the own places, so that it is none of them.
        let (_, _, slot) = taken.then(elsewhere)??;
        Some((self.model.scenario().cmi_slots + slot).min(7))
    }

    /// A registration reaches a server. `None`: not now; `Some(false)`: the server stays silent.
    pub(super) fn register_at(&mut self, server: Server, client: Client) -> Option<bool> {
        let key = Key::register(server, client);
        if self.state.is_waiting(server) {
            return Some(false);
        }
        if view::is_registered(self.state, server, client) {
            // R2022 6.1.2: a registered member gets the CMI that it has.
            let slot = self.state.entry(server, key).slot();
            let cmi = self.cmi(server, client, slot);
            self.private(server, client, Copy::Register { cmi });
            return Some(true);
        }
        let zero = self.model.rules(server).mcs_cmi == McsCmi::Zero && self.model.is_mcs(client);
        let taken = self.known_elsewhere(server, client);
        let slot = match allocate(self.model, self.state, server) {
            _ if zero => 0,
            _ if taken.is_some() => taken.unwrap_or(0),
            Allocation::Slot(slot) => {
                let places = self.model.scenario().cmi_slots;
                self.state.cmis_mut(server).set_next(slot % places);
                slot
            }
            Allocation::Ambiguous => return None,
            Allocation::Exhausted if self.model.rules(server).exhausted == Exhausted::ZeroCmi => 0,
            Allocation::Exhausted => {
                // E02: no leaf, no record, no answer.
                self.state.set_flag(REFUSED);
                return Some(false);
            }
        };
        // R2443-2-04 R2443-1-06: onto this server's CCVC, and no other's.
        self.state.set_leaf(server, client, true);
        self.leaf(server, client, true);
        let cmi = self.cmi(server, client, slot);
        self.private(server, client, Copy::Register { cmi });
        // R2443-2-08 R2443-5.3-01 R2443-5.2-01. R2443-5.3-13 R2443-5.2-14: nothing on the CCVC.
        self.originate(server, key, true, slot);
        Some(true)
    }

    fn leaf(&mut self, server: Server, client: Client, add: bool) {
        self.sink.see(Observation::Leaf {
            server,
            control: self.model.control_of(client),
            client,
            add,
        });
    }

    /// A client registers somewhere new after a hard redirect, a silent move or a failover: it has to join again.
    pub(super) fn rehome(&mut self, client: Client, to: Server, rejoin: bool) -> Option<bool> {
        let answered = self.register_at(to, client)?;
        if answered {
            let client = self.state.client_mut(client);
            client.set_home(Some(to));
            if rejoin {
                client.must_rejoin();
            }
        }
        Some(answered)
    }

    /// A multicast server's `MARS_MSERV` reaches its home.
    fn serve_at(&mut self, server: Server, mcs: Client, range: Range) {
        let key = Key::join(server, mcs, range);
        if self.state.entry(server, key).live() {
            self.private(server, mcs, Copy::Join { range });
            return;
        }
        let groups = self.model.groups(range);
        let before = view::counting(self.model, self.state, server);
        self.scvc(server, ScvcKind::Mserv, mcs, groups, groups);
        // E14: only where there is somebody to move.
        let peopled = self.members_of(before, groups);
        self.announce_service(server, before, mcs, groups, peopled);
        let slot = self.state.entry(server, Key::register(server, mcs)).slot();
        // R2443-5.2-02
        self.originate(server, key, true, slot);
    }

    /// A multicast server's `MARS_UNSERV` reaches its home.
    fn unserve_at(&mut self, server: Server, mcs: Client, range: Range) {
        let key = Key::join(server, mcs, range);
        let entry = self.state.entry(server, key);
        if !entry.live() {
            self.private(server, mcs, Copy::Leave { range });
            return;
        }
        let groups = self.model.groups(range);
        let before = view::counting(self.model, self.state, server);
        self.scvc(server, ScvcKind::Unserv, mcs, groups, groups);
        // R2443-5.5-02
        self.originate(server, key, false, entry.slot());
        self.announce_ended(server, before);
    }

    /// A join reaches the client's home.
    pub(super) fn join_at(&mut self, server: Server, client: Client, range: Range) {
        self.state.client_mut(client).join(range);
        if self.model.is_mcs(client) {
            self.serve_at(server, client, range);
            return;
        }
        let key = Key::join(server, client, range);
        let duplicate = match self.model.rules(server).duplicate_join {
            DuplicateJoin::Registration => self.state.entry(server, key).live(),
            DuplicateJoin::Everything => {
                let counting = view::counting(self.model, self.state, server);
                self.model
                    .servers()
                    .any(|origin| counting & Key::join(origin, client, range).bit() != 0)
            }
        };
        if duplicate {
            // R2443-5.3-17, E08: compared with this registration only.
            self.private(server, client, Copy::Join { range });
            return;
        }
        let whole = self.model.groups(range);
        let rest = whole & !view::covered_here(self.model, self.state, server, client);
        self.tell_servers(server, ScvcKind::Sjoin, client, rest, whole);
        let rest = rest & !self.served(server);
        if rest != whole {
            self.private(server, client, Copy::Join { range });
        }
        self.ccvc(server, CcvcKind::Join, client, rest, whole);
        let slot = self
            .state
            .entry(server, Key::register(server, client))
            .slot();
        // R2443-5.3-02, E07: the range as the client sent it.
        self.originate(server, key, true, slot);
    }

    /// A leave reaches the client's home.
    pub(super) fn leave_at(&mut self, server: Server, client: Client, range: Range) {
        self.state.client_mut(client).leave(range);
        if self.model.is_mcs(client) {
            self.unserve_at(server, client, range);
            return;
        }
        let key = Key::join(server, client, range);
        let entry = self.state.entry(server, key);
        if !entry.live() {
            // R2443-5.4-08, F19.
            self.private(server, client, Copy::Leave { range });
            return;
        }
        let whole = self.model.groups(range);
        let covered = self
            .model
            .ranges()
            .filter(|&other| {
                other != range
                    && self
                        .state
                        .entry(server, Key::join(server, client, other))
                        .live()
            })
            .fold(0, |groups, other| groups | self.model.groups(other));
        let rest = whole & !covered;
        self.tell_servers(server, ScvcKind::Sleave, client, rest, whole);
        let rest = rest & !self.served(server);
        if rest != whole {
            self.private(server, client, Copy::Leave { range });
        }
        self.ccvc(server, CcvcKind::Leave, client, rest, whole);
        // R2443-5.4-02, C02: the key of the join, the next number.
        self.originate(server, key, false, entry.slot());
    }

    /// A deregistration reaches the client's home.
    pub(super) fn deregister_at(&mut self, server: Server, client: Client) {
        self.private(server, client, Copy::Deregister);
        self.leaf(server, client, false);
        self.end_registration(server, client);
        let client = self.state.client_mut(client);
        client.set_home(None);
        client.forget_ranges();
    }

    /// The end of a registration, asked for or noticed: the register record first, then every join record (C04).
    pub(super) fn end_registration(&mut self, server: Server, client: Client) {
        self.state.set_leaf(server, client, false);
        let key = Key::register(server, client);
        let entry = self.state.entry(server, key);
        if !entry.live() {
            return;
        }
        let is_mcs = self.model.is_mcs(client);
        let before = if is_mcs {
            view::counting(self.model, self.state, server)
        } else {
            0
        };
        // R2443-5.4-01 R2443-5.4-03 R2443-5.5-01 R2443-5.5-03
        self.originate(server, key, false, entry.slot());
        if self.model.rules(server).deregister_records == DeregisterRecords::WithJoins {
            for range in self.model.ranges() {
                let join = Key::join(server, client, range);
                if self.state.entry(server, join).live() {
                    self.originate(server, join, false, entry.slot());
                }
            }
        }
        if self.model.rules(server).cmi_reuse == CmiReuse::Held {
            self.hold_cmi(server, entry.slot());
        }
        if is_mcs && self.model.rules(server).server_gone == ServerGone::Leave {
            self.announce_ended(server, before);
        }
    }

    /// A CMI is not given out for as long as others may take it for somebody else's (E04).
    pub(super) fn hold_cmi(&mut self, server: Server, slot: u8) {
        if (1..=self.model.scenario().cmi_slots).contains(&slot) {
            self.state.cmis_mut(server).set_hold(slot, CMI_HOLD);
        }
    }

    /// A server notices that a leaf has gone (R2443-2-22).
    pub(super) fn leaf_gone(&mut self, server: Server, client: Client) {
        if self.model.rules(server).mutant == Mutant::NoProxyDeregister {
            self.state.set_leaf(server, client, false);
        } else {
            self.end_registration(server, client);
        }
    }
}
