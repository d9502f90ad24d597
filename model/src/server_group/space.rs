//! The server group as the search sees it: fingerprints of all octets at once, successors without a list of
//! candidates. Both say what the derived `Hash` and [`Model::actions`] with [`Model::next_state`] say; tests compare.

use super::action::{Action, Client, Server};
use super::state::State;
use super::step::{may_restart, perform, served_by};
use super::{ServerGroup, client, view};
use crate::explore::{Fingerprint, Space, Successors};

impl Space for ServerGroup {
    type Model = Self;
    type Key = u64;
    const EXACT: bool = false;

    fn model(&self) -> &Self {
        self
    }

    #[inline]
    fn key(&self, seed: u64, state: &State) -> u64 {
        Fingerprint::of_octets(seed, state)
    }

    fn expand(&self, state: &State, _: &mut Vec<Action>, successors: &mut impl Successors<State>) {
        let mut place = 0;
        self.enabled(state, |action| {
            successors.make(place, action.kind(), state, |next| {
                perform(self, state, next, action)
            });
            place += 1;
        });
    }
}

impl ServerGroup {
    /// Every enabled action, in the order of [`stateright::Model::actions`].
    fn enabled(&self, state: &State, mut act: impl FnMut(Action)) {
        let quiet = state.is_quiet();
        if !quiet {
            for from in self.servers() {
                for to in self.servers().filter(|&to| to != from) {
                    if state.next_in_flight(from, to).is_some() {
                        act(Action::Deliver { from, to });
                    }
                }
            }
        }
        for client in self
            .clients()
            .filter(|&client| state.client(client).is_alive())
        {
            self.enabled_of(state, client, &mut act);
        }
        let left = state.left;
        let alone = self
            .servers()
            .filter(|&server| state.is_alive(server))
            .count()
            < 2;
        for server in self.servers().filter(|&server| state.is_alive(server)) {
            if state.has_leaves(server, 3) {
                for client in self.clients() {
                    if state.is_leaf(server, client) && state.client(client).home() != Some(server)
                    {
                        act(Action::LeafGone { server, client });
                    }
                }
            }
            if left.crashes > 0 && !alone {
                act(Action::Crash { server });
            }
            if left.drains > 0 && !state.is_drained(server) {
                act(Action::Drain { server });
            }
            if state.is_hung(server) {
                act(Action::Wake { server });
            } else if left.hangs > 0 {
                act(Action::Hang { server });
            }
        }
        for (a, b) in self.links() {
            if state.is_linked(a, b) {
                if left.cuts > 0 {
                    act(Action::Cut { a, b });
                }
            } else if state.is_alive(a) && state.is_alive(b) {
                act(Action::Heal { a, b });
            }
        }
        if self.scenario().budgets.restarts > 0 {
            for server in self.servers() {
                if may_restart(self, state, server) {
                    act(Action::Restart { server });
                }
            }
        }
        if quiet && self.scenario().beats {
            act(Action::Tick);
        }
    }

    /// Every enabled action of one running client.
    fn enabled_of(&self, state: &State, client: Client, act: &mut impl FnMut(Action)) {
        let left = state.left;
        let repeats = self.scenario().duplicates;
        let this = state.client(client);
        let home = this.home();
        let served = served_by(state, client).is_some();
        if served {
            for range in self.ranges().filter(|&range| self.may_join(client, range)) {
                let (joined, again) = (this.has_joined(range), this.has_to_rejoin(range));
                if if joined {
                    repeats
                } else {
                    again || left.changes > 0
                } {
                    act(Action::Join { client, range });
                }
                if if joined {
                    left.changes > 0
                } else {
                    repeats && !again
                } {
                    act(Action::Leave { client, range });
                }
            }
            if left.deregisters > 0 {
                act(Action::Deregister { client });
            }
        }
        if home.is_some() && left.client_crashes > 0 {
            act(Action::ClientCrash { client });
        }
        if served
            && this
                .map()
                .first()
                .is_some_and(|to| Some(to) != home && state.is_alive(to) && !state.is_waiting(to))
        {
            act(Action::Redirect { client });
        }
        let at_home = home.is_some_and(|home| state.is_alive(home));
        if client::is_homeless(state, client) {
            act(Action::Failover { client });
        }
        let serves = |server: &Server| state.is_alive(*server) && !state.is_waiting(*server);
        for server in self.servers().filter(serves) {
            let repeated =
                || repeats && home == Some(server) && view::is_registered(state, server, client);
            if home.is_none() && left.registers > 0 || repeated() {
                act(Action::Register { client, server });
            }
            if left.moves > 0 && at_home && home != Some(server) {
                act(Action::Move { client, to: server });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Hashed, Options, Report, search_space};
    use crate::rules::Rules;
    use std::num::NonZeroUsize;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn both_ways_of_searching_report_alike_on_any_number_of_threads() {
        let model = crate::scenario::by_name("ring_with_a_cut")
            .unwrap()
            .model(Rules::resolved());
        let stop = AtomicBool::new(false);
        let essence = |report: &Report<ServerGroup>| {
            let ways: Vec<_> = report
                .discoveries
                .iter()
                .map(|found| (found.property, found.path.actions()))
                .collect();
            (
                report.unique,
                report.states,
                report.levels.clone(),
                report.action_counts.clone(),
                ways,
            )
        };
        let plain = search_space(
            &Hashed(&model),
            &Options::default(),
            None,
            &mut |_| {},
            &stop,
        );
        for (threads, seed) in [(1, 0), (2, 0), (3, 0), (3, 1)] {
            let options = Options {
                threads: NonZeroUsize::new(threads).unwrap(),
                seed,
                ..Options::default()
            };
            let quick = search_space(&model, &options, None, &mut |_| {}, &stop);
            assert!(
                essence(&quick) == essence(&plain),
                "{threads} threads, seed {seed}"
            );
        }
    }

    #[test]
    fn counterexamples_do_not_depend_on_threads_or_seeds() {
        let finding = crate::findings::findings()
            .find(|finding| finding.id == "A08b")
            .unwrap();
        let scenario = crate::scenario::by_name(finding.scenario).unwrap();
        let model = scenario.model(finding.choice().rules::<Rules>());
        let way = |threads, seed| {
            let options = Options {
                threads: NonZeroUsize::new(threads).unwrap(),
                seed,
                until: Some(finding.property.into()),
                ..Options::default()
            };
            let report = search_space(&model, &options, None, &mut |_| {}, &AtomicBool::new(false));
            let path = &report.discovery(finding.property).unwrap().path;
            (
                report.unique,
                report.states,
                report.unexpanded,
                path.actions(),
            )
        };
        let wanted = way(1, 0);
        assert!(!wanted.3.is_empty());
        for (threads, seed) in [(1, 1), (2, 0), (3, 7)] {
            assert_eq!(way(threads, seed), wanted);
        }
    }
}
