//! Who the servers are: in this process, or in that of a mutant.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::adapter::servers::serve::{Answer, Ask};
use crate::adapter::servers::{Group, Input, Outcome, Pool, PoolError};
use crate::inside::machines::Lines;

/// Servers that can be asked.
pub trait Machines {
    /// A server that has just started.
    ///
    /// # Errors
    /// In words: there is no such server, or the machines are gone.
    fn start(&self, server: u32) -> Result<Outcome, String>;
    /// What an input makes of a server.
    ///
    /// # Errors
    /// As for [`Self::start`].
    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String>;
}

impl Machines for Pool {
    fn start(&self, server: u32) -> Result<Outcome, String> {
        guarded(|| Self::start(self, server))
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        guarded(|| Self::step(self, machine, input))
    }
}

/// A panic as an error: the value that panicked is dropped, the pool is whole.
fn guarded(ask: impl FnOnce() -> Result<Outcome, PoolError>) -> Result<Outcome, String> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("crashed".to_owned()),
    }
}

/// A pool in a process of its own.
#[derive(Debug)]
pub struct Remote(Lines);

impl Remote {
    /// Starts the program and tells it who there is.
    ///
    /// # Errors
    /// In words: it cannot be started.
    pub fn start(command: &[String], group: &Group, patience: Duration) -> Result<Self, String> {
        Ok(Self(Lines::start(command, group, patience)?))
    }

    fn ask(&self, ask: &Ask) -> Result<Outcome, String> {
        match self.0.ask(ask)? {
            Answer::Done(outcome) => Ok(outcome),
            Answer::Refused(why) => Err(why),
        }
    }
}

impl Machines for Remote {
    fn start(&self, server: u32) -> Result<Outcome, String> {
        self.ask(&Ask::Start { server })
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        let input = input.clone();
        self.ask(&Ask::Step { machine, input })
    }
}
