//! What the other servers say about their clients and MCSs, and which of it counts, for one protocol. What is
//! said here of clients and joins holds for MCSs and what they serve.
//!
//! A join counts while three things hold: its originator is live, and a register record of the same
//! originator, client and CMI is there (registers C03, E20, B07). That makes the outcome a function of
//! the records, whatever order they come in. An originator's claims are tracked while it is in
//! quarantine too, so that a restore finds them up to date (register B02).

use std::collections::{BTreeMap, BTreeSet};

use super::records::{Claim, party};
use crate::address::{GroupRange, ProtocolAddress, ServerId};
use crate::mars::{Party, Role};
use crate::wire::csa::{CsaState, MarsRecord};
use crate::wire::scsp::CacheKey;

/// Membership claims of all other originators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Originators {
    by_id: BTreeMap<ServerId, Claims>,
}

/// Those of one originator: only what its newest records claim, nothing that they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Claims {
    contents: BTreeMap<CacheKey, Content>,
    by_client: BTreeMap<Party, BTreeSet<CacheKey>>,
    /// How many contents carry each CMI.
    cmis: BTreeMap<u16, u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Content {
    Registered { client: Party, cmi: u16 },
    Joined(Join),
}

/// A client's membership, or an MCS's service, as a record states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Join {
    pub(crate) client: Party,
    pub(crate) range: GroupRange,
    pub(crate) cmi: u16,
    pub(crate) layer3grp: bool,
    pub(crate) source: ProtocolAddress,
}

/// A membership that counts from now on, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    pub(crate) join: Join,
    /// False where the cluster is not told: deregistration, flush, a change of flags alone (registers
    /// E19, B06). Of an MCS the cluster is told always (E16, B06), other MCSs if this is true (E17).
    pub(crate) announce: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Begins,
    Ends,
}

impl Originators {
    /// Takes a newer record of a client; `first` tells whether it has the first number, so that it never said
    /// anything else. Changes come in the order in which they are to be announced: endings, then beginnings,
    /// each ascending by client and range. An originator that is not live changes nothing that counts.
    pub(crate) fn apply(
        &mut self,
        origin: ServerId,
        live: bool,
        key: CacheKey,
        first: bool,
        record: &MarsRecord,
    ) -> Vec<Change> {
        let Some((about, _)) = party(record) else {
            return Vec::new();
        };
        let claims = self.by_id.entry(origin).or_default();
        let old = claims.contents.get(&key).copied();
        let touched: BTreeSet<Party> = old
            .map(|content| content.client())
            .into_iter()
            .chain([about])
            .collect();
        let before = claims.counting(&touched);
        claims.replace(key, first, record);
        let after = claims.counting(&touched);
        if !live {
            return Vec::new();
        }
        let leave = record.state == CsaState::ClientLeave && record.range.is_some()
            || record.state == CsaState::McsLeave && record.range.is_some();
        let same = |a: Option<&Join>, b: &Join| {
            a.is_some_and(|a| (a.client, a.range) == (b.client, b.range))
        };
        let mut changes: Vec<Change> = before
            .iter()
            .filter(|(key, join)| after.get(key) != Some(join))
            .map(|(key_of, join)| Change {
                kind: ChangeKind::Ends,
                join: *join,
                // R2443-5.4-06; a key that is put to another use leaves first.
                announce: leave
                    || *key_of == key
                        && !same(after.get(key_of), join)
                        && (after.contains_key(key_of) || join.client.role != about.role),
            })
            .collect();
        changes.sort_by_key(|change| change.join);
        let mut begins: Vec<Change> = after
            .iter()
            .filter(|(key, join)| before.get(key) != Some(join))
            .map(|(key, join)| Change {
                kind: ChangeKind::Begins,
                join: *join,
                announce: !same(before.get(key), join),
            })
            .collect();
        begins.sort_by_key(|change| change.join);
        changes.append(&mut begins);
        without_moves(&mut changes, &before, &after);
        changes
    }

