//! The relation written down in full: all events, the situations that can matter, all rows.

use super::{Amount, Ca, Cell, Event, Number, Situation, State, react};
use crate::alignment::rules::Rules;

/// All events: 64 CA messages, then the others.
pub const EVENTS: [Event; 79] = all_events();

const fn all_events() -> [Event; 79] {
    let mut events = [Event::Up; 79];
    let mut place = 0;
    let mut rest: &mut [Event] = &mut events;
    while let Some((first, others)) = rest.split_first_mut() {
        *first = event(place);
        place += 1;
        rest = others;
    }
    events
}

const fn event(place: usize) -> Event {
    match place {
        0..64 => Event::Ca(Ca {
            master: place & 32 != 0,
            init: place & 16 != 0,
            more: place & 8 != 0,
            summaries: place & 4 != 0,
            number: match place & 3 {
                0 => Number::Equal,
                1 => Number::Next,
                2 => Number::Previous,
                _ => Number::Other,
            },
        }),
        64 => Event::Up,
        65 => Event::Down,
        66 => Event::Csus,
        67 => Event::CsuRequest { completes: false },
        68 => Event::CsuRequest { completes: true },
        69 => Event::CsuReply { newer: false },
        70 => Event::CsuReply { newer: true },
        71 => Event::CaTimer,
        72 => Event::HoldTimer,
        73 => Event::CsusTimer,
        74 => Event::CsuTimer { exhausted: false },
        75 => Event::CsuTimer { exhausted: true },
        76 => Event::Change { completes: false },
        77 => Event::Change { completes: true },
        _ => Event::Patience,
    }
}

/// The situations that can matter in a state; what cannot matter there, or cannot be, has one value.
pub fn situations(state: State) -> impl Iterator<Item = Situation> {
    const BOTH: &[bool] = &[false, true];
    const NO: &[bool] = &[false];
    const YES: &[bool] = &[true];
    let either = |when: bool| if when { BOTH } else { NO };
    let sides = match state {
        State::Down | State::Master => NO,
        State::Slave => YES,
        State::Negotiation | State::Update | State::Aligned => BOTH,
    };
    let up = state != State::Down;
    let exchanging = matches!(state, State::Update | State::Aligned);
    let telling = matches!(state, State::Master | State::Slave);
    let mut all = Vec::new();
    for &larger in sides {
        for &cache in Amount::ALL
            .iter()
            .filter(|&&cache| up || cache == Amount::None)
        {
            for &left in Amount::ALL.iter().filter(|&&left| left <= cache) {
                for &first in either(state == State::Slave) {
                    for &held in either(exchanging && larger) {
                        for &wanted in either(up && state != State::Negotiation) {
                            if telling || left == Amount::None {
                                all.push(Situation {
                                    larger,
                                    cache,
                                    left,
                                    first,
                                    held,
                                    wanted,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    all.into_iter()
}

/// The whole table: every state, every event, every situation that can matter, and what follows.
pub fn rows(rules: &Rules) -> impl Iterator<Item = (State, Event, Situation, Cell)> {
    State::ALL.iter().flat_map(move |&state| {
        EVENTS.iter().flat_map(move |&event| {
            situations(state).map(move |situation| {
                let cell = react(rules, state, situation, event);
                (state, event, situation, cell)
            })
        })
    })
}
