//! The simulated LIS whose stations are mutants: some servers, 50 clients, 2 MCSs, 200 groups.

use std::fmt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Built;
use super::kill::{Kill, Killer};
use crate::sut::SutError;

/// One LIS and all that happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lis {
    /// Source of everything that is drawn.
    pub seed: u64,
    /// How many servers.
    pub servers: u8,
}

/// What every mutant that nothing else notices is tried on, in this order.
pub const TRIED: [Lis; 2] = [
    Lis {
        seed: 1,
        servers: 3,
    },
    Lis {
        seed: 2,
        servers: 3,
    },
];
/// Simulated minutes with commands and faults.
const MINUTES: u64 = 90;
/// Longest wait for one run, which takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often a run is looked at.
const GLANCE: Duration = Duration::from_millis(20);

impl fmt::Display for Lis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lis {} {}", self.seed, self.servers)
    }
}

impl Lis {
    /// From the form that is displayed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seed, servers) = text.strip_prefix("lis ")?.split_once(' ')?;
        Some(Self {
            seed: seed.parse().ok()?,
            servers: servers.parse().ok()?,
        })
    }
}

/// How many seeds are tried from the one that a mutant names: any change of the implementation gives each seed
/// another course.
const WINDOW: u64 = 60;

/// The plans on which to try a mutant that is expected to be noticed in `first`, if in any.
pub fn plans(first: Option<Lis>) -> impl Iterator<Item = Lis> {
    let near = first.into_iter().flat_map(|first| {
        let seeds = (0..WINDOW).map_while(move |n| first.seed.checked_add(n));
        seeds.map(move |seed| Lis { seed, ..first })
    });
    near.chain(TRIED)
}

/// The first plan that ends badly with the mutant and well with the original.
///
/// # Errors
/// As [`first_bad`].
pub fn kill(
    built: &Built,
    id: &str,
    plans: impl IntoIterator<Item = Lis>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    for lis in plans {
        if let Some(kill) = first_bad(built, Some(id), [lis], stop)?
            && first_bad(built, None, [lis], stop)?.is_none()
        {
            return Ok(Some(kill));
        }
    }
    Ok(None)
}

/// Runs the LIS with one mutant (the original for `None`) on each plan until the first that does not end with a
/// good verdict. A panic and a run without an end count, too. `None` too when the stop flag is raised.
///
/// # Errors
/// The program cannot be run.
pub fn first_bad(
    built: &Built,
    id: Option<&str>,
    plans: impl IntoIterator<Item = Lis>,
    stop: &AtomicBool,
) -> Result<Option<Kill>, SutError> {
    for lis in plans {
        if let Some((code, report)) = bad(built, id.unwrap_or("none"), lis, stop)? {
            return Ok(Some(Kill {
                by: Killer::Lis(lis),
                step: 0,
                code: code.to_owned(),
                report,
            }));
        }
    }
    Ok(None)
}

/// What is wrong with one run, if anything.
fn bad(
    built: &Built,
    id: &str,
    lis: Lis,
    stop: &AtomicBool,
) -> Result<Option<(&'static str, String)>, SutError> {
    let broken = |error: std::io::Error| SutError::Refused {
        code: "cannot-start".to_owned(),
        reason: format!("{}: {error}", built.simulation.display()),
    };
    let mut child = Command::new(&built.simulation)
        .args(["--mutant", id])
        .args(["--seed", &lis.seed.to_string()])
        .args(["--servers", &lis.servers.to_string()])
        .args(["--minutes", &MINUTES.to_string()])
        .stdin(Stdio::null())
        // Some lines at the end, fewer than a pipe holds.
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(broken)?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(broken)? {
            break Some(status);
        }
        let stopped = stop.load(Ordering::Relaxed);
        if stopped || started.elapsed() > PATIENCE {
            // It may have ended by now.
            let _ = child.kill();
            child.wait().map_err(broken)?;
            if stopped {
                return Ok(None);
            }
            break None;
        }
        sleep(GLANCE);
    };
    let said = child.wait_with_output().map_err(broken)?;
    let mut report = String::from_utf8_lossy(&said.stdout).into_owned();
    report.push_str(&String::from_utf8_lossy(&said.stderr));
    Ok(match status.map(|status| status.code()) {
        Some(Some(0)) => None,
        Some(Some(1)) => Some(("verdict", report)),
        Some(Some(64)) => {
            return Err(SutError::Refused {
                code: "cannot-start".to_owned(),
                reason: report,
            });
        }
        Some(_) => Some(("crash", report)),
        None => Some(("hang", report)),
    })
}
