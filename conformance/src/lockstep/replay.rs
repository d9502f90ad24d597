//! Playing a trace.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::network::{Network, NetworkError, Seen, SeenWhat};
use crate::judge::books::{Books, identity};
use crate::judge::step::{Failure, judge};
use crate::lower::Lower;
use crate::sut::Sut;
use crate::trace::{Act, Expected, Step, Trace};

/// Virtual milliseconds in which all links come up and all caches align before the first step:
/// the second Hello of each side makes the link bidirectional.
pub const PROLOGUE_MS: u64 = 4_000;
/// Virtual milliseconds that the healing of a link takes.
pub const HEAL_MS: u64 = 4_000;
/// Frames shown before a failure.
const CONTEXT: usize = 5;

/// How a replay went.
#[derive(Debug)]
pub struct Replayed {
    /// Steps that were judged, the failing one included.
    pub steps: usize,
    /// The first step that failed.
    pub failure: Option<StepFailure>,
}

/// A step that failed.
#[derive(Debug)]
pub struct StepFailure {
    /// Its position in the trace, from 0.
    pub step: usize,
    /// Virtual milliseconds.
    pub at: u64,
    /// The act.
    pub act: Option<Act>,
    /// What is wrong.
    pub failure: Failure,
    /// The last frames before, oldest first.
    pub frames: Vec<String>,
    /// True when the server under test or the harness broke, rather than misbehaved.
    pub broke: bool,
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let act = self
            .act
            .as_ref()
            .map(|act| serde_json::to_string(act).unwrap_or_default());
        writeln!(
            f,
            "step {} at {} ms, {}",
            self.step,
            self.at,
            act.unwrap_or_else(|| "start".to_owned())
        )?;
        write!(f, "{}", self.failure)?;
        if !self.frames.is_empty() {
            write!(f, "\n  frames before:")?;
        }
        self.frames
            .iter()
            .try_for_each(|frame| write!(f, "\n    {frame}"))
    }
}

/// Plays a global trace on servers under test, one for each server of the trace, until the first
/// step that fails.
pub fn replay<'a>(trace: &'a Trace, suts: impl Iterator<Item = &'a mut dyn Sut>) -> Replayed {
    replay_seen(trace, suts, &mut |_| {})
}

/// As [`replay`]; besides, tells everything that is seen.
pub fn replay_seen<'a>(
    trace: &'a Trace,
    suts: impl Iterator<Item = &'a mut dyn Sut>,
    tell: &mut dyn FnMut(&Seen),
) -> Replayed {
    let lower = Lower::new(trace);
    let mut books = Books::default();
    let mut recent: Vec<String> = Vec::new();
    let broke = |step, at, act: Option<&Act>, error: &NetworkError, recent: &[String]| Replayed {
        steps: step,
        failure: Some(StepFailure {
            step,
            at,
            act: act.cloned(),
            failure: broken(error),
            frames: recent.to_vec(),
            broke: !matches!(
                error,
                NetworkError::Malformed { .. }
                    | NetworkError::Livelock { .. }
                    | NetworkError::UnknownVc { .. }
            ),
        }),
    };
    let started = Network::start(trace, suts, 0).and_then(|mut network| {
        network.prologue(PROLOGUE_MS)?;
        Ok(network)
    });
    let mut network = match started {
        Ok(network) => network,
        Err(error) => return broke(0, 0, None, &error, &recent),
    };
    let prologue = network.drain_seen();
    prologue.iter().for_each(&mut *tell);
    for Seen { what, .. } in prologue {
        if let SeenWhat::Record { record, .. } = what
            && let Some((identity, _)) = lower.identify(&record)
        {
            let instance = lower.instance(&record);
            if !books.knows(&identity, &instance.record) {
                books.remember(identity, instance);
            }
        }
    }
    for (position, step) in trace.steps.iter().enumerate() {
        let played = play(&mut network, step, &lower, &mut books);
        let seen = network.drain_seen();
        seen.iter().for_each(&mut *tell);
        let arrived = match played {
            Ok(arrived) => arrived,
            Err(error) => {
                note(&mut recent, &seen, &lower);
                return broke(position, step.at, step.act.as_ref(), &error, &recent);
            }
        };
        let outputs = step
            .expect
            .first()
            .map_or(&[][..], |alternative| alternative.outputs.as_slice());
        let verdict = judge(outputs, &seen, arrived.as_ref(), &lower, &mut books)
            .and_then(|()| states(&mut network, step, &lower));
        if let Err(failure) = verdict {
            note(&mut recent, &seen, &lower);
            let failure = StepFailure {
                step: position,
                at: step.at,
                act: step.act.clone(),
                failure,
                frames: recent,
                broke: false,
            };
            return Replayed {
                steps: position + 1,
                failure: Some(failure),
            };
        }
        note(&mut recent, &seen, &lower);
        if let Some(Act::Deregister { client, server } | Act::LeafGone { client, server }) =
            &step.act
        {
            books.end_cmi(server, client);
        }
        let places = places(outputs);
        network.queue_sent(|from, to, record| {
            let place = lower.identify(record).and_then(|(identity, _)| {
                let (origin, about) = books.life(identity, &lower.instance(record).key);
                let key = (from.to_owned(), to.to_owned(), origin, format!("{about:?}"));
                places.get(&key).copied()
            });
            place.unwrap_or(usize::MAX)
        });
    }
    Replayed {
        steps: trace.steps.len(),
        failure: None,
    }
}

