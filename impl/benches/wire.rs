//! What the codecs cost: `cargo bench -p distributed-mars --bench wire`.
//!
//! One table. Each line is one message, decoded or encoded, beside two floors measured in the same run
//! on the same octets: copying them, and summing them up for the checksum that every decoder and encoder
//! has to compute. Times are the fastest of many samples, so that what else the machine does counts least.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the sans-IO crate reads no clock; what measures it does"
)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for people: what is wrong shows at once"
)]

use std::hint::black_box;
use std::time::Instant;

use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::wire::checksum;
use distributed_mars::wire::csa::{
    CsaState, MarsRecord, RecordFlags, decode_record, encode_record,
};
use distributed_mars::wire::mars::{self, Answer, Body, EndpointList, Message};
use distributed_mars::wire::scsp::{self, CacheKey, Csa, Csas, EncodeBody, Header, SequenceNumber};

const SAMPLES: u32 = 60;
const SAMPLE_NS: u128 = 2_000_000;

/// Nanoseconds of one call: that of the fastest sample of some milliseconds.
fn time(mut work: impl FnMut()) -> f64 {
    let mut calls = 1;
    let elapsed = |work: &mut dyn FnMut(), calls: u64| {
        let start = Instant::now();
        (0..calls).for_each(|_| work());
        start.elapsed().as_nanos()
    };
    while elapsed(&mut work, calls) < SAMPLE_NS {
        calls *= 2;
    }
    let fastest = (0..SAMPLES).map(|_| elapsed(&mut work, calls)).min();
    fastest.unwrap_or_default() as f64 / calls as f64
}

/// The floors for a message.
struct Floor {
    octets: usize,
    copy: f64,
    checksum: f64,
}

fn floor(octets: &[u8]) -> Floor {
    let mut to = vec![0; octets.len()];
    Floor {
        octets: octets.len(),
        copy: time(|| black_box(&mut to).copy_from_slice(black_box(octets))),
        checksum: time(|| {
            black_box(checksum::verify(black_box(octets)));
        }),
    }
}

fn line(what: &str, records: usize, floor: &Floor, mut work: impl FnMut()) {
    work();
    let allocations = allocation_counter::measure(&mut work).count_total;
    let ns = time(work);
    println!(
        "{what:42} {:6} {ns:9.0} {:8.1} {:8.0} {:6.1} {:9.1} {allocations:6}",
        floor.octets,
        ns / records as f64,
        floor.octets as f64 / ns * 1000.0,
        ns / floor.copy,
        ns / floor.checksum,
    );
}

fn number(n: u16) -> AtmNumber {
    let mut octets = [0x47; 20];
    octets
        .get_mut(17..19)
        .unwrap()
        .copy_from_slice(&n.to_be_bytes());
    AtmNumber::new(AtmForm::Nsapa, &octets).unwrap()
}

fn endpoint(n: u16) -> Endpoint {
    Endpoint {
        number: number(n),
        subaddress: None,
    }
}

fn address(octets: [u8; 4]) -> ProtocolAddress {
    ProtocolAddress::new(&octets).unwrap()
}

/// A join of one group: 72 octets in a CSU Request.
fn join(n: u16) -> MarsRecord {
    let [high, low] = n.to_be_bytes();
    let group = address([224, 1, high, low]);
    MarsRecord {
        protocol: Protocol::IPV4,
        state: CsaState::ClientJoin,
        flags: RecordFlags(RecordFlags::LAYER3GRP),
        cmi: n,
        source: address([10, 0, high, low]),
        endpoint: endpoint(n),
        range: GroupRange::new(group, group),
        unused: 0,
    }
}

fn header() -> Header {
    Header::mars(1, ServerId([10, 0, 0, 1]), Some(ServerId([10, 0, 0, 2])))
}

