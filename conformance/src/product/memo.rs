//! What machines do, asked once: the same machine and the same event give the same machine and the same deeds, so that
//! the many nodes in which they meet need not ask again. What can be judged by one machine alone is judged here, and
//! how each frame and record fits what the model makes visible, once for each pair.

use std::collections::HashMap;
use std::rc::Rc;

use mars_model::server_group::{Client, Copy, Observation, Projection};
use serde_json::{Value, json};

use super::machines::Machines;
use super::tables::{Kind, Tables};
use super::world::World;
use crate::adapter::servers::{Deed, Input, Outcome, View};
use crate::generate::convert;
use crate::judge::pattern::{Bindings, differences};
use crate::judge::step::{Failure, describe_csa, describe_mars};
use crate::trace::{About, Expected};

/// What happens to one machine. Neighbours are numbered as the server has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The link to a neighbour is up.
    Up(u8),
    /// It is down.
    Down(u8),
    /// A frame comes from a neighbour.
    Frame(u8, u32),
    /// A frame comes from a client.
    Client(Client, u32),
    /// A leaf is gone.
    LeafGone(Client),
    /// The operator drains it.
    Drain,
    /// Milliseconds pass.
    Wait(u32),
}

/// A cache entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Originator and key.
    pub record: u32,
    /// Its number, as the machine has it.
    pub number: i32,
    /// Its content.
    pub body: u32,
}

/// What is known of a machine.
#[derive(Clone, Debug)]
pub struct Info {
    /// Which server it is.
    pub server: u8,
    /// Milliseconds to its next deadline.
    pub next_ms: Option<u32>,
    /// Its cache.
    pub cache: Vec<Held>,
    /// What it knows and serves, or what is odd about that.
    pub projection: Result<Projection, String>,
    /// Number of its last message on the ClusterControlVC.
    csn: Option<u32>,
}

/// One thing that it did. A number stands for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// To a neighbour.
    Neighbor(u8, u32),
    /// To a client alone.
    Client(Client, u32),
    /// On the ClusterControlVC.
    Cluster(u32),
    /// A leaf of that was added or dropped.
    Leaf(bool, Client),
}

/// What one event makes of one machine.
#[derive(Clone, Debug)]
pub struct Local {
    /// The machine after it.
    pub machine: u32,
    /// The numbers in its cache as this step left them: those that the frames sent bear.
    pub numbers: Vec<i32>,
    /// What it did, in order.
    pub out: Vec<Out>,
    /// What is wrong with it, by itself.
    pub fault: Option<Failure>,
}

/// See the module.
pub struct Memo {
    /// The scenario and its names.
    pub world: World,
    machines: Box<dyn Machines>,
    pub(super) tables: Tables,
    infos: Vec<Rc<Info>>,
    steps: HashMap<(u32, Event), Rc<Local>>,
    fits: HashMap<(Observation, u32), Option<Rc<Failure>>>,
}

impl Memo {
    /// Nothing asked yet.
    #[must_use]
    pub fn new(world: World, machines: Box<dyn Machines>) -> Self {
        Self {
            world,
            machines,
            tables: Tables::new(),
            infos: Vec::new(),
            steps: HashMap::new(),
            fits: HashMap::new(),
        }
    }

