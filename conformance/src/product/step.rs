//! One action, done to the model and to the machines.

use mars_model::server_group::{
    Action, Client, Observation, Server, State, asked, is_answering, project, step as model_step,
};

use super::judge;
use super::memo::{Event, Memo, broken};
use super::node::{Node, direction};
use super::numbers;
use super::text;
use super::work::{Crosses, What, Work};
use super::world::Says;
use crate::adapter::servers::HEADROOM;
use crate::generate::convert::{self, TICK_MS};
use crate::judge::step::Failure;

/// A tick.
#[expect(clippy::cast_possible_truncation, reason = "a minute")]
const TICK: u32 = TICK_MS as u32;

/// What a step leads to.
pub(super) struct Done {
    /// Where to; or what the model and the servers do not agree on.
    pub(super) node: Result<Node, Failure>,
    /// The model takes for one step what servers take for two, so that this step is not compared: see [`asks_twice`].
    pub(super) aside: bool,
    /// What the servers did, in words, where that was asked for.
    pub(super) words: Vec<String>,
}

/// The first node: all servers run, all links are up and aligned, everybody has beaten once more.
pub(super) fn initial(memo: &mut Memo) -> Result<Node, Failure> {
    let state = memo.world.model.initial();
    let links: Vec<_> = memo.world.model.links().collect();
    let servers = memo.world.servers();
    let mut work = Work::new(memo);
    for server in 0..servers {
        work.start(server)?;
    }
    for (Server(a), Server(b)) in links {
        work.link_up(a, b, Crosses::Everything)?;
    }
    work.crosses = Crosses::Everything;
    // What an alignment leaves behind for a while is over in a minute; beats get their headroom.
    for _ in 0..=HEADROOM {
        work.pass(TICK)?;
    }
    work.crosses = Crosses::Nothing;
    work.seen.clear();
    known(&work, &state)?;
    numbers::node(&work, &state)
}

/// Does an action. `None` where the model does not allow it.
pub(super) fn step(memo: &mut Memo, node: &Node, action: Action, words: bool) -> Option<Done> {
    let mut observations = Vec::new();
    let state = model_step(&memo.world.model, &node.state, action, &mut observations)?;
    let mut told = Vec::new();
    let mut aside = false;
    let mut go = || -> Result<Node, Failure> {
        let mut work = Work::from(memo, node)?;
        let played = play(&mut work, &node.state, action);
        if words {
            told = text::seen(&work);
        }
        played?;
        aside = asks_twice(&work, &node.state, action, &observations);
        let waiting = judge::judge(&mut work, node, &observations)?;
        for (from, to, csa, number) in waiting {
            if let Some(queue) = work.queues.get_mut(direction(from, to)) {
                queue.push_back((csa, number));
            }
        }
        known(&work, &state)?;
        numbers::node(&work, &state)
    };
    let after = go();
    // Had it come to the same after all, it would be as good as any.
    let aside = aside && after.is_err();
    Some(Done {
        node: after,
        aside,
        words: told,
    })
}

/// A server that learns from an acknowledgement that its neighbour has something newer asks for it (RFC 2334, 2.3 case
/// 2b), but has one CSUS outstanding at a time (register C27): while the answer to another is on its way it asks later.
/// In the model the answer is on its way at once. True where this step is such a second question.
fn asks_twice(
    work: &Work<'_>,
    before: &State,
    action: Action,
    observations: &[Observation],
) -> bool {
    let Action::Deliver { from, to } = action else {
        return false;
    };
    let asks = observations.iter().any(|one| {
        matches!(one, Observation::Csu { from: a, to: b, solicited: true, .. } if (*a, *b) == (to, from))
    });
    let answered = work.seen.iter().any(|seen| {
        seen.from == to.0 && matches!(seen.what, What::Record { to: other, .. } if other == from.0)
    });
    asks && !answered && is_answering(before, to, from)
}