/// Where the trace lists each record among those of its step.
fn places(outputs: &[Expected]) -> BTreeMap<(String, String, String, String), usize> {
    let listed = outputs
        .iter()
        .enumerate()
        .filter_map(|(place, output)| match output {
            Expected::Csa(csa) => {
                let (origin, about) = identity(csa);
                let key = (
                    csa.from.clone(),
                    csa.to.clone(),
                    origin,
                    format!("{about:?}"),
                );
                Some((key, place))
            }
            _ => None,
        });
    listed.collect()
}

/// Keeps the last frames in words.
fn note(recent: &mut Vec<String>, seen: &[Seen], lower: &Lower<'_>) {
    recent.extend(seen.iter().filter_map(|seen| lower.describe_seen(seen)));
    let surplus = recent.len().saturating_sub(CONTEXT);
    recent.drain(..surplus);
}

/// A network error as a failure with a stable code.
fn broken(error: &NetworkError) -> Failure {
    match error {
        NetworkError::Sut { server, error } => {
            Failure::new(error.code(), "", format!("{server}: {error}"))
        }
        NetworkError::Malformed {
            server,
            vc,
            hex,
            error,
        } => Failure::new(
            "malformed-frame",
            "a frame that the harness can read",
            format!("{server} on {vc}: {error}: {hex}"),
        ),
        NetworkError::UnknownVc { server, vc } => Failure::new(
            "extra-output",
            "",
            format!("{server}: a frame on `{vc}`, a VC it does not have"),
        ),
        NetworkError::Livelock { at } => {
            Failure::new("hang", "", format!("frames without end at {at} ms"))
        }
        NetworkError::Trace(why) => {
            Failure::new("error", "", format!("the trace does not fit: {why}"))
        }
    }
}

/// Plays the act of one step; returns the record it delivered, if it did.
fn play(
    network: &mut Network<'_>,
    step: &Step,
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<Option<Value>, NetworkError> {
    let Some(act) = &step.act else {
        return Err(NetworkError::Trace(
            "a global trace has acts only".to_owned(),
        ));
    };
    let unlowered = |error: crate::frames::FrameError| NetworkError::Trace(error.to_string());
    match act {
        Act::Register { client, server }
        | Act::Move { client, server }
        | Act::Redirect { client, server }
        | Act::Failover { client, server }
        | Act::Deregister { client, server } => {
            let joining = !matches!(act, Act::Deregister { .. });
            let octets = lower.registration(client, joining).map_err(unlowered)?;
            network.from_client(client, server, &octets)?;
        }
        Act::Join {
            client,
            server,
            range,
        }
        | Act::Leave {
            client,
            server,
            range,
        } => {
            let mark = books.next_mark(client);
            let joining = matches!(act, Act::Join { .. });
            let octets = lower
                .membership(client, range, mark, joining)
                .map_err(unlowered)?;
            network.from_client(client, server, &octets)?;
        }
        Act::Query {
            client,
            server,
            range,
        } => {
            let octets = lower.query(client, range).map_err(unlowered)?;
            network.from_client(client, server, &octets)?;
        }
        Act::LeafGone { server, client } => network.leaf_gone(server, client)?,
        Act::ClientCrash { .. } => {}
        Act::Deliver { from, to } => return network.deliver(from, to).map(Some),
        Act::Crash { server } => network.crash(server)?,
        Act::Restart { server } => {
            network.restart(server)?;
            books.restart(server);
        }
        Act::Cut { a, b } => network.cut(a, b)?,
        Act::Heal { a, b } => network.heal(a, b, step.at)?,
        Act::Drain { server } => network.admin(server, "drain")?,
        Act::Tick => network.advance(step.at)?,
    }
    Ok(None)
}

/// Compares the projected state of every running server with the trace.
fn states(network: &mut Network<'_>, step: &Step, lower: &Lower<'_>) -> Result<(), Failure> {
    let running: Vec<(usize, String)> = network
        .running()
        .map(|(index, name)| (index, name.to_owned()))
        .collect();
    if step.state.is_empty() {
        return Ok(());
    }
    for (index, name) in running {
        let Some(wanted) = step.state.get(&name) else {
            return Err(Failure::new(
                "wrong-state:running",
                format!("{name} has crashed"),
                "it runs",
            ));
        };
        let mut probe = |what: &str| network.probe(index, what).map_err(|error| broken(&error));
        let got = lower.state(
            &probe("membership")?,
            &probe("registrations")?,
            &probe("live")?,
            &probe("redirect_map")?,
        );
        compare("live", &name, &wanted.live, &got.live)?;
        compare(
            "registrations",
            &name,
            &wanted.registrations,
            &got.registrations,
        )?;
        compare("members", &name, &wanted.members, &got.members)?;
        compare("map", &name, &wanted.map, &got.map)?;
    }
    Ok(())
}

/// One part of a state.
fn compare<T: PartialEq + fmt::Debug>(
    part: &str,
    server: &str,
    wanted: &T,
    got: &T,
) -> Result<(), Failure> {
    if wanted == got {
        return Ok(());
    }
    let side = |value: &T| format!("{server} {part} {value:?}");
    Err(Failure::new(
        format!("wrong-state:{part}"),
        side(wanted),
        side(got),
    ))
}
