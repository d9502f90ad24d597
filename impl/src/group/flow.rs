//! Between MARS and SCSP: what own clients do becomes records, what records say becomes membership.

use super::liveness::{Beat, after};
use super::records::{self, Claim};
use super::server::{DistributedMars, ccvc, scvc};
use crate::address::{Endpoint, Protocol, ServerId};
use crate::io::{ControlKind, ControlVc, LogEvent, OutputAction, Target, Time, VcId};
use crate::mars::{Effect, Role};
use crate::scsp::{NeighborIx, SpeakerEvent};
use crate::wire::csa::{CsaState, MarsRecord, decode_record};
use crate::wire::scsp::CacheKey;

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
            SpeakerEvent::Dropped { origin, key, .. } => self.forget(origin, key, None),
            SpeakerEvent::PurgeAcknowledged { key, .. } => self.purged(key),
            SpeakerEvent::Expired { origin, key, .. } => {
                if origin == self.config.server_id {
                    self.core.keys.release(key);
                }
            }
            SpeakerEvent::GivenUp { origin, .. } => self.given_up(origin),
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

    /// Carries out what a MARS wants done; `vc` is where the message that caused it came from.
    pub(super) fn apply(&mut self, protocol: Protocol, effects: Vec<Effect>, vc: Option<VcId>) {
        let (group, servers) = (ccvc(protocol), scvc(protocol));
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
                Effect::AddServerLeaf(peer) => self.emit(OutputAction::AddLeaf {
                    group: servers,
                    peer,
                }),
                Effect::DropServerLeaf(peer) => self.emit(OutputAction::DropLeaf {
                    group: servers,
                    peer,
                }),
                Effect::Servers(message) => self.send_mars(Target::Group(servers), &message),
                Effect::McsChanged(changed) => self.mcs_changed(protocol, changed),
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
        if group.kind == ControlKind::Scvc {
            return self.mcs_gone(group.protocol, peer, hold_until);
        }
        let service = self.core.services.get_mut(&group.protocol);
        match service.and_then(|service| service.mars.leaf_gone(peer, hold_until)) {
            Some(changed) => self.changed(group.protocol, changed),
            None => self.meters.drop("unknown-leaf"),
        }
    }

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
        let about = records::party(record);
        // Register C06.
        if records::is_ending(record.state) {
            self.speaker.entomb(now, origin, key);
        } else if known {
            self.speaker.exhume(origin, key);
        }
        if known {
            // What the key said before, of another protocol or of a client at all, it says no more.
            self.forget(origin, key, about.map(|_| record.protocol));
        }
        let Some(service) = self.core.services.get_mut(&record.protocol) else {
            return;
        };
        if record.state == CsaState::RedirectEntry {
            // Registers B04, H06.
            let beat = service.liveness.beat(now, origin, record.endpoint, hold);
            // SCSP keeps quarantine by server: any protocol that lives ends it (register E23). A new key
            // may be that of a new life, which is to see what it said in the old one, wherever it is:
            // summaries left that out (B03). It withdraws what no longer holds (B11).
            let except = known.then_some(from);
            self.speaker.restore(now, origin, except);
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
        let Some((party, claim)) = about else {
            return;
        };
        let live = service.liveness.is_live(origin);
        let changes = service.originators.apply(origin, live, key, known, record);
        self.apply_changes(record.protocol, origin, changes);
        if record.flags.register() {
            match (claim, party.role) {
                (Claim::Begins, _) => self.check_cmi(origin, record),
                // Another server ended a registration of this client. Peers that read RFC 2443, 5.4 by
                // the letter have now purged what this server had said of it, too (register A08).
                (Claim::Ends, Role::Client) => self.republish(record.protocol, record.endpoint),
                (Claim::Ends, Role::Mcs) => self.say_again(record.protocol, party),
            }
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

    /// A server was in quarantine for so long that nothing is kept of it: should it come back, it is a new
    /// one (register B02).
    fn given_up(&mut self, origin: ServerId) {
        self.meters.given_up += 1;
        self.log("given-up", format!("{origin:?}"));
        for service in self.core.services.values_mut() {
            service.originators.drop_origin(origin);
            service.liveness.drop_origin(origin);
        }
    }

    /// What a key said counts no more, for all protocols but `except`: its record is gone (register C15),
    /// or says something else now.
    fn forget(&mut self, origin: ServerId, key: CacheKey, except: Option<Protocol>) {
        let protocols: Vec<Protocol> = self.core.services.keys().copied().collect();
        for protocol in protocols {
            if Some(protocol) == except {
                continue;
            }
            let Some(service) = self.core.services.get_mut(&protocol) else {
                continue;
            };
            let live = service.liveness.is_live(origin);
            let changes = service.originators.forget(origin, live, key);
            self.apply_changes(protocol, origin, changes);
        }
    }
}
