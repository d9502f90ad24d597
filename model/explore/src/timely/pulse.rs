//! The second connection between two processes: a beat every quarter of a second with how far the process is and why it
//! wants to stop, and a last word. Who falls silent, or closes without a last word, is lost.

use super::portable::Portable;
use super::shared::Shared;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

const BEAT: Duration = Duration::from_millis(250);
/// Nobody needs longer to put thirty octets into a socket buffer, unless the other side no longer reads.
const FULL: Duration = Duration::from_secs(5);
const BEAT_OCTETS: usize = 1 + 1 + 3 * 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Beat {
    last: bool,
    reason: u8,
    unique: u64,
    states: u64,
    expanded: u64,
}

impl Beat {
    fn octets(self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(BEAT_OCTETS);
        self.last.write(&mut octets);
        self.reason.write(&mut octets);
        [self.unique, self.states, self.expanded].write(&mut octets);
        octets
    }
    fn read(mut octets: &[u8]) -> Option<Self> {
        let (last, reason) = Portable::read(&mut octets)?;
        let [unique, states, expanded] = Portable::read(&mut octets)?;
        Some(Self {
            last,
            reason,
            unique,
            states,
            expanded,
        })
    }
    fn of(shared: &Shared, process: usize, last: bool) -> Self {
        let part = |part: fn(&super::shared::Tally) -> &std::sync::atomic::AtomicU64| {
            let tally = shared.tallies.get(process);
            tally.map_or(0, |tally| part(tally).load(Ordering::Relaxed))
        };
        Self {
            last,
            reason: shared.reason(),
            unique: part(|tally| &tally.unique),
            states: part(|tally| &tally.states),
            expanded: part(|tally| &tally.expanded),
        }
    }
}

/// Sends one beat to all others.
fn beat(shared: &Shared, process: usize, streams: &[(usize, TcpStream)], last: bool) {
    let octets = Beat::of(shared, process, last).octets();
    for (_, stream) in streams {
        // Who is gone is noticed by who listens to it.
        let mut stream = stream;
        let _ = stream.write_all(&octets);
    }
}

/// Beats until told to end, and then says the last word, or hangs up without one.
pub(super) fn send(
    shared: &Shared,
    process: usize,
    streams: &[(usize, TcpStream)],
    end: &std::sync::mpsc::Receiver<bool>,
) {
    for (_, stream) in streams {
        let _ = stream.set_write_timeout(Some(FULL));
    }
    let finished = loop {
        beat(shared, process, streams, false);
        match end.recv_timeout(BEAT) {
            Ok(finished) => break finished,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break false,
        }
    };
    if finished {
        beat(shared, process, streams, true);
    }
    let how = if finished {
        Shutdown::Write
    } else {
        Shutdown::Both
    };
    for (_, stream) in streams {
        let _ = stream.shutdown(how);
    }
}

/// Listens to one other process until its last word, or until it is lost.
pub(super) fn receive(shared: &Shared, process: usize, stream: &TcpStream, silence: Duration) {
    let mut stream = stream;
    let _ = stream.set_read_timeout(Some(silence));
    loop {
        let mut octets = [0; BEAT_OCTETS];
        if let Err(error) = stream.read_exact(&mut octets) {
            shared.lose(process, reason(&error, silence));
            return;
        }
        let Some(beat) = Beat::read(&octets) else {
            shared.lose(process, "its pulse makes no sense".to_owned());
            return;
        };
        if let Some(tally) = shared.tallies.get(process) {
            tally.unique.store(beat.unique, Ordering::Relaxed);
            tally.states.store(beat.states, Ordering::Relaxed);
            tally.expanded.store(beat.expanded, Ordering::Relaxed);
        }
        if beat.reason > 0 {
            shared.ask_to_stop(beat.reason);
        }
        if beat.last {
            shared.finish(process);
            return;
        }
    }
}

fn reason(error: &io::Error, silence: Duration) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it closed its connection before the end".to_owned(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("no word from it for {} s", silence.as_secs_f64())
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_read_back() {
        let beat = Beat {
            last: true,
            reason: 2,
            unique: 3,
            states: 4,
            expanded: 5,
        };
        let octets = beat.octets();
        assert_eq!(
            (octets.len(), Beat::read(&octets)),
            (BEAT_OCTETS, Some(beat))
        );
        assert_eq!(Beat::read(&[7; BEAT_OCTETS]), None);
    }
}
