//! A step that was not as demanded, told in full.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::canonical;
use super::octets as rules;
use super::verdict::{Explained, Mismatch, OctetDifference};
use super::words;
use crate::frames;
use crate::judge::pattern::{Bindings, Difference, differences};
use crate::judge::step::Failure;
use crate::requirements::Ledger;
use crate::sut::{Out, OutAction};
use crate::trace::{Alternative, Expected, Level, Step, Stimulus, Trace};

/// Octets of a field that are shown where another value makes another length: those of an ATM address.
const LONGEST: usize = 20;
/// Steps in which an output may be expected that came too early.
const AHEAD: usize = 3;

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
    let declared = step.expect.iter().map(|one| one.level).max();
    let code = closest.map(|failure| failure.code.as_str());
    let level = level(declared.unwrap_or(Level::Must), &requirements, code);
    let early = code == Some("extra-output")
        && closest.is_some_and(|failure| is_early(trace, position, &failure.got, bindings));
    // A step that demands nothing of its own still belongs to what the case is about.
    if requirements.is_empty() {
        requirements.clone_from(&trace.requirements);
    }
    // What is wrong in the octets, whoever asked for them.
    for id in closest.map_or(Vec::new(), |failure| {
        rules::blamed(&failure.code, &failure.got)
    }) {
        if !requirements.iter().any(|one| one == id) {
            requirements.push(id.to_owned());
        }
    }
    let goals = trace.source.iter().flat_map(|source| &source.goals);
    let hex = closest.map(|failure| failure.got.as_str());
    let judged = |out: &&Out| matches!(out.action, OutAction::Send { .. } | OutAction::Leaf { .. });
    Explained {
        code: match code {
            _ if early => "early-output".to_owned(),
            code => canonical::code(code.unwrap_or_default()),
        },
        step: position,
        at: step.at,
        stimulus: step
            .stimulus
            .as_ref()
            .map(|stimulus| words::given(stimulus, bindings))
            .unwrap_or_default(),
        level,
        requirements,
        register: goals.filter(|goal| is_register(goal)).cloned().collect(),
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
            .map(|(hex, failure)| octets(hex, &failure.differences))
            .unwrap_or_default(),
        frames: Vec::new(),
        stderr: Vec::new(),
        command: String::new(),
        shrunk: None,
    }
}

/// Whether an output that is too much here is what a timer is to send in one of the next steps.
fn is_early(trace: &Trace, position: usize, got: &str, bindings: &Bindings) -> bool {
    let Some((vc, hex)) = got.strip_prefix("on ").and_then(|got| got.split_once(": ")) else {
        return false;
    };
    let Some(Ok(value)) = frames::unhex(hex).map(|octets| frames::read(&octets)) else {
        return false;
    };
    let next = trace.steps.iter().skip(position + 1).take(AHEAD);
    let timers = next.filter(|step| matches!(step.stimulus, Some(Stimulus::Advance {})));
    let mut expected = timers
        .flat_map(|step| &step.expect)
        .flat_map(|one| &one.outputs);
    expected.any(|one| match one {
        Expected::Frame { vc: on, matches } => {
            on == vc && differences(matches, &value, &mut bindings.clone()).is_empty()
        }
        _ => false,
    })
}

/// How strongly a step demands: no more than the strongest of the ledger's words behind it. Octets that
/// are no frame break the format, whoever asks for them.
fn level(declared: Level, requirements: &[String], code: Option<&str>) -> Level {
    static LEVELS: OnceLock<BTreeMap<String, Level>> = OnceLock::new();
    let levels = LEVELS.get_or_init(|| {
        let ledger = Ledger::load().map(|ledger| ledger.requirements);
        let all = ledger.unwrap_or_default().into_iter();
        all.map(|entry| (entry.id, entry.level.level())).collect()
    });
    if code == Some("malformed-frame") {
        return declared;
    }
    let of = |id: &String| levels.get(id).copied().unwrap_or(Level::Must);
    let strongest = requirements.iter().map(of).max();
    strongest.map_or(declared, |strongest| strongest.min(declared))
}

