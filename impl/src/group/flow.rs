//! Between MARS and SCSP: what own clients do becomes records, what records say becomes membership.

use super::keys::Subject;
use super::liveness::{Beat, after};
use super::originators::{Change, ChangeKind};
use super::records;
use super::server::{DistributedMars, ccvc};
use crate::address::{Endpoint, GroupRange, Protocol, ServerId};
use crate::io::{ControlKind, ControlVc, LogEvent, OutputAction, Target, Time, VcId};
use crate::mars::cluster::Member;
use crate::mars::{Changed, Effect, Foreign};
use crate::scsp::{NeighborIx, SpeakerEvent};
use crate::wire::csa::{CsaState, MarsRecord, decode_record};
use crate::wire::scsp::{CacheKey, SequenceNumber};

impl DistributedMars {
    /// Works off what SCSP has to tell and to send.
    pub(super) fn settle(&mut self) {
        while let Some(event) = self.speaker.poll_event() {
            self.event(event);
        }
        self.send_scsp();
    }

    fn event(&mut self, event: SpeakerEvent) {
        match event {
            SpeakerEvent::NeighborAligned { .. } => self.core.aligned = true,
            SpeakerEvent::NeighborUp { at, neighbor } => {
                self.log_neighbor(at, "neighbor-up", neighbor);
            }
            SpeakerEvent::NeighborDown { at, neighbor } => {
                self.log_neighbor(at, "neighbor-down", neighbor);
            }
            SpeakerEvent::Learned {
                origin,
                key,
                body,
                from,
                known_key,
                ..
            } => {
                // Judged before it was stored, so that it can be read.
                if let Ok(record) = decode_record(&body) {
                    self.learned(origin, key, known_key, from, &record);
                }
            }
            SpeakerEvent::OwnReturned {
                key,
                sequence,
                body,
                held,
                ..
            } => self.own_returned(key, sequence, held, body.as_deref()),
            SpeakerEvent::Dropped { origin, key, .. } => self.dropped(origin, key),
            SpeakerEvent::PurgeAcknowledged { .. } => {}
            SpeakerEvent::Logged { at, event } => self.emit_at(at, OutputAction::Log(event)),
        }
    }

    fn log_neighbor(&mut self, at: Time, code: &str, neighbor: NeighborIx) {
        let id = self.speaker.neighbor_id(neighbor);
        self.emit_at(
            at,
            OutputAction::Log(LogEvent {
                code: code.to_owned(),
                detail: format!("neighbor {} with id {id:?}", neighbor.0),
            }),
        );
    }

    // ---- from own clients to the group

    /// Carries out what a MARS wants done; `vc` is where the message that caused it came from.
    pub(super) fn apply(&mut self, protocol: Protocol, effects: Vec<Effect>, vc: Option<VcId>) {
        let group = ccvc(protocol);
        for effect in effects {
            match effect {
                Effect::AddLeaf(peer) => self.emit(OutputAction::AddLeaf { group, peer }),
                Effect::DropLeaf(peer) => self.emit(OutputAction::DropLeaf { group, peer }),
                Effect::Reply(message) => {
                    if let Some(vc) = vc {
                        self.send_mars(Target::Vc(vc), &message);
                    }
                }
                Effect::Cluster(message) => self.send_mars(Target::Group(group), &message),
                Effect::Changed(changed) => self.changed(protocol, changed),
            }
        }
    }

    /// A leaf dropped off a control VC: the server speaks for the client (RFC 2443, 2 and 5.4).
    // R2443-2-22 R2443-5.4-03
    pub(super) fn leaf_gone(&mut self, group: ControlVc, peer: Endpoint) {
        let hold_until = after(
            self.core.now,
            self.config.redirect_hold_ms.saturating_mul(2),
        );
        let changed = match (group.kind, self.core.services.get_mut(&group.protocol)) {
            (ControlKind::Ccvc, Some(service)) => service.mars.leaf_gone(peer, hold_until),
            _ => None,
        };
        match changed {
            Some(changed) => self.changed(group.protocol, changed),
            None => self.meters.drop("unknown-leaf"),
        }
    }

