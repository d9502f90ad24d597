//! Which servers hear a client, for those who play a step on real servers.

use super::ServerGroup;
use super::action::{Action, Server};
use super::client::failover_targets;
use super::state::State;

/// The servers that a client's message goes to, in this order; at the first that answers it ends. Empty for what is no
/// message of a client.
pub fn asked(model: &ServerGroup, state: &State, action: Action) -> Vec<Server> {
    let home = |client| state.client(client).home();
    let one = |server: Option<Server>| server.into_iter().collect();
    match action {
        Action::Register { server, .. } => vec![server],
        Action::Move { to, .. } => vec![to],
        Action::Join { client, .. }
        | Action::Leave { client, .. }
        | Action::Deregister { client } => one(home(client)),
        Action::Redirect { client } => one(state.client(client).map().first()),
        Action::Failover { client } => failover_targets(model, state, client).collect(),
        Action::LeafGone { .. }
        | Action::ClientCrash { .. }
        | Action::Deliver { .. }
        | Action::Crash { .. }
        | Action::Restart { .. }
        | Action::Cut { .. }
        | Action::Heal { .. }
        | Action::Drain { .. }
        | Action::Hang { .. }
        | Action::Wake { .. }
        | Action::Tick => Vec::new(),
    }
}

/// Whether something that one server was asked for is on its way from it to another.
pub fn is_answering(state: &State, from: Server, to: Server) -> bool {
    state
        .in_flight(from, to)
        .any(super::packed::Flight::solicited)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;
    use crate::scenario::by_name;
    use crate::server_group::{Client, step};

    #[test]
    fn a_client_whose_home_is_dead_asks_the_others() {
        let model = by_name("crash_and_failover")
            .unwrap()
            .model(Rules::resolved());
        let (client, server) = (Client(0), Server(1));
        let mut state = model.initial();
        let register = Action::Register { client, server };
        assert_eq!(asked(&model, &state, register), [server]);
        assert_eq!(asked(&model, &state, Action::Deregister { client }), []);
        for action in [register, Action::Crash { server }] {
            state = step(&model, &state, action, &mut ()).unwrap();
        }
        let failover = asked(&model, &state, Action::Failover { client });
        assert_eq!(failover, [Server(0)]);
        assert_eq!(asked(&model, &state, Action::Tick), []);
        assert!(!is_answering(&state, Server(0), server));
    }
}
