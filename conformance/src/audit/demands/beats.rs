//! A server's own Redirect Entry is renewed.

use std::collections::BTreeMap;

use super::super::event::{Event, What};
use super::super::finding::{Sink, Wrong};
use super::super::view::View;
use super::super::world::World;
use super::{late, open};

pub(in super::super) const NAME: &str = "beats";

/// The monitor.
#[derive(Default)]
pub(super) struct Beats {
    /// The last number of each key on each VC, and when it was new there.
    last: BTreeMap<String, (BTreeMap<String, i64>, u64)>,
}

impl Beats {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        let Some(config) = &world.config else {
            return;
        };
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::Out {
                vc,
                view: View::Scsp(message),
            } if message.kind == 2 => {
                let records = message.records.iter();
                let own = records.filter(|record| {
                    let entry = record.body.as_ref().is_some_and(|body| body.state == 1);
                    entry && record.origin == config.id
                });
                for record in own {
                    let (numbers, at) = self.last.entry(vc.clone()).or_default();
                    let before = numbers.insert(record.key.clone(), record.number);
                    if before != Some(record.number) {
                        *at = event.at;
                        sink.check(NAME);
                    }
                }
            }
            _ => {}
        }
        if world.operated {
            return;
        }
        for (vc, _) in open(world) {
            let (_, last) = self.last.entry(vc.clone()).or_default();
            let since = world.links.get(vc).map_or(0, |link| link.since);
            // C09: nothing need be originated before the start-up time is over.
            let from = (*last).max(since).max(config.startup);
            let due = late(from, config.redirect, world);
            if event.at <= due {
                continue;
            }
            *last = event.at;
            sink.judge(NAME, false, || Wrong {
                vc,
                code: "late-output",
                ids: &["R2443-2-16", "R2443-5.1-05"],
                wanted: format!("a new Redirect Entry by {} ms", from + config.redirect),
                got: format!("none by {due} ms"),
            });
        }
    }
}
