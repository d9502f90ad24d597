//! Who the machines are: in this process, or in that of a mutant.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapter::machines::serve::{Answer, Ask};
use crate::adapter::machines::{Config, Input, Outcome, Pool};

/// Machines that can be asked.
pub trait Machines: Send + Sync {
    /// A server that has just started.
    ///
    /// # Errors
    /// In words: there is no such server, or the machines are gone.
    fn start(&self, config: u32, ca_start: u32) -> Result<Outcome, String>;
    /// What an input makes of a machine.
    ///
    /// # Errors
    /// As for [`Self::start`].
    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String>;
}

impl Machines for Pool {
    fn start(&self, config: u32, ca_start: u32) -> Result<Outcome, String> {
        Self::start(self, config, ca_start).map_err(|error| error.to_string())
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        Self::step(self, machine, input).map_err(|error| error.to_string())
    }
}

impl<M: Machines> Machines for std::sync::Arc<M> {
    fn start(&self, config: u32, ca_start: u32) -> Result<Outcome, String> {
        M::start(self, config, ca_start)
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        M::step(self, machine, input)
    }
}

/// A pool in a process of its own.
#[derive(Debug)]
pub struct Remote(Lines);

/// A process that answers each line with a line.
#[derive(Debug)]
pub struct Lines(Mutex<Process>);

#[derive(Debug)]
struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    /// Longest wait for an answer.
    patience: Duration,
}

impl Remote {
    /// Starts the program and tells it the configurations.
    ///
    /// # Errors
    /// In words: it cannot be started.
    pub fn start(
        command: &[String],
        configs: &[Config],
        patience: Duration,
    ) -> Result<Self, String> {
        Ok(Self(Lines::start(command, configs, patience)?))
    }

    fn ask(&self, ask: &Ask) -> Result<Outcome, String> {
        match self.0.ask(ask)? {
            Answer::Done(outcome) => Ok(outcome),
            Answer::Refused(why) => Err(why),
        }
    }
}

impl Lines {
    /// Starts the program and writes it a first line, which is not answered.
    ///
    /// # Errors
    /// In words: it cannot be started.
    pub fn start(
        command: &[String],
        first: &(impl Serialize + ?Sized),
        patience: Duration,
    ) -> Result<Self, String> {
        let Some((program, arguments)) = command.split_first() else {
            return Err("an empty command".to_owned());
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program}: no pipes"));
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Process {
            child,
            stdin,
            lines,
            patience,
        };
        process.tell(first)?;
        Ok(Self(Mutex::new(process)))
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// In words: it `hangs`, has `crashed`, or says what cannot be read.
    pub fn ask<A: DeserializeOwned>(&self, ask: &impl Serialize) -> Result<A, String> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        process.tell(ask)?;
        let line = match process.lines.recv_timeout(process.patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Err("hangs".to_owned()),
            Err(RecvTimeoutError::Disconnected) => return Err("crashed".to_owned()),
        };
        let answer = serde_json::from_str(&line);
        answer.map_err(|error| format!("an answer that cannot be read: {error}"))
    }
}

impl Machines for Remote {
    fn start(&self, config: u32, ca_start: u32) -> Result<Outcome, String> {
        self.ask(&Ask::Start { config, ca_start })
    }

    fn step(&self, machine: u32, input: &Input) -> Result<Outcome, String> {
        let input = input.clone();
        self.ask(&Ask::Step { machine, input })
    }
}

impl Process {
    fn tell(&mut self, what: &(impl Serialize + ?Sized)) -> Result<(), String> {
        let mut line = serde_json::to_vec(what).map_err(|error| error.to_string())?;
        line.push(b'\n');
        let written = self
            .stdin
            .write_all(&line)
            .and_then(|()| self.stdin.flush());
        written.map_err(|_| "crashed".to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
