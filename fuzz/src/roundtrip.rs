//! Decode, encode, decode: what is read is written anew from its values alone.
//!
//! Unlike in [`decode_any`](crate::decode_any()), nothing of the input is looked into any more once it
//! is decoded: lists are collected, reserved octets dropped, sizes and checksums computed.

use distributed_mars::address::{Endpoint, GroupRange};
use distributed_mars::wire::llc_snap::{self, Encapsulation};
use distributed_mars::wire::mars::{
    AddressList, Body, EndpointList, Membership, Message, PairList, Reserved,
};
use distributed_mars::wire::{csa, data, mars, scsp};

use crate::checks::{sealed_mars, sealed_scsp};

/// Takes `octets` as a frame, and without LLC/SNAP as each kind of payload.
///
/// # Panics
///
/// When what was read and written anew is read as another value, or written differently then.
pub fn roundtrip(octets: &[u8]) {
    if let Ok((kind, payload)) = llc_snap::split(octets) {
        match kind {
            Encapsulation::Scsp => packet(&sealed_scsp(payload)),
            Encapsulation::Mars => message(&sealed_mars(payload)),
            Encapsulation::Data1 | Encapsulation::Data2 => user_data(payload),
        }
    }
    packet(octets);
    packet(&sealed_scsp(octets));
    message(octets);
    message(&sealed_mars(octets));
    record(octets);
    user_data(octets);
}

fn packet(octets: &[u8]) {
    let Ok(first) = scsp::decode(octets) else {
        return;
    };
    let header = first.header;
    let again = |body: scsp::EncodeBody<'_>| {
        let mut written = Vec::new();
        scsp::encode(&header, &body, None, &mut written);
        let second = scsp::decode(&written);
        let found = second.as_ref().map(|packet| (packet.header, packet.body));
        assert_eq!(found, Ok((header, first.body)), "{written:02x?}");
        let mut stable = Vec::new();
        second
            .into_iter()
            .for_each(|packet| packet.encode(&mut stable));
        assert_eq!(stable, written);
    };
    match first.body {
        scsp::Body::Ca {
            sequence,
            master,
            init,
            more,
            records,
        } => again(scsp::EncodeBody::Ca {
            sequence,
            master,
            init,
            more,
            records: &records.iter().collect::<Vec<_>>(),
        }),
        scsp::Body::CsuRequest(records) => {
            records.iter().for_each(|csa| record(csa.body));
            again(scsp::EncodeBody::CsuRequest(
                &records.iter().collect::<Vec<_>>(),
            ));
        }
        scsp::Body::CsuReply(records) => {
            again(scsp::EncodeBody::CsuReply(
                &records.iter().collect::<Vec<_>>(),
            ));
        }
        scsp::Body::Csus(records) => {
            again(scsp::EncodeBody::Csus(&records.iter().collect::<Vec<_>>()));
        }
        scsp::Body::Hello {
            hello_interval,
            dead_factor,
            family,
            additional,
        } => again(scsp::EncodeBody::Hello {
            hello_interval,
            dead_factor,
            family,
            additional: &additional.iter().collect::<Vec<_>>(),
        }),
    }
}

fn message(octets: &[u8]) {
    let Ok(first) = mars::decode(octets) else {
        return;
    };
    let pairs: Vec<_> = first
        .body
        .membership()
        .into_iter()
        .flat_map(|membership| membership.pairs)
        .collect();
    match first.body {
        Body::Request(_) | Body::Nak(_) => rewritten(&first, first.body),
        Body::Multi(answer) | Body::Migrate(answer) => {
            let listed: Vec<_> = answer.targets.iter().collect();
            let targets = endpoints(&listed, answer.targets);
            let answer = mars::Answer { targets, ..answer };
            let body = match first.body {
                Body::Migrate(_) => Body::Migrate(answer),
                _ => Body::Multi(answer),
            };
            rewritten(&first, body);
        }
        Body::GrouplistReply(list) => {
            let listed: Vec<_> = list.groups.iter().collect();
            let groups = match listed.is_empty() {
                true => AddressList::empty(list.groups.group_len()),
                false => AddressList::new(&listed).unwrap_or_default(),
            };
            rewritten(
                &first,
                Body::GrouplistReply(mars::GroupList { groups, ..list }),
            );
        }
        Body::RedirectMap(map) => {
            let listed: Vec<_> = map.servers.iter().collect();
            let servers = endpoints(&listed, map.servers);
            rewritten(
                &first,
                Body::RedirectMap(mars::RedirectMap { servers, ..map }),
            );
        }
        Body::Join(m) => rewritten(&first, Body::Join(with_pairs(m, &pairs))),
        Body::Leave(m) => rewritten(&first, Body::Leave(with_pairs(m, &pairs))),
        Body::Mserv(m) => rewritten(&first, Body::Mserv(with_pairs(m, &pairs))),
        Body::Unserv(m) => rewritten(&first, Body::Unserv(with_pairs(m, &pairs))),
        Body::Sjoin(m) => rewritten(&first, Body::Sjoin(with_pairs(m, &pairs))),
        Body::Sleave(m) => rewritten(&first, Body::Sleave(with_pairs(m, &pairs))),
        Body::GrouplistRequest(m) => {
            rewritten(&first, Body::GrouplistRequest(with_pairs(m, &pairs)));
        }
    }
}

fn endpoints<'a>(listed: &'a [Endpoint], found: EndpointList<'_>) -> EndpointList<'a> {
    let (thtl, tstl) = found.type_lengths();
    EndpointList::with_type_lengths(listed, thtl, tstl).unwrap_or_default()
}

fn with_pairs<'a>(membership: Membership<'_>, listed: &'a [GroupRange]) -> Membership<'a> {
    let pairs = match (membership.pairs.group_len(), membership.pairs.len()) {
        (0, count) => PairList::null(u16::try_from(count).unwrap_or(u16::MAX)),
        (length, 0) => PairList::empty(length),
        _ => PairList::new(listed).unwrap_or_default(),
    };
    Membership {
        pairs,
        ..membership
    }
}

/// `body` has the values of the body of `first` and none of its octets.
fn rewritten(first: &Message<'_>, body: Body<'_>) {
    let mut anew = Message::new(first.protocol, first.source, body);
    anew.tlvs = first.tlvs;
    let written = anew.to_vec();
    let second = mars::decode(&written);
    let found = second.as_ref().map(|found| {
        let Reserved { target_forms, .. } = found.reserved;
        assert_eq!(target_forms, [0; 2]);
        (found.protocol, found.source, found.body, found.tlvs)
    });
    assert_eq!(
        found,
        Ok((first.protocol, first.source, first.body, first.tlvs)),
        "{written:02x?}"
    );
    assert_eq!(second.map(|message| message.to_vec()), Ok(written));
}

fn record(octets: &[u8]) {
    let Ok(first) = csa::decode_record(octets) else {
        return;
    };
    let mut written = Vec::new();
    csa::encode_record(&first, &mut written);
    assert_eq!(csa::decode_record(&written), Ok(first), "{written:02x?}");
}

fn user_data(octets: &[u8]) {
    for decode in [data::decode_type1, data::decode_type2] {
        let Ok(first) = decode(octets) else {
            continue;
        };
        let mut written = Vec::new();
        first.encode(&mut written);
        assert_eq!(written, octets, "{first:?}");
        assert_eq!(decode(&written), Ok(first));
    }
}
