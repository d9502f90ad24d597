//! Hello and cache alignment: the sets of states that a conforming server can be in, moved by the model's own relations
//! under both readings of each, and narrowed by what the server sends.

use std::collections::{BTreeMap, BTreeSet};

use mars_model::alignment::Rules as AlignmentRules;
use mars_model::alignment::cafsm::{
    self, Action, Ca, Event as AlignmentEvent, Number, State as Alignment,
};
use mars_model::hello::Rules as HelloRules;
use mars_model::hello::hfsm::{self, Event as HelloEvent, State as Hello};
use serde_json::Value;

use super::event::{Event, What};
use super::finding::{Sink, Wrong};
use super::view::{Scsp, View};
use super::world::{Link, Sure, World};

const HELLO: &str = "hello";
const ALIGNMENT: &str = "alignment";

/// A CA that has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Bid,
    Repeat,
    More,
    Last,
    Empty,
}

impl Due {
    const fn words(self) -> &'static str {
        match self {
            Self::Bid => "a CA with M, I and O set, a new number and no records",
            Self::Repeat => "the last CA again",
            Self::More => "a CA with summaries, O set",
            Self::Last => "a CA with summaries, O clear",
            Self::Empty => "a CA without summaries, O clear",
        }
    }
}

/// One thing that the server may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Guess {
    hello: Hello,
    alignment: Alignment,
    due: Vec<Due>,
}

/// What is known of a neighbour.
struct Watch {
    guesses: BTreeSet<Guess>,
    /// The last CA sent, and when.
    sent: Option<(Value, u64, u64)>,
    /// The number of the last CA received.
    received: u64,
    /// The last Hello received: its sender, when, and its dead time.
    heard: Option<(String, u64, u64)>,
    /// The last one that listed this server.
    listed: Option<u64>,
    ever: BTreeSet<String>,
    /// The last Hello sent, or when the VC came up.
    hello: u64,
    interval: Option<u64>,
    /// Something arrived that may have been an abnormal event.
    doubt: bool,
}

impl Watch {
    fn new(now: u64, up: bool) -> Self {
        let mut guesses = BTreeSet::new();
        if up {
            guesses.insert(Guess {
                hello: Hello::Waiting,
                alignment: Alignment::Down,
                due: Vec::new(),
            });
        }
        let mut watch = Self {
            guesses,
            sent: None,
            received: 0,
            heard: None,
            listed: None,
            ever: BTreeSet::new(),
            hello: now,
            interval: None,
            doubt: !up,
        };
        if !up {
            watch.anything();
        }
        watch
    }

    /// Nothing is known any more.
    fn anything(&mut self) {
        self.doubt = true;
        self.guesses.clear();
        for hello in Hello::ALL {
            for &alignment in Alignment::ALL {
                let fits = (hello == Hello::Bidirectional) != (alignment == Alignment::Down);
                if fits {
                    self.guesses.insert(Guess {
                        hello,
                        alignment,
                        due: Vec::new(),
                    });
                }
            }
        }
    }

    /// Each guess is replaced by what `next` makes of it.
    fn each(&mut self, mut next: impl FnMut(&Guess, &mut BTreeSet<Guess>)) {
        let mut all = BTreeSet::new();
        for guess in &self.guesses {
            next(guess, &mut all);
        }
        // Whether the list of wanted records is empty is not known here: Update Cache may be Aligned.
        let also: Vec<Guess> = all
            .iter()
            .filter(|guess| guess.alignment == Alignment::Update)
            .map(|guess| Guess {
                alignment: Alignment::Aligned,
                ..guess.clone()
            })
            .collect();
        all.extend(also);
        self.guesses = all;
    }

    /// A Hello event, under both readings; with `maybe` it may also not have happened.
    fn hello(&mut self, event: HelloEvent, maybe: bool) {
        self.each(|guess, all| {
            if maybe {
                all.insert(guess.clone());
            }
            for rules in [HelloRules::resolved(), HelloRules::literal()] {
                let hello = hfsm::next(&rules, guess.hello, event);
                all.insert(moved(guess, hello));
            }
        });
    }

    /// An event of the alignment, in every situation, under both readings.
    fn alignment(&mut self, events: &[AlignmentEvent], larger: Option<bool>, maybe: bool) {
        self.each(|guess, all| {
            if maybe || guess.hello != Hello::Bidirectional {
                // R2334-2.1-21.
                all.insert(guess.clone());
            }
            if guess.hello != Hello::Bidirectional {
                return;
            }
            for rules in [AlignmentRules::resolved(), AlignmentRules::literal()] {
                for &event in events {
                    for mut situation in cafsm::situations(guess.alignment) {
                        situation.larger = larger.unwrap_or(situation.larger);
                        let cell = cafsm::react(&rules, guess.alignment, situation, event);
                        all.insert(after(guess, cell));
                    }
                }
            }
        });
    }

    fn may_be(&self, hello: Hello) -> bool {
        self.guesses.iter().any(|guess| guess.hello == hello)
    }

