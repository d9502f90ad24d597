//! One server as a task: the sans-IO core, its VCs, its clock.

mod links;
mod look;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use distributed_mars::address::Endpoint;
use distributed_mars::group::DistributedMars;
use distributed_mars::io::{Admin, Input, LogEvent, Output, OutputAction, Time};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

use self::links::Links;
use self::look::Followers;
use crate::atm;
use crate::clock::Clock;
use crate::config::{Config, Fault};
use crate::fabric::{Event, Fabric};
use crate::record::Recorder;
use crate::state::Store;
use crate::tally::{Tally, Way};
use crate::tls::Tls;

/// What an operator may want of a running server.
#[derive(Debug)]
pub enum Command {
    /// All there is to see.
    Status(oneshot::Sender<Value>),
    /// The counters, in Prometheus' text form.
    Metrics(oneshot::Sender<String>),
    /// From now on, each change as one line of JSON.
    Follow(mpsc::Sender<String>),
    /// Send clients elsewhere, or no longer.
    Admin(Admin),
    /// Take over what can change.
    Reload(Box<Config>),
    /// Take leave, and end.
    Shutdown,
}

/// A running server.
#[derive(Debug)]
pub struct Running {
    /// Where it takes VCs.
    pub listen: SocketAddr,
    /// Its ATM address.
    pub atm: Endpoint,
    /// Where to put commands.
    pub commands: mpsc::Sender<Command>,
    /// Where its status is served.
    pub status: Option<SocketAddr>,
    task: JoinHandle<()>,
}

impl Running {
    /// Waits for the end.
    pub async fn ended(self) {
        let _ = self.task.await;
    }
}

/// Why a server does not start.
#[derive(Debug)]
pub enum StartError {
    /// The configuration.
    Config(Box<Fault>),
    /// A file or an address, and what is wrong with it.
    Failed(String, String),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(fault) => fault.fmt(f),
            Self::Failed(what, why) => write!(f, "{what}: {why}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Takes its addresses and starts.
///
/// # Errors
/// What is in the way.
pub async fn start(config: &Config, record: Option<&Path>) -> Result<Running, StartError> {
    let failed = |what: String| move |why: String| StartError::Failed(what, why);
    let address = config.listen();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|why| failed(format!("server.listen {address}"))(why.to_string()))?;
    let listen = listener.local_addr().unwrap_or(address);
    let (store, incarnation) = match config.state() {
        Some(path) => {
            let store = Store::open(path, config.id()).map_err(|why| {
                failed(format!("server.state {}", path.display()))(why.to_string())
            })?;
            let incarnation = store.incarnation;
            (Some(store), incarnation)
        }
        None => (None, seconds()),
    };
    let group = config
        .group(listen, incarnation)
        .map_err(StartError::Config)?;
    let own = group.atm;
    let tls = match &config.tls {
        None => None,
        Some(tls) => Some(Tls::read(tls).map_err(failed("tls".to_owned()))?),
    };
    let recorder = match record {
        None => None,
        Some(path) => Some(
            Recorder::create(path, &group)
                .map_err(|why| failed(path.display().to_string())(why.to_string()))?,
        ),
    };
    let core = DistributedMars::new(group.clone())
        .map_err(|why| failed("configuration".to_owned())(why.to_string()))?;
    let (fabric, events) = Fabric::new(own, config.limits.clone(), config.routes(), tls);
    let (commands, orders) = mpsc::channel(64);
    let mut status = None;
    if let Some(wanted) = &config.status {
        let bound = crate::status::serve(wanted.listen, commands.clone())
            .await
            .map_err(|why| failed(format!("status.listen {}", wanted.listen))(why.to_string()))?;
        status = Some(bound);
    }
    info!(atm = atm::text(own), %listen, incarnation, "server starts");
    let taking = tokio::spawn(Arc::clone(&fabric).listen(listener));
    let neighbors = group.neighbors.iter().map(|n| n.atm).collect();
    let server = Server {
        core,
        clock: Clock::new(config.test.speed),
        links: Links::new(Arc::clone(&fabric), neighbors, group.protocols.clone()),
        fabric,
        recorder,
        tally: Tally::default(),
        followers: Followers::default(),
        late: Time(0),
        config: config.clone(),
        _store: store,
    };
    let task = tokio::spawn(async move {
        server.run(events, orders).await;
        taking.abort();
    });
    Ok(Running {
        listen,
        atm: own,
        commands,
        status,
        task,
    })
}

fn seconds() -> u64 {
    std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| since.as_secs())
}

