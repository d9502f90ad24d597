//! What a replay compares: one server's view of the group, as plain data.

use super::action::{Client, Range, Server};
use super::server_list::ServerList;
use super::state::State;
use super::view;

/// What one running server knows and serves. All lists are in ascending order unless said otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Projection {
    /// Live registrations of servers that are not flushed: client, originator, CMI as a place in its range.
    pub registrations: Vec<(Client, Server, u8)>,
    /// Memberships that count, and services of multicast servers: client, range, originator.
    pub members: Vec<(Client, Range, Server)>,
    /// The servers taken to be alive, the server itself among them.
    pub live: Vec<Server>,
    /// The redirect map that the server would send now, in its order.
    pub map: ServerList,
    /// The leaves of the server's own control VCs.
    pub leaves: Vec<Client>,
}

/// What `server` knows and serves; `None` while it is down.
pub fn project(model: &super::ServerGroup, state: &State, server: Server) -> Option<Projection> {
    if !state.is_alive(server) {
        return None;
    }
    Some(Projection {
        registrations: view::registrations(model, state, server),
        members: view::members(model, state, server),
        live: model
            .servers()
            .filter(|&origin| view::believes_alive(state, server, origin))
            .collect(),
        map: view::redirect_map(model, state, server).0,
        leaves: model
            .clients()
            .filter(|&client| state.is_leaf(server, client))
            .collect(),
    })
}
