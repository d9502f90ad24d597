//! Decoding allocates nothing: a message is looked at where it lies (`allocation_counter` counts what
//! this thread asks of the allocator).
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::hint::black_box;

use allocation_counter::measure;
use distributed_mars::address::{
    AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ProtocolAddress, ServerId,
};
use distributed_mars::wire::csa::{
    CsaState, MarsRecord, RecordFlags, decode_record, encode_record,
};
use distributed_mars::wire::mars::{self, Answer, Body, EndpointList, Message};
use distributed_mars::wire::scsp::{self, CacheKey, Csa, Csas, EncodeBody, Header, SequenceNumber};

fn endpoint(n: u8) -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &[n; 20]).unwrap(),
        subaddress: None,
    }
}

fn address(last: u8) -> ProtocolAddress {
    ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
}

/// A CSU Request of 100 joins: 7,228 octets.
fn csu_request() -> Vec<u8> {
    let bodies: Vec<Vec<u8>> = (0..100)
        .map(|n| {
            let record = MarsRecord {
                protocol: Protocol::IPV4,
                state: CsaState::ClientJoin,
                flags: RecordFlags(0),
                cmi: 1,
                source: address(n),
                endpoint: endpoint(n),
                range: GroupRange::new(address(n), address(n)),
                unused: 0,
            };
            let mut body = Vec::new();
            encode_record(&record, &mut body);
            body
        })
        .collect();
    let csas = Csas::new(
        CacheKey([1; 4]),
        ServerId([10, 0, 0, 1]),
        SequenceNumber::FIRST,
    );
    let records: Vec<Csa<'_>> = bodies.iter().map(|body| Csa { csas, body }).collect();
    let header = Header::mars(1, ServerId([10, 0, 0, 1]), Some(ServerId([10, 0, 0, 2])));
    let mut octets = Vec::new();
    scsp::encode(
        &header,
        &EncodeBody::CsuRequest(&records),
        None,
        &mut octets,
    );
    octets
}

/// Reads a packet and every record in it.
fn read_packet(octets: &[u8]) -> usize {
    let packet = scsp::decode(octets).unwrap();
    let scsp::Body::CsuRequest(records) = packet.body else {
        return 0;
    };
    let read = |csa: Csa<'_>| decode_record(csa.body).is_ok();
    records.into_iter().map(read).filter(|read| *read).count()
}

#[test]
fn decoding_a_csu_request_allocates_nothing() {
    let octets = csu_request();
    assert_eq!(octets.len(), 7228);
    let mut read = 0;
    let info = measure(|| read = read_packet(black_box(&octets)));
    assert_eq!((read, info.count_total), (100, 0));
}

#[test]
fn decoding_a_multi_allocates_nothing() {
    let members = [endpoint(7); 456];
    let answer = Answer {
        source_protocol: address(1),
        target: address(2),
        last: true,
        part: 1,
        msn: 1,
        targets: EndpointList::new(&members).unwrap(),
    };
    let octets = Message::new(Protocol::IPV4, endpoint(9), Body::Multi(answer)).to_vec();
    let mut read = 0;
    let info = measure(|| {
        if let Body::Multi(answer) = mars::decode(black_box(&octets)).unwrap().body {
            read = answer
                .targets
                .iter()
                .filter(|one| *one == endpoint(7))
                .count();
        }
    });
    assert_eq!((read, info.count_total), (456, 0));
}

// A length that is only claimed costs nothing, and neither does saying what is wrong.
#[test]
fn refusing_allocates_nothing() {
    let octets = csu_request();
    let info = measure(|| {
        for length in 0..octets.len() {
            let cut = octets.get(..length).unwrap_or_default();
            assert!(black_box(scsp::decode(cut)).is_err());
            assert!(black_box(mars::decode(cut)).is_err());
            assert!(black_box(decode_record(cut)).is_err());
        }
    });
    assert_eq!(info.count_total, 0);
}

// That the counter sees what the tests above would have to see.
#[test]
fn a_copy_is_noticed() {
    let octets = csu_request();
    let info = measure(|| {
        black_box(read_packet(&black_box(&octets).to_vec()));
    });
    assert_eq!((info.count_total, info.bytes_total), (1, 7228));
}
