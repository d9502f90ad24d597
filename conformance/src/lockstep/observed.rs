//! What came out in one step of a local trace, against one alternative.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::frames;
use crate::frames::seal::{Key, is_authentication};
use crate::judge::pattern::{Bindings, Difference, differences};
use crate::judge::step::Failure;
use crate::sut::{Out, OutAction, TreeOp};
use crate::trace::{Alternative, Expected, LeafOp, Stimulus, Trace};

/// What of the outputs a trace judges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Eyes {
    /// The subject is a client or an MCS: its calls count.
    endpoint: bool,
    /// The VCs whose release the trace names.
    hangups: BTreeSet<String>,
    /// The trace names packets that are handed up.
    deliveries: bool,
    /// The kinds of notices that it names.
    notices: BTreeSet<String>,
    /// Where neighbours authenticate: how the server does towards each, by VC.
    seals: BTreeMap<String, Option<Key>>,
}

impl Eyes {
    pub(crate) fn of(trace: &Trace) -> Self {
        let config = trace.servers.first().map(|server| &server.config);
        let role = config.and_then(|config| config.get("role")?.as_str());
        let mut eyes = Self {
            endpoint: role.is_some_and(|role| role != "server"),
            seals: seals(trace),
            ..Self::default()
        };
        let steps = trace.steps.iter().flat_map(|step| &step.expect);
        for expected in steps.flat_map(|alternative| &alternative.outputs) {
            match expected {
                Expected::Deliver { .. } => eyes.deliveries = true,
                Expected::Hangup { vc } => {
                    eyes.hangups.insert(vc.clone());
                }
                Expected::Notice { matches } => eyes.notices.extend(kind(matches)),
                _ => {}
            }
        }
        eyes
    }

    /// Every packet to a neighbour is authenticated under the first key that is shared with it, or not at all where
    /// there is none (RFC 2334, B.3.1; contract, `auth`).
    fn sealed(&self, outs: &[Out]) -> Result<(), Failure> {
        for out in outs {
            let OutAction::Send { vc, hex } = &out.action else {
                continue;
            };
            let read = frames::unhex(hex).and_then(|octets| frames::read(&octets).ok());
            let (Some(key), Some(frame)) = (self.seals.get(vc), read) else {
                continue;
            };
            if frame.get("protocol").and_then(Value::as_str) != Some("scsp") {
                continue;
            }
            let extensions = frame.pointer("/message/extensions");
            let any = extensions.and_then(Value::as_array);
            let any = any.is_some_and(|all| all.iter().any(is_authentication));
            let fault = match key {
                Some(key) => key.fault(&frame),
                None if any => Some(("extensions", "none".to_owned(), "authentication".to_owned())),
                None => None,
            };
            if let Some((name, wanted, got)) = fault {
                let code = format!("wrong-field:{name}");
                let failure = Failure::new(code, format!("on {vc}: {wanted}"), hex);
                let field = format!("message.extensions.{name}");
                let differences = vec![Difference { field, wanted, got }];
                return Err(Failure {
                    differences,
                    ..failure
                });
            }
        }
        Ok(())
    }

    fn judges(&self, action: &OutAction) -> bool {
        match action {
            OutAction::Send { .. } | OutAction::Leaf { .. } | OutAction::Tree { .. } => true,
            OutAction::Call { .. } => self.endpoint,
            OutAction::Hangup { vc } => self.hangups.contains(vc),
            OutAction::Deliver { .. } => self.deliveries,
            OutAction::Notice(notice) => kind(notice).is_some_and(|it| self.notices.contains(&it)),
        }
    }
}

/// What the table of keys says of each VC to a neighbour; nothing without a table.
fn seals(trace: &Trace) -> BTreeMap<String, Option<Key>> {
    let config = trace.servers.first().map(|server| &server.config);
    let list = |key: &str| {
        let list = config.and_then(|config| config.get(key)?.as_array());
        list.map(Vec::as_slice).unwrap_or_default()
    };
    let keys = list("auth");
    let key = |id: &Value| {
        let entry = keys.iter().find(|one| one.get("peer_id") == Some(id))?;
        let key = frames::unhex(entry.get("key")?.as_str()?)?;
        let spi = u32::try_from(entry.get("spi")?.as_u64()?).ok()?;
        Some(Key { spi, key })
    };
    let mut seals = BTreeMap::new();
    for step in &trace.steps {
        let Some(Stimulus::VcUp { vc, peer, .. }) = &step.stimulus else {
            continue;
        };
        let at = |one: &&Value| one.pointer("/atm/number") == peer.get("number");
        let id = list("neighbors")
            .iter()
            .find(at)
            .and_then(|one| one.get("id"));
        if let Some(id) = id.filter(|_| !keys.is_empty()) {
            seals.insert(vc.clone(), key(id));
        }
    }
    seals
}

