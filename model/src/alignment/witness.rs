//! What must be seen once. See [`super::property`].

use super::Alignment;
use super::action::Server;
use super::cafsm;
use super::message::{Instances, Kind, Message};
use super::property::exchanges;
use super::state::{HOLD, State};

pub(super) fn settled(model: &Alignment, state: &State) -> bool {
    let before = model.initial();
    state.is_settled()
        && Server::BOTH
            .iter()
            .all(|&server| state.machine(server).cache != before.machine(server).cache)
}

pub(super) fn copy_sent_again(_: &Alignment, state: &State) -> bool {
    let slave = state.machine(Server(0));
    // An interval has passed since it was kept, so nothing from before is on its way.
    exchanges(slave.cafsm)
        && (1..=HOLD).contains(&slave.hold)
        && state
            .in_flight(Server(0))
            .any(|message| message == slave.last)
}

pub(super) fn late_answer(_: &Alignment, state: &State) -> bool {
    let master = state.machine(Server(1));
    let copy = state.copy(Server(0));
    master.cafsm == cafsm::State::Negotiation
        && copy.kind() == Some(Kind::Ca)
        && !copy.master()
        && copy.number() != master.number
}

pub(super) fn change_waits(_: &Alignment, state: &State) -> bool {
    state
        .machines
        .iter()
        .any(|machine| machine.is_summarizing() && !machine.waits.without(machine.left).is_empty())
}

pub(super) fn drop_unnoticed(_: &Alignment, state: &State) -> bool {
    Server::BOTH.iter().any(|&server| {
        state.machine(server).cafsm == cafsm::State::Negotiation
            && state.machine(server.other()).cafsm == cafsm::State::Aligned
    })
}

pub(super) fn retry_limit(model: &Alignment, state: &State) -> bool {
    state.machines.iter().any(|machine| {
        let mut keys = machine.queue.keys().iter();
        keys.any(|key| machine.tries.get(key) >= model.scenario().tries)
    })
}

pub(super) fn more_to_ask(_: &Alignment, state: &State) -> bool {
    state.machines.iter().any(|machine| {
        !machine.asked.is_empty() && !machine.wanted.keys().without(machine.asked).is_empty()
    })
}

pub(super) fn asked_in_part(_: &Alignment, state: &State) -> bool {
    Server::BOTH.iter().any(|&server| {
        let machine = state.machine(server);
        let asks = |message: Message| message.kind() == Some(Kind::Csus);
        let earlier = state.in_flight(server).chain([state.copy(server)]);
        !machine.asked.is_empty()
            && earlier.filter(|&message| asks(message)).any(|message| {
                !message.instances().keys().without(machine.asked).is_empty()
                    && !message.instances().keys().and(machine.asked).is_empty()
            })
    })
}

pub(super) fn null_record(_: &Alignment, state: &State) -> bool {
    any_in_flight(state, |_, message| {
        message.kind() == Some(Kind::CsuRequest) && !message.null().is_empty()
    })
}

pub(super) fn crossing(_: &Alignment, state: &State) -> bool {
    let records = |from| {
        state
            .in_flight(from)
            .filter(|message| message.kind() == Some(Kind::CsuRequest))
            .map(Message::instances)
    };
    records(Server(0)).any(|ours| records(Server(1)).any(|theirs| same_entry(ours, theirs)))
}

fn same_entry(ours: Instances, theirs: Instances) -> bool {
    ours.keys()
        .iter()
        .any(|key| ours.get(key) == theirs.get(key))
}

pub(super) fn update_meets_summarize(_: &Alignment, state: &State) -> bool {
    any_in_flight(state, |to, message| {
        message.kind() != Some(Kind::Ca) && state.machine(to).is_summarizing()
    })
}

fn any_in_flight(state: &State, is: impl Fn(Server, Message) -> bool) -> bool {
    Server::BOTH.iter().any(|&from| {
        state
            .in_flight(from)
            .any(|message| is(from.other(), message))
    })
}