struct Server {
    core: DistributedMars,
    clock: Clock,
    fabric: Arc<Fabric>,
    links: Links,
    recorder: Option<Recorder>,
    tally: Tally,
    followers: Followers,
    /// The longest that a timer had to wait for its turn.
    late: Time,
    config: Config,
    _store: Option<Store>,
}

/// What ends a wait.
enum Woken {
    Event(Event),
    Command(Command),
    Time,
    Over,
}

/// How many events are taken before timers are looked at again; a frame is far less than a millisecond.
const BATCH: usize = 256;

impl Server {
    async fn run(mut self, mut events: mpsc::Receiver<Event>, mut orders: mpsc::Receiver<Command>) {
        self.drain();
        loop {
            let woken = self.wait(&mut events, &mut orders, None).await;
            match woken {
                Woken::Command(Command::Shutdown) | Woken::Over => break,
                woken => self.woken(woken, &mut events),
            }
        }
        self.leave(&mut events, &mut orders).await;
        info!("server ended");
    }

    async fn wait(
        &self,
        events: &mut mpsc::Receiver<Event>,
        orders: &mut mpsc::Receiver<Command>,
        until: Option<Instant>,
    ) -> Woken {
        let wakes = [
            self.core.next_deadline().map(|at| self.clock.instant(at)),
            self.links.next_wake(),
            self.followers.next_wake(),
            until,
        ];
        let at = wakes.into_iter().flatten().min();
        let far = Instant::now() + Duration::from_secs(3600);
        tokio::select! {
            event = events.recv() => event.map_or(Woken::Over, Woken::Event),
            order = orders.recv() => order.map_or(Woken::Over, Woken::Command),
            () = sleep_until(at.unwrap_or(far)) => Woken::Time,
        }
    }

    fn woken(&mut self, woken: Woken, events: &mut mpsc::Receiver<Event>) {
        match woken {
            Woken::Event(event) => {
                self.event(event);
                for _ in 1..BATCH {
                    let Ok(event) = events.try_recv() else { break };
                    self.event(event);
                }
            }
            Woken::Command(command) => self.command(command),
            Woken::Time | Woken::Over => {}
        }
        let now = self.clock.now();
        if let Some(due) = self.core.next_deadline().filter(|due| *due <= now) {
            self.late = self.late.max(Time(now.0.saturating_sub(due.0)));
            self.feed(Input::TimePassed);
        }
        for vc in self.links.work() {
            self.feed(Input::VcDown { vc });
        }
        self.followers.look(&self.core, now);
    }

    /// One input for the core.
    fn feed(&mut self, input: Input) {
        let now = self.clock.now();
        if let Some(recorder) = &mut self.recorder
            && let Err(error) = recorder.input(now, &input)
        {
            error!(%error, "the recording ends");
            self.recorder = None;
        }
        self.core.handle(now, input);
        self.drain();
    }