/// The one field of a notice.
fn kind(notice: &Value) -> Option<String> {
    notice.as_object()?.keys().next().cloned()
}

/// The endpoint's name of what the trace calls so; any other name is its own.
pub(crate) fn tree_name(name: &str, bindings: &Bindings) -> String {
    let bound = bindings.get(&tree_key(name)).and_then(Value::as_str);
    bound.unwrap_or(name).to_owned()
}

fn tree_key(name: &str) -> String {
    format!("tree {name}")
}

/// One alternative: in its time, in order on each VC, in any order across VCs, and nothing else. How the
/// records of a server group are packed into CSU Requests is free (contract), and so is their order.
pub(crate) fn one(
    eyes: &Eyes,
    alternative: &Alternative,
    outs: &[Out],
    bindings: &mut Bindings,
) -> Result<(), Failure> {
    eyes.sealed(outs)?;
    let mut bound = bindings.clone();
    let failure = match as_packed(eyes, alternative, outs, &mut bound) {
        Ok(()) => {
            *bindings = bound;
            return Ok(());
        }
        Err(failure) => failure,
    };
    let mut bound = bindings.clone();
    match unpacked(alternative, outs, &mut bound) {
        Some((rest, others)) if as_packed(eyes, &rest, &others, &mut bound).is_ok() => {
            *bindings = bound;
            Ok(())
        }
        _ => Err(failure),
    }
}

/// An alternative without its CSU Requests, and the outputs without theirs, when the records in them are the
/// same however they are packed; `None` when they are not, or nobody demands any.
fn unpacked(
    alternative: &Alternative,
    outs: &[Out],
    bindings: &mut Bindings,
) -> Option<(Alternative, Vec<Out>)> {
    let mut rest = alternative.clone();
    let mut wanted: BTreeMap<String, (Value, Vec<Value>)> = BTreeMap::new();
    rest.outputs.retain(|expected| match expected {
        Expected::Frame { vc, matches } => match group_records(matches) {
            Some((envelope, records)) => {
                let of_vc = wanted.entry(vc.clone());
                of_vc.or_insert((envelope, Vec::new())).1.extend(records);
                false
            }
            None => true,
        },
        _ => true,
    });
    if wanted.is_empty() || alternative.window.is_some() {
        return None;
    }
    let mut others = Vec::new();
    for out in outs {
        let records = match &out.action {
            OutAction::Send { vc, hex } => frames::unhex(hex)
                .and_then(|octets| frames::read(&octets).ok())
                .and_then(|value| Some((wanted.get_mut(vc)?, value))),
            _ => None,
        };
        let records = records.and_then(|(of_vc, value)| {
            let records = frames::csu_request_records(&value)?.clone();
            Some((of_vc, value, records))
        });
        let Some(((envelope, left), value, records)) = records else {
            others.push(out.clone());
            continue;
        };
        if !differences(envelope, &value, bindings).is_empty() {
            return None;
        }
        for record in &records {
            let mut fits = left.iter();
            let place = fits.position(|one| differences(one, record, bindings).is_empty())?;
            left.remove(place);
        }
    }
    let all = wanted.values().all(|(_, left)| left.is_empty());
    all.then_some((rest, others))
}

/// The records of an expected CSU Request of a server group, and the pattern of what is round them.
fn group_records(matches: &Value) -> Option<(Value, Vec<Value>)> {
    let message = matches.get("message")?;
    if message.get("type_code")?.as_u64()? != 2 {
        return None;
    }
    let records = message.get("records")?.as_array()?.clone();
    let of_group = |record: &Value| match record.get("one_of").and_then(Value::as_array) {
        Some(options) => options.iter().all(|one| one.get("mars").is_some()),
        None => record.get("mars").is_some(),
    };
    if records.is_empty() || !records.iter().all(of_group) {
        return None;
    }
    let mut envelope = matches.clone();
    let message = envelope.get_mut("message")?.as_object_mut()?;
    message.shift_remove("records");
    message.shift_remove("number_of_records");
    Some((envelope, records))
}

/// One alternative with CSU Requests packed as it has them.
fn as_packed(
    eyes: &Eyes,
    alternative: &Alternative,
    outs: &[Out],
    bindings: &mut Bindings,
) -> Result<(), Failure> {
    let mut left: Vec<&Out> = outs.iter().filter(|out| eyes.judges(&out.action)).collect();
    check_trees(&left)?;
    for expected in &alternative.outputs {
        let position = position(expected, &left, bindings)?;
        let out = left.remove(position);
        check_time(alternative, expected, out)?;
    }
    match left.first() {
        Some(extra) => Err(Failure::new("extra-output", "", words(&extra.action))),
        None => Ok(()),
    }
}

