//! What is sent again and again may come sooner than a trace has it: at most the interval after the
//! one before, and at least half of it.
//!
//! A trace expects one Hello an interval and one map an interval. A server that keeps a shorter one
//! numbers its later `ClusterControlVC` messages higher, so the numbers that the trace goes by move with
//! it. Redirect Entries are not loosened yet: they travel in CSU Requests, which are judged as they are.

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
}

impl Kind {
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

/// What was sent by the clock so far in one case.
#[derive(Clone, Debug)]
pub(super) struct Periodic {
    hello_ms: u64,
    map_ms: u64,
    protocols: Vec<String>,
    last: BTreeMap<(Kind, String), u64>,
    maps: BTreeMap<String, Value>,
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
        let mut maps = BTreeMap::new();
        for step in trace.steps.iter().rev() {
            for expected in step.expect.iter().flat_map(|one| &one.outputs) {
                if let Expected::Frame { vc, matches } = expected
                    && Kind::of(matches) == Some(Kind::Map)
                {
                    maps.insert(vc.clone(), without_number(matches));
                }
            }
        }
        let protocols = config.get("protocols").and_then(Value::as_array);
        let names = protocols.into_iter().flatten().map(|one| {
            let number = one.get("type").and_then(Value::as_u64).unwrap_or(0);
            match one.get("snap").and_then(Value::as_str) {
                Some(snap) if number == 0x80 => format!("ccvc:0080:{snap}"),
                _ => format!("ccvc:{number:04x}"),
            }
        });
        Self {
            hello_ms: number("hello_interval_s", 3) * 1000,
            map_ms: number("map_interval_ms", 60_000),
            protocols: names.collect(),
            last: BTreeMap::new(),
            maps,
        }
    }

    /// Remembers what was sent by the clock.
    pub(super) fn note(&mut self, outs: &[Out]) {
        for out in outs {
            if let OutAction::Send { vc, hex } = &out.action
                && let Some(kind) = Kind::of_hex(hex)
            {
                self.last.insert((kind, vc.clone()), out.at);
            }
        }
    }

    /// An alternative without what the clock sends, and the outputs without it, when all that the
    /// clock sent is as it may be; `None` when nothing is sent by the clock here, or it may not be so.
    pub(super) fn loosened(
        &self,
        alternative: &Alternative,
        outs: &[Out],
        at: u64,
        bindings: &mut Bindings,
    ) -> Option<(Alternative, Vec<Out>)> {
        let mut counts: BTreeMap<(Kind, String), (i64, Vec<u64>)> = BTreeMap::new();
        let mut rest = alternative.clone();
        let mut bound = bindings.clone();
        rest.outputs.retain(|expected| match expected {
            Expected::Frame { vc, matches } => match Kind::of(matches) {
                Some(kind) => {
                    counts.entry((kind, vc.clone())).or_default().0 += 1;
                    false
                }
                None => true,
            },
            _ => true,
        });
        let mut others = Vec::new();
        let mut numbered: BTreeMap<String, Value> = BTreeMap::new();
        for out in outs {
            let OutAction::Send { vc, hex } = &out.action else {
                others.push(out.clone());
                continue;
            };
            let value = frames::unhex(hex).and_then(|octets| frames::read(&octets).ok());
            let Some((kind, value)) = value.and_then(|value| Some((Kind::of(&value)?, value)))
            else {
                others.push(out.clone());
                continue;
            };
            let pattern = match kind {
                Kind::Hello => &json!({"message": {"version": 1, "protocol_id": 3}}),
                Kind::Map => self.maps.get(vc)?,
            };
            if !differences(pattern, &value, &mut bound).is_empty() {
                return None;
            }
            if kind == Kind::Map {
                let number = value.get("message")?.get("msn")?.clone();
                numbered.insert(vc.clone(), number);
            }
            counts.entry((kind, vc.clone())).or_default().1.push(out.at);
        }
        if counts.is_empty() {
            return None;
        }
        for ((kind, vc), (expected, sent)) in &counts {
            self.in_time(*kind, vc, *expected, sent, at)?;
            if *kind == Kind::Map {
                let more = i64::try_from(sent.len()).ok()? - expected;
                self.renumber(vc, more, numbered.get(vc), alternative, &mut bound);
            }
        }
        *bindings = bound;
        Some((rest, others))
    }

    /// Whether one kind on one VC came as often as it may.
    fn in_time(&self, kind: Kind, vc: &str, expected: i64, sent: &[u64], at: u64) -> Option<()> {
        let interval = match kind {
            Kind::Hello => self.hello_ms,
            Kind::Map => self.map_ms,
        };
        let known = self.last.get(&(kind, vc.to_owned())).copied();
        let mut last = match kind {
            // The first Hello is no periodic one.
            Kind::Hello => known?,
            Kind::Map => known.unwrap_or(0),
        };
        let mut times = sent.to_vec();
        times.dedup();
        for time in times {
            let after = time.checked_sub(last)?;
            // Parts of one map come at once.
            if after != 0 && (after < interval.div_ceil(2) || after > interval) {
                return None;
            }
            last = time;
        }
        // What is expected and not there is not due yet.
        let overdue = last + interval <= at && expected > i64::try_from(sent.len()).ok()?;
        (!overdue).then_some(())
    }

    /// Moves the numbers of `ClusterControlVC` that the trace goes by.
    fn renumber(
        &self,
        vc: &str,
        more: i64,
        number: Option<&Value>,
        alternative: &Alternative,
        bindings: &mut Bindings,
    ) {
        let index = self
            .protocols
            .iter()
            .position(|name| name == vc)
            .unwrap_or(0);
        let base = match index {
            0 => "csn".to_owned(),
            index => format!("csn:{index}"),
        };
        let before = format!("{base}-before");
        for (name, value) in bindings.iter_mut() {
            if (*name == base || *name == before)
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
