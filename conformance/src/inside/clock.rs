//! Timers as seen from outside: when something went out, how long ago that was, and what is due.
//!
//! A server that is told that time has passed to a deadline sends what is due at that moment, so that every
//! interval is seen to its end.

use super::claims;
use super::frame::{Frame, Kind};
use super::memo::{Adjacent, Event};
use super::scenario::{HELLO_S, REPEAT_MS, Scenario};
use super::state::{Books, Since};

/// What passes, and what is heard.
pub(super) fn before(books: &mut Books, event: Event, came: Option<&Frame>) {
    let since = &mut books.since;
    if let Event::Wait(ms) = event {
        let ms = u16::try_from(ms).unwrap_or(u16::MAX);
        for time in [
            &mut since.hello,
            &mut since.heard,
            &mut since.ca,
            &mut since.csus,
            &mut since.csu,
        ] {
            *time = time.saturating_add(ms);
        }
    }
    if came.is_some_and(|frame| matches!(frame.kind, Kind::Hello { .. })) {
        since.heard = 0;
    }
}

/// A frame goes out; what a timer sends comes neither early nor late.
pub(super) fn sent(books: &mut Books, event: Event, frame: &Frame) -> u16 {
    let by_timer = matches!(event, Event::Wait(_));
    let since = &mut books.since;
    let mut broken = 0;
    match frame.kind {
        Kind::Hello { .. } => {
            if by_timer && since.hello != HELLO_S * 1000 {
                broken |= claims::HELLO_TIME;
            }
            since.hello = 0;
        }
        Kind::Ca { .. } => {
            // The first bid has no other before it.
            if by_timer && books.ca != 0 && since.ca != REPEAT_MS {
                broken |= claims::REPEAT_TIME;
            }
            since.ca = 0;
        }
        Kind::Csus => {
            if by_timer && since.csus != REPEAT_MS {
                broken |= claims::REPEAT_TIME;
            }
            since.csus = 0;
        }
        // Those of several moments are due at several moments.
        Kind::CsuRequest => since.csu = 0,
        Kind::CsuReply | Kind::Wrong => {}
    }
    broken
}

/// What should have gone out by now. `up`: the link is there; `owed`: something was not acknowledged when the
/// event came.
pub(super) fn after(
    books: &mut Books,
    scenario: &Scenario,
    event: Event,
    (was, is): (&Adjacent, &Adjacent),
    (up, owed): (bool, bool),
) -> u16 {
    let by_timer = matches!(event, Event::Wait(_));
    let mut broken = 0;
    if !up {
        books.since = Since::default();
        return 0;
    }
    if books.since.hello >= HELLO_S * 1000 {
        broken |= claims::HELLO_TIME;
    }
    let dead = books.since.heard >= scenario.dead_ms();
    // A CSA that is never acknowledged ends it as well (R2334-2.3-17).
    let early = was.there && !is.there && !dead && !owed;
    if by_timer && ((is.there && dead) || early) {
        broken |= claims::DEAD_TIME;
    }
    if !is.there {
        books.since.heard = 0;
    }
    if !is.leading {
        books.since.ca = 0;
    }
    if books.asked == 0 {
        books.since.csus = 0;
    }
    if books.unacked == 0 {
        books.since.csu = 0;
    }
    let late = [books.since.ca, books.since.csus, books.since.csu];
    if late.iter().any(|&time| time >= REPEAT_MS) {
        broken |= claims::REPEAT_TIME;
    }
    broken
}
