//! The kernel against stateright's breadth-first search on the scenarios named on the command line.
//! `cargo run --release -p mars-model --example versus -- ring_of_three line_with_a_hung_heartbeat`

use mars_model::explore::{Options, search};
use mars_model::rules::Rules;
use mars_model::scenario::by_name;
use stateright::{Checker, Model};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

fn main() {
    println!(
        "scenario                     engine     threads     unique seconds states/s B/state ratio"
    );
    for name in std::env::args().skip(1) {
        let Some(scenario) = by_name(&name) else {
            println!("there is no scenario `{name}`");
            continue;
        };
        let model = scenario.model(Rules::resolved());
        let started = Instant::now();
        let checker = model.clone().checker().threads(2).spawn_bfs().join();
        let seconds = started.elapsed().as_secs_f64();
        let unique = checker.unique_state_count();
        let theirs = unique as f64 / seconds;
        println!(
            "{name:<28} stateright       2 {unique:>10} {seconds:>7.2} {theirs:>8.0}       -   1.0"
        );
        drop(checker);
        for threads in [1, 2] {
            let options = Options {
                threads: NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN),
                ..Options::default()
            };
            let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
            println!(
                "{name:<28} kernel           {threads} {:>10} {:>7.2} {:>8.0} {:>7.1} {:>5.1}",
                report.unique,
                report.seconds,
                report.rate(),
                report.bytes_per_state,
                report.rate() / theirs
            );
        }
    }
}
