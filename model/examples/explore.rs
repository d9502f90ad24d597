//! Searches the scenarios named on the command line (all, if none is) and prints what came out.
//! `cargo run --release -p mars-model --example explore -- drain`, or `-- findings`, or `-- bless`.

use mars_model::counts::{bless, file};
use mars_model::explore::Options;
use mars_model::family::Profile;
use mars_model::findings::{failure, findings};
use mars_model::reading::Choice;
use mars_model::registry::cases;
use std::sync::atomic::AtomicBool;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let named = |word: &str| names.iter().any(|name| name == word);
    let stop = AtomicBool::new(false);
    let meant: Vec<_> = cases()
        .filter(|case| {
            let one = names.iter().any(|name| name == case.name());
            one || !cases().any(|case| named(case.name())) && case.profile() < Profile::Deep
        })
        .collect();
    if named("bless") {
        match bless(&file(), &meant, &mut |_, _| {}, &stop) {
            Ok(counts) => println!("{counts:#?}"),
            Err(error) => println!("{error}"),
        }
        return;
    }
    if named("findings") {
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
    for case in meant {
        let report = case.search(Choice::Resolved, &Options::default(), &mut |_| {}, &stop);
        println!(
            "{}: {} unique, {} states, depth {}, {:.1} s, {:.0} B/state, {}",
            case.name(),
            report.unique,
            report.states,
            report.depth,
            report.seconds,
            report.bytes_per_state,
            report.stopped_by.as_str()
        );
        for discovery in report.violations() {
            println!("  VIOLATED {}:", discovery.property);
            for (action, state) in &discovery.path.0 {
                println!("    {action:?}\n        {state}");
            }
        }
        for witness in &report.missing_witnesses {
            println!("  no witness {witness}");
        }
        for (kind, count) in &report.action_counts {
            if (*count > 0) != case.actions().contains(kind) {
                println!("  {kind}: {count} transitions, against the scenario's list");
            }
        }
    }
}
