//! What is not answered is said again: CSU Requests and CSUS.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::{Event, What};
use super::super::finding::{Sink, Wrong};
use super::super::view::{Scsp, View};
use super::super::world::World;
use super::{late, open};

pub(in super::super) const NAME: &str = "repeats";

/// A record under way.
struct Sent {
    number: i64,
    at: u64,
    times: u64,
    atm: String,
    state: u64,
}

/// The monitor.
#[derive(Default)]
pub(super) struct Repeat {
    /// By VC, originator and key.
    records: BTreeMap<Place, Sent>,
    /// By VC: what was asked for and did not come, and since when.
    asked: BTreeMap<String, (BTreeSet<(String, String)>, u64)>,
    /// What was waited for and came at this instant. A timer may have run out at the same one, before it: what is said
    /// again then is not waited for.
    just: (u64, BTreeSet<Place>),
}

/// VC, originator and key.
type Place = (String, String, String);

impl Repeat {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        self.time(world, event.at, sink);
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In {
                vc,
                view: View::Scsp(message),
            } => self.arrives(vc, message, event.at),
            What::Out {
                vc,
                view: View::Scsp(message),
            } => self.sent(world, vc, message, event.at, sink),
            // It may be given up with what it is about.
            What::LeafGone { peer, .. } => self.records.retain(|_, sent| sent.atm != *peer),
            What::Other => *self = Self::default(),
            _ => {}
        }
    }

    fn arrives(&mut self, vc: &str, message: &Scsp, at: u64) {
        if self.just.0 != at {
            self.just = (at, BTreeSet::new());
        }
        for record in &message.records {
            let place = (vc.to_owned(), record.origin.clone(), record.key.clone());
            // R2334-2.3-19, R2334-2.3-21, R2334-2.3-25: whatever it says of it, it knows of it, or it asks for it.
            let waited = self.records.remove(&place).map(|sent| sent.number);
            if waited == Some(record.number) && matches!(message.kind, 2 | 3) {
                self.just.1.insert(place);
            }
            if message.kind != 2 {
                continue;
            }
            // R2334-2.3-18: another instance takes its place, from wherever it comes.
            self.records
                .retain(|(_, origin, key), _| *origin != record.origin || *key != record.key);
            let one = (record.origin.clone(), record.key.clone());
            for (on, (keys, since)) in &mut self.asked {
                keys.remove(&one);
                if on == vc {
                    *since = at;
                }
            }
            if let Some(body) = record.body.as_ref().filter(|body| body.state > 3) {
                self.ended(&body.atm);
            }
        }
    }

    /// Whether it was waited for and came at this very instant.
    fn came(&self, place: &Place, at: u64) -> bool {
        self.just.0 == at && self.just.1.contains(place)
    }

    /// Records of this endpoint may be ended, and are not waited for.
    fn ended(&mut self, atm: &str) {
        self.records
            .retain(|_, sent| sent.atm != atm || sent.state > 3);
        self.asked.clear();
    }

    fn sent(&mut self, world: &World, vc: &str, message: &Scsp, at: u64, sink: &mut Sink) {
        match message.kind {
            2 => {
                for record in &message.records {
                    let place = (vc.to_owned(), record.origin.clone(), record.key.clone());
                    let ends = record.body.as_ref().filter(|body| body.state > 3);
                    if let Some(body) = ends {
                        self.ended(&body.atm);
                    }
                    if record.null || self.came(&place, at) {
                        continue;
                    }
                    let Some(body) = &record.body else { continue };
                    let sent = self.records.entry(place).or_insert(Sent {
                        number: record.number,
                        at,
                        times: 0,
                        atm: body.atm.clone(),
                        state: body.state,
                    });
                    if sent.number != record.number {
                        (sent.number, sent.times) = (record.number, 0);
                    } else if sent.times > 0 {
                        sink.check(NAME);
                    }
                    (sent.at, sent.state) = (at, body.state);
                    sent.times += 1;
                }
            }
            4 => {
                let own = world.config.as_ref().map(|config| config.id.as_str());
                let (keys, since) = self.asked.entry(vc.to_owned()).or_default();
                let records = message.records.iter();
                // C08: what it finds of its own it settles by itself.
                let records = records.filter(|record| own != Some(&*record.origin));
                keys.extend(records.map(|record| (record.origin.clone(), record.key.clone())));
                *since = at;
            }
            _ => {}
        }
    }

    fn time(&mut self, world: &World, at: u64, sink: &mut Sink) {
        let Some(config) = &world.config else { return };
        let open: BTreeSet<&String> = open(world).map(|(vc, _)| vc).collect();
        let hold = world.hold();
        let flushed = |origin: &str| {
            let beats = world.book.beats.iter();
            let mut of = beats.filter(|((_, other), _)| other == origin);
            of.any(|(_, beat)| beat.returned || beat.at + hold <= at)
        };
        self.records
            .retain(|(vc, origin, _), _| open.contains(vc) && !flushed(origin));
        self.asked.retain(|vc, (keys, _)| {
            keys.retain(|(origin, _)| !flushed(origin));
            open.contains(vc) && !keys.is_empty()
        });
        for ((vc, origin, key), sent) in &mut self.records {
            // R2334-2.3-17: after these it gives up.
            let due = late(sent.at, config.csu, world);
            if sent.times > config.csu_max || at <= due {
                continue;
            }
            sink.wrong(
                NAME,
                "MUST",
                Wrong {
                    vc,
                    code: "late-output",
                    ids: &["R2334-2.3-12", "R2334-2.3-16"],
                    wanted: format!(
                        "{origin}/{key} number {} again at {} ms",
                        sent.number,
                        sent.at + config.csu
                    ),
                    got: format!("nothing by {due} ms"),
                },
            );
            sent.at = at;
        }
        for (vc, (keys, since)) in &mut self.asked {
            let due = late(*since, config.csus, world);
            if at <= due {
                continue;
            }
            sink.wrong(
                NAME,
                "MUST",
                Wrong {
                    vc,
                    code: "late-output",
                    ids: &["R2334-2.2.3-06", "R2334-2.2.3-07"],
                    wanted: format!("the CSUS again at {} ms", *since + config.csus),
                    got: format!("nothing by {due} ms; {} records are missing", keys.len()),
                },
            );
            *since = at;
        }
    }
}
