//! What must hold of a server whatever it is given.
//!
//! [`Watch::step`] sees an input, all that came out of it, and the state before and after as plain data;
//! it knows the server from nothing else.

use std::collections::{BTreeMap, BTreeSet};

use distributed_mars::address::{Endpoint, GroupRange, Protocol};
use distributed_mars::group::view::MemberKind;
use distributed_mars::group::{GroupConfig, View};
use distributed_mars::io::{ControlKind, Input, Output, OutputAction, Target, Time, VcId};
use distributed_mars::wire::csa::{MarsRecord, decode_record};
use distributed_mars::wire::llc_snap::{self, Encapsulation};
use distributed_mars::wire::mars::{self, Body};
use distributed_mars::wire::scsp::{self, Csas};

use super::expect::Expected;

mod net;
mod own;

use net::{Contents, Hops};
use own::Cmis;

/// One input and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// When.
    pub now: Time,
    /// What.
    pub input: &'a Input,
    /// What it may do.
    pub expected: Expected,
    /// Whether the canonical state is the same as before.
    pub unchanged: bool,
    /// What came out, all of it.
    pub outputs: &'a [Output],
    /// The state before.
    pub before: &'a View,
    /// The state after.
    pub after: &'a View,
    /// The next deadline before.
    pub next_before: Option<Time>,
    /// The next deadline after.
    pub next: Option<Time>,
    /// The VCs that were up before.
    pub up: &'a BTreeMap<VcId, Endpoint>,
    /// Own keys given up so far (register C11).
    pub renewals: u64,
}

/// A client or an MCS.
type Station = (Protocol, MemberKind, Endpoint);

/// What an SCSP packet or MARS message in a frame says, as far as the rules need it.
#[derive(Default)]
struct Said {
    /// Records of a CSU Request.
    records: Vec<Csas>,
    /// What those of them say that can be read.
    contents: Vec<(Csas, MarsRecord)>,
    /// Summaries of a CSUS.
    asked: Vec<Csas>,
    /// Summaries of a CA or CSU Reply, which may be of something to ask for.
    told: Vec<Csas>,
    /// A client or MCS that registers, or joins or serves a range.
    registers: Option<Station>,
    joins: Option<(Station, GroupRange)>,
    octets: usize,
}

/// Everything that the rules remember.
#[derive(Clone, Debug)]
pub struct Watch {
    config: GroupConfig,
    last: Time,
    cmis: Cmis,
    hops: Hops,
    contents: Contents,
    registered: BTreeSet<Station>,
    joined: BTreeSet<(Station, GroupRange)>,
    leaves: BTreeSet<(Protocol, ControlKind, Endpoint)>,
    /// The CSN of the next message on each CCVC, the SSN of that on each SCVC.
    next: BTreeMap<(Protocol, ControlKind), u32>,
}

type Verdict = Result<(), String>;

/// `holds`, or the sentence that it breaks.
fn demand(holds: bool, broken: impl FnOnce() -> String) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(broken()),
    }
}

impl Watch {
    /// Before the first input of a server of this configuration.
    #[must_use]
    pub fn new(config: &GroupConfig) -> Self {
        Self {
            config: config.clone(),
            last: Time(0),
            cmis: Cmis::default(),
            hops: Hops::default(),
            contents: Contents::default(),
            registered: BTreeSet::new(),
            joined: BTreeSet::new(),
            leaves: BTreeSet::new(),
            next: BTreeMap::new(),
        }
    }

