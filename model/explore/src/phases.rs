//! The three phases of [`super::batch`] on all threads at once.

use super::batch::{self, Hand, Out, Shared, Unit};
use super::keep::{self, Examiner, Kept};
use super::report::Kinds;
use super::space::Space;
use super::table::{Key, Table};
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use stateright::Model;
use std::sync::atomic::{AtomicUsize, Ordering};

type StateOf<S> = <<S as Space>::Model as Model>::State;

/// How often the end of a phase is looked for before this thread goes to sleep: some tenths of a millisecond. On a
/// virtual machine that is what it takes to be woken.
const LOOKS: u32 = 1 << 13;

/// Waits a little for the other threads, busily.
fn await_others(open: &AtomicUsize) {
    for look in 0..LOOKS {
        if open.load(Ordering::Acquire) == 0 {
            return;
        }
        // Somebody else may need this processor more.
        if look % 64 == 63 {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// The threads of a search beside the one that calls it. They live as long as the search does: a phase takes less time
/// than starting a thread may.
pub(super) struct Crew(Option<ThreadPool>);

impl Crew {
    /// A crew for `threads` threads, the caller's included. Where the system gives no threads, the caller does all alone.
    pub(super) fn new(threads: usize) -> Self {
        let others = threads.saturating_sub(1);
        let pool = || ThreadPoolBuilder::new().num_threads(others).build().ok();
        Self((others > 0).then(pool).flatten())
    }

    /// Does all jobs at the same time, the first of them on the calling thread; what they came to, in order. A panic of
    /// one goes on here.
    fn work<T: Send, J: FnOnce() -> T + Send>(
        &self,
        own: impl FnOnce() -> T,
        others: impl Iterator<Item = J>,
    ) -> Vec<T> {
        let jobs: Vec<_> = others.collect();
        let open = AtomicUsize::new(jobs.len());
        let open = &open;
        let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let jobs = results.iter_mut().zip(jobs);
        let first = match &self.0 {
            Some(pool) => pool.in_place_scope(|scope| {
                for (result, job) in jobs {
                    scope.spawn(move |_| {
                        *result = Some(job());
                        open.fetch_sub(1, Ordering::Release);
                    });
                }
                let first = own();
                await_others(open);
                first
            }),
            None => {
                let first = own();
                jobs.for_each(|(result, job)| *result = Some(job()));
                first
            }
        };
        std::iter::once(first)
            .chain(results.into_iter().flatten())
            .collect()
    }

    /// The first phase on all threads: what came of the units, in their order; of fewer than all, if the search had to
    /// stop.
    pub(super) fn generate<S>(
        &self,
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
        let next = &next;
        let Some((own, others)) = hands.split_first_mut() else {
            return Vec::new();
        };
        let others = others
            .iter_mut()
            .take(shared.threads - 1)
            .map(|hand| move || batch::generate(shared, units, next, hand, || {}));
        let own = || batch::generate(shared, units, next, own, between);
        let mut outs: Vec<_> = self.work(own, others).into_iter().flatten().collect();
        outs.sort_unstable_by_key(|&(place, _)| place);
        outs.into_iter().map(|(_, out)| out).collect()
    }

    /// The second phase on all threads: for each thread and each unit, the states that were claimed before.
    pub(super) fn insert<T: Send + Sync, K: Key>(
        &self,
        outs: &[Out<T, K>],
        table: &mut Table<K>,
        threads: usize,
    ) -> Vec<Vec<Vec<u32>>> {
        let mut parts = batch::parts(table, threads)
            .map(|(owner, shards)| move || batch::insert(outs, owner, shards, threads));
        match parts.next() {
            Some(own) => self.work(own, parts),
            None => Vec::new(),
        }
    }

    /// The third phase on all threads: what each kept, in order.
    pub(super) fn keep<'a, M, K>(
        &self,
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
        let mut parts = outs
            .chunks_mut(share)
            .zip(hands)
            .zip(0..)
            .map(|((outs, hand), part)| {
                let mut examiner = examiner();
                move || keep::keep(&mut examiner, hand, outs, lost, part * share)
            });
        match parts.next() {
            Some(own) => self.work(own, parts),
            None => Vec::new(),
        }
    }
}
