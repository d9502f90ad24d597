//! One distributed MARS server: inputs, timers, outputs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::keys::{Keys, Subject};
use super::liveness::{Liveness, after};
use super::originators::Originators;
use super::redirect_map::{self, Sources};
use super::{AuthAlgorithm, AuthConfig, ConfigError, GroupConfig, Meters, records};
use crate::address::{Endpoint, Protocol, ProtocolAddress, ServerId};
use crate::io::{
    Admin, ControlKind, ControlVc, Input, LogEvent, Output, OutputAction, Target, Time, VcId,
};
use crate::mars::{Mars, MarsConfig, Party, ranges};
use crate::scsp::{
    self, Application, Judgement, NeighborIx, PeerKey, Speaker, SpeakerConfig, TimedKey,
};
use crate::wire::csa::decode_record;
use crate::wire::llc_snap::{Encapsulation, MARS_HEADER, SCSP_HEADER, split};
use crate::wire::scsp::{AuthKey, CacheKey, Csa};
use crate::wire::{WireError, mars};

/// One server of a group, sans-IO, for all its layer 3 protocols.
///
/// The contract is that of [`crate::io`]: after [`Self::new`] and after each [`Self::handle`], call
/// [`Self::poll_output`] until it returns `None`; call `handle` no later than
/// [`Self::next_deadline`]. Calling it more often changes nothing. Timers due at one instant fire in
/// this order: SCSP, flush of other servers, own Redirect Entries, redirect maps.
///
/// Malformed input is counted and logged, and changes nothing but what RFC 2334, 2.1 says about an
/// SCSP adjacency that sees impossible lengths.
#[derive(Clone, Debug)]
pub struct DistributedMars {
    pub(super) config: GroupConfig,
    pub(super) core: Core,
    /// SCSP keeps its own core, meters and outbox.
    pub(super) speaker: Speaker,
    pub(super) meters: Meters,
    pub(super) outbox: VecDeque<Output>,
}

/// The state, SCSP's apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Core {
    /// Time of the instant that is being worked on.
    pub(super) now: Time,
    pub(super) vcs: BTreeMap<VcId, Endpoint>,
    /// The VC that SCSP uses, for each neighbour.
    pub(super) neighbor_vcs: Vec<Option<VcId>>,
    /// Clients are served: some neighbour has been Aligned (register B12).
    pub(super) aligned: bool,
    pub(super) drain: bool,
    pub(super) keys: Keys,
    /// Clients and MCSs to be announced again once these own keys are purged everywhere (register H13).
    pub(super) renewals: BTreeMap<(Protocol, Party), BTreeSet<CacheKey>>,
    pub(super) services: BTreeMap<Protocol, Service>,
}

/// All that belongs to one layer 3 protocol (RFC 2022, 6).
// R2022-6-01 R2022-6.3-01
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Service {
    pub(super) mars: Mars,
    pub(super) liveness: Liveness,
    pub(super) originators: Originators,
    /// When the next own Redirect Entry is due.
    pub(super) beat_at: Time,
    /// When the next redirect map is due.
    pub(super) map_at: Time,
}

/// What SCSP asks about records (register C24): usable are those of section 3 for a protocol that is
/// served here.
pub(super) struct Judge<'a>(pub(super) &'a BTreeMap<Protocol, Service>);

impl Application for Judge<'_> {
    // R2443-3-07 R2443-3-09
    fn judge(&self, csa: &Csa<'_>) -> Judgement {
        let usable = decode_record(csa.body).is_ok_and(|record| {
            // R2443-5.3-07: a group has the length that its protocol gives it.
            self.0.contains_key(&record.protocol)
                && record
                    .range
                    .is_none_or(|range| ranges::fits(record.protocol, ranges::ends(range).0))
        });
        if usable {
            Judgement::Use
        } else {
            Judgement::AcknowledgeOnly
        }
    }
}

