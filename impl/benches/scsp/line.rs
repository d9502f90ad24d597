//! Servers in a row without latency: what the bench and the tests of scale drive.
//!
//! Time moves only when it is told to. A server takes what has come, one packet or all that there is, and
//! then its events and packets are collected.

use std::collections::VecDeque;
use std::ops::Range;

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::io::Time;
use distributed_mars::scsp::{
    Application, CafsmState, Judgement, NeighborIx, Speaker, SpeakerConfig, SpeakerEvent,
};
use distributed_mars::wire::codepoints::ScspType;
use distributed_mars::wire::csa::{CsaState, MarsRecord, RecordFlags, encode_record};
use distributed_mars::wire::scsp::{CacheKey, Csa};

/// Takes every record unread: what reading costs is the codecs' bench.
#[derive(Clone, Copy)]
struct TakesAll;

impl Application for TakesAll {
    fn judge(&self, _: &Csa<'_>) -> Judgement {
        Judgement::Use
    }
}

/// The join of one group by one client: the record that a group of MARS servers has most of.
pub(crate) fn join(n: u32) -> Vec<u8> {
    let [_, high, middle, low] = n.to_be_bytes();
    let mut number = [0x47; 20];
    if let Some(end) = number.last_chunk_mut() {
        *end = [high, middle, low, 0];
    }
    let address = |first| ProtocolAddress::new(&[first, high, middle, low]).unwrap();
    let record = MarsRecord {
        protocol: Protocol::IPV4,
        state: CsaState::ClientJoin,
        flags: RecordFlags(RecordFlags::LAYER3GRP),
        cmi: 1,
        source: address(10),
        endpoint: Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &number).unwrap(),
            subaddress: None,
        },
        range: GroupRange::new(address(224), address(224)),
        unused: 0,
    };
    let mut body = Vec::new();
    encode_record(&record, &mut body);
    body
}

/// When a server's packets and events are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// After each packet it takes.
    EachPacket,
    /// After it has taken all that came.
    AllThatCame,
}

/// What went over the VCs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Messages by SCSP type code.
    kinds: [u64; 8],
    /// Octets without LLC/SNAP, Hellos left out.
    pub(crate) octets: u64,
}

impl Traffic {
    /// Messages of one type.
    pub(crate) fn of(&self, kind: ScspType) -> u64 {
        self.kinds[usize::from(kind.code()) % 8]
    }

    /// All messages but Hellos.
    pub(crate) fn messages(&self) -> u64 {
        self.kinds.iter().sum::<u64>() - self.of(ScspType::Hello)
    }

    fn count(&mut self, packet: &[u8]) {
        let code = packet.get(1).copied().unwrap_or_default();
        self.kinds[usize::from(code) % 8] += 1;
        if code != ScspType::Hello.code() {
            self.octets += packet.len() as u64;
        }
    }
}

/// The row.
pub(crate) struct Line {
    speakers: Vec<Speaker>,
    /// What is under way to each server, and on which VC.
    inboxes: Vec<VecDeque<(NeighborIx, Vec<u8>)>>,
    pace: Pace,
    now: Time,
    pub(crate) traffic: Traffic,
    /// Records that servers learned.
    pub(crate) learned: u64,
    /// Every packet but Hellos, if it is to be kept.
    pub(crate) recording: Option<Vec<Vec<u8>>>,
}

impl Line {
    /// `count` servers, at least two, with empty caches and no VC up.
    pub(crate) fn new(count: u8, pace: Pace, configure: impl Fn(&mut SpeakerConfig)) -> Self {
        let speaker = |n: u8| {
            let ends = usize::from(n == 1) + usize::from(n == count);
            let id = ServerId([10, 0, 0, n]);
            let mut config = SpeakerConfig::new(id, vec![None; 2 - ends]);
            config.ca_start = 1000 * u32::from(n);
            configure(&mut config);
            Speaker::new(config, Time(0))
        };
        let speakers: Vec<_> = (1..=count).map(speaker).collect();
        Self {
            inboxes: vec![VecDeque::new(); speakers.len()],
            speakers,
            pace,
            now: Time(0),
            traffic: Traffic::default(),
            learned: 0,
            recording: None,
        }
    }

