//! A whole LIS in simulated time ends well, seed by seed; and what judges it can find fault.
//!
//! The simulation is that of the example `lis`: `cargo run --release -p distributed-mars --example lis`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests and their helpers"
)]

#[path = "../examples/lis/chance.rs"]
mod chance;
#[path = "../examples/lis/churn.rs"]
mod churn;
#[path = "../examples/lis/judge.rs"]
mod judge;
#[path = "../examples/lis/network.rs"]
mod network;
#[path = "../examples/lis/run.rs"]
mod run;
#[path = "../examples/lis/story.rs"]
mod story;
#[path = "../examples/lis/world.rs"]
mod world;

use distributed_mars::endpoint::Command;

use judge::{Seen, judge};
use run::{MINUTE, Plan, Run};
use world::{Size, block};

const SIZE: Size = Size {
    servers: 3,
    clients: 50,
    mcs: 2,
    groups: 200,
};

fn ended(size: Size, seed: u64, minutes: u64) -> Run {
    let plan = Plan {
        size,
        seed,
        minutes,
        harsh: seed.is_multiple_of(2),
    };
    let mut run = Run::new(&plan, false);
    run.rough(minutes * MINUTE);
    run.calm();
    run.follow();
    run
}

fn ends_well(size: Size, seed: u64, minutes: u64) {
    let run = ended(size, seed, minutes);
    let faults = run.verdict();
    let last: Vec<&str> = run.world.story.last().collect();
    assert!(
        faults.is_empty(),
        "{faults:#?}\n{last:#?}\ncargo run --release -p distributed-mars --example lis -- --seed {seed} --minutes \
         {minutes} --servers {} --clients {} --mcs {} --groups {} --story",
        size.servers,
        size.clients,
        size.mcs,
        size.groups
    );
    // It was no empty show: packets were followed, and some were due to several members.
    let parcels = run.world.parcels.values();
    assert!(parcels.filter(|parcel| parcel.due.len() > 1).count() > 100);
}

// R2022-6.4-01: clients that know RFC 2022 alone live with a group of servers.
#[test]
fn two_hours_end_well_with_seed_1() {
    ends_well(SIZE, 1, 120);
}

#[test]
fn two_hours_end_well_with_seed_2() {
    ends_well(SIZE, 2, 120);
}

#[test]
fn an_hour_ends_well_with_seeds_3_to_6() {
    (3..7).for_each(|seed| ends_well(SIZE, seed, 60));
}

#[test]
fn an_hour_ends_well_without_an_mcs() {
    ends_well(Size { mcs: 0, ..SIZE }, 7, 60);
}

#[test]
fn an_hour_ends_well_with_five_servers_and_with_one() {
    ends_well(Size { servers: 5, ..SIZE }, 8, 60);
    ends_well(Size { servers: 1, ..SIZE }, 9, 60);
}

// N06 (a tombstone that outlives its originator's memory) and N07 (a MARS that was given up, and registered the
// client after all): seeds that found them.
#[test]
fn five_servers_in_bad_weather_end_well_with_seeds_416_and_442() {
    for seed in [416, 442] {
        ends_well(Size { servers: 5, ..SIZE }, seed, 90);
    }
}

// Servers start again after the others have flushed them, and are shown what they said before, or their
// clients of then would stay members for ever (registers B02, B11).
#[test]
fn servers_withdraw_what_they_said_before_they_were_flushed() {
    ends_well(SIZE, 10, 60);
    ends_well(SIZE, 24, 60);
}

#[test]
fn equal_seeds_give_equal_stories() {
    let story = || {
        let run = ended(SIZE, 11, 20);
        let last: Vec<String> = run.world.story.last().map(str::to_owned).collect();
        (last, run.world.network.traffic.frames)
    };
    assert_eq!(story(), story());
    let other = ended(SIZE, 12, 20);
    assert_ne!(story().1, other.world.network.traffic.frames);
}

/// A run with little in it that ends well, for breaks to be planted in.
fn sound() -> Run {
    let run = ended(SIZE, 13, 10);
    assert_eq!(run.verdict(), Vec::<String>::new());
    run
}

fn found(faults: &[String], what: &str) {
    assert!(
        faults.iter().any(|fault| fault.contains(what)),
        "no {what:?} in {faults:#?}"
    );
}

/// A client that is registered and has joined a single group.
fn member(run: &Run) -> (usize, distributed_mars::address::GroupRange) {
    let mut all = run.world.clients().into_iter();
    all.find_map(|node| {
        let intent = &run.world.intent[node];
        let range = intent.ranges.iter().find(|range| range.is_single())?;
        intent.registered.then_some((node, *range))
    })
    .unwrap()
}

#[test]
fn a_leave_that_nobody_heard_is_found() {
    let mut run = sound();
    let (node, range) = member(&run);
    run.world.intend(node, &Command::Leave { range });
    run.wait(10 * MINUTE);
    let faults = run.verdict();
    for server in 1..=3 {
        found(
            &faults,
            &format!("server {server} has a phantom or a double"),
        );
    }
}

#[test]
fn a_join_that_was_forgotten_after_a_restart_is_found() {
    let mut run = sound();
    let (node, range) = member(&run);
    let again: Vec<_> = run.world.intent[node]
        .ranges
        .iter()
        .copied()
        .filter(|other| *other != range)
        .collect();
    run.world.crash(node);
    run.wait(MINUTE);
    run.world.boot(node);
    run.world.command(node, &Command::Register);
    for range in again {
        let layer3grp = false;
        run.world.command(node, &Command::Join { range, layer3grp });
    }
    run.wait(10 * MINUTE);
    let faults = run.verdict();
    for server in 1..=3 {
        found(
            &faults,
            &format!("server {server} lacks {}", run.world.name(node)),
        );
    }
    // And nothing else, once it has joined.
    let layer3grp = false;
    run.world.command(node, &Command::Join { range, layer3grp });
    run.calm();
    assert_eq!(run.verdict(), Vec::<String>::new());
}

