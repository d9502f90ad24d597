//! Speakers joined by zero-latency, in-order VCs; time moves only from deadline to deadline.

use std::collections::VecDeque;

use crate::io::Time;
use crate::wire::scsp::{self, Body, Packet};

use super::super::event::NeighborIx;
use super::super::{CafsmState, HfsmState};
use super::{Speaker, SpeakerConfig, SpeakerEvent, Taste, content, events, server};

/// A packet under way, or one that was.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) at: Time,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) octets: Vec<u8>,
}

impl Frame {
    pub(super) fn packet(&self) -> Packet<'_> {
        scsp::decode(&self.octets).unwrap()
    }

    /// One letter for each kind of message: H, C, U(pdate), R(eply), S(olicit).
    pub(super) fn kind(&self) -> char {
        match self.packet().body {
            Body::Hello { .. } => 'H',
            Body::Ca { .. } => 'C',
            Body::CsuRequest(_) => 'U',
            Body::CsuReply(_) => 'R',
            Body::Csus(_) => 'S',
        }
    }
}

/// What the link does with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Deliver,
    Lose,
    Twice,
    /// Delivered, and once more after everything else that is under way.
    Late,
}

type Link = Box<dyn FnMut(&Frame) -> Fate>;

pub(super) struct Sim {
    pub(super) speakers: Vec<Speaker>,
    pub(super) events: Vec<Vec<SpeakerEvent>>,
    /// Frames in the order they were sent, lost ones included.
    pub(super) log: Vec<Frame>,
    pub(super) now: Time,
    pub(super) link: Link,
    /// For each server, the other end of each neighbour index.
    peers: Vec<Vec<usize>>,
    wire: VecDeque<Frame>,
    vcs: Vec<(usize, usize)>,
}

impl Sim {
    /// Servers 10.0.0.1 and so on, with the given adjacencies configured and no VC up.
    pub(super) fn new(
        count: u8,
        adjacencies: &[(usize, usize)],
        configure: impl Fn(usize, &mut SpeakerConfig),
    ) -> Self {
        let peers: Vec<Vec<usize>> = (0..usize::from(count))
            .map(|me| {
                adjacencies
                    .iter()
                    .filter_map(|&(a, b)| match me {
                        me if me == a => Some(b),
                        me if me == b => Some(a),
                        _ => None,
                    })
                    .collect()
            })
            .collect();
        let speakers = peers
            .iter()
            .zip(1u8..)
            .enumerate()
            .map(|(ix, (peers, id))| {
                let mut config = SpeakerConfig::new(server(id), vec![None; peers.len()]);
                config.ca_start = 1000 * u32::from(id);
                configure(ix, &mut config);
                Speaker::new(config, Time(0))
            })
            .collect();
        Self {
            speakers,
            events: vec![Vec::new(); usize::from(count)],
            log: Vec::new(),
            now: Time(0),
            link: Box::new(|_| Fate::Deliver),
            peers,
            wire: VecDeque::new(),
            vcs: Vec::new(),
        }
    }

    /// Two servers.
    pub(super) fn pair(configure: impl Fn(usize, &mut SpeakerConfig)) -> Self {
        Self::new(2, &[(0, 1)], configure)
    }

    /// Servers in a row.
    pub(super) fn line(count: u8, configure: impl Fn(usize, &mut SpeakerConfig)) -> Self {
        let count_usize = usize::from(count);
        let adjacencies: Vec<_> = (1..count_usize).map(|ix| (ix - 1, ix)).collect();
        Self::new(count, &adjacencies, configure)
    }

    pub(super) fn ix(&self, of: usize, peer: usize) -> NeighborIx {
        let ix = self.peers[of].iter().position(|&p| p == peer).unwrap();
        NeighborIx(ix as u16)
    }

    pub(super) fn up(&mut self, a: usize, b: usize) {
        self.vcs.push((a, b));
        for (me, peer) in [(a, b), (b, a)] {
            let ix = self.ix(me, peer);
            self.speakers[me].vc_up(self.now, ix);
            self.drain(me);
        }
        self.pump();
    }

