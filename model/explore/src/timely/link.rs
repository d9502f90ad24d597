//! The connection that timely reads and writes. A process that dies must not make timely's own threads panic, nor may
//! its silence look like the end: this stream decides which it is, and what those threads see of it.

use super::shared::{Peer, Shared};
use ::timely::communication::allocator::zero_copy::stream::Stream;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const NAP: Duration = Duration::from_millis(20);

pub(super) struct Link {
    stream: TcpStream,
    process: usize,
    shared: Arc<Shared>,
}

impl Link {
    pub(super) const fn new(stream: TcpStream, process: usize, shared: Arc<Shared>) -> Self {
        Self {
            stream,
            process,
            shared,
        }
    }

    /// The other side has closed. It is well if it had finished; otherwise timely's thread waits here until the workers
    /// have noticed, and then ends without a word (a panic message would be the second report of one event).
    fn closed(&self) -> usize {
        loop {
            match self.shared.peer(self.process) {
                Peer::Finished => return 0,
                Peer::Working | Peer::Lost if self.shared.is_torn_down() => {
                    std::panic::resume_unwind(Box::new("the search has ended"))
                }
                // Its pulse will say which: a last word, or the end of the connection.
                Peer::Working | Peer::Lost => std::thread::sleep(NAP),
            }
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(self.closed()),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Ok(self.closed()),
            }
        }
    }
}

impl Write for Link {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self.stream.write(octets) {
            Ok(count) => {
                self.shared.sent.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            // Nobody reads it any more; who is gone is noticed elsewhere.
            Err(_) => Ok(octets.len()),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Link {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::new(
            self.stream.try_clone()?,
            self.process,
            Arc::clone(&self.shared),
        ))
    }
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.stream.set_nonblocking(nonblocking)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        // A connection that is gone is shut down.
        let _ = self.stream.shutdown(how);
        Ok(())
    }
}
