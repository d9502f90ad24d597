//! What is sent again and again may come sooner than a trace has it: at most the interval after the
//! one before, and at least half of it.
//!
//! A trace expects one Hello an interval, one map an interval and one Redirect Entry an interval. A server that keeps a
//! shorter one numbers its later messages on control VCs, or the instances of its Redirect Entry, higher, so the numbers
//! that the trace goes by move with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::frames;
use crate::judge::pattern::{Bindings, differences};
use crate::sut::{Out, OutAction};
use crate::trace::{Alternative, Expected, Trace};

/// The kinds of message that are sent by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// SCSP Hello.
    Hello,
    /// `MARS_REDIRECT_MAP`.
    Map,
    /// The server's own Redirect Entry in a CSU Request.
    Entry,
}

/// State of a Redirect Entry (RFC 2443, 3).
const REDIRECT_ENTRY: u64 = 1;

impl Kind {
    /// Of a whole message; Redirect Entries are records of one ([`split`]).
    fn of(frame: &Value) -> Option<Self> {
        let message = frame.get("message")?;
        let number = |key: &str| message.get(key).and_then(Value::as_u64);
        if number("type_code") == Some(5) {
            Some(Self::Hello)
        } else if number("op_type") == Some(12) {
            Some(Self::Map)
        } else {
            None
        }
    }

    fn of_hex(hex: &str) -> Option<Self> {
        Self::of(&frames::read(&frames::unhex(hex)?).ok()?)
    }
}

/// The own Redirect Entries of a CSU Request, or of a pattern of one, and what is left of it without them.
fn split(frame: &Value) -> Option<(Vec<Value>, Option<Value>)> {
    let message = frame.get("message")?;
    if message.get("type_code")?.as_u64()? != 2 {
        return None;
    }
    let sender = message.get("sender_id")?;
    let is_own = |record: &&Value| {
        let state = record.pointer("/mars/state").and_then(Value::as_u64);
        record.get("originator_id") == Some(sender) && state == Some(REDIRECT_ENTRY)
    };
    let (entries, others): (Vec<&Value>, Vec<&Value>) =
        message.get("records")?.as_array()?.iter().partition(is_own);
    if entries.is_empty() {
        return None;
    }
    let rest = (!others.is_empty()).then(|| {
        let mut rest = frame.clone();
        if let Some(message) = rest.get_mut("message").and_then(Value::as_object_mut) {
            for counted in ["number_of_records", "packet_size", "checksum"] {
                message.shift_remove(counted);
            }
            let others: Vec<Value> = others.into_iter().cloned().collect();
            message.insert("records".to_owned(), others.into());
        }
        rest
    });
    Some((entries.into_iter().cloned().collect(), rest))
}

/// A frame that was sent, as the harness reads it.
fn sent(hex: &str) -> Option<Value> {
    frames::read(&frames::unhex(hex)?).ok()
}

/// What was sent by the clock so far in one case.
#[derive(Clone, Debug)]
pub(super) struct Periodic {
    hello_ms: u64,
    map_ms: u64,
    entry_ms: u64,
    /// What tells the control VCs of several protocols apart, in their order.
    protocols: Vec<String>,
    last: BTreeMap<(Kind, String), u64>,
    /// Position, VC and form of every map that the trace has, in its order.
    maps: Vec<(usize, String, Value)>,
    /// The form of the own Redirect Entry, and what the trace calls its number.
    entry: Option<(Value, String)>,
    /// The number of the last own Redirect Entry that was sent on each VC.
    numbers: BTreeMap<String, i64>,
}

/// What one VC had of one kind in a step.
#[derive(Default)]
struct Seen {
    expected: i64,
    times: Vec<u64>,
    /// Numbers of Redirect Entries.
    numbers: Vec<i64>,
}

impl Periodic {
    /// Nothing sent yet; intervals and forms are those of the trace.
    pub(super) fn of(trace: &Trace) -> Self {
        let none = Value::Null;
        let config = trace.servers.first().map_or(&none, |server| &server.config);
        let number = |key: &str, default: u64| {
            let number = config.get(key).and_then(Value::as_u64);
            number.unwrap_or(default)
        };
        let (mut maps, mut entry) = (Vec::new(), None);
        for (position, step) in trace.steps.iter().enumerate() {
            for expected in step.expect.iter().flat_map(|one| &one.outputs) {
                let Expected::Frame { vc, matches } = expected else {
                    continue;
                };
                if Kind::of(matches) == Some(Kind::Map) {
                    maps.push((position, vc.clone(), without_number(matches)));
                }
                if entry.is_none() {
                    let entries = split(matches).map(|(entries, _)| entries);
                    entry = entries.iter().flatten().find_map(form);
                }
            }
        }
        let protocols = config.get("protocols").and_then(Value::as_array);
        let names = protocols.into_iter().flatten().map(|one| {
            let number = one.get("type").and_then(Value::as_u64).unwrap_or(0);
            match one.get("snap").and_then(Value::as_str) {
                Some(snap) if number == 0x80 => format!(":0080:{snap}"),
                _ => format!(":{number:04x}"),
            }
        });
        Self {
            hello_ms: number("hello_interval_s", 3) * 1000,
            map_ms: number("map_interval_ms", 60_000),
            entry_ms: number("redirect_interval_ms", 60_000),
            protocols: names.collect(),
            last: BTreeMap::new(),
            maps,
            entry,
            numbers: BTreeMap::new(),
        }
    }

