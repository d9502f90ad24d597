//! The grids of SCSP: which cell has a trace, and that the traces can fail.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use mars_conformance::generate::grid::grid;
use mars_conformance::lockstep::local;
use mars_conformance::sut::in_process::InProcess;

#[test]
fn dev() {
    let grid = grid().unwrap();
    let mut bad = 0;
    let mut steps = 0;
    let mut bytes = 0;
    for trace in &grid.traces {
        let text = mars_conformance::trace::canonical(&serde_json::to_value(trace).unwrap());
        bytes += text.len();
        steps += trace.steps.len();
        let played = local::play(trace, &mut InProcess::default());
        if let Some(failure) = played.failure {
            bad += 1;
            println!("== {} ({} steps)", trace.id, trace.steps.len());
            println!("{failure}");
            if bad < 12 {
                println!("{}", serde_json::to_string(&trace.steps[failure.step].stimulus).unwrap());
            }
        }
    }
    println!("{} traces, {steps} steps, {bytes} bytes, {bad} bad, {} cells", grid.traces.len(), grid.cells.len());
}
