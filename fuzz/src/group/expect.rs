//! Which inputs have to leave a server as it was: whatever is malformed, unknown, misplaced or not
//! meant for it.

use std::collections::BTreeMap;

use distributed_mars::address::Endpoint;
use distributed_mars::group::{GroupConfig, View};
use distributed_mars::io::{ControlKind, Input, VcId};
use distributed_mars::wire::llc_snap::{self, Encapsulation};
use distributed_mars::wire::mars::{self, Body, Membership, TlvAction};
use distributed_mars::wire::scsp;

/// What an input may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing but a line in the log and a count.
    Nothing,
    /// No more than reset the adjacency with a neighbour (RFC 2334, 2.1; register C25).
    ResetOnly,
    /// What the rules of [`watch`](super::watch) leave open.
    Anything,
}

/// What `input` may do to a server of this configuration, in this state, with these VCs.
#[must_use]
pub fn expected(
    input: &Input,
    config: &GroupConfig,
    view: &View,
    up: &BTreeMap<VcId, Endpoint>,
) -> Expected {
    let nothing = match input {
        // A name is given to one VC only.
        Input::VcUp { vc, .. } => up.contains_key(vc),
        Input::VcDown { vc } => !up.contains_key(vc),
        Input::LeafGone { group, peer } => {
            let mut leaves = match group.kind {
                ControlKind::Ccvc => view.leaves.iter(),
                ControlKind::Scvc => view.mcs_leaves.iter(),
            };
            !leaves.any(|leaf| (leaf.protocol, leaf.endpoint) == (group.protocol, *peer))
        }
        Input::Frame { vc, octets } => match (up.get(vc), llc_snap::split(octets)) {
            (None, _) | (_, Err(_) | Ok((Encapsulation::Data1 | Encapsulation::Data2, _))) => true,
            (Some(_), Ok((Encapsulation::Mars, message))) => is_idle_message(message, config, view),
            (Some(peer), Ok((Encapsulation::Scsp, packet))) => {
                return of_packet(packet, *peer, config);
            }
        },
        Input::TimePassed | Input::Admin(_) => false,
    };
    match nothing {
        true => Expected::Nothing,
        false => Expected::Anything,
    }
}

fn of_packet(packet: &[u8], peer: Endpoint, config: &GroupConfig) -> Expected {
    if config.neighbors.iter().all(|one| one.atm != peer) {
        return Expected::Nothing;
    }
    match scsp::decode(packet) {
        Err(error) if error.is_abnormal() => Expected::ResetOnly,
        Err(_) => Expected::Nothing,
        Ok(found) => {
            let instance = (found.header.protocol_id, found.header.server_group);
            // Register D07: no key is agreed with anybody.
            match found.authentication.is_some() || instance != (3, config.sgid) {
                true => Expected::Nothing,
                false => Expected::Anything,
            }
        }
    }
}

fn is_idle_message(octets: &[u8], config: &GroupConfig, view: &View) -> bool {
    let Ok(message) = mars::decode(octets) else {
        return true;
    };
    let whole = |body: &Membership<'_>| !body.flags.copy() && body.pairs.len() <= 1;
    let (clients, mcss) = (&view.registrations[..], &view.mcs_registrations[..]);
    let (registers, among) = match &message.body {
        Body::Join(body) if whole(body) => (body.flags.register(), [clients, &[]]),
        Body::Leave(body) if whole(body) => (false, [clients, &[]]),
        Body::Mserv(body) if whole(body) => (body.flags.register(), [mcss, &[]]),
        Body::Unserv(body) if whole(body) => (false, [mcss, &[]]),
        Body::Request(_) | Body::GrouplistRequest(_) => (false, [clients, mcss]),
        _ => return true,
    };
    // Register A09: who is not registered gets nothing but a registration.
    let mut registered = among.into_iter().flatten();
    let known = registered.any(|one| {
        (one.origin, one.protocol, one.endpoint)
            == (config.server_id, message.protocol, message.source)
    });
    !config.protocols.contains(&message.protocol)
        || message.tlvs.verdict() != TlvAction::Skip
        || !known && !registers
}
