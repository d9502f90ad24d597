//! Any implementation behind the stdin and stdout of a process, or behind a TCP connection.
//!
//! A request that is not answered within its deadline is a hang, an end of the process before the
//! answer a crash; after either, and after a broken rule, the process is killed and started anew at
//! the next `reset`.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::contract::{Contract, FIELD, ID, LINE, UNASKED};
use super::reply::{self, Exchange};
use super::{Answer, SutError};
use crate::adapter::message::{MAX_LINE, PROTOCOL};
use crate::adapter::{Op, Request, Response};

/// Lines of stderr kept for reports.
const STDERR_LINES: usize = 20;
/// Letters of a line that are quoted.
const QUOTED: usize = 200;
/// Time given to a child to end by itself after `bye`.
const FAREWELL: Duration = Duration::from_millis(500);

/// How to start an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments; unused where `connect` says where the adapter listens.
    pub command: Vec<String>,
    /// `HOST:PORT` of an adapter that serves TCP.
    pub connect: Option<String>,
    /// Longest wait for an answer.
    pub deadline: Duration,
}

impl Launch {
    /// With a deadline of 10 s.
    #[must_use]
    pub fn new(command: Vec<String>) -> Self {
        Self {
            command,
            connect: None,
            deadline: Duration::from_secs(10),
        }
    }

    /// A connection to `HOST:PORT`, with a deadline of 10 s.
    #[must_use]
    pub fn connect(address: String) -> Self {
        Self {
            connect: Some(address),
            ..Self::new(Vec::new())
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
pub struct Child {
    launch: Launch,
    running: Option<Running>,
    contract: Contract,
    id: i64,
}

/// What is at the other end.
#[derive(Debug)]
enum Far {
    Process(Process),
    Peer(TcpStream),
}

/// An adapter that has said hello.
struct Running {
    far: Far,
    writer: Option<Box<dyn Write + Send>>,
    lines: Receiver<Line>,
    /// The id of its `hello`.
    first_id: i64,
    stderr: Arc<Mutex<VecDeque<String>>>,
    hello: Hello,
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Child")
            .field("launch", &self.launch)
            .field("hello", &self.hello())
            .finish_non_exhaustive()
    }
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

    /// Changes how long an answer is waited for.
    pub const fn set_deadline(&mut self, deadline: Duration) {
        self.launch.deadline = deadline;
    }

    /// The last lines of its stderr since the last `reset`, oldest first.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        self.running
            .as_ref()
            .map(Running::last_words)
            .unwrap_or_default()
    }

    /// Says `bye`, and waits for the process to end; the status that it ended with, if it did.
    ///
    /// # Errors
    /// No answer to `bye`, or a wrong one.
    pub fn bye(mut self, patience: Duration) -> Result<Option<std::process::ExitStatus>, SutError> {
        self.ask(Op::Bye)?;
        match &mut self.running {
            Some(running) => Ok(running.end(patience)),
            None => Ok(None),
        }
    }

    /// Sends a line as it is, and gives the object that answers it. Lines before it, and more lines within
    /// `settle` after it, are too many; what is no object is told as such. `op` names the line in errors.
    ///
    /// # Errors
    /// No answer in time, one that is no object, or more than one.
    pub fn raw(
        &mut self,
        op: &'static str,
        line: &str,
        settle: Duration,
    ) -> Result<Value, SutError> {
        let deadline = self.launch.deadline;
        let Some(running) = &mut self.running else {
            return Err(not_running());
        };
        if let Ok(line) = running.lines.try_recv() {
            return Err(one_too_many(line));
        }
        let answer = running.exchange(op, format!("{line}\n").as_bytes(), deadline)?;
        let answer = object(&answer)?;
        match running.lines.recv_timeout(settle) {
            Ok(line) => Err(one_too_many(line)),
            Err(_) => Ok(answer),
        }
    }

    fn restart(&mut self) -> Result<(), SutError> {
        self.running = Some(Running::start(&self.launch, self.id + 1)?);
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
            return Err(not_running());
        };
        let response = running.ask(name, &Request { id, op }, deadline)?;
        reply::answer(name, id, response)
    }
}

fn not_running() -> SutError {
    SutError::Refused {
        code: "not-running".to_owned(),
        reason: "the adapter broke before and was not reset".to_owned(),
    }
}

