//! MARS: form, sequence numbers of the control VCs, copies, Cluster Member IDs, and answers to queries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::event::{Event, What, control};
use super::finding::{Sink, Wrong};
use super::lines::is_bad;
use super::links::may_begin_anew;
use super::ranges::Groups;
use super::view::{Atm, Mars, View};
use super::world::World;

/// The monitor of what goes to clients and MCSs.
#[derive(Default)]
pub(super) struct Messages {
    /// The last number on each control VC.
    last: BTreeMap<String, u64>,
    /// Requests of this exchange: VC, message.
    asked: Vec<(String, Mars)>,
    /// Parts of the answer that is under way.
    parts: BTreeMap<String, (u64, Vec<Atm>)>,
}

impl Messages {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::In {
                vc,
                view: View::Mars(message),
            } if message.op == 1 => {
                self.asked.push((vc.clone(), (**message).clone()));
            }
            What::Out { vc, view } => {
                form(vc, view, sink);
                if matches!(view, View::Scsp(message) if may_begin_anew(world, message)) {
                    self.last.clear();
                    self.parts.clear();
                }
                if let View::Mars(message) = view {
                    self.numbers(vc, message, sink);
                    copies(world, vc, message, sink);
                    self.answers(world, vc, message, sink);
                }
            }
            What::End => {
                for (vc, message) in std::mem::take(&mut self.asked) {
                    let place = (message.pro.clone(), message.source.clone());
                    let client = world.book.clients.get(&place);
                    // A REQUEST of a registered client is answered; a TLV or an address of no group may forbid it.
                    let octets = if message.pro == "86dd" { 32 } else { 8 };
                    if world.capture
                        || client.is_none_or(|party| !party.sure)
                        || message.extended
                        || message.group.len() != octets
                        || world.down.contains(&vc)
                    {
                        sink.skip("answers");
                        continue;
                    }
                    sink.wrong(
                        "answers",
                        "MUST",
                        Wrong {
                            vc: &vc,
                            code: "missing-output",
                            ids: &["R2022-6.1.1-02"],
                            wanted: format!("a MULTI or NAK for {}", message.group),
                            got: "nothing".to_owned(),
                        },
                    );
                }
            }
            _ => {}
        }
    }

    /// R2022-6.1.4-01, R2022-6.2.5-01: one more with each message.
    fn numbers(&mut self, vc: &str, message: &Mars, sink: &mut Sink) {
        let (Some(_), Some(msn)) = (control(vc), message.msn) else {
            return;
        };
        if let Some(last) = self.last.insert(vc.to_owned(), msn) {
            let wanted = (last + 1) & 0xffff_ffff;
            sink.judge("numbers", msn == wanted, || Wrong {
                vc,
                code: "wrong-field:msn",
                ids: &["R2022-5.1.4.2-02", "R2022-6.1.4-01", "R2022-6.2.5-01"],
                wanted: wanted.to_string(),
                got: msn.to_string(),
            });
        } else {
            sink.skip("numbers");
        }
    }

    fn answers(&mut self, world: &World, vc: &str, message: &Mars, sink: &mut Sink) {
        if !matches!(message.op, 2 | 6) {
            return;
        }
        let place = self.asked.iter().position(|(on, asked)| {
            on == vc && asked.source == message.source && asked.group == message.group
        });
        let Some(place) = place else {
            if world.capture {
                // It may have been asked before the capture began.
                return sink.skip("answers");
            }
            return sink.wrong(
                "answers",
                "MUST",
                Wrong {
                    vc,
                    code: "extra-output",
                    ids: &["R2022-5.1.2-09"],
                    wanted: "no answer: nobody asked".to_owned(),
                    got: format!("an answer about {} for {}", message.group, message.source),
                },
            );
        };
        let mut all = Vec::new();
        if message.op == 2 {
            let (part, before) = self.parts.remove(vc).unwrap_or_default();
            sink.judge("answers", message.part & 0x7fff == part + 1, || Wrong {
                vc,
                code: "wrong-field:seqxy",
                ids: &["R2022-5.1.1-03"],
                wanted: format!("part {}", part + 1),
                got: (message.part & 0x7fff).to_string(),
            });
            all = before;
            all.extend(message.targets.iter().cloned());
            if message.part & 0x8000 == 0 {
                self.parts.insert(vc.to_owned(), (part + 1, all));
                return;
            }
        }
        self.asked.remove(place);
        let set: BTreeSet<Atm> = all.iter().cloned().collect();
        sink.judge("answers", set.len() == all.len(), || Wrong {
            vc,
            code: "wrong-field:targets",
            ids: &["R2022-5.1.2-11"],
            wanted: "each member once".to_owned(),
            got: format!("{all:?}"),
        });
        let (now, hold) = (world.now, world.hold());
        let (pro, group) = (&message.pro, &message.group);
        let mcs = world.book.members(pro, group, true, now, hold);
        let client = world
            .book
            .clients
            .contains_key(&(pro.clone(), message.source.clone()));
        let server = world
            .book
            .servers
            .contains_key(&(pro.clone(), message.source.clone()));
        let wanted = match (server, mcs.may.is_empty(), mcs.must.is_empty()) {
            (false, true, _) => world.book.members(pro, group, false, now, hold),
            (false, _, false) => mcs,
            _ => return sink.skip("answers"),
        };
        if world.config.is_none() || !client || world.book.fuzzy {
            return sink.skip("answers");
        }
        // R2022-6.1.1-02, R2022-6.2.1-02.
        let holds = wanted.must.is_subset(&set) && set.is_subset(&wanted.may);
        sink.judge("answers", holds, || Wrong {
            vc,
            code: "wrong-field:targets",
            ids: &["R2443-1-01", "R2022-6.1.1-02", "R2022-6.2.1-02"],
            wanted: format!("at least {:?}, at most {:?}", wanted.must, wanted.may),
            got: format!("{set:?}"),
        });
    }
}