    /// Carries out what the core wants.
    fn drain(&mut self) {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.core.poll_output()).collect();
        if let Some(recorder) = &mut self.recorder
            && let Err(error) = recorder.outputs(&outputs, self.core.next_deadline())
        {
            error!(%error, "the recording ends");
            self.recorder = None;
        }
        for Output { action, .. } in outputs {
            match action {
                OutputAction::Send { target, octets } => {
                    self.tally.count(Way::Out, &octets);
                    self.links.send(target, octets.into());
                }
                OutputAction::AddLeaf { group, peer } => self.links.add_leaf(group, peer),
                OutputAction::DropLeaf { group, peer } => self.links.drop_leaf(group, peer),
                OutputAction::Call { peer } => self.links.call(peer),
                OutputAction::Hangup { vc } => self.links.hang_up(vc),
                OutputAction::Log(event) => log(&event),
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Sdu { vc, octets } => {
                if self.links.heard(vc) {
                    self.tally.count(Way::In, &octets);
                    let octets = octets.into();
                    self.feed(Input::Frame { vc, octets });
                }
            }
            Event::Called {
                vc, peer, outgoing, ..
            } => {
                debug!(vc = vc.0, peer = atm::text(peer), "called");
                // A neighbour that calls anew has lost what there was.
                for old in self.links.called(vc, peer, outgoing) {
                    self.feed(Input::VcDown { vc: old });
                }
                self.feed(Input::VcUp { vc, peer });
            }
            Event::Connected { vc } => {
                if let Some(peer) = self.links.connected(vc) {
                    self.feed(Input::VcUp { vc, peer });
                }
            }
            Event::Down { vc, end } => {
                debug!(vc = vc.0, %end, "down");
                if let Some(input) = self.links.down(vc, &end) {
                    self.feed(input);
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Status(answer) => {
                let _ = answer.send(self.status());
            }
            Command::Metrics(answer) => {
                let _ = answer.send(self.metrics());
            }
            Command::Follow(follower) => {
                self.followers.add(follower, &self.core, self.clock.now());
            }
            Command::Admin(what) => self.feed(Input::Admin(what)),
            Command::Reload(config) => self.reload(*config),
            Command::Shutdown => {}
        }
    }

    fn reload(&mut self, config: Config) {
        if let Some(table) = self.config.needs_restart(&config) {
            warn!(
                table,
                "a change of this needs a restart; nothing is taken over"
            );
            return;
        }
        self.fabric.reload(config.limits.clone(), config.routes());
        self.config = config;
        info!("configuration taken over");
    }

    /// Lets clients go, says for those who stay that they are gone, and releases all VCs.
    async fn leave(
        &mut self,
        events: &mut mpsc::Receiver<Event>,
        orders: &mut mpsc::Receiver<Command>,
    ) {
        let shutdown = self.config.shutdown.clone();
        if shutdown.drain_ms > 0 && self.links.leaves() > 0 {
            info!(clients = self.links.leaves(), "clients are sent elsewhere");
            self.feed(Input::Admin(Admin::Drain));
            let drain = Duration::from_millis(shutdown.drain_ms);
            self.go_on(events, orders, drain, |server| server.links.leaves() == 0)
                .await;
        }
        // Clients whose control VC is gone would come back at once.
        let (points, leaves) = self.links.drop_clients();
        info!(clients = leaves.len(), "the rest is deregistered");
        for input in points.into_iter().chain(leaves) {
            self.feed(input);
        }
        // The own Redirect Entry has no withdrawal (RFC 2443, 2); neighbours flush it after their hold time.
        if self.links.neighbors_up() > 0 {
            let settle = Duration::from_millis(shutdown.settle_ms);
            self.go_on(events, orders, settle, |_| false).await;
        }
        self.links.release_all();
        let last = Duration::from_millis(500);
        self.go_on(events, orders, last, |server| {
            server.fabric.connections().0 == 0
        })
        .await;
    }

    async fn go_on(
        &mut self,
        events: &mut mpsc::Receiver<Event>,
        orders: &mut mpsc::Receiver<Command>,
        at_most: Duration,
        done: impl Fn(&Self) -> bool,
    ) {
        let until = Instant::now() + at_most;
        while !done(self) && Instant::now() < until {
            match self.wait(events, orders, Some(until)).await {
                // A second wish to end is heard.
                Woken::Command(Command::Shutdown) | Woken::Over => return,
                woken => self.woken(woken, events),
            }
        }
    }
}

fn log(event: &LogEvent) {
    let LogEvent { code, detail } = event;
    match code.as_str() {
        "ignored" | "malformed" => debug!(code, "{detail}"),
        _ => info!(code, "{detail}"),
    }
}

/// Counters by name, for what others ask.
type Counts = BTreeMap<&'static str, u64>;
