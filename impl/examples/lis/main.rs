//! A simulated LIS: MARS servers, clients and MCSs over an ATM network that loses, cuts and crashes.
//!
//! `cargo run --release -p distributed-mars --example lis -- --seed 7 --hours 24`
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a program for people: what is wrong shows at once; it reads the clock to say how fast it is"
)]

mod chance;
mod churn;
mod judge;
mod network;
mod run;
mod story;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use run::{MINUTE, Plan, Run};
use story::clock;
use world::{Size, World};

const HELP: &str = "\
Simulates one LIS and judges it after a calm period.

  --seed N       source of everything that is drawn (1)
  --hours N      simulated hours with commands and faults (24)
  --minutes N    the same in minutes
  --servers N    MARS servers, 1 to 9 (3)
  --clients N    clients, up to 200 (50)
  --mcs N        multicast servers (2)
  --groups N     groups, at least 64 (200)
  --harsh        faults come six times as often
  --story        print everything that happens

Exit code: 0 if the verdict is good, 1 if not, 2 for a wrong command line.";

struct Options {
    plan: Plan,
    story: bool,
}

fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        plan: Plan {
            size: Size {
                servers: 3,
                clients: 50,
                mcs: 2,
                groups: 200,
            },
            seed: 1,
            minutes: 24 * 60,
            harsh: false,
        },
        story: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = |low: u64, high: u64| {
            let value = words.next().and_then(|value| value.parse().ok());
            let fits = value.filter(|value| (low..=high).contains(value));
            fits.ok_or_else(|| format!("{word} needs a number from {low} to {high}"))
        };
        let plan = &mut options.plan;
        let size = &mut plan.size;
        match word.as_str() {
            "--seed" => plan.seed = number(0, u64::MAX)?,
            "--hours" => plan.minutes = number(0, 10_000)? * 60,
            "--minutes" => plan.minutes = number(0, 600_000)?,
            "--servers" => size.servers = number(1, 9)? as usize,
            "--clients" => size.clients = number(1, 200)? as usize,
            "--mcs" => size.mcs = number(0, 2)? as usize,
            "--groups" => size.groups = number(64, 10_000)? as usize,
            "--harsh" => plan.harsh = true,
            "--story" => options.story = true,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown: {word}; try --help")),
        }
    }
    Ok(Some(options))
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let plan = options.plan;
    let started = Instant::now();
    let mut run = Run::new(&plan, options.story);
    let mut left = plan.minutes;
    while left > 0 {
        let now = left.min(60);
        run.rough(now * MINUTE);
        left -= now;
        progress(&run.world, started);
    }
    run.calm();
    run.follow();
    progress(&run.world, started);
    counters(&run.world);
    let faults = run.verdict();
    if faults.is_empty() {
        println!("good: seed {}", plan.seed);
        return ExitCode::SUCCESS;
    }
    println!("the last events:");
    run.world.story.last().for_each(|line| println!("  {line}"));
    println!("{} faults:", faults.len());
    faults
        .iter()
        .take(40)
        .for_each(|fault| println!("  {fault}"));
    let Size {
        servers,
        clients,
        mcs,
        groups,
    } = plan.size;
    println!(
        "to see it again: cargo run --release -p distributed-mars --example lis -- --seed {} --minutes {} \
         --servers {servers} --clients {clients} --mcs {mcs} --groups {groups}{} --story",
        plan.seed,
        plan.minutes,
        if plan.harsh { " --harsh" } else { "" }
    );
    ExitCode::FAILURE
}

fn progress(world: &World, started: Instant) {
    let (counts, traffic) = (&world.counts, &world.network.traffic);
    println!(
        "{} simulated, {:.1} s: {} commands, {} faults, {} frames ({} lost), {} packets delivered",
        clock(world.now()),
        started.elapsed().as_secs_f64(),
        counts.commands,
        counts.faults.values().sum::<u64>(),
        traffic.frames,
        traffic.lost,
        counts.delivered
    );
}

fn counters(world: &World) {
    let (counts, traffic) = (&world.counts, &world.network.traffic);
    println!(
        "registrations {}, problems noted {}, commands refused {}, calls {}, leaves added {}",
        counts.registrations, counts.problems, counts.refused, traffic.calls, traffic.leaves
    );
    let faults: Vec<String> = counts
        .faults
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    println!("faults: {}", faults.join(", "));
    for node in world.servers() {
        if let Some(server) = world.server(node) {
            let meters = server.meters();
            println!(
                "{}: registrations {}, flushes {}, restores {}, withdrawals {}, conflicts of CMIs {}, dropped {:?}",
                world.name(node),
                meters.registrations,
                meters.flushes,
                meters.restores,
                meters.withdrawals,
                meters.cmi_conflicts,
                meters.dropped
            );
        }
    }
}
