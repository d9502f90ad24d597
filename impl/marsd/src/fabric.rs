//! The network as one station has it: it takes connections, makes them, and tells its owner of VCs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use distributed_mars::address::Endpoint;
use distributed_mars::io::VcId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use crate::atm;
use crate::config::Limits;
use crate::frame::{Cause, Frame, FrameError, Purpose, Setup};
use crate::queue::{Bounds, Outgoing, Waiting, queue};
use crate::tls::Tls;
use crate::vc::{self, End, Input, Manner, Stream};

/// What the network tells the station.
#[derive(Debug)]
pub enum Event {
    /// Another station has set up a VC.
    Called {
        /// Its name.
        vc: VcId,
        /// Who.
        peer: Endpoint,
        /// What for.
        purpose: Purpose,
        /// Where to put what shall be sent.
        outgoing: Outgoing,
    },
    /// A VC that this station has asked for is up.
    Connected {
        /// Its name.
        vc: VcId,
    },
    /// An SDU.
    Sdu {
        /// The VC.
        vc: VcId,
        /// LLC/SNAP and what follows.
        octets: Bytes,
    },
    /// A VC is gone, or never came up.
    Down {
        /// Its name.
        vc: VcId,
        /// Why.
        end: End,
    },
}

/// The network of one station.
#[derive(Debug)]
pub struct Fabric {
    own: Endpoint,
    limits: RwLock<Limits>,
    routes: RwLock<BTreeMap<Endpoint, SocketAddr>>,
    tls: Option<Tls>,
    events: mpsc::Sender<Event>,
    next: AtomicU32,
    /// VCs that others have set up, by their address.
    callers: Mutex<BTreeMap<Endpoint, usize>>,
    strangers: AtomicUsize,
    /// One of them is no stranger any more.
    met: Notify,
    /// Nobody else may call, where there is a list.
    only: RwLock<Option<Vec<Endpoint>>>,
    /// Whether this station wants to be a leaf of others' VCs.
    leaf: AtomicBool,
    /// Calls that came to nothing before anybody was told, by reason.
    refused: Mutex<BTreeMap<&'static str, u64>>,
    /// No more than so many calls at one time.
    calling: Semaphore,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under a lock of this module can leave it half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of those who have set up a VC; gives its place back.
#[derive(Debug)]
struct Place {
    fabric: Arc<Fabric>,
    peer: Endpoint,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = locked(&self.fabric.callers);
        if let Some(count) = callers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                callers.remove(&self.peer);
            }
        }
    }
}

impl Fabric {
    /// The network of the station with this address. It does not listen yet.
    #[must_use]
    pub fn new(
        own: Endpoint,
        limits: Limits,
        routes: BTreeMap<Endpoint, SocketAddr>,
        tls: Option<Tls>,
    ) -> (Arc<Self>, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(1024);
        let fabric = Self {
            own,
            limits: RwLock::new(limits),
            routes: RwLock::new(routes),
            tls,
            events,
            next: AtomicU32::new(1),
            callers: Mutex::default(),
            strangers: AtomicUsize::new(0),
            met: Notify::new(),
            only: RwLock::default(),
            leaf: AtomicBool::new(false),
            refused: Mutex::default(),
            calling: Semaphore::new(256),
        };
        (Arc::new(fabric), receiver)
    }

    /// The own address.
    #[must_use]
    pub const fn own(&self) -> Endpoint {
        self.own
    }

