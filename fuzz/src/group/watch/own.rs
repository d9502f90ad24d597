//! Rules about the server's own clients and records.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{Endpoint, GroupRange, Protocol};
use distributed_mars::group::{GroupConfig, View};
use distributed_mars::io::Time;
use distributed_mars::wire::scsp::Csas;

use super::{Step, Verdict, demand};

/// CMIs given out, and since when not to be given again.
#[derive(Clone, Debug, Default)]
pub(super) struct Cmis {
    held: BTreeMap<(Protocol, u16), Time>,
}

type ByClient = BTreeMap<(Protocol, Endpoint), u16>;

fn own(config: &GroupConfig, view: &View) -> ByClient {
    let own = view.registrations.iter();
    own.filter(|one| one.origin == config.server_id)
        .map(|one| ((one.protocol, one.endpoint), one.cmi))
        .collect()
}

impl Cmis {
    /// CMIs of own clients are of the own range, one client's each, no other server's, and rest before
    /// they are given again (RFC 2443, 2; register E03, E04).
    pub(super) fn step(&mut self, config: &GroupConfig, step: &Step<'_>) -> Verdict {
        let (before, after) = (own(config, step.before), own(config, step.after));
        let [lowest, highest] = config.cmi_range;
        let mut used = BTreeSet::new();
        for ((protocol, client), cmi) in &after {
            demand((lowest.max(1)..=highest).contains(cmi), || {
                format!("CMI {cmi} is outside the range")
            })?;
            demand(used.insert((protocol, cmi)), || {
                format!("CMI {cmi} is given twice")
            })?;
            if before.get(&(*protocol, *client)) == Some(cmi) {
                continue;
            }
            let foreign = step.before.registrations.iter().any(|one| {
                (one.protocol, one.cmi) == (*protocol, *cmi) && one.origin != config.server_id
            });
            let in_use = before
                .iter()
                .any(|((other, _), used)| (other, used) == (protocol, cmi));
            let held = self.held.get(&(*protocol, *cmi));
            let rests = held.is_some_and(|until| step.now < *until);
            demand(!foreign && !in_use && !rests, || {
                format!("CMI {cmi} is not free: {foreign} {in_use} {rests}")
            })?;
        }
        let until = Time(step.now.0 + 2 * config.redirect_hold_ms);
        for ((protocol, client), cmi) in before {
            if after.get(&(protocol, client)) != Some(&cmi) {
                self.held.insert((protocol, cmi), until);
            }
        }
        Ok(())
    }
}

/// Own registrations and memberships are of clients that asked for them here.
pub(super) fn claims(
    config: &GroupConfig,
    registered: &BTreeSet<(Protocol, Endpoint)>,
    joined: &BTreeSet<(Protocol, Endpoint, GroupRange)>,
    step: &Step<'_>,
) -> Verdict {
    let clients = own(config, step.after);
    for client in clients.keys() {
        demand(registered.contains(client), || {
            format!("{client:?} never registered here")
        })?;
    }
    for member in &step.after.membership {
        if member.origin != config.server_id {
            continue;
        }
        let asked = GroupRange::new(member.min, member.max)
            .is_some_and(|range| joined.contains(&(member.protocol, member.endpoint, range)));
        demand(
            asked && clients.contains_key(&(member.protocol, member.endpoint)),
            || format!("{member:?} never joined here"),
        )?;
    }
    demand(
        step.after
            .live
            .iter()
            .all(|one| one.origin != config.server_id),
        || "the server counts itself among the others".to_owned(),
    )
}

/// Own records say what is so, their numbers never fall, and none is what the net sent.
pub(super) fn cache(config: &GroupConfig, records: &[Csas], step: &Step<'_>) -> Verdict {
    let own_entries = |view: &View| -> BTreeMap<String, (i32, Option<u8>)> {
        let entries = view.cache.iter();
        entries
            .filter(|entry| entry.origin == config.server_id)
            .map(|entry| (entry.key.clone(), (entry.sequence, entry.state)))
            .collect()
    };
    let (before, after) = (own_entries(step.before), own_entries(step.after));
    for (key, (sequence, state)) in &before {
        // What says that something ended goes when nobody needs it any more (register C06).
        let may_go = matches!(state, Some(4 | 5));
        let stays = after.get(key).map_or(may_go, |now| now.0 >= *sequence);
        demand(stays, || format!("own record {key} fell from {sequence}"))?;
    }
    for csas in records
        .iter()
        .filter(|csas| csas.origin == config.server_id)
    {
        let key: String = csas.key.0.iter().map(|o| format!("{o:02x}")).collect();
        let number = |entries: &BTreeMap<String, (i32, _)>| entries.get(&key).map(|one| one.0);
        let theirs = csas.sequence.0;
        // A purge has one number only, whoever sends it.
        let taken =
            number(&after) == Some(theirs) && number(&before) != Some(theirs) && theirs != i32::MAX;
        demand(!taken, || format!("own record {key} came from the net"))?;
    }
    let claims = after.values().filter(|one| one.1 == Some(3)).count();
    let members = step.after.membership.iter();
    let members = members.filter(|one| one.origin == config.server_id);
    let true_ones = own(config, step.after).len() + members.count();
    let complete = claims == true_ones || step.renewals > 0 && claims <= true_ones;
    demand(complete, || {
        format!("{claims} own claims in the cache of {true_ones} that are so")
    })?;
    let beats = after.values().filter(|one| one.1 == Some(1)).count();
    let renewals = usize::try_from(step.renewals).unwrap_or(usize::MAX);
    let protocols = config.protocols.len();
    demand(
        (protocols..=protocols.saturating_add(renewals)).contains(&beats),
        || format!("{beats} own Redirect Entries"),
    )?;
    // This server has no MCSs.
    demand(after.values().all(|one| one.1 != Some(2)), || {
        "an MCS of this server's".to_owned()
    })
}