/// Well formed, and nothing set that is reserved.
fn form(vc: &str, view: &View, sink: &mut Sink) {
    const NAME: &str = "frames";
    sink.judge(NAME, !is_bad(view), || Wrong {
        vc,
        code: "malformed-frame",
        ids: &["R2022-4.3-01", "R2334-B.1-01"],
        wanted: "a message of RFC 2022 or RFC 2334".to_owned(),
        got: match view {
            View::Bad(why) => why.clone(),
            _ => "layer 3 data".to_owned(),
        },
    });
    let zero = |value: &Value, key: &str, mask: u64| match value.get(key) {
        Some(Value::String(text)) => text.bytes().all(|digit| digit == b'0'),
        Some(value) => value.as_u64().unwrap_or(0) & mask == 0,
        None => true,
    };
    let (value, fields): (&Value, &[(&str, &str, u64)]) = match view {
        View::Mars(message) => (
            &message.value,
            &[
                ("hdrrsv", "noncanonical:hdrrsv", 0),
                ("flags", "noncanonical:flags", 0x0f00),
            ],
        ),
        View::Scsp(message) => (
            &message.value,
            &[
                ("unused", "noncanonical:unused", 0xffff),
                ("hello_unused", "noncanonical:hello_unused", 0xffff),
                (
                    "flags",
                    "noncanonical:flags",
                    if message.kind == 1 { 0x1fff } else { 0xffff },
                ),
            ],
        ),
        _ => return,
    };
    // F10: copies and NAKs are returned as they came.
    let returned = matches!(view, View::Mars(message) if !matches!(message.op, 2 | 12 | 13));
    for (key, code, mask) in fields {
        if returned && *key == "hdrrsv" {
            sink.skip(NAME);
            continue;
        }
        sink.judge(NAME, zero(value, key, *mask), || Wrong {
            vc,
            code,
            ids: &["R2022-5.2.1-03", "R2334-B.2.0.1-01"],
            wanted: "reserved bits zero".to_owned(),
            got: value.get(*key).map(ToString::to_string).unwrap_or_default(),
        });
    }
}

