//! What begins to count, or counts no more, of other servers' clients and MCSs: into the maps of the own
//! MARS, and out on its control VCs (RFC 2443, 5.2 to 5.5).

use super::originators::{Change, ChangeKind, Join};
use super::server::DistributedMars;
use crate::address::{Endpoint, GroupRange, Protocol, ServerId};
use crate::io::Time;
use crate::mars::{Changed, Foreign, Role, ranges};

impl DistributedMars {
    pub(super) fn apply_changes(
        &mut self,
        protocol: Protocol,
        origin: ServerId,
        changes: Vec<Change>,
    ) {
        // What one MCS serves no more is told in one message (register E16).
        for run in changes.chunk_by(together) {
            let Some(first) = run.first() else { continue };
            let Some(service) = self.core.services.get_mut(&protocol) else {
                return;
            };
            let foreign = foreign(origin, &first.join);
            let effects = match (first.join.client.role, first.kind) {
                (Role::Client, ChangeKind::Begins) => {
                    service.mars.foreign_begins(foreign, first.announce)
                }
                (Role::Client, ChangeKind::Ends) => {
                    service.mars.foreign_ends(foreign, first.announce)
                }
                (Role::Mcs, ChangeKind::Begins) => {
                    service.mars.foreign_serves(foreign, first.announce)
                }
                (Role::Mcs, ChangeKind::Ends) => {
                    let ended: Vec<Foreign> = run
                        .iter()
                        .map(|change| self::foreign(origin, &change.join))
                        .collect();
                    service.mars.foreign_unserves(&ended, first.announce)
                }
            };
            self.apply(protocol, effects, None);
            if (first.join.client.role, first.kind) == (Role::Mcs, ChangeKind::Begins) {
                self.log_several(protocol, first.join.range);
            }
        }
    }

    /// An MCS dropped off the SCVC: the server speaks for it (RFC 2443, 5.5).
    // R2443-5.5-03
    pub(super) fn mcs_gone(&mut self, protocol: Protocol, mcs: Endpoint, hold_until: Time) {
        let service = self.core.services.get_mut(&protocol);
        match service.and_then(|service| service.mars.mcs_gone(mcs, hold_until)) {
            Some(effects) => self.apply(protocol, effects, None),
            None => self.meters.drop("unknown-leaf"),
        }
    }

    /// Tells the group about a change among own MCSs.
    pub(super) fn mcs_changed(&mut self, protocol: Protocol, changed: Changed) {
        let served = match &changed {
            Changed::Joined { range, .. } => Some(*range),
            _ => None,
        };
        self.tell(Role::Mcs, protocol, changed);
        if let Some(range) = served {
            self.log_several(protocol, range);
        }
    }

    /// An administrator does not let two MCSs serve one group (RFC 2022, 6.2.3). Where it happens they are
    /// all used, and it is logged (register E15).
    // R2022-6.2.3-06 R2022-6.2.3-07
    fn log_several(&mut self, protocol: Protocol, range: GroupRange) {
        let group = ranges::ends(range).0;
        let service = self.core.services.get(&protocol);
        let servers = service.map_or(0, |service| service.mars.server_map().members(group).len());
        if servers > 1 {
            self.log("several-mcs", format!("{servers} serve {group:?}"));
        }
    }
}

/// Endings of one MCS go together; all else is told one by one.
fn together(a: &Change, b: &Change) -> bool {
    let ending =
        |change: &Change| change.join.client.role == Role::Mcs && change.kind == ChangeKind::Ends;
    ending(a)
        && ending(b)
        && (a.join.client, a.join.source, a.announce) == (b.join.client, b.join.source, b.announce)
}

fn foreign(origin: ServerId, join: &Join) -> Foreign {
    Foreign {
        origin,
        client: join.client.endpoint,
        range: join.range,
        layer3grp: join.layer3grp,
        source: join.source,
    }
}