    /// Remembers what was sent by the clock.
    pub(super) fn note(&mut self, outs: &[Out]) {
        for out in outs {
            let OutAction::Send { vc, hex } = &out.action else {
                continue;
            };
            if let Some(kind) = Kind::of_hex(hex) {
                self.last.insert((kind, vc.clone()), out.at);
            }
            let entries = sent(hex).and_then(|frame| split(&frame));
            for entry in entries.iter().flat_map(|(entries, _)| entries) {
                self.last.insert((Kind::Entry, vc.clone()), out.at);
                self.numbers
                    .extend(number_of(entry).map(|number| (vc.clone(), number)));
            }
        }
    }

    /// The forms that a map may have on a VC in a step: those of the last step that had one, and those that the
    /// alternative demands now or, if it demands none, those of the next step that has one.
    fn forms(&self, alternative: &Alternative, position: usize, vc: &str) -> Vec<Value> {
        let demanded = alternative.outputs.iter().filter_map(|one| match one {
            Expected::Frame { vc: on, matches } if on == vc => {
                (Kind::of(matches) == Some(Kind::Map)).then(|| without_number(matches))
            }
            _ => None,
        });
        let mut forms: Vec<Value> = demanded.collect();
        let of_vc = || self.maps.iter().filter(|(_, on, _)| on == vc);
        let places = of_vc().map(|(at, ..)| *at);
        let before = places.clone().filter(|at| *at < position).max();
        let after = places.filter(|at| *at >= position).min();
        let after = after.filter(|_| forms.is_empty());
        let near = of_vc().filter(|(at, ..)| Some(*at) == before || Some(*at) == after);
        forms.extend(near.map(|(.., form)| form.clone()));
        forms
    }

    /// An alternative without what the clock sends, and the outputs without it, when all that the
    /// clock sent is as it may be; `None` when nothing is sent by the clock here, or it may not be so.
    pub(super) fn loosened(
        &self,
        alternative: &Alternative,
        outs: &[Out],
        (position, at): (usize, u64),
        bindings: &mut Bindings,
    ) -> Option<(Alternative, Vec<Out>)> {
        let mut seen: BTreeMap<(Kind, String), Seen> = BTreeMap::new();
        let mut rest = alternative.clone();
        let mut bound = bindings.clone();
        rest.outputs = Vec::new();
        for expected in &alternative.outputs {
            match expected {
                Expected::Frame { vc, matches } => {
                    let mut count = |kind, more| {
                        seen.entry((kind, vc.clone())).or_default().expected += more;
                    };
                    if let Some(kind) = Kind::of(matches) {
                        count(kind, 1);
                        continue;
                    }
                    let (entries, matches) = match split(matches) {
                        Some((entries, rest)) => (entries.len(), rest),
                        None => (0, Some(matches.clone())),
                    };
                    if entries > 0 {
                        count(Kind::Entry, i64::try_from(entries).ok()?);
                    }
                    let vc = vc.clone();
                    rest.outputs
                        .extend(matches.map(|matches| Expected::Frame { vc, matches }));
                }
                other => rest.outputs.push(other.clone()),
            }
        }
        let mut others = Vec::new();
        let mut numbered: BTreeMap<String, Value> = BTreeMap::new();
        for out in outs {
            let read = match &out.action {
                OutAction::Send { vc, hex } => sent(hex).map(|value| (vc, value)),
                _ => None,
            };
            let Some((vc, value)) = read else {
                others.push(out.clone());
                continue;
            };
            let mut fits =
                |form: &Value, value: &Value| differences(form, value, &mut bound).is_empty();
            if let Some((entries, left)) = split(&value) {
                let (form, _) = self.entry.as_ref()?;
                let of_vc = seen.entry((Kind::Entry, vc.clone())).or_default();
                for entry in entries {
                    if !fits(form, &entry) {
                        return None;
                    }
                    of_vc.times.push(out.at);
                    of_vc.numbers.push(number_of(&entry)?);
                }
                if let Some(left) = left {
                    let hex = frames::hex(&frames::write(&left).ok()?);
                    let action = OutAction::Send {
                        vc: vc.clone(),
                        hex,
                    };
                    others.push(Out { at: out.at, action });
                }
                continue;
            }
            let Some(kind) = Kind::of(&value) else {
                others.push(out.clone());
                continue;
            };
            let forms = match kind {
                Kind::Map => self.forms(alternative, position, vc),
                _ => vec![json!({"message": {"version": 1, "protocol_id": 3}})],
            };
            if !forms.iter().any(|form| fits(form, &value)) {
                return None;
            }
            if kind == Kind::Map {
                let number = value.get("message")?.get("msn")?.clone();
                numbered.insert(vc.clone(), number);
            }
            let of_vc = seen.entry((kind, vc.clone())).or_default();
            of_vc.times.push(out.at);
        }
        if seen.is_empty() {
            return None;
        }
        let mut shift: Option<i64> = None;
        for ((kind, vc), seen) in &seen {
            self.in_time(*kind, vc, seen, at)?;
            let more = i64::try_from(seen.times.len()).ok()? - seen.expected;
            match kind {
                Kind::Hello => {}
                Kind::Map => self.renumber(vc, more, numbered.get(vc), alternative, &mut bound),
                // R2334-2.3-04: to each neighbour alike, and each instance is the next one.
                Kind::Entry => {
                    let last = self.numbers.get(vc).copied();
                    let (_, name) = self.entry.as_ref()?;
                    let first = last.or_else(|| bound.get(name).and_then(Value::as_i64))? + 1;
                    let right = (first..)
                        .zip(&seen.numbers)
                        .all(|(one, other)| one == *other);
                    if !right || *shift.get_or_insert(more) != more {
                        return None;
                    }
                }
            }
        }
        if let (Some(more), Some((_, name))) = (shift, &self.entry)
            && let Some(number) = bound.get(name).and_then(Value::as_i64)
        {
            bound.insert(name.clone(), Value::from(number + more));
        }
        *bindings = bound;
        Some((rest, others))
    }

