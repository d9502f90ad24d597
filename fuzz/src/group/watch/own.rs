//! Rules about the server's own clients and records.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{GroupRange, Protocol};
use distributed_mars::group::view::{MemberKind, RegistrationView};
use distributed_mars::group::{GroupConfig, View};
use distributed_mars::io::Time;
use distributed_mars::wire::scsp::Csas;

use super::{Station, Step, Verdict, demand};

/// CMIs given out, and since when not to be given again.
#[derive(Clone, Debug, Default)]
pub(super) struct Cmis {
    held: BTreeMap<(Protocol, u16), Time>,
}

/// All registrations, of clients and of MCSs.
pub(super) fn registrations(view: &View) -> impl Iterator<Item = (MemberKind, &RegistrationView)> {
    let clients = view.registrations.iter();
    let mcss = view.mcs_registrations.iter();
    clients
        .map(|one| (MemberKind::Client, one))
        .chain(mcss.map(|one| (MemberKind::Mcs, one)))
}

fn own(config: &GroupConfig, view: &View) -> BTreeMap<Station, u16> {
    registrations(view)
        .filter(|(_, one)| one.origin == config.server_id)
        .map(|(kind, one)| ((one.protocol, kind, one.endpoint), one.cmi))
        .collect()
}

impl Cmis {
    /// CMIs of own clients and MCSs are of the own range, one's each, no other server's, and rest before
    /// they are given again (RFC 2443, 2; register E01, E03, E04).
    pub(super) fn step(&mut self, config: &GroupConfig, step: &Step<'_>) -> Verdict {
        let (before, after) = (own(config, step.before), own(config, step.after));
        let [lowest, highest] = config.cmi_range;
        let mut used = BTreeSet::new();
        for (station @ (protocol, ..), cmi) in &after {
            demand((lowest.max(1)..=highest).contains(cmi), || {
                format!("CMI {cmi} is outside the range")
            })?;
            demand(used.insert((protocol, cmi)), || {
                format!("CMI {cmi} is given twice")
            })?;
            if before.get(station) == Some(cmi) {
                continue;
            }
            let foreign = registrations(step.before).any(|(_, one)| {
                (one.protocol, one.cmi) == (*protocol, *cmi) && one.origin != config.server_id
            });
            let in_use = before
                .iter()
                .any(|((other, ..), used)| (other, used) == (protocol, cmi));
            let held = self.held.get(&(*protocol, *cmi));
            let rests = held.is_some_and(|until| step.now < *until);
            demand(!foreign && !in_use && !rests, || {
                format!("CMI {cmi} is not free: {foreign} {in_use} {rests}")
            })?;
        }
        let until = Time(step.now.0 + 2 * config.redirect_hold_ms);
        for (station, cmi) in before {
            if after.get(&station) != Some(&cmi) {
                self.held.insert((station.0, cmi), until);
            }
        }
        Ok(())
    }
}

/// Own registrations, memberships and services are of those that asked for them here.
pub(super) fn claims(
    config: &GroupConfig,
    registered: &BTreeSet<Station>,
    joined: &BTreeSet<(Station, GroupRange)>,
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
        let station = (member.protocol, member.kind, member.endpoint);
        let asked = GroupRange::new(member.min, member.max)
            .is_some_and(|range| joined.contains(&(station, range)));
        demand(asked && clients.contains_key(&station), || {
            format!("{member:?} never joined here")
        })?;
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
    for (kind, state) in [(MemberKind::Client, 3), (MemberKind::Mcs, 2)] {
        let claims = after.values().filter(|one| one.1 == Some(state)).count();
        let members = step.after.membership.iter();
        let members = members.filter(|one| (one.origin, one.kind) == (config.server_id, kind));
        let stations = own(config, step.after);
        let stations = stations.keys().filter(|station| station.1 == kind);
        let true_ones = stations.count() + members.count();
        let complete = claims == true_ones || step.renewals > 0 && claims <= true_ones;
        demand(complete, || {
            format!("{claims} own claims of {kind:?} in the cache of {true_ones} that are so")
        })?;
    }
    let beats = after.values().filter(|one| one.1 == Some(1)).count();
    let renewals = usize::try_from(step.renewals).unwrap_or(usize::MAX);
    let protocols = config.protocols.len();
    demand(
        (protocols..=protocols.saturating_add(renewals)).contains(&beats),
        || format!("{beats} own Redirect Entries"),
    )
}
