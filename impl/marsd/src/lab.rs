//! A group of real `marsd` processes on loopback, for the demo, the soak, figures and tests.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use distributed_mars::address::Endpoint;
use serde_json::Value;

use crate::atm;
use crate::proxy::Proxy;
use crate::station::Settings;
use crate::testing::{Scratch, free_socket};

/// How a lab is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program.
    pub program: PathBuf,
    /// How many servers, 1 to 9.
    pub servers: usize,
    /// Times pass so many times faster.
    pub speed: u32,
    /// Lines of the table `[timers]`.
    pub timers: String,
    /// Lines of the table `[limits]`.
    pub limits: String,
    /// Other tables; `{n}` stands for the server's number.
    pub more: String,
    /// Between each two servers stands a [`Proxy`].
    pub proxies: bool,
    /// Each life of a server is recorded.
    pub record: bool,
}

impl Plan {
    /// Short times: beats every 20 s, a hold of 45 s, maps every 20 s; at speed 20 a second, 2.25 s and a second.
    #[must_use]
    pub fn new(program: &Path) -> Self {
        Self {
            program: program.to_owned(),
            servers: 3,
            speed: 20,
            timers:
                "redirect_interval_ms = 20000\nredirect_hold_ms = 45000\nmap_interval_ms = 20000\n"
                    .to_owned(),
            limits: String::new(),
            more: String::new(),
            proxies: false,
            record: false,
        }
    }
}

#[derive(Debug)]
struct Host {
    listen: SocketAddr,
    status: SocketAddr,
    config: PathBuf,
    child: Option<Child>,
    lives: u32,
}

/// The processes and their folder. When it is dropped, all are killed.
#[derive(Debug)]
pub struct Lab {
    plan: Plan,
    scratch: Scratch,
    hosts: Vec<Host>,
    /// Between servers `i` and `j`, `i < j`, in the order (0,1), (0,2), (1,2) ..
    pub proxies: Vec<((usize, usize), Proxy)>,
}

/// What a lab complains of.
pub type Trouble = String;

impl Lab {
    /// Addresses and configurations; nothing runs yet.
    ///
    /// # Errors
    /// Files or addresses that cannot be had.
    pub async fn new(plan: Plan) -> Result<Self, Trouble> {
        let scratch = Scratch::new();
        let sockets: Vec<[SocketAddr; 2]> = (0..plan.servers)
            .map(|_| [free_socket(), free_socket()])
            .collect();
        let mut lab = Self {
            hosts: Vec::new(),
            proxies: Vec::new(),
            scratch,
            plan,
        };
        if lab.plan.proxies {
            for (i, [one, _]) in sockets.iter().enumerate() {
                for (j, [other, _]) in sockets.iter().enumerate().skip(i + 1) {
                    let (caller, called) = if atm::of_socket(*one) < atm::of_socket(*other) {
                        (i, *other)
                    } else {
                        (j, *one)
                    };
                    let proxy = Proxy::start(called, (10 * i + j) as u64)
                        .await
                        .map_err(|error| error.to_string())?;
                    lab.proxies.push(((i.min(j), i.max(j)), proxy));
                    debug_assert!(caller == i || caller == j);
                }
            }
        }
        for number in 0..sockets.len() {
            let text = lab.text(number, &sockets);
            let path = lab.scratch.path(&format!("server-{}.toml", number + 1));
            std::fs::write(&path, text).map_err(|error| error.to_string())?;
            let [listen, status] = sockets.get(number).copied().ok_or("no such server")?;
            lab.hosts.push(Host {
                listen,
                status,
                config: path,
                child: None,
                lives: 0,
            });
        }
        Ok(lab)
    }