    /// Tells the group about a change among own clients.
    // R2443-2-08 R2443-2-09 R2443-5.3-01 R2443-5.3-02 R2443-5.4-01 R2443-5.4-02
    fn changed(&mut self, protocol: Protocol, changed: Changed) {
        match changed {
            Changed::Registered { client } => {
                self.meters.registrations += 1;
                self.publish_registration(protocol, client);
            }
            Changed::Joined { client, range } => self.publish_join(protocol, client, range),
            Changed::Left {
                client,
                range,
                said,
            } => {
                let Some(cmi) = self.member(protocol, client).map(|member| member.cmi) else {
                    return;
                };
                // Register C02: the same key, so that the leave takes the place of the join.
                let state = CsaState::ClientLeave;
                let body = records::membership(protocol, state, client, cmi, range, said);
                self.originate(Subject::Membership(protocol, client, range), body);
            }
            Changed::Deregistered { client, member } => {
                self.meters.deregistrations += 1;
                self.publish_end(protocol, client, &member);
            }
        }
    }

    fn member(&self, protocol: Protocol, client: Endpoint) -> Option<&Member> {
        self.core
            .services
            .get(&protocol)?
            .mars
            .cluster()
            .member(client)
    }

    fn publish_registration(&mut self, protocol: Protocol, client: Endpoint) {
        let Some(member) = self.member(protocol, client) else {
            return;
        };
        let body = records::registration(protocol, CsaState::ClientJoin, client, member);
        self.originate(Subject::Registration(protocol, client), body);
    }

    fn publish_join(&mut self, protocol: Protocol, client: Endpoint, range: GroupRange) {
        let Some(body) = self.member(protocol, client).and_then(|member| {
            let said = *member.joins.get(&range)?;
            let state = CsaState::ClientJoin;
            Some(records::membership(
                protocol, state, client, member.cmi, range, said,
            ))
        }) else {
            return;
        };
        self.originate(Subject::Membership(protocol, client, range), body);
    }

    /// The registration's end first, then that of each join by ascending range (registers C02, C04).
    fn publish_end(&mut self, protocol: Protocol, client: Endpoint, member: &Member) {
        let state = CsaState::ClientLeave;
        let body = records::registration(protocol, state, client, member);
        self.originate(Subject::Registration(protocol, client), body);
        for (range, said) in &member.joins {
            let cmi = member.cmi;
            let body = records::membership(protocol, state, client, cmi, *range, *said);
            self.originate(Subject::Membership(protocol, client, *range), body);
        }
    }

    /// The next instance of an own record.
    pub(super) fn originate(&mut self, subject: Subject, body: Vec<u8>) {
        let key = self.core.keys.key(subject);
        self.speaker.originate(self.core.now, key, body);
    }

    // ---- from the group to own clients

    /// A newer record of another server is in the cache.
    fn learned(
        &mut self,
        origin: ServerId,
        key: CacheKey,
        known: bool,
        from: NeighborIx,
        record: &MarsRecord,
    ) {
        let now = self.core.now;
        let hold = self.config.redirect_hold_ms;
        let Some(service) = self.core.services.get_mut(&record.protocol) else {
            return;
        };
        if record.state == CsaState::RedirectEntry {
            // Registers B04, H06.
            let beat = service.liveness.beat(now, origin, record.endpoint, hold);
            // SCSP keeps quarantine by server: any protocol that lives ends it (register E23).
            self.speaker.restore(now, origin, Some(from));
            if beat == Beat::Restored {
                self.meters.restores += 1;
                let changes = service.originators.restore(origin);
                self.log("restored", format!("{origin:?}"));
                self.apply_changes(record.protocol, origin, changes);
            }
            return;
        }
        if service.liveness.seen(now, origin, hold) {
            self.speaker.restore(now, origin, Some(from));
        }
        let of_client = matches!(record.state, CsaState::ClientJoin | CsaState::ClientLeave);
        if !of_client {
            return;
        }
        let live = service.liveness.is_live(origin);
        let changes = service.originators.apply(origin, live, key, known, record);
        self.apply_changes(record.protocol, origin, changes);
        if record.flags.register() {
            match record.state {
                CsaState::ClientJoin => self.check_cmi(origin, record),
                _ => self.deregistered_elsewhere(record.protocol, record.endpoint),
            }
        }
    }

