//! The speaker scales: messages and memory of an alignment stay within bounds that follow from the MTU, the
//! size of a record and the aims of the design. Times are for the bench of the same name.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers"
)]

#[path = "../benches/scsp/line.rs"]
mod line;

use allocation_counter::{AllocationInfo, measure};
use distributed_mars::wire::codepoints::ScspType;
use distributed_mars::wire::scsp::{CSAS_LENGTH, overhead};

use line::{Line, Pace, Traffic, join};

const MTU: u16 = 9180;

/// Memory of a cache beyond the bodies of its records (design/performance.md, "Aims").
const OCTETS_PER_RECORD: u64 = 100;
/// Peak of an alignment against what is live after it (as above).
const PEAK: u64 = 2;

/// Two servers, half of the records at each.
fn pair(records: u32, pace: Pace, mtu: u16) -> Line {
    let mut line = Line::new(2, pace, |config| config.mtu = mtu);
    line.originate(0, 0..records / 2);
    line.originate(1, records / 2..records);
    line
}

fn aligned(records: u32, pace: Pace, mtu: u16) -> Traffic {
    let mut line = pair(records, pace, mtu);
    line.up();
    assert!(line.agrees_on(records as usize));
    line.traffic
}

/// The most messages of each kind, in the order CA, CSUS, CSU Request, CSU Reply, that `records` may take
/// when half of them are at each of two servers and every message is as full as the MTU lets it be.
fn bounds(records: u32, pace: Pace, mtu: u16) -> [u64; 4] {
    let fit = |kind, record: usize| ((usize::from(mtu) - overhead(kind)) / record) as u64;
    let half = u64::from(records).div_ceil(2);
    let per_csus = fit(ScspType::Csus, CSAS_LENGTH);
    let per_csu = fit(ScspType::CsuRequest, CSAS_LENGTH + join(0).len());
    // Each server bids once, and summarises; the master's last word and the answer to it may be empty.
    let ca = 2 + 2 * half.div_ceil(fit(ScspType::Ca, CSAS_LENGTH)) + 2;
    let csus = 2 * half.div_ceil(per_csus);
    // A CSUS is answered at once, whether or not its records fill the last CSU Request.
    let last = half % per_csus;
    let csu = 2 * (half / per_csus * per_csus.div_ceil(per_csu) + last.div_ceil(per_csu));
    let replies = match pace {
        Pace::EachPacket => csu,
        // What answers one CSUS is acknowledged together.
        Pace::AllThatCame => csus * per_csus.div_ceil(fit(ScspType::CsuReply, CSAS_LENGTH)),
    };
    [ca, csus, csu, replies]
}

fn counts(traffic: &Traffic) -> [u64; 4] {
    [
        ScspType::Ca,
        ScspType::Csus,
        ScspType::CsuRequest,
        ScspType::CsuReply,
    ]
    .map(|kind| traffic.of(kind))
}

fn within(counts: [u64; 4], bounds: [u64; 4]) -> bool {
    counts
        .into_iter()
        .zip(bounds)
        .all(|(count, most)| count <= most)
}

// R2334-2.2.3-05, R2334-2.3-05, R2334-2.3-08
#[test]
fn an_alignment_takes_no_more_messages_than_full_packets_would() {
    for records in [1, 1_000, 10_000, 100_000] {
        for pace in [Pace::EachPacket, Pace::AllThatCame] {
            let traffic = aligned(records, pace, MTU);
            let (counts, bounds) = (counts(&traffic), bounds(records, pace, MTU));
            assert_eq!(counts.iter().sum::<u64>(), traffic.messages());
            assert!(
                within(counts, bounds),
                "{records} {pace:?}: {counts:?} {bounds:?}"
            );
        }
    }
}

// That the bounds above can be exceeded: by servers that fill only half of a packet.
#[test]
fn packets_half_full_would_be_noticed() {
    for pace in [Pace::EachPacket, Pace::AllThatCame] {
        let half_full = counts(&aligned(10_000, pace, MTU / 2));
        let bounds = bounds(10_000, pace, MTU);
        for (count, most) in half_full.into_iter().zip(bounds) {
            assert!(count > most, "{pace:?}: {half_full:?} {bounds:?}");
        }
    }
}

/// What of `info` is beyond the bodies of `records` records.
fn beyond_bodies(info: AllocationInfo, records: u32) -> u64 {
    u64::try_from(info.bytes_current).unwrap() - u64::from(records) * join(0).len() as u64
}

#[test]
fn an_own_record_costs_few_octets_beyond_its_own() {
    let records = 50_000;
    let mut kept = None;
    let info = measure(|| {
        let mut line = Line::new(2, Pace::EachPacket, |_| {});
        line.originate(0, 0..records);
        kept = Some(line);
    });
    let beyond = beyond_bodies(info, records);
    assert!(
        beyond <= u64::from(records) * OCTETS_PER_RECORD,
        "{beyond} for {records}"
    );
    drop(kept);
}

#[test]
fn so_does_a_learned_one_and_the_peak_is_bounded() {
    let records = 50_000;
    for pace in [Pace::EachPacket, Pace::AllThatCame] {
        let mut kept = None;
        let info = measure(|| {
            let mut line = pair(records, pace, MTU);
            line.up();
            kept = Some(line);
        });
        assert!(kept.unwrap().agrees_on(records as usize));
        // Both servers hold all records.
        let beyond = beyond_bodies(info, 2 * records);
        assert!(
            beyond <= 2 * u64::from(records) * OCTETS_PER_RECORD,
            "{beyond} for {records} at each of two"
        );
        let live = u64::try_from(info.bytes_current).unwrap();
        assert!(
            info.bytes_max <= PEAK * live,
            "{} of {live}",
            info.bytes_max
        );
    }
}

// R2334-2.2-06, R2334-2.2-07
#[test]
fn alignments_over_and_over_leave_nothing_behind() {
    let records = 5_000;
    let mut line = pair(records, Pace::EachPacket, MTU);
    let round = |line: &mut Line, changes: u32| {
        line.down();
        line.originate(0, 0..changes);
        line.up();
        // Until the slave has given up the copy of its last CA.
        line.pass(10_000);
    };
    line.up();
    for changes in [0, records / 2] {
        round(&mut line, changes);
        round(&mut line, changes);
        let grown: Vec<_> = (0..4)
            .map(|_| measure(|| round(&mut line, changes)).bytes_current)
            .collect();
        assert!(
            grown.iter().all(|&octets| octets == 0),
            "{changes} changes: {grown:?}"
        );
        assert!(line.agrees_on(records as usize));
    }
}

// That the counter sees what the tests above would have to see: a pair that gets another record a round.
#[test]
fn growth_would_be_noticed() {
    let records = 1_000;
    let mut line = pair(records, Pace::EachPacket, MTU);
    line.up();
    let info = measure(|| {
        line.originate(0, records..2 * records);
        line.pump();
    });
    assert!(line.agrees_on(2 * records as usize));
    assert!(beyond_bodies(info, 2 * records) > 0);
}
