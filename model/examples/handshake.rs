//! Searches the handshake in the bounds given as `name=value` words and prints what `model/spin/compare.py` compares:
//! `cargo run -p mars-model --example handshake -- losses=2 fault=1`.

use mars_model::explore::{Options, search};
use mars_model::handshake::Handshake;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

fn main() -> ExitCode {
    let mut model = Handshake {
        summaries: 2,
        numbers: 8,
        losses: 2,
        reorder: false,
        fault: false,
    };
    for word in std::env::args().skip(1) {
        let value = word
            .split_once('=')
            .and_then(|(name, value)| Some((name, value.parse::<u8>().ok()?)));
        match value {
            Some(("summaries", value @ 1..=3)) => model.summaries = value,
            Some(("numbers", value @ 2..=8)) => model.numbers = value,
            Some(("losses", value)) => model.losses = value,
            Some(("reorder", value @ 0..=1)) => model.reorder = value == 1,
            Some(("fault", value @ 0..=1)) => model.fault = value == 1,
            _ => {
                eprintln!(
                    "`{word}` is none of summaries=1..3 numbers=2..8 losses=N reorder=0|1 fault=0|1"
                );
                return ExitCode::from(64);
            }
        }
    }
    let stop = AtomicBool::new(false);
    let report = search(&model, &Options::default(), &mut |_| {}, &stop);
    println!("states {}", report.unique);
    println!("transitions {}", report.states);
    for name in ["complete", "in-step"] {
        match report.discovery(name) {
            Some(found) => println!("{name} fails {}", found.path.len()),
            None => println!("{name} holds"),
        }
    }
    ExitCode::SUCCESS
}