    pub(super) fn down(&mut self, a: usize, b: usize) {
        self.vcs.retain(|&vc| vc != (a, b));
        self.wire
            .retain(|frame| (frame.from, frame.to) != (a, b) && (frame.from, frame.to) != (b, a));
        for (me, peer) in [(a, b), (b, a)] {
            let ix = self.ix(me, peer);
            self.speakers[me].vc_down(self.now, ix);
            self.drain(me);
        }
        self.pump();
    }

    pub(super) fn all_up(&mut self) {
        let all: Vec<_> = (0..self.peers.len())
            .flat_map(|a| self.peers[a].iter().map(move |&b| (a, b)))
            .filter(|(a, b)| a < b)
            .collect();
        for (a, b) in all {
            self.up(a, b);
        }
    }

    /// Collects what a speaker has to say.
    pub(super) fn drain(&mut self, me: usize) {
        self.events[me].extend(events(&mut self.speakers[me]));
        while let Some((at, ix, octets)) = self.speakers[me].poll_send() {
            let to = self.peers[me][usize::from(ix.0)];
            let frame = Frame {
                at,
                from: me,
                to,
                octets,
            };
            assert!(frame.packet().trailing.is_empty());
            self.log.push(frame.clone());
            match (self.link)(&frame) {
                Fate::Deliver => self.wire.push_back(frame),
                Fate::Lose => {}
                Fate::Twice => {
                    self.wire.push_back(frame.clone());
                    self.wire.push_back(frame);
                }
                Fate::Late => {
                    // Overtaken by whatever is sent before it is looked at the second time.
                    self.wire.push_back(frame.clone());
                    let mut again = frame;
                    again.at = Time(u64::MAX);
                    self.wire.push_back(again);
                }
            }
        }
    }

    /// Delivers one frame that is under way; false when there is none.
    pub(super) fn deliver_one(&mut self) -> bool {
        let Some(mut frame) = self.wire.pop_front() else {
            return false;
        };
        if frame.at == Time(u64::MAX) && !self.wire.is_empty() {
            frame.at = self.now;
            self.wire.push_back(frame);
            return true;
        }
        let ix = self.ix(frame.to, frame.from);
        self.speakers[frame.to].packet(self.now, ix, &frame.octets, &Taste);
        self.drain(frame.to);
        true
    }

    /// Delivers until nothing is under way.
    pub(super) fn pump(&mut self) {
        let mut steps = 0;
        while self.deliver_one() {
            steps += 1;
            assert!(steps < 100_000, "the servers do not come to rest");
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.speakers
            .iter()
            .filter_map(Speaker::next_deadline)
            .min()
    }

    /// Lets time pass, with everything that happens on the way.
    pub(super) fn advance(&mut self, ms: u64) {
        let end = Time(self.now.0 + ms);
        while let Some(next) = self.next_deadline().filter(|&next| next <= end) {
            self.now = next.max(self.now);
            for me in 0..self.speakers.len() {
                self.speakers[me].fire(self.now);
                self.drain(me);
            }
            self.pump();
        }
        self.now = end;
    }

    pub(super) fn originate(&mut self, me: usize, key: u16, body: &[u8]) {
        let key = super::key(key);
        self.speakers[me]
            .originate(self.now, key, body.to_vec())
            .unwrap();
        self.drain(me);
    }

    /// The same, and everything that follows from it.
    pub(super) fn originate_and_pump(&mut self, me: usize, key: u16, body: &[u8]) {
        self.originate(me, key, body);
        self.pump();
    }

    pub(super) fn assert_aligned(&self) {
        for &(a, b) in &self.vcs {
            for (me, peer) in [(a, b), (b, a)] {
                let ix = self.ix(me, peer);
                assert_eq!(self.speakers[me].hfsm(ix), HfsmState::Bidirectional);
                assert_eq!(
                    self.speakers[me].cafsm(ix),
                    CafsmState::Aligned,
                    "{me}-{peer}"
                );
            }
        }
    }

    pub(super) fn assert_equal_caches(&self) {
        for speaker in &self.speakers {
            assert_eq!(
                content(speaker),
                content(&self.speakers[0]),
                "{:?}",
                speaker.id()
            );
        }
    }

    /// Kinds of the frames that went from one server to the other since frame `since` of the log.
    pub(super) fn kinds(&self, from: usize, to: usize, since: usize) -> String {
        self.log[since..]
            .iter()
            .filter(|frame| (frame.from, frame.to) == (from, to))
            .map(Frame::kind)
            .collect()
    }
}
