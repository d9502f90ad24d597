//! What came out in one step of a local trace, against one alternative.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::frames;
use crate::judge::pattern::{Bindings, Difference, differences};
use crate::judge::step::Failure;
use crate::sut::{Out, OutAction, TreeOp};
use crate::trace::{Alternative, Expected, LeafOp, Trace};

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
}

impl Eyes {
    pub(crate) fn of(trace: &Trace) -> Self {
        let config = trace.servers.first().map(|server| &server.config);
        let role = config.and_then(|config| config.get("role")?.as_str());
        let mut eyes = Self {
            endpoint: role.is_some_and(|role| role != "server"),
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

/// One alternative: in its time, in order on each VC, in any order across VCs, and nothing else.
pub(crate) fn one(
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
