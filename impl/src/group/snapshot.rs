//! A server's state for others to look at: in words ([`View`]) and for comparison ([`Canonical`]).

use std::collections::{BTreeMap, BTreeSet};

use super::keys::Keys;
use super::liveness::Liveness;
use super::originators::Originators;
use super::server::DistributedMars;
use super::view::{
    EntryView, LeafView, MapView, MemberKind, MemberView, OriginatorView, RegistrationView, View,
};
use crate::address::{Endpoint, Protocol, ServerId, hex};
use crate::io::{Time, VcId};
use crate::mars::{Mars, Party, Role, ranges};
use crate::scsp::{CaNumbers, CanonicalSpeaker, Entry, NeighborIx, RecordId};
use crate::wire::csa::decode_record;
use crate::wire::scsp::{CacheKey, SequenceNumber};

/// The behaviour-relevant state, without absolute times and numbers: deadlines count from now, record
/// numbers from those in the own cache, the CSN from itself. Two servers of one configuration with
/// equal canonical states do the same from here on, those numbers apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Canonical {
    speaker: CanonicalSpeaker,
    vcs: BTreeMap<VcId, Endpoint>,
    neighbor_vcs: Vec<Option<VcId>>,
    /// Milliseconds until clients are served.
    startup_left: u64,
    drain: bool,
    keys: Keys,
    renewals: BTreeMap<(Protocol, Party), BTreeSet<CacheKey>>,
    services: BTreeMap<Protocol, CanonicalService>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CanonicalService {
    mars: Mars,
    liveness: Liveness,
    originators: Originators,
    beat_in: u64,
    map_in: u64,
}

impl DistributedMars {
    /// The state with times relative to `now` and numbers rebased.
    #[must_use]
    pub fn canonical(&self, now: Time) -> Canonical {
        self.canonical_with(now, self.speaker.canonical(now))
    }

    /// The same with record numbers counted from `base`: give all servers of a group the same base, and
    /// how their caches differ stays visible.
    #[must_use]
    pub fn canonical_from(
        &self,
        now: Time,
        base: impl Fn(RecordId) -> SequenceNumber,
    ) -> Canonical {
        self.canonical_with(now, self.speaker.canonical_from(now, base))
    }

    fn canonical_with(&self, now: Time, speaker: CanonicalSpeaker) -> Canonical {
        let left = |at: Time| at.0.saturating_sub(now.0);
        let services = self.core.services.iter().map(|(protocol, service)| {
            let canonical = CanonicalService {
                mars: service.mars.canonical(now),
                liveness: service.liveness.canonical(now),
                originators: service.originators.clone(),
                beat_in: left(service.beat_at),
                map_in: left(service.map_at),
            };
            (*protocol, canonical)
        });
        Canonical {
            speaker,
            vcs: self.core.vcs.clone(),
            neighbor_vcs: self.core.neighbor_vcs.clone(),
            startup_left: if self.core.aligned {
                0
            } else {
                left(Time(self.config.startup()))
            },
            drain: self.core.drain,
            keys: self.core.keys.clone(),
            renewals: self.core.renewals.clone(),
            services: services.collect(),
        }
    }

    /// The SCSP cache, ascending by originator and key.
    pub fn cache(&self) -> impl Iterator<Item = (ServerId, CacheKey, Entry<'_>)> + '_ {
        self.speaker.cache()
    }

    /// The CA sequence numbers that the alignment with a neighbour depends on, neighbours counted from 0
    /// (see [`Speaker::ca_numbers`](crate::scsp::Speaker::ca_numbers)); the canonical state is without them.
    #[must_use]
    pub fn ca_numbers(&self, neighbor: u16) -> CaNumbers {
        self.speaker.ca_numbers(NeighborIx(neighbor))
    }

    /// The state in the words of the RFCs. Looks at everything: for probes and tests.
    #[must_use]
    pub fn view(&self) -> View {
        let mut view = View::default();
        for protocol in self.core.services.keys() {
            self.view_service(*protocol, &mut view);
        }
        view.membership.sort_unstable();
        view.registrations.sort_unstable();
        view.mcs_registrations.sort_unstable();
        view.cache = self
            .speaker
            .cache()
            .map(|(origin, key, entry)| EntryView {
                origin,
                key: hex(&key.0),
                sequence: entry.sequence.0,
                state: decode_record(entry.body)
                    .ok()
                    .filter(|_| entry.usable)
                    .map(|record| record.state.code()),
                quarantined: entry.quarantined,
            })
            .collect();
        for index in 0..self.config.neighbors.len() {
            let ix = NeighborIx(u16::try_from(index).unwrap_or(u16::MAX));
            let name = self
                .speaker
                .neighbor_id(ix)
                .map_or_else(|| format!("#{index}"), |id| hex(&id.0));
            let (hfsm, cafsm) = (self.speaker.hfsm(ix), self.speaker.cafsm(ix));
            view.hfsm.insert(name.clone(), hfsm.name().to_owned());
            view.cafsm.insert(name, cafsm.name().to_owned());
        }
        view
    }

    fn view_service(&self, protocol: Protocol, view: &mut View) {
        let Some(service) = self.core.services.get(&protocol) else {
            return;
        };
        let maps = [
            (MemberKind::Client, service.mars.map()),
            (MemberKind::Mcs, service.mars.server_map()),
        ];
        for (kind, map) in maps {
            for (endpoint, range, origin) in map.iter() {
                let (min, max) = ranges::ends(range);
                view.membership.push(MemberView {
                    protocol,
                    min,
                    max,
                    endpoint,
                    origin,
                    kind,
                });
            }
        }
        for (endpoint, member) in service.mars.cluster().members() {
            view.registrations.push(RegistrationView {
                protocol,
                endpoint,
                origin: self.config.server_id,
                cmi: member.cmi,
            });
            view.leaves.push(LeafView { protocol, endpoint });
        }
        for (endpoint, server) in service.mars.control().servers() {
            view.mcs_registrations.push(RegistrationView {
                protocol,
                endpoint,
                origin: self.config.server_id,
                cmi: server.cmi,
            });
            view.mcs_leaves.push(LeafView { protocol, endpoint });
        }
        for (origin, party, cmi) in service.originators.registrations() {
            if service.liveness.is_live(origin) {
                let list = match party.role {
                    Role::Client => &mut view.registrations,
                    Role::Mcs => &mut view.mcs_registrations,
                };
                list.push(RegistrationView {
                    protocol,
                    endpoint: party.endpoint,
                    origin,
                    cmi,
                });
            }
        }
        for (origin, atm) in service.liveness.live() {
            view.live.push(OriginatorView {
                protocol,
                origin,
                atm,
            });
        }
        view.redirect_map.push(MapView {
            protocol,
            servers: self.map_servers(protocol),
        });
    }
}
