//! What the SCSP speaker costs: `cargo bench -p distributed-mars --bench scsp`, with `-- --largest 10000`
//! to leave out the large sizes.
//!
//! First table: two servers in one process align caches that differ in so many records. Second table:
//! records are flooded through a line of five servers. Times are CPU time of the one thread that runs it
//! all, so that what else the machine does counts little; the wall time stands beside it. The ratios are to
//! copying the octets of all packets, and to decoding all packets and walking through their records, in
//! the same run. Memory is what was asked of the allocator.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the sans-IO crate reads no clock; what measures it does"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a program for people: what is wrong shows at once"
)]

#[path = "scsp/line.rs"]
mod line;

use std::hint::black_box;
use std::time::{Duration, Instant};

use distributed_mars::wire::codepoints::ScspType;
use distributed_mars::wire::scsp::{self, Body, CSAS_LENGTH};
use rustix::time::{ClockId, clock_gettime};

use line::{Line, Pace, Traffic, join};

const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Runs are repeated until they took this long together, so that small ones are measured often.
const SAMPLING: Duration = Duration::from_secs(2);

/// CPU time and wall time.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    wall: Duration,
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec as u32)
}

fn cost(work: impl FnOnce()) -> Cost {
    let (cpu, wall) = (cpu_time(), Instant::now());
    work();
    Cost {
        cpu: cpu_time() - cpu,
        wall: wall.elapsed(),
    }
}

/// The cheapest of several runs of `work` on what `prepare` makes, which is not counted.
fn cheapest<T>(prepare: impl Fn() -> T, work: impl Fn(&mut T)) -> Cost {
    let start = Instant::now();
    let mut best: Option<Cost> = None;
    loop {
        let mut subject = prepare();
        let cost = cost(|| work(&mut subject));
        if best.is_none_or(|best| cost.cpu < best.cpu) {
            best = Some(cost);
        }
        if start.elapsed() > SAMPLING {
            return best.unwrap();
        }
    }
}

/// Where the records are that the other server lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    HalfEach,
    AllAtOne,
}

/// Two servers that hold records that differ, and no VC.
fn pair(records: u32, shape: Shape, pace: Pace) -> Line {
    let mut line = Line::new(2, pace, |_| {});
    match shape {
        Shape::HalfEach => {
            line.originate(0, 0..records / 2);
            line.originate(1, records / 2..records);
        }
        Shape::AllAtOne => line.originate(0, 0..records),
    }
    line
}

/// What the same packets cost without a speaker.
fn floors(packets: &[Vec<u8>]) -> (Cost, Cost) {
    let longest = packets.iter().map(Vec::len).max().unwrap_or_default();
    let copy = cheapest(
        || vec![0; longest],
        |to| {
            for packet in packets {
                black_box(&mut to[..packet.len()]).copy_from_slice(black_box(packet));
            }
        },
    );
    let decode = cheapest(
        || (),
        |()| {
            for packet in packets {
                match scsp::decode(black_box(packet)).unwrap().body {
                    Body::Ca { records, .. } | Body::CsuReply(records) | Body::Csus(records) => {
                        records.iter().for_each(|csas| {
                            black_box(&csas);
                        });
                    }
                    Body::CsuRequest(records) => records.iter().for_each(|csa| {
                        black_box(&csa);
                    }),
                    Body::Hello { .. } => {}
                }
            }
        },
    );
    (copy, decode)
}

/// One alignment; the CPU time of it in seconds.
fn alignment(records: u32, shape: Shape, pace: Pace) -> f64 {
    let many = f64::from(records);
    // Memory first: of the whole pair, from nothing to aligned.
    let mut whole = None;
    let memory = allocation_counter::measure(|| {
        let mut line = pair(records, shape, pace);
        line.up();
        whole = Some(line);
    });
    let traffic = whole.unwrap().traffic;
    let live = memory.bytes_current as f64;

    let mut line = pair(records, shape, pace);
    line.recording = Some(Vec::new());
    line.up();
    assert!(line.agrees_on(records as usize), "they did not align");
    let (copy, decode) = floors(&line.recording.take().unwrap());
    drop(line);

    let cost = cheapest(|| pair(records, shape, pace), Line::up);
    let cpu = cost.cpu.as_secs_f64();
    let Traffic { octets, .. } = traffic;
    println!(
        "{records:>9} {:9} {:12} {:>7} {:>6} {:>6} {:>6} {:>7} {octets:>11} {:>8.1} {:>8.1} {:>7.3} {:>9.0} {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>5.2}",
        match shape {
            Shape::HalfEach => "half each",
            Shape::AllAtOne => "all at one",
        },
        match pace {
            Pace::EachPacket => "each packet",
            Pace::AllThatCame => "all that came",
        },
        traffic.messages(),
        traffic.of(ScspType::Ca),
        traffic.of(ScspType::Csus),
        traffic.of(ScspType::CsuRequest),
        traffic.of(ScspType::CsuReply),
        cpu * 1e3,
        cost.wall.as_secs_f64() * 1e3,
        cpu * 1e6 / many,
        many / cpu,
        cpu / copy.cpu.as_secs_f64(),
        cpu / decode.cpu.as_secs_f64(),
        // Both servers hold all of them in the end, but a body that one server made is that server's own.
        live / many / 2.0,
        live / many / 2.0 - join(0).len() as f64,
        memory.bytes_max as f64 / live,
    );
    cpu
}

