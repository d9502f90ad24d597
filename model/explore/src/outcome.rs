//! From the log of a search to its report: paths are followed again through the model.

use super::kernel::Search;
use super::report::{Discovery, Kinds, Path, Report, StoppedBy};
use super::space::Space;
use stateright::{Expectation, Model};

impl<S> Search<'_, S>
where
    S: Space,
    <S::Model as Model>::State: Clone,
    <S::Model as Model>::Action: Clone + Kinds,
{
    /// Follows a way again through the model: the initial state's place, then one place for each action.
    fn path(&self, places: &[u32]) -> Path<S::Model> {
        let model = self.space.model();
        let mut path = Vec::with_capacity(places.len());
        let Some((&first, rest)) = places.split_first() else {
            return Path(path);
        };
        let Some(mut state) = model.init_states().into_iter().nth(first as usize) else {
            return Path(path);
        };
        path.push((None, state.clone()));
        for &place in rest {
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            let Some(action) = actions.into_iter().nth(place as usize) else {
                break;
            };
            let Some(next) = model.next_state(&state, action.clone()) else {
                break;
            };
            state = next;
            path.push((Some(action), state.clone()));
        }
        Path(path)
    }

    pub(super) fn report(self, stopped_by: StoppedBy) -> Report<S::Model> {
        let discoveries = self.found.iter().filter_map(|found| {
            let property = self.properties.get(found.property)?;
            Some(Discovery {
                property: property.name,
                violation: matches!(property.expectation, Expectation::Always),
                path: self.path(&self.log.places_to(found.state)),
            })
        });
        let open = |violations: bool| {
            let open = self
                .open
                .iter()
                .filter_map(|&place| self.properties.get(place));
            open.filter(|property| {
                matches!(property.expectation, Expectation::Always) == violations
            })
            .map(|property| property.name)
            .collect()
        };
        let labels = self.labels.iter().map(|(&label, &(number, place))| {
            let mut places = self.log.places_to(number);
            places.push(place);
            (label, self.path(&places))
        });
        let mut counts = vec![0u64; <S::Model as Model>::Action::KINDS.len()];
        for hand in &self.hands {
            counts
                .iter_mut()
                .zip(&hand.counts)
                .for_each(|(all, count)| *all += count);
        }
        let unique = self.log.len();
        Report {
            states: self.generated,
            unique,
            depth: self.levels.len().saturating_sub(1),
            levels: self.levels.clone(),
            stopped_by,
            unexpanded: unique - self.expanded,
            threads: self.threads,
            seed: self.options.seed,
            exact: S::EXACT,
            seconds: self.started.elapsed().as_secs_f64(),
            peak_octets: self.peak_octets as u64,
            visited_octets: (self.table.octets() + self.log.octets()) as u64,
            bytes_per_state: self.peak_octets as f64 / unique.max(1) as f64,
            action_counts: <S::Model as Model>::Action::KINDS
                .iter()
                .copied()
                .zip(counts)
                .collect(),
            discoveries: discoveries.collect(),
            held: open(true),
            missing_witnesses: open(false),
            labels: labels.collect(),
        }
    }
}