fn csu_request(count: u16) {
    let records: Vec<MarsRecord> = (0..count).map(join).collect();
    let summary = |n: u16| {
        let [high, low] = n.to_be_bytes();
        Csas::new(
            CacheKey([1, 0, high, low]),
            ServerId([10, 0, 0, 1]),
            SequenceNumber::FIRST,
        )
    };
    let bodies: Vec<Vec<u8>> = records
        .iter()
        .map(|record| {
            let mut body = Vec::new();
            encode_record(record, &mut body);
            body
        })
        .collect();
    let csas: Vec<Csa<'_>> = (0..count)
        .zip(&bodies)
        .map(|(n, body)| Csa {
            csas: summary(n),
            body,
        })
        .collect();
    let body = EncodeBody::CsuRequest(&csas);
    let mut octets = Vec::new();
    scsp::encode(&header(), &body, None, &mut octets);
    let floor = floor(&octets);
    let many = usize::from(count);
    line(
        &format!("CSU Request, {count} joins, decode"),
        many,
        &floor,
        || {
            let packet = scsp::decode(black_box(&octets)).unwrap();
            let scsp::Body::CsuRequest(records) = packet.body else {
                return;
            };
            for csa in records {
                black_box(&csa);
            }
        },
    );
    line(
        &format!("CSU Request, {count} joins, decode all"),
        many,
        &floor,
        || {
            let packet = scsp::decode(black_box(&octets)).unwrap();
            let scsp::Body::CsuRequest(records) = packet.body else {
                return;
            };
            for csa in records {
                black_box(&decode_record(csa.body)).as_ref().unwrap();
            }
        },
    );
    let mut out = Vec::with_capacity(octets.len());
    line(
        &format!("CSU Request, {count} joins, encode"),
        many,
        &floor,
        || {
            out.clear();
            scsp::encode(&header(), black_box(&body), None, &mut out);
            black_box(&out);
        },
    );
    let mut bodies: Vec<Vec<u8>> = vec![Vec::with_capacity(128); many];
    line(
        &format!("CSU Request, {count} joins, records alone, encode"),
        many,
        &floor,
        || {
            for (record, body) in black_box(&records).iter().zip(&mut bodies) {
                body.clear();
                encode_record(record, body);
            }
            black_box(&bodies);
        },
    );
}

fn multi(count: u16) {
    let members: Vec<Endpoint> = (0..count).map(endpoint).collect();
    let answer = Answer {
        source_protocol: address([10, 0, 0, 9]),
        target: address([224, 1, 0, 1]),
        last: true,
        part: 1,
        msn: 7,
        targets: EndpointList::new(&members).unwrap(),
    };
    let message = Message::new(Protocol::IPV4, endpoint(9), Body::Multi(answer));
    let octets = message.to_vec();
    let floor = floor(&octets);
    let many = usize::from(count);
    line(
        &format!("MULTI, {count} addresses, decode"),
        many,
        &floor,
        || {
            black_box(mars::decode(black_box(&octets)).unwrap());
        },
    );
    line(
        &format!("MULTI, {count} addresses, decode all"),
        many,
        &floor,
        || {
            let message = mars::decode(black_box(&octets)).unwrap();
            if let Body::Multi(answer) = message.body {
                for member in answer.targets {
                    black_box(&member);
                }
            }
        },
    );
    let mut out = Vec::with_capacity(octets.len());
    line(
        &format!("MULTI, {count} addresses, encode"),
        many,
        &floor,
        || {
            out.clear();
            black_box(&message).encode(&mut out);
            black_box(&out);
        },
    );
}

fn hello() {
    let body = EncodeBody::Hello {
        hello_interval: 3,
        dead_factor: 3,
        family: 0,
        additional: &[],
    };
    let mut octets = Vec::new();
    scsp::encode(&header(), &body, None, &mut octets);
    let floor = floor(&octets);
    line("Hello, decode", 1, &floor, || {
        black_box(scsp::decode(black_box(&octets)).unwrap());
    });
    let mut out = Vec::with_capacity(octets.len());
    line("Hello, encode", 1, &floor, || {
        out.clear();
        scsp::encode(&header(), black_box(&body), None, &mut out);
        black_box(&out);
    });
}

fn main() {
    println!(
        "{:42} {:>6} {:>9} {:>8} {:>8} {:>6} {:>9} {:>6}",
        "", "octets", "ns", "ns/rec", "MB/s", "x copy", "x chksum", "allocs"
    );
    for count in [1, 10, 100] {
        csu_request(count);
    }
    multi(456);
    hello();
}
