use std::sync::atomic::AtomicBool;

use mars_model::scenario::{Scenario, by_name};
use stateright::{Checker as _, Model as _};

use super::machines::Machines;
use super::memo::Memo;
use super::scenario::{OWN, supported};
use super::search::Ended;
use super::step::{initial, step};
use super::*;
use crate::adapter::servers::{Deed, Input, Outcome, Pool};

fn pool(scenario: &'static Scenario) -> Pool {
    Pool::new(&World::new(scenario).group()).unwrap()
}

fn explored(scenario: &'static Scenario, machines: Box<dyn Machines>, most: u64) -> Explored {
    let limits = Limits {
        states: Some(most),
        ..Limits::default()
    };
    let stop = AtomicBool::new(false);
    explore(scenario, machines, &limits, &mut |_| {}, &stop)
}

/// The words of a disagreement.
fn text(explored: &Explored) -> Option<&str> {
    explored.fault.as_ref().map(|fault| fault.text.as_str())
}

#[test]
fn a_small_scenario_is_exhausted_and_agrees() {
    let small = &OWN[0];
    let explored = explored(small, Box::new(pool(small)), u64::MAX);
    assert_eq!(text(&explored), None);
    assert_eq!((explored.ended, explored.aside), (Ended::Exhausted, 0));
    // The states of the model are those that it has alone: neither side leads the other away.
    let model = small.model(mars_model::rules::Rules::resolved());
    let alone = model.checker().spawn_bfs().join().unique_state_count();
    assert_eq!(explored.states, alone as u64);
    assert!(
        explored.progress.nodes >= explored.states && alone > 200,
        "{alone}"
    );
    let kinds = mars_model::server_group::Action::KINDS;
    for (kind, count) in kinds.iter().zip(explored.actions) {
        assert_eq!(count > 0, small.actions.contains(kind), "{kind}");
    }
}

#[test]
fn every_scenario_agrees_in_its_first_nodes() {
    for scenario in supported() {
        let explored = explored(scenario, Box::new(pool(scenario)), 3_000);
        assert_eq!(text(&explored), None, "{}", scenario.name);
        let seen = explored.progress.nodes;
        assert!(
            explored.ended == Ended::Exhausted || seen >= 3_000,
            "{}",
            scenario.name
        );
        assert!(explored.states > 200, "{}", scenario.name);
    }
}

/// What is the same up to numbers has one number, and a stranger goes on in its place. Here nobody does: the servers are
/// those that went the whole way.
#[test]
fn servers_that_nobody_stands_for_agree_on_long_walks() {
    let mut chance = 1u64;
    let mut draw = |below: usize| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(chance >> 33).unwrap() % below
    };
    for scenario in supported() {
        let world = World::new(scenario);
        let apart = Pool::apart(&world.group()).unwrap();
        let mut memo = Memo::new(world, Box::new(apart));
        for _ in 0..6 {
            let mut node = initial(&mut memo).unwrap();
            let mut way = Vec::new();
            for _ in 0..50 {
                let mut actions = Vec::new();
                memo.world.model.actions(&node.state, &mut actions);
                // Some are not for now.
                let doable = |action: &_| {
                    let done = step(&mut memo, &node, *action, false);
                    done.is_some_and(|done| !done.aside)
                };
                actions.retain(doable);
                if actions.is_empty() {
                    break;
                }
                let action = actions[draw(actions.len())];
                let done = step(&mut memo, &node, action, true).unwrap();
                way.push((action, done.words));
                node = match done.node {
                    Ok(node) => node,
                    Err(failure) => panic!("{}: {way:#?}: {failure}", scenario.name),
                };
            }
        }
    }
}

/// Servers that do something else now and then.
struct Sabotaged<F>(Pool, F);

