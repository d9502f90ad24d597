//! Registrations, joins, leaves, services and withdrawals come back.

use std::collections::BTreeSet;

use super::super::event::{Event, What, control};
use super::super::finding::{Sink, Wrong};
use super::super::view::{Mars, View};
use super::super::world::World;

const NAME: &str = "copies";

/// The monitor.
#[derive(Default)]
pub(super) struct Replies {
    /// Messages of this exchange that have to come back.
    asked: Vec<(String, Mars)>,
    /// Everybody who ever registered, and so may hold a CMI.
    ever: BTreeSet<(String, String)>,
}

impl Replies {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In {
                vc,
                view: View::Mars(message),
            } if matches!(message.op, 3 | 4 | 5 | 7) && !message.copy() => {
                if self.answered(world, vc, message, event.at) {
                    self.asked.push((vc.clone(), (**message).clone()));
                }
                if message.register() {
                    let place = (message.pro.clone(), message.source.clone());
                    self.ever.insert(place);
                }
            }
            What::Out {
                vc,
                view: View::Mars(message),
            } if matches!(message.op, 2 | 6) => self.stranger(world, vc, message, sink),
            What::End => {
                for (vc, message) in std::mem::take(&mut self.asked) {
                    if world.down.contains(&vc) {
                        sink.skip(NAME);
                        continue;
                    }
                    let mut pending = world.book.pending.iter();
                    let back = pending.any(|(on, asked, back)| {
                        *on == vc && asked.value == message.value && *back
                    });
                    sink.judge(NAME, back, || Wrong {
                        vc: &vc,
                        code: "missing-output",
                        ids: &[
                            "R2022-6.1.2-01",
                            "R2022-6.1.2-05",
                            "R2022-6.1.2-12",
                            "R2022-6.1.2-13",
                        ],
                        wanted: format!("a copy of op {} of {}", message.op, message.source),
                        got: "none".to_owned(),
                    });
                    if back && message.register() {
                        leaf(world, &vc, &message, sink);
                    }
                }
            }
            _ => {}
        }
    }

    /// R2022-6.1.1-01, A09: one that nobody knows is no cluster member in any reading.
    fn stranger(&self, world: &World, vc: &str, message: &Mars, sink: &mut Sink) {
        let place = (message.pro.clone(), message.source.clone());
        let known = self.ever.contains(&place)
            || world.book.records.values().any(|known| {
                let body = known.body.as_ref();
                body.is_none_or(|body| body.atm == message.source)
            });
        sink.judge(NAME, known, || Wrong {
            vc,
            code: "extra-output",
            ids: &["R2022-6.1.1-01"],
            wanted: format!("silence: {} never registered", message.source),
            got: format!("op {} about {}", message.op, message.group),
        });
    }

    /// Whether every reading answers it.
    fn answered(&self, world: &World, vc: &str, message: &Mars, at: u64) -> bool {
        let Some(config) = &world.config else {
            return false;
        };
        let place = (message.pro.clone(), message.source.clone());
        let mcs = matches!(message.op, 3 | 7);
        let (ours, others) = if mcs {
            (&world.book.servers, &world.book.clients)
        } else {
            (&world.book.clients, &world.book.servers)
        };
        // F20: a node that is known as the other kind; elsewhere, too.
        let elsewhere = world.book.records.values().any(|known| {
            let body = known.body.as_ref();
            body.is_some_and(|body| body.atm == message.source && (body.state == 2) != mcs)
        });
        let plain = !message.extended
            && config.protocols.contains(&message.pro)
            && world.vcs.get(vc) == Some(&message.source)
            && matches!(message.source.len(), 40)
            && message.flags & 0x5f00 == 0
            && message.pairs.len() <= 1
            && !world.operated
            && !elsewhere
            && !others.contains_key(&place);
        if !plain {
            return false;
        }
        let ends = matches!(message.op, 5 | 7);
        let party = ours.get(&place);
        if message.register() {
            if ends {
                return party.is_some_and(|party| party.sure);
            }
            // B12: served before only if Aligned. E02: no refusal but silence when the range is used up.
            let serves = config.neighbors.is_empty() || at >= config.startup;
            let room = config.cmi.is_some_and(|(low, high)| {
                let size = usize::try_from(high.saturating_sub(low)).unwrap_or(0);
                low <= high && self.ever.len() < size
            });
            // E03: values that others hold are left out.
            let foreign = world.book.records.values().any(|known| {
                let body = known.body.as_ref();
                body.zip(config.cmi)
                    .is_some_and(|(body, (low, high))| (low..=high).contains(&body.cmi))
            });
            return serves && room && !foreign;
        }
        let class = match message.pro.as_str() {
            "0800" => ("e", 8),
            "86dd" => ("ff", 32),
            _ => return false,
        };
        let group = |text: &str| text.starts_with(class.0) && text.len() == class.1;
        party.is_some_and(|party| party.sure)
            && message
                .pairs
                .iter()
                .any(|(min, max)| group(min) && group(max) && min <= max && (!mcs || min == max))
    }
}

/// R2022-6.1.2-01, R2022-6.1.2-19, R2022-6.2.3-01, R2022-6.2.3-04: registered is who is a leaf.
fn leaf(world: &World, vc: &str, message: &Mars, sink: &mut Sink) {
    let kind = if matches!(message.op, 3 | 7) {
        "scvc"
    } else {
        "ccvc"
    };
    let ends = matches!(message.op, 5 | 7);
    let is = world.leaves.iter().any(|(group, (leaves, _))| {
        control(group) == Some(kind)
            && world.protocol(group) == message.pro
            && leaves.contains(&message.source)
    });
    sink.judge(NAME, is != ends, || Wrong {
        vc,
        code: "missing-output",
        ids: &[
            "R2022-6.1.2-01",
            "R2022-6.1.2-19",
            "R2022-6.2.3-01",
            "R2022-6.2.3-04",
        ],
        wanted: format!(
            "{} {} {kind}",
            message.source,
            if ends { "dropped from" } else { "a leaf of" }
        ),
        got: if ends { "it is a leaf" } else { "it is none" }.to_owned(),
    });
}
