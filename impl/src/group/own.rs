//! Own records: originated, returned by the net, renewed.

use std::collections::BTreeSet;

use super::keys::Subject;
use super::liveness::after;
use super::records;
use super::server::DistributedMars;
use crate::address::{Endpoint, GroupRange, Protocol};
use crate::mars::cluster::Member;
use crate::mars::{Changed, Party, Role};
use crate::wire::csa::{CsaState, decode_record};
use crate::wire::scsp::{CacheKey, SequenceNumber};

impl DistributedMars {
    /// Tells the group about a change among own clients.
    // R2443-2-08 R2443-2-09 R2443-5.3-01 R2443-5.3-02 R2443-5.4-01 R2443-5.4-02
    pub(super) fn changed(&mut self, protocol: Protocol, changed: Changed) {
        self.tell(Role::Client, protocol, changed);
    }

    /// Tells the group about a change among own clients, or among own MCSs.
    // R2443-5.2-01 R2443-5.2-02 R2443-5.5-01 R2443-5.5-02
    pub(super) fn tell(&mut self, role: Role, protocol: Protocol, changed: Changed) {
        let party = |endpoint| Party { role, endpoint };
        match changed {
            Changed::Registered { client } => {
                self.meters.registrations += 1;
                self.publish_registration(protocol, party(client));
            }
            Changed::Joined { client, range } => {
                self.publish_join(protocol, party(client), range);
            }
            Changed::Left {
                client,
                range,
                said,
            } => {
                let client = party(client);
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
                self.publish_end(protocol, party(client), &member);
            }
        }
    }

    /// Says again all that this server has said about an own client (register A08).
    pub(super) fn republish(&mut self, protocol: Protocol, client: Endpoint) {
        self.say_again(protocol, Party::client(client));
    }

    /// The same of a client or MCS; nothing happens when it is not registered.
    pub(super) fn say_again(&mut self, protocol: Protocol, client: Party) {
        let Some(member) = self.member(protocol, client) else {
            return;
        };
        let ranges: Vec<GroupRange> = member.joins.keys().copied().collect();
        self.meters.reoriginations += 1;
        self.publish_registration(protocol, client);
        for range in ranges {
            self.publish_join(protocol, client, range);
        }
    }

    fn member(&self, protocol: Protocol, client: Party) -> Option<&Member> {
        let service = self.core.services.get(&protocol)?;
        service.mars.party(client)
    }

    fn publish_registration(&mut self, protocol: Protocol, client: Party) {
        let Some(member) = self.member(protocol, client) else {
            return;
        };
        let body = records::registration(protocol, CsaState::ClientJoin, client, member);
        self.originate(Subject::Registration(protocol, client), body);
    }

    fn publish_join(&mut self, protocol: Protocol, client: Party, range: GroupRange) {
        let Some(member) = self.member(protocol, client) else {
            return;
        };
        let Some(said) = member.joins.get(&range) else {
            return;
        };
        let state = CsaState::ClientJoin;
        let body = records::membership(protocol, state, client, member.cmi, range, *said);
        self.originate(Subject::Membership(protocol, client, range), body);
    }

    /// The registration's end first, then that of each join by ascending range (registers C02, C04).
    fn publish_end(&mut self, protocol: Protocol, client: Party, member: &Member) {
        for (subject, body) in endings(protocol, client, member) {
            self.originate(subject, body);
        }
    }

    /// The next instance of an own record.
    pub(super) fn originate(&mut self, subject: Subject, body: Vec<u8>) {
        let key = self.key(subject);
        let now = self.core.now;
        if self.speaker.originate(now, key, body.clone()).is_none() {
            self.renew(subject, body);
        } else {
            self.keep(key, &body);
        }
    }

    /// The key of an own record.
    fn key(&mut self, subject: Subject) -> CacheKey {
        let (speaker, own) = (&self.speaker, self.config.server_id);
        let taken = |key| speaker.get(own, key).is_some();
        self.core.keys.key(subject, taken)
    }

    fn new_key(&mut self, subject: Subject) -> CacheKey {
        let (speaker, own) = (&self.speaker, self.config.server_id);
        let taken = |key| speaker.get(own, key).is_some();
        self.core.keys.renew(subject, taken)
    }

    /// An own record was told: one that ends something is kept for a while, any other for good (register
    /// C06).
    fn keep(&mut self, key: CacheKey, body: &[u8]) {
        let (now, own) = (self.core.now, self.config.server_id);
        if decode_record(body).is_ok_and(|record| records::is_ending(record.state)) {
            self.speaker.entomb(now, own, key);
        } else {
            self.speaker.exhume(own, key);
        }
    }

    /// An own record is told for the last time under its key.
    fn purge(&mut self, key: CacheKey, body: Vec<u8>) {
        let (now, own) = (self.core.now, self.config.server_id);
        self.speaker.purge(now, key, body);
        self.speaker.entomb(now, own, key);
    }

