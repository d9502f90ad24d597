//! What a CA that the server sends says, and whether it is the one that has to come.

use std::collections::BTreeSet;

use mars_model::alignment::cafsm::State as Alignment;
use mars_model::hello::hfsm::State as Hello;

use super::super::finding::{Sink, Wrong};
use super::super::view::Scsp;
use super::super::world::World;
use super::guess::{Due, Guess};
use super::{ALIGNMENT, Links};

impl Links {
    pub(super) fn ca_sent(
        &mut self,
        world: &World,
        vc: &str,
        message: &Scsp,
        at: u64,
        sink: &mut Sink,
    ) {
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
    pub(super) fn end(&mut self, sink: &mut Sink) {
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
}
