//! Any implementation behind the stdin and stdout of a process.
//!
//! A request that is not answered within its deadline is a hang, an end of the process before the
//! answer a crash; after either, and after a broken rule, the process is killed and started anew at
//! the next `reset`.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child as Process, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::contract::{Contract, FIELD, LINE, UNASKED};
use super::reply::{self, Exchange};
use super::{Answer, SutError};
use crate::adapter::message::{MAX_LINE, PROTOCOL};
use crate::adapter::{Op, Request, Response};

/// Lines of stderr kept for reports.
const STDERR_LINES: usize = 20;
/// Time given to a child to end by itself after `bye`.
const FAREWELL: Duration = Duration::from_millis(500);

/// How to start an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Longest wait for an answer.
    pub deadline: Duration,
}

impl Launch {
    /// With a deadline of 10 s.
    #[must_use]
    pub fn new(command: Vec<String>) -> Self {
        Self {
            command,
            deadline: Duration::from_secs(10),
        }
    }
}

/// What an adapter says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// `{"name","version","language"}`.
    pub implementation: Value,
    /// Features claimed.
    pub claims: Vec<String>,
    /// Probes answered.
    pub probes: Vec<String>,
}

/// A server under test in a process of its own.
#[derive(Debug)]
pub struct Child {
    launch: Launch,
    running: Option<Running>,
    contract: Contract,
    id: i64,
}

/// A process that has said hello.
#[derive(Debug)]
struct Running {
    process: Process,
    stdin: Option<ChildStdin>,
    lines: Receiver<Line>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    hello: Hello,
}

/// What the reading thread saw.
#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    TooLong,
}

impl Child {
    /// Starts the process and says hello.
    ///
    /// # Errors
    /// It cannot be started, or breaks the protocol at once.
    pub fn start(launch: Launch) -> Result<Self, SutError> {
        let mut child = Self {
            launch,
            running: None,
            contract: Contract::default(),
            id: 0,
        };
        child.restart()?;
        Ok(child)
    }

    /// What the adapter said about itself.
    #[must_use]
    pub fn hello(&self) -> Option<&Hello> {
        self.running.as_ref().map(|running| &running.hello)
    }

    fn restart(&mut self) -> Result<(), SutError> {
        self.running = Some(Running::spawn(&self.launch)?);
        let suite = json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")});
        let (_, mut more) = self.exchange(Op::Hello {
            protocol: PROTOCOL,
            suite,
        })?;
        let mut list = |key: &str| match more.remove(key).map(serde_json::from_value) {
            Some(Ok(list)) => Ok(list),
            _ => {
                let detail = format!("`{key}` is not a list of strings");
                Err(SutError::Protocol {
                    rule: FIELD,
                    detail,
                })
            }
        };
        let (claims, probes) = (list("claims")?, list("probes")?);
        let implementation = more.remove("implementation").unwrap_or_default();
        if let Some(running) = &mut self.running {
            running.hello = Hello {
                implementation,
                claims,
                probes,
            };
        }
        Ok(())
    }

    fn ask(&mut self, op: Op) -> Result<(Answer, Map<String, Value>), SutError> {
        self.id += 1;
        let (id, name) = (self.id, reply::name(&op));
        let deadline = self.launch.deadline;
        let Some(running) = &mut self.running else {
            let reason = "the adapter broke before and was not reset".to_owned();
            return Err(SutError::Refused {
                code: "not-running".to_owned(),
                reason,
            });
        };
        let response = running.ask(name, &Request { id, op }, deadline)?;
        reply::answer(name, id, response)
    }
}

impl Exchange for Child {
    fn exchange(&mut self, op: Op) -> Result<(Answer, Map<String, Value>), SutError> {
        if self.running.is_none() && matches!(op, Op::Reset { .. }) {
            self.restart()?;
        }
        let answered = self.ask(op);
        if let Err(SutError::Crash { .. } | SutError::Hang { .. } | SutError::Protocol { .. }) =
            answered
        {
            self.running = None;
        }
        answered
    }

    fn contract(&mut self) -> &mut Contract {
        &mut self.contract
    }
}

