//! A change goes to every other neighbour whose alignment allows it.

use std::collections::BTreeSet;

use super::super::event::{Event, What, control};
use super::super::finding::{Sink, Wrong};
use super::super::view::{Body, Mars, Record, Scsp, View};
use super::super::world::{Sure, World};
use super::{Change, open};

pub(in super::super) const NAME: &str = "flooding";

/// A record that has to go out on a VC.
struct Owed {
    from: String,
    vc: String,
    origin: String,
    key: String,
    number: i64,
}

/// The monitor.
#[derive(Default)]
pub(super) struct Flood {
    owed: Vec<Owed>,
    /// What was acknowledged in this exchange.
    acknowledged: BTreeSet<(String, String, String)>,
    /// What own clients changed in it.
    changes: Vec<(Option<Mars>, Change)>,
    /// Own records sent in it.
    own: Vec<(String, Body)>,
}

impl Flood {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In { vc, view } => match view {
                View::Scsp(message) => self.arrives(world, vc, message),
                View::Mars(message) => {
                    if let Some(change) = Change::of(world, message) {
                        self.changes.push((Some((**message).clone()), change));
                    }
                }
                _ => {}
            },
            What::LeafGone { group, peer } => {
                let mcs = control(group) == Some("scvc");
                if let Some(change) = Change::gone(world, mcs, &world.protocol(group), peer) {
                    self.changes.push((None, change));
                }
            }
            What::Out {
                vc,
                view: View::Scsp(message),
            } => self.sent(world, vc, message, sink),
            What::End => self.end(world, sink),
            _ => {}
        }
    }

    fn arrives(&mut self, world: &World, vc: &str, message: &Scsp) {
        let at = |record: &Record| (record.origin.clone(), record.key.clone());
        for record in &message.records {
            // Heard from there: R2334-2.3-25.
            self.owed.retain(|owed| {
                owed.vc != vc || (owed.origin.clone(), owed.key.clone()) != at(record)
            });
        }
        let link = world.links.get(vc);
        let aligned = link.is_some_and(|link| link.open == Sure::Yes);
        if message.kind != 2 || !aligned || world.takes(vc, message) != Sure::Yes {
            return;
        }
        let Some(config) = &world.config else { return };
        for record in &message.records {
            // C13: what was asked for may bear 1, and is passed on in one reading only.
            let asked = link.is_some_and(|link| link.asked.contains(&at(record)));
            if record.null || record.hops < 2 || asked || record.origin == config.id {
                continue;
            }
            // C24: what is discarded is not flooded.
            let usable = record.body.as_ref().is_some_and(|body| {
                (1..=5).contains(&body.state) && config.protocols.contains(&body.pro)
            });
            let known = world.book.records.get(&at(record));
            let wraps = i64::from(i32::MAX);
            let newer =
                known.is_none_or(|known| record.number > known.number && known.number != wraps);
            if !usable || !newer || record.number == i64::from(i32::MIN) {
                continue;
            }
            for (other, id) in open(world) {
                if other == vc || id == Some(&record.origin) {
                    continue;
                }
                self.owed.retain(|owed| {
                    owed.vc != *other || (owed.origin.clone(), owed.key.clone()) != at(record)
                });
                self.owed.push(Owed {
                    from: vc.to_owned(),
                    vc: other.clone(),
                    origin: record.origin.clone(),
                    key: record.key.clone(),
                    number: record.number,
                });
            }
        }
    }

    fn sent(&mut self, world: &World, vc: &str, message: &Scsp, sink: &mut Sink) {
        let own = world.config.as_ref().map(|config| config.id.as_str());
        for record in &message.records {
            match message.kind {
                2 => {
                    let before = self.owed.len();
                    self.owed.retain(|owed| {
                        owed.vc != vc
                            || owed.origin != record.origin
                            || owed.key != record.key
                            || record.number < owed.number
                    });
                    (self.owed.len()..before).for_each(|_| sink.check(NAME));
                    if let Some(body) = record.body.clone().filter(|_| own == Some(&*record.origin))
                    {
                        self.own.push((vc.to_owned(), body));
                    }
                }
                3 => {
                    let one = (vc.to_owned(), record.origin.clone(), record.key.clone());
                    self.acknowledged.insert(one);
                }
                _ => {}
            }
        }
    }

    fn end(&mut self, world: &World, sink: &mut Sink) {
        let open: Vec<&String> = open(world).map(|(vc, _)| vc).collect();
        let acknowledged = std::mem::take(&mut self.acknowledged);
        for owed in std::mem::take(&mut self.owed) {
            let Owed {
                from,
                vc,
                origin,
                key,
                number,
            } = owed;
            // R2334-2.3-07: what is put off is not acknowledged.
            let taken = acknowledged.contains(&(from, origin.clone(), key.clone()));
            if !taken || !open.contains(&&vc) {
                sink.skip(NAME);
                continue;
            }
            sink.judge(NAME, false, || Wrong {
                vc: &vc,
                code: "missing-output",
                ids: &["R2334-2.3-03", "R2334-2.3-11"],
                wanted: format!(
                    "{origin}/{key} number {number}, which is news, on this VC as well"
                ),
                got: "nothing of it".to_owned(),
            });
        }
        let own = std::mem::take(&mut self.own);
        for (message, change) in std::mem::take(&mut self.changes) {
            let confirmed = message.is_none_or(|message| {
                let pending = world.book.pending.iter();
                let mut same = pending.filter(|(_, asked, _)| asked.value == message.value);
                same.any(|(.., confirmed)| *confirmed)
            });
            if !confirmed || world.operated {
                sink.skip(NAME);
                continue;
            }
            for vc in &open {
                let told = own
                    .iter()
                    .any(|(on, body)| on == *vc && change.told_by(body));
                sink.judge(NAME, told, || Wrong {
                    vc,
                    code: "missing-output",
                    ids: &["R2334-2.3-04", "R2443-2-08", "R2443-2-09"],
                    wanted: format!("a record of the {}", change.words()),
                    got: "none".to_owned(),
                });
            }
        }
    }
}
