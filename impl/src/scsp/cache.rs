//! The cache: every record this server knows, by originator and key, with its newest number
//! (RFC 2334, 2.4 and B.2.0.2).
//!
//! Bodies are opaque octets, kept as received: a relay sends what it got (register E26). Two records of
//! one key but different originators have nothing to do with each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::ServerId;
use crate::wire::scsp::{CacheKey, Csas, SequenceNumber};

/// What names a cache entry: the server that originates it and the key it gave it. Ordered by
/// originator, then key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordId {
    /// Originator ID.
    pub origin: ServerId,
    // R2334-B.2.0.2-19
    /// Cache Key, opaque.
    pub key: CacheKey,
}

impl Ord for RecordId {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for RecordId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl RecordId {
    /// Both parts as one number of the same order.
    #[inline]
    const fn number(self) -> u64 {
        let origin = u32::from_be_bytes(self.origin.0) as u64;
        origin << 32 | u32::from_be_bytes(self.key.0) as u64
    }

    /// The name that a summary or record carries.
    #[must_use]
    pub const fn of(csas: &Csas) -> Self {
        Self {
            origin: csas.origin,
            key: csas.key,
        }
    }

    /// A summary of instance `sequence` of this entry, as it stands alone in a message.
    #[must_use]
    pub(super) const fn summary(self, sequence: SequenceNumber) -> Csas {
        // R2334-B.2.0.2-02
        Csas::new(self.key, self.origin, sequence)
    }
}

/// A cache entry as readers see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Number of the instance held.
    pub sequence: SequenceNumber,
    /// Protocol-specific part of that instance; empty when it is not usable.
    pub body: &'a [u8],
    /// Its originator is in quarantine (register B02): kept, not summarised, not to be used.
    pub quarantined: bool,
    /// False for a record of which only the number is remembered, because every instance that came
    /// was to be acknowledged and no more (register C24).
    pub usable: bool,
}

/// How a number that arrives compares with what is held (RFC 2334, 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Newness {
    /// No entry of that originator and key: newer than nothing (register C07).
    Unknown,
    /// Larger than the number held.
    Newer,
    /// The instance held.
    Equal,
    /// Smaller than the number held; the acknowledgement is to carry the held one.
    Older(SequenceNumber),
    /// The reserved number, or one that was passed over before (register C24, H05): acknowledged as it
    /// came, never used.
    Ignored,
}

/// What the cache holds of one entry; there may be a million, so nothing that is seldom there is in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    sequence: SequenceNumber,
    body: Option<Arc<[u8]>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Origin {
    quarantined: bool,
    records: BTreeMap<CacheKey, Held>,
    /// Larger numbers of records with content that were acknowledged and not used (register C24).
    passed_over: BTreeMap<CacheKey, SequenceNumber>,
}

impl Origin {
    /// Whether a number as large as this was passed over under that key.
    fn has_passed_over(&self, key: CacheKey, sequence: SequenceNumber) -> bool {
        let passed_over = self.passed_over.get(&key);
        passed_over.is_some_and(|&passed_over| sequence <= passed_over)
    }
}

/// All records, by originator and key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cache {
    origins: BTreeMap<ServerId, Origin>,
}

impl Cache {
    fn held(&self, id: RecordId) -> Option<(&Origin, &Held)> {
        let origin = self.origins.get(&id.origin)?;
        Some((origin, origin.records.get(&id.key)?))
    }