fn check_time(alternative: &Alternative, expected: &Expected, out: &Out) -> Result<(), Failure> {
    let Some((from, to)) = alternative.window else {
        return Ok(());
    };
    let code = if out.at < from {
        "early-output"
    } else if out.at > to {
        "late-output"
    } else {
        return Ok(());
    };
    let wanted = format!("{from} to {to} ms: {}", demand(expected));
    Err(Failure::new(code, wanted, format!("{} ms", out.at)))
}

/// On a tree, `open` comes before all else, and nothing after `close`.
fn check_trees(outs: &[&Out]) -> Result<(), Failure> {
    let on = |out: &Out| match &out.action {
        OutAction::Tree { tree, op, .. } => Some((tree.clone(), Some(*op))),
        OutAction::Send { vc, .. } => Some((vc.clone(), None)),
        _ => None,
    };
    let named: Vec<(String, Option<TreeOp>)> = outs.iter().filter_map(|out| on(out)).collect();
    for (position, (name, op)) in named.iter().enumerate() {
        let mut before = named
            .iter()
            .take(position)
            .filter(|(other, _)| other == name);
        let wrong = match op {
            Some(TreeOp::Open) => before.any(|(_, op)| *op != Some(TreeOp::Open)),
            _ => before.any(|(_, op)| *op == Some(TreeOp::Close)),
        };
        if wrong {
            let got = format!("{op:?} on {name}");
            return Err(Failure::new("wrong-order", "", got));
        }
    }
    Ok(())
}

/// Where what is expected is among the outputs.
fn position(expected: &Expected, left: &[&Out], bindings: &mut Bindings) -> Result<usize, Failure> {
    let missing = || Failure::new("missing-output", demand(expected), "");
    let find = |fits: &dyn Fn(&OutAction) -> bool| {
        let position = left.iter().position(|out| fits(&out.action));
        position.ok_or_else(missing)
    };
    match expected {
        Expected::Frame { vc, matches } => {
            let name = tree_name(vc, bindings);
            let position = find(&|action| match action {
                OutAction::Send { vc, .. } | OutAction::Hangup { vc } => *vc == name,
                _ => false,
            })?;
            match left.get(position).map(|out| &out.action) {
                Some(OutAction::Send { hex, .. }) => {
                    frame(vc, matches, hex, bindings)?;
                    Ok(position)
                }
                _ => Err(missing()),
            }
        }
        Expected::Leaf {
            op, peer, group, ..
        } => find(&|action| match action {
            OutAction::Leaf {
                add,
                group: on,
                peer: other,
            } => {
                *add == (*op == LeafOp::Add)
                    && number(other) == Some(peer)
                    && group.as_ref().is_none_or(|group| group == on)
            }
            _ => false,
        }),
        Expected::Tree {
            op,
            tree,
            group,
            peer,
        } => {
            let bound = bindings.get(&tree_key(tree)).and_then(Value::as_str);
            let position = find(&|action| match action {
                OutAction::Tree {
                    op: other_op,
                    tree: other,
                    group: other_group,
                    peer: other_peer,
                } => {
                    other_op == op
                        && match bound {
                            Some(name) => name == other,
                            None => *op == TreeOp::Open && !is_bound(other, bindings),
                        }
                        && (*op != TreeOp::Open || other_group == group)
                        && other_peer.as_ref().and_then(number) == peer.as_deref()
                }
                _ => false,
            })?;
            if let Some(OutAction::Tree { tree: name, .. }) =
                left.get(position).map(|out| &out.action)
            {
                bindings.insert(tree_key(tree), Value::from(name.as_str()));
            }
            Ok(position)
        }
        Expected::Call { peer } => find(&|action| match action {
            OutAction::Call { peer: other } => number(other) == Some(peer),
            _ => false,
        }),
        Expected::Hangup { vc } => {
            // After all that is sent on it.
            let position = find(&|action| match action {
                OutAction::Send { vc: other, .. } | OutAction::Hangup { vc: other } => other == vc,
                _ => false,
            })?;
            let action = left.get(position).map(|out| &out.action);
            let hangup = matches!(action, Some(OutAction::Hangup { .. }));
            hangup.then_some(position).ok_or_else(missing)
        }
        Expected::Deliver { cmi, hex } => {
            // Packets in their order.
            let position = find(&|action| matches!(action, OutAction::Deliver { .. }))?;
            let fits = match left.get(position).map(|out| &out.action) {
                Some(OutAction::Deliver {
                    cmi: other,
                    hex: got,
                }) => got == hex && (cmi.is_none() || cmi == other),
                _ => false,
            };
            fits.then_some(position).ok_or_else(missing)
        }
        Expected::Notice { matches } => {
            let position = left.iter().position(|out| match &out.action {
                OutAction::Notice(notice) => {
                    kind(notice) == kind(matches)
                        && differences(matches, notice, bindings).is_empty()
                }
                _ => false,
            });
            position.ok_or_else(missing)
        }
        Expected::Csa(_) | Expected::Mars(_) => Err(Failure::new(
            "error",
            "",
            "`csa` and `mars` belong to traces of several servers",
        )),
    }
}

