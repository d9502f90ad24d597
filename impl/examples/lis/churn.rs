//! What happens to a LIS: commands of those who use it, and what goes wrong. All drawn from the seed.

use distributed_mars::address::GroupRange;
use distributed_mars::endpoint::Command;
use distributed_mars::io::Admin;

use crate::chance::Chance;
use crate::network::{Name, Node, Weather};
use crate::world::{Kind, World, block, group, holds, low};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// Clients that join blocks: they are routers.
const ROUTERS: usize = 3;
/// Groups in a block.
const BLOCK: usize = 16;
/// Groups that one client sends to.
const FLOWS: usize = 3;

/// Something to be undone later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Undo {
    Boot(Node),
    Heal(Node, Node),
    Register(Node),
    Undrain(Node),
    Calm,
}

/// The source of all commands and faults.
#[derive(Debug)]
pub(crate) struct Churn {
    commands: Chance,
    faults: Chance,
    undo: Vec<(u64, Undo)>,
    next_command: u64,
    next_fault: u64,
    /// Limits of the time from one fault to the next.
    pauses: [u64; 2],
    /// The groups that each station sends to.
    pub(crate) flows: Vec<Vec<usize>>,
    /// Joins of crashed stations, to be repeated by hand after the restart.
    remembered: Vec<Vec<GroupRange>>,
}

/// The usual state of the network between faults: one frame in 200 is lost.
const USUAL: Weather = Weather {
    point_loss: 5_000,
    control_loss: 5_000,
    data_loss: 5_000,
    slow: 1_000,
    no_call: 5_000,
};
const STORM: Weather = Weather {
    point_loss: 200_000,
    control_loss: 200_000,
    data_loss: 200_000,
    slow: 50_000,
    no_call: 200_000,
};

impl Churn {
    pub(crate) fn new(world: &World, seed: u64, harsh: bool) -> Self {
        let mut flows = Chance::new(seed, "flows");
        let stations = world.servers().len() + world.clients().len() + world.mcss().len();
        let draw = |_| (0..FLOWS).map(|_| flows.below(world.size.groups)).collect();
        Self {
            commands: Chance::new(seed, "commands"),
            faults: Chance::new(seed, "faults"),
            undo: Vec::new(),
            next_command: 0,
            next_fault: 0,
            pauses: if harsh {
                [10 * SECOND, 3 * MINUTE]
            } else {
                [2 * MINUTE, 20 * MINUTE]
            },
            flows: (0..stations).map(draw).collect(),
            remembered: vec![Vec::new(); stations],
        }
    }

    /// Everything starts: servers at once, the others within a minute or so; MCSs serve their groups.
    pub(crate) fn start(&mut self, world: &mut World) {
        for node in world.servers() {
            world.boot(node);
        }
        for node in world.clients() {
            let at = world.now() + self.commands.between(SECOND, MINUTE);
            self.undo.push((at, Undo::Boot(node)));
        }
        for (at, node) in (0..).zip(world.mcss()) {
            // Each has a block and some single groups; no group has two (RFC 2022, 6.2.3).
            let base = at * (BLOCK + 8);
            self.remembered[node] = (0..8).map(|n| block(base + n, base + n)).collect();
            self.remembered[node].push(block(base + 8, base + 8 + BLOCK - 1));
            self.undo.push((world.now() + SECOND, Undo::Boot(node)));
        }
        self.next_command = world.now() + SECOND;
        self.next_fault = world.now() + 5 * MINUTE;
        world.weather(USUAL);
    }

    /// Lets the world go on until `until`, with commands and, if wanted, with faults.
    pub(crate) fn run(&mut self, world: &mut World, until: u64, faults: bool) {
        self.next_command = self.next_command.max(world.now() + SECOND);
        self.next_fault = self.next_fault.max(world.now() + SECOND);
        loop {
            let undo = self.undo.iter().map(|(at, _)| *at).min();
            let fault = faults.then_some(self.next_fault);
            let at = [undo, fault, Some(self.next_command)]
                .into_iter()
                .flatten()
                .min();
            let Some(at) = at.filter(|at| *at <= until) else {
                break;
            };
            world.run(at);
            self.undo_due(world, at);
            if fault.is_some_and(|due| due <= at) {
                let [least, most] = self.pauses;
                self.next_fault = at + self.faults.between(least, most);
                self.fault(world);
            }
            if self.next_command <= at {
                self.next_command = at + self.commands.between(200, 4 * SECOND);
                self.command(world);
            }
        }
        world.run(until);
    }

    /// The last fault is over: everything that was to come back comes back now.
    pub(crate) fn calm(&mut self, world: &mut World) {
        let now = world.now();
        for (at, _) in &mut self.undo {
            *at = now;
        }
        self.undo_due(world, now);
        world.weather(Weather::default());
    }