    /// The net has a newer instance of an own record, or one that this server does not know
    /// (registers C08, B11).
    pub(super) fn own_returned(
        &mut self,
        key: CacheKey,
        theirs: SequenceNumber,
        held: bool,
        body: Option<&[u8]>,
    ) {
        let now = self.core.now;
        let own = held.then(|| self.speaker.get(self.config.server_id, key));
        if let Some(body) = own.flatten().map(|entry| entry.body.to_vec()) {
            self.meters.reoriginations += 1;
            let told = self.speaker.originate_above(now, key, theirs, body.clone());
            match (told, self.core.keys.subject(key)) {
                (Some(_), _) => self.keep(key, &body),
                (None, Some(subject)) => self.renew(subject, body),
                // Of an earlier life, and over: there is nothing to go on with.
                (None, None) => self.purge(key, body),
            }
            return;
        }
        let Some(record) = body.and_then(|body| decode_record(body).ok()) else {
            return;
        };
        // Register E04: what was given in an earlier life is not free yet.
        let hold_until = after(now, self.config.redirect_hold_ms.saturating_mul(2));
        if let Some(service) = self.core.services.get_mut(&record.protocol) {
            service.mars.hold_cmi(record.cmi, hold_until);
        }
        if let Some(body) = records::withdrawal(&record) {
            self.meters.withdrawals += 1;
            self.log("withdrawn", format!("{record:?}"));
            let told = self.speaker.originate_above(now, key, theirs, body.clone());
            if told.is_some() {
                self.keep(key, &body);
            } else {
                self.purge(key, body);
            }
        }
    }

    /// The numbers of a key are used up (register C11): its subject goes on under another key. `body` is
    /// what was to be said under the old one.
    fn renew(&mut self, subject: Subject, body: Vec<u8>) {
        let now = self.core.now;
        self.meters.renewals += 1;
        self.log("key-renewed", format!("{subject:?}"));
        match subject {
            // The new beat takes the place of the old one by its originator; there is nothing to purge.
            Subject::Redirect(_) => {
                let key = self.new_key(subject);
                self.speaker.originate(now, key, body);
            }
            Subject::Registration(protocol, client) | Subject::Membership(protocol, client, _) => {
                let old = self.key(subject);
                if let Some(member) = self.member(protocol, client).cloned() {
                    self.renew_registration(protocol, client, &member);
                }
                // Something that has ended already: the last word is the purge.
                if self.key(subject) == old {
                    self.new_key(subject);
                    self.purge(old, body);
                }
            }
        }
    }

    /// Ends all records of a registration for good; when every neighbour knows, the client is announced
    /// again under new keys and with a new CMI (registers H02, H10, H13).
    fn renew_registration(&mut self, protocol: Protocol, client: Party, member: &Member) {
        let now = self.core.now;
        let mut purged = BTreeSet::new();
        for (subject, body) in endings(protocol, client, member) {
            let key = self.key(subject);
            self.new_key(subject);
            self.purge(key, body);
            purged.insert(key);
        }
        self.core.renewals.insert((protocol, client), purged);
        let hold_until = after(now, self.config.redirect_hold_ms.saturating_mul(2));
        if let Some(service) = self.core.services.get_mut(&protocol) {
            let originators = &service.originators;
            let taken = |cmi| originators.uses_cmi(cmi);
            let Party { role, endpoint } = client;
            match role {
                Role::Client => service.mars.renew_cmi(now, endpoint, hold_until, taken),
                Role::Mcs => service.mars.renew_mcs_cmi(now, endpoint, hold_until, taken),
            }
        }
    }

    /// No neighbour has yet to acknowledge the purge of this key.
    pub(super) fn purged(&mut self, key: CacheKey) {
        for waiting in self.core.renewals.values_mut() {
            waiting.remove(&key);
        }
        let ready: Vec<(Protocol, Party)> = self
            .core
            .renewals
            .iter()
            .filter(|(_, waiting)| waiting.is_empty())
            .map(|(name, _)| *name)
            .collect();
        for (protocol, client) in ready {
            self.core.renewals.remove(&(protocol, client));
            self.say_again(protocol, client);
        }
    }
}

/// The records that end a registration and its joins: the registration's first, then each join's by
/// ascending range (registers C02, C04).
fn endings(protocol: Protocol, client: Party, member: &Member) -> Vec<(Subject, Vec<u8>)> {
    let state = CsaState::ClientLeave;
    let registration = (
        Subject::Registration(protocol, client),
        records::registration(protocol, state, client, member),
    );
    let joins = member.joins.iter().map(|(range, said)| {
        let cmi = member.cmi;
        (
            Subject::Membership(protocol, client, *range),
            records::membership(protocol, state, client, cmi, *range, *said),
        )
    });
    core::iter::once(registration).chain(joins).collect()
}
