//! Demands: what a conforming server must have done in a recording, each only where it is certain whatever reading of the
//! register it takes. What may have been answered, given up or replaced meanwhile is not demanded.

mod beats;
mod flood;
mod maps;
mod repeat;
mod replies;
mod spread;

use super::event::{Event, What};
use super::finding::Sink;
use super::view::{Body, Mars};
use super::world::{Sure, World};

pub(super) use {
    beats::NAME as BEATS, flood::NAME as FLOODING, maps::NAME as MAPS, repeat::NAME as REPEATS,
    spread::NAME as SPREAD,
};

/// All of them.
#[derive(Default)]
pub(super) struct Demands {
    flood: flood::Flood,
    repeat: repeat::Repeat,
    beats: beats::Beats,
    maps: maps::Maps,
    replies: replies::Replies,
    spread: spread::Spread,
}

impl Demands {
    /// Sees an event before the world takes it in.
    pub(super) fn see(&mut self, world: &World, event: &Event, sink: &mut Sink) {
        if world.config.is_none() && !matches!(event.what, What::Reset { .. }) {
            // Intervals and neighbours are not known.
            return;
        }
        self.flood.see(world, event, sink);
        self.repeat.see(world, event, sink);
        self.beats.see(world, event, sink);
        self.maps.see(world, event, sink);
        self.replies.see(world, event, sink);
        self.spread.see(world, event, sink);
    }
}

/// VCs on which CSU messages cross for sure, with the neighbour's ID.
fn open(world: &World) -> impl Iterator<Item = (&String, Option<&String>)> {
    let links = world.links.iter();
    links
        .filter(|(vc, link)| link.open == Sure::Yes && !world.down.contains(*vc))
        .map(|(vc, link)| (vc, link.id.as_ref()))
}

/// By when what is due every `interval` must have come: half an interval late is not late.
const fn late(since: u64, interval: u64, world: &World) -> u64 {
    since
        .saturating_add(interval)
        .saturating_add(interval / 2)
        .saturating_add(world.grace)
}

/// What a message of an own client or MCS changes for sure, if it is confirmed: the record that has to tell of it.
#[derive(Clone, Debug, PartialEq)]
struct Change {
    pro: String,
    atm: String,
    state: u64,
    register: bool,
    range: Option<(String, String)>,
}

impl Change {
    /// E08: against what this client has joined in its present registration here.
    fn of(world: &World, message: &Mars) -> Option<Self> {
        if message.copy() || !matches!(message.op, 3 | 4 | 5 | 7) {
            return None;
        }
        let place = (message.pro.clone(), message.source.clone());
        let mcs = matches!(message.op, 3 | 7);
        let ends = matches!(message.op, 5 | 7);
        let (ours, others) = if mcs {
            (&world.book.servers, &world.book.clients)
        } else {
            (&world.book.clients, &world.book.servers)
        };
        if others.contains_key(&place) {
            return None;
        }
        let party = ours.get(&place);
        let range = message.pairs.first().cloned();
        let register = message.register();
        let certain = if register {
            match party {
                None => !ends,
                Some(party) => ends && party.sure,
            }
        } else {
            let party = party.filter(|party| party.sure)?;
            let (min, max) = range.as_ref()?;
            let same = party.ranges.iter();
            let mut same = same.filter(|one| one.min == *min && one.max == *max);
            match same.next() {
                None => !ends,
                Some(one) => ends && one.sure,
            }
        };
        let state = match (mcs, ends) {
            (true, false) => 2,
            (false, false) => 3,
            (false, true) => 4,
            (true, true) => 5,
        };
        certain.then(|| Self {
            pro: message.pro.clone(),
            atm: message.source.clone(),
            state,
            register,
            range: range.filter(|_| !register),
        })
    }

    /// A member or MCS dropped off its control VC.
    fn gone(world: &World, mcs: bool, pro: &str, atm: &str) -> Option<Self> {
        let place = (pro.to_owned(), atm.to_owned());
        let parties = if mcs {
            &world.book.servers
        } else {
            &world.book.clients
        };
        let known = parties.get(&place)?;
        known.sure.then(|| Self {
            pro: pro.to_owned(),
            atm: atm.to_owned(),
            state: if mcs { 5 } else { 4 },
            register: true,
            range: None,
        })
    }

    fn told_by(&self, body: &Body) -> bool {
        body.state == self.state
            && body.register == self.register
            && body.pro == self.pro
            && body.atm == self.atm
            && (self.register || body.range == self.range)
    }

    fn words(&self) -> String {
        let what = match (self.state, self.register) {
            (2, true) => "registration of MCS",
            (3, true) => "registration of client",
            (4, true) => "deregistration of client",
            (5, true) => "deregistration of MCS",
            (2, false) => "service of MCS",
            (3, false) => "join of client",
            (4, false) => "leave of client",
            _ => "withdrawal of MCS",
        };
        let range = self.range.as_ref();
        let range = range.map_or(String::new(), |(min, max)| format!(", <{min},{max}>"));
        format!("{what} {}{range}", self.atm)
    }
}
