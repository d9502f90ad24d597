use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::certify::play::{Played, play};
use crate::certify::suite::Suite;
use crate::certify::verdict::Verdict;
use crate::sut::in_process::InProcess;
use crate::trace::{find, load};

fn globals() -> Vec<Trace> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let all = find(&folder).unwrap().into_iter();
    all.map(|file| load(&file).unwrap())
        .filter(|trace| trace.servers.len() > 1)
        .collect()
}

fn played(trace: &Trace) -> Played {
    play(trace, &mut InProcess::new(), &AtomicBool::new(false)).unwrap()
}

#[test]
fn the_built_in_server_passes_every_projection_of_every_path() {
    let mut wrong = BTreeMap::new();
    let mut count = 0;
    for global in globals() {
        for server in &global.servers {
            let Some(projected) = project(&global, &server.name) else {
                continue;
            };
            count += 1;
            let played = played(&projected.trace);
            if played.verdict != Verdict::Pass {
                wrong.insert(projected.trace.id.clone(), played);
            }
        }
    }
    assert!(count > 350, "{count}");
    if let Some((id, played)) = wrong.iter().next() {
        panic!(
            "{} of {count}, such as {id}: {played:#?}\n{:?}",
            wrong.len(),
            wrong.keys()
        );
    }
}

/// The cases that have an output of this kind, each with the first such output changed.
fn broken(
    change: &dyn Fn(&mut Vec<Expected>) -> bool,
) -> impl Iterator<Item = (Trace, String)> + '_ {
    choose(&globals()).into_iter().filter_map(move |mut trace| {
        let mut changed = None;
        for (index, step) in trace.steps.iter_mut().enumerate() {
            let mut all = true;
            for alternative in &mut step.expect {
                all &= change(&mut alternative.outputs);
            }
            if all {
                changed = Some(index);
                break;
            }
        }
        Some((trace.clone(), format!("{} {}", trace.id, changed?)))
    })
}

fn message(expected: &Expected) -> Option<(&str, &Value)> {
    match expected {
        Expected::Frame { vc, matches } => Some((vc, matches.get("message")?)),
        _ => None,
    }
}

/// Changes what is demanded, if it finds something to change.
type Break<'a> = &'a dyn Fn(&mut Vec<Expected>) -> bool;

#[test]
fn a_case_turns_red_when_what_it_demands_is_broken() {
    let code = |expected: &Expected, wanted: u64| {
        message(expected)
            .is_some_and(|(_, message)| message.get("type_code") == Some(&json!(wanted)))
    };
    // The case demands no acknowledgement.
    let unacknowledged = |outputs: &mut Vec<Expected>| {
        let before = outputs.len();
        outputs.retain(|one| !code(one, 3));
        outputs.len() < before
    };
    // No record is to be told or passed on; own Redirect Entries come by the clock.
    let is_beat = |one: &Expected| {
        let state = json!(1);
        message(one).is_some_and(|(_, it)| {
            let own = it.pointer("/records/0/originator_id") == it.get("sender_id");
            own && it.pointer("/records/0/mars/state") == Some(&state)
        })
    };
    let untold = |outputs: &mut Vec<Expected>| {
        let before = outputs.len();
        outputs.retain(|one| !code(one, 2) || is_beat(one));
        outputs.len() < before
    };
    // Something more on the ClusterControlVC.
    let extra = |outputs: &mut Vec<Expected>| {
        // Of maps there may be fewer: they come by the clock.
        let on = |one: &&Expected| {
            message(one)
                .is_some_and(|(vc, it)| vc == "ccvc" && it.get("op_type") != Some(&json!(12)))
        };
        let again = outputs.iter().find(on).cloned();
        outputs.extend(again.clone());
        again.is_some()
    };
    // A CMI that no server of the path has.
    let foreign = |outputs: &mut Vec<Expected>| {
        let mut any = false;
        for one in outputs {
            if let Expected::Frame { matches, .. } = one
                && let Some(cmi) = matches.pointer_mut("/message/records/0/mars/cluster_member_id")
                && *cmi != json!(0)
            {
                *cmi = json!(0xfff0);
                any = true;
            }
        }
        any
    };
    let breaks: [(&str, Break<'_>); 4] = [
        ("unacknowledged", &unacknowledged),
        ("untold", &untold),
        ("extra", &extra),
        ("foreign", &foreign),
    ];
    for (name, change) in breaks {
        let mut count = 0;
        for (trace, what) in broken(change) {
            count += 1;
            let played = played(&trace);
            assert_eq!(played.verdict, Verdict::Fail, "{name}: {what}");
        }
        assert!(count > 20, "{name}: {count}");
    }
}

#[test]
fn what_is_chosen_is_one_set_whatever_the_order_of_the_paths() {
    let mut globals = globals();
    let one = choose(&globals);
    globals.reverse();
    assert_eq!(one, choose(&globals));
    assert!(one.len() >= choice::CASES, "{}", one.len());
}

/// What the suite is to be: at least 600 cases, at most 10 MB.
#[test]
fn the_suite_is_large_enough_and_not_too_large() {
    let suite = Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces")).unwrap();
    let octets = suite
        .cases
        .iter()
        .map(|case| std::fs::metadata(&case.file).unwrap().len());
    let octets: u64 = octets.sum();
    let cases = suite.cases.len();
    assert!(
        cases >= 600 && octets <= 10_000_000,
        "{cases} cases, {octets} octets"
    );
}

#[test]
fn the_cases_that_are_there_are_the_projections_of_the_paths_that_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    let made = crate::generate::projected(&folder).unwrap();
    for one in &made {
        let there = std::fs::read_to_string(folder.join(&one.path)).unwrap_or_default();
        assert!(there == one.text, "{} differs", one.path.display());
    }
    let stem = |file: &std::path::PathBuf| file.to_string_lossy().contains(AT);
    let count = find(&folder)
        .unwrap()
        .iter()
        .filter(|file| stem(file))
        .count();
    assert_eq!(count, made.len());
}

#[test]
fn the_built_in_server_passes_every_case_that_is_chosen() {
    for trace in choose(&globals()) {
        let played = played(&trace);
        assert_eq!(played.verdict, Verdict::Pass, "{}: {played:#?}", trace.id);
    }
}
