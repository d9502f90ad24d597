//! Whole speakers against each other in virtual time, and one speaker against a scripted neighbour.

mod adjacency;
mod alignment;
mod auth;
mod canonical;
mod flooding;
mod multipoint;
mod own_records;
mod peer;
mod random;
mod replies;
mod retention;
mod retransmission;
mod sim;

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{CacheKey, Csa};

use super::event::{Application, Judgement};
use super::{Speaker, SpeakerConfig, SpeakerEvent};

/// Takes every record but those whose body begins with 0xff.
#[derive(Clone, Copy, Debug, Default)]
struct Taste;

impl Application for Taste {
    fn judge(&self, csa: &Csa<'_>) -> Judgement {
        if csa.body.first() == Some(&0xff) {
            Judgement::AcknowledgeOnly
        } else {
            Judgement::Use
        }
    }
}

/// Server 10.0.0.n.
const fn server(n: u8) -> ServerId {
    ServerId([10, 0, 0, n])
}

const fn key(n: u16) -> CacheKey {
    let [high, low] = n.to_be_bytes();
    CacheKey([0, 0, high, low])
}

/// What a cache holds that others are to hold too.
fn content(speaker: &Speaker) -> Vec<(ServerId, CacheKey, i32, Vec<u8>)> {
    speaker
        .cache()
        .filter(|(_, _, entry)| entry.usable)
        .map(|(origin, key, entry)| (origin, key, entry.sequence.0, entry.body.to_vec()))
        .collect()
}

fn events(speaker: &mut Speaker) -> Vec<SpeakerEvent> {
    std::iter::from_fn(|| speaker.poll_event()).collect()
}
