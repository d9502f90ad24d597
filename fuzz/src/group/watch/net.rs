//! Rules about what comes from the other servers and goes on to them.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{GroupRange, ServerId};
use distributed_mars::group::view::MemberKind;
use distributed_mars::group::{GroupConfig, View};
use distributed_mars::io::Target;
use distributed_mars::wire::csa::MarsRecord;
use distributed_mars::wire::llc_snap::{self, Encapsulation};
use distributed_mars::wire::scsp::{self, Body, CacheKey, Csas};

use super::own::registrations;
use super::{Said, Step, Verdict, demand, sends};

type Name = (ServerId, CacheKey);

/// How far each instance may still go.
#[derive(Clone, Debug, Default)]
pub(super) struct Hops {
    /// The largest hop count that may be sent of an instance.
    allowed: BTreeMap<(Name, i32), u16>,
    /// Asked for, or on the list of what is to be.
    solicited: BTreeSet<Name>,
    /// Flushed and not back since, whether or not something of theirs is cached.
    flushed: BTreeSet<ServerId>,
}

const fn name(csas: &Csas) -> Name {
    (csas.origin, csas.key)
}

impl Hops {
    /// The hop count of a relayed record falls by one at each server, and at zero it stops (RFC 2334,
    /// B.2.0.2), but for what is asked for (count 1), asked for and arrived with its last hop (register
    /// C13), or back from quarantine (H04).
    pub(super) fn step(&mut self, config: &GroupConfig, said: &Said, step: &Step<'_>) -> Verdict {
        self.solicited.extend(said.told.iter().map(name));
        for csas in &said.records {
            let received = csas.hop_count.max(1);
            let most = match received {
                1 if self.solicited.contains(&name(csas)) => config.hop_count,
                _ => received - 1,
            };
            self.allow(name(csas), csas.sequence.0, most);
        }
        let mut restored: BTreeSet<ServerId> = quarantined(step.before)
            .difference(&quarantined(step.after))
            .copied()
            .collect();
        let (before, after) = (live(step.before), live(step.after));
        restored.extend(self.flushed.intersection(&after));
        self.flushed.extend(before);
        self.flushed.retain(|origin| !after.contains(origin));
        for entry in &step.after.cache {
            let Some(key) = key(&entry.key) else { continue };
            let name = (entry.origin, key);
            if restored.contains(&entry.origin) {
                self.allow(name, entry.sequence, config.hop_count);
            }
            if said.asked.iter().any(|csas| self::name(csas) == name) {
                self.allow(name, entry.sequence, 1);
            }
        }
        for (target, octets) in sends(step.outputs) {
            let (Target::Vc(_), Ok((Encapsulation::Scsp, packet))) =
                (target, llc_snap::split(octets))
            else {
                continue;
            };
            if let Ok(Body::CsuRequest(records)) = scsp::decode(packet).map(|packet| packet.body) {
                for csa in records {
                    self.sent(config, &csa.csas)?;
                }
            }
        }
        Ok(())
    }

    fn allow(&mut self, name: Name, sequence: i32, most: u16) {
        let allowed = self.allowed.entry((name, sequence)).or_default();
        *allowed = most.max(*allowed);
    }

    fn sent(&self, config: &GroupConfig, csas: &Csas) -> Verdict {
        let allowed = match csas {
            // The answer to a CSUS for what is not there (register C15).
            Csas { null: true, .. } => 1,
            _ if csas.origin == config.server_id => config.hop_count,
            _ => {
                let instance = (name(csas), csas.sequence.0);
                self.allowed.get(&instance).copied().unwrap_or(0)
            }
        };
        demand((1..=allowed).contains(&csas.hop_count), || {
            format!("{csas:?} sent, {allowed} hops allowed")
        })
    }
}

fn live(view: &View) -> BTreeSet<ServerId> {
    view.live.iter().map(|one| one.origin).collect()
}

fn quarantined(view: &View) -> BTreeSet<ServerId> {
    let entries = view.cache.iter().filter(|entry| entry.quarantined);
    entries.map(|entry| entry.origin).collect()
}

fn key(text: &str) -> Option<CacheKey> {
    let number = u32::from_str_radix(text, 16).ok()?;
    Some(CacheKey(number.to_be_bytes()))
}

/// What records of each instance said when they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    said: BTreeMap<(Name, i32), BTreeSet<MarsRecord>>,
}

impl Contents {
    /// Whatever counts of another server stands in a record of its own that is cached, word for word,
    /// and that server is alive (RFC 2443, 2; register B02, C03).
    pub(super) fn step(&mut self, config: &GroupConfig, said: &Said, step: &Step<'_>) -> Verdict {
        for (csas, record) in &said.contents {
            let said = self.said.entry((name(csas), csas.sequence.0)).or_default();
            said.insert(*record);
        }
        let view = step.after;
        let live = |protocol, origin| {
            let mut live = view.live.iter();
            live.any(|one| (one.protocol, one.origin) == (protocol, origin))
        };
        for (kind, one) in registrations(view) {
            if one.origin == config.server_id {
                continue;
            }
            let stands = live(one.protocol, one.origin)
                && self.stands(view, one.origin, kind, |record| {
                    let held = (record.protocol, record.endpoint, record.cmi, record.range);
                    held == (one.protocol, one.endpoint, one.cmi, None)
                });
            demand(stands, || format!("{one:?} stands nowhere"))?;
        }
        for one in &view.membership {
            if one.origin == config.server_id {
                continue;
            }
            let range = GroupRange::new(one.min, one.max);
            let stands = live(one.protocol, one.origin)
                && self.stands(view, one.origin, one.kind, |record| {
                    let held = (record.protocol, record.endpoint, record.range);
                    held == (one.protocol, one.endpoint, range)
                });
            demand(stands, || format!("{one:?} stands nowhere"))?;
        }
        // Register B02: who is in quarantine is alive for no protocol.
        let out = quarantined(view);
        demand(
            view.live.iter().all(|one| !out.contains(&one.origin)),
            || format!("in quarantine and alive: {out:?}"),
        )
    }

    /// Whether some cached join of `origin`, of a client or of an MCS, says that.
    fn stands(
        &self,
        view: &View,
        origin: ServerId,
        kind: MemberKind,
        says: impl Fn(&MarsRecord) -> bool,
    ) -> bool {
        let state = match kind {
            MemberKind::Client => 3,
            MemberKind::Mcs => 2,
        };
        let entries = view.cache.iter();
        entries
            .filter(|entry| (entry.origin, entry.state) == (origin, Some(state)))
            .filter_map(|entry| {
                let instance = ((origin, key(&entry.key)?), entry.sequence);
                self.said.get(&instance)
            })
            .flatten()
            .any(says)
    }
}

/// The cache grows by no more than the records that came.
pub(super) fn growth(config: &GroupConfig, records: &[Csas], step: &Step<'_>) -> Verdict {
    let foreign = |view: &View| {
        let entries = view.cache.iter();
        entries
            .filter(|entry| entry.origin != config.server_id)
            .count()
    };
    let came: BTreeSet<_> = records.iter().map(name).collect();
    let (before, after) = (foreign(step.before), foreign(step.after));
    demand(after <= before + came.len(), || {
        format!("{before} foreign records, {} came, {after}", came.len())
    })
}
