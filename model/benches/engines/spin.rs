//! Two-phase commit in Spin: the same states, without reduction.

use crate::row::Row;
use crate::two_phase::TwoPhase;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const MISSING: &str = "spin and gcc are needed: apt-get install -y spin gcc";

/// Generates, compiles and runs the verifier in a directory of its own.
pub(super) fn run(model: &TwoPhase) -> Result<Row, String> {
    let folder = std::env::temp_dir().join(format!("mars-engines-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let row = verify(model, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    row
}

fn verify(model: &TwoPhase, folder: &Path) -> Result<Row, String> {
    let source = folder.join("two_phase.pml");
    std::fs::write(&source, model.promela()).map_err(|error| error.to_string())?;
    let call = |program: &str, words: &[&str]| {
        let output = Command::new(program)
            .args(words)
            .current_dir(folder)
            .output()
            .map_err(|error| format!("{program}: {error}; {MISSING}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            Ok(text)
        } else {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("{program}: {text}{why}"))
        }
    };
    call("spin", &["-a", "two_phase.pml"])?;
    call(
        "gcc",
        &["-O2", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"],
    )?;
    let pan = folder.join("pan");
    let pan = pan
        .to_str()
        .ok_or("the temporary directory's name is not Unicode")?;
    let started = Instant::now();
    // Invalid end states are no matter here; the depth is that of the longest path; the table has a place for each state.
    let table = format!("-w{}", 2 * model.managers + 7);
    let text = call(pan, &["-E", "-m1000000", &table])?;
    let wall = started.elapsed().as_secs_f64();
    let number = |end: &str| {
        let line = text.lines().find(|line| line.trim_end().ends_with(end))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let all = || {
        Some((
            number("states, stored")?,
            number("transitions (= stored+matched)")?,
        ))
    };
    let (unique, transitions) = all().ok_or_else(|| format!("not understood: {text}"))?;
    if !text.contains("errors: 0") {
        return Err(format!("spin found an error: {text}"));
    }
    let mebioctets = text.lines().find_map(|line| {
        line.trim()
            .strip_suffix("total actual memory usage")?
            .trim()
            .parse::<f64>()
            .ok()
    });
    Ok(Row {
        unique,
        transitions,
        wall,
        // One thread that does nothing but compute; what others take of the processor is in it.
        cpu: wall,
        octets: mebioctets.unwrap_or(0.0) * 1_048_576.0,
    })
}