    /// One entry.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<Entry<'_>> {
        let (origin, held) = self.held(id)?;
        Some(held.view(origin.quarantined))
    }

    /// Number and body of an entry that can be sent, whether or not its originator is in quarantine.
    #[must_use]
    pub(super) fn sendable(&self, id: RecordId) -> Option<(SequenceNumber, Arc<[u8]>)> {
        let (_, held) = self.held(id)?;
        Some((held.sequence, held.body.clone()?))
    }

    /// All entries, ascending by originator and then key.
    pub fn iter(&self) -> impl Iterator<Item = (RecordId, Entry<'_>)> + '_ {
        self.origins.iter().flat_map(|(&origin, records)| {
            records
                .records
                .iter()
                .map(move |(&key, held)| (RecordId { origin, key }, held.view(records.quarantined)))
        })
    }

    /// Number of entries of all originators.
    #[must_use]
    pub fn len(&self) -> usize {
        self.origins.values().map(|o| o.records.len()).sum()
    }

    /// True when nothing at all is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.origins.values().all(|o| o.records.is_empty())
    }

    /// Compares number `sequence` of entry `id` with what is held (RFC 2334, 2.4). `wrapped` is asked
    /// whether a purge of the entry has reached every neighbour, if a purge is what is held.
    #[must_use]
    pub fn compare(
        &self,
        id: RecordId,
        sequence: SequenceNumber,
        wrapped: impl FnOnce() -> bool,
    ) -> Newness {
        let entry = self.held(id);
        // R2334-B.2.0.2-11; register H05.
        if !sequence.is_usable() {
            return match entry {
                Some((_, held)) if held.body.is_some() => Newness::Older(held.sequence),
                _ => Newness::Ignored,
            };
        }
        // R2334-2.4-01, R2334-2.4-03; register C07.
        let Some((origin, held)) = entry else {
            return Newness::Unknown;
        };
        // Register C11: a literal peer starts a purged key again at the bottom. Only the lower half of
        // the number space counts as that; an instance from just below the purge is merely late.
        if held.sequence == SequenceNumber::PURGE && sequence.0 < 0 && wrapped() {
            return Newness::Newer;
        }
        // R2334-2.4-02
        match sequence.cmp(&held.sequence) {
            core::cmp::Ordering::Greater if origin.has_passed_over(id.key, sequence) => {
                Newness::Ignored
            }
            core::cmp::Ordering::Greater => Newness::Newer,
            core::cmp::Ordering::Equal => Newness::Equal,
            core::cmp::Ordering::Less if held.body.is_none() => Newness::Ignored,
            core::cmp::Ordering::Less => Newness::Older(held.sequence),
        }
    }

    /// Puts an instance in place of whatever is held of that entry; true if that had content.
    // R2334-2.3-10
    pub(super) fn store(
        &mut self,
        id: RecordId,
        sequence: SequenceNumber,
        body: Arc<[u8]>,
    ) -> bool {
        let origin = self.origins.entry(id.origin).or_default();
        origin.passed_over.remove(&id.key);
        let body = Some(body);
        let replaced = origin.records.insert(id.key, Held { sequence, body });
        replaced.is_some_and(|held| held.body.is_some())
    }

    /// Remembers the number of an instance that is acknowledged and not used (register C24). Content
    /// that is held under a smaller number stays.
    pub(super) fn pass_over(&mut self, id: RecordId, sequence: SequenceNumber) {
        let origin = self.origins.entry(id.origin).or_default();
        let body = None;
        let held = origin.records.entry(id.key);
        let held = held.or_insert(Held { sequence, body });
        if held.body.is_some() {
            origin.passed_over.insert(id.key, sequence);
        } else {
            held.sequence = sequence;
        }
    }

    /// Drops an entry; true if there was one.
    pub(super) fn remove(&mut self, id: RecordId) -> bool {
        let Some(origin) = self.origins.get_mut(&id.origin) else {
            return false;
        };
        origin.passed_over.remove(&id.key);
        let removed = origin.records.remove(&id.key).is_some();
        if origin.records.is_empty() && !origin.quarantined {
            self.origins.remove(&id.origin);
        }
        removed
    }

    /// Drops the content of an entry and keeps its number (register B02).
    pub(super) fn strip(&mut self, id: RecordId) {
        let records = self.origins.get_mut(&id.origin).map(|o| &mut o.records);
        if let Some(held) = records.and_then(|records| records.get_mut(&id.key)) {
            held.body = None;
        }
    }

    /// Drops those entries of an originator of which only the number is kept.
    pub(super) fn forget_numbers(&mut self, origin: ServerId) {
        if let Some(records) = self.origins.get_mut(&origin) {
            let Origin {
                records: held,
                passed_over,
                ..
            } = records;
            held.retain(|_, held| held.body.is_some());
            passed_over.retain(|key, _| held.contains_key(key));
            if records.records.is_empty() && !records.quarantined {
                self.origins.remove(&origin);
            }
        }
    }

    /// Puts an originator into quarantine or takes it out; true if that changed anything.
    pub(super) fn set_quarantine(&mut self, origin: ServerId, quarantined: bool) -> bool {
        let records = self.origins.entry(origin).or_default();
        let changed = records.quarantined != quarantined;
        records.quarantined = quarantined;
        if records.records.is_empty() && !quarantined {
            self.origins.remove(&origin);
        }
        changed
    }

    /// Whether an originator is in quarantine.
    #[must_use]
    pub fn is_quarantined(&self, origin: ServerId) -> bool {
        self.origins.get(&origin).is_some_and(|o| o.quarantined)
    }

    /// The sendable entries of one originator, ascending by key. Touches no other originator.
    pub(super) fn of_origin(
        &self,
        origin: ServerId,
    ) -> impl Iterator<Item = (RecordId, SequenceNumber, &Arc<[u8]>)> + '_ {
        self.origins
            .get(&origin)
            .into_iter()
            .flat_map(move |records| &records.records)
            .filter_map(move |(&key, held)| {
                Some((RecordId { origin, key }, held.sequence, held.body.as_ref()?))
            })
    }

    /// Up to `limit` summaries of entries after `cursor` in order of originator and key, and whether
    /// there are more. Entries in quarantine and entries without content are left out (register B02,
    /// B03, C24).
    #[must_use]
    pub(super) fn summaries(&self, cursor: Option<RecordId>, limit: usize) -> (Vec<Csas>, bool) {
        use core::ops::Bound::{Excluded, Unbounded};
        let first = cursor.map_or(ServerId([0; 4]), |id| id.origin);
        let mut rest = self
            .origins
            .range(first..)
            .filter(|(_, records)| !records.quarantined)
            .flat_map(|(&origin, records)| {
                let after = match cursor {
                    Some(id) if id.origin == origin => Excluded(id.key),
                    _ => Unbounded,
                };
                records
                    .records
                    .range((after, Unbounded))
                    .filter(|(_, held)| held.body.is_some())
                    .map(move |(&key, held)| RecordId { origin, key }.summary(held.sequence))
            });
        let batch = rest.by_ref().take(limit).collect();
        (batch, rest.next().is_some())
    }

    /// The same cache with every number seen from `base`, for states that are compared.
    pub(super) fn rebase(&mut self, base: &impl Fn(RecordId) -> SequenceNumber) {
        for (&origin, records) in &mut self.origins {
            for (&key, held) in &mut records.records {
                held.sequence = relative(held.sequence, base(RecordId { origin, key }));
            }
            for (&key, passed_over) in &mut records.passed_over {
                *passed_over = relative(*passed_over, base(RecordId { origin, key }));
            }
        }
    }
}

impl Held {
    fn view(&self, quarantined: bool) -> Entry<'_> {
        Entry {
            sequence: self.sequence,
            body: self.body.as_deref().unwrap_or_default(),
            quarantined,
            usable: self.body.is_some(),
        }
    }
}

/// `sequence` counted from `base`, around the end of the number space if need be.
pub(super) const fn relative(sequence: SequenceNumber, base: SequenceNumber) -> SequenceNumber {
    SequenceNumber(sequence.0.wrapping_sub(base.0))
}

#[cfg(test)]
mod tests;
