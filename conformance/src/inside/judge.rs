//! What one step of one machine shows by itself, judged by the frames and the caches before and after.

use super::claims;
use super::frame::{Frame, Kind};
use super::memo::{Event, Info, Instance, Local, Memo};
use super::scenario::RECORDS;

/// A record that came and was passed on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay {
    /// The record.
    pub record: u8,
    /// Hop count with which it came.
    pub received: u16,
    /// Hop count with which it went on.
    pub sent: u16,
}

/// Everything about the step that does not depend on the rest of the state.
#[must_use]
pub(super) fn local(
    memo: &Memo,
    before: &Info,
    after: &Info,
    event: Event,
    machine: u32,
    sent: Vec<(u8, u32)>,
) -> Local {
    let frames: Vec<(u8, std::sync::Arc<Frame>)> = sent
        .iter()
        .filter_map(|&(direction, frame)| Some((direction, memo.frame(frame)?)))
        .collect();
    let neighbor_of = |direction: u8| {
        let place = memo
            .scenario()
            .from(before.server)
            .position(|own| own == direction);
        place.and_then(|n| u8::try_from(n).ok()).unwrap_or(u8::MAX)
    };
    let came = match event {
        Event::Frame(neighbor, frame) => memo.frame(frame).map(|frame| (neighbor, frame)),
        _ => None,
    };
    let came = came.as_ref().map(|(neighbor, frame)| (*neighbor, &**frame));
    let mut broken = 0;
    let mut relays = Vec::new();
    let mut numbered = 0;
    let mut unasked = Vec::new();
    for (&(_, number), (direction, frame)) in sent.iter().zip(&frames) {
        let neighbor = neighbor_of(*direction);
        broken |= openness(before, after, neighbor, frame);
        if frame.kind == Kind::Wrong {
            broken |= claims::READABLE;
        }
        if let Kind::Ca { init: false, .. } = frame.kind {
            numbered += 1;
            if !answers(event, came, neighbor, frame) {
                unasked.push(number);
            }
        }
        if let Some((from, came)) = came {
            broken |= passed_on(from, came, neighbor, frame, &mut relays);
        }
    }
    if numbered > before.adjacent.len() {
        broken |= claims::ONE_CA;
    }
    // A message that may not pass is as if it had never come.
    if let Some((from, frame)) = came {
        let open = before
            .adjacent
            .get(usize::from(from))
            .is_some_and(|adjacent| adjacent.open);
        if frame.kind.needs_open() && !open && (before != after || !sent.is_empty()) {
            broken |= claims::CLOSED;
        }
    }
    broken |= masters(memo, after);
    broken |= caches(before, after, event, came.map(|(_, frame)| frame));
    Local {
        machine,
        sent,
        broken,
        unasked,
        relays,
        originated: originated(memo, before, after),
    }
}

fn openness(before: &Info, after: &Info, neighbor: u8, frame: &Frame) -> u16 {
    let open = |info: &Info| {
        let adjacent = info.adjacent.get(usize::from(neighbor));
        adjacent.is_some_and(|adjacent| adjacent.open)
    };
    if frame.kind.needs_open() && !open(before) && !open(after) {
        claims::CLOSED
    } else {
        0
    }
}

/// A numbered CA is the answer to the CA that came. What a timer repeats is judged with the books.
fn answers(event: Event, came: Option<(u8, &Frame)>, neighbor: u8, frame: &Frame) -> bool {
    let Kind::Ca { number, master, .. } = frame.kind else {
        return true;
    };
    match (event, came) {
        (Event::Wait(_), _) => true,
        (_, Some((from, came))) if from == neighbor => match came.kind {
            Kind::Ca {
                number: theirs,
                master: by_master,
                ..
            } => {
                master != by_master
                    && if master {
                        theirs.wrapping_add(1) == number
                    } else {
                        theirs == number
                    }
            }
            _ => false,
        },
        _ => false,
    }
}

/// Records that came in a CSU Request and leave in another.
fn passed_on(from: u8, came: &Frame, neighbor: u8, frame: &Frame, relays: &mut Vec<Relay>) -> u16 {
    if came.kind != Kind::CsuRequest || frame.kind != Kind::CsuRequest {
        return 0;
    }
    let mut broken = 0;
    for part in frame.parts.iter().filter(|part| !part.null) {
        let same = came.parts.iter().find(|theirs| {
            (theirs.record, theirs.sequence, theirs.null) == (part.record, part.sequence, false)
        });
        let Some(theirs) = same else { continue };
        if neighbor == from {
            broken |= claims::BACK;
        }
        relays.push(Relay {
            record: part.record,
            received: theirs.hops,
            sent: part.hops,
        });
    }
    broken
}

/// Register A03: as unsigned numbers. Ids grow with the servers' places.
fn masters(memo: &Memo, after: &Info) -> u16 {
    let smaller =
        memo.scenario()
            .from(after.server)
            .zip(&after.adjacent)
            .any(|(direction, adjacent)| {
                adjacent.master && memo.scenario().ends(direction).1 > after.server
            });
    if smaller { claims::MASTER } else { 0 }
}

fn caches(before: &Info, after: &Info, event: Event, came: Option<&Frame>) -> u16 {
    let mut broken = 0;
    if after.strays {
        broken |= claims::VERSIONS;
    }
    let nulls = came.map_or(0, |frame| {
        let nulls = frame.parts.iter().filter(|part| part.null);
        nulls.fold(0, |bits, part| bits | super::frame::bit(part.record))
    });
    for (record, (was, is)) in (0u8..).zip(before.cache.iter().zip(&after.cache)) {
        let lost = match (was, is) {
            // Register C15: a null record takes an older instance away.
            (Some(_), None) => {
                event != Event::Forget(record) && nulls & super::frame::bit(record) == 0
            }
            (Some(was), Some(is)) => is.0 < was.0 && was.0 != i32::MAX,
            (None, _) => false,
        };
        if lost {
            broken |= claims::REGRESS;
        }
        if let (Some(was), Some(is)) = (was, is)
            && was.0 == is.0
            && was.1 != is.1
        {
            broken |= claims::VERSIONS;
        }
    }
    broken
}

/// Own records with a new instance.
fn originated(memo: &Memo, before: &Info, after: &Info) -> Vec<Instance> {
    let own = |record: u8| {
        let known = memo.scenario().records.get(usize::from(record));
        known.is_some_and(|known| known.server == after.server)
    };
    (0u8..)
        .take(RECORDS)
        .zip(before.cache.iter().zip(&after.cache))
        .filter(|(record, (was, is))| own(*record) && was.map(|w| w.0) != is.map(|i| i.0))
        .filter_map(|(record, (_, is))| is.map(|(sequence, stamp)| (record, sequence, stamp)))
        .collect()
}