    /// Whether one kind on one VC came as often as it may.
    fn in_time(&self, kind: Kind, vc: &str, seen: &Seen, at: u64) -> Option<()> {
        let interval = match kind {
            Kind::Hello => self.hello_ms,
            Kind::Map => self.map_ms,
            Kind::Entry => self.entry_ms,
        };
        let known = self.last.get(&(kind, vc.to_owned())).copied();
        let mut last = match kind {
            // The first Hello is no periodic one.
            Kind::Hello => known?,
            Kind::Map => known.unwrap_or(0),
            // The first one is made at the start, whoever is there to hear it; the last one may have gone to others.
            Kind::Entry => {
                let of_kind = self.last.iter().filter(|((other, _), _)| *other == kind);
                known
                    .or_else(|| of_kind.map(|(_, at)| *at).max())
                    .unwrap_or(0)
            }
        };
        let mut times = seen.times.clone();
        times.dedup();
        // Those before its VC had a leaf nobody saw.
        let mut unseen = kind == Kind::Map && known.is_none();
        for time in times {
            let after = time.checked_sub(last)?;
            let late = after > interval && !core::mem::take(&mut unseen);
            // Parts of one map come at once.
            if after != 0 && (after < interval.div_ceil(2) || late) {
                return None;
            }
            last = time;
        }
        // What is expected and not there is not due yet.
        let missing = seen.expected > i64::try_from(seen.times.len()).ok()?;
        (!(missing && last + interval <= at)).then_some(())
    }

    /// Moves the numbers of a control VC that the trace goes by.
    fn renumber(
        &self,
        vc: &str,
        more: i64,
        number: Option<&Value>,
        alternative: &Alternative,
        bindings: &mut Bindings,
    ) {
        let (kind, protocol) = match vc.strip_prefix("scvc") {
            Some(protocol) => ("ssn", protocol),
            None => ("csn", vc.strip_prefix("ccvc").unwrap_or(vc)),
        };
        let index = self.protocols.iter().position(|name| name == protocol);
        let base = match index.unwrap_or(0) {
            0 => kind.to_owned(),
            index => format!("{kind}:{index}"),
        };
        // Sights after what a server was free to do have names of their own.
        let later = format!("{base}-");
        for (name, value) in bindings.iter_mut() {
            if (*name == base || name.starts_with(&later))
                && let Some(number) = value.as_i64()
            {
                *value = Value::from((number + more).rem_euclid(1 << 32));
            }
        }
        // A number that this step would have named is that of the last map.
        if let Some(number) = number {
            for name in alternative.outputs.iter().filter_map(bound_number) {
                bindings.entry(name).or_insert_with(|| number.clone());
            }
        }
    }
}

/// The number of a record.
fn number_of(record: &Value) -> Option<i64> {
    record.get("csa_sequence_number")?.as_i64()
}

/// A pattern of a Redirect Entry that says nothing of its number, and what that is counted from.
fn form(entry: &Value) -> Option<(Value, String)> {
    let mut form = entry.clone();
    let number = form.as_object_mut()?.shift_remove("csa_sequence_number")?;
    let name = number.get("ref")?.as_str()?.to_owned();
    Some((form, name))
}

/// The name that an expected map gives to its number.
fn bound_number(expected: &Expected) -> Option<String> {
    match expected {
        Expected::Frame { matches, .. } if Kind::of(matches) == Some(Kind::Map) => {
            let msn = matches.get("message")?.get("msn")?;
            Some(msn.get("bind")?.as_str()?.to_owned())
        }
        _ => None,
    }
}

/// A pattern of a map that says nothing of its number.
fn without_number(matches: &Value) -> Value {
    let mut matches = matches.clone();
    if let Some(message) = matches.get_mut("message").and_then(Value::as_object_mut) {
        message.remove("msn");
    }
    matches
}
