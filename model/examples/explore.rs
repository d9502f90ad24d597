//! Searches the scenarios named on the command line (all, if none is) and prints what came out.
//! `cargo run --release -p mars-model --example explore -- drain`, or `-- findings`, or `-- bless`.

use mars_model::explore::{Options, search_space};
use mars_model::findings::{failure, findings};
use mars_model::rules::Rules;
use mars_model::scenario::scenarios;
use std::sync::atomic::AtomicBool;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let stop = AtomicBool::new(false);
    if names.iter().any(|name| name == "bless") {
        match mars_model::counts::bless(&mars_model::counts::file(), &mut |_, _| {}, &stop) {
            Ok(counts) => println!("{counts:#?}"),
            Err(error) => println!("{error}"),
        }
        return;
    }
    if names.iter().any(|name| name == "findings") {
        for finding in findings() {
            match failure(finding, &stop) {
                Some(path) => println!(
                    "{} {}: {} steps {:?}",
                    finding.id,
                    finding.property,
                    path.len(),
                    path.actions()
                ),
                None => println!("{} NO FAILURE", finding.id),
            }
        }
        return;
    }
    for scenario in scenarios()
        .iter()
        .filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
    {
        let report = search_space(
            &scenario.model(Rules::resolved()),
            &Options::default(),
            None,
            &mut |_| {},
            &stop,
        );
        println!(
            "{}: {} unique, {} states, depth {}, {:.1} s, {:.0} B/state, {}",
            scenario.name,
            report.unique,
            report.states,
            report.depth,
            report.seconds,
            report.bytes_per_state,
            report.stopped_by.as_str()
        );
        for discovery in report.violations() {
            println!(
                "  VIOLATED {}: {:?}",
                discovery.property,
                discovery.path.actions()
            );
        }
        for witness in &report.missing_witnesses {
            println!("  no witness {witness}");
        }
        for (kind, count) in &report.action_counts {
            if (*count > 0) != scenario.actions.contains(kind) {
                println!("  {kind}: {count} transitions, against the scenario's list");
            }
        }
    }
}