/// JOIN, LEAVE, MSERV and UNSERV on their way back.
fn copies(world: &World, vc: &str, message: &Mars, sink: &mut Sink) {
    if !matches!(message.op, 3..=5 | 7..=9) {
        return;
    }
    // R2022-6.1.2-08.
    sink.judge("copies", message.copy(), || Wrong {
        vc,
        code: "wrong-field:flags",
        ids: &["R2022-5.2.1-07", "R2022-6.1.2-08"],
        wanted: "copy set".to_owned(),
        got: format!("{:04x}", message.flags),
    });
    let private = control(vc).is_none();
    // R2022-6.1.2-17: several pairs are what holes leave; R2022-6.1.2-09: no message has them that is returned.
    let several = message.pairs.len() > 1 && matches!(message.op, 4 | 5);
    if several && (private || message.op == 4) {
        sink.judge("copies", !private && message.punched(), || Wrong {
            vc,
            code: "wrong-field:flags",
            ids: &["R2022-6.1.2-09", "R2022-6.1.2-17"],
            wanted: "several pairs on a control VC only, with punched set".to_owned(),
            got: format!("{} pairs, flags {:04x}", message.pairs.len(), message.flags),
        });
    }
    if !private {
        // R2022-6.1.2-04.
        sink.judge(
            "copies",
            !message.register() || control(vc) == Some("scvc"),
            || Wrong {
                vc,
                code: "extra-output",
                ids: &["R2022-6.1.2-04"],
                wanted: "no copy of a registration here".to_owned(),
                got: "one".to_owned(),
            },
        );
        if control(vc) == Some("ccvc") && message.op == 4 {
            holes(world, vc, message, sink);
        }
        return;
    }
    sink.judge("copies", !message.punched(), || Wrong {
        vc,
        code: "wrong-field:flags",
        ids: &["R2022-6.1.2-16"],
        wanted: "punched clear in a private copy".to_owned(),
        got: format!("{:04x}", message.flags),
    });
    let asked = world.book.pending.iter().any(|(on, asked, _)| {
        on == vc
            && asked.op == message.op
            && asked.source == message.source
            && asked.register() == message.register()
            && asked.pairs.first() == message.pairs.first()
            && asked.flags & 0xff == message.flags & 0xff
            && asked.spa == message.spa
    });
    if world.capture && !asked {
        return sink.skip("copies");
    }
    sink.judge("copies", asked, || Wrong {
        vc,
        code: "extra-output",
        ids: &["R2022-6.1.2-12", "R2022-5.2.1-04"],
        wanted: "copies of what came on this VC".to_owned(),
        got: format!(
            "op {} of {}, flags {:04x}",
            message.op, message.source, message.flags
        ),
    });
    if message.op != 4 || !message.register() {
        return;
    }
    let Some((low, high)) = world.config.as_ref().and_then(|config| config.cmi) else {
        return sink.skip("registration");
    };
    // R2443-2-06.
    sink.judge("registration", (low..=high).contains(&message.cmi), || {
        Wrong {
            vc,
            code: "wrong-field:cmi",
            ids: &["R2443-2-06", "R2022-5.2.3-03"],
            wanted: format!("{low} to {high}"),
            got: message.cmi.to_string(),
        }
    });
    let clients = world
        .book
        .clients
        .iter()
        .filter(|((pro, _), _)| *pro == message.pro);
    for ((_, atm), party) in clients {
        let same = *atm == message.source;
        // R2443-2-05: unique; R2022-6.1.2-02: steady.
        sink.judge("registration", same == (party.cmi == message.cmi), || {
            Wrong {
                vc,
                code: "wrong-field:cmi",
                ids: &["R2443-2-05", "R2022-6.1.2-02"],
                wanted: if same {
                    party.cmi.to_string()
                } else {
                    format!("not {}", party.cmi)
                },
                got: message.cmi.to_string(),
            }
        });
    }
}

/// R2022-6.2.4-07: no JOIN on `ClusterControlVC` names a group that an MCS serves, or one that its source never joined.
fn holes(world: &World, vc: &str, message: &Mars, sink: &mut Sink) {
    let mine = message
        .pairs
        .iter()
        .map(|(min, max)| (min.as_str(), max.as_str()));
    let told = Groups::of(mine);
    let (pro, now, hold) = (&message.pro, world.now, world.hold());
    let (served, _) = world.book.served(pro, now, hold);
    let mcs = world
        .book
        .servers
        .contains_key(&(pro.clone(), message.source.clone()))
        || world.book.records.values().any(|known| {
            let body = known.body.as_ref();
            body.is_some_and(|body| body.state == 2 && body.atm == message.source)
        });
    if mcs || world.book.fuzzy || world.config.is_none() {
        return sink.skip("copies");
    }
    let wrong = told.minus(&told.minus(&served));
    sink.judge("copies", wrong.is_empty(), || Wrong {
        vc,
        code: "wrong-field:pairs",
        ids: &["R2022-6.2.4-07", "R2443-5.3-16"],
        wanted: "holes where an MCS serves".to_owned(),
        got: format!("{} in {}", wrong.text(), told.text()),
    });
    let asked = world
        .book
        .pending
        .iter()
        .filter(|(_, asked, _)| asked.source == message.source && asked.op == 4);
    let asked = asked.flat_map(|(_, asked, _)| {
        asked
            .pairs
            .iter()
            .map(|(min, max)| (min.as_str(), max.as_str()))
    });
    let may = Groups::of(asked).union(&world.book.joined(pro, &message.source, now, hold));
    let rest = told.minus(&may);
    sink.judge("copies", rest.is_empty(), || Wrong {
        vc,
        code: "extra-output",
        ids: &["R2022-6.1.2-14", "R2443-5.3-16"],
        wanted: format!("at most {}", may.text()),
        got: told.text(),
    });
}
