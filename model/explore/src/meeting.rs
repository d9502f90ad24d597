//! Where the threads of a search wait for each other between its phases.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// How often a thread looks whether the others have come before it goes to sleep: some tenths of a millisecond. On a virtual machine
/// that is what it takes to be woken.
const LOOKS: u32 = if cfg!(test) { 64 } else { 1 << 13 };

/// A place where a number of threads meet, time and again.
pub(super) struct Meeting {
    threads: usize,
    /// How many have come, to all meetings together.
    come: AtomicUsize,
    /// Set where somebody will not come any more.
    ended: AtomicBool,
    sleep: Mutex<()>,
    woken: Condvar,
}

/// One thread's way from meeting to meeting. If it panics on its way, nobody waits for it.
pub(super) struct Member<'a> {
    meeting: &'a Meeting,
    /// How many will have come when everybody has been at the next meeting.
    wanted: usize,
}

impl Meeting {
    /// A meeting of `threads` threads.
    pub(super) const fn new(threads: usize) -> Self {
        Self {
            threads,
            come: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            sleep: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    /// One of the threads; as many members must be made as there are threads.
    pub(super) const fn member(&self) -> Member<'_> {
        Member {
            meeting: self,
            wanted: self.threads,
        }
    }

    fn wake_all(&self) {
        // Whoever is about to sleep has the lock, and is asleep when this gets it.
        drop(self.sleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.woken.notify_all();
    }

    fn is_over(&self, wanted: usize) -> bool {
        self.come.load(Ordering::Acquire) >= wanted || self.ended.load(Ordering::Acquire)
    }
}

impl Member<'_> {
    /// Waits until all threads have come here; false if one of them never will, and then there is no further meeting.
    pub(super) fn meet(&mut self) -> bool {
        let (meeting, wanted) = (self.meeting, self.wanted);
        self.wanted += meeting.threads;
        if meeting.come.fetch_add(1, Ordering::AcqRel) + 1 == wanted {
            meeting.wake_all();
        }
        for look in 0..LOOKS {
            if meeting.is_over(wanted) {
                break;
            }
            // Somebody else may need this processor more.
            if look % 64 == 63 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
        if !meeting.is_over(wanted) {
            let mut asleep = meeting.sleep.lock().unwrap_or_else(PoisonError::into_inner);
            while !meeting.is_over(wanted) {
                asleep = meeting
                    .woken
                    .wait(asleep)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        meeting.come.load(Ordering::Acquire) >= wanted
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.meeting.ended.store(true, Ordering::Release);
            self.meeting.wake_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::{scope, sleep};
    use std::time::Duration;

    #[test]
    fn nobody_goes_on_before_all_have_come_whoever_sleeps() {
        let meeting = Meeting::new(3);
        let done = AtomicUsize::new(0);
        scope(|scope| {
            for number in 0..3usize {
                let (mut member, done) = (meeting.member(), &done);
                scope.spawn(move || {
                    for round in 1..=40 {
                        // Somebody else is late each time, so that the others sleep.
                        if round % 3 == number && round % 4 == 0 {
                            sleep(Duration::from_millis(3));
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                        assert!(member.meet());
                        assert!(done.load(Ordering::Relaxed) >= 3 * round);
                        assert!(member.meet());
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 120);
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        for late in [0, 20] {
            let meeting = Meeting::new(2);
            let (mut waiting, gone) = (meeting.member(), meeting.member());
            let met = scope(|scope| {
                let other = scope.spawn(move || {
                    let _gone = gone;
                    sleep(Duration::from_millis(late));
                    panic!("on the way");
                });
                let met = waiting.meet();
                assert!(other.join().is_err());
                met
            });
            assert!(!met);
        }
    }
}
