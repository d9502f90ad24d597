//! The cache and the two update lists of the server under test (RFC 2334, 2.2.2.1, 2.2.3, 2.3), as its
//! one neighbour sees them.

use std::collections::{BTreeMap, BTreeSet};

use mars_model::alignment::cafsm::Event;

use super::input::{Body, Instance, Record};
use super::node::{Node, Reaction};
use super::output::{Csa, Output};
use super::peer::CSU_REPEATS;

/// Hop count of a CSA that answers a CSUS (RFC 2334, B.2.0.2).
const SOLICITED: u64 = 1;

/// A CSA that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Queued {
    /// Which.
    pub(super) instance: Instance,
    hops: u64,
    repeats: u32,
}

/// Records, requests, acknowledgements.
#[derive(Clone, Debug, Default)]
pub(super) struct Update {
    /// Numbers held of the neighbour's records.
    cache: BTreeMap<Record, i64>,
    /// Numbers of records that are acknowledged and not used (register C24).
    passed: BTreeMap<Record, i64>,
    /// The CSA Request List.
    pub(super) wanted: BTreeMap<Record, i64>,
    /// What the outstanding CSUS asks for.
    pub(super) asked: BTreeSet<Record>,
    /// The retransmit queue.
    pub(super) queue: BTreeMap<Record, Queued>,
    /// Summaries that acknowledge the records of the last CSU Request.
    taken: Vec<Instance>,
}

impl Update {
    /// How many records of others it has.
    pub(super) fn learned(&self) -> usize {
        self.cache.len()
    }

    /// The record of the neighbour that it learned last, as it holds it.
    pub(super) fn known(&self) -> Option<Instance> {
        let (record, number) = self.cache.last_key_value()?;
        Some(Instance {
            number: *number,
            ..Instance::of(*record)
        })
    }

    /// The alignment begins anew.
    pub(super) fn reset(&mut self) {
        self.wanted.clear();
        self.asked.clear();
        self.queue.clear();
    }

    fn held(&self, record: Record) -> Option<i64> {
        match record {
            Record::Own => Some(0),
            _ => self.cache.get(&record).copied(),
        }
    }

    /// Summaries of a CA: what is newer is wanted.
    pub(super) fn summarised(&mut self, news: &[Instance]) {
        for instance in news {
            if self
                .held(instance.record)
                .is_none_or(|held| held < instance.number)
            {
                self.wanted.insert(instance.record, instance.number);
            }
        }
    }

    /// A CSUS for what is wanted: the lists of these traces fit into one.
    pub(super) fn request(&mut self, reaction: &mut Reaction) {
        self.asked = self.wanted.keys().copied().collect();
        let asked = self.wanted.iter().map(|(record, number)| Instance {
            number: *number,
            ..Instance::of(*record)
        });
        reaction.outputs.push(Output::Csus(asked.collect()));
    }

    /// Acknowledges what was taken last.
    pub(super) fn reply(&mut self, reaction: &mut Reaction) {
        let taken = core::mem::take(&mut self.taken);
        if !taken.is_empty() {
            reaction.cite(&["R2334-2.3-06", "R2334-2.2.3-04", "R2334-B.2.3-02"]);
            reaction.outputs.push(Output::Reply(taken));
        }
    }

    /// Answers a CSUS.
    pub(super) fn answer(&mut self, asked: &[Instance], reaction: &mut Reaction) {
        let mut csas = Vec::new();
        for asked in asked {
            let instance = match self.held(asked.record) {
                Some(number) => Instance { number, ..*asked },
                None => {
                    reaction.cite(&["R2334-2.3-23", "R2334-2.3-24", "R2334-B.2.0.2-07"]);
                    asked.nothing()
                }
            };
            let queued = Queued {
                instance,
                hops: SOLICITED,
                repeats: 0,
            };
            self.queue.insert(asked.record, queued);
            csas.push(Csa {
                instance,
                hops: SOLICITED,
            });
        }
        if !csas.is_empty() {
            reaction.outputs.push(Output::Request(csas));
        }
    }

    /// A CSA has been repeated as often as it may be.
    pub(super) fn is_exhausted(&self) -> bool {
        self.queue
            .values()
            .any(|queued| queued.repeats >= CSU_REPEATS)
    }

