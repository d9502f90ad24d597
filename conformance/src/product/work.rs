//! A node that is being changed: machines, numbers, and what crosses.

use std::collections::VecDeque;
use std::rc::Rc;

use mars_model::server_group::Client;

use super::memo::{Event, Info, Memo, Out, broken};
use super::node::{DIRECTIONS, NONE, Node, SERVERS, direction};
use super::numbers::FIRST;
use super::tables::{Kind, renumbered, request};
use crate::judge::step::Failure;

/// Frames that one step may cause before it is called a livelock.
const STEP_FRAMES: usize = 10_000;

/// Which records cross a link at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Crosses {
    /// None: all wait.
    Nothing,
    /// Answers to solicitations on this link, which is coming up: they bear hop count 1.
    Answers(u8, u8),
    /// All: before the first step.
    Everything,
}

/// What a server was seen to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) from: u8,
    pub(super) what: What,
}

/// The kinds of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A record in a CSU Request.
    Record {
        to: u8,
        csa: u32,
        number: i64,
        /// It has yet to be delivered.
        waits: bool,
    },
    /// A frame to a client alone, or on the ClusterControlVC.
    Frame { to: Option<Client>, frame: u32 },
    /// A leaf.
    Leaf { add: bool, client: Client },
}

/// A frame that is delivered before the step ends.
struct Crossing {
    from: u8,
    to: u8,
    frame: u32,
    numbers: Vec<i64>,
}

/// See the module.
pub(super) struct Work<'m> {
    pub(super) memo: &'m mut Memo,
    pub(super) machines: [u32; SERVERS],
    /// Numbers of the caches, in their order, as the group has them.
    numbers: [Vec<i64>; SERVERS],
    pub(super) queues: [VecDeque<(u32, i64)>; DIRECTIONS],
    pub(super) crosses: Crosses,
    pub(super) seen: Vec<Seen>,
    /// The last Hello of each direction.
    pub(super) hellos: [Option<u32>; DIRECTIONS],
    crossing: VecDeque<Crossing>,
    crossed: usize,
}

impl<'m> Work<'m> {
    /// Nothing runs yet.
    pub(super) fn new(memo: &'m mut Memo) -> Self {
        Self {
            memo,
            machines: [NONE; SERVERS],
            numbers: Default::default(),
            queues: Default::default(),
            crosses: Crosses::Nothing,
            seen: Vec::new(),
            hellos: [None; DIRECTIONS],
            crossing: VecDeque::new(),
            crossed: 0,
        }
    }

    /// From a node.
    pub(super) fn from(memo: &'m mut Memo, node: &Node) -> Result<Self, Failure> {
        let mut work = Self::new(memo);
        work.machines = node.machines;
        let mut ranks = node.ranks.iter().map(|rank| i64::from(*rank));
        for (machine, numbers) in node.machines.iter().zip(&mut work.numbers) {
            if *machine != NONE {
                let length = work.memo.info(*machine)?.cache.len();
                numbers.extend(ranks.by_ref().take(length));
            }
        }
        let mut flights = node.flights.iter();
        for (queue, length) in work.queues.iter_mut().zip(node.lengths) {
            let taken = flights.by_ref().take(usize::from(length));
            queue.extend(taken.map(|(csa, rank)| (*csa, i64::from(*rank))));
        }
        Ok(work)
    }

    /// What is known of a server; nothing if it does not run.
    pub(super) fn running(&self, server: usize) -> Result<Option<Rc<Info>>, Failure> {
        match self.machines.get(server) {
            None | Some(&NONE) => Ok(None),
            Some(&machine) => self.memo.info(machine).map(Some),
        }
    }

    /// The numbers in a server's cache.
    pub(super) fn numbers_of(&self, server: usize) -> &[i64] {
        self.numbers.get(server).map_or(&[], Vec::as_slice)
    }

    /// Puts a server that has just started in its place.
    pub(super) fn start(&mut self, server: u8) -> Result<(), Failure> {
        let machine = self.memo.start(server)?;
        let info = self.memo.info(machine)?;
        let numbers = info.cache.iter().map(|held| i64::from(held.number) - FIRST);
        if let Some(place) = self.numbers.get_mut(usize::from(server)) {
            *place = numbers.collect();
        }
        if let Some(place) = self.machines.get_mut(usize::from(server)) {
            *place = machine;
        }
        Ok(())
    }

