//! Playing a local trace: one server under test, stimuli of the adapter protocol, alternatives.

use std::collections::BTreeMap;

use serde_json::Value;

use super::replay::{Replayed, StepFailure};
use crate::frames;
use crate::judge::pattern::{Bindings, Difference, differences, resolve};
use crate::judge::step::Failure;
use crate::sut::{Answer, Out, OutAction, Sut, SutError};
use crate::trace::{Alternative, Expected, LeafOp, Step, Stimulus, Trace};

/// Plays a local trace until the first step that fails.
pub fn play(trace: &Trace, sut: &mut dyn Sut) -> Replayed {
    let mut bindings = Bindings::new();
    let config = trace
        .servers
        .first()
        .map_or(&Value::Null, |server| &server.config);
    let mut early = match sut.reset(&trace.id, 0, config) {
        Ok(answer) => answer.out,
        Err(error) => return failed(0, 0, broken(&error), true),
    };
    for (position, step) in trace.steps.iter().enumerate() {
        let answer = match stimulate(step, &bindings, sut) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return failed(position, step.at, broken(&error), true),
            Err(why) => return failed(position, step.at, Failure::new("error", "", why), true),
        };
        let mut outs = core::mem::take(&mut early);
        outs.extend(answer.out);
        if let Err(failure) = judge(&step.expect, &outs, &mut bindings) {
            return failed(position, step.at, failure, false);
        }
    }
    Replayed {
        steps: trace.steps.len(),
        failure: None,
    }
}

fn failed(step: usize, at: u64, failure: Failure, broke: bool) -> Replayed {
    let failure = StepFailure {
        step,
        at,
        act: None,
        failure,
        frames: Vec::new(),
        broke,
    };
    Replayed {
        steps: step + 1,
        failure: Some(failure),
    }
}

fn broken(error: &SutError) -> Failure {
    Failure::new(error.code(), "", error.to_string())
}

/// Gives the stimulus. The outer error is a trace that does not fit.
fn stimulate(
    step: &Step,
    bindings: &Bindings,
    sut: &mut dyn Sut,
) -> Result<Result<Answer, SutError>, String> {
    let at = step.at;
    Ok(
        match step
            .stimulus
            .as_ref()
            .ok_or("a local trace has stimuli only")?
        {
            Stimulus::VcUp { vc, peer } => sut.vc_up(at, vc, peer),
            Stimulus::VcDown { vc } => sut.vc_down(at, vc),
            Stimulus::LeafGone { group, peer } => sut.leaf_gone(at, group, peer),
            Stimulus::Advance {} => sut.advance(at),
            Stimulus::Deliver { vc, hex, frame } => {
                let octets = match (hex, frame) {
                    (Some(hex), None) => frames::unhex(hex).ok_or("`hex` is no hex")?,
                    (None, Some(frame)) => frames::write(&resolve(frame, bindings)?)
                        .map_err(|error| error.to_string())?,
                    _ => return Err("`deliver` has exactly one of `hex` and `frame`".to_owned()),
                };
                sut.deliver(at, vc, &octets)
            }
        },
    )
}

/// Passes when one alternative matches; fails with what is wrong with the one that came closest.
fn judge(
    alternatives: &[Alternative],
    outs: &[Out],
    bindings: &mut Bindings,
) -> Result<(), Failure> {
    let mut closest: Option<Failure> = None;
    for alternative in alternatives {
        let mut bound = bindings.clone();
        match one(&alternative.outputs, outs, &mut bound) {
            Ok(()) => {
                *bindings = bound;
                return Ok(());
            }
            Err(failure) => {
                let nearer = closest.as_ref().is_none_or(|other| {
                    let rank = |one: &Failure| (one.differences.is_empty(), one.differences.len());
                    rank(&failure) < rank(other)
                });
                if nearer {
                    closest = Some(failure);
                }
            }
        }
    }
    Err(closest.unwrap_or_else(|| Failure::new("error", "", "a step without alternatives")))
}

/// One alternative: in order on each VC, in any order across VCs, and nothing else.
fn one(wanted: &[Expected], outs: &[Out], bindings: &mut Bindings) -> Result<(), Failure> {
    let mut frames_on: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut leaves = Vec::new();
    for out in outs {
        match &out.action {
            OutAction::Send { vc, hex } => frames_on.entry(vc).or_default().push(hex),
            OutAction::Leaf { add, group, peer } => leaves.push((*add, group, peer)),
            OutAction::Call { .. } | OutAction::Hangup { .. } => {}
        }
    }
    for expected in wanted {
        match expected {
            Expected::Frame { vc, matches } => {
                let there = frames_on.entry(vc).or_default();
                if there.is_empty() {
                    return Err(Failure::new(
                        "missing-output",
                        format!("on {vc}: {matches}"),
                        "",
                    ));
                }
                let hex = there.remove(0);
                let read = frames::unhex(hex).map(|octets| frames::read(&octets));
                let value = match read {
                    Some(Ok(value)) => value,
                    Some(Err(error)) => {
                        return Err(Failure::new(
                            "malformed-frame",
                            "",
                            format!("{error}: {hex}"),
                        ));
                    }
                    None => return Err(Failure::new("malformed-frame", "hex", hex)),
                };
                let found = differences(matches, &value, bindings);
                if let Some(name) = found.first().map(Difference::name) {
                    let failure = Failure::new(
                        format!("wrong-field:{name}"),
                        format!("on {vc}: {matches}"),
                        hex,
                    );
                    return Err(Failure {
                        differences: found,
                        ..failure
                    });
                }
            }
            Expected::Leaf {
                op, peer, group, ..
            } => {
                let add = *op == LeafOp::Add;
                let same =
                    |number: &Value| number.get("number").and_then(Value::as_str) == Some(peer);
                let there = |other: &String| group.as_ref().is_none_or(|group| group == other);
                let position = leaves.iter().position(|(other, group, number)| {
                    *other == add && there(group) && same(number)
                });
                let Some(position) = position else {
                    return Err(Failure::new(
                        "missing-output",
                        format!(
                            "leaf {op:?} {peer} {}",
                            group.as_deref().unwrap_or_default()
                        ),
                        "",
                    ));
                };
                leaves.remove(position);
            }
            Expected::Csa(_) | Expected::Mars(_) => {
                return Err(Failure::new(
                    "error",
                    "",
                    "`csa` and `mars` belong to traces of several servers",
                ));
            }
        }
    }
    let frame = frames_on
        .iter()
        .find_map(|(vc, left)| Some(format!("on {vc}: {}", left.first()?)));
    let leaf = leaves.first().map(|(add, group, peer)| {
        format!("leaf {} {group} {peer}", if *add { "add" } else { "drop" })
    });
    match frame.or(leaf) {
        Some(extra) => Err(Failure::new("extra-output", "", extra)),
        None => Ok(()),
    }
}