    fn undo_due(&mut self, world: &mut World, now: u64) {
        let (mut due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.undo)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.undo = later;
        due.sort();
        for (_, undo) in due {
            match undo {
                Undo::Boot(node) => {
                    world.boot(node);
                    if world.kind(node) != Kind::Server {
                        self.back(world, node);
                    }
                }
                Undo::Register(node) => {
                    if world.is_up(node) && !world.intent[node].registered {
                        self.back(world, node);
                    }
                }
                Undo::Heal(one, other) => {
                    world.tell(format_args!(
                        "{} and {} reach each other",
                        world.name(one),
                        world.name(other)
                    ));
                    world.network.mend(one, other);
                    if world.is_up(one) && world.is_up(other) {
                        world.connect(one, other);
                    }
                }
                Undo::Undrain(node) => world.administer(node, Admin::Undrain),
                Undo::Calm => world.weather(USUAL),
            }
        }
    }

    /// A station registers and joins, or serves, what it did before.
    fn back(&mut self, world: &mut World, node: Node) {
        world.intent[node].ranges.clear();
        world.command(node, &Command::Register);
        for range in std::mem::take(&mut self.remembered[node]) {
            let command = if world.kind(node) == Kind::Mcs {
                Command::Serve { range }
            } else {
                Command::Join {
                    range,
                    layer3grp: range.is_single(),
                }
            };
            world.command(node, &command);
        }
    }

    /// Somebody wants something.
    fn command(&mut self, world: &mut World) {
        let up: Vec<Node> = world
            .clients()
            .into_iter()
            .filter(|node| world.intent[*node].registered)
            .collect();
        let Some(node) = self.commands.pick(&up) else {
            return;
        };
        let chance = &mut self.commands;
        match chance.below(100) {
            0..25 => {
                let number = chance.below(world.size.groups);
                // Some join what they are members of by a block as well.
                let range = block(number, number);
                if !world.intent[node].ranges.contains(&range) {
                    let layer3grp = chance.below(2) == 0;
                    world.command(node, &Command::Join { range, layer3grp });
                }
            }
            25..45 => {
                let singles: Vec<GroupRange> = world.intent[node]
                    .ranges
                    .iter()
                    .filter(|range| range.is_single())
                    .copied()
                    .collect();
                if let Some(range) = chance.pick(&singles) {
                    world.command(node, &Command::Leave { range });
                }
            }
            45..50 => self.block(world),
            50..51 => {
                self.remembered[node] = world.intent[node].ranges.iter().copied().collect();
                // Half of them forget.
                if chance.below(2) == 0 {
                    self.remembered[node].clear();
                }
                let back = world.now() + chance.between(10, 5 * MINUTE);
                world.command(node, &Command::Deregister);
                self.undo.push((back, Undo::Register(node)));
            }
            51..53 => self.serve(world),
            _ => {
                if let Some(number) = chance.pick(&self.flows[node]) {
                    world.send(node, group(number), false);
                }
            }
        }
    }

    /// A router joins or leaves a block.
    fn block(&mut self, world: &mut World) {
        let routers: Vec<Node> = world
            .clients()
            .into_iter()
            .take(ROUTERS)
            .filter(|node| world.intent[*node].registered)
            .collect();
        let Some(node) = self.commands.pick(&routers) else {
            return;
        };
        let blocks: Vec<GroupRange> = world.intent[node]
            .ranges
            .iter()
            .filter(|range| !range.is_single())
            .copied()
            .collect();
        if blocks.len() >= 3 || !blocks.is_empty() && self.commands.below(2) == 0 {
            if let Some(range) = self.commands.pick(&blocks) {
                world.command(node, &Command::Leave { range });
            }
            return;
        }
        let from = self
            .commands
            .below(world.size.groups.saturating_sub(BLOCK).max(1));
        let range = block(from, from + self.commands.below(BLOCK) + 1);
        let overlaps = |other: &GroupRange| holds(*other, low(range)) || holds(range, low(*other));
        if !blocks.iter().any(overlaps) {
            let layer3grp = false;
            world.command(node, &Command::Join { range, layer3grp });
        }
    }

    /// An MCS serves one of its single groups no more, or again.
    fn serve(&mut self, world: &mut World) {
        let mcss = world.mcss();
        let Some(at) = (!mcss.is_empty()).then(|| self.commands.below(mcss.len())) else {
            return;
        };
        let node = mcss[at];
        let number = at * (BLOCK + 8) + self.commands.below(8);
        let range = block(number, number);
        if !world.intent[node].registered {
            return;
        }
        let command = if world.intent[node].ranges.contains(&range) {
            Command::Unserve { range }
        } else {
            Command::Serve { range }
        };
        world.command(node, &command);
    }

