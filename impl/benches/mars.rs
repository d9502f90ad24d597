//! What one MARS costs: `cargo bench -p distributed-mars --bench mars`, with `-- --largest 4000` to leave
//! out the large sizes.
//!
//! Every line is one size, CPU time of the one thread; each table ends with the exponent of its growth: by
//! which power of the size the cost of one operation grows, from one size to the next of four times as much.
//! Zero is constant, a logarithm is a little above it, one would be a scan. Memory is what was asked of the
//! allocator and not given back.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the sans-IO crate reads no clock; what measures it does"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a program for people: what is wrong shows at once"
)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::io::Time;
use distributed_mars::mars::{Effect, Foreign, Mars, MarsConfig};
use distributed_mars::ranges;
use distributed_mars::wire::mars::{
    Body, Membership, MembershipFlags, Message, PairList, Query, decode,
};
use rangemap::RangeInclusiveSet;
use rustix::time::{ClockId, clock_gettime};

/// Runs are repeated until they took this long together, so that small ones are measured often.
const SAMPLING: Duration = Duration::from_millis(1500);
const GROUPS_EACH: u32 = 16;

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec as u32)
}

/// Seconds of CPU time of `work` on what `prepare` makes, which is not counted: the least of several runs.
fn cheapest<T, R>(mut prepare: impl FnMut() -> T, mut work: impl FnMut(&mut T) -> R) -> f64 {
    let start = Instant::now();
    let mut best = Duration::MAX;
    while best == Duration::MAX || start.elapsed() < SAMPLING {
        let mut subject = prepare();
        let before = cpu_time();
        work(&mut subject);
        best = best.min(cpu_time() - before);
        drop(black_box(subject));
    }
    best.as_secs_f64()
}

fn endpoint(n: u32) -> Endpoint {
    let mut octets = [0x47; 20];
    octets[12..16].copy_from_slice(&n.to_be_bytes());
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &octets).unwrap(),
        subaddress: None,
    }
}

fn group(n: u32) -> ProtocolAddress {
    ProtocolAddress::new(&(0xe000_0000 | n).to_be_bytes()).unwrap()
}

fn range(low: u32, high: u32) -> GroupRange {
    GroupRange::new(group(low), group(high)).unwrap()
}

fn mars() -> Mars {
    Mars::new(MarsConfig {
        protocol: Protocol::IPV4,
        address: endpoint(u32::MAX),
        protocol_address: ProtocolAddress::default(),
        origin: ServerId([10, 0, 0, 1]),
        cmi_range: [1, u16::MAX],
        csn_start: 1,
        ssn_start: 1,
        mtu: 9180,
    })
}

/// A message of JOIN form, of a registration where there is no range.
fn joinlike<'a>(
    body: fn(Membership<'a>) -> Body<'a>,
    node: u32,
    pairs: &'a [GroupRange],
) -> Vec<u8> {
    let (flags, pairs) = if pairs.is_empty() {
        (MembershipFlags::REGISTER, PairList::null(1))
    } else {
        (0, PairList::new(pairs).unwrap())
    };
    let body = body(Membership {
        source_protocol: ProtocolAddress::new(&node.to_be_bytes()).unwrap(),
        flags: MembershipFlags(flags),
        cmi: 0,
        msn: 0,
        pairs,
    });
    Message::new(Protocol::IPV4, endpoint(node), body).to_vec()
}

fn request(node: u32, group: ProtocolAddress) -> Vec<u8> {
    let query = Query {
        source_protocol: ProtocolAddress::default(),
        target: group,
        padding: [0; 8],
    };
    Message::new(Protocol::IPV4, endpoint(node), Body::Request(query)).to_vec()
}

fn send(mars: &mut Mars, octets: &[u8]) -> Vec<Effect> {
    let message = decode(octets).unwrap();
    mars.message(Time(0), octets, &message, Time(0), |_| false)
        .unwrap()
}

/// Which groups a client is in: spread so that every group has about as many members as clients have
/// groups.
fn groups_of(client: u32, clients: u32) -> impl Iterator<Item = u32> {
    (0..GROUPS_EACH)
        .map(move |k| (client.wrapping_mul(0x9e37_79b1) ^ k.wrapping_mul(0x85eb_ca6b)) % clients)
}

/// Clients, each in its groups.
fn populated(clients: u32) -> Mars {
    let mut mars = mars();
    for client in 0..clients {
        send(&mut mars, &joinlike(Body::Join, client, &[]));
        for group in groups_of(client, clients) {
            let pair = [range(group, group)];
            send(&mut mars, &joinlike(Body::Join, client, &pair));
        }
    }
    mars
}

