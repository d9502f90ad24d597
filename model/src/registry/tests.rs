use super::*;
use crate::explore::timely::Portable;
use crate::explore::{Space, Successors};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

/// The scenarios of every family to a generic function.
macro_rules! for_every_family {
    ($check:ident) => {
        $check(crate::hello::scenarios());
        $check(crate::alignment::scenarios());
        $check(crate::flooding::scenarios());
        $check(crate::cluster::scenarios());
        $check(crate::scenario::scenarios());
    };
}

#[test]
fn names_are_unique_and_lists_name_what_exists() {
    let mut names = BTreeSet::new();
    for case in cases().chain(for_liveness()) {
        assert!(names.insert(case.name()), "{}", case.name());
        let kinds = case.kinds();
        assert!(
            case.actions().iter().all(|action| kinds.contains(action)),
            "{}",
            case.name()
        );
        let properties = case.properties();
        let own: BTreeSet<_> = properties.iter().map(|about| about.name).collect();
        assert_eq!(own.len(), properties.len(), "{}", case.name());
        assert!(properties.iter().any(|about| about.kind == Kind::Always));
    }
}

#[test]
fn witnesses_that_a_scenario_names_are_claims_of_its_family() {
    fn check<C: Configuration>(scenarios: &'static [C]) {
        for scenario in scenarios {
            for witness in scenario.witnesses() {
                let claim = C::claims().iter().find(|claim| claim.name == *witness);
                let is_witness = claim.is_some_and(|claim| claim.kind == Kind::Witness);
                assert!(is_witness, "{}: {witness}", scenario.name());
            }
        }
    }
    for_every_family!(check);
}

/// Every family's scenarios under both sets of rules: their first states, breadth first, whole.
fn first_states<C: Configuration>(
    scenarios: &'static [C],
    most: usize,
    mut look: impl FnMut(&C::Model, Vec<StateOf<C>>),
) {
    for scenario in scenarios {
        for choice in [Choice::Resolved, Choice::Literal] {
            let model = scenario.model(choice.readers());
            let mut queue: VecDeque<_> = model.init_states().into();
            let mut seen: HashSet<_> = queue.iter().cloned().collect();
            let mut all = Vec::new();
            while let Some(state) = queue.pop_front()
                && all.len() < most
            {
                let next = model.next_states(&state).into_iter();
                queue.extend(next.filter(|next| seen.insert(next.clone())));
                all.push(state);
            }
            look(&model, all);
        }
    }
}

type StateOf<C> = <<C as Configuration>::Model as Model>::State;

#[test]
fn states_travel_and_come_back() {
    fn check<C: Configuration>(scenarios: &'static [C]) {
        first_states(scenarios, 3_000, |_, states| {
            for state in states {
                let mut octets = Vec::new();
                state.write(&mut octets);
                let back = Portable::read(&mut octets.as_slice());
                assert!(back.as_ref() == Some(&state), "{state:?}");
                for short in [&octets[1..], &octets[..octets.len() - 1]] {
                    let back: Option<StateOf<C>> = Portable::read(&mut &*short);
                    assert!(back.is_none(), "{state:?}");
                }
            }
        });
    }
    for_every_family!(check);
}

#[test]
fn keys_tell_states_apart() {
    fn check<C: Configuration>(scenarios: &'static [C])
    where
        C::Model: Space<Key = u64>,
    {
        let mut known = BTreeMap::new();
        first_states(scenarios, 10_000, |model, states| {
            for state in states {
                for seed in [0, 1] {
                    let before = known.insert((seed, model.key(seed, &state)), state.clone());
                    assert!(before.is_none_or(|before| before == state), "{state:?}");
                }
            }
        });
        assert!(known.len() > 50_000, "{}", known.len());
    }
    for_every_family!(check);
}

/// Successors as they are handed over.
struct List<T>(Vec<(u32, usize, T)>);

impl<T> Successors<T> for List<T> {
    fn take(&mut self, place: u32, kind: usize, state: T) {
        self.0.push((place, kind, state));
    }
}

#[test]
fn successors_are_those_of_actions_and_next_state() {
    fn check<C: Configuration>(scenarios: &'static [C]) {
        first_states(scenarios, 4_000, |model, states| {
            for state in states {
                let mut actions = Vec::new();
                model.actions(&state, &mut actions);
                let plain: Vec<_> = (0u32..)
                    .zip(actions)
                    .filter_map(|(place, action)| {
                        Some((place, action.kind(), model.next_state(&state, action)?))
                    })
                    .collect();
                let mut quick = List(Vec::new());
                model.expand(&state, &mut Vec::new(), &mut quick);
                assert!(plain == quick.0, "{state:?}");
            }
        });
    }
    for_every_family!(check);
}

#[test]
fn a_choice_says_in_which_fields_it_differs() {
    let case = by_name("drain").unwrap();
    let soft = Choice::But(("redirect_flag", "soft"));
    assert_eq!(case.differences(soft), [("redirect_flag", "soft")]);
    assert!(case.differences(Choice::Resolved).is_empty());
    assert_ne!(case.fingerprint(soft), case.fingerprint(Choice::Resolved));
}