    /// The bounds that count now.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limits = self.limits.read();
        limits.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Other bounds and routes, for what comes from now on.
    pub fn reload(&self, limits: Limits, routes: BTreeMap<Endpoint, SocketAddr>) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = routes;
    }

    /// Whether this station wants to be a leaf from now on.
    pub fn accept_leaves(&self, wanted: bool) {
        self.leaf.store(wanted, Ordering::Release);
    }

    /// From now on nobody else may call.
    pub fn only(&self, peers: Vec<Endpoint>) {
        *self.only.write().unwrap_or_else(PoisonError::into_inner) = Some(peers);
    }

    /// Calls of others that came to nothing, by reason.
    #[must_use]
    pub fn refused(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.refused).clone()
    }

    /// VCs that others have set up and that are there, and connections that have not said who they are.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        let callers = locked(&self.callers).values().sum();
        (callers, self.strangers.load(Ordering::Acquire))
    }

    fn refuse(&self, reason: &'static str) {
        *locked(&self.refused).entry(reason).or_default() += 1;
    }

    fn name(&self) -> VcId {
        VcId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn bounds(limits: &Limits) -> Bounds {
        Bounds {
            frames: limits.queue_frames,
            octets: limits.queue_octets,
        }
    }

    /// Takes connections for ever.
    pub async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many files, mostly: what is there goes on, and some of it will end.
                    warn!(%error, "cannot take connections");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let mut limits = self.limits();
            // A burst waits in the listener's queue.
            while self.strangers.load(Ordering::Acquire) >= limits.strangers {
                self.met.notified().await;
                limits = self.limits();
            }
            self.strangers.fetch_add(1, Ordering::AcqRel);
            tokio::spawn(Arc::clone(&self).called(stream, limits));
        }
    }

    /// A connection from its first octet to its last.
    async fn called(self: Arc<Self>, stream: TcpStream, limits: Limits) {
        let until = Instant::now() + limits.setup();
        let met = self.meet(stream, &limits, until).await;
        self.strangers.fetch_sub(1, Ordering::AcqRel);
        self.met.notify_one();
        let (mut stream, input, setup, place) = match met {
            Ok(met) => met,
            Err(end) => {
                debug!(%end, "a call came to nothing");
                return self.refuse(end.code());
            }
        };
        let accept = Frame::Accept {
            keep_alive_ms: limits.keep_alive_ms,
        };
        if let Err(end) = vc::say(&mut stream, &accept, until).await {
            return self.refuse(end.code());
        }
        let vc = self.name();
        let (outgoing, mut waiting) = queue(Self::bounds(&limits));
        let told = Event::Called {
            vc,
            peer: setup.calling,
            purpose: setup.purpose,
            outgoing,
        };
        if self.events.send(told).await.is_err() {
            return;
        }
        let manner = Manner {
            longest_sdu: limits.sdu_octets,
            keep_alive: Duration::from_millis(u64::from(limits.keep_alive_ms)),
            peer_keep_alive: Duration::from_millis(u64::from(setup.keep_alive_ms)),
            stall: limits.stall(),
        };
        let end = vc::run(stream, input, manner, vc, &self.events, &mut waiting).await;
        drop(place);
        let _ = self.events.send(Event::Down { vc, end }).await;
    }

    /// Hears who calls, and decides.
    async fn meet(
        self: &Arc<Self>,
        stream: TcpStream,
        limits: &Limits,
        until: Instant,
    ) -> Result<(Box<dyn Stream>, Input, Setup, Place), End> {
        let _ = stream.set_nodelay(true);
        let mut peer = None;
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let accepted = timeout_at(until, tls.accept(stream)).await;
                let (stream, certificate) = accepted.map_err(|_| End::Silent)??;
                peer = Some(certificate);
                stream
            }
        };
        let mut input = Input::new(limits.sdu_octets);
        let first = timeout_at(until, input.next(&mut stream)).await;
        let Frame::Setup(setup) = first.map_err(|_| End::Silent)?? else {
            return Err(End::Framing(FrameError::Unexpected));
        };
        if let Some(certificate) = peer {
            certificate.stands_for(setup.calling)?;
        }
        match self.judge(&setup, limits) {
            Ok(place) => Ok((stream, input, setup, place)),
            Err(cause) => {
                vc::say(&mut stream, &Frame::Reject(cause), until).await?;
                Err(End::Rejected(cause))
            }
        }
    }

    fn judge(self: &Arc<Self>, setup: &Setup, limits: &Limits) -> Result<Place, Cause> {
        if setup.called != self.own || setup.calling == self.own {
            return Err(Cause::NO_ROUTE);
        }
        if setup.purpose == Purpose::Leaf && !self.leaf.load(Ordering::Acquire) {
            return Err(Cause::REJECTED);
        }
        let only = self.only.read().unwrap_or_else(PoisonError::into_inner);
        if only
            .as_ref()
            .is_some_and(|only| !only.contains(&setup.calling))
        {
            return Err(Cause::REJECTED);
        }
        drop(only);
        let mut callers = locked(&self.callers);
        let all: usize = callers.values().sum();
        let count = callers.entry(setup.calling).or_default();
        if all >= limits.connections || *count >= limits.per_peer {
            if *count == 0 {
                callers.remove(&setup.calling);
            }
            return Err(Cause::NO_RESOURCE);
        }
        *count += 1;
        Ok(Place {
            fabric: Arc::clone(self),
            peer: setup.calling,
        })
    }

    /// Calls another station. What is put into the queue waits for it.
    #[must_use]
    pub fn call(
        self: &Arc<Self>,
        peer: Endpoint,
        purpose: Purpose,
        label: String,
    ) -> (VcId, Outgoing) {
        let limits = self.limits();
        let (outgoing, waiting) = queue(Self::bounds(&limits));
        let vc = self.name();
        let setup = Setup {
            purpose,
            keep_alive_ms: limits.keep_alive_ms,
            calling: self.own,
            called: peer,
            label,
        };
        tokio::spawn(Arc::clone(self).calling(vc, setup, limits, waiting));
        (vc, outgoing)
    }

    async fn calling(
        self: Arc<Self>,
        vc: VcId,
        setup: Setup,
        limits: Limits,
        mut waiting: Waiting,
    ) {
        let end = match self.reach(&setup, &limits).await {
            Err(end) => end,
            Ok((stream, input, peer_keep_alive_ms)) => {
                if self.events.send(Event::Connected { vc }).await.is_err() {
                    return;
                }
                let manner = Manner {
                    longest_sdu: match setup.purpose {
                        Purpose::Point => limits.sdu_octets,
                        Purpose::Leaf => 0,
                    },
                    keep_alive: Duration::from_millis(u64::from(limits.keep_alive_ms)),
                    peer_keep_alive: Duration::from_millis(u64::from(peer_keep_alive_ms)),
                    stall: limits.stall(),
                };
                vc::run(stream, input, manner, vc, &self.events, &mut waiting).await
            }
        };
        let _ = self.events.send(Event::Down { vc, end }).await;
    }

    async fn reach(
        &self,
        setup: &Setup,
        limits: &Limits,
    ) -> Result<(Box<dyn Stream>, Input, u32), End> {
        let _permit = self.calling.acquire().await;
        let until = Instant::now() + limits.setup();
        let route = {
            let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
            routes.get(&setup.called).copied()
        };
        let Some(socket) = route.or_else(|| atm::socket_of(setup.called)) else {
            return Err(End::Rejected(Cause::NO_ROUTE));
        };
        let broken = |error: std::io::Error| End::Broken(error.to_string());
        let connected = timeout_at(until, TcpStream::connect(socket)).await;
        let stream = connected.map_err(|_| End::Silent)?.map_err(broken)?;
        let _ = stream.set_nodelay(true);
        let mut stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => timeout_at(until, tls.connect(stream, setup.called))
                .await
                .map_err(|_| End::Silent)??,
        };
        vc::say(&mut stream, &Frame::Setup(setup.clone()), until).await?;
        let mut input = Input::new(limits.sdu_octets);
        let answer = timeout_at(until, input.next(&mut stream)).await;
        match answer.map_err(|_| End::Silent)?? {
            Frame::Accept { keep_alive_ms } => Ok((stream, input, keep_alive_ms)),
            Frame::Reject(cause) => Err(End::Rejected(cause)),
            _ => Err(End::Framing(FrameError::Unexpected)),
        }
    }
}
