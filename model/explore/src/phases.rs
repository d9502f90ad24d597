//! The three phases of [`super::batch`] on all threads at once.

use super::batch::{self, GROUPS, Hand, Out, Shared, Unit};
use super::keep::{self, Examiner, Kept};
use super::meeting::{Meeting, Member};
use super::report::Kinds;
use super::space::Space;
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use stateright::Model;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

type StateOf<S> = <<S as Space>::Model as Model>::State;
type OutOf<S> = Out<StateOf<S>, <S as Space>::Key>;

/// In how many parts, for each thread, what came of a batch is kept: who is done early takes one more.
const PARTS: usize = 2;

/// The threads of a search beside the one that calls it. They live as long as the search does: a batch takes less time
/// than starting a thread may.
pub(super) struct Crew(Option<ThreadPool>);

impl Crew {
    /// A crew for `threads` threads, the caller's included.
    pub(super) fn new(threads: usize) -> Self {
        let others = threads.saturating_sub(1);
        let pool = || ThreadPoolBuilder::new().num_threads(others).build().ok();
        Self((others > 0).then(pool).flatten())
    }

    /// How many threads it has, the caller's included: where the system gave none, the caller does all alone.
    pub(super) fn threads(&self) -> usize {
        1 + self.0.as_ref().map_or(0, ThreadPool::current_num_threads)
    }

    /// Does all jobs at the same time, the first of them on the calling thread; what they came to, in order. There must be
    /// no more than there are threads: they wait for each other, so each needs one of its own. A panic of one goes on here.
    fn work<T: Send, J: FnOnce() -> T + Send>(
        &self,
        own: impl FnOnce() -> T,
        others: impl Iterator<Item = J>,
    ) -> Vec<T> {
        let jobs: Vec<_> = others.collect();
        debug_assert!(jobs.len() < self.threads(), "each job has a thread");
        let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let first = match &self.0 {
            Some(pool) if !jobs.is_empty() => pool.in_place_scope(|scope| {
                for (result, job) in results.iter_mut().zip(jobs) {
                    scope.spawn(move |_| *result = Some(job()));
                }
                own()
            }),
            _ => own(),
        };
        std::iter::once(first)
            .chain(results.into_iter().flatten())
            .collect()
    }

    /// One batch, on as many threads as `shared` says. What came of the units, in their order, of fewer than all if the
    /// search had to stop; and what is kept of it, in order.
    pub(super) fn batch<'a, S>(
        &self,
        shared: &Shared<'_, S>,
        units: &[Unit<'_, StateOf<S>>],
        hands: &mut [Hand<StateOf<S>, S::Key>],
        examiner: impl Fn() -> Examiner<'a, S::Model>,
        between: &mut dyn FnMut(),
    ) -> (Vec<OutOf<S>>, Vec<Kept<StateOf<S>>>)
    where
        S: Space,
        S::Model: 'a,
        StateOf<S>: Clone + Send + Sync,
        <S::Model as Model>::Action: Kinds,
    {
        let round = Round::new(shared, units);
        let meeting = Meeting::new(shared.threads);
        let (round, meeting) = (&round, &meeting);
        let mut hands = hands.iter_mut().take(shared.threads);
        let mut kept = Vec::new();
        if let Some(hand) = hands.next() {
            let mine = examiner();
            let own = || round.run(hand, mine, meeting.member(), between);
            let others = hands.map(|hand| {
                let examiner = examiner();
                move || round.run(hand, examiner, meeting.member(), || {})
            });
            kept = self.work(own, others).into_iter().flatten().collect();
        }
        kept.sort_unstable_by_key(|&(part, _)| part);
        (
            round.take_outs(),
            kept.into_iter().map(|(_, kept)| kept).collect(),
        )
    }
}

/// One batch, as all threads see it. Nobody waits for a lock: who needs one has no rival in its phase.
struct Round<'a, 'b, S: Space> {
    shared: &'a Shared<'b, S>,
    units: &'a [Unit<'a, StateOf<S>>],
    /// The next unit to generate from.
    next: AtomicUsize,
    /// What came of each unit.
    outs: Vec<RwLock<OutOf<S>>>,
    /// The next group of shards to add to.
    group: AtomicUsize,
    /// Of each group of shards and unit, the states that were claimed before.
    lost: [OnceLock<Vec<Vec<u32>>>; GROUPS],
    /// The next part to keep.
    part: AtomicUsize,
}

impl<'a, 'b, S> Round<'a, 'b, S>
where
    S: Space,
    StateOf<S>: Clone + Send + Sync,
    <S::Model as Model>::Action: Kinds,
{
    fn new(shared: &'a Shared<'b, S>, units: &'a [Unit<'a, StateOf<S>>]) -> Self {
        Self {
            shared,
            units,
            next: AtomicUsize::new(0),
            outs: units.iter().map(|_| RwLock::new(Out::new())).collect(),
            group: AtomicUsize::new(0),
            lost: [const { OnceLock::new() }; GROUPS],
            part: AtomicUsize::new(0),
        }
    }

    /// What one thread does; what it keeps, with its place.
    fn run(
        &self,
        hand: &mut Hand<StateOf<S>, S::Key>,
        mut examiner: Examiner<'_, S::Model>,
        mut member: Member<'_>,
        between: impl FnMut(),
    ) -> Vec<(usize, Kept<StateOf<S>>)> {
        let put = |unit: usize, out| {
            if let Some(place) = self.outs.get(unit) {
                *place.write().unwrap_or_else(PoisonError::into_inner) = out;
            }
        };
        batch::generate(self.shared, self.units, &self.next, hand, between, put);
        if !member.meet() {
            return Vec::new();
        }
        self.insert();
        if !member.meet() {
            return Vec::new();
        }
        let kept = self.keep(hand, &mut examiner);
        // What was kept does not need this meeting; but who waits here is still awake when the next batch begins.
        member.meet();
        kept
    }

    /// How many units were generated from: those whose turn came. A thread that has to stop takes no further one.
    fn done(&self) -> usize {
        self.next.load(Ordering::Acquire).min(self.units.len())
    }

    fn insert(&self) {
        let outs: Vec<RwLockReadGuard<'_, _>> = self
            .outs
            .iter()
            .take(self.done())
            .map(|out| out.read().unwrap_or_else(PoisonError::into_inner))
            .collect();
        loop {
            let group = self.group.fetch_add(1, Ordering::Relaxed);
            let Some(lost) = self.lost.get(group) else {
                return;
            };
            lost.get_or_init(|| batch::insert(self.shared, &outs, group));
        }
    }

    fn keep(
        &self,
        hand: &mut Hand<StateOf<S>, S::Key>,
        examiner: &mut Examiner<'_, S::Model>,
    ) -> Vec<(usize, Kept<StateOf<S>>)> {
        let lost: Vec<_> = self.lost.iter().filter_map(OnceLock::get).collect();
        let done = self.done();
        let parts = match self.shared.threads {
            1 => 1,
            threads => PARTS * threads,
        };
        let share = done.div_ceil(parts).max(1);
        let mut all = Vec::new();
        loop {
            let part = self.part.fetch_add(1, Ordering::Relaxed);
            let first = part * share;
            if first >= done {
                return all;
            }
            let outs = self
                .outs
                .get(first..done.min(first + share))
                .unwrap_or_default();
            all.push((part, keep::keep(examiner, hand, outs, &lost, first)));
        }
    }

    fn take_outs(&self) -> Vec<OutOf<S>> {
        let done = self.done();
        self.outs
            .iter()
            .take(done)
            .map(|out| {
                let mut out = out.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *out, Out::new())
            })
            .collect()
    }
}