/// Whether a goal is an id of the register: a letter of its sections and two digits.
fn is_register(goal: &str) -> bool {
    let mut letters = goal.chars();
    letters
        .next()
        .is_some_and(|letter| ('A'..='H').contains(&letter))
        && goal.len() == 3
        && letters.all(|letter| letter.is_ascii_digit())
}

fn mismatch(alternative: &Alternative, failure: &Failure) -> Mismatch {
    let first = failure.differences.first();
    let silence = alternative.outputs.is_empty();
    Mismatch {
        level: alternative.level,
        requirements: alternative.requirements.clone(),
        code: canonical::code(&failure.code),
        field: first.map(|one| one.field.clone()).unwrap_or_default(),
        wanted: match first {
            Some(one) => one.wanted.clone(),
            None if silence => "silence".to_owned(),
            // Whatever is demanded, octets that nobody can read are not it.
            None if failure.wanted.is_empty() => match failure.code.as_str() {
                "malformed-frame" => "a frame that can be read".to_owned(),
                _ => demanded(alternative),
            },
            None => failure.wanted.clone(),
        },
        got: match first {
            Some(one) => one.got.clone(),
            None if failure.got.is_empty() => "nothing".to_owned(),
            None => failure.got.clone(),
        },
    }
}

/// All that an alternative demands, for where no single output is to blame.
fn demanded(alternative: &Alternative) -> String {
    let count = alternative.outputs.len();
    format!(
        "{count} output{} and no other",
        if count == 1 { "" } else { "s" }
    )
}

/// Where the octets of each field that differs are, and what they should be. A field that the server
/// may choose within bounds has no octets that it should have. Where another value makes a frame of another
/// length, what follows the field lies elsewhere and is not shown.
fn octets(hex: &str, found: &[Difference]) -> Vec<OctetDifference> {
    let Some(got) = frames::unhex(hex) else {
        return Vec::new();
    };
    let Ok(value) = frames::read(&got) else {
        return Vec::new();
    };
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
                return last.map_or(octets.len(), |last| last + 1);
            }
            let same = |at: &usize| octets.get(*at) == other.get(*at);
            let run = (first..octets.len()).find(same).unwrap_or(octets.len());
            run.min(first + LONGEST)
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
        octets(HELLO, &[found])
    }

    #[test]
    fn a_demand_is_as_strong_as_the_ledgers_words_behind_it() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let strength = |list: &[&str], code| level(Level::Must, &ids(list), code);
        // The ledger: SHOULD, MAY, MUST.
        assert_eq!(strength(&["R2022-5.4.3-06"], None), Level::Should);
        assert_eq!(strength(&["R2334-2.3-09"], None), Level::May);
        assert!(strength(&["R2022-5.4.3-06", "R2022-5.4.3-05"], None) >= Level::Should);
        assert_eq!(strength(&[], None), Level::Must);
        assert_eq!(
            strength(&["R2022-5.4.3-06"], Some("malformed-frame")),
            Level::Must
        );
        assert_eq!(level(Level::Should, &ids(&[]), None), Level::Should);
        assert!(
            is_register("F09")
                && !is_register("F9")
                && !is_register("R2022-1")
                && !is_register("X01")
        );
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
        // Another type has another length: the octet of the type alone is shown.
        let found = differ("message.type_code", json!(1));
        assert!(
            found
                .iter()
                .all(|one| one.wanted.len() <= 2 && one.got.len() <= 2),
            "{found:?}"
        );
        // A matcher has no octets; neither has a field that is not there.
        assert!(differ("message.hello_interval", json!({"in": [1, 2]})).is_empty());
        assert!(differ("message.no_such_field", json!(3)).is_empty());
    }
}
