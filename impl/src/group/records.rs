//! What own clients and this server do, as CSA records (RFC 2443, 3 and 5).

use crate::address::{Endpoint, GroupRange, Protocol, ProtocolAddress};
use crate::mars::cluster::{Member, Said};
use crate::mars::{Party, Role};
use crate::wire::csa::{CsaState, MarsRecord, RecordFlags, encode_record};

/// The heartbeat of this server.
// R2443-5.1-01 R2443-5.1-02 R2443-5.1-03 R2443-5.1-04
pub(crate) fn redirect_entry(protocol: Protocol, atm: Endpoint) -> Vec<u8> {
    octets(&MarsRecord {
        protocol,
        state: CsaState::RedirectEntry,
        flags: RecordFlags::default(),
        cmi: 0,
        source: ProtocolAddress::default(),
        endpoint: atm,
        range: None,
        unused: 0,
    })
}

/// A client is registered, or is no more (`state` 3 or 4; for an MCS, 2 or 5 come out of it).
// R2443-5.2-03 R2443-5.2-04 R2443-5.2-07 R2443-5.5-04 R2443-5.3-06 R2443-5.3-08 R2443-5.4-04
pub(crate) fn registration(
    protocol: Protocol,
    state: CsaState,
    client: Party,
    member: &Member,
) -> Vec<u8> {
    let record = about(protocol, state, client, member.cmi, member.said);
    octets(&MarsRecord {
        flags: RecordFlags(record.flags.0 | RecordFlags::REGISTER),
        ..record
    })
}

/// A client joined a range, or left it (`state` 3 or 4; for an MCS, 2 or 5 come out of it). The range is
/// the client's, never punched (register E07).
// R2443-5.3-09 R2443-5.3-05
pub(crate) fn membership(
    protocol: Protocol,
    state: CsaState,
    client: Party,
    cmi: u16,
    range: GroupRange,
    said: Said,
) -> Vec<u8> {
    octets(&MarsRecord {
        range: Some(range),
        ..about(protocol, state, client, cmi, said)
    })
}

/// The record that ends one of an earlier life (register B11); `None` when it is no claim that lasts.
pub(crate) fn withdrawal(record: &MarsRecord) -> Option<Vec<u8>> {
    let state = match record.state {
        CsaState::ClientJoin => CsaState::ClientLeave,
        CsaState::McsJoin => CsaState::McsLeave,
        CsaState::RedirectEntry | CsaState::ClientLeave | CsaState::McsLeave => return None,
    };
    Some(octets(&MarsRecord { state, ..*record }))
}

/// Whether a record says that something is over.
pub(crate) const fn is_ending(state: CsaState) -> bool {
    matches!(state, CsaState::ClientLeave | CsaState::McsLeave)
}

/// The state of an MCS's record that corresponds to one of a client's.
// R2443-5.2-03 R2443-5.5-04
const fn of_mcs(state: CsaState) -> CsaState {
    match state {
        CsaState::ClientJoin => CsaState::McsJoin,
        CsaState::ClientLeave => CsaState::McsLeave,
        other => other,
    }
}

/// Whom a record is about, and what it says; `None` for a Redirect Entry.
pub(crate) fn party(record: &MarsRecord) -> Option<(Party, Claim)> {
    let endpoint = record.endpoint;
    Some(match record.state {
        CsaState::RedirectEntry => return None,
        CsaState::ClientJoin => (Party::client(endpoint), Claim::Begins),
        CsaState::ClientLeave => (Party::client(endpoint), Claim::Ends),
        CsaState::McsJoin => (Party::mcs(endpoint), Claim::Begins),
        CsaState::McsLeave => (Party::mcs(endpoint), Claim::Ends),
    })
}

/// What a record says of a registration or a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is there.
    Begins,
    /// It is over.
    Ends,
}

// R2443-5.3-04 R2443-3-11 R2443-3-13
fn about(protocol: Protocol, state: CsaState, client: Party, cmi: u16, said: Said) -> MarsRecord {
    // R2443-5.2-05
    let layer3grp = if said.layer3grp && client.role == Role::Client {
        RecordFlags::LAYER3GRP
    } else {
        0
    };
    MarsRecord {
        protocol,
        state: match client.role {
            Role::Client => state,
            Role::Mcs => of_mcs(state),
        },
        flags: RecordFlags(layer3grp | u16::from(said.sequence)),
        // R2443-5.2-06
        cmi,
        source: said.source,
        // R2443-5.2-09
        endpoint: client.endpoint,
        range: None,
        unused: 0,
    }
}