    fn open(&self) -> Sure {
        let open = |guess: &&Guess| {
            guess.hello == Hello::Bidirectional
                && matches!(guess.alignment, Alignment::Update | Alignment::Aligned)
        };
        match self.guesses.iter().filter(open).count() {
            0 => Sure::No,
            some if some == self.guesses.len() => Sure::Yes,
            _ => Sure::Maybe,
        }
    }
}

/// A guess after its Hello FSM moved (R2334-2.2-03, R2334-2.2-07).
fn moved(guess: &Guess, hello: Hello) -> Guess {
    let was = guess.hello == Hello::Bidirectional;
    let is = hello == Hello::Bidirectional;
    let mut next = Guess {
        hello,
        ..guess.clone()
    };
    if is && !was {
        (next.alignment, next.due) = (Alignment::Negotiation, vec![Due::Bid]);
    } else if was && !is {
        (next.alignment, next.due) = (Alignment::Down, Vec::new());
    }
    next
}

fn after(guess: &Guess, cell: cafsm::Cell) -> Guess {
    let mut next = Guess {
        alignment: cell.next,
        ..guess.clone()
    };
    for action in cell.actions.iter() {
        let due = match action {
            Action::SendBid => Due::Bid,
            Action::Repeat => Due::Repeat,
            Action::SendMore => Due::More,
            Action::SendLast => Due::Last,
            Action::SendEmpty => Due::Empty,
            Action::Abnormal => {
                (next.hello, next.alignment) = (Hello::Waiting, Alignment::Down);
                next.due.clear();
                return next;
            }
            _ => continue,
        };
        next.due.push(due);
    }
    next
}

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
                match message.kind {
                    1 => self.ca_sent(world, vc, message, event.at, sink),
                    5 => self.hello_sent(world, vc, message, event.at, sink),
                    _ => {}
                }
            }
            What::End => self.end(sink),
            _ => {}
        }
        for (vc, watch) in &self.watches {
            let link = world.links.entry(vc.clone()).or_default();
            let open = watch.open();
            if open == Sure::Yes && link.open != Sure::Yes {
                link.since = event.at;
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
            if let Some(interval) = interval
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
        if taken == Sure::No && message.kind == 5 {
            // D12: another server on the VC.
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
                // D04: zero counts as one.
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
                watch.alignment(&[AlignmentEvent::Ca(ca)], larger, maybe);
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

    fn hello_sent(&mut self, world: &World, vc: &str, message: &Scsp, at: u64, sink: &mut Sink) {
        let Some(watch) = self.watches.get_mut(vc) else {
            return sink.skip(HELLO);
        };
        for id in &message.receivers {
            // R2334-B.2.5-09, R2334-B.2.5-12; in a capture it may have been heard before.
            let known = world.capture || watch.ever.contains(id);
            sink.judge(HELLO, known, || Wrong {
                vc,
                code: "wrong-field:receiver_id",
                ids: &["R2334-B.2.5-09", "R2334-2.1-18"],
                wanted: "IDs of servers that were heard on this VC".to_owned(),
                got: id.clone(),
            });
        }
        match &watch.heard {
            Some((id, heard, dead)) if *heard < at => {
                let lists = message.receivers.iter().any(|one| one == id);
                let deadline = heard + dead;
                if at > deadline + world.grace {
                    sink.judge(HELLO, !lists, || Wrong {
                        vc,
                        code: "wrong-field:receiver_id",
                        ids: &["R2334-2.1-15", "R2334-B.2.5-12"],
                        wanted: format!("{id} left out: its dead time ended at {deadline} ms"),
                        got: "it is listed".to_owned(),
                    });
                } else if at < deadline && !watch.doubt && !watch.may_be(Hello::Waiting) {
                    // D02: one that lists nobody may be called stalled by some, so only Bidirectional is sure.
                    let sure = !watch.may_be(Hello::Unidirectional) || watch.listed.is_none();
                    sink.judge(HELLO, lists || !sure, || Wrong {
                        vc,
                        code: "wrong-field:receiver_id",
                        ids: &["R2334-2.1-11", "R2334-B.2.5-12"],
                        wanted: format!("{id}, heard at {heard} ms"),
                        got: format!("{:?}", message.receivers),
                    });
                }
            }
            _ => sink.skip(HELLO),
        }
        if let Some(config) = &world.config {
            let given = (message.interval_s * 1000, message.dead_factor);
            sink.judge(HELLO, given == (config.hello, config.dead_factor), || {
                Wrong {
                    vc,
                    code: "wrong-field:hello_interval",
                    ids: &["R2334-2.1-07", "R2334-2.1-12"],
                    wanted: format!("{} s, factor {}", config.hello / 1000, config.dead_factor),
                    got: format!("{} s, factor {}", message.interval_s, message.dead_factor),
                }
            });
        }
        watch.interval = Some(message.interval_s.max(1) * 1000);
        watch.hello = at;
    }

    fn ca_sent(&mut self, world: &World, vc: &str, message: &Scsp, at: u64, sink: &mut Sink) {
        let Some(watch) = self.watches.get_mut(vc) else {
            return sink.wrong(
                ALIGNMENT,
                "MUST",
                Wrong {
                    vc,
                    code: "extra-output",
                    ids: &["R2334-2.2-03"],
                    wanted: "no CA: no neighbour is on this VC".to_owned(),
                    got: "a CA".to_owned(),
                },
            );
        };
        let more = message.flags & 0x2000 != 0;
        let bid = message.flags & 0xe000 == 0xe000;
        let master = message.flags & 0x8000 != 0;
        let empty = message.records.is_empty();
        let again = watch
            .sent
            .as_ref()
            .is_some_and(|(last, ..)| *last == message.value);
        let due_time = world.config.as_ref().map(|config| config.ca);
        let on_time = match (&watch.sent, due_time) {
            (Some((_, sent, _)), Some(ca)) => (at >= sent + ca) && (at <= sent + ca + world.grace),
            _ => true,
        };
        let own = watch.sent.as_ref().map_or(0, |(.., number)| *number);
        let (received, any) = (watch.received, watch.sent.is_none() && world.capture);
        let numbered = |guess: &Guess| {
            let wanted = match guess.alignment {
                Alignment::Master => own.wrapping_add(1) & 0xffff_ffff,
                _ => received,
            };
            any || message.number == wanted || (guess.alignment == Alignment::Master && own == 0)
        };
        let fits = |due: Due, guess: &Guess| match due {
            Due::Bid => bid && empty && (message.number != own || watch.sent.is_none()),
            Due::Repeat => again,
            Due::More | Due::Last | Due::Empty => {
                let role = (guess.alignment == Alignment::Master) == master;
                let form = match due {
                    Due::More => more,
                    Due::Last => !more && !empty,
                    _ => !more && empty,
                };
                role && form && message.flags & 0x4000 == 0 && numbered(guess)
            }
        };
        let mut left = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        for guess in &watch.guesses {
            if let Some((first, rest)) = guess.due.split_first() {
                wanted.insert(first.words());
                if fits(*first, guess) {
                    let due = rest.to_vec();
                    left.insert(Guess {
                        due,
                        ..guess.clone()
                    });
                }
            }
            // The timer: once more what was said.
            let timed = matches!(guess.alignment, Alignment::Negotiation | Alignment::Master)
                || !guess.due.is_empty();
            if again && timed && on_time && guess.hello == Hello::Bidirectional {
                left.insert(guess.clone());
            }
            // N04: a slave's patience with its master ends.
            if guess.due.is_empty() && guess.alignment == Alignment::Slave && bid && empty {
                left.insert(Guess {
                    alignment: Alignment::Negotiation,
                    ..guess.clone()
                });
            }
        }
        let holds = !left.is_empty();
        let early = again && !on_time && wanted.is_empty();
        sink.judge(ALIGNMENT, holds, || Wrong {
            vc,
            code: match (early, wanted.is_empty()) {
                (true, _) => "early-output",
                (false, true) => "extra-output",
                (false, false) => "wrong-field:ca",
            },
            ids: &[
                "R2334-2.2-04",
                "R2334-2.2.1-05",
                "R2334-2.2.2-04",
                "R2334-2.2.2-12",
            ],
            wanted: if wanted.is_empty() {
                "no CA now".to_owned()
            } else {
                wanted.iter().copied().collect::<Vec<_>>().join(", or ")
            },
            got: format!(
                "CA {} with flags {:04x}, {} records",
                message.number,
                message.flags,
                message.records.len()
            ),
        });
        if holds {
            watch.guesses = left;
            watch.each(|guess, all| {
                all.insert(guess.clone());
            });
        } else {
            watch.anything();
        }
        watch.sent = Some((message.value.clone(), at, message.number));
    }

    /// What had to be said by now and was not.
    fn end(&mut self, sink: &mut Sink) {
        for (vc, watch) in &mut self.watches {
            let owed: BTreeSet<&str> = watch
                .guesses
                .iter()
                .filter_map(|guess| guess.due.first())
                .map(|due| due.words())
                .collect();
            if owed.is_empty() {
                continue;
            }
            watch.guesses.retain(|guess| guess.due.is_empty());
            let holds = !watch.guesses.is_empty();
            sink.judge(ALIGNMENT, holds, || Wrong {
                vc,
                code: "missing-output",
                ids: &[
                    "R2334-2.2-04",
                    "R2334-2.2.1-05",
                    "R2334-2.2.2-04",
                    "R2334-2.2.2-11",
                ],
                wanted: owed.iter().copied().collect::<Vec<_>>().join(", or "),
                got: "nothing more".to_owned(),
            });
            if !holds {
                watch.anything();
            }
        }
        for watch in self.watches.values_mut() {
            if watch.guesses.is_empty() {
                watch.anything();
            }
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