    fn text(&self, number: usize, sockets: &[[SocketAddr; 2]]) -> String {
        let mut text = String::new();
        let id = |number: usize| format!("10.0.0.{}", number + 1);
        for (index, [listen, status]) in sockets.iter().enumerate() {
            if index == number {
                let _ = write!(
                    text,
                    "[server]\nid = \"{}\"\nlisten = \"{listen}\"\ncmi_range = [{}, {}]\nstate = {:?}\n\
                     [status]\nlisten = \"{status}\"\n[test]\nspeed = {}\n[timers]\n{}\n[limits]\n{}\n{}\n",
                    id(index),
                    5000 * index + 1,
                    5000 * index + 5000,
                    self.scratch.path(&format!("server-{}.redb", index + 1)),
                    self.plan.speed,
                    self.plan.timers,
                    self.plan.limits,
                    self.plan.more.replace("{n}", &(index + 1).to_string()),
                );
                continue;
            }
            let _ = write!(
                text,
                "[[neighbor]]\nid = \"{}\"\natm = \"tcp:{listen}\"\n",
                id(index)
            );
            let pair = (number.min(index), number.max(index));
            if let Some((_, proxy)) = self.proxies.iter().find(|(of, _)| *of == pair) {
                let _ = write!(
                    text,
                    "[[route]]\natm = \"tcp:{listen}\"\nconnect = \"{}\"\n",
                    proxy.listen
                );
            }
        }
        text
    }

    fn host(&self, number: usize) -> Result<&Host, Trouble> {
        self.hosts
            .get(number)
            .ok_or_else(|| format!("there is no server {number}"))
    }

    fn host_mut(&mut self, number: usize) -> Result<&mut Host, Trouble> {
        self.hosts
            .get_mut(number)
            .ok_or_else(|| format!("there is no server {number}"))
    }

