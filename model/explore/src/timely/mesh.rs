//! How processes find each other: two connections between any two of them, one for timely and one for the pulse.
//!
//! A process listens at its own address and calls those with lower numbers. Both sides of a connection say who they are
//! and what they work on, so that a process with another scenario, seed or build is named and not searched with.

use super::Cluster;
use super::error::Error;
use super::portable::Portable;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const MAGIC: [u8; 8] = *b"marsXpl1";
/// How long one attempt to call may take, and how long one greeting.
const PATIENCE: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(50);

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Parcels,
    Pulse,
}

/// What both sides of a connection say first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Greeting {
    process: u64,
    processes: u64,
    workers: u64,
    identity: u64,
    purpose: Purpose,
}

const GREETING: usize = 8 + 4 * 8 + 1;

impl Greeting {
    fn octets(&self) -> Vec<u8> {
        let mut octets = MAGIC.to_vec();
        [self.process, self.processes, self.workers, self.identity].write(&mut octets);
        octets.push(u8::from(self.purpose == Purpose::Pulse));
        octets
    }

    fn read(mut octets: &[u8]) -> Option<Self> {
        if <[u8; 8]>::read(&mut octets)? != MAGIC {
            return None;
        }
        let [process, processes, workers, identity] = Portable::read(&mut octets)?;
        let purpose = if bool::read(&mut octets)? {
            Purpose::Pulse
        } else {
            Purpose::Parcels
        };
        Some(Self {
            process,
            processes,
            workers,
            identity,
            purpose,
        })
    }

    /// Says ours and hears theirs.
    fn exchange(&self, stream: &mut TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(&self.octets())?;
        let mut octets = [0; GREETING];
        stream.read_exact(&mut octets)?;
        stream.set_read_timeout(None)?;
        stream.set_write_timeout(None)?;
        Self::read(&octets).ok_or_else(|| {
            let what = "what answers there is no search of this version";
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }

    /// In what the other side differs, if it does.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.processes != other.processes {
            Some("the number of hosts")
        } else if self.workers != other.workers {
            Some("the number of workers")
        } else if self.identity != other.identity {
            Some("model, scenario, rules or seed")
        } else {
            None
        }
    }
}

/// The connections to one other process.
pub(super) struct Connections {
    pub(super) parcels: TcpStream,
    pub(super) pulse: TcpStream,
}

/// All connections, by process; none to this one.
pub(super) type Mesh = Vec<Option<Connections>>;

struct Builder<'a> {
    cluster: &'a Cluster,
    identity: u64,
    deadline: Instant,
    stop: &'a AtomicBool,
    parcels: Vec<Option<TcpStream>>,
    pulses: Vec<Option<TcpStream>>,
    last: String,
}

/// Connects this process with all others, within the time that the cluster gives.
pub(super) fn connect(cluster: &Cluster, identity: u64, stop: &AtomicBool) -> Result<Mesh, Error> {
    let hosts = cluster.hosts.len();
    if hosts == 0 {
        return Ok(Vec::new());
    }
    let Some(own) = cluster.hosts.get(cluster.process) else {
        return Err(Error::NoSuchProcess {
            process: cluster.process,
            hosts,
        });
    };
    let failed = |why| Error::Listen {
        address: own.clone(),
        why,
    };
    let listener = TcpListener::bind(own.as_str()).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let mut builder = Builder {
        cluster,
        identity,
        deadline: Instant::now() + cluster.connect_within,
        stop,
        parcels: (0..hosts).map(|_| None).collect(),
        pulses: (0..hosts).map(|_| None).collect(),
        last: "no call from it".to_owned(),
    };
    for process in 0..cluster.process {
        for purpose in [Purpose::Parcels, Purpose::Pulse] {
            builder.call(process, purpose)?;
        }
    }
    builder.answer(&listener)?;
    let pairs = builder.parcels.into_iter().zip(builder.pulses);
    Ok(pairs
        .map(|(parcels, pulse)| {
            Some(Connections {
                parcels: parcels?,
                pulse: pulse?,
            })
        })
        .collect())
}