    /// A server is no more.
    pub(super) fn stop(&mut self, server: u8) {
        if let Some(place) = self.machines.get_mut(usize::from(server)) {
            *place = NONE;
        }
        if let Some(numbers) = self.numbers.get_mut(usize::from(server)) {
            numbers.clear();
        }
    }

    /// What is on its way between two servers is lost.
    pub(super) fn lose(&mut self, a: u8, b: u8) {
        for lost in [direction(a, b), direction(b, a)] {
            if let Some(queue) = self.queues.get_mut(lost) {
                queue.clear();
            }
        }
    }

    /// Lets an event happen at a server that runs.
    pub(super) fn apply(&mut self, server: u8, event: Event) -> Result<(), Failure> {
        let place = usize::from(server);
        let machine = self.machines.get(place).copied().unwrap_or(NONE);
        let before = self.memo.info(machine)?;
        let local = self.memo.step(machine, event)?;
        if let Some(fault) = &local.fault {
            return Err(fault.clone());
        }
        let after = self.memo.info(local.machine)?;
        let numbers = self.numbers.get(place).cloned().unwrap_or_default();
        // What is not held has the same number in the group and in the machine, counted from the first.
        let shift = |record: u32| {
            let mut held = before.cache.iter().zip(&numbers);
            held.find(|(held, _)| held.record == record)
                .map_or(-FIRST, |(held, number)| number - i64::from(held.number))
        };
        let held = after.cache.iter().zip(&local.numbers);
        let held = held.map(|(held, number)| i64::from(*number) + shift(held.record));
        if let Some(numbers) = self.numbers.get_mut(place) {
            *numbers = held.collect();
        }
        if let Some(place) = self.machines.get_mut(place) {
            *place = local.machine;
        }
        for out in &local.out {
            self.sent(server, *out, &shift)?;
        }
        Ok(())
    }

    fn sent(&mut self, server: u8, out: Out, shift: &impl Fn(u32) -> i64) -> Result<(), Failure> {
        let what = match out {
            Out::Client(client, frame) => What::Frame {
                to: Some(client),
                frame,
            },
            Out::Cluster(frame) => What::Frame { to: None, frame },
            Out::Leaf(add, client) => What::Leaf { add, client },
            Out::Neighbor(neighbor, frame) => {
                return self.across(server, neighbor, frame, shift);
            }
        };
        self.seen.push(Seen { from: server, what });
        Ok(())
    }

    fn across(
        &mut self,
        from: u8,
        neighbor: u8,
        number: u32,
        shift: &impl Fn(u32) -> i64,
    ) -> Result<(), Failure> {
        let frame = self.memo.tables.frame(number);
        let (Some(frame), Some(to)) = (frame, self.memo.world.at(from, neighbor)) else {
            return Err(broken("no such frame or neighbour"));
        };
        let numbers: Vec<i64> = frame
            .parts
            .iter()
            .map(|part| i64::from(part.number) + shift(part.record))
            .collect();
        match frame.kind {
            Kind::Hello => {
                if let Some(hello) = self.hellos.get_mut(direction(from, to)) {
                    *hello = Some(number);
                }
            }
            Kind::Request => {
                let mut crossing = Vec::new();
                for (part, number) in frame.parts.iter().zip(&numbers) {
                    let csa = self.memo.tables.csa(part.csa);
                    let csa = csa.ok_or_else(|| broken("no such record"))?;
                    let at_once = match self.crosses {
                        Crosses::Nothing => false,
                        Crosses::Everything => true,
                        Crosses::Answers(a, b) => {
                            ((a, b) == (from, to) || (a, b) == (to, from)) && csa.hops == 1
                        }
                    };
                    if at_once {
                        crossing.push((Rc::clone(&csa), *number));
                    }
                    let what = What::Record {
                        to,
                        csa: part.csa,
                        number: *number,
                        waits: !at_once,
                    };
                    self.seen.push(Seen { from, what });
                }
                if crossing.is_empty() {
                    return Ok(());
                }
                let ids = (self.memo.world.id(from), self.memo.world.id(to));
                // The receiver's numbers are put in when it arrives.
                let records: Vec<_> = crossing.iter().map(|(csa, _)| (&**csa, 0)).collect();
                let octets = request(ids.0, ids.1, &records);
                let memo = &mut *self.memo;
                let frame = memo.tables.frame_of(&memo.world, octets);
                self.crossing.push_back(Crossing {
                    from,
                    to,
                    frame,
                    numbers: crossing.into_iter().map(|(_, number)| number).collect(),
                });
                return Ok(());
            }
            Kind::Mars | Kind::Wrong(_) => {
                let got = format!("{from} to {to}: a frame that is none of SCSP");
                return Err(Failure::new("extra-output", "", got));
            }
            Kind::Scsp => {}
        }
        self.crossing.push_back(Crossing {
            from,
            to,
            frame: number,
            numbers,
        });
        Ok(())
    }