    /// Where the files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.scratch.folder()
    }

    /// The configuration file of a server.
    ///
    /// # Errors
    /// There is no such server.
    pub fn config(&self, number: usize) -> Result<&Path, Trouble> {
        Ok(&self.host(number)?.config)
    }

    /// Where a server takes VCs.
    ///
    /// # Errors
    /// There is no such server.
    pub fn listen(&self, number: usize) -> Result<SocketAddr, Trouble> {
        Ok(self.host(number)?.listen)
    }

    /// Where a server's status is.
    ///
    /// # Errors
    /// There is no such server.
    pub fn status_address(&self, number: usize) -> Result<SocketAddr, Trouble> {
        Ok(self.host(number)?.status)
    }

    /// The ATM addresses of all servers, from this one on, round and round.
    #[must_use]
    pub fn mars(&self, first: usize) -> Vec<Endpoint> {
        let mut all: Vec<Endpoint> = self
            .hosts
            .iter()
            .filter_map(|host| atm::of_socket(host.listen))
            .collect();
        let count = all.len().max(1);
        all.rotate_left(first % count);
        all
    }

    /// Settings of a client that prefers this server.
    #[must_use]
    pub fn client(&self, prefers: usize, seed: u64) -> Settings {
        Settings {
            speed: self.plan.speed,
            seed,
            ..Settings::client(SocketAddr::from(([127, 0, 0, 1], 0)), self.mars(prefers))
        }
    }

    /// The recordings so far.
    #[must_use]
    pub fn recordings(&self) -> Vec<PathBuf> {
        let lives = self.hosts.iter().enumerate();
        lives
            .flat_map(|(number, host)| (1..=host.lives).map(move |life| (number, life)))
            .map(|(number, life)| self.recording(number, life))
            .collect()
    }

    fn recording(&self, number: usize, life: u32) -> PathBuf {
        self.scratch
            .path(&format!("server-{}-life-{life}.jsonl", number + 1))
    }

    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// It does not.
    pub fn start(&mut self, number: usize) -> Result<(), Trouble> {
        let life = self.host(number)?.lives + 1;
        let recording = self.plan.record.then(|| self.recording(number, life));
        let log = self
            .scratch
            .path(&format!("server-{}-life-{life}.log", number + 1));
        let log = std::fs::File::create(&log).map_err(|error| error.to_string())?;
        let program = self.plan.program.clone();
        let host = self.host_mut(number)?;
        host.lives = life;
        let mut command = Command::new(program);
        command
            .arg("--config")
            .arg(&host.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(recording) = recording {
            command.arg("--record").arg(recording);
        }
        host.child = Some(command.spawn().map_err(|error| error.to_string())?);
        let until = Instant::now() + Duration::from_secs(20);
        while self.status(number).is_err() {
            let gone = self.host_mut(number)?.child.as_mut().map(Child::try_wait);
            if let Some(Ok(Some(status))) = gone {
                return Err(format!("server {} ended at once: {status}", number + 1));
            }
            if Instant::now() > until {
                return Err(format!("server {} does not answer", number + 1));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self, number: usize) -> Result<(), Trouble> {
        let host = self.host_mut(number)?;
        let mut child = host.child.take().ok_or("it does not run")?;
        child.kill().map_err(|error| error.to_string())?;
        child.wait().map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Sends a signal by its name.
    ///
    /// # Errors
    /// It does not run.
    pub fn signal(&mut self, number: usize, name: &str) -> Result<(), Trouble> {
        let host = self.host_mut(number)?;
        let child = host.child.as_ref().ok_or("it does not run")?;
        let done = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(child.id().to_string())
            .status();
        match done {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("kill -{name}: {other:?}")),
        }
    }

    /// Asks a server to end, and waits at most so long; the exit code.
    ///
    /// # Errors
    /// It does not run, or does not end.
    pub fn end(&mut self, number: usize, at_most: Duration) -> Result<Option<i32>, Trouble> {
        self.signal(number, "TERM")?;
        let host = self.host_mut(number)?;
        let mut child = host.child.take().ok_or("it does not run")?;
        let until = Instant::now() + at_most;
        while Instant::now() < until {
            if let Ok(Some(status)) = child.try_wait() {
                return Ok(status.code());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("server {} does not end", number + 1))
    }

    /// The process of a server.
    #[must_use]
    pub fn pid(&self, number: usize) -> Option<u32> {
        let host = self.hosts.get(number)?;
        host.child.as_ref().map(Child::id)
    }

    /// A page of a server's status endpoint.
    ///
    /// # Errors
    /// It does not answer.
    pub fn page(&self, number: usize, path: &str) -> Result<String, Trouble> {
        let failed = |error: std::io::Error| error.to_string();
        let address = self.host(number)?.status;
        let mut stream =
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).map_err(failed)?;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .map_err(failed)?;
        let request = format!("GET {path} HTTP/1.1\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(failed)?;
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        body.ok_or_else(|| "no HTTP".to_owned())
    }

    /// A server's status.
    ///
    /// # Errors
    /// It does not answer.
    pub fn status(&self, number: usize) -> Result<Value, Trouble> {
        let page = self.page(number, "/status")?;
        serde_json::from_str(&page).map_err(|error| error.to_string())
    }

    /// Waits until a server's status is as wanted; how long that took.
    ///
    /// # Errors
    /// It was not, in that time.
    pub async fn until(
        &self,
        number: usize,
        at_most: Duration,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Duration, Trouble> {
        let start = Instant::now();
        loop {
            let status = self.status(number);
            if status.as_ref().is_ok_and(&wanted) {
                return Ok(start.elapsed());
            }
            if start.elapsed() > at_most {
                let view =
                    status.map_or_else(|error| error, |status| at(&status, "/view").to_string());
                return Err(format!(
                    "server {} in {at_most:?}: not seen: {what}\n{view}",
                    number + 1
                ));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until each of these servers is aligned with each other of them.
    ///
    /// # Errors
    /// They are not, in that time.
    pub async fn aligned(&self, numbers: &[usize], at_most: Duration) -> Result<(), Trouble> {
        for number in numbers {
            let wanted = numbers.len() - 1;
            self.until(*number, at_most, "aligned with the others", |status| {
                aligned(status) == wanted
            })
            .await?;
        }
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for host in &mut self.hosts {
            if let Some(child) = &mut host.child {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

/// What stands there; null where nothing does.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// How many neighbours are aligned.
#[must_use]
pub fn aligned(status: &Value) -> usize {
    let states = at(status, "/view/cafsm").as_object();
    states.map_or(0, |states| {
        states.values().filter(|state| *state == "aligned").count()
    })
}

/// How many lines of the membership are those of clients.
#[must_use]
pub fn members(status: &Value) -> usize {
    at(status, "/view/membership")
        .as_array()
        .map_or(0, Vec::len)
}

/// How many lines of the membership are of clients of that server.
#[must_use]
pub fn members_of(status: &Value, number: usize) -> usize {
    let origin = format!("0a0000{:02x}", number + 1);
    let lines = at(status, "/view/membership").as_array();
    lines.map_or(0, |lines| {
        lines
            .iter()
            .filter(|line| *at(line, "/origin") == origin)
            .count()
    })
}

/// How many other servers are live.
#[must_use]
pub fn live(status: &Value) -> usize {
    at(status, "/view/live").as_array().map_or(0, Vec::len)
}
