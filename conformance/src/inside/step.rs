//! One step of the whole: an event at one server, what it sends, and the books.

use super::claims;
use super::clock;
use super::frame::{Frame, Kind, bit};
use super::memo::{Event, Info, Instance, Local, Memo};
use super::state::{Books, State};

/// Lets an event happen at a server. `None` after a failure of the machines.
pub(super) fn apply(memo: &Memo, state: &mut State, server: u8, event: Event) -> Option<()> {
    let scenario = memo.scenario();
    let place = state.servers.get_mut(usize::from(server))?;
    let before = memo.info(*place)?;
    let local = memo.step(*place, event)?;
    *place = local.machine;
    let after = memo.info(local.machine)?;
    state.broken |= local.broken;
    if !local.originated.is_empty() {
        remember(memo, state, &local);
    }
    if before.cache != after.cache {
        check_versions(memo, state, &after);
    }
    let came = match event {
        Event::Frame(neighbor, frame) => Some((neighbor, memo.frame(frame)?)),
        _ => None,
    };
    let mut owed = [0; 2];
    for (neighbor, direction) in (0u8..).zip(scenario.from(server)) {
        let books = state.books.get_mut(usize::from(direction))?;
        *owed.get_mut(usize::from(neighbor))? = books.unacked;
        let from_there = came
            .as_ref()
            .filter(|(from, _)| *from == neighbor)
            .map(|(_, frame)| &**frame);
        if let Some(frame) = from_there {
            state.broken |= relayed(scenario.hop_count, books.asked, frame, &local);
        }
        clock::before(books, event, from_there);
        received(memo, books, &after, from_there)?;
        let adjacent = *after.adjacent.get(usize::from(neighbor))?;
        if !adjacent.open {
            (books.csus, books.asked, books.unacked) = (0, 0, 0);
        }
        if !adjacent.exchanging && !adjacent.open {
            books.ca = 0;
        }
        let was_aligned = before.adjacent.get(usize::from(neighbor))?.aligned;
        if adjacent.aligned && !was_aligned && books.asked != 0 {
            state.broken |= claims::LIST;
        }
    }
    for &(direction, frame) in &local.sent {
        let read = memo.frame(frame)?;
        let books = state.books.get_mut(usize::from(direction))?;
        // A slave that sees the master's bid again sends its last CA again (register H01).
        if local.unasked.contains(&frame) && books.ca != frame {
            state.broken |= claims::ONE_CA;
        }
        state.broken |= clock::sent(books, event, &read);
        state.broken |= sent(books, event, frame, &read);
        if state.up & bit(direction / 2) != 0
            && !state.queues.get_mut(usize::from(direction))?.push(frame)
        {
            state.broken |= claims::STORM;
        }
    }
    for (neighbor, direction) in (0u8..).zip(scenario.from(server)) {
        let neighbor = usize::from(neighbor);
        let books = state.books.get_mut(usize::from(direction))?;
        let (was, is) = (
            before.adjacent.get(neighbor)?,
            after.adjacent.get(neighbor)?,
        );
        // What need not be repeated any more need not be remembered.
        if !is.exchanging {
            books.ca = 0;
        }
        let up = state.up & bit(direction / 2) != 0;
        let owed = *owed.get(neighbor)? != 0;
        state.broken |= clock::after(books, scenario, event, (was, is), (up, owed));
    }
    Some(())
}

/// Adds own instances to the history.
fn remember(memo: &Memo, state: &mut State, local: &Local) {
    let mut history = Vec::clone(&memo.history(state.history));
    for &instance in &local.originated {
        let (record, sequence, stamp) = instance;
        let same = |known: &&Instance| (known.0, known.1) == (record, sequence);
        match history.iter().find(same) {
            // Dropped, come back, and ended once more under the number that it had.
            Some(known) if known.2 == stamp => {}
            Some(_) => state.broken |= claims::VERSIONS,
            None => history.push(instance),
        }
    }
    state.history = memo.history_of(history);
}

/// Everything in a cache was originated as it stands there.
fn check_versions(memo: &Memo, state: &mut State, info: &Info) {
    let history = memo.history(state.history);
    let all = (0u8..).zip(&info.cache).all(|(record, held)| {
        held.is_none_or(|(sequence, stamp)| history.contains(&(record, sequence, stamp)))
    });
    if !all {
        state.broken |= claims::VERSIONS;
    }
}

/// Hop counts of what a neighbour sent and others got. What was asked for starts afresh (register C13).
fn relayed(hop_count: u16, asked: u8, frame: &Frame, local: &Local) -> u16 {
    if frame.kind != Kind::CsuRequest {
        return 0;
    }
    let good = local.relays.iter().all(|relay| {
        let afresh = relay.received <= 1 && asked & bit(relay.record) != 0;
        if afresh {
            relay.sent == hop_count
        } else {
            relay.sent >= 1 && relay.sent + 1 == relay.received
        }
    });
    if good { 0 } else { claims::HOPS }
}

/// What a server has from a neighbour, or holds by now, is neither asked for nor unacknowledged any more.
fn received(memo: &Memo, books: &mut Books, after: &Info, frame: Option<&Frame>) -> Option<()> {
    let held = |record: u8| {
        let held = after.cache.get(usize::from(record)).copied().flatten();
        held.map(|(sequence, _)| sequence)
    };
    if let Some(frame) = frame {
        for part in &frame.parts {
            let newest = held(part.record).is_none_or(|held| part.sequence >= held);
            let done = match frame.kind {
                Kind::CsuReply => part.null || newest,
                // R2334-2.3-25
                Kind::CsuRequest => newest,
                _ => false,
            };
            if done {
                books.unacked &= !bit(part.record);
            }
            if frame.kind == Kind::CsuRequest && part.null {
                books.asked &= !bit(part.record);
            }
        }
    }
    if books.asked == 0 {
        return Some(());
    }
    let csus = memo.frame(books.csus)?;
    for part in &csus.parts {
        let there = held(part.record).is_some_and(|held| held >= part.sequence);
        let came = frame.is_some_and(|frame| {
            frame.kind == Kind::CsuRequest
                && frame.parts.iter().any(|theirs| {
                    theirs.record == part.record
                        && (theirs.sequence >= part.sequence || part.sequence == i32::MAX)
                })
        });
        if there || came {
            books.asked &= !bit(part.record);
        }
    }
    if books.asked == 0 {
        books.csus = 0;
    }
    Some(())
}

/// Enters a frame that a server sends into its books.
fn sent(books: &mut Books, event: Event, frame: u32, read: &Frame) -> u16 {
    let by_timer = matches!(event, Event::Wait(_));
    let mut broken = 0;
    match read.kind {
        Kind::Csus => {
            let good = if by_timer {
                books.asked & !read.bits() == 0
            } else {
                books.asked == 0
            };
            if !good {
                broken |= claims::ONE_CSUS;
            }
            // What was asked for before and has not come is asked for still, under the number it had.
            books.csus = frame;
            books.asked = read.bits();
        }
        Kind::CsuRequest => books.unacked |= read.bits(),
        Kind::Ca { .. } => {
            // A timer may repeat the last one, and begin with a bid where the adjacency came about.
            if by_timer && books.ca != 0 && books.ca != frame {
                broken |= claims::ONE_CA;
            }
            if by_timer && books.ca == 0 && !matches!(read.kind, Kind::Ca { init: true, .. }) {
                broken |= claims::ONE_CA;
            }
            books.ca = frame;
        }
        Kind::Hello { .. } | Kind::CsuReply | Kind::Wrong => {}
    }
    broken
}
