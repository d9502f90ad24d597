//! The model itself.

use stateright::{Model, Property};

use super::action::Action;
use super::claims::{self, CLAIMS};
use super::frame::{bit, bits_of};
use super::machines::Machines;
use super::memo::{Event, Info, Memo};
use super::numbers;
use super::scenario::{Budget, RECORDS, Scenario};
use super::state::{Books, PLACES, Queue, State};
use super::step::apply;

/// Steps in which a settled beginning must be reached.
const PATIENCE: usize = 2000;
/// The witness that every fault has struck and all is well again.
pub(super) const WITNESS: &str = "settles-after-all-faults";
/// How far the first CA numbers of two starts are apart.
const START: u32 = 1 << 24;

/// A scenario on machines.
pub struct Inside {
    memo: Memo,
    /// Claims are one property: only the first failure is of interest.
    at_once: bool,
    /// CA numbers are left as they are, for a test.
    grow: bool,
}

impl Inside {
    /// A scenario on these machines, made for its [configurations](Scenario::configs).
    #[must_use]
    pub fn new(scenario: &'static Scenario, machines: Box<dyn Machines>) -> Self {
        Self {
            memo: Memo::new(scenario, machines),
            at_once: false,
            grow: false,
        }
    }

    /// The same with one property, [`claims::ALL`], in place of many.
    #[must_use]
    pub const fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// The same with CA numbers as they are, so that the graph has no end.
    #[cfg(test)]
    pub(super) const fn growing(mut self) -> Self {
        self.grow = true;
        self
    }

    /// A state with new CA numbers.
    #[cfg(test)]
    pub(super) fn renewed(&self, state: &State) -> Option<State> {
        let mut renewed = *state;
        numbers::renew(&self.memo, &mut renewed)?;
        Some(renewed)
    }

