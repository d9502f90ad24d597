//! What can go wrong between processes.

use std::fmt;
use std::io;

/// Why a distributed search has no result.
#[derive(Debug)]
pub enum Error {
    /// The list of hosts does not hold this process.
    NoSuchProcess {
        /// This process's number.
        process: usize,
        /// How many hosts there are.
        hosts: usize,
    },
    /// This process could not listen at its own address.
    Listen {
        /// The address.
        address: String,
        /// Why.
        why: io::Error,
    },
    /// A process did not come up in time.
    NeverCame {
        /// Its number.
        process: usize,
        /// Its address.
        address: String,
        /// How long was waited, in seconds.
        seconds: f64,
        /// What the last attempt said.
        last: String,
    },
    /// A process is there, but works on something else.
    Differs {
        /// Its number.
        process: usize,
        /// Its address.
        address: String,
        /// In what.
        what: &'static str,
    },
    /// A process went away in the middle.
    Lost {
        /// Its number.
        process: usize,
        /// Its address.
        address: String,
        /// How that was noticed.
        why: String,
    },
    /// A state was not the same after its journey.
    Codec {
        /// What was received, as hex.
        octets: String,
    },
    /// The path to a discovery could not be followed: the model is not deterministic.
    Replay {
        /// The property.
        property: &'static str,
        /// The step that failed, 0: the initial state.
        step: usize,
    },
    /// The stop flag was raised before all processes were there.
    Interrupted,
    /// The operating system refused something.
    System {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        why: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProcess { process, hosts } => write!(
                f,
                "this is process {process}, but the hosts are 0 to {}; number it by its line in the file of hosts, from 0",
                hosts.saturating_sub(1)
            ),
            Self::Listen { address, why } => write!(
                f,
                "cannot listen at {address}: {why}; the line of this process must name an address of this machine and a free port"
            ),
            Self::NeverCame {
                process,
                address,
                seconds,
                last,
            } => write!(
                f,
                "process {process} ({address}) did not come up within {seconds} s ({last}); start it with the same scenario and --process {process}"
            ),
            Self::Differs {
                process,
                address,
                what,
            } => write!(
                f,
                "process {process} ({address}) differs in {what}; all processes need the same build and arguments, but for --process"
            ),
            Self::Lost {
                process,
                address,
                why,
            } => write!(
                f,
                "process {process} ({address}) is gone: {why}; what it owned is lost, start all processes again"
            ),
            Self::Codec { octets } => write!(
                f,
                "a state came out of its octets changed, so nothing can be said: {octets}"
            ),
            Self::Replay { property, step } => write!(
                f,
                "the path to `{property}` cannot be followed at step {step}: the model gives other successors than before"
            ),
            Self::Interrupted => write!(f, "interrupted before all processes were there"),
            Self::System { doing, why } => write!(f, "cannot {doing}: {why}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { why, .. } | Self::System { why, .. } => Some(why),
            _ => None,
        }
    }
}
