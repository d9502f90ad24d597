//! What the servers did in a step against what the model makes visible.

use std::rc::Rc;

use mars_model::server_group::{Client, Control, Observation, Record, Server};

use super::memo::{Memo, broken};
use super::node::Node;
use super::text;
use super::work::{Seen, What, Work};
use crate::generate::convert;
use crate::judge::step::{Failure, describe_csa, describe_mars};
use crate::trace::Expected;

/// A record that waits: from, to, the record, its number.
pub(super) type Waiting = (u8, u8, u32, i64);

/// Judges a step. Gives the records that wait from now on, in the model's order: SCSP orders none of them, and so both
/// sides deliver the same one next.
///
/// # Errors
/// The first thing that is missing, too many or wrong.
pub(super) fn judge(
    work: &mut Work<'_>,
    before: &Node,
    observations: &[Observation],
) -> Result<Vec<Waiting>, Failure> {
    let mut seen = core::mem::take(&mut work.seen);
    let result = all(work, before, observations, &mut seen);
    work.seen = seen;
    result
}

fn all(
    work: &mut Work<'_>,
    before: &Node,
    observations: &[Observation],
    seen: &mut Vec<Seen>,
) -> Result<Vec<Waiting>, Failure> {
    let mut waiting = Vec::new();
    for observation in observations {
        match observation {
            Observation::Csu {
                from,
                to,
                record,
                fresh,
                ..
            } => {
                let place = record_seen(work.memo, observation, (*from, *to), record, seen)?;
                let Seen {
                    what:
                        What::Record {
                            csa, number, waits, ..
                        },
                    ..
                } = seen.remove(place)
                else {
                    return Err(broken("a record that is none"));
                };
                number_fits(work.memo, before, (csa, number), *fresh, observation)?;
                if waits {
                    waiting.push((from.0, to.0, csa, number));
                }
            }
            Observation::Private { server, client, .. } => {
                // In order, so only the first counts.
                frame_seen(work.memo, observation, (*server, Some(*client)), 1, seen)?;
            }
            Observation::Ccvc { server, .. } | Observation::Map { server, .. } => {
                // No RFC orders what one cause makes; that numbers follow each other is seen at the server alone.
                frame_seen(work.memo, observation, (*server, None), usize::MAX, seen)?;
            }
            Observation::Leaf {
                server,
                client,
                add,
                control: Control::Cluster,
            } => {
                let place = seen.iter().position(|one| {
                    let what = What::Leaf { add: *add, client: *client };
                    one.from == server.0
                        && matches!((one.what, what),
                            (What::Leaf { add: a, client: c }, What::Leaf { add: b, client: d }) if (a, c) == (b, d))
                });
                let Some(place) = place else {
                    let change = if *add { "add" } else { "drop" };
                    let wanted = format!(
                        "{} to {change} {}",
                        convert::server(*server),
                        convert::client(*client)
                    );
                    return Err(Failure::new("missing-output", wanted, ""));
                };
                seen.remove(place);
            }
            Observation::Leaf { .. } | Observation::Scvc { .. } | Observation::Migrate { .. } => {
                return Err(broken("there is no multicast server here"));
            }
        }
    }
    match seen.first() {
        None => Ok(waiting),
        Some(extra) => {
            let got = text::one(work.memo, extra);
            Err(Failure::new("extra-output", "", got))
        }
    }
}

/// The record seen that fits best.
fn record_seen(
    memo: &mut Memo,
    observation: &Observation,
    (from, to): (Server, Server),
    record: &Record,
    seen: &[Seen],
) -> Result<usize, Failure> {
    let mut best: Option<(usize, Option<Rc<Failure>>)> = None;
    for (place, one) in seen.iter().enumerate() {
        let What::Record { to: other, csa, .. } = one.what else {
            continue;
        };
        if (one.from, other) != (from.0, to.0) {
            continue;
        }
        let about = memo
            .tables
            .csa(csa)
            .and_then(|csa| memo.tables.about(csa.body));
        if about.is_none_or(|about| (about.origin, about.kind) != (record.origin, record.kind)) {
            continue;
        }
        let misfit = memo.misfit_of_csa(observation, csa);
        if misfit.is_none() {
            return Ok(place);
        }
        best = best.or(Some((place, misfit)));
    }
    match best {
        Some((_, Some(misfit))) => Err(Failure::clone(&misfit)),
        _ => Err(Failure::new("missing-output", words(observation), "")),
    }
}

/// The frame seen that fits, among the first so many; it is taken out.
fn frame_seen(
    memo: &mut Memo,
    observation: &Observation,
    (server, client): (Server, Option<Client>),
    most: usize,
    seen: &mut Vec<Seen>,
) -> Result<(), Failure> {
    let mut closest: Option<Rc<Failure>> = None;
    let mut fits = None;
    let mut looked = 0;
    for (place, one) in seen.iter().enumerate() {
        let What::Frame { to, frame } = one.what else {
            continue;
        };
        if (one.from, to) != (server.0, client) || looked == most {
            continue;
        }
        looked += 1;
        match memo.misfit_of_frame(observation, frame) {
            None => {
                fits = Some(place);
                break;
            }
            Some(misfit) => {
                let nearer = closest
                    .as_ref()
                    .is_none_or(|other| misfit.differences.len() < other.differences.len());
                if nearer {
                    closest = Some(misfit);
                }
            }
        }
    }
    match (fits, closest) {
        (Some(place), _) => {
            seen.remove(place);
            Ok(())
        }
        (None, Some(misfit)) => Err(Failure::clone(&misfit)),
        (None, None) => Err(Failure::new("missing-output", words(observation), "")),
    }
}

/// A new instance has a number above all that there are of its record; what is passed on has one that there was.
fn number_fits(
    memo: &Memo,
    before: &Node,
    (csa, number): (u32, i64),
    fresh: bool,
    observation: &Observation,
) -> Result<(), Failure> {
    let known = memo
        .tables
        .csa(csa)
        .ok_or_else(|| broken("no such record"))?;
    let mut ranks = before.ranks.iter();
    let (mut there, mut largest) = (false, None);
    let mut look = |rank: u8| {
        there |= i64::from(rank) == number;
        largest = largest.max(Some(rank));
    };
    for &machine in before
        .machines
        .iter()
        .filter(|machine| **machine != super::node::NONE)
    {
        for (held, rank) in memo.info(machine)?.cache.iter().zip(ranks.by_ref()) {
            if held.record == known.record {
                look(*rank);
            }
        }
    }
    for (other, rank) in &before.flights {
        if memo
            .tables
            .csa(*other)
            .is_some_and(|other| other.record == known.record)
        {
            look(*rank);
        }
    }
    let right = if fresh {
        largest.is_none_or(|largest| number > i64::from(largest))
    } else {
        there
    };
    if right {
        return Ok(());
    }
    let which = if fresh {
        "numbered above all others"
    } else {
        "under a number that there was"
    };
    let wanted = format!("{}, {which}", words(observation));
    let got = memo.world.lower().describe_record(&known.value);
    Err(Failure::new(
        "wrong-field:csa_sequence_number",
        wanted,
        format!("{got}, rank {number}"),
    ))
}

/// An observation in words.
pub(super) fn words(observation: &Observation) -> String {
    match convert::expected(observation) {
        Expected::Csa(csa) => describe_csa(&csa),
        Expected::Mars(mars) => describe_mars(&mars),
        other => format!("{other:?}"),
    }
}