impl Builder<'_> {
    fn greeting(&self, purpose: Purpose) -> Greeting {
        Greeting {
            process: self.cluster.process as u64,
            processes: self.cluster.hosts.len() as u64,
            workers: self.cluster.workers.get() as u64,
            identity: self.identity,
            purpose,
        }
    }

    fn address(&self, process: usize) -> String {
        self.cluster.hosts.get(process).cloned().unwrap_or_default()
    }

    /// Sleeps a little; or says that there is no more time to wait for a process.
    fn wait_for(&self, process: usize) -> Result<(), Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        if Instant::now() >= self.deadline {
            return Err(Error::NeverCame {
                process,
                address: self.address(process),
                seconds: self.cluster.connect_within.as_secs_f64(),
                last: self.last.clone(),
            });
        }
        std::thread::sleep(AGAIN);
        Ok(())
    }

    fn differs(&self, process: usize, what: &'static str) -> Error {
        Error::Differs {
            process,
            address: self.address(process),
            what,
        }
    }

    /// Calls a process until it answers.
    fn call(&mut self, process: usize, purpose: Purpose) -> Result<(), Error> {
        let address = self.address(process);
        let greeting = self.greeting(purpose);
        loop {
            let called =
                dial(&address).and_then(|mut stream| Ok((greeting.exchange(&mut stream)?, stream)));
            match called {
                Ok((answer, stream)) => {
                    if let Some(what) = greeting.difference(&answer) {
                        return Err(self.differs(process, what));
                    }
                    if answer.process != process as u64 {
                        return Err(self.differs(process, "its number or the order of hosts"));
                    }
                    self.keep(process, purpose, stream);
                    return Ok(());
                }
                Err(why) => self.last = why.to_string(),
            }
            self.wait_for(process)?;
        }
    }

    /// Takes the calls of all processes with higher numbers.
    fn answer(&mut self, listener: &TcpListener) -> Result<(), Error> {
        self.last = "no call from it".to_owned();
        loop {
            let later = self.cluster.process + 1..self.cluster.hosts.len();
            let absent = later.clone().find(|&process| {
                let is_there = |streams: &[Option<TcpStream>]| {
                    streams.get(process).is_some_and(Option::is_some)
                };
                !is_there(&self.parcels) || !is_there(&self.pulses)
            });
            let Some(absent) = absent else {
                return Ok(());
            };
            let Ok((mut stream, _)) = listener.accept() else {
                self.wait_for(absent)?;
                continue;
            };
            // Who calls for something else (a port scan, say) is not waited for and does no harm.
            let mut ours = self.greeting(Purpose::Parcels);
            match ours.exchange(&mut stream) {
                Ok(theirs) => {
                    let process = usize::try_from(theirs.process).unwrap_or(usize::MAX);
                    ours.purpose = theirs.purpose;
                    if let Some(what) = ours.difference(&theirs) {
                        return Err(self.differs(process, what));
                    }
                    if later.contains(&process) {
                        self.keep(process, theirs.purpose, stream);
                    } else {
                        return Err(self.differs(process, "its number or the order of hosts"));
                    }
                }
                Err(why) => self.last = format!("a call that was none: {why}"),
            }
        }
    }

    fn keep(&mut self, process: usize, purpose: Purpose, stream: TcpStream) {
        let streams = match purpose {
            Purpose::Parcels => &mut self.parcels,
            Purpose::Pulse => &mut self.pulses,
        };
        if let Some(place) = streams.get_mut(process) {
            *place = Some(stream);
        }
    }
}

/// Tries every address that a name stands for.
fn dial(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for place in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&place, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_are_read_back_and_compared() {
        let ours = Greeting {
            process: 1,
            processes: 3,
            workers: 2,
            identity: 99,
            purpose: Purpose::Pulse,
        };
        let octets = ours.octets();
        assert_eq!(octets.len(), GREETING);
        assert_eq!(Greeting::read(&octets), Some(ours));
        assert_eq!(ours.difference(&Greeting { process: 2, ..ours }), None);
        let others = [
            Greeting {
                processes: 2,
                ..ours
            },
            Greeting { workers: 1, ..ours },
            Greeting {
                identity: 98,
                ..ours
            },
        ];
        for other in others {
            assert!(ours.difference(&other).is_some(), "{other:?}");
        }
        let mut odd = octets;
        odd[0] ^= 1;
        assert_eq!(Greeting::read(&odd), None);
    }
}
