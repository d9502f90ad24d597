//! One connection that is a VC: reading, writing, keep-alive, and how it ended.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use distributed_mars::io::VcId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::fabric::Event;
use crate::frame::{Cause, Frame, FrameError, sdu_header};
use crate::queue::{Item, Waiting};

/// Anything that carries octets both ways.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// How a VC ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// This side released it.
    Released,
    /// The other side released it, with this cause.
    Peer(Cause),
    /// The connection was closed without a word.
    Closed,
    /// The connection broke, or could not be made.
    Broken(String),
    /// Nothing was heard for three keep-alive intervals.
    Silent,
    /// The peer took nothing for too long.
    Stalled,
    /// The call was rejected.
    Rejected(Cause),
    /// The peer does not speak the framing.
    Framing(FrameError),
    /// Its certificate does not stand for its address.
    Untrusted(String),
}

impl End {
    /// Stable name, for counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Peer(_) => "peer-released",
            Self::Closed => "closed",
            Self::Broken(_) => "broken",
            Self::Silent => "silent",
            Self::Stalled => "stalled",
            Self::Rejected(_) => "rejected",
            Self::Framing(_) => "framing",
            Self::Untrusted(_) => "untrusted",
        }
    }

    /// The cause of UNI 3.1 that fits.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Released => Cause::NORMAL,
            Self::Peer(cause) | Self::Rejected(cause) => *cause,
            Self::Closed | Self::Broken(_) | Self::Silent => Cause::OUT_OF_ORDER,
            Self::Stalled => Cause::SLOW,
            Self::Framing(_) => Cause::PROTOCOL,
            Self::Untrusted(_) => Cause::REJECTED,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::Peer(Cause(cause)) | Self::Rejected(Cause(cause)) => write!(f, " ({cause})"),
            Self::Broken(why) | Self::Untrusted(why) => write!(f, " ({why})"),
            Self::Framing(error) => write!(f, " ({error})"),
            _ => Ok(()),
        }
    }
}

/// How a VC is run.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Longest SDU taken; 0 where none may come.
    pub longest_sdu: usize,
    /// Something is sent this often.
    pub keep_alive: Duration,
    /// The peer promised to send something this often.
    pub peer_keep_alive: Duration,
    /// How long the peer may take nothing.
    pub stall: Duration,
}

/// Reads frames off a stream.
#[derive(Debug)]
pub struct Input {
    buffer: BytesMut,
    longest_sdu: usize,
}

impl Input {
    /// Nothing read yet.
    #[must_use]
    pub fn new(longest_sdu: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            longest_sdu,
        }
    }

    /// The next frame.
    ///
    /// # Errors
    /// The end of the stream, or octets that are no frame.
    pub async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Frame, End> {
        loop {
            match Frame::decode(&mut self.buffer, self.longest_sdu) {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => return Err(End::Framing(error)),
            }
            self.buffer.reserve(2048);
            match stream.read_buf(&mut self.buffer).await {
                Ok(0) => return Err(End::Closed),
                Ok(_) => {}
                Err(error) => return Err(End::Broken(error.to_string())),
            }
        }
    }
}

/// Carries SDUs both ways until the VC ends.
pub(crate) async fn run(
    stream: Box<dyn Stream>,
    mut input: Input,
    manner: Manner,
    vc: VcId,
    events: &mpsc::Sender<Event>,
    waiting: &mut Waiting,
) -> End {
    let (mut from, mut to) = tokio::io::split(stream);
    input.longest_sdu = manner.longest_sdu.max(1);
    let reading = async {
        loop {
            let next = timeout(manner.peer_keep_alive * 3, input.next(&mut from)).await;
            match next {
                Err(_) => return End::Silent,
                Ok(Err(end)) => return end,
                Ok(Ok(Frame::Alive)) => {}
                Ok(Ok(Frame::Release(cause))) => return End::Peer(cause),
                Ok(Ok(Frame::Sdu(octets))) if manner.longest_sdu > 0 => {
                    // A receiver that is busy makes the peer wait.
                    if events.send(Event::Sdu { vc, octets }).await.is_err() {
                        return End::Released;
                    }
                }
                Ok(Ok(_)) => return End::Framing(FrameError::Unexpected),
            }
        }
    };
    let writing = write(&mut to, manner, waiting);
    let end = tokio::select! {
        end = reading => end,
        end = writing => end,
    };
    // The peer learns why, if it still listens.
    if matches!(end, End::Silent | End::Stalled | End::Framing(_)) {
        let mut last = BytesMut::new();
        Frame::Release(end.cause()).encode(&mut last);
        let _ = timeout(Duration::from_millis(100), to.write_all(&last)).await;
    }
    end
}

async fn write(to: &mut (impl AsyncWrite + Unpin), manner: Manner, waiting: &mut Waiting) -> End {
    const BATCH: usize = 64 * 1024;
    let mut batch = BytesMut::new();
    loop {
        batch.clear();
        let mut over = false;
        let mut item = match timeout(manner.keep_alive, waiting.next()).await {
            Ok(item) => Some(item),
            Err(_) => {
                Frame::Alive.encode(&mut batch);
                None
            }
        };
        while let Some(next) = item {
            match next {
                Item::Sdu(octets) => put(&mut batch, &octets),
                Item::Release(cause) => {
                    Frame::Release(cause).encode(&mut batch);
                    over = true;
                    break;
                }
            }
            item = if batch.len() < BATCH {
                waiting.ready()
            } else {
                None
            };
        }
        if let Err(end) = push(to, &batch, manner.stall).await {
            return end;
        }
        if over {
            let _ = timeout(manner.stall, to.shutdown()).await;
            return End::Released;
        }
        // A burst's room is given back.
        if batch.capacity() > 4096 {
            batch = BytesMut::new();
        }
    }
}

fn put(batch: &mut BytesMut, octets: &Bytes) {
    // A server sends nothing longer than its MTU of 16 bits and eight octets of LLC/SNAP; of a longer one
    // the length could not be said.
    if let Ok(length) = u16::try_from(octets.len()) {
        batch.extend_from_slice(&sdu_header(length));
        batch.extend_from_slice(octets);
    }
}

/// Writes all of it; the peer has to take some of it at least every `stall`.
async fn push(
    to: &mut (impl AsyncWrite + Unpin),
    mut octets: &[u8],
    stall: Duration,
) -> Result<(), End> {
    while !octets.is_empty() {
        match timeout(stall, to.write(octets)).await {
            Err(_) => return Err(End::Stalled),
            Ok(Err(error)) => return Err(End::Broken(error.to_string())),
            Ok(Ok(0)) => return Err(End::Closed),
            Ok(Ok(count)) => octets = octets.get(count..).unwrap_or_default(),
        }
    }
    match timeout(stall, to.flush()).await {
        Err(_) => Err(End::Stalled),
        Ok(Err(error)) => Err(End::Broken(error.to_string())),
        Ok(Ok(())) => Ok(()),
    }
}

/// Writes one frame of a set-up.
pub(crate) async fn say(
    stream: &mut (impl AsyncWrite + Unpin + ?Sized),
    frame: &Frame,
    until: Instant,
) -> Result<(), End> {
    let mut octets = BytesMut::new();
    frame.encode(&mut octets);
    let writing = async {
        stream.write_all(&octets).await?;
        stream.flush().await
    };
    match tokio::time::timeout_at(until, writing).await {
        Err(_) => Err(End::Silent),
        Ok(Err(error)) => Err(End::Broken(error.to_string())),
        Ok(Ok(())) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