#[test]
fn a_dead_server_and_a_dead_client_are_found() {
    let mut run = sound();
    let (node, _) = member(&run);
    let name = run.world.name(node);
    run.world.crash(node);
    run.world.intent[node].registered = true;
    run.world.crash(2);
    run.wait(10 * MINUTE);
    let faults = run.verdict();
    found(&faults, "server 3 is down");
    found(&faults, "server 1 takes for live [0a000002]");
    found(&faults, &format!("{name} is down"));
    found(&faults, &format!("server 1 does not know {name}"));
}

#[test]
fn a_partition_is_found() {
    let mut run = sound();
    run.world.network.sever(0, 1);
    run.world.network.sever(0, 2);
    run.wait(10 * MINUTE);
    found(&run.verdict(), "server 1 takes for live []");
}

// What the machines would have to get wrong is put into their views by hand.
#[test]
fn what_is_wrong_in_a_view_is_found() {
    let run = sound();
    let flows = &run.churn.flows;
    let seen = Seen::of(&run.world);
    let (node, _) = member(&run);
    let name = run.world.name(node);
    let address = run.world.address(node);
    let broken = |breaks: &dyn Fn(&mut Seen)| {
        let mut seen = seen.clone();
        breaks(&mut seen);
        judge(&run.world, flows, &seen)
    };
    assert_eq!(broken(&|_| ()), Vec::<String>::new());

    let faults = broken(&|seen| {
        let lines = &mut seen.servers.get_mut(&1).unwrap().registrations;
        lines[1].cmi = lines[0].cmi;
    });
    found(&faults, "server 2 has CMI ");
    let faults = broken(&|seen| seen.servers.get_mut(&1).unwrap().registrations[0].cmi = 0);
    found(&faults, "without a CMI");
    let faults = broken(&|seen| {
        seen.servers
            .get_mut(&2)
            .unwrap()
            .registrations
            .retain(|line| line.endpoint != address);
    });
    found(&faults, &format!("server 3 does not know {name}"));
    let faults = broken(&|seen| {
        let lines = &mut seen.servers.get_mut(&0).unwrap().membership;
        let line = lines[0].clone();
        lines.push(line);
    });
    found(&faults, "server 1 has a phantom or a double");
    let faults = broken(&|seen| {
        let lines = &mut seen.servers.get_mut(&0).unwrap().mcs_registrations;
        lines.clear();
    });
    found(&faults, "server 1 does not know mcs 1");

    let faults = broken(&|seen| seen.ends.get_mut(&node).unwrap().registered = false);
    found(&faults, &format!("{name} is registered, wanted: true"));
    let faults = broken(&|seen| seen.ends.get_mut(&node).unwrap().current_mars = address);
    found(&faults, "which is no live server");
    let faults = broken(&|seen| seen.ends.get_mut(&node).unwrap().joined[0].confirmed = false);
    found(&faults, &format!("{name} waits for the copy"));
}

#[test]
fn a_wrong_leaf_and_a_lost_packet_are_found() {
    let run = sound();
    let seen = Seen::of(&run.world);
    let verdict = |seen: &Seen| judge(&run.world, &run.churn.flows, seen);
    let ends = run.world.clients().into_iter().chain(run.world.mcss());
    let with_tree = |node: &usize| {
        seen.ends[node]
            .groups
            .iter()
            .any(|line| !line.leaves.is_empty())
    };
    let (mut clients, mut mcss) = (0, 0);
    for node in ends.filter(with_tree) {
        let mut wrong = seen.clone();
        let groups = &mut wrong.ends.get_mut(&node).unwrap().groups;
        let line = groups
            .iter_mut()
            .find(|line| !line.leaves.is_empty())
            .unwrap();
        line.leaves.pop();
        let name = run.world.name(node);
        found(&verdict(&wrong), &format!("{name} sends"));
        if name.starts_with("mcs") {
            mcss += 1;
        } else {
            clients += 1;
        }
    }
    assert!(clients > 10 && mcss > 0, "{clients} {mcss}");

    let due = seen
        .parcels
        .iter()
        .position(|parcel| !parcel.due.is_empty())
        .unwrap();
    let mut lost = seen.clone();
    lost.parcels[due].came.pop();
    found(&verdict(&lost), "a packet of");
    let mut twice = seen.clone();
    let first = twice.parcels[due].came[0];
    twice.parcels[due].came.push(first);
    found(&verdict(&twice), "a packet of");
}

// A break in the machines' world, not in a view: the network swallows what goes to the leaves, so that trees
// are not what the members are.
#[test]
fn a_deaf_control_vc_is_found() {
    let mut run = sound();
    run.world.network.weather.control_loss = 1_000_000;
    let (node, range) = member(&run);
    run.world.command(node, &Command::Leave { range });
    let mut others = run
        .world
        .clients()
        .into_iter()
        .filter(|other| *other != node);
    let other = others
        .find(|other| run.world.intent[*other].registered)
        .unwrap();
    let range = block(199, 199);
    let layer3grp = false;
    run.world
        .command(other, &Command::Join { range, layer3grp });
    run.wait(3 * MINUTE);
    assert_ne!(run.verdict(), Vec::<String>::new());
}
