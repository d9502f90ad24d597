//! One or more of every message that can be encoded, with every field different where it may be.

use super::golden::{FRAMES, address, endpoint, single};
use super::{Kind, unhex};
use crate::address::{AtmForm, AtmNumber, Endpoint, GroupRange, Protocol, ServerId};
use crate::wire::csa::{CsaState, MarsRecord, RecordFlags, encode_record};
use crate::wire::mars::{
    AddressList, Answer, Body, EndpointList, GroupList, Membership, MembershipFlags, Message,
    PairList, Query, RedirectMap, Reserved, Tlvs,
};
use crate::wire::scsp::{
    self, CacheKey, Csa, Csas, EncodeBody, Extensions, Header, Packet, SequenceNumber,
};

/// A named bare message.
pub(super) type Sample = (String, Kind, Vec<u8>);

const HEADER: Header = Header {
    protocol_id: 3,
    server_group: 0x1234,
    sender: ServerId([10, 0, 0, 1]),
    receiver: Some(ServerId([10, 0, 0, 2])),
};

/// Golden frames first, then what they leave out.
pub(super) fn all() -> Vec<Sample> {
    let mut samples: Vec<Sample> = FRAMES
        .iter()
        .map(|(name, kind, text)| ((*name).to_owned(), *kind, unhex(text)))
        .collect();
    scsp_samples(&mut samples);
    mars_samples(&mut samples);
    samples
}

fn csas(key: u8, number: i32) -> Csas {
    Csas {
        hop_count: 1,
        null: false,
        unused: 0,
        sequence: SequenceNumber(number),
        key: CacheKey([1, 2, 3, key]),
        origin: ServerId([10, 0, 0, 3]),
    }
}

fn e164() -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::E164, b"31201234567").unwrap(),
        subaddress: AtmNumber::new(AtmForm::Nsapa, &[0x39, 0x52, 0x8f]),
    }
}

fn scsp_samples(samples: &mut Vec<Sample>) {
    let mut add = |name: &str, body: EncodeBody<'_>| {
        let mut octets = Vec::new();
        scsp::encode(&HEADER, &body, None, &mut octets);
        samples.push((name.to_owned(), Kind::Scsp, octets));
    };
    // R2334-B.2.1-06, R2334-B.2.1-08, R2334-2.2.1-06
    add(
        "ca_with_summaries",
        EncodeBody::Ca {
            sequence: 0x5566_7788,
            master: false,
            init: false,
            more: true,
            records: &[csas(4, -5), csas(5, 6)],
        },
    );
    // R2334-B.2.4-01
    add("csus", EncodeBody::Csus(&[csas(6, 7), csas(7, i32::MAX)]));
    // R2334-2.3-23, R2334-2.3-24, R2334-B.2.0.2-07
    let null = Csas {
        null: true,
        ..csas(8, 9)
    };
    let record = MarsRecord {
        protocol: Protocol::IPV6,
        state: CsaState::McsLeave,
        flags: RecordFlags(0x0042),
        cmi: 0x0102,
        source: address(&[0xfe; 16]),
        endpoint: e164(),
        range: GroupRange::new(address(&[0x11; 16]), address(&[0x12; 16])),
        unused: 0,
    };
    let mut body = Vec::new();
    encode_record(&record, &mut body);
    add(
        "csu_request_null_and_ipv6",
        EncodeBody::CsuRequest(&[
            Csa {
                csas: null,
                body: &[],
            },
            Csa {
                csas: csas(9, 10),
                body: &body,
            },
        ]),
    );
    // R2334-B.2.5-08, R2334-B.2.5-11, R2334-2.1-17
    add(
        "hello_three_heard",
        EncodeBody::Hello {
            hello_interval: 11,
            dead_factor: 12,
            family: 13,
            additional: &[ServerId([10, 0, 0, 3]), ServerId([10, 0, 0, 4])],
        },
    );

    // R2334-B.3-01, R2334-B.3-03, R2334-B.3.2-01
    let mut with_extensions = Packet::new(HEADER, scsp::Body::CsuReply([].as_slice().into()));
    let vendor = unhex("0002 0005 0090e6 beef 0001 0007 00001000 aabbcc 0000 0000");
    with_extensions.extensions = Extensions::parse(&vendor).unwrap();
    with_extensions.reserved = scsp::Reserved {
        common: 0x0102,
        flags: 0x0304,
        hello: 0,
        negative_zero: false,
    };
    with_extensions.trailing = &[0xee, 0xff];
    let mut octets = Vec::new();
    with_extensions.encode(&mut octets);
    samples.push(("csu_reply_odd_but_standing".to_owned(), Kind::Scsp, octets));
}

