//! One step of a global trace: what was seen against the alternative that the trace allows.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::books::{self, Books, Identity, Instance};
use super::pattern::{Bindings, Difference, differences};
use crate::lockstep::{Seen, SeenWhat};
use crate::lower::Lower;
use crate::trace::{About, Expected, ExpectedCsa, ExpectedMars, LeafOp, Says};

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of the stable codes: `missing-output`, `extra-output`, `wrong-field:<name>`, `wrong-state:<name>`,
    /// `wrong-order`, `malformed-frame`, ...
    pub code: String,
    /// What was demanded, in a few words; empty where nothing was.
    pub wanted: String,
    /// What was seen instead; empty where nothing was.
    pub got: String,
    /// Field by field, where the two can be told apart so.
    pub differences: Vec<Difference>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.wanted.is_empty() {
            write!(f, "\n  wanted: {}", self.wanted)?;
        }
        if !self.got.is_empty() {
            write!(f, "\n  got:    {}", self.got)?;
        }
        for difference in &self.differences {
            write!(
                f,
                "\n    {}: wanted {}, got {}",
                difference.field, difference.wanted, difference.got
            )?;
        }
        Ok(())
    }
}

impl Failure {
    /// A failure with a code and two sides.
    pub fn new(code: impl Into<String>, wanted: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            wanted: wanted.into(),
            got: got.into(),
            differences: Vec::new(),
        }
    }
}

