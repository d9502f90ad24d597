//! The frames of a capture to and from one server, as events.
//!
//! The captures that this project writes say in a comment whose frames they are: `s1 to s2`, `server to ccvc`. In others
//! SCSP messages are told apart by their IDs, and of MARS messages only those whose way is beyond doubt.

use std::collections::BTreeSet;

use super::event::What;
use super::finding::Passed;
use super::lines::Auditor;
use super::pcapng::Packet;
use super::view::{View, read};
use crate::frames;

/// What became of the frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The server, as the capture calls it.
    pub server: String,
    /// Frames to and from it.
    pub judged: usize,
    /// Frames between others.
    pub others: usize,
    /// Frames of which some octets were not captured, or that were lost on their way to the server.
    pub cut: usize,
    /// Frames that say nothing of where they come from and go to.
    pub unknown: usize,
}

/// Where a frame came from and went to.
struct Ends {
    from: String,
    to: String,
    lost: bool,
}

fn ends(packet: &Packet<'_>) -> Option<Ends> {
    let mut comments = packet.comments.iter();
    comments.find_map(|comment| {
        let (from, to) = comment.split_once(" to ")?;
        let (to, lost) = match to.split_once(',') {
            Some((to, rest)) => (to, rest.trim() == "lost"),
            None => (to, false),
        };
        Some(Ends {
            from: from.trim().to_owned(),
            to: to.trim().to_owned(),
            lost,
        })
    })
}

/// The ATM address that a frame's sender gives as its own.
fn own_address(view: &View) -> Option<&str> {
    match view {
        View::Scsp(message) if message.kind == 2 => {
            let mut records = message.records.iter();
            records.find_map(|record| {
                let body = record.body.as_ref()?;
                let own = body.state == 1 && record.origin == message.sender;
                own.then_some(body.atm.as_str())
            })
        }
        View::Mars(message) if matches!(message.op, 12 | 13) => Some(&message.source),
        _ => None,
    }
}

/// The ends of a frame that no comment names, from what it says.
fn said(view: &View, id: &str, ids: &BTreeSet<String>) -> Option<Ends> {
    let ends = |from: &str, to: &str| {
        Some(Ends {
            from: from.to_owned(),
            to: to.to_owned(),
            lost: false,
        })
    };
    match view {
        View::Scsp(message) => {
            // A Hello that lists nobody has one possible receiver if there are two servers.
            let mut others = ids.iter().filter(|other| **other != message.sender);
            let only = others.next().filter(|_| others.next().is_none());
            let to = message.receivers.iter().find(|one| *one == id);
            let to = to.or_else(|| message.receivers.first()).or(only)?;
            ends(&message.sender, to)
        }
        View::Mars(message) => match message.op {
            1 => ends(&message.source, id),
            2 | 6 => ends(id, &message.source),
            _ => None,
        },
        _ => None,
    }
}

impl Auditor {
    /// Judges the frames to and from a server: its name in the capture's comments, its ATM address, or its SCSP ID. What
    /// does not come within `grace` milliseconds after what demands it is late.
    ///
    /// # Errors
    /// The capture says nothing of that server; what may be given instead.
    pub fn packets(
        &mut self,
        packets: &[Packet<'_>],
        server: &str,
        grace: u64,
    ) -> Result<Tally, String> {
        let views: Vec<View> = packets.iter().map(|packet| read(packet.octets)).collect();
        let known: Vec<Option<Ends>> = packets.iter().map(ends).collect();
        let names: BTreeSet<String> = known
            .iter()
            .flatten()
            .flat_map(|one| [one.from.clone(), one.to.clone()])
            .collect();
        let ids: BTreeSet<String> = views
            .iter()
            .filter_map(|view| match view {
                View::Scsp(message) => Some(message.sender.clone()),
                _ => None,
            })
            .collect();
        let address = server.to_lowercase();
        let claims = views.iter().zip(&known).filter_map(|(view, ends)| {
            (own_address(view) == Some(&address)).then_some(())?;
            match (ends, view) {
                (Some(ends), _) => Some(ends.from.clone()),
                (None, View::Scsp(message)) => Some(message.sender.clone()),
                _ => None,
            }
        });
        let claims: BTreeSet<String> = claims.collect();
        if claims.len() > 1 {
            let claims: Vec<String> = claims.into_iter().collect();
            return Err(format!(
                "several senders say that {server} is their ATM address; give one of {}",
                claims.join(", ")
            ));
        }
        let by_address = claims.into_iter().next();
        let name = if names.contains(server) {
            Some(server.to_owned())
        } else if names.is_empty() && ids.contains(&address) {
            Some(address)
        } else {
            by_address
        };
        let Some(server) = name else {
            let list = |all: Vec<&str>| all.join(", ");
            return Err(if names.is_empty() {
                let ids = list(ids.iter().map(String::as_str).collect());
                format!(
                    "no frame says that {server} is its sender's ATM address; give an SCSP ID: {ids}"
                )
            } else {
                let names = list(names.iter().map(String::as_str).collect());
                format!(
                    "no frame says that {server} is its sender's ATM address; give a name of its comments: {names}"
                )
            });
        };
        let mut tally = Tally {
            server: server.clone(),
            ..Tally::default()
        };
        self.begin_capture(grace);
        let first = packets.first().map_or(0, |packet| packet.at);
        let mut now = 0;
        // When the last frame came that may not have been answered yet.
        let mut waits: Option<u64> = None;
        for ((packet, view), ends) in packets.iter().zip(views).zip(known) {
            now = now.max(packet.at.saturating_sub(first));
            if let Some(since) = waits.filter(|since| now > since + grace) {
                self.event(since + grace, What::End);
                waits = None;
            }
            let ends = ends.or_else(|| names.is_empty().then(|| said(&view, &server, &ids))?);
            let Some(ends) = ends else {
                // It may have been for the server, and something to react to.
                self.event(now, What::Other);
                tally.unknown += 1;
                continue;
            };
            let (way, vc) = match (ends.from == server, ends.to == server) {
                (true, false) => ("out", ends.to),
                (false, true) => ("in", ends.from),
                _ => {
                    if names.is_empty() {
                        self.event(now, What::Other);
                    }
                    tally.others += 1;
                    continue;
                }
            };
            if packet.cut || (ends.lost && way == "in") {
                tally.cut += 1;
                continue;
            }
            tally.judged += 1;
            self.at_line(packet.number);
            let passed = Passed {
                at: now,
                way,
                vc: vc.clone(),
                hex: frames::hex(packet.octets),
            };
            if way == "in" {
                self.keep(passed);
                self.event(now, What::In { vc, view });
                waits = Some(now);
            } else {
                self.event(now, What::Out { vc, view });
                self.keep(passed);
            }
        }
        Ok(tally)
    }
}
