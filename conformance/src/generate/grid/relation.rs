//! The two relations of the model, asked for one server: states are the model's, numbers and summaries
//! are counted here.

use mars_model::alignment::cafsm::{
    Action, Actions, Amount, Ca, Cell, Event, Number, Situation, State, react,
};
use mars_model::alignment::rules::Rules;
use mars_model::hello::{hfsm, rules as hello_rules};

use super::input::Form;
use super::peer::{Setup, Side};

/// Where an event leads the HFSM.
pub(super) fn hello(state: hfsm::State, event: hfsm::Event) -> hfsm::State {
    hfsm::next(&hello_rules::Rules::resolved(), state, event)
}

/// Distance of one own bid from the next, more than there are CAs in a round.
const ROUND: u32 = 100;

/// What the CAFSM does that others see or that its neighbour's timers need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Lists are cleared, timers stopped.
    Forget,
    /// A CA goes out.
    Send(u32, Form),
    /// CAReXmtInterval begins.
    StartCaTimer,
    /// It ends.
    StopCaTimer,
    /// The slave's last CA is kept.
    KeepCopy,
    /// It is freed.
    FreeCopy,
    /// The summaries that came are looked at.
    Process,
    /// The request list is begun or gone on with.
    Solicit,
    /// The list is done with.
    StopCsusTimer,
    /// The records of a CSU Request are taken.
    Apply,
    /// They are acknowledged.
    Reply,
    /// Acknowledged records leave the queue.
    Dequeue,
    /// The records asked for are sent.
    Answer,
    /// A CSUS for what is missing.
    SolicitAgain,
    /// What was not acknowledged is sent again.
    Resend,
    /// The HFSM goes to Waiting.
    Abnormal,
}

/// The CAFSM of one server.
#[derive(Clone, Debug)]
pub(super) struct Alignment {
    /// The model's state.
    pub(super) state: State,
    /// Own number: the one sent or adopted last.
    pub(super) number: u32,
    /// The bid that made it the slave, as long as nothing came after it.
    pub(super) bid: Option<u32>,
    larger: bool,
    fresh: u32,
    last: Option<(u32, Form)>,
    kept: bool,
    told: usize,
}

impl Alignment {
    /// In Down.
    pub(super) const fn new(side: Side) -> Self {
        Self {
            state: State::Down,
            number: 0,
            bid: None,
            larger: matches!(side, Side::Larger),
            fresh: 0,
            last: None,
            kept: false,
            told: 0,
        }
    }

    /// Whether the slave's last CA is kept after the summaries.
    pub(super) const fn keeps(&self) -> bool {
        self.kept
    }

    /// Whether summaries of `cache` are still to be sent.
    pub(super) const fn has_more(&self, cache: usize) -> bool {
        self.told < cache
    }

    /// A CA as the model has it.
    pub(super) fn ca(&self, number: u32, form: Form) -> Ca {
        Ca {
            master: form.master,
            init: form.init,
            more: form.more,
            summaries: form.records > 0,
            number: match number.wrapping_sub(self.number) {
                0 => Number::Equal,
                1 => Number::Next,
                u32::MAX => Number::Previous,
                _ => Number::Other,
            },
        }
    }

    /// The model's cell for an event; `cache` counts the summaries, `wanted` tells whether the request list
    /// has anything on it afterwards.
    pub(super) fn cell(&self, event: Event, cache: usize, wanted: bool) -> Cell {
        let amount = |summaries: usize| match summaries.div_ceil(Setup::limit()) {
            0 => Amount::None,
            1 => Amount::One,
            _ => Amount::More,
        };
        let situation = Situation {
            larger: self.larger,
            cache: amount(cache),
            left: amount(cache.saturating_sub(self.told)),
            first: self.bid.is_some(),
            held: self.kept,
            wanted,
        };
        react(&Rules::resolved(), self.state, situation, event)
    }

    /// Takes an event; a CA comes with its number.
    pub(super) fn take(
        &mut self,
        event: Event,
        number: u32,
        cache: usize,
        wanted: bool,
    ) -> Vec<Act> {
        let Cell { next, actions } = self.cell(event, cache, wanted);
        let before = self.state;
        self.state = next;
        let acts = self.perform(actions, number, cache);
        match (before == State::Slave, next) {
            // The bid counts until the next CA of the master.
            (true, _) if actions.contains(Action::Process) => self.bid = None,
            (_, State::Slave) if actions.contains(Action::Adopt) => self.bid = Some(number),
            (_, State::Slave) => {}
            _ => self.bid = None,
        }
        acts
    }

    fn perform(&mut self, actions: Actions, number: u32, cache: usize) -> Vec<Act> {
        let mut acts = Vec::new();
        for action in actions.iter() {
            match action {
                Action::Forget => {
                    self.kept = false;
                    self.told = 0;
                    acts.push(Act::Forget);
                }
                Action::NewNumber => {
                    self.fresh += ROUND;
                    self.number = self.fresh;
                    self.told = 0;
                }
                Action::SendBid => self.send(Form::BID, &mut acts),
                Action::Adopt => self.number = number,
                Action::Increment => self.number = self.number.wrapping_add(1),
                Action::SendMore | Action::SendLast | Action::SendEmpty => {
                    let left = cache.saturating_sub(self.told);
                    let batch = if action == Action::SendEmpty {
                        0
                    } else {
                        left.min(Setup::limit())
                    };
                    self.told += batch;
                    let form = Form {
                        master: self.state == State::Master,
                        init: false,
                        more: action == Action::SendMore,
                        records: u8::try_from(batch).unwrap_or(u8::MAX),
                    };
                    self.send(form, &mut acts);
                }
                Action::Repeat => {
                    acts.extend(self.last.map(|(number, form)| Act::Send(number, form)));
                }
                Action::KeepCopy => {
                    self.kept = true;
                    acts.push(Act::KeepCopy);
                }
                Action::FreeCopy => {
                    self.kept = false;
                    acts.push(Act::FreeCopy);
                }
                Action::StartCaTimer => acts.push(Act::StartCaTimer),
                Action::StopCaTimer => acts.push(Act::StopCaTimer),
                Action::Process => acts.push(Act::Process),
                Action::Apply => acts.push(Act::Apply),
                Action::Reply => acts.push(Act::Reply),
                Action::Dequeue => acts.push(Act::Dequeue),
                Action::StopCsusTimer => acts.push(Act::StopCsusTimer),
                Action::Solicit => acts.push(Act::Solicit),
                Action::SolicitAgain => acts.push(Act::SolicitAgain),
                Action::Answer => acts.push(Act::Answer),
                Action::Resend => acts.push(Act::Resend),
                Action::Abnormal => acts.push(Act::Abnormal),
                // No own record changes in these traces, and none waits as slave for as long as N04 says.
                Action::Release | Action::Wait | Action::Flood | Action::StartPatience => {}
            }
        }
        acts
    }

    fn send(&mut self, form: Form, acts: &mut Vec<Act>) {
        self.last = Some((self.number, form));
        acts.push(Act::Send(self.number, form));
    }
}