    /// Sends all that is queued once more.
    pub(super) fn repeat_records(&mut self, reaction: &mut Reaction) {
        let mut csas = Vec::new();
        for queued in self.queue.values_mut() {
            queued.repeats += 1;
            csas.push(Csa {
                instance: queued.instance,
                hops: queued.hops,
            });
        }
        reaction.outputs.push(Output::Request(csas));
    }

    fn received(&mut self, record: Record, number: i64) {
        if self
            .wanted
            .get(&record)
            .is_some_and(|wanted| number >= *wanted)
        {
            self.wanted.remove(&record);
            self.asked.remove(&record);
        }
    }

    /// One CSA of a CSU Request; what acknowledges it.
    fn accept(&mut self, instance: Instance, reaction: &mut Reaction) -> Instance {
        let Instance {
            record,
            number,
            null,
        } = instance;
        if null {
            // Register C15: counts as received; N set where nothing was asked is no news.
            reaction.cite(&["R2334-2.3-23", "R2334-B.2.0.2-08"]);
            let asked = self.wanted.contains_key(&record);
            self.received(record, number);
            if asked && self.cache.get(&record).is_some_and(|held| *held < number) {
                self.cache.remove(&record);
            }
            return instance;
        }
        if self
            .queue
            .get(&record)
            .is_some_and(|queued| queued.instance.number == number)
        {
            reaction.cite(&["R2334-2.3-25", "R2334-2.3-26"]);
            self.queue.remove(&record);
        }
        let held = self.held(record);
        match held {
            Some(held) if number < held => {
                reaction.cite(&["R2334-2.3-22", "R2334-2.4-02"]);
                Instance {
                    number: held,
                    ..instance
                }
            }
            Some(held) if number == held => {
                reaction.cite(&["R2334-2.3-34"]);
                self.received(record, number);
                instance
            }
            _ => {
                reaction.cite(&["R2334-2.3-10", "R2334-2.3-11", "R2334-2.4-01"]);
                if matches!(record, Record::Odd(_)) {
                    // Register C24.
                    self.passed.insert(record, number);
                } else {
                    self.cache.insert(record, number);
                    if self
                        .queue
                        .get(&record)
                        .is_some_and(|queued| queued.instance.number < number)
                    {
                        reaction.cite(&["R2334-2.3-18"]);
                        self.queue.remove(&record);
                    }
                }
                self.received(record, number);
                instance
            }
        }
    }

    /// One summary of a CSU Reply; true where it makes the server ask.
    fn acknowledged(&mut self, instance: Instance, reaction: &mut Reaction) -> bool {
        let Instance { record, number, .. } = instance;
        let queued = self.queue.get(&record).map(|queued| queued.instance.number);
        match queued {
            Some(queued) if queued == number => {
                reaction.cite(&["R2334-2.3-15", "R2334-2.3-19"]);
                self.queue.remove(&record);
            }
            Some(queued) if number < queued => reaction.cite(&["R2334-2.3-20"]),
            Some(_) => {
                reaction.cite(&["R2334-2.3-21"]);
                self.queue.remove(&record);
                self.wanted.insert(record, number);
                return true;
            }
            None => reaction.cite(&["R2334-2.3-09"]),
        }
        false
    }
}

impl Node {
    /// A CSU or CSUS message: what its records mean, and then what the CAFSM does.
    pub(super) fn exchange(&mut self, body: &Body, news: &[Instance], reaction: &mut Reaction) {
        let open = self.place().is_open();
        let event = match body {
            Body::Request(_) => {
                let asks = !self.update.asked.is_empty();
                if open {
                    for instance in news {
                        let taken = self.update.accept(*instance, reaction);
                        self.update.taken.push(taken);
                    }
                }
                let completes = asks && self.update.asked.is_empty();
                if completes {
                    reaction.cite(&["R2334-2.2.3-08", "R2334-2.2.3-09"]);
                }
                Event::CsuRequest { completes }
            }
            Body::Reply(_) => {
                let mut newer = false;
                if open {
                    for instance in news {
                        newer |= self.update.acknowledged(*instance, reaction);
                    }
                }
                Event::CsuReply { newer }
            }
            Body::Csus(_) => {
                if open {
                    reaction.cite(&[
                        "R2334-2.2.2-22",
                        "R2334-2.2.3-03",
                        "R2334-2.2.4-02",
                        "R2334-2.3-02",
                        "R2334-2.3-12",
                        "R2334-B.2.0.2-04",
                    ]);
                }
                Event::Csus
            }
            Body::Hello(_) | Body::Ca(..) => return,
        };
        self.take(event, news, reaction);
    }
}
