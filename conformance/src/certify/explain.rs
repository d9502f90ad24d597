//! A step that was not as demanded, told in full.

use serde_json::Value;

use super::verdict::{Explained, Mismatch, OctetDifference};
use super::words;
use crate::frames;
use crate::judge::pattern::{Bindings, Difference};
use crate::judge::step::Failure;
use crate::sut::{Out, OutAction};
use crate::trace::{Alternative, Level, Step, Trace};

/// The account of a step: what was allowed and what is wrong with each, closest first.
pub(super) fn explain(
    trace: &Trace,
    position: usize,
    step: &Step,
    outs: &[Out],
    wrong: &[(Option<&Alternative>, Failure)],
    bindings: &Bindings,
) -> Explained {
    let rank = |failure: &Failure| (failure.differences.is_empty(), failure.differences.len());
    let mut sorted: Vec<&(Option<&Alternative>, Failure)> = wrong.iter().collect();
    sorted.sort_by_key(|(_, failure)| rank(failure));
    let closest = sorted.first().map(|(_, failure)| failure);
    let mut requirements: Vec<String> = Vec::new();
    let all = step.expect.iter().flat_map(|one| &one.requirements);
    for id in all {
        if !requirements.contains(id) {
            requirements.push(id.clone());
        }
    }
    // A step that demands nothing of its own still belongs to what the case is about.
    if requirements.is_empty() {
        requirements.clone_from(&trace.requirements);
    }
    let level = step.expect.iter().map(|one| one.level).max();
    let hex = closest.map(|failure| failure.got.as_str());
    let judged = |out: &&Out| matches!(out.action, OutAction::Send { .. } | OutAction::Leaf { .. });
    Explained {
        code: closest
            .map(|failure| failure.code.clone())
            .unwrap_or_default(),
        step: position,
        at: step.at,
        stimulus: step
            .stimulus
            .as_ref()
            .map(words::stimulus)
            .unwrap_or_default(),
        level: level.unwrap_or(Level::Must),
        requirements,
        detail: match wrong {
            [(None, failure)] => failure.got.clone(),
            _ => String::new(),
        },
        alternatives: sorted
            .iter()
            .filter_map(|(alternative, failure)| Some(mismatch((*alternative)?, failure)))
            .collect(),
        outputs: outs.iter().filter(judged).map(words::output).collect(),
        octets: hex
            .zip(closest)
            .map(|(hex, failure)| octets(hex, &failure.differences, bindings))
            .unwrap_or_default(),
        frames: Vec::new(),
        stderr: Vec::new(),
        command: String::new(),
        shrunk: None,
    }
}

fn mismatch(alternative: &Alternative, failure: &Failure) -> Mismatch {
    let first = failure.differences.first();
    let silence = alternative.outputs.is_empty();
    Mismatch {
        level: alternative.level,
        requirements: alternative.requirements.clone(),
        code: failure.code.clone(),
        field: first.map(|one| one.field.clone()).unwrap_or_default(),
        wanted: match first {
            Some(one) => one.wanted.clone(),
            None if silence => "silence".to_owned(),
            None => failure.wanted.clone(),
        },
        got: match first {
            Some(one) => one.got.clone(),
            None if failure.got.is_empty() => "nothing".to_owned(),
            None => failure.got.clone(),
        },
    }
}

/// Where the octets of each field that differs are, and what they should be. A field that the server
/// may choose within bounds has no octets that it should have.
fn octets(hex: &str, found: &[Difference], bindings: &Bindings) -> Vec<OctetDifference> {
    let Some(got) = frames::unhex(hex) else {
        return Vec::new();
    };
    let Ok(value) = frames::read(&got) else {
        return Vec::new();
    };
    let _ = bindings;
    let differing = found.iter().filter_map(|one| {
        let text = one.wanted.split(" (bound as").next().unwrap_or_default();
        let wanted: Value = serde_json::from_str(text).ok()?;
        if wanted.is_object() || wanted.is_array() {
            return None;
        }
        let mut other = value.clone();
        *place(&mut other, &one.field)? = wanted;
        let wanted = frames::write(&other).ok()?;
        let first = (0..wanted.len().max(got.len())).find(|at| wanted.get(*at) != got.get(*at))?;
        let end = |octets: &[u8], other: &[u8]| {
            if wanted.len() == got.len() {
                let last = (0..octets.len())
                    .rev()
                    .find(|at| octets.get(*at) != other.get(*at));
                last.map_or(octets.len(), |last| last + 1)
            } else {
                octets.len()
            }
        };
        let part = |octets: &[u8], end: usize| frames::hex(octets.get(first..end).unwrap_or(&[]));
        Some(OctetDifference {
            field: one.field.clone(),
            offset: first,
            wanted: part(&wanted, end(&wanted, &got)),
            got: part(&got, end(&got, &wanted)),
        })
    });
    differing.collect()
}

/// The place that a path such as `message.records[0].hop_count` names.
fn place<'v>(value: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let mut here = value;
    for part in path.split('.') {
        let mut names = part.split('[');
        here = here.get_mut(names.next()?)?;
        for index in names {
            let index: usize = index.strip_suffix(']')?.parse().ok()?;
            here = here.get_mut(index)?;
        }
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Hello as G1 of design/layouts-and-constants.md has it.
    const HELLO: &str =
        "aaaa0300005e000501050024e6c3000000020004000000000003000100000000040400000a0000030a000002";

    fn differ(field: &str, wanted: Value) -> Vec<OctetDifference> {
        let found = Difference {
            field: field.to_owned(),
            wanted: wanted.to_string(),
            got: String::new(),
        };
        octets(HELLO, &[found], &Bindings::new())
    }

    #[test]
    fn a_field_that_differs_is_found_among_the_octets() {
        let found = differ("message.hello_interval", json!(3));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].wanted.as_str(), found[0].got.as_str()),
            ("03", "02")
        );
        let octets = frames::unhex(HELLO).unwrap();
        assert_eq!(octets.get(found[0].offset), Some(&2));
        // A matcher has no octets; neither has a field that is not there.
        assert!(differ("message.hello_interval", json!({"in": [1, 2]})).is_empty());
        assert!(differ("message.no_such_field", json!(3)).is_empty());
    }
}
