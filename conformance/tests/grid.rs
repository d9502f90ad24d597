//! The grids of SCSP: which cell has a trace, and that a trace whose expectation is wrong fails.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mars_conformance::frames;
use mars_conformance::generate::grid::{Cell, Fate, Grid, grid};
use mars_conformance::lockstep::local;
use mars_conformance::sut::in_process::InProcess;
use mars_conformance::trace::{Class, Expected, Stimulus, Trace, load};
use serde_json::{Value, json};

fn the_grid() -> Grid {
    grid().unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn every_cell_has_a_trace_or_a_reason() {
    let grid = the_grid();
    let traces: BTreeMap<&str, &Trace> = grid.traces.iter().map(|t| (t.id.as_str(), t)).collect();
    assert_eq!(traces.len(), grid.traces.len(), "two traces of one id");
    for (cell, fate) in &grid.cells {
        match fate {
            // The trace names the cell among its goals.
            Fate::Trace(id) => {
                let trace = traces
                    .get(id.as_str())
                    .unwrap_or_else(|| panic!("{cell}: no {id}"));
                let goals = &trace.source.as_ref().unwrap().goals;
                assert!(goals.contains(&cell.event), "{cell}: not in {id}");
            }
            Fate::None(why) => assert!(why.len() > 10, "{cell}: {why}"),
        }
    }
    // All events of a grid at all of its places, for either neighbour.
    let mut grids: BTreeMap<(&str, &str), BTreeSet<(&str, &str)>> = BTreeMap::new();
    for Cell {
        grid,
        neighbor,
        place,
        event,
    } in grid.cells.keys()
    {
        grids
            .entry((grid, neighbor))
            .or_default()
            .insert((place, event.as_str()));
    }
    let events = |kind: &str| {
        let cells = grid.cells.keys().filter(|cell| cell.grid == kind);
        cells
            .map(|cell| cell.event.as_str())
            .collect::<BTreeSet<_>>()
    };
    let cas = events("alignment")
        .into_iter()
        .filter(|event| event.starts_with("CA "))
        .count();
    // 16 forms of numbered CAs, 6 of nonsense, 3 bids, and the late answer.
    assert_eq!(cas, 16 + 6 + 3 + 1);
    for ((kind, _), cells) in &grids {
        let places: BTreeSet<&str> = cells.iter().map(|(place, _)| *place).collect();
        let wanted = match *kind {
            "hello" => 4,
            "alignment" => 9,
            _ => continue,
        };
        assert_eq!(places.len(), wanted, "{kind}: {places:?}");
    }
    assert_eq!(events("timers").len(), 6 * 5);
}

#[test]
fn every_class_of_input_is_there_and_what_is_wrong_with_a_frame_is_wrong() {
    let grid = the_grid();
    for class in [Class::Valid, Class::Invalid, Class::Inopportune] {
        for area in ["scsp.hello", "scsp.alignment", "scsp.update"] {
            let there = grid
                .traces
                .iter()
                .any(|t| t.area == area && t.class == class);
            // What is wrong with CSU and CSUS messages is in the alignment's traces, place by place.
            assert!(
                there || (area, class) == ("scsp.update", Class::Invalid),
                "{area} {class:?}"
            );
        }
    }
    // Frames whose octets are wrong are refused by the harness's own reader as well.
    let mut codes = BTreeSet::new();
    for step in grid.traces.iter().flat_map(|trace| &trace.steps) {
        let Some(Stimulus::Deliver {
            frame: Some(frame), ..
        }) = &step.stimulus
        else {
            continue;
        };
        let number = json!(7);
        let frame = without_names(frame, &number);
        let octets = frames::write(&frame).unwrap();
        if let Err(error) = frames::read(&octets) {
            codes.insert(error.code.as_str());
        }
    }
    let wanted = [
        "bad-checksum",
        "bad-length",
        "bad-version",
        "truncated",
        "unknown-type",
    ];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), wanted);
}

/// A frame with a number, or a key, for everything that a server chooses.
fn without_names(value: &Value, number: &Value) -> Value {
    match value {
        Value::Object(fields) if fields.contains_key("ref") => match fields["ref"].as_str() {
            Some("key") => json!("00000001"),
            _ => number.clone(),
        },
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), without_names(field, number)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| without_names(item, number))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn the_files_are_what_the_grid_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces");
    for trace in the_grid().traces {
        let file = folder.join(&trace.area).join(format!("{}.json", trace.id));
        let there = load(&file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(there, trace, "{}", trace.id);
    }
}

/// The position of the last step that expects a frame.
fn last_loud(trace: &Trace) -> Option<usize> {
    let steps = &trace.steps;
    steps
        .iter()
        .rposition(|step| !step.expect[0].outputs.is_empty())
}

#[test]
fn a_wrong_expectation_goes_red() {
    let mut tried = 0;
    for trace in the_grid().traces {
        let Some(position) = last_loud(&trace) else {
            continue;
        };
        // Silence where something is said, a field that differs, something said where all is silent.
        let mut silent = trace.clone();
        silent.steps[position].expect[0].outputs.clear();
        let mut other = trace.clone();
        let Expected::Frame { matches, .. } = &mut other.steps[position].expect[0].outputs[0]
        else {
            panic!("{}: not a frame", trace.id);
        };
        matches["message"]["receiver_id"] = json!("0a0000ff");
        let mut more = trace.clone();
        let again = more.steps[position].expect[0].outputs.clone();
        more.steps[position].expect[0].outputs.extend(again);
        for (tampered, code) in [
            (silent, "extra-output"),
            (other, "wrong-field:receiver_id"),
            (more, "missing-output"),
        ] {
            let played = local::play(&tampered, &mut InProcess::default());
            let failure = played
                .failure
                .unwrap_or_else(|| panic!("{}: {code} passes", trace.id));
            assert_eq!(
                (failure.step, failure.failure.code.as_str()),
                (position, code),
                "{}",
                trace.id
            );
            tried += 1;
        }
    }
    assert!(tried >= 3 * 50, "{tried}");
}