/// Prints by which power of the size the cost of one operation grows.
fn print_growth(points: &[(f64, f64)]) {
    for pair in points.windows(2) {
        let (size, cost) = (pair[1].0 / pair[0].0, pair[1].1 / pair[0].1);
        let exponent = cost.ln() / size.ln();
        println!(
            "{:>9} from {} to {}: grows as the size ^ {exponent:.2}",
            "", pair[0].0, pair[1].0
        );
    }
}

fn line(size: u32, what: &str, seconds: f64, operations: f64) -> (f64, f64) {
    let each = seconds / operations;
    println!(
        "{size:>9} {what:34} {:>11.0} a second {:>10.2} us each",
        1.0 / each,
        each * 1e6
    );
    (f64::from(size), each)
}

fn joins(sizes: &[u32]) {
    println!("a client of so many, each in {GROUPS_EACH} groups, joins one more and leaves it");
    let mut points = Vec::new();
    for clients in sizes {
        let mars = populated(*clients);
        let messages: Vec<[Vec<u8>; 2]> = (0..1000)
            .map(|n| {
                let client = n * 7 % clients;
                let group = (1 << 24) | (n % 100);
                let pair = [range(group, group)];
                [
                    joinlike(Body::Join, client, &pair),
                    joinlike(Body::Leave, client, &pair),
                ]
            })
            .collect();
        let seconds = cheapest(
            || mars.clone(),
            |mars| {
                for octets in messages.iter().flatten() {
                    black_box(send(mars, octets));
                }
            },
        );
        points.push(line(*clients, "joins and leaves", seconds, 2000.0));
    }
    print_growth(&points);
}

fn requests(largest: u32) {
    println!("\na REQUEST for a group of so many members, 64,000 memberships in other groups");
    let mut points = Vec::new();
    for members in [1, 100, 10_000] {
        if members > largest {
            continue;
        }
        let mut mars = populated(4000.min(largest));
        for n in 0..members {
            let foreign = Foreign {
                origin: ServerId([10, 0, 0, 2]),
                client: endpoint(1_000_000 + n),
                range: range(1 << 25, 1 << 25),
                layer3grp: false,
                source: ProtocolAddress::default(),
            };
            mars.foreign_begins(foreign, false);
        }
        // A router that is in everything, elsewhere.
        let router = Foreign {
            origin: ServerId([10, 0, 0, 2]),
            client: endpoint(1_000_000),
            range: range(0, 0x0fff_ffff),
            layer3grp: false,
            source: ProtocolAddress::default(),
        };
        mars.foreign_begins(router, false);
        let octets = request(1, group(1 << 25));
        // Long enough for the clock.
        let times = 10 + 10_000 / members;
        let seconds = cheapest(
            || (),
            |()| {
                for _ in 0..times {
                    black_box(send(&mut mars, &octets));
                }
            },
        );
        let (_, each) = line(members, "requests", seconds, times.into());
        points.push((f64::from(members), each / f64::from(members)));
    }
    println!("{:>9} for each member:", "");
    print_growth(&points);
}

/// A block join with so many holes: own single joins, or groups of MCSs.
fn punching(sizes: &[u32], of_mcs: bool) {
    let what = if of_mcs {
        "groups of MCSs"
    } else {
        "own single joins"
    };
    println!("\na client joins and leaves the whole range, with so many {what} as holes");
    let mut points = Vec::new();
    for holes in sizes {
        let mut mars = populated(1000);
        for n in 0..*holes {
            let pair = [range(2 * n, 2 * n)];
            if of_mcs {
                let foreign = Foreign {
                    origin: ServerId([10, 0, 0, 2]),
                    client: endpoint(2_000_000),
                    range: pair[0],
                    layer3grp: false,
                    source: ProtocolAddress::default(),
                };
                mars.foreign_serves(foreign, false);
            } else {
                send(&mut mars, &joinlike(Body::Join, 0, &pair));
            }
        }
        let all = [range(0, 0x0fff_ffff)];
        let (join, leave) = (
            joinlike(Body::Join, 0, &all),
            joinlike(Body::Leave, 0, &all),
        );
        let seconds = cheapest(
            || (),
            |()| {
                black_box(send(&mut mars, &join));
                black_box(send(&mut mars, &leave));
            },
        );
        let (_, each) = line(*holes, "punched joins and leaves", seconds, 2.0);
        points.push((f64::from(*holes), each / f64::from(*holes)));
    }
    println!("{:>9} for each hole:", "");
    print_growth(&points);
    // What has nothing to do with the holes does not pay for them.
    let Some(holes) = sizes.last() else { return };
    let mut mars = populated(1000);
    for n in 0..*holes {
        let pair = [range(2 * n, 2 * n)];
        send(&mut mars, &joinlike(Body::Join, 0, &pair));
    }
    let pair = [range(1, 1)];
    let (join, leave) = (
        joinlike(Body::Join, 0, &pair),
        joinlike(Body::Leave, 0, &pair),
    );
    let seconds = cheapest(
        || (),
        |()| {
            for _ in 0..100 {
                black_box(send(&mut mars, &join));
                black_box(send(&mut mars, &leave));
            }
        },
    );
    line(*holes, "single joins of the same client", seconds, 200.0);
}