fn membership<'a>(flags: u16, pairs: PairList<'a>) -> Membership<'a> {
    Membership {
        source_protocol: address(&[10, 0, 0, 99]),
        flags: MembershipFlags(flags),
        cmi: 0x0a0b,
        msn: 0x0c0d_0e0f,
        pairs,
    }
}

fn mars_samples(samples: &mut Vec<Sample>) {
    let mut add = |name: &str, message: &Message<'_>| {
        samples.push((name.to_owned(), Kind::Mars, message.to_vec()));
    };
    let message = |body| Message::new(Protocol::IPV4, endpoint(0x0c), body);

    let query = Query {
        source_protocol: address(&[]),
        target: address(&[224, 0, 0, 9]),
        padding: *b"padding!",
    };
    add("nak", &message(Body::Nak(query)));

    // R2022-5.1.2-08, R2022-5.1.2-10, R2022-5.1.2-11
    let members = [endpoint(0x1a), endpoint(0x1b)];
    let subaddressed = [e164()];
    let answer = Answer {
        source_protocol: address(&[10, 0, 0, 99]),
        target: address(&[224, 0, 0, 9]),
        last: true,
        part: 2,
        msn: 0x0c0d_0e0f,
        targets: EndpointList::new(&members).unwrap(),
    };
    add("multi", &message(Body::Multi(answer)));
    // R2022-5.1.6-01
    let migrate = Answer {
        last: false,
        part: 0,
        targets: EndpointList::new(&subaddressed).unwrap(),
        ..answer
    };
    add("migrate", &message(Body::Migrate(migrate)));

    let block = GroupRange::new(address(&[224, 0, 0, 0]), address(&[224, 0, 0, 255])).unwrap();
    let punched = [block, single(&[239, 1, 1, 1])];
    let one = membership(0x8005, PairList::new(&punched[..1]).unwrap());
    let two = membership(0xd000, PairList::new(&punched).unwrap());
    // R2022-11-01, R2022-6.2.2-01, R2022-6.2.4-01, R2022-5.3-01
    add("leave_punched", &message(Body::Leave(two)));
    let serve = single(&[224, 0, 0, 9]);
    let serve = [serve];
    let serve = membership(0, PairList::new(&serve).unwrap());
    add("mserv", &message(Body::Mserv(serve)));
    let unregister = membership(MembershipFlags::REGISTER, PairList::null(0));
    add(
        "unserv_register_no_pair",
        &message(Body::Unserv(unregister)),
    );
    add("sjoin", &message(Body::Sjoin(one)));
    add("sleave", &message(Body::Sleave(two)));
    add("grouplist_request", &message(Body::GrouplistRequest(one)));
    // R2022-5.3-06
    let groups = [address(&[224, 0, 0, 9]), address(&[224, 0, 0, 10])];
    let list = GroupList {
        source_protocol: address(&[10, 0, 0, 99]),
        last: true,
        part: 1,
        msn: 0x0c0d_0e0f,
        groups: AddressList::new(&groups).unwrap(),
    };
    add("grouplist_reply", &message(Body::GrouplistReply(list)));

    // R2022-10-01, R2022-10.2-01, R2022-10.4-01
    let tlvs = unhex("1001 0005 0102030405 000000 3800 0000 0000 0000");
    let mut with_tlvs = message(Body::Join(one));
    with_tlvs.protocol = Protocol {
        kind: 0x0080,
        snap: [0, 0, 0x81, 0x37, 0x01],
    };
    with_tlvs.source = e164();
    with_tlvs.tlvs = Tlvs::parse(&tlvs).unwrap();
    add("join_tlvs_long_form_e164", &with_tlvs);

    let null_tlv = unhex("0000 0000");
    let mut odd = with_tlvs;
    odd.protocol = Protocol::IPV4;
    odd.body = Body::Sjoin(two);
    odd.source.subaddress = None;
    odd.checksum_present = false;
    odd.tlvs = Tlvs::parse(&null_tlv).unwrap();
    odd.reserved = Reserved {
        hdrrsv: [1, 2, 3],
        snap: [4, 5, 6, 7, 8],
        extoff: 3,
        subaddress_form: true,
        long_op: true,
        padding: Some(&[9, 9, 9, 9, 9]),
        trailing: &[0xee],
        ..Reserved::default()
    };
    add("sjoin_odd_but_standing", &odd);
    let mut map = message(Body::RedirectMap(RedirectMap {
        hard: false,
        last: false,
        part: 1,
        msn: 0x0c0d_0e0f,
        servers: EndpointList::new(&[]).unwrap(),
    }));
    map.reserved.spln = 7;
    map.reserved.redirf = 0x55;
    add("redirect_map_soft_empty", &map);
}
