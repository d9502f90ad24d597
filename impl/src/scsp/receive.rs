//! What is accepted from whom: every packet passes here (RFC 2334, 2.1, 2.2.3, 2.3 and B.3.1.4).

use crate::address::ServerId;
use crate::wire::scsp::{self, Body, Header, IdList, Packet};

use super::alignment::CaMessage;
use super::auth::{self, Received};
use super::cache::{Newness, RecordId};
use super::event::{Application, DropReason, NeighborIx};
use super::hello::HfsmState;
use super::neighbor::Summarised;
use super::speaker::Speaker;

/// The id that stands for every receiver; nobody's own (register C31).
const EVERYBODY: ServerId = ServerId([0xff; 4]);

impl Speaker {
    /// Reads one packet and acts on it, or says why not. Authentication comes after decoding and before
    /// everything else (RFC 2334, B.3.1.4); the other checks go from the cheapest to what needs the state.
    pub(super) fn take(
        &mut self,
        ix: NeighborIx,
        octets: &[u8],
        app: &impl Application,
    ) -> Result<(), DropReason> {
        if self.hfsm(ix) == HfsmState::Down {
            return Err(DropReason::NoVc);
        }
        let packet = scsp::decode(octets).map_err(|error| {
            // R2334-2.1-19; register C25, D13, D14: lengths are, noise and the unknown are not. Between
            // neighbours with keys it is nobody's word: it resets nothing (D07).
            let keyed = self
                .neighbor_id(ix)
                .is_some_and(|peer| auth::is_keyed(&self.config.keys, peer));
            if error.is_abnormal() && !keyed {
                self.with(ix, |n, ctx| n.abnormal(&error.to_string(), ctx));
            }
            DropReason::Malformed(error.code)
        })?;
        let header = packet.header;
        let received = Received {
            packet: octets,
            authentication: packet.authentication,
            sender: header.sender,
            neighbor: self.neighbor_id(ix),
        };
        // R2334-B.3.1-03, R2334-B.3.1.5-03; register D07: discarded, logged and counted, and no reset.
        auth::check(&self.config.keys, self.clock, received).map_err(|fault| {
            let detail = format!("neighbor {}: {fault:?} from {:?}", ix.0, header.sender);
            self.out.log(self.clock, "not-authenticated", detail);
            DropReason::Authentication(fault)
        })?;
        // R2334-1-01, R2334-2-01
        if (header.protocol_id, header.server_group)
            != (self.config.protocol_id, self.config.server_group)
        {
            return Err(DropReason::WrongInstance);
        }
        if let Body::Hello {
            hello_interval,
            dead_factor,
            additional,
            ..
        } = packet.body
        {
            return self.take_hello(ix, &header, hello_interval, dead_factor, additional);
        }
        self.addressed_to_us(ix, &packet)?;
        match packet.body {
            Body::Ca {
                sequence,
                master,
                init,
                more,
                records,
            } => {
                let ca = CaMessage {
                    sequence,
                    master,
                    init,
                    more,
                    records: records.iter().collect(),
                };
                let found = self.summarised(&ca);
                self.with(ix, |n, ctx| n.ca(&ca, &found, ctx));
            }
            // R2334-2.3-33: acknowledged under the own id, all ones or not.
            Body::CsuRequest(records) => self.csu_request(ix, records.iter(), app),
            Body::CsuReply(records) => self.csu_reply(ix, records.iter()),
            Body::Csus(records) => {
                self.with(ix, |n, ctx| n.csus(records.iter(), ctx));
            }
            Body::Hello { .. } => {}
        }
        Ok(())
    }

    fn take_hello(
        &mut self,
        ix: NeighborIx,
        header: &Header,
        hello_interval: u16,
        dead_factor: u16,
        additional: IdList<'_>,
    ) -> Result<(), DropReason> {
        let sender = header.sender;
        // Register A03, C31: nobody may have these ids; the machine stays in Waiting.
        if sender == self.config.id || sender == EVERYBODY {
            let why = format!("impossible server id {sender:?}");
            self.with(ix, |n, ctx| n.abnormal(&why, ctx));
            return Err(DropReason::ImpossibleSender);
        }
        let configured = self.config.neighbors.get(usize::from(ix.0)).copied();
        if configured.flatten().is_some_and(|id| id != sender) {
            return Err(DropReason::WrongSender);
        }
        // Register D12: the older VC stays.
        let elsewhere = (0u16..)
            .zip(&self.core.neighbors)
            .any(|(other, n)| other != ix.0 && n.hello.listed() == Some(sender));
        if elsewhere {
            let detail = format!("server {sender:?} is live on another VC");
            self.out.log(self.clock, "second-vc", detail);
            return Err(DropReason::WrongSender);
        }
        // R2334-2.1-08, R2334-B.2.5-11
        let lists_us = header.receiver == Some(self.config.id)
            || additional.iter().any(|id| id == self.config.id);
        self.with(ix, |n, ctx| {
            n.hello(sender, hello_interval, dead_factor, lists_us, ctx);
        });
        Ok(())
    }

    /// Whether a message other than a Hello may be looked at.
    fn addressed_to_us(&self, ix: NeighborIx, packet: &Packet<'_>) -> Result<(), DropReason> {
        let header = packet.header;
        // R2334-2.1-21
        if self.hfsm(ix) != HfsmState::Bidirectional {
            return Err(DropReason::NotBidirectional);
        }
        // Register C30.
        if self.neighbor(ix).and_then(|n| n.hello.dcsid()) != Some(header.sender) {
            return Err(DropReason::WrongSender);
        }
        // R2334-2.2.3-10, R2334-2.3-27, R2334-2.3-28, R2334-B.2.4-02; register C31: all ones in a CSU
        // Request only.
        let everybody = matches!(packet.body, Body::CsuRequest(_)).then_some(EVERYBODY);
        if header.receiver != Some(self.config.id)
            && (everybody.is_none() || header.receiver != everybody)
        {
            return Err(DropReason::WrongReceiver);
        }
        // R2334-2.3-01; register C23: no reply and no reset.
        let needs_open = !matches!(packet.body, Body::Ca { .. });
        if needs_open && !self.cafsm(ix).is_open() {
            return Err(DropReason::WrongState);
        }
        Ok(())
    }

    /// What a CA's summaries show, by comparison with the cache (RFC 2334, 2.2.2.1).
    // R2334-2.2.2-06, R2334-2.2.2-13, R2334-2.2.2.1-01
    fn summarised(&self, ca: &CaMessage) -> Summarised {
        let mut found = Summarised::default();
        for csas in &ca.records {
            let id = RecordId::of(csas);
            let newness = self.newness(id, csas.sequence);
            match newness {
                // Register C08: own content is not fetched over what is held here.
                Newness::Newer if id.origin == self.config.id => {
                    found.returned.push((id, csas.sequence));
                }
                Newness::Unknown | Newness::Newer => found.newer.push((id, csas.sequence)),
                Newness::Equal | Newness::Older(_) | Newness::Ignored => {}
            }
        }
        found
    }
}