/// Our holes against the gaps of a set of `rangemap`, which cannot hold what a membership is (exact ranges of many
/// clients, several of them alike), but could hold the holes. Its groups are numbers of 128 bits, as wide as ours
/// (an IPv6 group); what it finds becomes ranges of groups like ours.
fn interval_sets(sizes: &[u32]) {
    println!("\nwhat so many single groups leave of the whole range, from what is kept of them");
    for holes in sizes {
        let all = range(0, 0x0fff_ffff);
        let singles = (0..*holes).map(|n| 2 * n);
        let held: BTreeSet<GroupRange> = singles.clone().map(|n| range(n, n)).collect();
        let wide = singles.clone().map(u128::from);
        let set: RangeInclusiveSet<u128> = wide.map(|n| n..=n).collect();
        let whole = 0..=u128::from(0x0fff_ffff_u32);
        let own = cheapest(
            || (),
            |()| black_box(ranges::punch(all, held.iter().copied())),
        );
        let theirs = cheapest(
            || (),
            |()| {
                let gaps = set.gaps(&whole);
                let ends = gaps.map(|gap| range(*gap.start() as u32, *gap.end() as u32));
                black_box(ends.collect::<Vec<_>>())
            },
        );
        let left = ranges::punch(all, held.iter().copied()).len();
        assert_eq!(left, set.gaps(&whole).count());
        let holes_made = f64::from(*holes);
        line(*holes, "holes of ours", own, holes_made);
        line(*holes, "gaps of rangemap", theirs, holes_made);
        println!(
            "{:>9} ours takes {:.2} of rangemap's time",
            "",
            own / theirs
        );
    }
}

fn memory(sizes: &[u32]) {
    println!("\noctets of a MARS with so many clients, each in {GROUPS_EACH} groups");
    for clients in sizes {
        let mut kept = None;
        let memory = allocation_counter::measure(|| kept = Some(populated(*clients)));
        let memberships = kept.as_ref().unwrap().map().iter().count();
        let live = memory.bytes_current as f64;
        println!(
            "{clients:>9} clients {memberships:>9} memberships {:>6.1} MB {:>7.1} octets a membership",
            live / 1e6,
            live / memberships as f64
        );
    }
}

fn registrations(sizes: &[u32]) {
    println!("\nthe last thousand of so many register");
    let mut points = Vec::new();
    for clients in sizes {
        let mut mars = mars();
        for client in 0..clients - 1000 {
            send(&mut mars, &joinlike(Body::Join, client, &[]));
        }
        let last: Vec<_> = (clients - 1000..*clients)
            .map(|client| joinlike(Body::Join, client, &[]))
            .collect();
        let seconds = cheapest(
            || mars.clone(),
            |mars| {
                for octets in &last {
                    black_box(send(mars, octets));
                }
            },
        );
        points.push(line(*clients, "registrations", seconds, 1000.0));
    }
    print_growth(&points);
}

fn main() {
    let mut largest = u32::MAX;
    let mut arguments = std::env::args();
    while let Some(argument) = arguments.next() {
        if argument == "--largest" {
            let number = arguments.next().and_then(|number| number.parse().ok());
            largest = number.expect("--largest takes a number");
        }
    }
    let up_to = |sizes: &[u32]| -> Vec<u32> {
        sizes
            .iter()
            .copied()
            .filter(|size| *size <= largest)
            .collect()
    };
    joins(&up_to(&[1000, 4000, 16_000, 60_000]));
    registrations(&up_to(&[4000, 16_000, 64_000]));
    requests(largest);
    punching(&up_to(&[625, 2500, 10_000]), false);
    punching(&up_to(&[625, 2500, 10_000]), true);
    interval_sets(&up_to(&[625, 2500, 10_000]));
    memory(&up_to(&[1000, 60_000]));
}
