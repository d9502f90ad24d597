//! A state as words, for the search's fingerprint, and as octets, for a search on several machines.

use super::cafsm;
use super::message::{Instances, Keys, Message};
use super::state::{Budgets, Machine, PLACES, Running, State};
use crate::explore::Words;
use crate::explore::timely::Portable;
use std::hash::{Hash, Hasher};

/// Fields of a few bits each, one beside the other.
struct Word(u64);

impl Word {
    const fn new() -> Self {
        Self(0)
    }
    const fn and(self, bits: u32, value: u64) -> Self {
        debug_assert!(value >> bits == 0);
        Self(self.0 << bits | value)
    }
}

impl Machine {
    /// All but its timers: 61 bits.
    fn word(&self) -> u64 {
        Word::new()
            .and(3, self.cafsm as u64)
            .and(5, self.number.into())
            .and(16, self.last.word().into())
            .and(1, self.first.into())
            .and(3, self.left.bits().into())
            .and(3, self.waits.bits().into())
            .and(6, self.cache.bits().into())
            .and(6, self.wanted.bits().into())
            .and(3, self.asked.bits().into())
            .and(6, self.queue.bits().into())
            .and(3, self.due.bits().into())
            .and(6, self.tries.bits().into())
            .0
    }
    /// Its timers: 7 bits.
    fn timers(&self) -> u64 {
        Word::new()
            .and(2, self.ca as u64)
            .and(2, self.csus as u64)
            .and(3, self.hold.into())
            .0
    }
}

impl State {
    /// All but what is on its way.
    fn words(&self) -> [u64; 4] {
        let [a, b] = &self.machines;
        let [from_a, from_b] = self.copies;
        let Budgets {
            losses,
            copies,
            drops,
            restarts,
            changes,
        } = self.budget;
        let small = Word::new()
            .and(7, a.timers())
            .and(7, b.timers())
            .and(16, from_a.word().into())
            .and(16, from_b.word().into())
            .and(8, self.waited.into())
            .and(8, self.marks.into());
        let budget = [losses, copies, drops, restarts, changes, self.unseen];
        // Only the smaller server answers bids.
        let answer = Word::new().and(16, a.answer.word().into());
        let rest = budget
            .iter()
            .fold(answer, |word, &left| word.and(8, left.into()));
        [a.word(), b.word(), small.0, rest.0]
    }

    /// What is on its way, four messages in a word.
    fn links(&self) -> impl Iterator<Item = u64> + '_ {
        const { assert!(PLACES.is_multiple_of(4), "no message is left out") };
        self.links.iter().flat_map(|link| {
            link.as_chunks::<4>().0.iter().map(|four| {
                let [a, b, c, d] = four.map(|message| u64::from(message.word()));
                a | b << 16 | c << 32 | d << 48
            })
        })
    }

    /// A fingerprint of the whole state; words without a message are left out.
    pub(super) fn fingerprint(&self, seed: u64) -> u64 {
        let mut words = Words::new(seed);
        let [a, b, small, rest] = self.words();
        words.add(0, a, b);
        words.add(1, small, rest);
        for (place, word) in (2..).zip(self.links()) {
            if word != 0 {
                words.add(place, word, 0);
            }
        }
        words.finish()
    }
}

/// Different states give different words.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let words = self.words().into_iter().chain(self.links());
        words.for_each(|word| hasher.write_u64(word));
    }
}

impl Portable for Machine {
    fn write(&self, octets: &mut Vec<u8>) {
        let cafsm = self.cafsm as u8;
        [cafsm, self.number, u8::from(self.first), self.hold].write(octets);
        [self.last, self.answer].map(Message::word).write(octets);
        let keys = [self.left, self.waits, self.asked, self.due];
        keys.map(Keys::bits).write(octets);
        let instances = [self.cache, self.wanted, self.queue, self.tries];
        instances.map(Instances::bits).write(octets);
        [self.ca as u8, self.csus as u8].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let [cafsm, number, first, hold] = Portable::read(octets)?;
        let [last, answer] = <[u16; 2]>::read(octets)?.map(Message::of_word);
        let keys: [u8; 4] = Portable::read(octets)?;
        let [left, waits, asked, due] = keys.map(Keys::of);
        let instances: [u8; 4] = Portable::read(octets)?;
        let [cache, wanted, queue, tries] = instances.map(Instances::of_bits);
        let [ca, csus]: [u8; 2] = Portable::read(octets)?;
        Some(Self {
            cafsm: *cafsm::State::ALL.get(usize::from(cafsm))?,
            number,
            last,
            first: first == 1,
            answer,
            left,
            waits,
            cache,
            wanted,
            asked,
            queue,
            due,
            tries,
            ca: *Running::ALL.get(usize::from(ca))?,
            csus: *Running::ALL.get(usize::from(csus))?,
            hold,
        })
    }
}

impl Portable for State {
    fn write(&self, octets: &mut Vec<u8>) {
        let [a, b] = &self.machines;
        a.write(octets);
        b.write(octets);
        self.links.map(|link| link.map(Message::word)).write(octets);
        self.copies.map(Message::word).write(octets);
        let Budgets {
            losses,
            copies,
            drops,
            restarts,
            changes,
        } = self.budget;
        [losses, copies, drops, restarts, changes].write(octets);
        [self.waited, self.unseen, self.marks].write(octets);
    }
    fn read(octets: &mut &[u8]) -> Option<Self> {
        let machines = [Machine::read(octets)?, Machine::read(octets)?];
        let links = <[[u16; _]; 2]>::read(octets)?;
        let kept = <[u16; 2]>::read(octets)?;
        let [losses, copies, drops, restarts, changes] = Portable::read(octets)?;
        let [waited, unseen, marks] = Portable::read(octets)?;
        Some(Self {
            machines,
            links: links.map(|link| link.map(Message::of_word)),
            copies: kept.map(Message::of_word),
            budget: Budgets {
                losses,
                copies,
                drops,
                restarts,
                changes,
            },
            waited,
            unseen,
            marks,
        })
    }
}