impl DistributedMars {
    /// A server at time 0, with no VC up. Its first Redirect Entries are in its cache already.
    ///
    /// # Errors
    /// The rule that the configuration breaks.
    pub fn new(config: GroupConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let services = config
            .protocols
            .iter()
            .map(|protocol| (*protocol, Service::new(&config, *protocol)))
            .collect();
        let core = Core {
            now: Time(0),
            vcs: BTreeMap::new(),
            neighbor_vcs: vec![None; config.neighbors.len()],
            aligned: false,
            drain: false,
            keys: Keys::new(config.incarnation),
            renewals: BTreeMap::new(),
            services,
        };
        let mut server = Self {
            speaker: Speaker::new(speaker_config(&config), Time(0)),
            config,
            core,
            meters: Meters::default(),
            outbox: VecDeque::new(),
        };
        // R2334-B.3.1.5-02
        if let Some(bare) = server.config.bare_neighbor() {
            server.log(
                "partly-authenticated",
                format!("no key for neighbor {bare}"),
            );
        }
        // The keys of Redirect Entries come first, in the order of protocols.
        server.fire_due(Time(0));
        Ok(server)
    }

    /// Fires every timer due at or before `now`, then takes the input. A `now` that goes back counts as
    /// the last one.
    pub fn handle(&mut self, now: Time, input: Input) {
        let now = now.max(self.core.now);
        self.fire_due(now);
        self.core.now = now;
        match input {
            Input::VcUp { vc, peer } => self.vc_up(vc, peer),
            Input::VcDown { vc } => self.vc_down(vc),
            Input::Frame { vc, octets } => self.frame(vc, &octets),
            Input::LeafGone { group, peer } => self.leaf_gone(group, peer),
            Input::TimePassed => {}
            Input::Admin(Admin::Drain) => self.core.drain = true,
            Input::Admin(Admin::Undrain) => self.core.drain = false,
        }
        self.settle();
    }