    /// Delivers what crosses at once until nothing does.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        while let Some(Crossing {
            from,
            to,
            frame,
            numbers,
        }) = self.crossing.pop_front()
        {
            self.crossed += 1;
            if self.crossed > STEP_FRAMES {
                return Err(Failure::new("hang", "", "frames without end"));
            }
            self.arrive(from, to, frame, &numbers)?;
        }
        Ok(())
    }

    /// A frame of a neighbour arrives; its records bear these numbers of the group.
    fn arrive(&mut self, from: u8, to: u8, number: u32, numbers: &[i64]) -> Result<(), Failure> {
        let Some(info) = self.running(usize::from(to))? else {
            return Ok(());
        };
        let (Some(frame), Some(neighbor)) = (
            self.memo.tables.frame(number),
            self.memo.world.neighbor(to, from),
        ) else {
            return Err(broken("no such frame or neighbour"));
        };
        let mut number = number;
        if !frame.parts.is_empty() {
            let here = self.numbers_of(usize::from(to));
            let local = frame.parts.iter().zip(numbers).map(|(part, number)| {
                let mut held = info.cache.iter().zip(here);
                let held = held.find(|(held, _)| held.record == part.record);
                let base = held.map_or(FIRST, |(held, here)| i64::from(held.number) - here);
                // The smallest that may be used.
                let there = i32::try_from(base + number).ok();
                there.filter(|number| i64::from(*number) >= FIRST)
            });
            let local: Option<Vec<i32>> = local.collect();
            let local = local.ok_or_else(|| broken("a record lags by more than the headroom"))?;
            let octets = renumbered(&frame, &local);
            let memo = &mut *self.memo;
            number = memo.tables.frame_of(&memo.world, octets);
        }
        self.apply(to, Event::Frame(neighbor, number))
    }

    /// The oldest record on its way from one server to another arrives, in a CSU Request of its own.
    pub(super) fn deliver(&mut self, from: u8, to: u8) -> Result<(), Failure> {
        let queue = self.queues.get_mut(direction(from, to));
        let Some((csa, number)) = queue.and_then(VecDeque::pop_front) else {
            return Err(Failure::new(
                "missing-output",
                "a record on its way",
                "nothing",
            ));
        };
        let known = self.memo.tables.csa(csa);
        let csa = known.ok_or_else(|| broken("no such record"))?;
        let ids = (self.memo.world.id(from), self.memo.world.id(to));
        let octets = request(ids.0, ids.1, &[(&*csa, 0)]);
        let memo = &mut *self.memo;
        let frame = memo.tables.frame_of(&memo.world, octets);
        self.arrive(from, to, frame, &[number])?;
        self.settle()
    }

    /// A frame that the network says for a server arrives at its neighbour.
    pub(super) fn speak_for(&mut self, from: u8, to: u8, octets: Vec<u8>) -> Result<(), Failure> {
        let memo = &mut *self.memo;
        let frame = memo.tables.frame_of(&memo.world, octets);
        self.arrive(from, to, frame, &[])
    }

    /// Lets time pass, stopping at every deadline on the way.
    pub(super) fn pass(&mut self, ms: u32) -> Result<(), Failure> {
        let mut left = ms;
        while left > 0 {
            let mut step = left;
            for server in 0..SERVERS {
                if let Some(info) = self.running(server)? {
                    step = step.min(info.next_ms.unwrap_or(left));
                }
            }
            self.crossed += 1;
            if self.crossed > STEP_FRAMES {
                return Err(Failure::new("hang", "", "deadlines without end"));
            }
            for server in 0..self.memo.world.servers() {
                if self.running(usize::from(server))?.is_some() {
                    self.apply(server, Event::Wait(step))?;
                }
            }
            self.settle()?;
            left -= step;
        }
        Ok(())
    }
}
