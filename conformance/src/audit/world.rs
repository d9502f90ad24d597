//! What all monitors share: the configuration, VCs, links, memberships.

use std::collections::{BTreeMap, BTreeSet};

use super::book::Book;
use super::config::Config;
use super::event::{Event, What, control};
use super::view::{Atm, Mars, Scsp, View};

/// How sure something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    No,
    #[default]
    Maybe,
    Yes,
}

/// What is known of the adjacency on a VC.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    /// Whether CSU messages may cross: the alignment FSM in Update Cache or Aligned.
    pub(super) open: Sure,
    /// Since when that is for sure.
    pub(super) since: u64,
    /// Whether they may have come to be so in this exchange.
    pub(super) opened: bool,
    /// The neighbour's ID.
    pub(super) id: Option<String>,
    /// Keys that the server asked for on it.
    pub(super) asked: BTreeSet<(String, String)>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) config: Option<Config>,
    /// No `reset` but a capture: replies come later than what they answer.
    pub(super) capture: bool,
    /// Milliseconds by which something may be late.
    pub(super) grace: u64,
    pub(super) now: u64,
    pub(super) vcs: BTreeMap<String, Atm>,
    pub(super) down: BTreeSet<String>,
    pub(super) links: BTreeMap<String, Link>,
    /// Leaves of the control VCs, and since when there is one.
    pub(super) leaves: BTreeMap<String, (BTreeSet<Atm>, u64)>,
    /// An operator sends clients elsewhere, or did: what that leads to is not known.
    pub(super) operated: bool,
    pub(super) book: Book,
}

impl World {
    pub(super) fn hold(&self) -> u64 {
        let hold = self.config.as_ref().map(|config| config.hold);
        // Without a configuration nobody is ever known to be flushed.
        hold.map_or(u64::MAX / 4, |hold| hold + self.grace)
    }

    /// The protocol of a control VC.
    pub(super) fn protocol(&self, vc: &str) -> String {
        match vc.split_once(':') {
            Some((_, name)) => name.to_owned(),
            None => {
                let config = self.config.as_ref();
                let first = config.and_then(|config| config.protocols.first());
                first.cloned().unwrap_or_else(|| "0800".to_owned())
            }
        }
    }

    /// Whether an SCSP message that arrives is taken up.
    pub(super) fn takes(&self, vc: &str, message: &Scsp) -> Sure {
        let Some(config) = &self.config else {
            return Sure::Maybe;
        };
        let Some(link) = self.links.get(vc) else {
            return Sure::No;
        };
        if message.protocol != 3 || message.group != config.sgid || self.down.contains(vc) {
            return Sure::No;
        }
        let to = |id: &str| message.receivers.iter().any(|one| one == id);
        let all = message.kind == 2 && to("ffffffff");
        if message.kind != 5 && !all && !to(&config.id) {
            return Sure::No;
        }
        let peer = self.vcs.get(vc);
        let neighbor = config.neighbors.iter().find(|(_, atm)| Some(atm) == peer);
        let configured = neighbor.and_then(|(id, _)| id.clone());
        match (configured, &link.id) {
            (Some(id), _) if id != message.sender => return Sure::No,
            (None, Some(id)) if *id != message.sender => return Sure::Maybe,
            (None, None) if message.kind != 5 => return Sure::Maybe,
            _ => {}
        }
        let open = message.extended || message.refused > 0 || message.left_over;
        if open || config.auth || message.sender == config.id {
            return Sure::Maybe;
        }
        Sure::Yes
    }

    /// What the event changes, after the monitors have seen it.
    pub(super) fn apply(&mut self, event: &Event) {
        self.leaf(event);
        match &event.what {
            What::Other => self.operated = true,
            What::Reset { config } => {
                let (capture, grace) = (self.capture, self.grace);
                *self = Self {
                    config: config.as_ref().and_then(Config::of),
                    capture,
                    grace,
                    ..Self::default()
                };
            }
            What::VcUp { vc, peer } => {
                self.vcs.insert(vc.clone(), peer.clone());
            }
            What::VcDown { vc } | What::Hangup { vc } => {
                self.down.insert(vc.clone());
            }
            What::LeafGone { group, peer }
            | What::Leaf {
                add: false,
                group,
                peer,
            } => {
                if let Some(kind) = control(group) {
                    let pro = self.protocol(group);
                    self.book.gone(kind == "scvc", &pro, peer);
                }
            }
            What::In {
                vc,
                view: View::Mars(message),
            } if matches!(message.op, 3 | 4 | 5 | 7) && !message.copy() => {
                self.book
                    .pending
                    .push((vc.clone(), (**message).clone(), false));
            }
            What::In {
                vc,
                view: View::Scsp(message),
            } => self.record(vc, message, event.at),
            What::Out {
                vc,
                view: View::Mars(message),
            } => self.copied(vc, message),
            What::Out {
                vc,
                view: View::Scsp(message),
            } if message.kind == 4 => {
                let link = self.links.entry(vc.clone()).or_default();
                let keys = message.records.iter();
                link.asked
                    .extend(keys.map(|one| (one.origin.clone(), one.key.clone())));
            }
            What::End => {
                self.links.values_mut().for_each(|link| link.opened = false);
                self.book.passing.clear();
                for (_, message, confirmed) in std::mem::take(&mut self.book.pending) {
                    if confirmed {
                        self.book.confirmed(&message);
                    } else {
                        self.book.unconfirmed(&message);
                    }
                }
            }
            _ => {}
        }
    }

    fn leaf(&mut self, event: &Event) {
        match &event.what {
            What::Leaf {
                add: true,
                group,
                peer,
            } => {
                let (leaves, since) = self.leaves.entry(group.clone()).or_default();
                if leaves.is_empty() {
                    *since = event.at;
                }
                leaves.insert(peer.clone());
            }
            What::LeafGone { group, peer }
            | What::Leaf {
                add: false,
                group,
                peer,
            } => {
                if let Some((leaves, _)) = self.leaves.get_mut(group) {
                    leaves.remove(peer);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, vc: &str, message: &Scsp, at: u64) {
        let taken = self.takes(vc, message);
        let open = self.links.get(vc).map_or(Sure::No, |link| link.open);
        if message.kind != 2 || taken == Sure::No || open == Sure::No {
            return;
        }
        let own = self.config.as_ref().map(|config| config.id.clone());
        for record in &message.records {
            if Some(&record.origin) == own.as_ref() {
                continue;
            }
            if taken == Sure::Maybe || open == Sure::Maybe {
                self.book.fuzzy = true;
            }
            let key = (record.origin.clone(), record.key.clone());
            let asked = self
                .links
                .get(vc)
                .is_some_and(|link| link.asked.contains(&key));
            let hold = self.hold();
            self.book.learn(vc, record, asked, at, hold);
        }
    }

    /// A copy confirms what it is of.
    fn copied(&mut self, vc: &str, message: &Mars) {
        if !message.copy() || !matches!(message.op, 3 | 4 | 5 | 7) {
            return;
        }
        let private = control(vc).is_none();
        for (on, asked, confirmed) in &mut self.book.pending {
            let same = asked.source == message.source
                && asked.op == message.op
                && asked.pro == message.pro;
            let same = same && asked.register() == message.register();
            if same && (!private || on == vc) && (!message.register() || private) {
                *confirmed = true;
            }
        }
        if message.register() && message.op == 4 && private {
            let place = (message.pro.clone(), message.source.clone());
            self.book.clients.entry(place).or_default().cmi = message.cmi;
        }
    }
}