    /// Drops what a key holds, because its record does not exist any more (register C15).
    pub(crate) fn forget(&mut self, origin: ServerId, live: bool, key: CacheKey) -> Vec<Change> {
        let Some(claims) = self.by_id.get_mut(&origin) else {
            return Vec::new();
        };
        let touched = claims.contents.get(&key).map(Content::client);
        let touched: BTreeSet<Party> = touched.into_iter().collect();
        let before = claims.counting(&touched);
        claims.drop_key(key);
        let after = claims.counting(&touched);
        let mut ends: Vec<Change> = before
            .iter()
            .filter(|(key, _)| live && !after.contains_key(key))
            .map(|(held, join)| Change {
                kind: ChangeKind::Ends,
                join: *join,
                announce: *held == key,
            })
            .collect();
        ends.sort_by_key(|change| change.join);
        without_moves(&mut ends, &before, &after);
        ends
    }

    /// Drops all claims of an originator that was flushed long ago.
    pub(crate) fn drop_origin(&mut self, origin: ServerId) {
        self.by_id.remove(&origin);
    }

    /// All that counted of an originator that is flushed.
    // R2443-2-11
    pub(crate) fn flush(&self, origin: ServerId) -> Vec<Change> {
        self.all(origin, ChangeKind::Ends, false)
    }

    /// All that counts again of an originator that is restored (register H04).
    pub(crate) fn restore(&self, origin: ServerId) -> Vec<Change> {
        self.all(origin, ChangeKind::Begins, true)
    }

    fn all(&self, origin: ServerId, kind: ChangeKind, announce: bool) -> Vec<Change> {
        let Some(claims) = self.by_id.get(&origin) else {
            return Vec::new();
        };
        let mut joins: Vec<Join> = claims
            .by_client
            .keys()
            .flat_map(|client| claims.counting_of(*client))
            .map(|(_, join)| join)
            .collect();
        joins.sort_unstable();
        joins.dedup_by(|a, b| one_service(a, b));
        joins
            .into_iter()
            .map(|join| Change {
                kind,
                join,
                announce,
            })
            .collect()
    }

    /// True for a CMI that some originator's claim carries, live or not (registers E03, E04).
    // R2443-2-05
    pub(crate) fn uses_cmi(&self, cmi: u16) -> bool {
        self.by_id
            .values()
            .any(|claims| claims.cmis.contains_key(&cmi))
    }

    /// Every registration claimed: originator, client, CMI.
    pub(crate) fn registrations(&self) -> impl Iterator<Item = (ServerId, Party, u16)> + '_ {
        self.by_id.iter().flat_map(|(origin, claims)| {
            claims
                .contents
                .values()
                .filter_map(|content| match content {
                    Content::Registered { client, cmi } => Some((*origin, *client, *cmi)),
                    Content::Joined(_) => None,
                })
        })
    }
}

/// What an MCS serves counts once, whatever keys and CMIs say so: where it was served before and is after,
/// nothing changes.
fn without_moves(
    changes: &mut Vec<Change>,
    before: &BTreeMap<CacheKey, Join>,
    after: &BTreeMap<CacheKey, Join>,
) {
    let in_all = |join: &Join| {
        [before, after]
            .iter()
            .all(|held| held.values().any(|other| one_service(other, join)))
    };
    changes.retain(|change| !in_all(&change.join));
    // Nor does it begin or end twice.
    changes.dedup_by(|a, b| a.kind == b.kind && one_service(&a.join, &b.join));
}

/// The same MCS and the same range.
fn one_service(a: &Join, b: &Join) -> bool {
    a.client.role == Role::Mcs && (a.client, a.range) == (b.client, b.range)
}

impl Content {
    const fn client(&self) -> Party {
        match self {
            Self::Registered { client, .. } | Self::Joined(Join { client, .. }) => *client,
        }
    }

    const fn cmi(&self) -> u16 {
        match self {
            Self::Registered { cmi, .. } | Self::Joined(Join { cmi, .. }) => *cmi,
        }
    }
}