    /// Another server ended a registration of this client. Peers that read RFC 2443, 5.4 by the letter
    /// have now purged what this server had said of it, too: say it again (register A08).
    fn deregistered_elsewhere(&mut self, protocol: Protocol, client: Endpoint) {
        let Some(member) = self.member(protocol, client) else {
            return;
        };
        let ranges: Vec<_> = member.joins.keys().copied().collect();
        self.meters.reoriginations += 1;
        self.publish_registration(protocol, client);
        for range in ranges {
            self.publish_join(protocol, client, range);
        }
    }

    /// A foreign registration whose CMI this server might give, or has given (register E03).
    fn check_cmi(&mut self, origin: ServerId, record: &MarsRecord) {
        let [lowest, highest] = self.config.cmi_range;
        if (lowest..=highest).contains(&record.cmi) {
            self.meters.cmi_conflicts += 1;
            let detail = format!("{origin:?} gave CMI {} of the own range", record.cmi);
            self.log("cmi-conflict", detail);
        }
    }

    /// Everything learned from a server that missed two beats goes (RFC 2443, 2).
    // R2443-2-11 R2443-2-18
    pub(super) fn flush_due(&mut self, protocol: Protocol) {
        let now = self.core.now;
        let Some(service) = self.core.services.get_mut(&protocol) else {
            return;
        };
        for origin in service.liveness.flush_due(now) {
            self.meters.flushes += 1;
            self.log("flushed", format!("{origin:?} for {protocol:?}"));
            let services = self.core.services.values();
            let live = services.map(|s| &s.liveness).any(|l| l.is_live(origin));
            if !live {
                self.speaker.quarantine(origin);
            }
            let service = self.core.services.get(&protocol);
            let changes = service.map_or_else(Vec::new, |s| s.originators.flush(origin));
            self.apply_changes(protocol, origin, changes);
        }
    }

    /// A neighbour says that a record it had announced is gone (register C15).
    fn dropped(&mut self, origin: ServerId, key: CacheKey) {
        let protocols: Vec<Protocol> = self.core.services.keys().copied().collect();
        for protocol in protocols {
            let Some(service) = self.core.services.get_mut(&protocol) else {
                continue;
            };
            let live = service.liveness.is_live(origin);
            let changes = service.originators.forget(origin, live, key);
            self.apply_changes(protocol, origin, changes);
        }
    }

    fn apply_changes(&mut self, protocol: Protocol, origin: ServerId, changes: Vec<Change>) {
        for change in changes {
            let Some(service) = self.core.services.get_mut(&protocol) else {
                return;
            };
            let foreign = Foreign {
                origin,
                client: change.join.client,
                range: change.join.range,
                layer3grp: change.join.layer3grp,
                source: change.join.source,
            };
            let effects = match change.kind {
                ChangeKind::Begins => service.mars.foreign_begins(foreign, change.announce),
                ChangeKind::Ends => service.mars.foreign_ends(foreign, change.announce),
            };
            self.apply(protocol, effects, None);
        }
    }

    // ---- own records that come back

    /// The net has a newer instance of an own record, or one that this server does not know
    /// (registers C08, B11).
    fn own_returned(
        &mut self,
        key: CacheKey,
        theirs: SequenceNumber,
        held: bool,
        body: Option<&[u8]>,
    ) {
        let own = held.then(|| self.speaker.get(self.config.server_id, key));
        if let Some(body) = own.flatten().map(|entry| entry.body.to_vec()) {
            self.meters.reoriginations += 1;
            self.speaker
                .originate_above(self.core.now, key, theirs, body);
            return;
        }
        let Some(record) = body.and_then(|body| decode_record(body).ok()) else {
            return;
        };
        // Register E04: what was given in an earlier life is not free yet.
        let hold_until = after(
            self.core.now,
            self.config.redirect_hold_ms.saturating_mul(2),
        );
        if let Some(service) = self.core.services.get_mut(&record.protocol) {
            service.mars.hold_cmi(record.cmi, hold_until);
        }
        if let Some(body) = records::withdrawal(&record) {
            self.meters.withdrawals += 1;
            self.log("withdrawn", format!("{record:?}"));
            self.speaker
                .originate_above(self.core.now, key, theirs, body);
        }
    }
}