/// Judges all outputs of a step.
///
/// `arrived` is the record that this step delivered, if it did: what a server passes on of it must be
/// the same octets but for the hop count.
///
/// # Errors
/// The first output that is missing, too many or wrong.
pub fn judge(
    expected: &[Expected],
    seen: &[Seen],
    arrived: Option<&Value>,
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<(), Failure> {
    mars(expected, seen, lower, books)?;
    leaves(expected, seen)?;
    records(expected, seen, arrived, lower, books)
}

/// MARS messages: in order on a private VC; on the ClusterControlVC in any order within the step,
/// since no RFC orders what one cause makes, but with consecutive numbers.
fn mars(
    expected: &[Expected],
    seen: &[Seen],
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<(), Failure> {
    let mut frames: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for Seen { from, what, .. } in seen {
        if let SeenWhat::Frame { to, value, .. } = what
            && lower.is_mars(value)
        {
            frames.entry((from, to)).or_default().push(value);
        }
    }
    numbers(seen, lower, books)?;
    for wanted in expected {
        let Expected::Mars(wanted) = wanted else {
            continue;
        };
        let there = frames.entry((&wanted.from, &wanted.to)).or_default();
        let pattern = lower.mars(wanted, books);
        let ordered = !is_control(&wanted.to);
        let candidates = if ordered {
            there.len().min(1)
        } else {
            there.len()
        };
        let mut closest: Option<(usize, Vec<Difference>)> = None;
        for (position, value) in there.iter().enumerate().take(candidates) {
            let found = differences(&pattern, value, &mut Bindings::new());
            if closest
                .as_ref()
                .is_none_or(|(_, least)| found.len() < least.len())
            {
                closest = Some((position, found));
            }
        }
        let says = describe_mars(wanted);
        match closest {
            Some((position, found)) if found.is_empty() => {
                let value = there.remove(position);
                bind_cmi(wanted, value, lower, books)?;
            }
            // The closest one is of the same kind: say which field is wrong. Otherwise it is missing.
            Some((position, found))
                if there
                    .get(position)
                    .is_some_and(|value| lower.same_op(&pattern, value)) =>
            {
                let got = there
                    .get(position)
                    .map(|value| lower.describe(value))
                    .unwrap_or_default();
                let name = found.first().map_or("", Difference::name).to_owned();
                let failure = Failure::new(format!("wrong-field:{name}"), says, got);
                return Err(Failure {
                    differences: found,
                    ..failure
                });
            }
            other => {
                let got = other
                    .and_then(|(position, _)| there.get(position))
                    .map(|value| lower.describe(value));
                return Err(Failure::new(
                    "missing-output",
                    says,
                    got.unwrap_or_default(),
                ));
            }
        }
    }
    let extra = frames
        .iter()
        .find_map(|((from, to), left)| Some((from, to, left.first()?)));
    match extra {
        Some((from, to, value)) => Err(Failure::new(
            "extra-output",
            "",
            format!("{from} to {to}: {}", lower.describe(value)),
        )),
        None => Ok(()),
    }
}

/// Whether this is the name of a control VC.
fn is_control(vc: &str) -> bool {
    vc == "ccvc" || vc == "scvc"
}

/// R2022-6.1.4, R2022-6.2.5: every message on a control VC has its next number; a private copy has the one last
/// used or the next (register F02), for a multicast server of the ServerControlVC.
fn numbers(seen: &[Seen], lower: &Lower<'_>, books: &mut Books) -> Result<(), Failure> {
    for Seen { from, what, .. } in seen {
        let SeenWhat::Frame { to, value, .. } = what else {
            continue;
        };
        let Some(number) = lower.sequence_number(value) else {
            continue;
        };
        let control = match to.as_str() {
            vc if is_control(vc) => vc,
            client if lower.is_mcs(client) => "scvc",
            _ => "ccvc",
        };
        let last = books.last_number(from, control);
        let next = last.map(|last| last.wrapping_add(1));
        let right = if to == control {
            next.is_none_or(|next| next == number)
        } else {
            next.is_none_or(|next| next == number || last == Some(number))
        };
        if !right {
            let wanted = format!("{from} to {to}: mar$msn {}", next.unwrap_or_default());
            return Err(Failure::new(
                "wrong-field:msn",
                wanted,
                lower.describe(value),
            ));
        }
        if to == control {
            books.set_number(from, control, number);
        }
    }
    Ok(())
}

/// A private copy of a registration names the CMI of that client at that server.
fn bind_cmi(
    wanted: &ExpectedMars,
    value: &Value,
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<(), Failure> {
    if wanted.says != Says::RegisterCopy || lower.is_mcs(&wanted.to) {
        return Ok(());
    }
    let cmi = lower.cmi(value);
    // R2443-2-06: only from the own range. R2443-2-05: unique in the LIS.
    let (low, high) = lower.cmi_range(&wanted.from);
    if !cmi.as_i64().is_some_and(|cmi| (low..=high).contains(&cmi)) {
        let range = format!(
            "a CMI of {}'s range {low} to {high} for {}",
            wanted.from, wanted.to
        );
        return Err(Failure::new("wrong-field:cmi", range, cmi.to_string()));
    }
    books
        .bind_cmi(&wanted.from, &wanted.to, &cmi)
        .map_err(|(server, client)| {
            let wanted = format!(
                "a CMI for {} at {} that no live registration has",
                wanted.to, wanted.from
            );
            Failure::new(
                "wrong-field:cmi",
                wanted,
                format!("{cmi}, which is that of {client} at {server}"),
            )
        })
}

/// Leaves of the ClusterControlVC. An echo of a leaf that the network dropped is not judged, and the
/// network reports none here.
fn leaves(expected: &[Expected], seen: &[Seen]) -> Result<(), Failure> {
    let mut there: Vec<(&str, LeafOp, &str, &str)> = seen
        .iter()
        .filter_map(|Seen { from, what, .. }| match what {
            SeenWhat::Leaf { add, group, peer } => Some((
                from.as_str(),
                if *add { LeafOp::Add } else { LeafOp::Drop },
                peer.as_str(),
                group.as_str(),
            )),
            _ => None,
        })
        .collect();
    for wanted in expected {
        let Expected::Leaf {
            from,
            op,
            peer,
            group,
        } = wanted
        else {
            continue;
        };
        let same = |other: &(&str, LeafOp, &str, &str)| {
            (other.0, other.1, other.2) == (from, *op, peer)
                && group.as_ref().is_none_or(|group| group == other.3)
        };
        match there.iter().position(same) {
            Some(position) => {
                there.remove(position);
            }
            None => {
                return Err(Failure::new(
                    "missing-output",
                    format!("{from}: leaf {op:?} {peer}"),
                    "",
                ));
            }
        }
    }
    match there.first() {
        Some((from, op, peer, _)) => Err(Failure::new(
            "extra-output",
            "",
            format!("{from}: leaf {op:?} {peer}"),
        )),
        None => Ok(()),
    }
}

/// A record as it was sent: from, to, the record, what it is about and whether it is live.
type Sent<'s> = (&'s str, &'s str, &'s Value, Option<(Identity, bool)>);

/// Records of CSU Requests.
fn records(
    expected: &[Expected],
    seen: &[Seen],
    arrived: Option<&Value>,
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<(), Failure> {
    let mut there: Vec<Sent<'_>> = Vec::new();
    for Seen { from, what, .. } in seen {
        if let SeenWhat::Record { to, record, .. } = what {
            let named = lower.identify(record).map(|(identity, live)| {
                let key = lower.instance(record).key;
                (books.life(identity, &key), live)
            });
            there.push((from, to, record, named));
        }
    }
    // What is new chooses first, since an answer to a solicitation may have any hop count; what is
    // passed on comes last, since this step may have shown for the first time what that is.
    let mut csas: Vec<&ExpectedCsa> = expected
        .iter()
        .filter_map(|one| match one {
            Expected::Csa(csa) => Some(csa),
            _ => None,
        })
        .collect();
    csas.sort_by_key(|csa| (!csa.fresh, !csa.solicited));
    for wanted in csas {
        let identity = books::identity(wanted);
        let pattern = lower.record(wanted, books);
        let same = |(from, to, _, named): &Sent<'_>| {
            (*from, *to) == (wanted.from.as_str(), wanted.to.as_str())
                && named.as_ref().is_some_and(|(named, _)| *named == identity)
        };
        let position = (0..there.len())
            .filter(|position| there.get(*position).is_some_and(same))
            .min_by_key(|position| {
                let record = there
                    .get(*position)
                    .map_or(&Value::Null, |(.., record, _)| record);
                differences(&pattern, record, &mut Bindings::new()).len()
            });
        let Some(position) = position else {
            let other = there
                .iter()
                .find(|(from, to, ..)| (*from, *to) == (wanted.from.as_str(), wanted.to.as_str()));
            let got = other
                .map(|(.., record, _)| lower.describe_record(record))
                .unwrap_or_default();
            return Err(Failure::new("missing-output", describe_csa(wanted), got));
        };
        let (_, _, record, _) = there.remove(position);
        one_record(wanted, &identity, record, arrived, lower, books)?;
    }
    match there.first() {
        Some((from, to, record, _)) => Err(Failure::new(
            "extra-output",
            "",
            format!("{from} to {to}: {}", lower.describe_record(record)),
        )),
        None => Ok(()),
    }
}

/// One record: every field that its originator is not free to choose, and those it is against what
/// was seen before.
fn one_record(
    wanted: &ExpectedCsa,
    identity: &Identity,
    record: &Value,
    arrived: Option<&Value>,
    lower: &Lower<'_>,
    books: &mut Books,
) -> Result<(), Failure> {
    let pattern = lower.record(wanted, books);
    let found = differences(&pattern, record, &mut Bindings::new());
    if let Some(first) = found.first() {
        let code = format!("wrong-field:{}", first.name());
        let failure = Failure::new(code, describe_csa(wanted), lower.describe_record(record));
        return Err(Failure {
            differences: found,
            ..failure
        });
    }
    let instance = lower.instance(record);
    // What an originator made while nobody was linked to it is new to the judge when it is asked for.
    let first_sight = wanted.fresh
        || (wanted.solicited
            && wanted.from == wanted.origin
            && !wanted.earlier
            && !books.knows(identity, &instance.record));
    if !first_sight {
        let same = |other: &Value| lower.instance(other).record == instance.record;
        let passed_on = match arrived.filter(|other| {
            lower.identify(other).is_some_and(|(named, _)| {
                books.life(named, &lower.instance(other).key) == *identity
            })
        }) {
            Some(other) if !wanted.solicited => same(other),
            _ => books.knows(identity, &instance.record),
        };
        if !passed_on {
            // R2334-2.3: what is passed on is the instance that came in.
            let wanted = format!("{}, passed on as it came in", describe_csa(wanted));
            return Err(Failure::new(
                "wrong-field:record",
                wanted,
                lower.describe_record(record),
            ));
        }
        return Ok(());
    }
    check_fresh(wanted, identity, &instance, lower, record, books)?;
    books.remember(identity.clone(), instance);
    Ok(())
}

/// A fresh instance: the key of the same element, a larger number than before (or the same instance
/// sent to another neighbour), and no key used for two elements.
fn check_fresh(
    wanted: &ExpectedCsa,
    identity: &Identity,
    instance: &Instance,
    lower: &Lower<'_>,
    record: &Value,
    books: &Books,
) -> Result<(), Failure> {
    let fail = |code: &str, why: String| {
        Err(Failure::new(
            code,
            format!("{}, {why}", describe_csa(wanted)),
            lower.describe_record(record),
        ))
    };
    if let Some(last) = books.newest(identity) {
        let repeated = books.knows(identity, &instance.record);
        if last.key != instance.key {
            return fail(
                "wrong-field:cache_key",
                format!("under its key {}", last.key),
            );
        }
        if instance.sequence <= last.sequence && !repeated && !wanted.solicited {
            return fail(
                "wrong-field:csa_sequence_number",
                format!("numbered above {}", last.sequence),
            );
        }
    } else if let Some(other) = books.key_owner(&identity.0, &instance.key)
        && other != identity
    {
        return fail(
            "wrong-field:cache_key",
            format!("not under the key of {:?}", other.1),
        );
    }
    Ok(())
}

/// A record in a few words.
#[must_use]
pub fn describe_csa(csa: &ExpectedCsa) -> String {
    let about = match &csa.about {
        About::RedirectEntry => "redirect entry".to_owned(),
        About::Register { client } => format!("register {client}"),
        About::Join { client, range } => format!("join {client} {range}"),
    };
    let end = if csa.live { "" } else { " (ended)" };
    let life = if csa.earlier { ", earlier life" } else { "" };
    let how = if csa.solicited {
        ", solicited"
    } else if csa.fresh {
        ", new"
    } else {
        ", passed on"
    };
    format!(
        "{} to {}: {about} of {}{end}{life}{how}",
        csa.from, csa.to, csa.origin
    )
}

/// A MARS message in a few words.
#[must_use]
pub fn describe_mars(mars: &ExpectedMars) -> String {
    format!("{} to {}: {}", mars.from, mars.to, says(&mars.says))
}

/// What a MARS message says, in a few words.
#[must_use]
pub fn says(says: &Says) -> String {
    let listed = |groups: &[(String, String)]| {
        let pairs: Vec<String> = groups
            .iter()
            .map(|(min, max)| format!("<{min},{max}>"))
            .collect();
        pairs.join(" ")
    };
    let holes = |punched: &bool| if *punched { " (punched)" } else { "" };
    match says {
        Says::RegisterCopy => "MARS_JOIN, copy of the registration".to_owned(),
        Says::DeregisterCopy => "MARS_LEAVE, copy of the deregistration".to_owned(),
        Says::JoinCopy { range } => format!("MARS_JOIN, copy of the join of {range}"),
        Says::LeaveCopy { range } => format!("MARS_LEAVE, copy of the leave of {range}"),
        Says::Join {
            client,
            groups,
            punched,
        } => {
            format!("MARS_JOIN of {client} {}{}", listed(groups), holes(punched))
        }
        Says::Leave {
            client,
            groups,
            punched,
        } => {
            format!(
                "MARS_LEAVE of {client} {}{}",
                listed(groups),
                holes(punched)
            )
        }
        Says::Sjoin {
            client,
            groups,
            punched,
        } => format!(
            "MARS_SJOIN of {client} {}{}",
            listed(groups),
            holes(punched)
        ),
        Says::Sleave {
            client,
            groups,
            punched,
        } => format!(
            "MARS_SLEAVE of {client} {}{}",
            listed(groups),
            holes(punched)
        ),
        Says::Serve { client, groups } => format!("MARS_MSERV of {client} {}", listed(groups)),
        Says::Unserve { client, groups } => format!("MARS_UNSERV of {client} {}", listed(groups)),
        Says::Migrate { client, group } => format!("MARS_MIGRATE of {group} to {client}"),
        Says::RedirectMap { order, hard } => {
            format!(
                "MARS_REDIRECT_MAP {}{}",
                order.join(" "),
                if *hard { " (hard)" } else { " (soft)" }
            )
        }
        Says::Multi { range, members } => format!("MARS_MULTI for {range}: {}", members.join(" ")),
        Says::Nak { range } => format!("MARS_NAK for {range}"),
    }
}
