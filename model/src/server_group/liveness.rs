//! What must happen: the good state that can always be reached again, who may not wait for ever, and in what time.

use super::action::{Action, Client};
use super::packed::Key;
use super::state::{HOLD, State};
use super::{ServerGroup, view};
use crate::explore::liveness::Class;
use crate::family::{Duty, Question};
use crate::scenario::{Budgets, Profile, Scenario};

/// The goal in one sentence.
pub const SETTLED: &str = "The group is quiet; every running client is a leaf of one running server, its home, has joined \
                           there whatever it is to join again, and is known at every server that hears its home to be \
                           registered there and nowhere else; no map sends it away; no client that stopped is a leaf.";

/// Whether the group has settled, as [`SETTLED`] says.
pub fn settled(model: &ServerGroup, state: &State) -> bool {
    state.is_quiet()
        && model
            .clients()
            .all(|client| is_settled(model, state, client))
}

/// As [`settled`], but nothing is asked for a client whose home follows the literal reading of A08: such a server
/// forgets its own client on a late word from the old home, and nobody else can repair that.
pub fn settled_at_sound_servers(model: &ServerGroup, state: &State) -> bool {
    let excused = |client| {
        let home = state.client(client).home();
        home.is_some_and(|home| model.literal() & (1 << home.0) != 0)
    };
    state.is_quiet()
        && model
            .clients()
            .all(|client| excused(client) || is_settled(model, state, client))
}

fn is_settled(model: &ServerGroup, state: &State, client: Client) -> bool {
    let this = state.client(client);
    let running = || model.servers().filter(|&server| state.is_alive(server));
    if !this.is_alive() {
        return !running().any(|server| state.is_leaf(server, client));
    }
    let Some(home) = this.home().filter(|&home| state.is_alive(home)) else {
        return false;
    };
    let one_home = view::is_registered(state, home, client)
        && running().all(|server| state.is_leaf(server, client) == (server == home));
    let reach = state.reachable(home);
    let hears = |at: u8| reach & (1 << at) != 0;
    let known = running()
        .filter(|&at| hears(at.0) && view::believes_alive(state, at, home))
        .all(|at| {
            view::origins(model, state).all(|origin| {
                let entry = state.entry(at, Key::register(origin, client));
                let counts = entry.live() && view::believes_alive(state, at, origin);
                counts == (origin == home)
            })
        });
    let stays = |first: Option<_>| first.is_none_or(|first| first == home);
    one_home
        && known
        && this.wants() == 0
        && stays(this.map().first())
        && stays(view::redirect_map(model, state, home).0.first())
}

/// The smallest group in which a client can be sent away: two servers, one client, no fault. It is for questions of
/// liveness only: where clients are handed back and forth without end, the other scenarios become very large.
pub const HAND_OVER: Scenario = Scenario {
    name: "hand_over",
    title: "One client, two servers that beat, nothing else: does it come to rest?",
    servers: 2,
    clients: 1,
    ranges: &[0b01],
    links: &[(0, 1)],
    // Enough for a server that gives one every other interval and holds each for six.
    cmi_slots: 4,
    queue: 12,
    literal_purgers: 0,
    mcs: 0,
    slow: 0,
    duplicates: false,
    beats: true,
    budgets: Budgets {
        registers: 1,
        ..Budgets::NONE
    },
    profile: Profile::Quick,
    actions: &["register", "deliver", "tick"],
    witnesses: &[],
};

/// Whom no run may keep waiting for ever (weak fairness): records on a link, time, links that come back, heartbeats that
/// wake, servers that notice a lost leaf, and of clients what the RFCs have them do: register at all, follow a map, fail
/// over, and join again. What clients and operators choose freely, and faults, may never happen.
pub fn fair(state: &State, action: &Action) -> Option<Class> {
    let number = match *action {
        Action::Deliver { from, to } => 3 * from.0 + to.0,
        Action::Tick => 9,
        Action::Register { client, .. } if state.client(client).home().is_none() => 10 + client.0,
        Action::Failover { client } => 12 + client.0,
        Action::Redirect { client } => 14 + client.0,
        Action::LeafGone { server, client } => 16 + 2 * server.0 + client.0,
        Action::Heal { a, b } => 22 + a.0 + b.0 - 1,
        Action::Wake { server } => 25 + server.0,
        Action::Join { client, range } if state.client(client).has_to_rejoin(range) => {
            28 + 8 * client.0 + range.0
        }
        Action::Register { .. }
        | Action::Join { .. }
        | Action::Leave { .. }
        | Action::Deregister { .. }
        | Action::Move { .. }
        | Action::ClientCrash { .. }
        | Action::Crash { .. }
        | Action::Restart { .. }
        | Action::Cut { .. }
        | Action::Drain { .. }
        | Action::Hang { .. } => return None,
    };
    Class::new(number)
}

/// What an action counts towards a bound: an interval or nothing.
pub const fn intervals(action: &Action) -> u32 {
    matches!(action, Action::Tick) as u32
}

const FORGETS: &str = "a server that follows the literal reading of A08 forgets a client that moved to it as soon as the \
                       old home's deregister arrives; the client does not notice and nobody else can repair it";

/// What must happen in a scenario of the server group.
pub fn duties(scenario: &Scenario) -> Vec<Duty<ServerGroup>> {
    let literal = scenario.literal_purgers != 0;
    let duty = |name, sentence, question, refuted| Duty {
        name,
        sentence,
        requirements: &[],
        question,
        refuted,
    };
    let known = literal.then_some(FORGETS);
    let mut all = vec![
        duty(
            "can-always-settle",
            SETTLED,
            Question::Reach(settled),
            known,
        ),
        duty(
            "settles-again-and-again",
            SETTLED,
            Question::Again(settled, fair),
            known,
        ),
    ];
    if literal {
        let but = "As `settled`, but for clients whose home follows the literal reading of A08.";
        all.push(duty(
            "can-always-settle-at-sound-servers",
            but,
            Question::Reach(settled_at_sound_servers),
            None,
        ));
        all.push(duty(
            "settles-again-and-again-at-sound-servers",
            but,
            Question::Again(settled_at_sound_servers, fair),
            None,
        ));
    }
    if scenario.budgets.crashes > 0 {
        // A beat that one neighbour holds when a link comes back is news to a third, which waits from then on (B04).
        let (sentence, times) = if scenario.budgets.cuts > 0 {
            let each = "A server that stopped is flushed by every running one within three intervals for each of them.";
            (each, scenario.servers.saturating_sub(1))
        } else {
            let all =
                "A server that stopped is flushed by every running one within three intervals.";
            (all, 1)
        };
        all.push(Duty {
            name: "stopped-is-flushed",
            sentence,
            requirements: &["R2443-2-11", "R2443-2-18"],
            question: Question::Within {
                asks: believed,
                answers: |model, state| !believed(model, state),
                within: u32::from(HOLD) * u32::from(times),
                counts: intervals,
            },
            refuted: None,
        });
    }
    all
}

/// Whether a running server takes one that stopped to be alive.
fn believed(model: &ServerGroup, state: &State) -> bool {
    let running = |server: &_| state.is_alive(*server);
    model.servers().filter(running).any(|at| {
        model
            .servers()
            .any(|origin| !state.is_alive(origin) && view::believes_alive(state, at, origin))
    })
}

#[cfg(test)]
mod tests;
