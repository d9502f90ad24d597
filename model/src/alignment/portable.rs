//! A state as octets: all at once for the fingerprint, field by field for a search on several machines.

use super::cafsm;
use super::message::{Instances, Keys, Message};
use super::state::{Budgets, Machine, Running, State};
use crate::explore::timely::Portable;
use std::hash::{Hash, Hasher};
use zerocopy::IntoBytes;

/// All octets at once, which is faster than field by field.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write(self.as_bytes());
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
