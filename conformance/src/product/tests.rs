use super::search::Ended;
use super::*;
use crate::adapter::servers::Pool;
use mars_model::scenario::by_name;
use std::sync::atomic::AtomicBool;

fn explored(name: &str, most: u64) -> Explored {
    let scenario = by_name(name).unwrap();
    let pool = Pool::new(&World::new(scenario).group()).unwrap();
    let limits = Limits {
        states: Some(most),
        ..Limits::default()
    };
    let stop = AtomicBool::new(false);
    explore(scenario, Box::new(pool), &limits, &mut |_| {}, &stop)
}

#[test]
fn every_scenario_agrees_so_far() {
    for scenario in world::supported() {
        let explored = explored(scenario.name, 3_000);
        let text = explored.fault.as_ref().map(|fault| fault.text.as_str());
        assert_eq!(text, None, "{}", scenario.name);
        assert_eq!(explored.ended, Ended::Limit("max-states"));
        println!(
            "{} {:?} {} {}",
            scenario.name, explored.progress, explored.states, explored.asked
        );
    }
}
