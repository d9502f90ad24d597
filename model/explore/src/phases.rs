//! The three phases of [`super::batch`] on all threads at once.

use super::batch::{self, Hand, Out, Shared, Unit};
use super::keep::{self, Examiner, Kept};
use super::report::Kinds;
use super::space::Space;
use super::table::{Key, Table};
use stateright::Model;
use std::sync::atomic::AtomicUsize;

type StateOf<S> = <<S as Space>::Model as Model>::State;

/// The first phase on all threads: what came of the units, in their order; of fewer than all, if the search had to stop.
pub(super) fn generate<S>(
    shared: &Shared<'_, S>,
    units: &[Unit<'_, StateOf<S>>],
    hands: &mut [Hand<StateOf<S>, S::Key>],
    between: &mut dyn FnMut(),
) -> Vec<Out<StateOf<S>, S::Key>>
where
    S: Space,
    StateOf<S>: Clone + Send + Sync,
    <S::Model as Model>::Action: Kinds,
{
    let next = AtomicUsize::new(0);
    let Some((own, others)) = hands.split_first_mut() else {
        return Vec::new();
    };
    let mut outs = std::thread::scope(|scope| {
        let next = &next;
        let others: Vec<_> = others
            .iter_mut()
            .take(shared.threads - 1)
            .map(|hand| scope.spawn(move || batch::generate(shared, units, next, hand, || {})))
            .collect();
        let mut outs = batch::generate(shared, units, next, own, between);
        others
            .into_iter()
            .for_each(|other| outs.extend(joined(other)));
        outs
    });
    outs.sort_unstable_by_key(|&(place, _)| place);
    outs.into_iter().map(|(_, out)| out).collect()
}

/// The second phase on all threads: for each thread and each unit, the states that were claimed before.
pub(super) fn insert<T: Send + Sync, K: Key>(
    outs: &[Out<T, K>],
    table: &mut Table<K>,
    threads: usize,
) -> Vec<Vec<Vec<u32>>> {
    std::thread::scope(|scope| {
        let mut parts = batch::parts(table, threads);
        let own = parts.next();
        let others: Vec<_> = parts
            .map(|(owner, shards)| scope.spawn(move || batch::insert(outs, owner, shards, threads)))
            .collect();
        let own = own.map(|(owner, shards)| batch::insert(outs, owner, shards, threads));
        own.into_iter()
            .chain(others.into_iter().map(joined))
            .collect()
    })
}

/// The third phase on all threads: what each kept, in order.
pub(super) fn keep<'a, M, K>(
    examiner: impl Fn() -> Examiner<'a, M>,
    hands: &mut [Hand<M::State, K>],
    outs: &mut [Out<M::State, K>],
    lost: &[Vec<Vec<u32>>],
    threads: usize,
) -> Vec<Kept<M::State>>
where
    M: Model + Sync + 'a,
    M::State: Send,
    K: Key,
{
    let share = outs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut parts = outs.chunks_mut(share).zip(hands).zip(0..);
        let own = parts.next();
        let others: Vec<_> = parts
            .map(|((outs, hand), part)| {
                let mut examiner = examiner();
                scope.spawn(move || keep::keep(&mut examiner, hand, outs, lost, part * share))
            })
            .collect();
        let own = own.map(|((outs, hand), _)| keep::keep(&mut examiner(), hand, outs, lost, 0));
        own.into_iter()
            .chain(others.into_iter().map(joined))
            .collect()
    })
}

/// What a thread came to; its panic goes on here.
fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