impl Running {
    fn spawn(launch: &Launch) -> Result<Self, SutError> {
        let refused = |reason: String| SutError::Refused {
            code: "cannot-start".to_owned(),
            reason,
        };
        let Some((program, arguments)) = launch.command.split_first() else {
            return Err(refused("an empty command".to_owned()));
        };
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| refused(format!("{program}: {error}")))?;
        let stdin = process.stdin.take();
        let (sender, lines) = channel();
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || read_lines(stdout, &sender));
        }
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(pipe) = process.stderr.take() {
            let kept = Arc::clone(&stderr);
            thread::spawn(move || keep_last(pipe, &kept));
        }
        Ok(Self {
            process,
            stdin,
            lines,
            stderr,
            hello: Hello::default(),
        })
    }

    fn ask(
        &mut self,
        op: &'static str,
        request: &Request,
        deadline: Duration,
    ) -> Result<Response, SutError> {
        if let Ok(line) = self.lines.try_recv() {
            let said = match line {
                Line::Text(text) => String::from_utf8_lossy(&text).trim_end().to_owned(),
                Line::TooLong => "a very long line".to_owned(),
            };
            let detail = format!("before `{op}` was asked: {said}");
            return Err(SutError::Protocol {
                rule: UNASKED,
                detail,
            });
        }
        let started = Instant::now();
        let mut text = serde_json::to_vec(request).unwrap_or_default();
        text.push(b'\n');
        let written = match &mut self.stdin {
            Some(stdin) => stdin.write_all(&text).and_then(|()| stdin.flush()),
            None => Ok(()),
        };
        if written.is_err() {
            return Err(self.crashed());
        }
        let broken = |rule, detail| Err(SutError::Protocol { rule, detail });
        match self.lines.recv_timeout(deadline) {
            Ok(Line::Text(line)) => {
                let value: Value = match serde_json::from_slice(&line) {
                    Ok(value @ Value::Object(_)) => value,
                    _ => {
                        let line = String::from_utf8_lossy(&line);
                        let start: String = line.trim_end().chars().take(200).collect();
                        return broken(LINE, format!("not a JSON object: {start}"));
                    }
                };
                serde_json::from_value(value).or_else(|error| broken(FIELD, error.to_string()))
            }
            Ok(Line::TooLong) => broken(LINE, format!("a line of more than {MAX_LINE} octets")),
            Err(RecvTimeoutError::Disconnected) => Err(self.crashed()),
            Err(RecvTimeoutError::Timeout) => Err(SutError::Hang {
                op,
                waited_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                stderr: self.last_words(),
            }),
        }
    }

    fn crashed(&mut self) -> SutError {
        let detail = match self.end(FAREWELL) {
            Some(status) => status.to_string(),
            None => "it closed its output and kept running".to_owned(),
        };
        // The reading thread may still hold the last lines.
        thread::sleep(Duration::from_millis(20));
        SutError::Crash {
            detail,
            stderr: self.last_words(),
        }
    }

    /// Waits for the process to end by itself.
    fn end(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let until = Instant::now() + patience;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(5)),
                _ => return None,
            }
        }
    }

    fn last_words(&self) -> Vec<String> {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }
}

impl Drop for Running {
    /// Closing stdin lets an idle adapter end; one that does not is killed.
    fn drop(&mut self) {
        self.stdin = None;
        if self.end(FAREWELL).is_none() {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Sends each line of `pipe`, until its end or nobody listens.
fn read_lines(pipe: impl Read, sender: &Sender<Line>) {
    let mut reader = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        let limit = u64::try_from(MAX_LINE + 1).unwrap_or(u64::MAX);
        match reader.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line.last() != Some(&b'\n') && line.len() > MAX_LINE => {
                let _ = sender.send(Line::TooLong);
                return;
            }
            Ok(_) => {
                if sender.send(Line::Text(line)).is_err() {
                    return;
                }
            }
        }
    }
}

/// Keeps the last lines of `pipe`.
fn keep_last(pipe: impl Read, kept: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(String::from_utf8_lossy(&line).into_owned());
        if kept.len() > STDERR_LINES {
            kept.pop_front();
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
