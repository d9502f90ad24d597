//! One run from the start to the verdict.

use crate::churn::Churn;
use crate::judge::{Seen, judge};
use crate::world::{Size, World};

/// What is to be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) size: Size,
    pub(crate) seed: u64,
    /// Minutes with commands and faults; the calm period comes after them.
    pub(crate) minutes: u64,
    /// Faults come six times as often.
    pub(crate) harsh: bool,
}

/// A LIS and what happens to it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) churn: Churn,
}

const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;

/// From the last fault until everyone is home again and nobody is believed to be where it is not.
///
/// A client that has lost its server without being told notes it after 4 minutes without a map
/// (`missed_map_ms`) and tries it again within 10 s. Each server that does not answer costs 6
/// transmissions at 10 s (`retransmit_ms`), and each but the first two a minute of waiting
/// (`loop_wait_ms`); of the three, two may be tried in vain, since one that has just started does not
/// serve for 18 s (register B12): 4 minutes at most. After that each join waits up to 10 s and may take a
/// minute: 4:00 + 0:10 + 4:00 + 1:10. Meanwhile servers that were thought dead are back with their next
/// beat (1 minute), and what a server that was really dead had said is gone after 245 s
/// (`redirect_hold_ms`). That is less than ten minutes.
const HOMECOMING: u64 = 10 * MINUTE;
/// Then every tree that is not sent to is closed, since it was idle for 20 minutes (`tree_idle_ms`): of
/// members that go in a flush nothing is said on the control VC (registers B06, E19), so that a tree may
/// have kept them.
const IDLENESS: u64 = 21 * MINUTE;
/// Then commands without faults: trees have to follow by what the control VCs say.
const LIVELY: u64 = 15 * MINUTE;
/// Then none: the last who were away are back, and all trees are built. A JOIN takes up to 10 s and its
/// copy at most that; a REQUEST is not repeated for 10 s after a NAK.
const STILL: u64 = 4 * MINUTE;

impl Run {
    /// All stations start.
    pub(crate) fn new(plan: &Plan, aloud: bool) -> Self {
        let mut world = World::new(plan.size, plan.seed);
        world.story.aloud = aloud;
        let mut churn = Churn::new(&world, plan.seed, plan.harsh);
        churn.start(&mut world);
        Self { world, churn }
    }

    /// Commands and faults for so long.
    pub(crate) fn rough(&mut self, ms: u64) {
        let until = self.world.now() + ms;
        self.churn.run(&mut self.world, until, true);
    }

    /// The calm period up to, and not with, the packets that are followed.
    pub(crate) fn calm(&mut self) {
        self.world.tell("the last fault is over");
        self.churn.calm(&mut self.world);
        self.wait(HOMECOMING + IDLENESS);
        let until = self.world.now() + LIVELY;
        self.churn.run(&mut self.world, until, false);
        self.world.tell("the last command");
        self.churn.calm(&mut self.world);
        for _ in 0..STILL / MINUTE {
            self.wait(MINUTE);
            self.churn.send_all(&mut self.world, false);
        }
        self.wait(MINUTE);
    }

    /// Packets that are followed: three to each group of each sender.
    pub(crate) fn follow(&mut self) {
        for _ in 0..3 {
            self.churn.send_all(&mut self.world, true);
            self.wait(10 * SECOND);
        }
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, ms: u64) {
        let until = self.world.now() + ms;
        self.world.run(until);
    }

    /// What is wrong now.
    pub(crate) fn verdict(&self) -> Vec<String> {
        judge(&self.world, &self.churn.flows, &Seen::of(&self.world))
    }
}