    /// Something goes wrong.
    fn fault(&mut self, world: &mut World) {
        let now = world.now();
        let servers: Vec<Node> = world
            .servers()
            .into_iter()
            .filter(|node| world.is_up(*node))
            .collect();
        let ends: Vec<Node> = world
            .clients()
            .into_iter()
            .chain(world.mcss())
            .filter(|node| world.is_up(*node))
            .collect();
        let chance = &mut self.faults;
        let name = match chance.below(12) {
            0 | 1 if servers.len() > 1 => {
                let Some(node) = chance.pick(&servers) else {
                    return;
                };
                // Shorter and longer than the others wait for its beats.
                let down = if chance.below(2) == 0 {
                    chance.between(SECOND, 2 * MINUTE)
                } else {
                    chance.between(2 * MINUTE, 20 * MINUTE)
                };
                world.crash(node);
                self.undo.push((now + down, Undo::Boot(node)));
                "server crash"
            }
            2 | 3 if world.size.servers > 1 => {
                self.partition(world);
                "partition"
            }
            4 | 5 => {
                for _ in 0..chance.between(1, 5) {
                    let Some(node) = chance.pick(&ends) else {
                        return;
                    };
                    if !world.is_up(node) {
                        continue;
                    }
                    self.remembered[node] = world.intent[node].ranges.iter().copied().collect();
                    world.crash(node);
                    let down = chance.between(5 * SECOND, 10 * MINUTE);
                    self.undo.push((now + down, Undo::Boot(node)));
                }
                "client crash"
            }
            6 | 7 => {
                for _ in 0..chance.between(1, 10) {
                    let Some(node) = chance.pick(&ends) else {
                        return;
                    };
                    let circuits = world.network.circuits(node, None);
                    let Some((vc, name, [root, other])) = chance.pick(&circuits) else {
                        continue;
                    };
                    world.tell(format_args!(
                        "the network releases {vc:?} ({name:?}) between {} and {}",
                        world.name(root),
                        world.name(other)
                    ));
                    match name {
                        Some(name @ Name::Tree(_)) if chance.below(3) == 0 => {
                            world.network.cut_tree(root, name);
                        }
                        _ => world.network.cut(vc),
                    }
                }
                "circuits cut"
            }
            8 => {
                let (one, other) = (chance.pick(&servers), chance.pick(&servers));
                if let (Some(one), Some(other)) = (one, other)
                    && one != other
                {
                    for (vc, ..) in world.network.circuits(one, Some(other)) {
                        world.network.cut(vc);
                    }
                    world.tell("a link of servers breaks");
                    self.undo
                        .push((now + chance.between(SECOND, MINUTE), Undo::Heal(one, other)));
                }
                "link broken"
            }
            9 => {
                // Its clients move away, by a hard redirect, and stay there (register A01).
                let Some(node) = chance.pick(&servers) else {
                    return;
                };
                world.administer(node, Admin::Drain);
                let over = now + chance.between(MINUTE, 10 * MINUTE);
                self.undo.push((over, Undo::Undrain(node)));
                "drain"
            }
            10 if world.size.mcs > 0 => {
                let node = world.mcss()[chance.below(world.size.mcs)];
                if !world.intent[node].registered {
                    return;
                }
                self.remembered[node] = world.intent[node].ranges.iter().copied().collect();
                world.command(node, &Command::Deregister);
                let back = now + chance.between(10, 10 * MINUTE);
                self.undo.push((back, Undo::Register(node)));
                "mcs away"
            }
            _ => {
                world.tell("a storm: every fifth frame is lost");
                world.weather(STORM);
                self.undo
                    .push((now + chance.between(10 * SECOND, 3 * MINUTE), Undo::Calm));
                "storm"
            }
        };
        *world.counts.faults.entry(name).or_default() += 1;
    }

    /// One server loses the others, or a pair of servers each other; with the network's knowledge or
    /// without.
    fn partition(&mut self, world: &mut World) {
        let chance = &mut self.faults;
        let one = chance.below(world.size.servers);
        let others: Vec<Node> = world
            .servers()
            .into_iter()
            .filter(|node| *node != one)
            .collect();
        let pair = chance.below(3) == 0;
        let known = chance.below(2) == 0;
        let heal = world.now() + chance.between(10 * SECOND, 15 * MINUTE);
        let Some(other) = chance.pick(&others) else {
            return;
        };
        for other in others.into_iter().filter(|node| !pair || *node == other) {
            world.tell(format_args!(
                "{} and {} are cut off, known: {known}",
                world.name(one),
                world.name(other)
            ));
            world.network.sever(one, other);
            if known {
                for (vc, ..) in world.network.circuits(one, Some(other)) {
                    world.network.cut(vc);
                }
            }
            self.undo.push((heal, Undo::Heal(one, other)));
        }
    }

    /// Every registered client sends a packet to each of its groups.
    pub(crate) fn send_all(&self, world: &mut World, follow: bool) {
        for node in world.clients() {
            if world.intent[node].registered {
                for number in &self.flows[node] {
                    world.send(node, group(*number), follow);
                }
            }
        }
    }
}
