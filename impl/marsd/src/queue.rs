//! What waits to be sent on one VC: bounded in SDUs and in octets. An SDU that does not fit is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::frame::Cause;

/// Bounds of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// SDUs.
    pub frames: usize,
    /// Their octets.
    pub octets: usize,
}

#[derive(Debug, Default)]
struct Load {
    frames: AtomicUsize,
    octets: AtomicUsize,
}

/// What the writer takes out.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    /// Send this.
    Sdu(Bytes),
    /// Send a RELEASE and close.
    Release(Cause),
}

/// Why an SDU was not put into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room: the peer is slow.
    Full,
    /// The VC has ended.
    Gone,
}

/// The end that fills. When it is dropped, what waits is sent, then a RELEASE.
#[derive(Debug)]
pub struct Outgoing {
    sender: mpsc::UnboundedSender<Item>,
    load: Arc<Load>,
    bounds: Bounds,
}

/// The end that empties.
#[derive(Debug)]
pub struct Waiting {
    receiver: mpsc::UnboundedReceiver<Item>,
    load: Arc<Load>,
}

/// A new queue.
#[must_use]
pub fn queue(bounds: Bounds) -> (Outgoing, Waiting) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let load = Arc::new(Load::default());
    let outgoing = Outgoing {
        sender,
        load: Arc::clone(&load),
        bounds,
    };
    (outgoing, Waiting { receiver, load })
}

impl Outgoing {
    /// Puts an SDU at the end.
    ///
    /// # Errors
    /// There is no room, or nobody to send it.
    pub fn send(&self, octets: Bytes) -> Result<(), Refused> {
        if self.sender.is_closed() {
            return Err(Refused::Gone);
        }
        // One task fills each queue, so that nothing comes between the look and the deed.
        let length = octets.len();
        if self.load.frames.load(Ordering::Acquire) >= self.bounds.frames
            || self.load.octets.load(Ordering::Acquire) + length > self.bounds.octets
        {
            return Err(Refused::Full);
        }
        self.load.frames.fetch_add(1, Ordering::AcqRel);
        self.load.octets.fetch_add(length, Ordering::AcqRel);
        let sent = self.sender.send(Item::Sdu(octets));
        sent.map_err(|_| Refused::Gone)
    }

    /// Ends the VC once what waits is sent.
    pub fn release(self, cause: Cause) {
        let _ = self.sender.send(Item::Release(cause));
    }

    /// SDUs and octets that wait.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (
            self.load.frames.load(Ordering::Acquire),
            self.load.octets.load(Ordering::Acquire),
        )
    }
}

impl Waiting {
    /// The next item; the release when the other end is gone.
    pub async fn next(&mut self) -> Item {
        let item = self.receiver.recv().await;
        self.taken(item.unwrap_or(Item::Release(Cause::NORMAL)))
    }

    /// The next item if there is one already.
    pub fn ready(&mut self) -> Option<Item> {
        let item = self.receiver.try_recv().ok()?;
        Some(self.taken(item))
    }

    fn taken(&self, item: Item) -> Item {
        if let Item::Sdu(octets) = &item {
            self.load.frames.fetch_sub(1, Ordering::AcqRel);
            self.load.octets.fetch_sub(octets.len(), Ordering::AcqRel);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_room_comes_back() {
        let bounds = Bounds {
            frames: 3,
            octets: 10,
        };
        let (outgoing, mut waiting) = queue(bounds);
        assert_eq!(outgoing.send(Bytes::from_static(b"12345678")), Ok(()));
        assert_eq!(
            outgoing.send(Bytes::from_static(b"123")),
            Err(Refused::Full),
            "too many octets"
        );
        assert_eq!(outgoing.send(Bytes::from_static(b"1")), Ok(()));
        assert_eq!(outgoing.send(Bytes::from_static(b"2")), Ok(()));
        assert_eq!(outgoing.waiting(), (3, 10));
        assert_eq!(
            outgoing.send(Bytes::new()),
            Err(Refused::Full),
            "too many SDUs"
        );
        assert_eq!(
            waiting.next().await,
            Item::Sdu(Bytes::from_static(b"12345678"))
        );
        assert_eq!(outgoing.waiting(), (2, 2));
        assert_eq!(outgoing.send(Bytes::from_static(b"123")), Ok(()));
        outgoing.release(Cause::SLOW);
        let mut rest = Vec::new();
        while let Some(item) = waiting.ready() {
            rest.push(item);
        }
        assert_eq!(rest.len(), 4);
        assert_eq!(rest.last(), Some(&Item::Release(Cause::SLOW)));
        assert_eq!(waiting.next().await, Item::Release(Cause::NORMAL));
    }

    #[tokio::test]
    async fn a_full_queue_whose_vc_has_ended_is_not_a_slow_peer() {
        let bounds = Bounds {
            frames: 1,
            octets: 10,
        };
        let (outgoing, waiting) = queue(bounds);
        assert_eq!(outgoing.send(Bytes::from_static(b"1")), Ok(()));
        drop(waiting);
        assert_eq!(outgoing.send(Bytes::from_static(b"2")), Err(Refused::Gone));
    }
}