    /// Checks one input. Give every input, in order.
    ///
    /// # Errors
    ///
    /// The rule that is broken, and how.
    pub fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let said = said(step.input);
        self.registered.extend(said.registers);
        self.joined.extend(said.joins);
        times(self.last, step)?;
        idle(&self.config, step)?;
        self.destinations(step)?;
        self.sequence_numbers(step)?;
        self.leaves(step)?;
        bounded(&self.config, self.last, &said, step)?;
        self.cmis.step(&self.config, step)?;
        own::claims(&self.config, &self.registered, &self.joined, step)?;
        own::cache(&self.config, &said.records, step)?;
        self.contents.step(&self.config, &said, step)?;
        net::growth(&self.config, &said.records, step)?;
        self.hops.step(&self.config, &said, step)?;
        maps(step)?;
        self.last = step.now;
        Ok(())
    }

    /// Frames go where somebody listens, fit, and can be read.
    fn destinations(&self, step: &Step<'_>) -> Verdict {
        let came_on = match step.input {
            Input::Frame { vc, .. } => Some(*vc),
            _ => None,
        };
        let longest = match step.input {
            Input::Frame { octets, .. } => octets.len(),
            _ => 0,
        }
        .max(usize::from(self.config.mtu) + 8);
        for (target, octets) in sends(step.outputs) {
            demand(octets.len() <= longest, || {
                format!("a frame of {} octets", octets.len())
            })?;
            let kind = match llc_snap::split(octets) {
                Ok((Encapsulation::Scsp, packet)) if scsp::decode(packet).is_ok() => {
                    Encapsulation::Scsp
                }
                Ok((Encapsulation::Mars, message)) if mars::decode(message).is_ok() => {
                    Encapsulation::Mars
                }
                _ => return Err(format!("an unreadable frame: {octets:02x?}")),
            };
            let right = match (target, kind) {
                (Target::Group(_), Encapsulation::Mars) => true,
                // Register F21: an answer goes back where the question came from.
                (Target::Vc(vc), Encapsulation::Mars) => came_on == Some(vc),
                (Target::Vc(vc), Encapsulation::Scsp) => {
                    let peer = step.up.get(&vc).copied().or(match step.input {
                        Input::VcUp { vc: new, peer } if *new == vc => Some(*peer),
                        _ => None,
                    });
                    let down = matches!(step.input, Input::VcDown { vc: gone } if *gone == vc);
                    let mut neighbors = self.config.neighbors.iter();
                    !down && neighbors.any(|one| Some(one.atm) == peer)
                }
                _ => false,
            };
            demand(right, || format!("{kind:?} sent to {target:?}"))?;
        }
        Ok(())
    }

    /// R2022-5.1.4.2-02 R2022-6.2.5-02: every transmission on a CCVC or SCVC has the next number, and is of a kind that
    /// belongs there.
    fn sequence_numbers(&mut self, step: &Step<'_>) -> Verdict {
        for (target, octets) in sends(step.outputs) {
            let (Target::Group(group), Ok((_, message))) = (target, llc_snap::split(octets)) else {
                continue;
            };
            let body = mars::decode(message).map(|message| message.body);
            let msn = match (group.kind, body) {
                (_, Ok(Body::RedirectMap(map))) => map.msn,
                (ControlKind::Ccvc, Ok(Body::Join(body) | Body::Leave(body))) => body.msn,
                (ControlKind::Ccvc, Ok(Body::Migrate(answer))) => answer.msn,
                (ControlKind::Scvc, Ok(body)) if body.membership().is_some() => {
                    body.membership().map_or(0, |body| body.msn)
                }
                (kind, other) => return Err(format!("on a {kind:?}: {other:?}")),
            };
            let next = self.next.entry((group.protocol, group.kind));
            let next = next.or_insert(match group.kind {
                ControlKind::Ccvc => self.config.csn_start,
                ControlKind::Scvc => self.config.ssn_start,
            });
            demand(msn == *next, || format!("number {msn}, expected {next}"))?;
            *next = next.wrapping_add(1);
        }
        Ok(())
    }

    /// AddLeaf and DropLeaf tell of exactly the own registrations; nothing is sent to nobody.
    fn leaves(&mut self, step: &Step<'_>) -> Verdict {
        if let Input::LeafGone { group, peer } = step.input {
            self.leaves.remove(&(group.protocol, group.kind, *peer));
        }
        for output in step.outputs {
            let told = match &output.action {
                OutputAction::AddLeaf { group, peer } => {
                    self.leaves.insert((group.protocol, group.kind, *peer))
                }
                OutputAction::DropLeaf { group, peer } => {
                    self.leaves.remove(&(group.protocol, group.kind, *peer))
                }
                OutputAction::Send {
                    target: Target::Group(group),
                    ..
                } => self
                    .leaves
                    .iter()
                    .any(|leaf| (leaf.0, leaf.1) == (group.protocol, group.kind)),
                _ => true,
            };
            demand(told, || format!("leaves: {:?}", output.action))?;
        }
        let shown: BTreeSet<_> = [
            (ControlKind::Ccvc, &step.after.leaves),
            (ControlKind::Scvc, &step.after.mcs_leaves),
        ]
        .into_iter()
        .flat_map(|(kind, leaves)| {
            let leaves = leaves.iter();
            leaves.map(move |leaf| (leaf.protocol, kind, leaf.endpoint))
        })
        .collect();
        demand(shown == self.leaves, || {
            format!("leaves {shown:?}, told {:?}", self.leaves)
        })
    }
}

fn sends(outputs: &[Output]) -> impl Iterator<Item = (Target, &[u8])> {
    outputs.iter().filter_map(|output| match &output.action {
        OutputAction::Send { target, octets } => Some((*target, octets.as_slice())),
        _ => None,
    })
}