    /// The next thing to do, in order of emission.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    /// The earliest pending timer; until then the server stays silent unless it is given an input.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.core
            .services
            .values()
            .flat_map(|service| {
                [
                    service.liveness.next_deadline(),
                    Some(service.beat_at),
                    Some(service.map_at),
                ]
            })
            .chain([self.speaker.next_deadline()])
            .flatten()
            .min()
    }

    /// The counters of the group part.
    #[must_use]
    pub const fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The counters of SCSP.
    #[must_use]
    pub const fn scsp_meters(&self) -> &scsp::Meters {
        self.speaker.meters()
    }

    /// The configuration it was made from.
    #[must_use]
    pub const fn config(&self) -> &GroupConfig {
        &self.config
    }

    fn fire_due(&mut self, now: Time) {
        while let Some(at) = self.next_deadline().filter(|at| *at <= now) {
            self.core.now = at.max(self.core.now);
            self.instant();
        }
    }

    /// Fires what is due at the present instant, in the fixed order.
    fn instant(&mut self) {
        let now = self.core.now;
        self.speaker.fire(now);
        self.settle();
        let protocols: Vec<Protocol> = self.core.services.keys().copied().collect();
        for protocol in &protocols {
            self.flush_due(*protocol);
        }
        for protocol in &protocols {
            self.beat(*protocol);
        }
        self.settle();
        for protocol in &protocols {
            self.send_map(*protocol);
        }
    }

    /// The own heartbeat, at every multiple of its interval (RFC 2443, 2).
    // R2443-2-15 R2443-2-16 R2443-2-17 R2443-5.1-05
    fn beat(&mut self, protocol: Protocol) {
        let Some(service) = self.core.services.get_mut(&protocol) else {
            return;
        };
        if self.core.now < service.beat_at {
            return;
        }
        service.beat_at = after(service.beat_at, self.config.redirect_interval_ms);
        let body = records::redirect_entry(protocol, self.config.atm);
        self.originate(Subject::Redirect(protocol), body);
    }

    /// The redirect map, at every multiple of its interval after the start (RFC 2022, 5.4.3).
    // R2022-5.4.3-05 R2022-5.4.3-06
    fn send_map(&mut self, protocol: Protocol) {
        let servers = self.map_servers(protocol);
        let Some(service) = self.core.services.get_mut(&protocol) else {
            return;
        };
        if self.core.now < service.map_at {
            return;
        }
        service.map_at = after(service.map_at, self.config.map_interval_ms);
        let effects = service.mars.redirect_map(&servers);
        self.apply(protocol, effects, None);
    }

    /// What a redirect map of this protocol lists now.
    pub(super) fn map_servers(&self, protocol: Protocol) -> Vec<Endpoint> {
        let learned: Vec<(ServerId, Endpoint)> = self
            .core
            .services
            .get(&protocol)
            .into_iter()
            .flat_map(|service| service.liveness.live())
            .filter_map(|(origin, atm)| Some((origin, atm?)))
            .collect();
        redirect_map::servers(Sources {
            own: (self.config.server_id, self.config.atm),
            learned: &learned,
            backups: &self.config.backups,
            order: self.config.redirect_order,
            drain: self.core.drain,
        })
    }

    fn vc_up(&mut self, vc: VcId, peer: Endpoint) {
        if self.core.vcs.contains_key(&vc) {
            self.meters.drop("vc-named-twice");
            return;
        }
        self.core.vcs.insert(vc, peer);
        self.choose_vc(peer);
    }

    fn vc_down(&mut self, vc: VcId) {
        let Some(peer) = self.core.vcs.remove(&vc) else {
            self.meters.drop("unknown-vc");
            return;
        };
        if let Some(index) = self.core.neighbor_vcs.iter().position(|v| *v == Some(vc)) {
            if let Some(chosen) = self.core.neighbor_vcs.get_mut(index) {
                *chosen = None;
            }
            self.speaker.vc_down(self.core.now, neighbor_ix(index));
            self.choose_vc(peer);
        }
    }

    /// Gives a neighbour that has no VC the first one that is up (register H11).
    fn choose_vc(&mut self, peer: Endpoint) {
        let neighbors = self.config.neighbors.iter();
        let Some(index) = neighbors.map(|n| n.atm).position(|atm| atm == peer) else {
            return;
        };
        let up = self.core.vcs.iter().find(|(_, other)| **other == peer);
        let (Some(chosen), Some((vc, _))) = (self.core.neighbor_vcs.get_mut(index), up) else {
            return;
        };
        if chosen.is_none() {
            *chosen = Some(*vc);
            self.speaker.vc_up(self.core.now, neighbor_ix(index));
        }
    }

    fn frame(&mut self, vc: VcId, octets: &[u8]) {
        self.meters.frames_in += 1;
        if !self.core.vcs.contains_key(&vc) {
            self.meters.drop("unknown-vc");
            return;
        }
        match split(octets) {
            Ok((Encapsulation::Mars, message)) => self.mars_message(vc, message),
            Ok((Encapsulation::Scsp, packet)) => self.scsp_packet(vc, packet),
            // R2022-4.1-03
            Ok((Encapsulation::Data1 | Encapsulation::Data2, _)) => self.meters.drop("data"),
            Err(error) => self.malformed("llc", &error),
        }
    }

    fn scsp_packet(&mut self, vc: VcId, packet: &[u8]) {
        let Some(index) = self.core.neighbor_vcs.iter().position(|v| *v == Some(vc)) else {
            self.meters.drop("scsp-elsewhere");
            return;
        };
        let judge = Judge(&self.core.services);
        self.speaker
            .packet(self.core.now, neighbor_ix(index), packet, &judge);
    }

    fn mars_message(&mut self, vc: VcId, octets: &[u8]) {
        let message = match mars::decode(octets) {
            Ok(message) => message,
            Err(error) => return self.malformed("mars", &error),
        };
        let protocol = message.protocol;
        if !self.is_serving() {
            return self.meters.drop("not-serving");
        }
        // R2022-6-02
        let Some(service) = self.core.services.get_mut(&protocol) else {
            return self.meters.drop("unserved-protocol");
        };
        let now = self.core.now;
        let hold_until = after(now, self.config.redirect_hold_ms.saturating_mul(2));
        let originators = &service.originators;
        let result = service
            .mars
            .message(now, octets, &message, hold_until, |cmi| {
                originators.uses_cmi(cmi)
            });
        match result {
            Ok(effects) => self.apply(protocol, effects, Some(vc)),
            Err(reason) => {
                self.meters.ignored(reason);
                self.log("ignored", format!("{reason:?} from {:?}", message.source));
            }
        }
    }

    /// Whether clients are served yet (register B12).
    pub(super) fn is_serving(&self) -> bool {
        self.core.aligned || self.core.now.0 >= self.config.startup()
    }

    fn malformed(&mut self, layer: &str, error: &WireError) {
        self.meters.malformed(layer, error);
        self.log("malformed", format!("{layer}: {error}"));
    }

    pub(super) fn log(&mut self, code: &str, detail: String) {
        self.emit(OutputAction::Log(LogEvent {
            code: code.to_owned(),
            detail,
        }));
    }

    pub(super) fn emit(&mut self, action: OutputAction) {
        self.emit_at(self.core.now, action);
    }

    pub(super) fn emit_at(&mut self, at: Time, action: OutputAction) {
        if matches!(action, OutputAction::Send { .. }) {
            self.meters.frames_out += 1;
        }
        self.outbox.push_back(Output { at, action });
    }

    /// A MARS message with its LLC/SNAP header (RFC 2022, 4.2).
    // R2022-4.2-01
    pub(super) fn send_mars(&mut self, target: Target, message: &[u8]) {
        let octets = [&MARS_HEADER, message].concat();
        self.emit(OutputAction::Send { target, octets });
    }

    /// Packets of SCSP, each on the VC of its neighbour.
    pub(super) fn send_scsp(&mut self) {
        while let Some((at, neighbor, packet)) = self.speaker.poll_send() {
            let vc = self.core.neighbor_vcs.get(usize::from(neighbor.0));
            if let Some(vc) = vc.copied().flatten() {
                self.emit_at(
                    at,
                    OutputAction::Send {
                        target: Target::Vc(vc),
                        octets: [&SCSP_HEADER, packet.as_slice()].concat(),
                    },
                );
            }
        }
    }
}

