//! One speaker, 10.0.0.2, against neighbours that do what a test says.

use crate::address::ServerId;
use crate::io::Time;
use crate::wire::scsp::{self, Body, Csa, Csas, EncodeBody, Header};

use super::super::event::NeighborIx;
use super::{Speaker, SpeakerConfig, Taste, server};

/// What the speaker sent: to which neighbour, and the packet.
pub(super) type Sent = (usize, Vec<u8>);

pub(super) struct Scripted {
    pub(super) speaker: Speaker,
    pub(super) now: Time,
    pub(super) sent: Vec<Sent>,
    ids: Vec<ServerId>,
    /// Next CA number of each neighbour as master.
    numbers: Vec<u32>,
}

impl Scripted {
    /// Neighbours 10.0.0.n, one VC each, up at time zero.
    pub(super) fn new(ids: &[u8]) -> Self {
        Self::with(ids, |_| {})
    }

    pub(super) fn with(ids: &[u8], configure: impl FnOnce(&mut SpeakerConfig)) -> Self {
        let mut config = SpeakerConfig::new(server(2), vec![None; ids.len()]);
        config.ca_start = 500;
        configure(&mut config);
        let mut scripted = Self {
            speaker: Speaker::new(config, Time(0)),
            now: Time(0),
            sent: Vec::new(),
            ids: ids.iter().map(|&id| server(id)).collect(),
            numbers: vec![9000; ids.len()],
        };
        for n in 0..ids.len() {
            scripted.speaker.vc_up(Time(0), NeighborIx(n as u16));
        }
        scripted.drain();
        scripted
    }

    pub(super) fn drain(&mut self) {
        while let Some((_, ix, octets)) = self.speaker.poll_send() {
            self.sent.push((usize::from(ix.0), octets));
        }
    }

    pub(super) fn clear(&mut self) {
        self.sent.clear();
    }

    pub(super) fn raw(&mut self, n: usize, octets: &[u8]) {
        self.speaker
            .packet(self.now, NeighborIx(n as u16), octets, &Taste);
        self.drain();
    }

    pub(super) fn send_as(
        &mut self,
        n: usize,
        sender: ServerId,
        receiver: Option<ServerId>,
        body: &EncodeBody<'_>,
    ) {
        let header = Header::mars(1, sender, receiver);
        let mut octets = Vec::new();
        scsp::encode(&header, body, None, &mut octets);
        self.raw(n, &octets);
    }

    pub(super) fn send(&mut self, n: usize, body: &EncodeBody<'_>) {
        self.send_as(n, self.ids[n], Some(server(2)), body);
    }

    /// A Hello with an hour's interval, so that the neighbour does not die while time passes.
    pub(super) fn hello(&mut self, n: usize, lists_us: bool) {
        let body = EncodeBody::Hello {
            hello_interval: 3600,
            dead_factor: 1,
            family: 0,
            additional: &[],
        };
        self.send_as(n, self.ids[n], lists_us.then_some(server(2)), &body);
    }

    pub(super) fn ca(&mut self, n: usize, sequence: u32, flags: &str, records: &[Csas]) {
        let body = EncodeBody::Ca {
            sequence,
            master: flags.contains('M'),
            init: flags.contains('I'),
            more: flags.contains('O'),
            records,
        };
        self.send(n, &body);
    }