impl<F: Fn(&Input, &mut Outcome)> Machines for Sabotaged<F> {
    fn start(&self, server: u32) -> Result<Outcome, String> {
        Machines::start(&self.0, server)
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        let mut outcome = Machines::step(&self.0, machine, input)?;
        self.1(input, &mut outcome);
        Ok(outcome)
    }
}

/// The code of the first disagreement, and how many steps lead there.
fn found(name: &str, fault: impl Fn(&Input, &mut Outcome) + 'static) -> (String, usize) {
    let scenario = by_name(name).unwrap();
    let sabotaged = Sabotaged(pool(scenario), fault);
    let explored = explored(scenario, Box::new(sabotaged), 3_000);
    assert_eq!(explored.ended, Ended::Disagreement);
    let fault = explored.fault.unwrap();
    assert!(fault.text.contains("1. "), "{}", fault.text);
    (fault.failure.code, fault.path.len())
}

#[test]
fn planted_disagreements_are_found_on_the_shortest_way() {
    let coded = |code: &str, steps| (code.to_owned(), steps);
    // A join that the cluster is not told.
    let silent = |_: &Input, outcome: &mut Outcome| {
        let told = |deed: &Deed| !matches!(deed, Deed::Cluster { .. });
        outcome.deeds.retain(told);
    };
    assert_eq!(found("drain", silent), coded("missing-output", 2));
    // A leaf added twice.
    let twice = |_: &Input, outcome: &mut Outcome| {
        let leaf = |deed: &&Deed| matches!(deed, Deed::Leaf { .. });
        let again = outcome.deeds.iter().find(leaf).cloned();
        outcome.deeds.extend(again);
    };
    assert_eq!(found("drain", twice), coded("extra-output", 1));
    // A map without its last server.
    let short = |input: &Input, outcome: &mut Outcome| {
        if let (Input::Drain, Some(view)) = (input, &mut outcome.view) {
            view.map.pop();
        }
    };
    assert_eq!(found("drain", short), coded("wrong-state:map", 1));
    // A frame that cannot be read.
    let cut = |_: &Input, outcome: &mut Outcome| {
        for deed in &mut outcome.deeds {
            if let Deed::Client { octets, .. } = deed {
                octets.pop();
            }
        }
    };
    assert_eq!(found("drain", cut), coded("malformed-frame", 1));
    // A record for one neighbour only, and a number that goes down.
    let one = |input: &Input, outcome: &mut Outcome| {
        if matches!(input, Input::Client { .. }) {
            let other = |deed: &Deed| !matches!(deed, Deed::Neighbor { neighbor: 1, .. });
            outcome.deeds.retain(other);
        }
    };
    assert_eq!(found("ring_of_three", one), coded("missing-output", 1));
    let lower = |input: &Input, outcome: &mut Outcome| {
        if matches!(input, Input::Frame { .. }) && outcome.numbers.len() > 3 {
            outcome.numbers.iter_mut().for_each(|number| *number -= 1);
        }
    };
    let (code, _) = found("ring_of_three", lower);
    assert!(
        code.starts_with("wrong-") || code == "missing-output",
        "{code}"
    );
}

#[test]
fn a_server_that_is_gone_is_a_disagreement() {
    struct Gone;
    impl Machines for Gone {
        fn start(&self, _: u32) -> Result<Outcome, String> {
            Err("crashed".to_owned())
        }
        fn step(&self, _: u32, _: &Input) -> Result<Outcome, String> {
            Err("hangs".to_owned())
        }
    }
    let explored = explored(by_name("drain").unwrap(), Box::new(Gone), 10);
    assert_eq!(explored.fault.unwrap().failure.code, "crash");
}

#[test]
fn what_a_real_server_cannot_do_is_not_explored() {
    let names: Vec<&str> = supported().map(|scenario| scenario.name).collect();
    assert!(names.contains(&"drain"));
    assert!(
        !names.contains(&"line_with_a_hung_heartbeat") && !names.contains(&"among_literal_peers")
    );
}
