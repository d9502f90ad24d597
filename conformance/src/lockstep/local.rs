//! Playing a local trace: one server, client or MCS under test, stimuli of the adapter protocol,
//! alternatives.

use serde_json::Value;

use super::observed::{Eyes, one, tree_name};
use super::replay::{Replayed, StepFailure};
use crate::frames;
use crate::judge::pattern::{Bindings, resolve};
use crate::judge::step::Failure;
use crate::sut::{Answer, Out, Signal, Sut, SutError};
use crate::trace::{Alternative, Step, Stimulus, Trace};

/// Plays a local trace until the first step that fails.
pub fn play(trace: &Trace, sut: &mut dyn Sut) -> Replayed {
    let mut bindings = Bindings::new();
    let eyes = Eyes::of(trace);
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
        if let Err(failure) = judge(&eyes, &step.expect, &outs, &mut bindings) {
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
pub(crate) fn stimulate(
    step: &Step,
    bindings: &Bindings,
    sut: &mut dyn Sut,
) -> Result<Result<Answer, SutError>, String> {
    let at = step.at;
    let tree = |name: &str| tree_name(name, bindings);
    Ok(
        match step
            .stimulus
            .as_ref()
            .ok_or("a local trace has stimuli only")?
        {
            Stimulus::VcUp {
                vc,
                peer,
                kind: None,
            } => sut.vc_up(at, vc, peer),
            Stimulus::VcUp {
                vc,
                peer,
                kind: Some(_),
            } => sut.leaf_of(at, vc, peer),
            Stimulus::VcDown { vc } => sut.vc_down(at, vc),
            Stimulus::LeafGone { group, peer } => sut.leaf_gone(at, &tree(group), peer),
            Stimulus::Advance {} => sut.advance(at),
            Stimulus::Command(command) => sut.command(at, command),
            Stimulus::CallFailed { peer } => {
                let peer = peer.clone();
                sut.signal(at, &Signal::CallFailed { peer })
            }
            Stimulus::LeafUp { tree: name, peer } => {
                let (tree, peer) = (tree(name), peer.clone());
                sut.signal(at, &Signal::LeafUp { tree, peer })
            }
            Stimulus::LeafFailed {
                tree: name,
                peer,
                cause,
            } => {
                let (tree, peer, cause) = (tree(name), peer.clone(), *cause);
                sut.signal(at, &Signal::LeafFailed { tree, peer, cause })
            }
            Stimulus::TreeDown { tree: name } => {
                sut.signal(at, &Signal::TreeDown { tree: tree(name) })
            }
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
    eyes: &Eyes,
    alternatives: &[Alternative],
    outs: &[Out],
    bindings: &mut Bindings,
) -> Result<(), Failure> {
    let mut closest: Option<Failure> = None;
    for alternative in alternatives {
        let mut bound = bindings.clone();
        match one(eyes, alternative, outs, &mut bound) {
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