    /// Machines, frames and single steps met so far.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.infos.len(), self.tables.frames(), self.steps.len())
    }

    /// What is known of a machine.
    ///
    /// # Errors
    /// There is none; a bug of ours.
    pub fn info(&self, machine: u32) -> Result<Rc<Info>, Failure> {
        let info = self.infos.get(machine as usize).cloned();
        info.ok_or_else(|| broken(&format!("no machine {machine}")))
    }

    /// A server that has just started.
    ///
    /// # Errors
    /// It cannot be.
    pub fn start(&mut self, server: u8) -> Result<u32, Failure> {
        let outcome = self.machines.start(u32::from(server));
        let outcome = outcome.map_err(|why| broken(&why))?;
        self.note(server, &outcome, None);
        Ok(outcome.machine)
    }

    /// What an event makes of a machine.
    ///
    /// # Errors
    /// The machines are gone.
    pub fn step(&mut self, machine: u32, event: Event) -> Result<Rc<Local>, Failure> {
        if let Some(known) = self.steps.get(&(machine, event)) {
            return Ok(Rc::clone(known));
        }
        let local = Rc::new(self.ask(machine, event)?);
        self.steps.insert((machine, event), Rc::clone(&local));
        Ok(local)
    }

    fn ask(&mut self, machine: u32, event: Event) -> Result<Local, Failure> {
        let before = self.info(machine)?;
        let input = self.input(event)?;
        let outcome = self.machines.step(machine, &input);
        let outcome = outcome.map_err(|why| broken(&why))?;
        let mut csn = before.csn;
        let mut fault = None;
        let mut out = Vec::with_capacity(outcome.deeds.len());
        for deed in &outcome.deeds {
            match self.deed(before.server, deed, &mut csn) {
                Ok(deed) => out.push(deed),
                Err(failure) => fault = fault.or(Some(failure)),
            }
        }
        self.note(before.server, &outcome, csn);
        Ok(Local {
            machine: outcome.machine,
            numbers: outcome.numbers,
            out,
            fault,
        })
    }

    /// The event as the machine hears of it.
    fn input(&self, event: Event) -> Result<Input, Failure> {
        let octets = |frame: u32| {
            let frame = self.tables.frame(frame);
            frame
                .map(|frame| frame.octets.clone())
                .ok_or_else(|| broken("no such frame"))
        };
        Ok(match event {
            Event::Up(neighbor) => Input::Up { neighbor },
            Event::Down(neighbor) => Input::Down { neighbor },
            Event::Frame(neighbor, frame) => Input::Frame {
                neighbor,
                octets: octets(frame)?,
            },
            Event::Client(Client(client), frame) => Input::Client {
                client,
                octets: octets(frame)?,
            },
            Event::LeafGone(Client(client)) => Input::LeafGone { client },
            Event::Drain => Input::Drain,
            Event::Wait(ms) => Input::Wait { ms },
        })
    }

    fn deed(&mut self, server: u8, deed: &Deed, csn: &mut Option<u32>) -> Result<Out, Failure> {
        let name = convert::server(mars_model::server_group::Server(server));
        let (octets, cluster) = match deed {
            Deed::Leaf { add, client } => return Ok(Out::Leaf(*add, Client(*client))),
            Deed::Odd { what } => {
                return Err(Failure::new("extra-output", "", format!("{name}: {what}")));
            }
            Deed::Cluster { octets } => (octets, true),
            Deed::Neighbor { octets, .. } | Deed::Client { octets, .. } => (octets, false),
        };
        let number = self.tables.frame_of(&self.world, octets.clone());
        let Some(frame) = self.tables.frame(number) else {
            return Err(broken("no such frame"));
        };
        if let Kind::Wrong(why) = &frame.kind {
            let hex = crate::frames::hex(octets);
            let got = format!("{name}: {why}: {hex}");
            return Err(Failure::new(
                "malformed-frame",
                "a frame that the harness can read",
                got,
            ));
        }
        // R2022-6.1.4: every message on the ClusterControlVC has the next number; a private copy has the one last
        // used or the next (register F02).
        if let Some(msn) = self.world.lower().sequence_number(&frame.value) {
            let next = csn.map(|last| last.wrapping_add(1));
            let right = next.is_none_or(|next| next == msn) || !cluster && *csn == Some(msn);
            if cluster {
                *csn = Some(msn);
            }
            if !right {
                let wanted = format!("{name}: mar$msn {}", next.unwrap_or_default());
                let got = self.world.lower().describe(&frame.value);
                return Err(Failure::new("wrong-field:msn", wanted, got));
            }
        }
        Ok(match deed {
            Deed::Neighbor { neighbor, .. } => Out::Neighbor(*neighbor, number),
            Deed::Client { client, .. } => Out::Client(Client(*client), number),
            _ => Out::Cluster(number),
        })
    }

    /// Takes a new machine down.
    fn note(&mut self, server: u8, outcome: &Outcome, csn: Option<u32>) {
        let Some(view) = &outcome.view else { return };
        if self.infos.len() == outcome.machine as usize {
            let info = self.known(server, view, &outcome.numbers, csn);
            self.infos.push(Rc::new(info));
        }
    }

    fn known(&mut self, server: u8, view: &View, numbers: &[i32], csn: Option<u32>) -> Info {
        let mut cache = Vec::with_capacity(view.cache.len());
        for (held, number) in view.cache.iter().zip(numbers) {
            cache.push(Held {
                record: self.tables.record_of(held.origin, held.key),
                number: *number,
                body: self.tables.body_of(&self.world, held.origin, &held.body),
            });
        }
        Info {
            server,
            next_ms: view.next_ms.and_then(|ms| u32::try_from(ms).ok()),
            cache,
            projection: self.world.projection(server, view),
            csn,
        }
    }

    /// How a record in a CSU Request differs from what the model makes visible.
    pub fn misfit_of_csa(&mut self, observation: &Observation, csa: u32) -> Option<Rc<Failure>> {
        let key = (*observation, csa);
        if let Some(known) = self.fits.get(&key) {
            return known.clone();
        }
        let misfit = self.compare_csa(observation, csa).map(Rc::new);
        self.fits.insert(key, misfit.clone());
        misfit
    }

    /// How a MARS message differs from what the model makes visible.
    pub fn misfit_of_frame(
        &mut self,
        observation: &Observation,
        frame: u32,
    ) -> Option<Rc<Failure>> {
        let key = (*observation, frame);
        if let Some(known) = self.fits.get(&key) {
            return known.clone();
        }
        let misfit = self.compare_frame(observation, frame).map(Rc::new);
        self.fits.insert(key, misfit.clone());
        misfit
    }

    fn compare_csa(&self, observation: &Observation, csa: u32) -> Option<Failure> {
        let (Expected::Csa(wanted), Some(csa)) =
            (convert::expected(observation), self.tables.csa(csa))
        else {
            return Some(broken("no such record"));
        };
        let mut books = self.world.books();
        let client = match &wanted.about {
            About::RedirectEntry => None,
            About::Register { client } | About::Join { client, .. } => Some(client),
        };
        if let (Observation::Csu { record, .. }, Some(client)) = (observation, client) {
            let cmi = json!(self.world.cmi(record.origin, record.cmi));
            let bound = books.bind_cmi(&wanted.origin, client, &cmi);
            if bound.is_err() {
                return Some(broken("one CMI for two"));
            }
        }
        let lower = self.world.lower();
        let pattern = lower.record(&wanted, &books);
        let got = || lower.describe_record(&csa.value);
        misfit(&pattern, &csa.value, describe_csa(&wanted), got)
    }

    fn compare_frame(&self, observation: &Observation, frame: u32) -> Option<Failure> {
        let (Expected::Mars(wanted), Some(frame)) =
            (convert::expected(observation), self.tables.frame(frame))
        else {
            return Some(broken("no such frame"));
        };
        let lower = self.world.lower();
        let mut pattern = lower.mars(&wanted, &self.world.books());
        if let Observation::Private {
            copy: Copy::Register { cmi },
            ..
        } = observation
        {
            // Registers E02 and E04 say which one it is.
            let cmi = self.world.cmi(cmi.server, cmi.slot);
            if let Some(message) = pattern.get_mut("message").and_then(Value::as_object_mut) {
                message.insert("cmi".to_owned(), json!(cmi));
            }
        }
        let got = || lower.describe(&frame.value);
        misfit(&pattern, &frame.value, describe_mars(&wanted), got)
    }
}

fn misfit(
    pattern: &Value,
    value: &Value,
    wanted: String,
    got: impl FnOnce() -> String,
) -> Option<Failure> {
    let found = differences(pattern, value, &mut Bindings::new());
    let name = found.first()?.name().to_owned();
    Some(Failure {
        differences: found,
        ..Failure::new(format!("wrong-field:{name}"), wanted, got())
    })
}

/// The machines are gone, or the harness is wrong.
#[must_use]
pub(super) fn broken(why: &str) -> Failure {
    match why {
        "crashed" => Failure::new("crash", "an answer", "the server is gone"),
        "hangs" => Failure::new("hang", "an answer", ""),
        _ => Failure::new("error", "", why),
    }
}