    /// The scenario.
    #[must_use]
    pub const fn scenario(&self) -> &'static Scenario {
        self.memo.scenario()
    }

    /// What the machines did.
    #[must_use]
    pub const fn memo(&self) -> &Memo {
        &self.memo
    }

    fn begin(&self) -> Option<State> {
        let scenario = self.scenario();
        let mut state = State {
            servers: [0; 3],
            queues: [Queue::default(); 4],
            books: [Books::default(); 4],
            history: 0,
            budget: scenario.budget,
            up: 0,
            restarted: 0,
            broken: 0,
        };
        for (server, place) in (0u8..scenario.servers).zip(&mut state.servers) {
            *place = self.memo.start(server, u32::from(server) * START)?;
        }
        for (record, what) in (0u8..).zip(scenario.records) {
            if what.seeded {
                let event = Event::Originate(record, self.stamp(&state));
                apply(&self.memo, &mut state, what.server, event)?;
            }
        }
        for link in 0..scenario.links.len() {
            self.mend(&mut state, u8::try_from(link).ok()?)?;
        }
        self.renew(&mut state)?;
        for _ in 0..PATIENCE {
            if !scenario.settled || self.is_good(&state) {
                break;
            }
            let first = scenario
                .directions()
                .find(|&direction| self.queue(&state, direction).is_some_and(|q| !q.is_empty()));
            state = self.next(&state, first.map_or(Action::Tick, Action::Deliver))?;
        }
        Some(state)
    }

    /// Content that no other instance has.
    fn stamp(&self, state: &State) -> u8 {
        let known = self.memo.history(state.history).len();
        u8::try_from(known + 1).unwrap_or(u8::MAX)
    }

    fn renew(&self, state: &mut State) -> Option<()> {
        if self.grow {
            Some(())
        } else {
            numbers::renew(&self.memo, state)
        }
    }

    fn queue<'a>(&self, state: &'a State, direction: u8) -> Option<&'a Queue> {
        state.queues.get(usize::from(direction))
    }

    fn queue_mut<'a>(&self, state: &'a mut State, direction: u8) -> Option<&'a mut Queue> {
        state.queues.get_mut(usize::from(direction))
    }

    /// What is known of each server.
    fn infos(&self, state: &State) -> impl Iterator<Item = Info> {
        let servers = state.servers;
        servers
            .into_iter()
            .take(usize::from(self.scenario().servers))
            .filter_map(|machine| self.memo.info(machine))
    }

    /// The last instance of each record.
    fn last(&self, state: &State) -> [Option<(i32, u8)>; RECORDS] {
        let mut last = [None; RECORDS];
        for &(record, sequence, stamp) in self.memo.history(state.history).iter() {
            if let Some(place) = last.get_mut(usize::from(record)) {
                *place = Some((sequence, stamp));
            }
        }
        last
    }

    /// Time to the next deadline of any server.
    fn next_deadline(&self, state: &State) -> Option<u32> {
        self.infos(state).filter_map(|info| info.next_ms).min()
    }

    fn mend(&self, state: &mut State, link: u8) -> Option<()> {
        state.up |= bit(link);
        for direction in [link * 2, link * 2 + 1] {
            let (server, _) = self.scenario().ends(direction);
            let neighbor = self.scenario().neighbor(direction ^ 1);
            apply(&self.memo, state, server, Event::Up(neighbor))?;
        }
        Some(())
    }

    fn next(&self, last: &State, action: Action) -> Option<State> {
        let mut state = *last;
        let scenario = self.scenario();
        let memo = &self.memo;
        match action {
            Action::Deliver(direction) => {
                let frame = self.queue_mut(&mut state, direction)?.pop()?;
                let event = Event::Frame(scenario.neighbor(direction), frame);
                apply(memo, &mut state, scenario.ends(direction).1, event)?;
            }
            Action::Tick | Action::Late => {
                if action == Action::Late {
                    state.budget.lates = state.budget.lates.checked_sub(1)?;
                }
                let ms = self.next_deadline(&state)?;
                for server in 0..scenario.servers {
                    apply(memo, &mut state, server, Event::Wait(ms))?;
                }
            }
            Action::Lose(direction) => {
                state.budget.losses = state.budget.losses.checked_sub(1)?;
                self.queue_mut(&mut state, direction)?.pop()?;
            }
            Action::Double(direction) => {
                state.budget.doubles = state.budget.doubles.checked_sub(1)?;
                let queue = self.queue_mut(&mut state, direction)?;
                let first = *queue.frames().first()?;
                if !queue.push(first) {
                    return None;
                }
            }
            Action::Swap(direction) => {
                state.budget.swaps = state.budget.swaps.checked_sub(1)?;
                self.queue_mut(&mut state, direction)?
                    .frames_mut()
                    .rotate_left(1);
            }
            Action::Change(record) | Action::End(record) => {
                let server = scenario.records.get(usize::from(record))?.server;
                let stamp = if matches!(action, Action::End(_)) {
                    state.budget.ends = state.budget.ends.checked_sub(1)?;
                    0
                } else {
                    state.budget.changes = state.budget.changes.checked_sub(1)?;
                    self.stamp(&state)
                };
                apply(memo, &mut state, server, Event::Originate(record, stamp))?;
            }
            Action::Forget(server, record) => {
                state.budget.forgets = state.budget.forgets.checked_sub(1)?;
                apply(memo, &mut state, server, Event::Forget(record))?;
            }
            Action::Cut(link) => {
                state.budget.cuts = state.budget.cuts.checked_sub(1)?;
                state.up &= !bit(link);
                for direction in [link * 2, link * 2 + 1] {
                    *self.queue_mut(&mut state, direction)? = Queue::default();
                }
                for direction in [link * 2, link * 2 + 1] {
                    let (server, _) = scenario.ends(direction);
                    let event = Event::Down(scenario.neighbor(direction ^ 1));
                    apply(memo, &mut state, server, event)?;
                }
            }
            Action::Mend(link) => self.mend(&mut state, link)?,
            Action::Restart(server) => {
                state.budget.restarts = state.budget.restarts.checked_sub(1)?;
                state.restarted |= bit(server);
                // Far from any number that is about.
                let start = (u32::from(server) + 16) * START;
                *state.servers.get_mut(usize::from(server))? = memo.start(server, start)?;
                for direction in scenario.from(server) {
                    *self.queue_mut(&mut state, direction ^ 1)? = Queue::default();
                    *state.books.get_mut(usize::from(direction))? = Books::default();
                }
                for (neighbor, direction) in (0u8..).zip(scenario.from(server)) {
                    if state.up & bit(direction / 2) != 0 {
                        apply(memo, &mut state, server, Event::Up(neighbor))?;
                    }
                }
            }
        }
        self.renew(&mut state)?;
        Some(state)
    }

    /// Nothing is on its way, asked for, or unacknowledged.
    fn is_quiet(&self, state: &State) -> bool {
        state.queues.iter().all(Queue::is_empty)
            && state.books.iter().all(|b| b.asked == 0 && b.unacked == 0)
    }

    /// All links are up, and both ends of each say Aligned.
    fn is_aligned(&self, state: &State) -> bool {
        let scenario = self.scenario();
        let all = (1u8 << scenario.links.len()) - 1;
        state.up == all
            && self.infos(state).all(|info| {
                let count = scenario.from(info.server).count();
                info.adjacent.iter().take(count).all(|one| one.aligned)
            })
    }

    /// Every cache holds the last instance of every record; of an ended one it may hold nothing.
    fn is_equal(&self, state: &State) -> bool {
        let last = self.last(state);
        self.infos(state).all(|info| {
            info.cache.iter().zip(&last).all(|(held, last)| match last {
                Some((_, 0)) => held.is_none() || held == last,
                last => held == last,
            })
        })
    }

    fn is_resurrected(&self, state: &State) -> bool {
        let last = self.last(state);
        self.infos(state).any(|info| {
            let mut both = info.cache.iter().zip(&last);
            both.any(|(held, last)| {
                matches!((held, last), (Some((_, stamp)), Some((_, 0))) if *stamp != 0)
            })
        })
    }

    /// What everything must lead to: quiet, Aligned, all caches one.
    #[must_use]
    pub fn is_good(&self, state: &State) -> bool {
        self.is_quiet(state) && self.is_aligned(state) && self.is_equal(state)
    }

    fn settled_well(&self, state: &State) -> bool {
        !(self.is_quiet(state) && self.is_aligned(state)) || self.is_equal(state)
    }

    fn settled_alive(&self, state: &State) -> bool {
        !(self.is_quiet(state) && self.is_aligned(state) && self.is_resurrected(state))
    }

    /// The names of the claims that a state breaks.
    #[must_use]
    pub fn broken(&self, state: &State) -> Vec<&'static str> {
        let steps = CLAIMS.iter().enumerate();
        let mut broken: Vec<_> = steps
            .filter(|(place, _)| state.broken & (1 << place) != 0)
            .map(|(_, claim)| claim.name)
            .collect();
        if !self.settled_alive(state) {
            broken.push(claims::ENDED_STAYS.name);
        } else if !self.settled_well(state) {
            broken.push(claims::EQUAL.name);
        }
        broken
    }

    fn records(&self, state: &State, actions: &mut Vec<Action>) {
        let Budget { changes, ends, .. } = state.budget;
        if changes == 0 && ends == 0 {
            return;
        }
        let last = self.last(state);
        for (record, what) in (0u8..).zip(self.scenario().records) {
            let incarnation = u8::from(state.restarted & bit(what.server) != 0);
            let last = last.get(usize::from(record)).copied().flatten();
            if incarnation != what.incarnation || last.is_some_and(|(_, stamp)| stamp == 0) {
                continue;
            }
            if changes > 0 {
                actions.push(Action::Change(record));
            }
            if ends > 0 && last.is_some() {
                actions.push(Action::End(record));
            }
        }
    }

    fn forgettable(&self, state: &State, actions: &mut Vec<Action>) {
        for info in self.infos(state) {
            // An exchange of summaries that has begun would miss it.
            if info.adjacent.iter().any(|one| one.exchanging) {
                continue;
            }
            for (record, held) in (0u8..).zip(&info.cache) {
                let acknowledged = info.unacknowledged & bit(record) == 0;
                if held.is_some_and(|(_, stamp)| stamp == 0) && acknowledged {
                    actions.push(Action::Forget(info.server, record));
                }
            }
        }
    }
}

