//! Cache state update: what is acknowledged, what is passed on, hop counts and sequence numbers.

use std::collections::BTreeMap;

use super::event::{Event, What};
use super::finding::{Sink, Wrong};
use super::links::Links;
use super::view::{Body, Record, Scsp, View};
use super::world::{Sure, World};

const NAME: &str = "updates";

/// The monitor of CSU messages.
#[derive(Default)]
pub(super) struct Updates {
    /// Records that came in this exchange and await an acknowledgement: VC, key, origin, number.
    owed: Vec<(String, String, String, i64, bool)>,
    /// What was sent under the own ID: number and content by key.
    own: BTreeMap<String, (i64, Option<Body>)>,
    /// How often a record went out on a VC with the same number, and the largest hop count that it had.
    sent: BTreeMap<(String, String, String), (i64, u64, u64)>,
}

impl Updates {
    pub(super) fn see(
        &mut self,
        world: &mut World,
        links: &mut Links,
        event: &Event,
        sink: &mut Sink,
    ) {
        if let What::In { vc, .. } | What::Out { vc, .. } = &event.what
            && world
                .links
                .get(vc)
                .is_some_and(|link| link.open == Sure::No)
        {
            // R2334-2.2-08, C18: the queue goes with the alignment.
            self.sent.retain(|(on, ..), _| on != vc);
        }
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In {
                vc,
                view: View::Scsp(message),
            } if message.kind == 2 => {
                let sure = world.takes(vc, message) == Sure::Yes
                    && world
                        .links
                        .get(vc)
                        .is_some_and(|link| link.open == Sure::Yes);
                for record in &message.records {
                    let (key, origin) = (record.key.clone(), record.origin.clone());
                    let sure = sure && !record.null;
                    self.owed
                        .push((vc.clone(), key, origin, record.number, sure));
                }
            }
            What::Out {
                vc,
                view: View::Scsp(message),
            } => match message.kind {
                3 => self.acknowledged(world, vc, message, sink),
                2 => {
                    for record in &message.records {
                        self.record(world, links, vc, record, sink);
                    }
                    let open = world.links.get(vc).map_or(Sure::Maybe, |link| link.open);
                    sink.judge(NAME, open != Sure::No, || Wrong {
                        vc,
                        code: "extra-output",
                        ids: &["R2334-2.3-01"],
                        wanted: "no CSU Request before the caches align".to_owned(),
                        got: format!("one of {} records", message.records.len()),
                    });
                }
                _ => {}
            },
            What::End => {
                for (vc, key, origin, number, sure) in std::mem::take(&mut self.owed) {
                    if !sure || world.down.contains(&vc) {
                        sink.skip(NAME);
                        continue;
                    }
                    // R2334-2.3-06, R2334-2.3-11; C24 for what is not used.
                    sink.wrong(
                        NAME,
                        "MUST",
                        Wrong {
                            vc: &vc,
                            code: "missing-output",
                            ids: &["R2334-2.3-06", "R2334-2.3-11"],
                            wanted: format!("an acknowledgement of {origin}/{key} number {number}"),
                            got: "none".to_owned(),
                        },
                    );
                }
            }
            _ => {}
        }
    }

    fn acknowledged(&mut self, world: &World, vc: &str, message: &Scsp, sink: &mut Sink) {
        for one in &message.records {
            let place = self
                .owed
                .iter()
                .position(|owed| owed.0 == vc && owed.1 == one.key && owed.2 == one.origin);
            let Some(place) = place else {
                if world.capture {
                    // It may have come before the capture began.
                    sink.skip(NAME);
                    continue;
                }
                sink.wrong(
                    NAME,
                    "MUST",
                    Wrong {
                        vc,
                        code: "extra-output",
                        ids: &["R2334-B.2.3-02"],
                        wanted: "summaries of what came".to_owned(),
                        got: format!("{}/{}", one.origin, one.key),
                    },
                );
                continue;
            };
            let owed = self.owed.remove(place);
            // R2334-2.3-22, R2334-2.3-19: the same number, or the larger one that is cached.
            let reserved = i64::from(i32::MIN);
            sink.judge(NAME, one.number >= owed.3 || owed.3 == reserved, || Wrong {
                vc,
                code: "wrong-field:csa_sequence_number",
                ids: &["R2334-2.3-19", "R2334-2.3-22"],
                wanted: format!("{} or more", owed.3),
                got: one.number.to_string(),
            });
        }
    }

    fn record(
        &mut self,
        world: &mut World,
        links: &mut Links,
        vc: &str,
        record: &Record,
        sink: &mut Sink,
    ) {
        if record.null {
            return sink.skip(NAME);
        }
        let place = (vc.to_owned(), record.origin.clone(), record.key.clone());
        let times = self.sent.entry(place).or_insert((record.number, 0, 0));
        if times.0 != record.number {
            *times = (record.number, 0, 0);
        }
        let again = times.1 > 0;
        // R2334-2.3-16: repeated as it was sent.
        let repeated = again && record.hops == times.2;
        (times.1, times.2) = (times.1 + 1, times.2.max(record.hops));
        if again && world.capture {
            // How often it may be repeated is not known.
            links.exhausted(vc);
        }
        let Some(config) = &world.config else {
            return sink.skip(NAME);
        };
        if times.1 > config.csu_max {
            links.exhausted(vc);
        }
        if record.origin == config.id {
            let full = record.hops == config.hops || record.hops == 1;
            let wanted = config.hops;
            sink.judge(NAME, full, || Wrong {
                vc,
                code: "wrong-field:hop_count",
                ids: &["R2334-B.2.0.2-03", "R2334-B.2.0.2-04"],
                wanted: format!("{wanted}, or 1 if it was asked for"),
                got: record.hops.to_string(),
            });
            if let Some((number, body)) = self.own.get(&record.key) {
                // R2334-B.2.0.2-09: another content has a larger number, and no number comes back with another.
                let holds = record.number > *number
                    || (record.number == *number && record.body == *body)
                    || (record.number < *number && again)
                    || *number == i64::from(i32::MAX);
                sink.judge(NAME, holds, || Wrong {
                    vc,
                    code: "wrong-field:csa_sequence_number",
                    ids: &["R2334-B.2.0.2-09"],
                    wanted: format!("more than {number}, or the same record again"),
                    got: record.number.to_string(),
                });
                if record.number < *number {
                    return;
                }
            }
            self.own
                .insert(record.key.clone(), (record.number, record.body.clone()));
            return;
        }
        let key = (record.origin.clone(), record.key.clone());
        let Some(known) = world.book.records.get(&key) else {
            // It may have come while nothing was certain.
            return sink.skip(NAME);
        };
        if known.number != record.number {
            return sink.skip(NAME);
        }
        let hops = if known.hops == 0 { 1 } else { known.hops };
        // C13, B02: asked for here is passed on anew; asked for there has 1.
        let fresh = known.asked && record.hops == config.hops;
        let back = world
            .book
            .beats
            .iter()
            .any(|((_, origin), beat)| *origin == record.origin && beat.returned);
        // N10: what changed since a bid was answered follows the answer, and no cache keeps hop counts.
        let entering =
            record.hops == config.hops && world.links.get(vc).is_none_or(|link| link.opened);
        let fits =
            record.hops + 1 == hops || record.hops == 1 || fresh || back || entering || repeated;
        sink.judge(NAME, fits, || Wrong {
            vc,
            code: "wrong-field:hop_count",
            ids: &["R2334-B.2.0.2-01"],
            wanted: format!("{}, or 1 if it was asked for", hops - 1),
            got: record.hops.to_string(),
        });
        // R2334-2.3-03: only what the neighbour asks for goes back to it, with hop count 1 (C13).
        let only = known.from.len() == 1 && known.from.contains(vc);
        sink.judge(NAME, !only || record.hops == 1 || back || repeated, || {
            Wrong {
                vc,
                code: "extra-output",
                ids: &["R2334-2.3-03"],
                wanted: "nothing back to where it came from".to_owned(),
                got: format!("{}/{} number {}", record.origin, record.key, record.number),
            }
        });
        sink.judge(NAME, known.body == record.body, || Wrong {
            vc,
            code: "wrong-field:mars",
            ids: &["R2334-B.2.0.2-10"],
            wanted: "the record as it came".to_owned(),
            got: format!("{:?}", record.body.as_ref().map(|body| &body.value)),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::book::Beat;
    use super::super::config::Config;
    use super::super::world::Link;
    use super::*;

    // R2334-2.3-16, B02: what went on anew when its server returned is repeated so, though that is over.
    #[test]
    fn a_record_is_repeated_with_the_hop_count_that_it_was_sent_with() {
        let config = json!({"server_id": "0a000003", "hop_count": 255});
        let link = Link {
            open: Sure::Yes,
            ..Link::default()
        };
        let links = ["a", "b", "c"].map(|vc| (vc.to_owned(), link.clone()));
        let mut world = World {
            config: Config::of(&config),
            links: links.into(),
            ..World::default()
        };
        let record = Record {
            hops: 1,
            key: "00000007".to_owned(),
            origin: "0a000001".to_owned(),
            number: 1,
            null: false,
            body: None,
        };
        world.book.learn("a", &record, false, 0, 45_000);
        let beat = |returned| Beat { at: 0, returned };
        let place = ("0800".to_owned(), record.origin.clone());
        world.book.beats.insert(place.clone(), beat(true));
        let anew = Record {
            hops: 255,
            ..record
        };
        let (mut updates, mut sink) = (Updates::default(), Sink::default());
        let mut send = |world: &mut World, vc: &str| {
            let before = sink.findings.len();
            updates.record(world, &mut Links::default(), vc, &anew, &mut sink);
            sink.findings.len() - before
        };
        assert_eq!(send(&mut world, "b"), 0);
        world.book.beats.insert(place, beat(false));
        assert_eq!(send(&mut world, "b"), 0);
        assert_eq!(send(&mut world, "c"), 1);
        // N10: where a link opens, though it is not certain that it does; not where it is merely uncertain.
        for (vc, opened) in [("d", true), ("e", false)] {
            let open = Sure::Maybe;
            let link = Link {
                open,
                opened,
                ..Link::default()
            };
            world.links.insert(vc.to_owned(), link);
            assert_eq!(send(&mut world, vc), usize::from(!opened));
        }
    }
}
