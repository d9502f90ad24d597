//! Links that come and go, and servers that stop.

use super::memo::{Event, broken};
use super::node::direction;
use super::tables::second_hello;
use super::work::{Crosses, Work};
use crate::judge::step::Failure;

impl Work<'_> {
    fn end(&mut self, at: u8, other: u8, event: fn(u8) -> Event) -> Result<(), Failure> {
        let neighbor = self.memo.world.neighbor(at, other);
        let neighbor = neighbor.ok_or_else(|| broken("there is no such link"))?;
        self.apply(at, event(neighbor))
    }

    /// The VC between two servers comes up and their caches align. The network says the second Hello of each side as soon
    /// as the first has arrived, so that this takes no time.
    pub(super) fn link_up(&mut self, a: u8, b: u8, crosses: Crosses) -> Result<(), Failure> {
        self.crosses = crosses;
        // Both ends know of the VC before the first frame crosses it.
        self.end(a, b, Event::Up)?;
        self.end(b, a, Event::Up)?;
        self.settle()?;
        for (from, to) in [(a, b), (b, a)] {
            let first = self.hellos.get(direction(from, to)).copied().flatten();
            let first = first.and_then(|first| self.memo.tables.frame(first));
            let second = first.and_then(|first| second_hello(&first, self.memo.world.id(to)));
            let Some(second) = second else {
                let wanted = format!("a Hello of s{} to s{}", from + 1, to + 1);
                return Err(Failure::new("missing-output", wanted, ""));
            };
            self.speak_for(from, to, second)?;
        }
        self.settle()?;
        self.crosses = Crosses::Nothing;
        Ok(())
    }

    /// The VC goes down, with all that was on its way. An end that does not run does not notice.
    pub(super) fn link_down(&mut self, a: u8, b: u8) -> Result<(), Failure> {
        self.lose(a, b);
        for (at, other) in [(a, b), (b, a)] {
            if self.running(usize::from(at))?.is_some() {
                self.end(at, other, Event::Down)?;
            }
        }
        self.settle()
    }
}
