//! A proxy between two stations that loses, doubles, reorders and delays whole SDUs, and cuts the link. TCP hides what
//! happens to packets; this happens to what TCP carries.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::frame::Frame;

/// What happens to SDUs, of a hundred; and to all frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Lost.
    pub loss: u8,
    /// Come twice.
    pub twice: u8,
    /// Come up to 100 ms later than those behind them.
    pub late: u8,
    /// All come so much later.
    pub delay: Duration,
    /// Nothing passes any more, but the connections stand.
    pub silent: bool,
}

/// What passed and what happened to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// SDUs that came.
    pub sdus: u64,
    /// Lost.
    pub lost: u64,
    /// Sent twice.
    pub doubled: u64,
    /// Sent late.
    pub late: u64,
}

#[derive(Debug)]
struct Shared {
    weather: Mutex<(Weather, u64, Passed)>,
    cut: watch::Sender<bool>,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub listen: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.cut.send_replace(true);
    }
}

impl Proxy {
    /// Passes on to `target`.
    ///
    /// # Errors
    /// No address can be had.
    pub async fn start(target: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let listen = listener.local_addr()?;
        let shared = Arc::new(Shared {
            weather: Mutex::new((
                Weather::default(),
                seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
                Passed::default(),
            )),
            cut: watch::Sender::new(false),
        });
        let inner = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, target, Arc::clone(&inner)));
            }
        });
        Ok(Self {
            listen,
            shared,
            task,
        })
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        self.shared.locked().0 = weather;
    }

    /// What passed so far.
    #[must_use]
    pub fn passed(&self) -> Passed {
        self.shared.locked().2
    }

    /// All connections break, and none is made any more, until [`Self::heal`].
    pub fn cut(&self) {
        self.shared.cut.send_replace(true);
    }

    /// Connections can be made again.
    pub fn heal(&self) {
        self.shared.cut.send_replace(false);
    }
}

impl Shared {
    fn locked(&self) -> std::sync::MutexGuard<'_, (Weather, u64, Passed)> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many copies of a frame go out, each after how long.
    fn fate(&self, frame: &Frame) -> Vec<Duration> {
        let mut all = self.locked();
        let (weather, seed, passed) = &mut *all;
        if weather.silent {
            return Vec::new();
        }
        if !matches!(frame, Frame::Sdu(_)) {
            return vec![weather.delay];
        }
        let mut roll = || {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            *seed
        };
        passed.sdus += 1;
        if roll() % 100 < u64::from(weather.loss) {
            passed.lost += 1;
            return Vec::new();
        }
        let mut after = weather.delay;
        if roll() % 100 < u64::from(weather.late) {
            passed.late += 1;
            after += Duration::from_millis(1 + roll() % 100);
        }
        if roll() % 100 < u64::from(weather.twice) {
            passed.doubled += 1;
            return vec![after, weather.delay];
        }
        vec![after]
    }
}

async fn pass(near: TcpStream, target: SocketAddr, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    if *cut.borrow() {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // One side gone is both gone, but what is under way arrives.
    tokio::select! {
        _ = pump(near_in, far_out, &shared) => {}
        _ = pump(far_in, near_out, &shared) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    shared: &Shared,
) -> io::Result<()> {
    let (sender, mut frames) = mpsc::unbounded_channel::<(Instant, Frame)>();
    let reading = async {
        let mut buffer = BytesMut::new();
        loop {
            let frame = Frame::decode(&mut buffer, usize::from(u16::MAX));
            match frame.map_err(io::Error::other)? {
                Some(frame) => {
                    for after in shared.fate(&frame) {
                        let _ = sender.send((Instant::now() + after, frame.clone()));
                    }
                }
                None => {
                    if from.read_buf(&mut buffer).await? == 0 {
                        return io::Result::Ok(());
                    }
                }
            }
        }
    };
    let writing = async {
        let mut waiting: Vec<(Instant, Frame)> = Vec::new();
        loop {
            let next = waiting.iter().map(|(at, _)| *at).min();
            let far = Instant::now() + Duration::from_secs(3600);
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(frame) => waiting.push(frame),
                    None => return Ok(()),
                },
                () = sleep_until(next.unwrap_or(far)) => {}
            }
            let now = Instant::now();
            let mut due: Vec<(Instant, Frame)> = Vec::new();
            waiting.retain(|(at, frame)| {
                if *at <= now {
                    due.push((*at, frame.clone()));
                }
                *at > now
            });
            due.sort_by_key(|(at, _)| *at);
            let mut octets = BytesMut::new();
            for (_, frame) in due {
                frame.encode(&mut octets);
            }
            to.write_all(&octets).await?;
        }
    };
    tokio::select! {
        done = reading => done?,
        done = writing => return done,
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    Ok(())
}