impl Claims {
    /// The joins of some clients that count if the originator is live.
    fn counting(&self, clients: &BTreeSet<Party>) -> BTreeMap<CacheKey, Join> {
        clients
            .iter()
            .flat_map(|client| self.counting_of(*client))
            .collect()
    }

    fn counting_of(&self, client: Party) -> Vec<(CacheKey, Join)> {
        let contents: Vec<(CacheKey, Content)> = self.of_client(client).collect();
        let registered: BTreeSet<u16> = contents
            .iter()
            .filter_map(|(_, content)| match content {
                Content::Registered { cmi, .. } => Some(*cmi),
                Content::Joined(_) => None,
            })
            .collect();
        contents
            .into_iter()
            .filter_map(|(key, content)| match content {
                Content::Joined(join) if registered.contains(&join.cmi) => Some((key, join)),
                _ => None,
            })
            .collect()
    }

    fn of_client(&self, client: Party) -> impl Iterator<Item = (CacheKey, Content)> + '_ {
        self.by_client
            .get(&client)
            .into_iter()
            .flatten()
            .filter_map(|key| Some((*key, *self.contents.get(key)?)))
    }

    /// Puts a record in the place of what its key held.
    fn replace(&mut self, key: CacheKey, first: bool, record: &MarsRecord) {
        let said = self.drop_key(key);
        let Some((client, claim)) = party(record) else {
            return;
        };
        match (claim, record.range) {
            // R2443-5.3-12 R2443-5.2-14
            (Claim::Begins, None) => self.put(
                key,
                Content::Registered {
                    client,
                    cmi: record.cmi,
                },
            ),
            // R2443-5.2-11
            (Claim::Begins, Some(range)) => self.put(
                key,
                Content::Joined(Join {
                    client,
                    range,
                    cmi: record.cmi,
                    // Register E09: counts as clear for a block. R2443-5.2-05
                    layer3grp: record.flags.layer3grp()
                        && range.is_single()
                        && client.role == Role::Client,
                    source: record.source,
                }),
            ),
            // R2443-2-23 R2443-5.4-05 R2443-5.5-05, as registers A08 and C03 read them: what this
            // originator said of this registration of the client.
            (Claim::Ends, None) => {
                let cmi = record.cmi;
                let registered = said == Some(Content::Registered { client, cmi });
                if first || registered {
                    self.drop_where(client, |content| match content {
                        Content::Joined(join) => join.cmi == cmi,
                        Content::Registered { cmi: other, .. } => first && *other == cmi,
                    });
                }
            }
            // Register C02, H10: a leave under a key of its own ends the join it fits. A peer that has join and
            // leave under one key never gives a leave the first number: such a leave, under a key that is not
            // known here, is what somebody remembers of a join that was over long ago (N06).
            (Claim::Ends, Some(range)) if first => {
                self.drop_where(client, |content| {
                    matches!(content, Content::Joined(join)
                        if join.range == range && join.cmi == record.cmi)
                });
            }
            (Claim::Ends, Some(_)) => {}
        }
    }

    fn put(&mut self, key: CacheKey, content: Content) {
        self.by_client
            .entry(content.client())
            .or_default()
            .insert(key);
        *self.cmis.entry(content.cmi()).or_default() += 1;
        self.contents.insert(key, content);
    }

    fn drop_where(&mut self, client: Party, ends: impl Fn(&Content) -> bool) {
        let keys: Vec<CacheKey> = self
            .of_client(client)
            .filter(|(_, content)| ends(content))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            self.drop_key(key);
        }
    }

    /// Takes out what a key held.
    fn drop_key(&mut self, key: CacheKey) -> Option<Content> {
        let content = self.contents.remove(&key)?;
        if let Some(count) = self.cmis.get_mut(&content.cmi()) {
            *count -= 1;
            if *count == 0 {
                self.cmis.remove(&content.cmi());
            }
        }
        if let Some(keys) = self.by_client.get_mut(&content.client()) {
            keys.remove(&key);
            if keys.is_empty() {
                self.by_client.remove(&content.client());
            }
        }
        Some(content)
    }
}

#[cfg(test)]
mod tests;
