//! What a change says on the control VCs: JOIN and LEAVE for the cluster, SJOIN and SLEAVE for MCSs, MIGRATE.

use super::super::event::{Event, What, control};
use super::super::finding::{Sink, Wrong};
use super::super::ranges::Groups;
use super::super::view::{Mars, Record, View};
use super::super::world::{Sure, World};
use super::Change;

pub(in super::super) const NAME: &str = "spread";

/// Something that has to be said, if the message is confirmed or the record counts.
struct Owed {
    /// The message of an own client, or the record.
    message: Option<Mars>,
    record: Option<(String, String)>,
    kind: &'static str,
    op: u64,
    pro: String,
    source: String,
    needed: Groups,
}

/// The monitor.
#[derive(Default)]
pub(super) struct Spread {
    owed: Vec<Owed>,
    /// What went out on control VCs in this exchange.
    said: Vec<(String, Mars)>,
}

impl Spread {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In { vc, view } => match view {
                View::Mars(message) => self.own(world, message),
                View::Scsp(message) if message.kind == 2 => {
                    let link = world.links.get(vc);
                    let taken = link.is_some_and(|link| link.open == Sure::Yes)
                        && world.takes(vc, message) == Sure::Yes;
                    // What other records of the message do is not followed here.
                    if let ([record], true) = (message.records.as_slice(), taken) {
                        self.learned(world, record);
                    }
                }
                _ => {}
            },
            What::Out {
                vc,
                view: View::Mars(message),
            } if control(vc).is_some() => self.said.push((vc.clone(), (**message).clone())),
            What::End => self.end(world, sink),
            _ => {}
        }
    }

    /// A message of an own client or MCS.
    fn own(&mut self, world: &World, message: &Mars) {
        let change = Change::of(world, message);
        let Some(change) = change.filter(|change| !change.register) else {
            return;
        };
        let Some((min, max)) = &change.range else {
            return;
        };
        let range = Groups::of([(min.as_str(), max.as_str())]);
        let owed = |kind, op, needed| Owed {
            message: Some(message.clone()),
            record: None,
            kind,
            op,
            pro: change.pro.clone(),
            source: change.atm.clone(),
            needed,
        };
        let (pro, now, hold) = (&message.pro, world.now, world.hold());
        let (must, may) = world.book.served(pro, now, hold);
        match change.state {
            3 => {
                let joined = world.book.joined(pro, &message.source, now, hold);
                let needed = range.minus(&may).minus(&joined);
                self.owed.push(owed("ccvc", 4, needed));
                // R2022-6.2.4-03, of a group that an own MCS serves.
                let own = world.book.serves(pro);
                if min == max && range.minus(&must).is_empty() {
                    let needed = range.minus(&range.minus(&own)).minus(&joined);
                    self.owed.push(owed("scvc", 8, needed));
                }
            }
            4 => {
                let still =
                    world
                        .book
                        .otherwise(pro, &message.source, (min.as_str(), max.as_str()));
                let needed = range.minus(&may).minus(&still);
                self.owed.push(owed("ccvc", 5, needed));
                let own = world.book.serves(pro);
                if min == max && range.minus(&must).is_empty() {
                    let needed = range.minus(&range.minus(&own)).minus(&still);
                    self.owed.push(owed("scvc", 9, needed));
                }
            }
            // R2022-6.2.2-11.
            5 => self.owed.push(owed("ccvc", 5, range)),
            // R2022-6.2.2-06: the first MCS of a group that has members.
            2 if may.minus(&may.minus(&range)).is_empty() => {
                let members = world.book.members(pro, min, false, now, hold);
                if !members.must.is_empty() {
                    self.owed.push(owed("ccvc", 13, range));
                }
            }
            _ => {}
        }
    }

    /// A record of another server, the only one of its message.
    fn learned(&mut self, world: &World, record: &Record) {
        let key = (record.origin.clone(), record.key.clone());
        let known = world.book.records.get(&key);
        let newer = known.is_none_or(|known| record.number > known.number);
        let own = world
            .config
            .as_ref()
            .is_some_and(|config| config.id == record.origin);
        let Some(body) = record
            .body
            .as_ref()
            .filter(|_| newer && !own && !record.null)
        else {
            return;
        };
        let (Some((min, max)), false) = (&body.range, body.register) else {
            return;
        };
        let range = Groups::of([(min.as_str(), max.as_str())]);
        let (pro, now, hold) = (&body.pro, world.now, world.hold());
        let (_, may) = world.book.served(pro, now, hold);
        let owed = |op, needed| Owed {
            message: None,
            record: Some(key.clone()),
            kind: "ccvc",
            op,
            pro: pro.clone(),
            source: body.atm.clone(),
            needed,
        };
        match body.state {
            3 => {
                let joined = world.book.joined(pro, &body.atm, now, hold);
                self.owed.push(owed(4, range.minus(&may).minus(&joined)));
            }
            2 if may.minus(&may.minus(&range)).is_empty() && min == max => {
                let members = world.book.members(pro, min, false, now, hold);
                if !members.must.is_empty() {
                    self.owed.push(owed(13, range));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, world: &World, sink: &mut Sink) {
        let said = std::mem::take(&mut self.said);
        for owed in std::mem::take(&mut self.owed) {
            let confirmed = match (&owed.message, &owed.record) {
                (Some(message), _) => {
                    let mut pending = world.book.pending.iter();
                    pending.any(|(_, asked, back)| asked.value == message.value && *back)
                }
                (None, Some(key)) => world.book.counts(key, world.now, world.hold()),
                (None, None) => false,
            };
            // F16, E11: somebody has to be there to hear it.
            let heard = world.leaves.iter().any(|(vc, (leaves, _))| {
                control(vc) == Some(owed.kind)
                    && world.protocol(vc) == owed.pro
                    && leaves.iter().any(|leaf| *leaf != owed.source)
            });
            if !confirmed || !heard || world.book.fuzzy || world.operated || owed.needed.is_empty()
            {
                sink.skip(NAME);
                continue;
            }
            let told = said.iter().filter(|(vc, message)| {
                control(vc) == Some(owed.kind) && message.op == owed.op && message.pro == owed.pro
            });
            let told: Vec<(&str, &str)> = told
                .filter(|(_, message)| owed.op == 13 || message.source == owed.source)
                .flat_map(|(_, message)| {
                    let group =
                        (owed.op == 13).then_some((message.group.as_str(), message.group.as_str()));
                    let pairs = message
                        .pairs
                        .iter()
                        .map(|(min, max)| (min.as_str(), max.as_str()));
                    group.into_iter().chain(pairs)
                })
                .collect();
            let left = owed.needed.minus(&Groups::of(told));
            let vc = owed.kind;
            sink.judge(NAME, left.is_empty(), || Wrong {
                vc,
                code: "missing-output",
                ids: match (owed.op, owed.record.is_some()) {
                    (4 | 5, false) => &["R2022-6.1.2-13", "R2022-6.1.2-15", "R2022-6.1.2-17"],
                    (4 | 5, true) => &["R2443-5.3-16", "R2443-2-10"],
                    (13, false) => &["R2022-6.2.2-06"],
                    (13, true) => &["R2443-5.2-12"],
                    _ => &["R2022-6.2.4-03"],
                },
                wanted: format!("op {} for {} of {}", owed.op, left.text(), owed.source),
                got: "nothing of it".to_owned(),
            });
        }
    }
}
