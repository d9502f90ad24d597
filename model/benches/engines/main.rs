//! Search engines side by side on the same models: one table from one run.
//!
//! `cargo bench -p mars-model --bench engines` takes a scenario of each family and two-phase commit with nine managers;
//! `-- drain two_phase_8 --rounds 3` takes these, and of each engine the fastest of three rounds; `-- --over-a-million` takes
//! all scenarios with so many states.
//!
//! Each row is a process of its own (two for `timely`), so that its memory is its own: `B/state` is the peak of the
//! resident memory of all its processes over the number of states. `cpu` is processor time: other programs on the
//! machine disturb it less than `wall`. The ratios are to the faster of stateright's two breadth-first searches.
//! `kernel 1, 2x` are two searches on one thread each at the same time, of which `wall` and `cpu` are one search's share:
//! so much, and no more, can two threads gain over one on this machine. `model alone 2` makes all successors of all states
//! and asks all safety properties, on two threads, and remembers nothing (so its `B/state` is 0): about what
//! an engine would reach that took no time itself. Rows that count differently from the others are marked, and then the exit code is 1. Spin runs two-phase commit only; it needs `spin` and `gcc`, and its processor
//! time is its wall time.

mod floor;
mod row;
mod spin;
mod two_phase;

use row::{Engine, Row};
use std::process::ExitCode;

const DEFAULT: [&str; 6] = [
    "hello_all_faults",
    "alignment_with_late_copies",
    "flood_mesh",
    "cluster_blocks",
    "ring_of_three",
    "two_phase_9",
];

fn main() -> ExitCode {
    // `cargo bench` itself says `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut subjects, mut rounds) = (Vec::new(), 1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--row" => return row::child(&words.collect::<Vec<_>>()),
            "--rounds" => {
                rounds = words
                    .next()
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(1);
            }
            "--over-a-million" => {
                let counts = mars_model::counts::expected();
                let large = counts.into_iter().filter(|(_, one)| one.unique > 1_000_000);
                subjects.extend(large.map(|(name, _)| name));
            }
            _ if row::is_subject(&word) => subjects.push(word),
            _ => {
                eprintln!("`{word}` is neither a scenario nor two_phase_1 to two_phase_14");
                return ExitCode::from(64);
            }
        }
    }
    if subjects.is_empty() {
        subjects.extend(DEFAULT.map(str::to_owned));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores, fastest of {rounds} round(s)");
    println!(
        "{:<28} {:<14} {:>10} {:>11} {:>7} {:>7} {:>10} {:>12} {:>8} {:>6} {:>6}",
        "model",
        "engine",
        "unique",
        "transitions",
        "wall",
        "cpu",
        "states/s",
        "transitions/s",
        "B/state",
        "ratio",
        "(cpu)"
    );
    let mut agree = true;
    for subject in &subjects {
        agree &= table(subject, rounds);
    }
    if agree {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The rows of one model; false if they do not agree on the number of states.
fn table(subject: &str, rounds: u32) -> bool {
    let mut rows: Vec<(Engine, Row)> = Vec::new();
    for round in 0..rounds {
        for engine in Engine::ALL {
            eprintln!("{subject}: {}, round {}", engine.name(), round + 1);
            let row = match engine.run(subject) {
                Ok(Some(row)) => row,
                Ok(None) => continue,
                Err(why) => {
                    eprintln!("{subject}: {}: {why}", engine.name());
                    continue;
                }
            };
            match rows.iter_mut().find(|(known, _)| *known == engine) {
                Some((_, best)) if row.wall < best.wall => *best = row,
                Some(_) => {}
                None => rows.push((engine, row)),
            }
        }
    }
    let breadth_first = |(engine, _): &&(Engine, Row)| engine.is_base();
    let least = |of: fn(&Row) -> f64| {
        rows.iter()
            .filter(breadth_first)
            .map(|(_, row)| of(row))
            .fold(f64::INFINITY, f64::min)
    };
    let (wall, cpu) = (least(|row| row.wall), least(|row| row.cpu));
    let unique = rows.first().map_or(0.0, |(_, row)| row.unique);
    // Counts are whole numbers, far below where an f64 would round them.
    let same = |row: &Row| (row.unique - unique).abs() < 0.5;
    for (engine, row) in &rows {
        let states = row.unique;
        println!(
            "{subject:<28} {:<14} {:>10.0} {:>11.0} {:>7.2} {:>7.2} {:>10.0} {:>12.0} {:>8.0} {:>6.1} {:>6}{}",
            engine.name(),
            row.unique,
            row.transitions,
            row.wall,
            row.cpu,
            states / row.wall,
            row.transitions / row.wall,
            row.octets / states,
            wall / row.wall,
            // What took less than a tick of the clock has no ratio.
            Some(cpu / row.cpu)
                .filter(|ratio| ratio.is_finite() && row.cpu > 0.0)
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.1}")),
            if same(row) { "" } else { "  OTHER COUNT" }
        );
    }
    rows.iter().all(|(_, row)| same(row))
}