/// Whether the trace has a name for this tree of the endpoint.
fn is_bound(name: &str, bindings: &Bindings) -> bool {
    bindings
        .iter()
        .any(|(key, value)| key.starts_with("tree ") && value.as_str() == Some(name))
}

fn frame(vc: &str, matches: &Value, hex: &str, bindings: &mut Bindings) -> Result<(), Failure> {
    let read = frames::unhex(hex).map(|octets| frames::read(&octets));
    let value = match read {
        Some(Ok(value)) => value,
        Some(Err(error)) => {
            let got = format!("{error}: {hex}");
            return Err(Failure::new("malformed-frame", "", got));
        }
        None => return Err(Failure::new("malformed-frame", "hex", hex)),
    };
    let found = differences(matches, &value, bindings);
    match found.first().map(Difference::name) {
        Some(name) => {
            let code = format!("wrong-field:{name}");
            let failure = Failure::new(code, format!("on {vc}: {matches}"), hex);
            Err(Failure {
                differences: found,
                ..failure
            })
        }
        None => Ok(()),
    }
}

fn number(peer: &Value) -> Option<&str> {
    peer.get("number").and_then(Value::as_str)
}

/// What is demanded, in words.
fn demand(expected: &Expected) -> String {
    match expected {
        Expected::Frame { vc, matches } => format!("on {vc}: {matches}"),
        Expected::Leaf {
            op, peer, group, ..
        } => {
            let group = group.as_deref().unwrap_or_default();
            format!("leaf {op:?} {peer} {group}")
        }
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// What was seen, in words.
fn words(action: &OutAction) -> String {
    let text = |peer: &Option<Value>| peer.as_ref().map(Value::to_string).unwrap_or_default();
    match action {
        OutAction::Send { vc, hex } => format!("on {vc}: {hex}"),
        OutAction::Leaf { add, group, peer } => {
            format!("leaf {} {group} {peer}", if *add { "add" } else { "drop" })
        }
        OutAction::Call { peer } => format!("call {peer}"),
        OutAction::Hangup { vc } => format!("hangup {vc}"),
        OutAction::Tree { op, tree, peer, .. } => format!("tree {tree}: {op:?} {}", text(peer)),
        OutAction::Deliver { hex, .. } => format!("deliver {hex}"),
        OutAction::Notice(notice) => format!("notice {notice}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trace::Level;

    fn record(key: &str) -> Value {
        json!({
            "cache_key": key, "originator_id": "0a000001", "csa_sequence_number": 1,
            "mars": {"state": 1, "source_atm_address": "47000580ffe1000000f21a2b3c0020480a000100"},
        })
    }

    fn sent(keys: &[&str]) -> Out {
        let records: Vec<Value> = keys.iter().map(|key| record(key)).collect();
        let octets = frames::csu_request(&json!(1), "0a000001", "0a000002", &records).unwrap();
        let (vc, hex) = ("n1".to_owned(), frames::hex(&octets));
        Out {
            at: 0,
            action: OutAction::Send { vc, hex },
        }
    }

    fn wanted(packed: &[&[&str]]) -> Alternative {
        let outputs = packed.iter().map(|keys| {
            let records: Vec<Value> = keys.iter().map(|key| record(key)).collect();
            let message = json!({"type_code": 2, "records": records});
            Expected::Frame {
                vc: "n1".to_owned(),
                matches: json!({"protocol": "scsp", "message": message}),
            }
        });
        Alternative {
            level: Level::Must,
            requirements: Vec::new(),
            window: None,
            outputs: outputs.collect(),
        }
    }

    #[test]
    fn records_may_be_packed_in_any_way_and_none_may_be_missing_or_too_many() {
        let (a, b, c) = ("00000001", "00000002", "00000003");
        let judged = |want: &[&[&str]], got: &[&[&str]]| {
            let outs: Vec<Out> = got.iter().map(|keys| sent(keys)).collect();
            one(&Eyes::default(), &wanted(want), &outs, &mut Bindings::new()).is_ok()
        };
        for want in [&[&[a, b][..]][..], &[&[a], &[b]], &[&[b], &[a]]] {
            for right in [&[&[a, b][..]][..], &[&[b, a]], &[&[a], &[b]], &[&[b], &[a]]] {
                assert!(judged(want, right), "{want:?} {right:?}");
            }
            for wrong in [
                &[&[a][..]][..],
                &[&[a, b, c]],
                &[&[a, a]],
                &[&[a, b], &[b]],
                &[],
            ] {
                assert!(!judged(want, wrong), "{want:?} {wrong:?}");
            }
        }
    }
}
