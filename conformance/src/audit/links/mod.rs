//! Hello and cache alignment: the sets of states that a conforming server can be in, moved by the model's own relations
//! under both readings of each, and narrowed by what the server sends.

mod alignment;
mod guess;
mod hello;
mod watch;

use std::collections::BTreeMap;

use mars_model::alignment::cafsm::{Ca, Event as AlignmentEvent, Number, State as Alignment};
use mars_model::hello::hfsm::{Event as HelloEvent, State as Hello};

use super::event::{Event, What};
use super::finding::{Sink, Wrong};
use super::view::{Scsp, View};
use super::world::{Link, Sure, World};
use guess::Guess;
use watch::Watch;

const HELLO: &str = "hello";
const ALIGNMENT: &str = "alignment";

/// The monitor of all neighbours.
#[derive(Default)]
pub(super) struct Links {
    watches: BTreeMap<String, Watch>,
}

impl Links {
    pub(super) fn see(&mut self, world: &mut World, event: &Event, sink: &mut Sink) {
        self.time(world, event.at, sink);
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::VcUp { vc, peer } => {
                let config = world.config.as_ref();
                let neighbor =
                    config.is_some_and(|c| c.neighbors.iter().any(|(_, atm)| atm == peer));
                // H11: a second VC to a neighbour counts for nothing.
                let second = world
                    .links
                    .keys()
                    .any(|other| !world.down.contains(other) && world.vcs.get(other) == Some(peer));
                if neighbor && !second {
                    self.watches.insert(vc.clone(), Watch::new(event.at, true));
                    world.links.insert(vc.clone(), Link::default());
                }
            }
            What::VcDown { vc } | What::Hangup { vc } => {
                self.watches.remove(vc);
                if let Some(link) = world.links.get_mut(vc) {
                    link.open = Sure::No;
                }
            }
            What::In { vc, view } => self.arrives(world, vc, view, event.at),
            What::Out {
                vc,
                view: View::Scsp(message),
            } => {
                self.meet(world, vc, event.at);
                if may_begin_anew(world, message)
                    && let Some(watch) = self.watches.get_mut(vc)
                {
                    watch.anything();
                }
                match message.kind {
                    1 => self.ca_sent(world, vc, message, event.at, sink),
                    5 => self.hello_sent(world, vc, message, event.at, sink),
                    _ => {}
                }
            }
            What::Other if world.capture => self.watches.values_mut().for_each(Watch::anything),
            What::End => self.end(sink),
            _ => {}
        }
        let crossed = match &event.what {
            What::In { vc, view } | What::Out { vc, view } => {
                matches!(view, View::Scsp(message) if message.kind == 1).then_some(vc)
            }
            _ => None,
        };
        for (vc, watch) in &self.watches {
            let link = world.links.entry(vc.clone()).or_default();
            let open = watch.open();
            // Where that is not certain a CA must cross, for nothing else opens a link.
            link.opened |= open == Sure::Maybe && crossed == Some(vc);
            if open == Sure::Yes && link.open != Sure::Yes {
                (link.since, link.opened) = (event.at, true);
            }
            link.open = open;
            link.id = watch.heard.as_ref().map(|(id, ..)| id.clone());
        }
    }

    /// In a capture nobody says that a VC came up.
    fn meet(&mut self, world: &mut World, vc: &str, at: u64) {
        if world.config.is_none() && !self.watches.contains_key(vc) {
            self.watches.insert(vc.to_owned(), Watch::new(at, false));
            world.links.insert(vc.to_owned(), Link::default());
        }
    }

    /// What time alone does.
    fn time(&mut self, world: &World, at: u64, sink: &mut Sink) {
        for (vc, watch) in &mut self.watches {
            if let Some((_, heard, dead)) = &watch.heard {
                let deadline = heard + dead;
                // R2334-2.1-13, R2334-2.1-15: at the very millisecond both are right.
                if at >= deadline && at > *heard {
                    watch.hello(HelloEvent::DeadTime, at <= deadline + world.grace);
                } else if watch.listed.is_none_or(|listed| at >= listed + dead) {
                    watch.hello(HelloEvent::Unlisted, true);
                }
            }
            let interval = world
                .config
                .as_ref()
                .map(|config| config.hello)
                .or(watch.interval);
            // A capture does not tell when a VC goes down.
            if let Some(interval) = interval.filter(|_| !world.capture)
                && at > watch.hello + interval + world.grace
            {
                let last = watch.hello;
                watch.hello = at;
                // R2334-B.2.5-02.
                sink.wrong(
                    HELLO,
                    "MUST",
                    Wrong {
                        vc,
                        code: "late-output",
                        ids: &["R2334-2.1-01", "R2334-B.2.5-02"],
                        wanted: format!("a Hello by {} ms", last + interval),
                        got: format!("none by {at} ms; the one before was at {last} ms"),
                    },
                );
            }
            let waits = |guess: &Guess| {
                guess.hello == Hello::Bidirectional
                    && guess.due.is_empty()
                    && matches!(guess.alignment, Alignment::Negotiation | Alignment::Master)
            };
            if let (Some(config), Some((_, sent, _))) = (&world.config, &mut watch.sent)
                && !watch.guesses.is_empty()
                && watch.guesses.iter().all(waits)
                && at > *sent + config.ca + world.grace
            {
                let last = *sent;
                *sent = at;
                sink.wrong(
                    ALIGNMENT,
                    "MUST",
                    Wrong {
                        vc,
                        code: "late-output",
                        ids: &["R2334-2.2-05", "R2334-2.2.2-23"],
                        wanted: format!("the CA of {last} ms again at {} ms", last + config.ca),
                        got: format!("nothing by {at} ms"),
                    },
                );
            }
        }
    }

    fn arrives(&mut self, world: &mut World, vc: &str, view: &View, at: u64) {
        if matches!(view, View::Scsp(_)) {
            self.meet(world, vc, at);
        }
        let Some(watch) = self.watches.get_mut(vc) else {
            return;
        };
        let message = match view {
            View::Scsp(message) => message,
            View::Bad(_) => {
                // C25, D07, D13: malformed is an abnormal event, or is not.
                watch.doubt = true;
                watch.hello(HelloEvent::Abnormal, true);
                return;
            }
            _ => return,
        };
        let taken = world.takes(vc, message);
        if taken == Sure::No && (message.kind == 5 || message.left_over) {
            // D12: another server on the VC; C29: malformed, whoever it is for.
            watch.doubt = true;
            watch.hello(HelloEvent::Abnormal, true);
        }
        if taken == Sure::No {
            return;
        }
        let maybe = taken == Sure::Maybe;
        if maybe && world.config.is_some() {
            watch.doubt = true;
            watch.hello(HelloEvent::Abnormal, true);
        }
        let own = world.config.as_ref().map(|config| config.id.as_str());
        let larger = own.map(|own| message.sender.as_str() > own);
        match message.kind {
            5 => {
                let lists = own.map(|own| message.receivers.iter().any(|one| one == own));
                // D04: zero counts as one, or is over at once.
                let zero = message.interval_s == 0 || message.dead_factor == 0;
                let dead = message.interval_s.max(1) * message.dead_factor.max(1) * 1000;
                let other = watch
                    .heard
                    .as_ref()
                    .is_some_and(|(id, ..)| *id != message.sender);
                if other {
                    watch.doubt = true;
                    watch.hello(HelloEvent::Abnormal, true);
                }
                watch.ever.insert(message.sender.clone());
                watch.heard = Some((message.sender.clone(), at, dead));
                if lists != Some(false) {
                    watch.listed = Some(at);
                }
                match lists {
                    Some(true) => watch.hello(HelloEvent::HelloLists, maybe),
                    Some(false) => watch.hello(HelloEvent::HelloOmits, maybe),
                    None => {
                        watch.hello(HelloEvent::HelloLists, true);
                        watch.hello(HelloEvent::HelloOmits, true);
                    }
                }
                if zero {
                    watch.doubt = true;
                    watch.hello(HelloEvent::DeadTime, true);
                }
            }
            1 => {
                let number = match &watch.sent {
                    None => Number::Other,
                    Some((.., sent)) => match message.number.wrapping_sub(*sent) & 0xffff_ffff {
                        0 => Number::Equal,
                        1 => Number::Next,
                        0xffff_ffff => Number::Previous,
                        _ => Number::Other,
                    },
                };
                let ca = Ca {
                    master: message.flags & 0x8000 != 0,
                    init: message.flags & 0x4000 != 0,
                    more: message.flags & 0x2000 != 0,
                    summaries: !message.records.is_empty(),
                    number,
                };
                watch.received = message.number;
                // H01: a slave that sees its master's bid again may go back and wait for the next one.
                let bid = ca.master && ca.init && ca.more && !ca.summaries;
                let back = if bid && number == Number::Equal {
                    watch.slaves_that_bid()
                } else {
                    Vec::new()
                };
                watch.alignment(&[AlignmentEvent::Ca(ca)], larger, maybe);
                watch.guesses.extend(back);
            }
            2..=4 => {
                let events: &[AlignmentEvent] = match message.kind {
                    2 => &[
                        AlignmentEvent::CsuRequest { completes: false },
                        AlignmentEvent::CsuRequest { completes: true },
                    ],
                    3 => &[
                        AlignmentEvent::CsuReply { newer: false },
                        AlignmentEvent::CsuReply { newer: true },
                    ],
                    _ => &[AlignmentEvent::Csus],
                };
                watch.alignment(events, larger, maybe);
            }
            _ => {}
        }
    }

    /// The retransmissions of a record are used up: R2334-2.3-17 leads to Waiting.
    pub(super) fn exhausted(&mut self, vc: &str) {
        if let Some(watch) = self.watches.get_mut(vc) {
            watch.doubt = true;
            watch.hello(HelloEvent::Abnormal, true);
        }
    }
}

/// In a capture nobody says that a VC or the server is another: a Hello that lists nobody may be the first of either.
pub(super) fn may_begin_anew(world: &World, message: &Scsp) -> bool {
    world.capture && message.kind == 5 && message.receivers.is_empty()
}