/// The slope of a straight line through the logarithms: 1 where time grows as size.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<_> = points.iter().map(|(n, t)| (n.ln(), t.ln())).collect();
    let count = logs.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| logs.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let product: f64 = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let square: f64 = logs.iter().map(|p| (p.0 - x).powi(2)).sum();
    product / square
}

fn print_exponent(points: &[(f64, f64)]) {
    if points.len() > 1 {
        let exponent = exponent(points);
        println!("{:>9} CPU time grows as records ^ {exponent:.3}", "");
    }
}

fn alignments(largest: u32) {
    println!(
        "two servers align; a record is {} octets in a CSU Request, {} of them its body; MTU 9180",
        CSAS_LENGTH + join(0).len(),
        join(0).len(),
    );
    println!(
        "{:>9} {:9} {:12} {:>7} {:>6} {:>6} {:>6} {:>7} {:>11} {:>8} {:>8} {:>7} {:>9} {:>6} {:>6} {:>6} {:>6} {:>5}",
        "records",
        "which are",
        "answer to",
        "packets",
        "CA",
        "CSUS",
        "CSU",
        "replies",
        "octets",
        "CPU ms",
        "wall ms",
        "us/rec",
        "rec/s",
        "x copy",
        "x dec.",
        "B/rec",
        "-body",
        "peak",
    );
    let sizes = || SIZES.into_iter().filter(|&size| size <= largest);
    for (shape, pace) in [
        (Shape::HalfEach, Pace::EachPacket),
        (Shape::HalfEach, Pace::AllThatCame),
        (Shape::AllAtOne, Pace::EachPacket),
    ] {
        let points: Vec<_> = sizes()
            .map(|size| (f64::from(size), alignment(size, shape, pace)))
            .collect();
        print_exponent(&points);
    }
}

/// Two servers that agree lose their VC and align again: all is summarised, and nothing asked for.
fn again(records: u32) -> f64 {
    let prepare = || {
        let mut line = pair(records, Shape::HalfEach, Pace::EachPacket);
        line.up();
        line.traffic = Traffic::default();
        line
    };
    let realign = |line: &mut Line| {
        line.down();
        line.up();
    };
    let mut line = prepare();
    let memory = allocation_counter::measure(|| realign(&mut line));
    assert!(line.agrees_on(records as usize), "they did not align");
    let (messages, octets) = (line.traffic.messages(), line.traffic.octets);
    drop(line);
    let cost = cheapest(prepare, realign);
    let cpu = cost.cpu.as_secs_f64();
    println!(
        "{records:>9} {messages:>8} {octets:>11} {:>8.1} {:>8.1} {:>7.3} {:>9}",
        cpu * 1e3,
        cost.wall.as_secs_f64() * 1e3,
        cpu * 1e6 / f64::from(records),
        memory.bytes_max,
    );
    cpu
}

/// Floods `records` new instances, `burst` at a time, through five servers that hold `held` already.
fn flooding(held: u32, records: u32, burst: u32) {
    const SERVERS: u8 = 5;
    let prepare = || {
        let mut line = Line::new(SERVERS, Pace::EachPacket, |_| {});
        line.originate(0, 0..held);
        line.up();
        line
    };
    let flood = |line: &mut Line| {
        let mut next = 0;
        while next < records {
            line.originate(0, next..records.min(next + burst));
            line.pump();
            line.pass(1);
            next += burst;
        }
    };
    let mut line = prepare();
    let before = (line.traffic.messages(), line.traffic.octets, line.learned);
    flood(&mut line);
    assert!(line.agrees_on(held.max(records) as usize));
    assert_eq!(
        line.learned - before.2,
        u64::from(records) * u64::from(SERVERS - 1)
    );
    let messages = line.traffic.messages() - before.0;
    let octets = line.traffic.octets - before.1;
    drop(line);
    let cost = cheapest(prepare, flood);
    let cpu = cost.cpu.as_secs_f64();
    println!(
        "{held:>9} {records:>9} {burst:>6} {messages:>8} {octets:>11} {:>8.1} {:>8.1} {:>7.3} {:>9.0}",
        cpu * 1e3,
        cost.wall.as_secs_f64() * 1e3,
        cpu * 1e6 / f64::from(records),
        f64::from(records) / cpu,
    );
}

fn agreements(largest: u32) {
    println!("\ntwo servers that hold the same records align again");
    println!(
        "{:>9} {:>8} {:>11} {:>8} {:>8} {:>7} {:>9}",
        "records", "packets", "octets", "CPU ms", "wall ms", "us/rec", "B beyond",
    );
    let sizes = SIZES.into_iter().filter(|&size| size <= largest);
    let points: Vec<_> = sizes.map(|size| (f64::from(size), again(size))).collect();
    print_exponent(&points);
}

fn main() {
    let mut largest = u32::MAX;
    let mut arguments = std::env::args();
    while let Some(argument) = arguments.next() {
        if argument == "--largest" {
            let number = arguments.next().and_then(|number| number.parse().ok());
            largest = number.expect("--largest takes a number of records");
        }
    }
    alignments(largest);
    agreements(largest);
    println!("\nrecords flooded through a line of five servers, each cached by the other four");
    println!(
        "{:>9} {:>9} {:>6} {:>8} {:>11} {:>8} {:>8} {:>7} {:>9}",
        "held", "records", "burst", "packets", "octets", "CPU ms", "wall ms", "us/rec", "rec/s",
    );
    for (held, records, burst) in [
        (0, 10_000, 1),
        (0, 10_000, 100),
        (100_000, 100_000, 1),
        (100_000, 100_000, 100),
    ] {
        if records <= largest {
            flooding(held, records, burst);
        }
    }
}
