//! A state: which machine each server is, what is on its way, what may still happen, and what the
//! harness remembers in order to judge.

use super::scenario::{Budget, DIRECTIONS, SERVERS};

/// Frames that a direction of a link holds; more is a storm.
pub const PLACES: usize = 12;

/// Frames on their way in one direction, the oldest first. A number stands for a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Queue {
    frames: [u32; PLACES],
    length: u8,
}

impl Queue {
    /// The frames, the oldest first.
    #[must_use]
    pub fn frames(&self) -> &[u32] {
        self.frames
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// The same, to be changed in place.
    pub fn frames_mut(&mut self) -> &mut [u32] {
        self.frames
            .get_mut(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Nothing is on its way.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Puts a frame behind the others; false if there is no room.
    #[must_use]
    pub fn push(&mut self, frame: u32) -> bool {
        let Some(place) = self.frames.get_mut(usize::from(self.length)) else {
            return false;
        };
        *place = frame;
        self.length += 1;
        true
    }

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<u32> {
        let first = *self.frames().first()?;
        if let Some(place) = self.frames.first_mut() {
            // Nothing of it is left in the places that are free.
            *place = 0;
        }
        self.frames.rotate_left(1);
        self.length -= 1;
        Some(first)
    }
}

/// What the harness remembers of what a server told one neighbour, from the frames alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Books {
    /// The CSUS that waits for records; 0: none.
    pub csus: u32,
    /// The last CA; 0: none that could be repeated.
    pub ca: u32,
    /// Records of that CSUS which have yet to come, one bit each.
    pub asked: u8,
    /// Records sent that wait for their acknowledgement, one bit each.
    pub unacked: u8,
    /// Milliseconds since things that a timer is to follow.
    pub since: Since,
}

/// Milliseconds since the last of each; 0 as well where nothing is to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Since {
    /// A Hello was sent.
    pub hello: u16,
    /// A Hello was heard, while the neighbour counts as there.
    pub heard: u16,
    /// A CA was sent that is to be repeated.
    pub ca: u16,
    /// A CSUS was sent of which something is missing.
    pub csus: u16,
    /// A CSU Request was sent, while something is not acknowledged.
    pub csu: u16,
}

/// A state. Numbers of machines, frames and histories are those of the [`Memo`](super::memo::Memo).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The machine that each server is.
    pub servers: [u32; SERVERS],
    /// What is on its way.
    pub queues: [Queue; DIRECTIONS],
    /// The books of the sender of each direction.
    pub books: [Books; DIRECTIONS],
    /// What was originated, in order.
    pub history: u32,
    /// What may still happen.
    pub budget: Budget,
    /// Links that are up, one bit each.
    pub up: u8,
    /// Servers that have started again, one bit each.
    pub restarted: u8,
    /// What went wrong on the way, one bit for each claim.
    pub broken: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_first_in_first_out_and_leave_nothing_behind() {
        let mut queue = Queue::default();
        let frames = 1..=u32::try_from(PLACES).unwrap();
        for frame in frames.clone() {
            assert!(queue.push(frame));
        }
        assert!(!queue.push(99));
        for frame in frames {
            assert_eq!(queue.pop(), Some(frame));
        }
        assert_eq!(queue.pop(), None);
        assert_eq!(queue, Queue::default());
    }
}