    /// VCs of server `me`: its index for the VC, the server at the other end, the index there.
    fn vcs(&self, me: usize) -> Vec<(NeighborIx, usize, NeighborIx)> {
        let mut vcs = Vec::new();
        if me > 0 {
            let ours_there = NeighborIx(u16::from(me > 1));
            vcs.push((NeighborIx(0), me - 1, ours_there));
        }
        if me + 1 < self.speakers.len() {
            vcs.push((NeighborIx(u16::from(me > 0)), me + 1, NeighborIx(0)));
        }
        vcs
    }

    /// Server `me` originates these keys, or new instances of them.
    pub(crate) fn originate(&mut self, me: usize, keys: Range<u32>) {
        for n in keys {
            let key = CacheKey(n.to_be_bytes());
            self.speakers[me].originate(self.now, key, join(n)).unwrap();
        }
        self.collect(me);
    }

    /// Brings all VCs up and lets as much time pass as servers need to hear each other.
    pub(crate) fn up(&mut self) {
        for me in 0..self.speakers.len() {
            for (ix, ..) in self.vcs(me) {
                self.speakers[me].vc_up(self.now, ix);
            }
            self.collect(me);
        }
        self.pump();
        self.pass(u64::from(self.speakers[0].config().hello_interval_s) * 1000);
    }

    /// Takes all VCs down.
    pub(crate) fn down(&mut self) {
        for me in 0..self.speakers.len() {
            for (ix, ..) in self.vcs(me) {
                self.speakers[me].vc_down(self.now, ix);
            }
            self.collect(me);
        }
        self.pump();
    }

    fn collect(&mut self, me: usize) {
        while let Some(event) = self.speakers[me].poll_event() {
            self.learned += u64::from(matches!(event, SpeakerEvent::Learned { .. }));
        }
        let vcs = self.vcs(me);
        while let Some((_, ix, packet)) = self.speakers[me].poll_send() {
            let (_, to, there) = vcs[usize::from(ix.0)];
            self.traffic.count(&packet);
            if let Some(recording) = &mut self.recording
                && packet[1] != ScspType::Hello.code()
            {
                recording.push(packet.clone());
            }
            self.inboxes[to].push_back((there, packet));
        }
    }

    /// Delivers until nothing is under way.
    pub(crate) fn pump(&mut self) {
        while self.inboxes.iter().any(|inbox| !inbox.is_empty()) {
            for me in 0..self.speakers.len() {
                for _ in 0..self.inboxes[me].len() {
                    if let Some((ix, packet)) = self.inboxes[me].pop_front() {
                        self.speakers[me].packet(self.now, ix, &packet, &TakesAll);
                    }
                    if self.pace == Pace::EachPacket {
                        self.collect(me);
                    }
                }
                self.collect(me);
            }
        }
    }

    /// Lets time pass, with all that happens on the way.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = Time(self.now.0 + ms);
        let due = |line: &Self| {
            let deadlines = line.speakers.iter().filter_map(Speaker::next_deadline);
            deadlines.min().filter(|&next| next <= end)
        };
        while let Some(next) = due(self) {
            self.now = next.max(self.now);
            for me in 0..self.speakers.len() {
                self.speakers[me].fire(self.now);
                self.collect(me);
            }
            self.pump();
        }
        self.now = end;
    }

    /// Every adjacency is aligned, and every cache holds `records` records.
    pub(crate) fn agrees_on(&self, records: usize) -> bool {
        (0..self.speakers.len()).all(|me| {
            let aligned = |(ix, _, _): (NeighborIx, usize, NeighborIx)| {
                self.speakers[me].cafsm(ix) == CafsmState::Aligned
            };
            self.vcs(me).into_iter().all(aligned) && self.speakers[me].cache().count() == records
        })
    }
}