fn said(input: &Input) -> Said {
    let Input::Frame { octets, .. } = input else {
        return Said::default();
    };
    let mut said = Said {
        octets: octets.len(),
        ..Said::default()
    };
    match llc_snap::split(octets) {
        Ok((Encapsulation::Scsp, packet)) => match scsp::decode(packet).map(|found| found.body) {
            Ok(scsp::Body::CsuRequest(records)) => {
                said.records = records.iter().map(|csa| csa.csas).collect();
                said.contents = records
                    .iter()
                    .filter_map(|csa| Some((csa.csas, decode_record(csa.body).ok()?)))
                    .collect();
            }
            Ok(scsp::Body::Csus(asked)) => said.asked = asked.iter().collect(),
            Ok(scsp::Body::Ca { records: told, .. } | scsp::Body::CsuReply(told)) => {
                said.told = told.iter().collect();
            }
            _ => {}
        },
        Ok((Encapsulation::Mars, message)) => {
            let Ok(message) = mars::decode(message) else {
                return said;
            };
            let (kind, body) = match message.body {
                Body::Join(body) => (MemberKind::Client, body),
                Body::Mserv(body) => (MemberKind::Mcs, body),
                _ => return said,
            };
            let station = (message.protocol, kind, message.source);
            match body.flags.register() {
                true => said.registers = Some(station),
                false => said.joins = body.pairs.iter().next().map(|range| (station, range)),
            }
        }
        _ => {}
    }
    said
}

/// Outputs are stamped in order, none before the last input, none after this one; what is left to do
/// lies ahead; nothing comes out of time alone before it is due.
fn times(last: Time, step: &Step<'_>) -> Verdict {
    let mut floor = last;
    for output in step.outputs {
        demand(floor <= output.at && output.at <= step.now, || {
            format!("{output:?} after {floor:?}")
        })?;
        floor = output.at;
    }
    demand(step.next.is_none_or(|next| next > step.now), || {
        format!("the next deadline is {:?}", step.next)
    })?;
    let early = *step.input == Input::TimePassed
        && step.next_before.is_none_or(|next| next > step.now)
        // What was due at the start is said with the first call.
        && step.now > Time(0);
    demand(!early || step.outputs.is_empty(), || {
        format!("said before {:?}", step.next_before)
    })
}

/// What must do nothing does nothing; a reset touches nothing but the adjacency.
fn idle(config: &GroupConfig, step: &Step<'_>) -> Verdict {
    let logs_only = || {
        let mut outputs = step.outputs.iter();
        outputs.all(|output| matches!(output.action, OutputAction::Log(_)))
    };
    match step.expected {
        Expected::Anything => Ok(()),
        Expected::Nothing => demand(
            step.unchanged && logs_only() && step.outputs.len() <= 1,
            || "an input that says nothing did something".to_owned(),
        ),
        Expected::ResetOnly => {
            let (before, after) = (step.before, step.after);
            // Who is reset is not waited for any more: a client whose records were purged may now be
            // announced anew (register H13).
            let renews = step.renewals > 0;
            let others = |view: &View| -> Vec<_> {
                let entries = view.cache.iter().cloned();
                let own = |origin| renews && origin == config.server_id;
                entries.filter(|entry| !own(entry.origin)).collect()
            };
            let same = before.membership == after.membership
                && before.registrations == after.registrations
                && before.live == after.live
                && others(before) == others(after)
                && before.mcs_registrations == after.mcs_registrations
                && before.leaves == after.leaves
                && before.mcs_leaves == after.mcs_leaves;
            demand(
                same && (renews || logs_only() && step.outputs.len() <= 3),
                || "a malformed packet did more than reset".to_owned(),
            )
        }
    }
}

/// What comes out is no more than the input, the time that passed and the state account for.
fn bounded(config: &GroupConfig, last: Time, said: &Said, step: &Step<'_>) -> Verdict {
    let seconds = usize::try_from((step.now.0 - last.0) / 1000).unwrap_or(usize::MAX);
    // Each record of a packet, each second of timers, and the input itself.
    let causes = said.octets / 20 + seconds + 2;
    let state = |view: &View| {
        let servers: usize = view.redirect_map.iter().map(|map| map.servers.len()).sum();
        let registrations = view.registrations.len() + view.mcs_registrations.len();
        // Each group of a block of up to 256 gets a MIGRATE when an MCS begins to serve it (RFC 2022, 6.2.2).
        let migrations = 256 * usize::from(registrations > view.registrations.len());
        view.cache.len() + view.membership.len() + registrations + servers + migrations
    };
    let items = state(step.before).max(state(step.after)) + 1;
    let ends = config.neighbors.len() + config.protocols.len();
    let messages = step.outputs.len();
    // Per cause and place to send to: every item once, a Hello, a CA, a line for the log, an answer.
    demand(messages <= causes * ends * (items + 4), || {
        format!("{messages} outputs of {causes} causes and {items} items")
    })?;
    let octets: usize = sends(step.outputs).map(|(_, octets)| octets.len()).sum();
    // No item has more than 148 octets in any message, whose head and tail have less than 148.
    let most = (causes * ends * (items + 4) * 148).max(said.octets * 2);
    demand(octets <= most, || {
        format!("{octets} octets out, {most} accounted for")
    })
}

/// A redirect map always names some server, and each once.
fn maps(step: &Step<'_>) -> Verdict {
    step.after.redirect_map.iter().try_for_each(|map| {
        let once: BTreeSet<_> = map.servers.iter().collect();
        demand(!once.is_empty() && once.len() == map.servers.len(), || {
            format!("redirect map {map:?}")
        })
    })
}