/// Compares what every running server knows with the model's projection.
fn known(work: &Work<'_>, state: &State) -> Result<(), Failure> {
    let model = &work.memo.world.model;
    for server in model.servers() {
        let wanted = project(model, state, server);
        let info = work.running(usize::from(server.0))?;
        let (wanted, info) = match (wanted, info) {
            (Some(wanted), Some(info)) => (wanted, info),
            (None, None) => continue,
            _ => return Err(broken("a server runs in one of the two only")),
        };
        let name = convert::server(server);
        match &info.projection {
            Ok(got) if *got == wanted => {}
            Ok(got) => {
                let parts = [
                    ("live", wanted.live == got.live),
                    ("registrations", wanted.registrations == got.registrations),
                    ("members", wanted.members == got.members),
                    ("map", wanted.map == got.map),
                ];
                let part = parts.iter().find(|(_, same)| !same);
                let part = part.map_or("leaves", |(part, _)| part);
                return Err(Failure::new(
                    format!("wrong-state:{part}"),
                    format!("{name} {}", text::projection(&wanted)),
                    format!("{name} {}", text::projection(got)),
                ));
            }
            Err(why) => {
                let wanted = format!("{name} {}", text::projection(&wanted));
                let got = format!("{name}: {why}");
                return Err(Failure::new("wrong-state:members", wanted, got));
            }
        }
    }
    Ok(())
}

/// Does the action to the machines.
fn play(work: &mut Work<'_>, state: &State, action: Action) -> Result<(), Failure> {
    match action {
        Action::Register { client, .. }
        | Action::Move { client, .. }
        | Action::Redirect { client }
        | Action::Failover { client } => {
            for server in asked(&work.memo.world.model, state, action) {
                tell(work, client, server, Says::Registration(true))?;
                let answered = work.seen.iter().any(|seen| {
                    let to = Some(client);
                    seen.from == server.0
                        && matches!(seen.what, What::Frame { to: other, .. } if other == to)
                });
                if answered {
                    break;
                }
            }
            Ok(())
        }
        Action::Deregister { client } => {
            at_home(work, state, action, client, Says::Registration(false))
        }
        Action::Join { client, range } => {
            at_home(work, state, action, client, Says::Membership(range, true))
        }
        Action::Leave { client, range } => {
            at_home(work, state, action, client, Says::Membership(range, false))
        }
        Action::LeafGone { server, client } => {
            work.apply(server.0, Event::LeafGone(client))?;
            work.settle()
        }
        Action::ClientCrash { .. } => Ok(()),
        Action::Deliver { from, to } => work.deliver(from.0, to.0),
        Action::Crash { server } => {
            work.stop(server.0);
            for other in work.memo.world.model.servers() {
                if state.is_linked(server, other) {
                    work.link_down(server.0, other.0)?;
                }
            }
            Ok(())
        }
        Action::Cut { a, b } => work.link_down(a.0, b.0),
        Action::Heal { a, b } => work.link_up(a.0, b.0, Crosses::Answers(a.0, b.0)),
        Action::Drain { server } => {
            work.apply(server.0, Event::Drain)?;
            work.settle()
        }
        Action::Tick => work.pass(TICK),
        Action::Hang { .. } | Action::Wake { .. } => Err(broken("a beat cannot be made to hang")),
        Action::Restart { .. } => Err(broken("no server starts again here")),
    }
}

fn at_home(
    work: &mut Work<'_>,
    state: &State,
    action: Action,
    client: Client,
    says: Says,
) -> Result<(), Failure> {
    for server in asked(&work.memo.world.model, state, action) {
        tell(work, client, server, says)?;
    }
    Ok(())
}

/// A client's frame arrives at a server.
fn tell(work: &mut Work<'_>, client: Client, server: Server, says: Says) -> Result<(), Failure> {
    let octets = work.memo.world.says(client, says);
    let octets = octets.map_err(|error| broken(&error.to_string()))?;
    let memo = &mut *work.memo;
    let frame = memo.tables.frame_of(&memo.world, octets);
    work.apply(server.0, Event::Client(client, frame))?;
    work.settle()
}
