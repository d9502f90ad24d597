//! `MARS_REDIRECT_MAP`: that it comes, and whom it lists.

use std::collections::BTreeMap;

use super::super::event::{Event, What, control};
use super::super::finding::{Sink, Wrong};
use super::super::view::{Atm, Mars, View};
use super::super::world::World;
use super::late;

pub(in super::super) const NAME: &str = "maps";

/// The monitor.
#[derive(Default)]
pub(super) struct Maps {
    /// When the last map went out on a control VC, or its first leaf came.
    last: BTreeMap<String, u64>,
    /// The parts so far.
    parts: BTreeMap<String, Vec<Atm>>,
}

impl Maps {
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        match &event.what {
            What::Reset { .. } => *self = Self::default(),
            What::Out {
                vc,
                view: View::Mars(message),
            } if message.op == 12 => {
                self.last.insert(vc.clone(), event.at);
                let list = self.parts.entry(vc.clone()).or_default();
                list.extend(message.targets.iter().cloned());
                if message.part & 0x8000 != 0 {
                    let list = std::mem::take(list);
                    contents(world, vc, message, &list, sink);
                }
            }
            _ => {}
        }
        let Some(config) = &world.config else { return };
        for (vc, since) in &world.leaves {
            if control(vc) != Some("ccvc") || world.operated {
                continue;
            }
            let last = self.last.entry(vc.clone()).or_default();
            let from = (*last).max(since.1);
            let due = late(from, config.map, world);
            if since.0.is_empty() || event.at <= due {
                continue;
            }
            *last = event.at;
            sink.judge(NAME, false, || Wrong {
                vc,
                code: "late-output",
                ids: &["R2022-6.1.3-01", "R2022-5.4.3-05"],
                wanted: format!("a MARS_REDIRECT_MAP by {} ms", from + config.map),
                got: format!("none by {due} ms"),
            });
        }
    }
}

/// Servers that are known to be alive, in the order of their IDs; no others than those that may be.
fn contents(world: &World, vc: &str, message: &Mars, list: &[Atm], sink: &mut Sink) {
    let Some(config) = &world.config else {
        return sink.skip(NAME);
    };
    let (now, hold) = (world.now, world.hold());
    let mut must: Vec<(&String, &Atm)> = Vec::new();
    let mut may: Vec<&Atm> = vec![&config.atm];
    may.extend(&config.backups);
    let entries = world
        .book
        .records
        .iter()
        .filter_map(|((origin, _), known)| {
            let body = known.body.as_ref()?;
            (body.state == 1).then_some((origin, body))
        });
    let mut of: BTreeMap<&String, Vec<&Atm>> = BTreeMap::new();
    for (origin, body) in entries {
        // H12, E23: by protocol, or all of a server's together.
        if body.pro == message.pro || config.protocols.len() > 1 {
            of.entry(origin).or_default().push(&body.atm);
        }
    }
    for (origin, places) in of {
        let beats = world.book.beats.iter();
        let of = beats.filter(|((_, other), _)| other == origin);
        let newest = of.map(|(_, beat)| beat).max_by_key(|beat| beat.at);
        let Some(beat) = newest else { continue };
        if beat.at + hold < now {
            continue;
        }
        may.extend(&places);
        // A10: the newest entry replaces an older address; which is not known here.
        if let ([place], true) = (places.as_slice(), now < beat.at + hold)
            && config.protocols.len() == 1
            && beat.at < now
        {
            must.push((origin, place));
        }
    }
    if world.book.fuzzy || world.operated {
        return sink.skip(NAME);
    }
    for (_, place) in &must {
        // R2443-5.1-06.
        sink.judge(NAME, list.contains(place), || Wrong {
            vc,
            code: "wrong-field:targets",
            ids: &["R2443-5.1-06"],
            wanted: format!("{place} listed: its Redirect Entry is not timed out"),
            got: format!("{list:?}"),
        });
    }
    for place in list {
        // R2443-5.1-07.
        sink.judge(NAME, may.contains(&place), || Wrong {
            vc,
            code: "wrong-field:targets",
            ids: &["R2443-5.1-07", "R2443-5.1-06"],
            wanted: format!("only servers that are alive, and configured ones: {may:?}"),
            got: place.clone(),
        });
    }
    let once = list.iter().enumerate();
    let once = once
        .into_iter()
        .all(|(at, one)| !list.iter().take(at).any(|other| other == one));
    sink.judge(NAME, once, || Wrong {
        vc,
        code: "wrong-field:targets",
        ids: &["R2443-5.1-08"],
        wanted: "each address once".to_owned(),
        got: format!("{list:?}"),
    });
    // A01, A02: apart from the own address, ascending by ID in every reading. The subjects are sorted so already.
    let places = must.iter().filter(|(_, place)| **place != config.atm);
    let order: Vec<Option<usize>> = places
        .map(|(_, place)| list.iter().position(|one| one == *place))
        .collect();
    sink.judge(NAME, order.is_sorted() || order.contains(&None), || Wrong {
        vc,
        code: "wrong-order",
        ids: &["R2443-2-20"],
        wanted: format!("in the order of their IDs: {must:?}"),
        got: format!("{list:?}"),
    });
    // R2022-6.1.3-02: a list is never empty. Whether the own address is in it is a reading (A01).
    let own = !list.is_empty();
    sink.judge(NAME, own, || Wrong {
        vc,
        code: "wrong-field:targets",
        ids: &["R2022-6.1.3-02"],
        wanted: "an address".to_owned(),
        got: format!("{list:?}"),
    });
}
