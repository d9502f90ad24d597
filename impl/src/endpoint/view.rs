//! The state of an endpoint as plain data. Every list is sorted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::core::Core;
use super::io::TreeId;
use super::registration::Phase;
use super::vcs::{Group, Leaf};
use crate::address::{Endpoint, Protocol, ProtocolAddress};
use crate::ranges;

/// All that an endpoint believes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Its layer 3 protocol.
    pub protocol: Protocol,
    /// Whether its MARS has confirmed the registration.
    pub registered: bool,
    /// What registration is doing: `off`, `registered`, `registering`, `waiting`, `deregistering`.
    pub phase: &'static str,
    /// Cluster Member ID; 0 without one, and in an MCS.
    pub cmi: u16,
    /// Host Sequence Number: the last mar$msn of the current MARS.
    pub hsn: u32,
    /// The last mar$msn that came on the control VC (register F02).
    pub control_msn: Option<u32>,
    /// The MARS it uses.
    pub current_mars: Endpoint,
    /// The MARSs it knows, the preferred one first (RFC 2022, 5.4).
    pub backups: Vec<Endpoint>,
    /// What it has joined, or serves.
    pub joined: Vec<JoinedView>,
    /// The groups it sends to or asks for.
    pub groups: Vec<GroupView>,
}

/// One range that is joined or served.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct JoinedView {
    /// Lowest group.
    pub min: ProtocolAddress,
    /// Highest group.
    pub max: ProtocolAddress,
    /// For layer 3.
    pub layer3grp: bool,
    /// Whether the MARS has confirmed it since the last registration.
    pub confirmed: bool,
}

/// What is known of one group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GroupView {
    /// The group.
    pub group: ProtocolAddress,
    /// The point-to-multipoint VC, if there is one.
    pub tree: Option<TreeId>,
    /// The leaf set: what the MARS and the network have told, without the own address.
    pub leaves: Vec<Endpoint>,
    /// Those of them that the network has confirmed.
    pub up: Vec<Endpoint>,
    /// The next packet asks the MARS again (`VC_revalidate`).
    pub revalidate: bool,
    /// A REQUEST is under way.
    pub asking: bool,
    /// Packets that wait for the answer.
    pub waiting: usize,
}

/// Counters since the start. They are not part of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Meters {
    /// SDUs received, good or bad.
    pub frames_in: u64,
    /// Control SDUs sent.
    pub control_out: u64,
    /// Data SDUs sent.
    pub data_out: u64,
    /// Packets passed up.
    pub delivered: u64,
    /// REQUESTs sent, repeats included.
    pub requests: u64,
    /// Jumps of a sequence number that started a revalidation of all groups.
    pub jumps: u64,
    /// Registrations confirmed.
    pub registrations: u64,
    /// Whatever was dropped without an effect, by the reason's stable name.
    pub dropped: BTreeMap<&'static str, u64>,
}

impl Meters {
    pub(super) fn drop(&mut self, reason: &'static str) {
        *self.dropped.entry(reason).or_default() += 1;
    }
}

impl Core {
    pub(super) const fn meters(&self) -> &Meters {
        &self.meters.0
    }

    pub(super) fn view(&self) -> View {
        View {
            protocol: self.config.protocol,
            registered: self.registered,
            phase: match (self.phase, &self.attempt) {
                (Phase::Off, _) => "off",
                (Phase::Leaving, _) => "deregistering",
                (Phase::On, Some(attempt)) if attempt.sent == 0 => "waiting",
                (Phase::On, Some(_)) => "registering",
                (Phase::On, None) => "registered",
            },
            cmi: self.cmi,
            hsn: self.numbers.hsn,
            control_msn: self.numbers.control,
            current_mars: self.current,
            backups: self.list(),
            joined: self
                .joined
                .iter()
                .map(|(range, joined)| {
                    let (min, max) = ranges::ends(*range);
                    JoinedView {
                        min,
                        max,
                        layer3grp: joined.layer3grp,
                        confirmed: joined.confirmed,
                    }
                })
                .collect(),
            groups: self
                .groups
                .iter()
                .map(|(group, state)| group_view(*group, state))
                .collect(),
        }
    }
}

fn group_view(group: ProtocolAddress, state: &Group) -> GroupView {
    let leaves = state.tree.iter().flat_map(|tree| &tree.leaves);
    GroupView {
        group,
        tree: state.tree.as_ref().map(|tree| tree.id),
        leaves: leaves.clone().map(|(leaf, _)| *leaf).collect(),
        up: leaves
            .filter(|(_, state)| **state == Leaf::Up)
            .map(|(leaf, _)| *leaf)
            .collect(),
        revalidate: state.revalidate,
        asking: state.query.is_some(),
        waiting: state.waiting(),
    }
}
