//! The kernel against stateright's breadth-first search on the scenarios named on the command line.
//! `cargo run --release -p mars-model --example versus -- ring_of_three line_with_a_hung_heartbeat`
//!
//! `cpu` is the processor time of all threads together, which other programs on the machine disturb less than `wall`.

use mars_model::explore::{Options, search_space};
use mars_model::rules::Rules;
use mars_model::scenario::by_name;
use stateright::{Checker, Model};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Processor time of this process so far, in seconds; 0 where there is no `/proc`.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn main() {
    println!(
        "{:<28} {:<10} {:>7} {:>9} {:>6} {:>6} {:>9} {:>9} {:>7} {:>9}",
        "scenario",
        "engine",
        "threads",
        "unique",
        "wall",
        "cpu",
        "states/s",
        "B/visited",
        "ratio",
        "cpu ratio"
    );
    for name in std::env::args().skip(1) {
        let Some(scenario) = by_name(&name) else {
            println!("there is no scenario `{name}`");
            continue;
        };
        let model = scenario.model(Rules::resolved());
        let mut first = None;
        let mut row = |engine: &str, threads: usize, run: &mut dyn FnMut() -> (f64, f64)| {
            let (started, before) = (Instant::now(), cpu());
            let (unique, octets) = run();
            let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu() - before);
            let (their_wall, their_cpu) = *first.get_or_insert((wall, cpu));
            println!(
                "{name:<28} {engine:<10} {threads:>7} {unique:>9} {wall:>6.2} {cpu:>6.2} {:>9.0} {octets:>9.1} {:>7.1} {:>9.1}",
                unique / wall,
                their_wall / wall,
                their_cpu / cpu
            );
        };
        row("stateright", 2, &mut || {
            let checker = model.clone().checker().threads(2).spawn_bfs().join();
            (checker.unique_state_count() as f64, 0.0)
        });
        for threads in [1, 2] {
            row("kernel", threads, &mut || {
                let options = Options {
                    threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
                    ..Options::default()
                };
                let report =
                    search_space(&model, &options, None, &mut |_| {}, &AtomicBool::new(false));
                let unique = report.unique as f64;
                (unique, report.visited_octets as f64 / unique)
            });
        }
    }
}