fn octets(record: &MarsRecord) -> Vec<u8> {
    let mut octets = Vec::new();
    encode_record(record, &mut octets);
    octets
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::address::{AtmForm, AtmNumber};
    use crate::wire::csa::decode_record;

    fn client() -> Endpoint {
        Endpoint {
            number: AtmNumber::new(AtmForm::Nsapa, &[7; 20]).unwrap(),
            subaddress: None,
        }
    }

    fn group(last: u8) -> ProtocolAddress {
        ProtocolAddress::new(&[224, 0, 0, last]).unwrap()
    }

    fn said() -> Said {
        Said {
            layer3grp: true,
            sequence: 0x42,
            source: ProtocolAddress::new(&[10, 0, 0, 9]).unwrap(),
        }
    }

    // R2443-5.1-01 R2443-5.1-02 R2443-5.1-03 R2443-5.1-04
    #[test]
    fn a_redirect_entry_is_an_address_and_nothing_else() {
        let entry = redirect_entry(Protocol::IPV4, client());
        assert_eq!(entry.len(), 40);
        assert_eq!(entry[11..18], [1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(entry[20..], [7; 20]);
        assert_eq!(withdrawal(&decode_record(&entry).unwrap()), None);
    }

    // R2443-5.3-04 R2443-5.3-05 R2443-5.3-06 R2443-5.3-08 R2443-3-11 R2443-3-13
    #[test]
    fn records_carry_what_the_client_said() {
        let member = Member {
            cmi: 0x0101,
            said: said(),
            joins: BTreeMap::new(),
        };
        let state = CsaState::ClientJoin;
        let octets = registration(Protocol::IPV4, state, Party::client(client()), &member);
        let record = decode_record(&octets).unwrap();
        assert_eq!((record.state, record.range), (state, None));
        assert_eq!(record.flags.0, 0xa042);
        assert_eq!((record.cmi, record.source), (0x0101, said().source));
        let range = GroupRange::new(group(1), group(1)).unwrap();
        let octets = membership(
            Protocol::IPV4,
            CsaState::ClientLeave,
            Party::client(client()),
            3,
            range,
            said(),
        );
        let record = decode_record(&octets).unwrap();
        assert_eq!(record.state, CsaState::ClientLeave);
        assert_eq!((record.flags.0, record.cmi), (0x8042, 3));
        assert_eq!((record.range, record.endpoint), (Some(range), client()));
    }

    // Register B11.
    #[test]
    fn a_withdrawal_is_the_same_record_with_the_ending_state() {
        let range = GroupRange::new(group(1), group(9)).unwrap();
        for party in [Party::client(client()), Party::mcs(client())] {
            let claim = |state| membership(Protocol::IPV4, state, party, 3, range, said());
            let (begins, ends) = (claim(CsaState::ClientJoin), claim(CsaState::ClientLeave));
            let record = decode_record(&begins).unwrap();
            assert_eq!(super::party(&record), Some((party, Claim::Begins)));
            assert_eq!(withdrawal(&record), Some(ends.clone()));
            let record = decode_record(&ends).unwrap();
            assert_eq!(super::party(&record), Some((party, Claim::Ends)));
            assert_eq!(withdrawal(&record), None);
        }
    }

    // R2443-5.2-03 R2443-5.2-04 R2443-5.2-05 R2443-5.2-06 R2443-5.2-07 R2443-5.2-08 R2443-5.2-09
    // R2443-5.5-04
    #[test]
    fn records_of_an_mcs_have_states_of_their_own_and_no_layer3grp() {
        let member = Member {
            cmi: 0x0101,
            said: said(),
            joins: BTreeMap::new(),
        };
        let mcs = Party::mcs(client());
        for (state, expected) in [
            (CsaState::ClientJoin, CsaState::McsJoin),
            (CsaState::ClientLeave, CsaState::McsLeave),
        ] {
            let octets = registration(Protocol::IPV4, state, mcs, &member);
            let record = decode_record(&octets).unwrap();
            assert_eq!((record.state, record.range), (expected, None));
            assert_eq!((record.flags.0, record.cmi), (0x2042, 0x0101));
            assert_eq!((record.endpoint, record.source), (client(), said().source));
            let range = GroupRange::new(group(1), group(1)).unwrap();
            let octets = membership(Protocol::IPV4, state, mcs, 0x0101, range, said());
            let record = decode_record(&octets).unwrap();
            assert_eq!((record.state, record.range), (expected, Some(range)));
            assert_eq!((record.flags.0, record.cmi), (0x0042, 0x0101));
        }
    }
}
