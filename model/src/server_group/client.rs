//! Clients and their home server: registration, joins, leaves, deregistration, proxy deregistration, CMIs.

use super::action::{Client, Range, Server};
use super::observation::{CcvcKind, Cmi, Copy, Observation, Sink};
use super::packed::Key;
use super::state::{CMI_HOLD, REFUSED};
use super::step::Step;
use super::{ServerGroup, State, view};
use crate::rules::{CmiReuse, DeregisterRecords, DuplicateJoin, Exhausted, Mutant};

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

/// The servers that a client tries when its home is dead: those of its map after the dead one, or else all.
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
    let running = |server: &Server| state.is_alive(*server);
    let mut targets: Vec<_> = listed.into_iter().filter(running).collect();
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

    /// A registration reaches a server. `None`: not now; `Some(false)`: the server stays silent.
    pub(super) fn register_at(&mut self, server: Server, client: Client) -> Option<bool> {
        let key = Key::register(server, client);
        if view::is_registered(&self.state, server, client) {
            // R2022 6.1.2: a registered member gets the CMI that it has.
            let cmi = Cmi {
                server,
                slot: self.state.entry(server, key).slot(),
            };
            self.private(server, client, Copy::Register { cmi });
            return Some(true);
        }
        let slot = match allocate(self.model, &self.state, server) {
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
        self.sink.see(Observation::Leaf {
            server,
            client,
            add: true,
        });
        self.private(
            server,
            client,
            Copy::Register {
                cmi: Cmi { server, slot },
            },
        );
        // R2443-2-08 R2443-5.3-01. R2443-5.3-13: nothing on the CCVC.
        self.originate(server, key, true, slot);
        Some(true)
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

    /// A join reaches the client's home.
    pub(super) fn join_at(&mut self, server: Server, client: Client, range: Range) {
        self.state.client_mut(client).join(range);
        let key = Key::join(server, client, range);
        let duplicate = match self.model.rules(server).duplicate_join {
            DuplicateJoin::Registration => self.state.entry(server, key).live(),
            DuplicateJoin::Everything => {
                let counting = view::counting(self.model, &self.state, server);
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
        let rest = whole & !view::covered_here(self.model, &self.state, server, client);
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
        self.sink.see(Observation::Leaf {
            server,
            client,
            add: false,
        });
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
        // R2443-5.4-01 R2443-5.4-03
        self.originate(server, key, false, entry.slot());
        if self.model.rules(server).deregister_records == DeregisterRecords::WithJoins {
            for range in self.model.ranges() {
                let join = Key::join(server, client, range);
                if self.state.entry(server, join).live() {
                    self.originate(server, join, false, entry.slot());
                }
            }
        }
        if entry.slot() > 0 && self.model.rules(server).cmi_reuse == CmiReuse::Held {
            self.state.cmis_mut(server).set_hold(entry.slot(), CMI_HOLD);
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
