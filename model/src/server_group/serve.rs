//! Multicast servers (MCSs): what a change of the group-wide server map makes a server say on its control VCs (RFC 2443,
//! 5.2 to 5.5; RFC 2022, 6.2), and the books that a property holds against it.

use super::action::{Action, Client, Server};
use super::observation::{CcvcKind, Control, Observation, ScvcKind, Sink};
use super::packed::SERVERS;
use super::state::{MIGRATE_WRONG, SJOIN_WRONG, State, TOLD_WRONG};
use super::step::Step;
use super::{ServerGroup, view};
use crate::rules::{Migrate, Mutant, Sjoin};

/// What one server's control VCs carried in one step: four bits a client, one a group.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// `MARS_MIGRATE` to an MCS.
    migrates: u8,
    /// `MARS_JOIN` about an MCS.
    joins: u8,
    /// `MARS_LEAVE` about an MCS.
    leaves: u8,
    /// `MARS_SJOIN` about a client.
    sjoins: u8,
}

/// What all servers said in one step.
pub(super) type Books = [Told; SERVERS];

const fn about(client: Client, groups: u8) -> u8 {
    groups << (4 * client.0)
}

impl<S: Sink> Step<'_, S> {
    /// Whether the ClusterControlVC of a server has a leaf.
    pub(super) fn has_cluster(&self, server: Server) -> bool {
        let clients = self.model.leaves_of(Control::Cluster);
        self.state.has_leaves(server, clients)
    }

    /// The groups that somebody serves, as a server knows it.
    pub(super) fn served(&self, server: Server) -> u8 {
        if self.model.scenario().mcs == 0 {
            return 0;
        }
        let counting = view::counting(self.model, self.state, server);
        view::served(view::serving(self.model, counting))
    }

    /// Whether the given join keys have a client in one of the groups.
    pub(super) fn members_of(&self, keys: u32, groups: u8) -> bool {
        self.model
            .clients()
            .filter(|&client| !self.model.is_mcs(client))
            .any(|client| view::covered(self.model, keys, client) & groups != 0)
    }

    fn note(&mut self, server: Server, note: impl FnOnce(&mut Told)) {
        if let Some(told) = self.told.get_mut(usize::from(server.0)) {
            note(told);
        }
    }

    /// A message on the ServerControlVC, unless nothing is left of it or nobody is there (F13, F16).
    pub(super) fn scvc(
        &mut self,
        server: Server,
        kind: ScvcKind,
        client: Client,
        groups: u8,
        whole: u8,
    ) {
        let leaves = self.model.leaves_of(Control::Servers);
        if groups != 0 && self.state.has_leaves(server, leaves) {
            self.sink.see(Observation::Scvc {
                server,
                kind,
                client,
                groups,
                punched: groups != whole,
            });
        }
    }

    /// A join or leave for the own MCSs, if one of them serves a group of the range (E18).
    // R2443-5.3-19 R2443-5.4-10
    pub(super) fn tell_servers(
        &mut self,
        server: Server,
        kind: ScvcKind,
        client: Client,
        groups: u8,
        whole: u8,
    ) {
        let leaves = self.model.leaves_of(Control::Servers);
        if leaves == 0 || groups == 0 || !self.state.has_leaves(server, leaves) {
            return;
        }
        let rules = self.model.rules(server);
        let serves = whole & view::served_here(self.model, self.state, server) != 0;
        let wanted = match rules.sjoin {
            Sjoin::Served => serves,
            Sjoin::Always => true,
        };
        if !wanted || rules.mutant == Mutant::NoSjoin {
            return;
        }
        self.note(server, |told| told.sjoins |= about(client, groups));
        if !self.serves_by_leaf(server, whole) {
            self.state.set_flag(SJOIN_WRONG);
        }
        self.scvc(server, kind, client, groups, whole);
    }

    /// Whether an MCS that has this server for its home, is its leaf and asked for it serves one of the groups: as
    /// [`view::served_here`], but by what the MCS knows.
    fn serves_by_leaf(&self, server: Server, groups: u8) -> bool {
        let asked = |mcs: Client| {
            let this = self.state.client(mcs);
            let ranges = self.model.ranges().filter(|&range| this.has_joined(range));
            ranges.fold(0, |asked, range| asked | self.model.groups(range))
        };
        self.model.clients().any(|mcs| {
            // One that moved away silently is a leaf until that is noticed, with what it had asked for then.
            let stays = self.state.client(mcs).home() == Some(server);
            self.model.is_mcs(mcs)
                && self.state.is_leaf(server, mcs)
                && (!stays || asked(mcs) & groups != 0)
        })
    }

    /// An MCS begins to serve groups; `before` are the join keys that counted until now. What that does to the group-wide
    /// server map is told (E13): the first MCS by `MARS_MIGRATE`, unless there is nobody to move and that is reason
    /// enough (E14), a further one by `MARS_JOIN`.
    // R2443-5.2-12 R2443-5.2-13
    pub(super) fn announce_service(
        &mut self,
        server: Server,
        before: u32,
        mcs: Client,
        groups: u8,
        peopled: bool,
    ) {
        let serving = view::serving(self.model, before);
        let new = groups & !view::covered(self.model, before, mcs);
        let every = self.model.rules(server).migrate == Migrate::EveryServe;
        let fresh = if every {
            groups
        } else {
            new & !view::served(serving)
        };
        let further = new & !fresh;
        if peopled {
            self.migrate(server, mcs, fresh);
        }
        if further != 0 && self.has_cluster(server) {
            self.note(server, |told| told.joins |= about(mcs, further));
        }
        self.ccvc(server, CcvcKind::Join, mcs, further, further);
    }

    /// E13, read the other way: a service that was known is announced as if it were new.
    pub(super) fn repeated_service(&mut self, server: Server, mcs: Client, groups: u8) {
        if self.model.is_mcs(mcs) && self.model.rules(server).migrate == Migrate::EveryServe {
            self.migrate(server, mcs, groups);
        }
    }

    fn migrate(&mut self, server: Server, mcs: Client, groups: u8) {
        if !self.has_cluster(server) || self.model.rules(server).mutant == Mutant::NoMigrate {
            return;
        }
        for group in (0..4)
            .map(|bit| groups & 1 << bit)
            .filter(|&group| group != 0)
        {
            self.note(server, |told| told.migrates |= about(mcs, group));
            self.sink.see(Observation::Migrate {
                server,
                client: mcs,
                group,
            });
        }
    }

    /// MCSs serve groups no more: one `MARS_LEAVE` for each MCS (E16); `before` are the join keys that counted until now.
    // R2443-5.5-07 R2443-5.5-08
    pub(super) fn announce_ended(&mut self, server: Server, before: u32) {
        if self.model.scenario().mcs == 0 || self.model.rules(server).mutant == Mutant::ServiceStays
        {
            return;
        }
        let after = view::counting(self.model, self.state, server);
        for mcs in self.model.clients().filter(|&mcs| self.model.is_mcs(mcs)) {
            let covered = |keys| view::covered(self.model, keys, mcs);
            let ended = covered(before) & !covered(after);
            if ended != 0 && self.has_cluster(server) {
                self.note(server, |told| told.leaves |= about(mcs, ended));
            }
            self.ccvc(server, CcvcKind::Leave, mcs, ended, ended);
        }
    }

    /// Holds what was said against what became of every server's maps in this step. An alignment brings several records
    /// at once, so that what it comes to does not tell what had to be said on the way.
    pub(super) fn audit(&mut self, before: &State, action: Action) {
        let model = self.model;
        if model.scenario().mcs == 0 || matches!(action, Action::Heal { .. }) {
            return;
        }
        let told = self.told;
        for (server, told) in model.servers().zip(told) {
            let running = before.is_alive(server) && self.state.is_alive(server);
            let old = view::counting(model, before, server);
            let new = view::counting(model, self.state, server);
            if running && self.has_cluster(server) {
                // E14: at home, a first service needs a member to move.
                let at_home = matches!(action, Action::Join { client, .. }
                    if before.client(client).home() == Some(server));
                let silent = |group: u8| at_home && !self.members_of(old, group);
                let (migrates, joins, leaves) = due(model, old, new, silent);
                if told.migrates != migrates {
                    self.state.set_flag(MIGRATE_WRONG);
                }
                if (told.joins, told.leaves) != (joins, leaves) {
                    self.state.set_flag(TOLD_WRONG);
                }
            }
            if running && self.silent_join(server, old, new, told.sjoins) {
                self.state.set_flag(SJOIN_WRONG);
            }
        }
    }

    /// Whether a client is new in a group that an own MCS serves, and the MCSs were not told.
    fn silent_join(&self, server: Server, old: u32, new: u32, sjoins: u8) -> bool {
        let model = self.model;
        let served = view::served_here(model, self.state, server);
        model.clients().any(|client| {
            let covered = |keys| view::covered(model, keys, client);
            let due = covered(new) & !covered(old) & served;
            !model.is_mcs(client) && about(client, due) & !sjoins != 0
        })
    }
}

/// What a change of the server map from one set of join keys to another has to make the cluster hear: whom to migrate to,
/// who joins and who leaves, each four bits an MCS. `silent` are groups whose first service is nobody's business.
fn due(model: &ServerGroup, old: u32, new: u32, silent: impl Fn(u8) -> bool) -> (u8, u8, u8) {
    let (was, is) = (view::serving(model, old), view::serving(model, new));
    let (began, ended) = (is & !was, was & !is);
    let (mut migrates, mut joins) = (0, 0);
    for group in (0..4).map(|bit| 1u8 << bit) {
        let mut empty = view::served(was) & group == 0;
        for mcs in model.clients() {
            let bit = about(mcs, group);
            if began & bit == 0 {
                continue;
            }
            if !empty {
                joins |= bit;
            } else if !silent(group) {
                migrates |= bit;
            }
            empty = false;
        }
    }
    (migrates, joins, ended)
}
