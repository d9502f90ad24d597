//! Searches the scenarios named on the command line (all, if none is) and prints what came out.

use mars_model::explore::{Options, search};
use mars_model::rules::Rules;
use mars_model::scenario::scenarios;
use std::sync::atomic::AtomicBool;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    for scenario in scenarios()
        .iter()
        .filter(|scenario| names.is_empty() || names.iter().any(|name| name == scenario.name))
    {
        let model = scenario.model(Rules::resolved());
        let options = Options {
            max_states: Some(20_000_000),
            ..Options::default()
        };
        let report = search(&model, &options, &mut |_| {}, &AtomicBool::new(false));
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
        let quiet: Vec<_> = report
            .action_counts
            .iter()
            .filter(|(name, count)| (*count > 0) != scenario.actions.contains(name))
            .collect();
        println!("  undeclared or missing actions: {quiet:?}");
    }
}