impl Exchange for Child {
    fn exchange(&mut self, op: Op) -> Result<(Answer, Map<String, Value>), SutError> {
        if matches!(op, Op::Reset { .. }) {
            match &self.running {
                Some(running) => running.forget_words(),
                None => self.restart()?,
            }
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
    fn start(launch: &Launch, first_id: i64) -> Result<Self, SutError> {
        match &launch.connect {
            Some(address) => Self::connect(address, launch.deadline, first_id),
            None => Self::spawn(launch, first_id),
        }
    }

    fn connect(address: &str, deadline: Duration, first_id: i64) -> Result<Self, SutError> {
        let refused = |reason: String| SutError::Refused {
            code: "cannot-connect".to_owned(),
            reason: format!("{address}: {reason}"),
        };
        let all = address
            .to_socket_addrs()
            .map_err(|error| refused(error.to_string()))?;
        let mut last = "no address".to_owned();
        for one in all {
            match TcpStream::connect_timeout(&one, deadline) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    let _ = stream.set_write_timeout(Some(deadline));
                    let clone = || {
                        stream
                            .try_clone()
                            .map_err(|error| refused(error.to_string()))
                    };
                    let (writer, reader) = (clone()?, clone()?);
                    let far = Far::Peer(stream);
                    return Ok(Self::with(
                        far,
                        Some(Box::new(writer)),
                        Some(reader),
                        first_id,
                    ));
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(refused(last))
    }

    fn spawn(launch: &Launch, first_id: i64) -> Result<Self, SutError> {
        let refused = |reason: String| SutError::Refused {
            code: "cannot-start".to_owned(),
            reason,
        };
        let Some((program, arguments)) = launch.command.split_first() else {
            return Err(refused("an empty command".to_owned()));
        };
        let mut command = Command::new(program);
        // A Ctrl-C at the terminal is the harness's: it ends the adapter when it has said what it knows.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| refused(format!("{program}: {error}")))?;
        let stdin = process.stdin.take();
        let writer = stdin.map(|pipe| Box::new(pipe) as Box<dyn Write + Send>);
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let running = Self::with(Far::Process(process), writer, stdout, first_id);
        if let Some(pipe) = stderr {
            let kept = Arc::clone(&running.stderr);
            thread::spawn(move || keep_last(pipe, &kept));
        }
        Ok(running)
    }

    fn with(
        far: Far,
        writer: Option<Box<dyn Write + Send>>,
        reader: Option<impl Read + Send + 'static>,
        first_id: i64,
    ) -> Self {
        let (sender, lines) = channel();
        if let Some(reader) = reader {
            thread::spawn(move || read_lines(reader, &sender));
        }
        Self {
            far,
            writer,
            lines,
            first_id,
            stderr: Arc::new(Mutex::new(VecDeque::new())),
            hello: Hello::default(),
        }
    }

    /// Writes a line and gives the next one that comes.
    fn exchange(
        &mut self,
        op: &'static str,
        line: &[u8],
        deadline: Duration,
    ) -> Result<Vec<u8>, SutError> {
        let written = match &mut self.writer {
            Some(writer) => writer.write_all(line).and_then(|()| writer.flush()),
            None => Ok(()),
        };
        if written.is_err() {
            return Err(self.crashed());
        }
        match self.lines.recv_timeout(deadline) {
            Ok(Line::Text(line)) => Ok(line),
            Ok(Line::TooLong) => Err(too_long()),
            Err(RecvTimeoutError::Disconnected) => Err(self.crashed()),
            // The wait is told as it was meant, so that reports do not differ by a millisecond.
            Err(RecvTimeoutError::Timeout) => Err(SutError::Hang {
                op,
                waited_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
                stderr: self.last_words(),
            }),
        }
    }

    fn ask(
        &mut self,
        op: &'static str,
        request: &Request,
        deadline: Duration,
    ) -> Result<Response, SutError> {
        match self.lines.try_recv() {
            Ok(Line::TooLong) => return Err(too_long()),
            Ok(Line::Text(line)) => {
                let value = object(&line)?;
                self.check_id(&value, request.id)?;
                let detail = format!("before it was asked anything: {value}");
                return Err(SutError::Protocol {
                    rule: UNASKED,
                    detail,
                });
            }
            Err(_) => {}
        }
        let mut text = serde_json::to_vec(request).unwrap_or_default();
        text.push(b'\n');
        let line = self.exchange(op, &text, deadline)?;
        let value = object(&line)?;
        self.check_id(&value, request.id)?;
        serde_json::from_value(value).map_err(|error| SutError::Protocol {
            rule: FIELD,
            detail: error.to_string(),
        })
    }

    /// An answer to what was answered before has a number of its own, however late it is seen.
    fn check_id(&self, response: &Value, asked: i64) -> Result<(), SutError> {
        let broken = |rule, detail| Err(SutError::Protocol { rule, detail });
        match response.get("id") {
            Some(Value::Null) | None => Ok(()),
            Some(id) => match id.as_i64() {
                Some(id) if (self.first_id..asked).contains(&id) => {
                    broken(UNASKED, "a second answer to a request".to_owned())
                }
                Some(_) => Ok(()),
                None => broken(ID, format!("the id {id} is no integer")),
            },
        }
    }

    /// What was said so far belongs to what came before.
    fn forget_words(&self) {
        let mut kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clear();
    }

    fn crashed(&mut self) -> SutError {
        let detail = match (self.end(FAREWELL), &self.far) {
            (Some(status), _) => status.to_string(),
            (None, Far::Process(_)) => "it closed its output and kept running".to_owned(),
            (None, Far::Peer(_)) => "the connection was closed".to_owned(),
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
        let Far::Process(process) = &mut self.far else {
            return None;
        };
        loop {
            match process.try_wait() {
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
        self.writer = None;
        let ended = self.end(FAREWELL).is_some();
        match &mut self.far {
            Far::Process(process) if !ended => {
                let _ = process.kill();
                let _ = process.wait();
            }
            Far::Process(_) => {}
            Far::Peer(stream) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

/// A line that answers nothing: a second answer, or no object at all.
fn one_too_many(line: Line) -> SutError {
    let Line::Text(line) = line else {
        return too_long();
    };
    match object(&line) {
        Ok(value) => {
            let start: String = value.to_string().chars().take(QUOTED).collect();
            SutError::Protocol {
                rule: UNASKED,
                detail: format!("a second line after one request: {start}"),
            }
        }
        Err(error) => error,
    }
}

fn too_long() -> SutError {
    SutError::Protocol {
        rule: LINE,
        detail: format!("a line of more than {MAX_LINE} octets"),
    }
}

/// The line as a JSON object.
fn object(line: &[u8]) -> Result<Value, SutError> {
    match serde_json::from_slice(line) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => {
            let line = String::from_utf8_lossy(line);
            let start: String = line.trim_end().chars().take(QUOTED).collect();
            Err(SutError::Protocol {
                rule: LINE,
                detail: format!("not a JSON object: {start}"),
            })
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
