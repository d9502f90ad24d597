//! What is known of a neighbour: the set of states that a conforming server can be in towards it.

use std::collections::BTreeSet;

use mars_model::alignment::Rules as AlignmentRules;
use mars_model::alignment::cafsm::{self, Event as AlignmentEvent, State as Alignment};
use mars_model::alignment::rules::Answer;
use mars_model::hello::Rules as HelloRules;
use mars_model::hello::hfsm::{self, Event as HelloEvent, State as Hello};
use serde_json::Value;

use super::super::world::Sure;
use super::guess::{Due, Guess, after, moved};

/// What is known of a neighbour.
pub(super) struct Watch {
    pub(super) guesses: BTreeSet<Guess>,
    /// The last CA sent, and when.
    pub(super) sent: Option<(Value, u64, u64)>,
    /// The number of the last CA received.
    pub(super) received: u64,
    /// The last Hello received: its sender, when, and its dead time.
    pub(super) heard: Option<(String, u64, u64)>,
    /// The last one that listed this server.
    pub(super) listed: Option<u64>,
    pub(super) ever: BTreeSet<String>,
    /// The last Hello sent, or when the VC came up.
    pub(super) hello: u64,
    pub(super) interval: Option<u64>,
    /// Something arrived that may have been an abnormal event.
    pub(super) doubt: bool,
}

impl Watch {
    pub(super) fn new(now: u64, up: bool) -> Self {
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
    pub(super) fn anything(&mut self) {
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
    pub(super) fn each(&mut self, mut next: impl FnMut(&Guess, &mut BTreeSet<Guess>)) {
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
    pub(super) fn hello(&mut self, event: HelloEvent, maybe: bool) {
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
    pub(super) fn alignment(
        &mut self,
        events: &[AlignmentEvent],
        larger: Option<bool>,
        maybe: bool,
    ) {
        self.each(|guess, all| {
            if maybe || guess.hello != Hello::Bidirectional {
                // R2334-2.1-21.
                all.insert(guess.clone());
            }
            if guess.hello != Hello::Bidirectional {
                return;
            }
            // C18 with C20: what leads back to negotiation may be taken for an answer there.
            let any_answer = AlignmentRules {
                answer: Answer::Any,
                ..AlignmentRules::resolved()
            };
            for rules in [
                AlignmentRules::resolved(),
                AlignmentRules::literal(),
                any_answer,
            ] {
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

    /// What the server is if it may be a slave, and has to bid instead.
    pub(super) fn slaves_that_bid(&self) -> Vec<Guess> {
        let slaves = self.guesses.iter().filter(|guess| {
            guess.hello == Hello::Bidirectional && guess.alignment == Alignment::Slave
        });
        let bids = slaves.map(|guess| Guess {
            alignment: Alignment::Negotiation,
            due: guess.due.iter().copied().chain([Due::Bid]).collect(),
            ..guess.clone()
        });
        bids.collect()
    }

    pub(super) fn may_be(&self, hello: Hello) -> bool {
        self.guesses.iter().any(|guess| guess.hello == hello)
    }

    pub(super) fn open(&self) -> Sure {
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