impl Service {
    fn new(config: &GroupConfig, protocol: Protocol) -> Self {
        // One layer 3 address is configured; it is of the protocol that it fits.
        let protocol_address = if ranges::fits(protocol, config.protocol_address) {
            config.protocol_address
        } else {
            ProtocolAddress::default()
        };
        Self {
            mars: Mars::new(MarsConfig {
                protocol,
                address: config.atm,
                protocol_address,
                origin: config.server_id,
                cmi_range: config.cmi_range,
                csn_start: config.csn_start,
                ssn_start: config.ssn_start,
                mtu: config.mtu,
            }),
            liveness: Liveness::default(),
            originators: Originators::default(),
            beat_at: Time(0),
            map_at: Time(config.map_interval_ms),
        }
    }
}

/// The CCVC of a protocol.
pub(super) const fn ccvc(protocol: Protocol) -> ControlVc {
    ControlVc {
        kind: ControlKind::Ccvc,
        protocol,
    }
}

/// The SCVC of a protocol.
pub(super) const fn scvc(protocol: Protocol) -> ControlVc {
    ControlVc {
        kind: ControlKind::Scvc,
        protocol,
    }
}

fn neighbor_ix(index: usize) -> NeighborIx {
    NeighborIx(u16::try_from(index).unwrap_or(u16::MAX))
}

// R2443-2-01 R2443-4.1-01
fn speaker_config(config: &GroupConfig) -> SpeakerConfig {
    SpeakerConfig {
        protocol_id: 3,
        server_group: config.sgid,
        hello_interval_s: config.hello_interval_s,
        dead_factor: config.dead_factor,
        ca_rexmt_ms: config.ca_rexmt_ms,
        csus_rexmt_ms: config.csus_rexmt_ms,
        csu_rexmt_ms: config.csu_rexmt_ms,
        csu_max_rexmt: config.csu_max_rexmt,
        hop_count: config.hop_count,
        mtu: config.mtu,
        ca_start: first_ca_number(config),
        keys: config.auth.iter().map(peer_key).collect(),
        quarantine_ms: config.quarantine_ms,
        tombstone_ms: config.tombstone(),
        ..SpeakerConfig::new(
            config.server_id,
            config.neighbors.iter().map(|n| n.id).collect(),
        )
    }
}

fn peer_key(entry: &AuthConfig) -> PeerKey {
    let AuthAlgorithm::HmacMd5 = entry.algorithm;
    PeerKey {
        peer: entry.peer_id,
        key: TimedKey {
            key: AuthKey {
                spi: entry.spi,
                key: entry.key.clone(),
            },
            not_before: Time(entry.not_before_ms),
            not_after: entry.not_after_ms.map(Time),
        },
    }
}

/// Differs from one start of a server to the next and from server to server (RFC 2334, 2.2.1), and is
/// the same for the same seed and incarnation: FNV-1a over the three.
fn first_ca_number(config: &GroupConfig) -> u32 {
    let octets = config
        .seed
        .to_be_bytes()
        .into_iter()
        .chain(config.incarnation.to_be_bytes())
        .chain(config.server_id.0);
    octets.fold(0x811c_9dc5, |hash: u32, octet| {
        (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests;