    pub(super) fn csu(&mut self, n: usize, records: &[Csa<'_>]) {
        self.csu_to(n, Some(server(2)), records);
    }

    pub(super) fn csu_to(&mut self, n: usize, receiver: Option<ServerId>, records: &[Csa<'_>]) {
        self.send_as(n, self.ids[n], receiver, &EncodeBody::CsuRequest(records));
    }

    pub(super) fn csu_reply(&mut self, n: usize, records: &[Csas]) {
        self.send(n, &EncodeBody::CsuReply(records));
    }

    pub(super) fn send_csus(&mut self, n: usize, records: &[Csas]) {
        self.send(n, &EncodeBody::Csus(records));
    }

    /// Brings a neighbour to the point where it has the speaker's first CA with summaries.
    pub(super) fn negotiate(&mut self, n: usize) {
        self.hello(n, true);
        if self.ids[n] > server(2) {
            let number = self.numbers[n];
            self.ca(n, number, "MIO", &[]);
        }
    }

    /// Gives all summaries in one CA and lets the speaker finish.
    pub(super) fn summarize(&mut self, n: usize, records: &[Csas]) {
        if self.ids[n] > server(2) {
            self.numbers[n] += 1;
            let number = self.numbers[n];
            self.ca(n, number, "M", records);
        } else {
            let number = self.last_ca(n).0;
            self.ca(n, number, "", records);
            let number = self.last_ca(n).0;
            self.ca(n, number, "", &[]);
        }
    }

    pub(super) fn align(&mut self, n: usize) {
        self.negotiate(n);
        self.summarize(n, &[]);
        assert_eq!(self.cafsm(n), "aligned");
        self.clear();
    }

    pub(super) fn align_all(&mut self) {
        for n in 0..self.ids.len() {
            self.align(n);
        }
    }

    /// A master that begins again and summarises `records`.
    pub(super) fn renegotiate(&mut self, n: usize, records: &[Csas]) {
        self.numbers[n] += 100;
        let number = self.numbers[n];
        self.ca(n, number, "MIO", &[]);
        self.summarize(n, records);
    }

    pub(super) fn pass(&mut self, ms: u64) {
        self.now = Time(self.now.0 + ms);
        self.speaker.fire(self.now);
        self.drain();
    }

    pub(super) fn cafsm(&self, n: usize) -> &'static str {
        self.speaker.cafsm(NeighborIx(n as u16)).name()
    }

    pub(super) fn hfsm(&self, n: usize) -> &'static str {
        self.speaker.hfsm(NeighborIx(n as u16)).name()
    }

    fn to<R>(&self, n: usize, pick: impl Fn(Body<'_>) -> Option<Vec<R>>) -> Vec<R> {
        self.sent
            .iter()
            .filter(|(to, _)| *to == n)
            .filter_map(|(_, octets)| pick(scsp::decode(octets).unwrap().body))
            .flatten()
            .collect()
    }

    /// Number and flags of the last CA sent to a neighbour.
    pub(super) fn last_ca(&self, n: usize) -> (u32, String) {
        self.cas_to(n).pop().unwrap()
    }

    pub(super) fn cas_to(&self, n: usize) -> Vec<(u32, String)> {
        self.to(n, |body| match body {
            Body::Ca {
                sequence,
                master,
                init,
                more,
                ..
            } => {
                let flags = [(master, 'M'), (init, 'I'), (more, 'O')];
                let set = flags
                    .iter()
                    .filter(|(set, _)| *set)
                    .map(|(_, letter)| letter);
                Some(vec![(sequence, set.collect())])
            }
            _ => None,
        })
    }

    pub(super) fn summaries_to(&self, n: usize) -> Vec<Csas> {
        self.to(n, |body| match body {
            Body::Ca { records, .. } => Some(records.iter().collect()),
            _ => None,
        })
    }

    pub(super) fn csas_to(&self, n: usize) -> Vec<(Csas, Vec<u8>)> {
        self.to(n, |body| match body {
            Body::CsuRequest(records) => Some(
                records
                    .iter()
                    .map(|csa| (csa.csas, csa.body.to_vec()))
                    .collect(),
            ),
            _ => None,
        })
    }

    pub(super) fn replies_to(&self, n: usize) -> Vec<Csas> {
        self.to(n, |body| match body {
            Body::CsuReply(records) => Some(records.iter().collect()),
            _ => None,
        })
    }

    pub(super) fn asked(&self, n: usize) -> Vec<Csas> {
        self.to(n, |body| match body {
            Body::Csus(records) => Some(records.iter().collect()),
            _ => None,
        })
    }

    /// Acknowledges every CSA sent to a neighbour since the last `clear`.
    pub(super) fn acknowledge_all(&mut self, n: usize) {
        let summaries: Vec<_> = self
            .csas_to(n)
            .into_iter()
            .map(|(csas, _)| Csas {
                hop_count: 1,
                ..csas
            })
            .collect();
        self.csu_reply(n, &summaries);
    }
}