impl Model for Inside {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.begin().into_iter().collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let scenario = self.scenario();
        let budget = &state.budget;
        let mut empty = true;
        for direction in scenario.directions() {
            let length = self.queue(state, direction).map_or(0, Queue::len);
            if length == 0 {
                continue;
            }
            empty = false;
            actions.push(Action::Deliver(direction));
            if budget.losses > 0 {
                actions.push(Action::Lose(direction));
            }
            if budget.doubles > 0 && length < PLACES {
                actions.push(Action::Double(direction));
            }
            if budget.swaps > 0 && length > 1 {
                actions.push(Action::Swap(direction));
            }
        }
        if empty {
            actions.push(Action::Tick);
        } else if budget.lates > 0 {
            actions.push(Action::Late);
        }
        self.records(state, actions);
        if empty && budget.forgets > 0 {
            self.forgettable(state, actions);
        }
        for link in 0..u8::try_from(scenario.links.len()).unwrap_or(0) {
            if state.up & bit(link) == 0 {
                actions.push(Action::Mend(link));
            } else if budget.cuts > 0 {
                actions.push(Action::Cut(link));
            }
        }
        if budget.restarts > 0 {
            let whole = bits_of(!state.restarted).filter(|&server| server < scenario.servers);
            actions.extend(whole.map(Action::Restart));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        self.next(last, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! step_claims {
            ($($bit:ident)*) => {
                vec![$(Property::always(
                    CLAIMS.get(claims::$bit.trailing_zeros() as usize).map_or("", |claim| claim.name),
                    |_: &Self, state: &State| state.broken & claims::$bit == 0,
                )),*]
            };
        }
        if self.at_once {
            return vec![Property::always(
                claims::ALL,
                |model: &Self, state: &State| state.broken == 0 && model.settled_well(state),
            )];
        }
        let mut properties = step_claims!(
            READABLE STORM CLOSED ONE_CA ONE_CSUS MASTER LIST REGRESS VERSIONS HOPS BACK HELLO_TIME DEAD_TIME
            REPEAT_TIME
        );
        properties.extend([
            Property::always(claims::EQUAL.name, Self::settled_well),
            Property::always(claims::ENDED_STAYS.name, Self::settled_alive),
            Property::sometimes(WITNESS, |model: &Self, state: &State| {
                let (left, full) = (state.budget, model.scenario().budget);
                model.is_good(state) && left == Budget::default() && full != left
            }),
        ]);
        properties
    }
}
