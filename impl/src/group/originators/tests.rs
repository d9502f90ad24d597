use quickcheck::{Arbitrary, Gen};

use super::*;
use crate::address::{AtmForm, AtmNumber, Protocol};
use crate::group::records;
use crate::wire::csa::RecordFlags;

const A: ServerId = ServerId([0, 0, 0, 1]);

use crate::address::Endpoint;

fn client(number: u8) -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &[number]).unwrap(),
        subaddress: None,
    }
}

fn range(min: u8, max: u8) -> GroupRange {
    let group = |octet| ProtocolAddress::new(&[224, 0, 0, octet]).unwrap();
    GroupRange::new(group(min), group(max)).unwrap()
}

fn key(number: u8) -> CacheKey {
    CacheKey([0, 0, 0, number])
}

fn record(state: CsaState, about: u8, cmi: u16, range: Option<GroupRange>) -> MarsRecord {
    let register = if range.is_none() {
        RecordFlags::REGISTER
    } else {
        0
    };
    MarsRecord {
        protocol: Protocol::IPV4,
        state,
        flags: RecordFlags(register),
        cmi,
        source: ProtocolAddress::default(),
        endpoint: client(about),
        range,
        unused: 0,
    }
}

/// A record as it was told: its key, whether it is the first under that key, what it says.
type Told = (CacheKey, bool, MarsRecord);

/// The life of one client as its server tells it.
#[derive(Clone, Debug)]
struct Life(Vec<Told>);

impl Life {
    /// `acts` of client `about`: 0 registers or deregisters, others join or leave one of three ranges. An act
    /// above 127 comes so late that the server has forgotten what ended before (register C06): from now on
    /// it uses other keys (C05), while elsewhere the old ends are known still.
    fn new(about: u8, acts: &[u8]) -> Self {
        let ranges = [range(1, 1), range(1, 9), range(5, 5)];
        let mut told: Vec<Told> = Vec::new();
        let mut tell = |key, record| {
            let first = !told.iter().any(|(other, ..)| *other == key);
            told.push((key, first, record));
        };
        let mut cmi = 0;
        // Of the registration, and of each range: its key, and whether it holds.
        let mut subjects = [0, 1, 2, 3].map(|number| ([about, 0, 0, number], false));
        for (late, act) in (0u8..).zip(acts.iter().take(200)) {
            if *act > 127 {
                for (key, holds) in &mut subjects {
                    key[2] = if *holds { key[2] } else { late + 1 };
                }
            }
            let which = usize::from(act % 4);
            let (key, holds) = subjects[which];
            let key = CacheKey(key);
            if which > 0 && !subjects[0].1 {
                continue;
            }
            subjects[which].1 = !holds;
            let state = if holds {
                CsaState::ClientLeave
            } else {
                CsaState::ClientJoin
            };
            if which > 0 {
                tell(key, record(state, about, cmi, Some(ranges[which - 1])));
                continue;
            }
            // Never the same CMI twice (register E04).
            cmi += u16::from(!holds);
            tell(key, record(state, about, cmi, None));
            // Register C04: the joins end with their registration.
            for (range, (key, joined)) in ranges.iter().zip(&mut subjects[1..]) {
                if core::mem::take(joined) {
                    tell(CacheKey(*key), record(state, about, cmi, Some(*range)));
                }
            }
        }
        Self(told)
    }
}

/// The same records about an MCS.
fn of_mcs(mut told: Vec<Told>) -> Vec<Told> {
    for (.., record) in &mut told {
        record.state = match record.state {
            CsaState::ClientJoin => CsaState::McsJoin,
            _ => CsaState::McsLeave,
        };
    }
    told
}

/// What of a join makes a difference: the CMI of an MCS makes none.
fn counted(join: Join) -> Join {
    let cmi = match join.client.role {
        Role::Client => join.cmi,
        Role::Mcs => 0,
    };
    Join { cmi, ..join }
}

/// Two clients' lives, and how their records get mixed up on the way.
#[derive(Clone, Debug)]
struct Story {
    told: Vec<Told>,
    picks: Vec<u8>,
}

impl Arbitrary for Story {
    fn arbitrary(g: &mut Gen) -> Self {
        let lives = [1, 2].map(|about| Life::new(about, &Vec::arbitrary(g)).0);
        let told = lives.concat();
        Self {
            told: if bool::arbitrary(g) {
                of_mcs(told)
            } else {
                told
            },
            picks: Vec::arbitrary(g),
        }
    }
}

/// What counts in the end, tracked by the changes alone, which must never contradict themselves.
fn outcome(told: &[Told]) -> (Originators, Vec<Join>) {
    let mut originators = Originators::default();
    let mut counting: Vec<Join> = Vec::new();
    for (key, first, record) in told {
        for change in originators.apply(A, true, *key, *first, record) {
            let told = counted(change.join);
            match change.kind {
                ChangeKind::Begins => {
                    let twice = told.client.role == Role::Mcs && counting.contains(&told);
                    assert!(!twice, "an MCS begins to serve what it serves");
                    counting.push(told);
                }
                ChangeKind::Ends => {
                    let at = counting.iter().position(|join| *join == told);
                    counting.remove(at.expect("what ends has begun"));
                }
            }
        }
    }
    counting.sort_unstable();
    (originators, counting)
}

quickcheck::quickcheck! {
    // Registers C03, C35, E20: flooding keeps the order of one key only, and coalesces (C04), and an end that the
    // originator has forgotten comes again from whoever has not (N06); what counts in the end is the same.
    fn the_outcome_is_the_same_in_every_order(story: Story) -> bool {
        let mut queues: BTreeMap<CacheKey, Vec<Told>> = BTreeMap::new();
        for told in &story.told {
            queues.entry(told.0).or_default().push(*told);
        }
        let (mut mixed, mut ended) = (Vec::new(), Vec::<Told>::new());
        let mut picks = story.picks.iter().chain(&[0; 1000]);
        while !queues.is_empty() {
            let pick = usize::from(*picks.next().unwrap_or(&0));
            let key = *queues.keys().nth(pick % queues.len()).unwrap();
            let queue = queues.get_mut(&key).unwrap();
            // Now and then an instance is overtaken by the next one.
            if pick % 3 == 1 && queue.len() > 1 {
                queue.remove(0);
            }
            let told = queue.remove(0);
            mixed.push(told);
            if queue.is_empty() {
                queues.remove(&key);
                if records::is_ending(told.2.state) {
                    ended.push(told);
                }
            }
            if pick % 5 == 2 && let Some(told) = ended.get(pick % ended.len().max(1)) {
                mixed.push(*told);
            }
        }
        let (straight, counting) = outcome(&story.told);
        let (mixed, mixed_counting) = outcome(&mixed);
        let registered: Vec<_> = straight.registrations().collect();
        counting == mixed_counting
            && registered == mixed.registrations().collect::<Vec<_>>()
    }

    // What restore says is what counted, and what flush says is its reverse.
    fn flush_and_restore_mirror_each_other(story: Story) -> bool {
        let (originators, counting) = outcome(&story.told);
        let joins = |changes: Vec<Change>| -> Vec<Join> {
            changes.iter().map(|change| counted(change.join)).collect()
        };
        joins(originators.flush(A)) == counting && joins(originators.restore(A)) == counting
    }
}

#[test]
fn a_silent_originator_changes_nothing_until_it_is_restored() {
    let mut originators = Originators::default();
    let register = record(CsaState::ClientJoin, 1, 7, None);
    let join = record(CsaState::ClientJoin, 1, 7, Some(range(1, 9)));
    assert_eq!(originators.apply(A, false, key(1), true, &register), []);
    assert_eq!(originators.apply(A, false, key(2), true, &join), []);
    let restored = originators.restore(A);
    assert_eq!(restored.len(), 1);
    assert!(restored[0].announce);
    assert!(!originators.flush(A)[0].announce);
    assert!(originators.flush(ServerId([9; 4])).is_empty());
}

// Registers E03, E04: also of those that do not count.
#[test]
fn cmis_are_in_use_while_a_claim_carries_them() {
    let mut originators = Originators::default();
    let join = |state| record(state, 1, 7, Some(range(1, 9)));
    originators.apply(A, false, key(2), true, &join(CsaState::ClientJoin));
    assert!(originators.uses_cmi(7) && !originators.uses_cmi(8));
    originators.apply(A, false, key(2), false, &join(CsaState::ClientLeave));
    assert!(!originators.uses_cmi(7));
}

// Register C15: a record that its neighbour takes back.
#[test]
fn a_record_that_is_gone_takes_its_claim_along() {
    let mut originators = Originators::default();
    let register = record(CsaState::ClientJoin, 1, 7, None);
    let join = record(CsaState::ClientJoin, 1, 7, Some(range(1, 9)));
    originators.apply(A, true, key(1), true, &register);
    originators.apply(A, true, key(2), true, &join);
    let mut other = originators.clone();
    let ends = originators.forget(A, true, key(2));
    assert_eq!((ends.len(), ends[0].announce), (1, true));
    let ends = other.forget(A, true, key(1));
    assert_eq!((ends.len(), ends[0].announce), (1, false));
    assert_eq!(other.forget(A, true, key(1)), []);
    assert_eq!(other.forget(ServerId([9; 4]), true, key(1)), []);
}

// Registers E17, E19, B06: an MCS's group record is passed on, a registration's end and a flush are not; H04:
// a restore is. E01: the CMI 0 of a peer that gives none is one like others.
#[test]
fn services_say_who_is_to_be_told() {
    let mut originators = Originators::default();
    let register = record(CsaState::McsJoin, 1, 0, None);
    let serve = |octet| record(CsaState::McsJoin, 1, 0, Some(range(octet, octet)));
    // Register E20: the group's record first.
    assert_eq!(originators.apply(A, true, key(2), true, &serve(5)), []);
    let kinds = |changes: Vec<Change>| -> Vec<(ChangeKind, bool)> {
        changes
            .iter()
            .map(|change| (change.kind, change.announce))
            .collect()
    };
    let begins = [(ChangeKind::Begins, true)];
    assert_eq!(
        kinds(originators.apply(A, true, key(1), true, &register)),
        begins
    );
    assert_eq!(
        kinds(originators.apply(A, true, key(3), true, &serve(6))),
        begins
    );
    assert_eq!(kinds(originators.flush(A)), [(ChangeKind::Ends, false); 2]);
    assert_eq!(
        kinds(originators.restore(A)),
        [(ChangeKind::Begins, true); 2]
    );
    // The same under another key changes nothing, and neither does the end of one of the two.
    assert_eq!(originators.apply(A, true, key(4), true, &serve(6)), []);
    assert_eq!(originators.flush(A).len(), 2);
    assert_eq!(originators.forget(A, true, key(3)), []);
    let unserve = record(CsaState::McsLeave, 1, 0, Some(range(6, 6)));
    let ends = originators.apply(A, true, key(4), false, &unserve);
    assert_eq!(kinds(ends), [(ChangeKind::Ends, true)]);
    let over = record(CsaState::McsLeave, 1, 0, None);
    let ends = originators.apply(A, true, key(1), false, &over);
    assert_eq!(kinds(ends), [(ChangeKind::Ends, false)]);
    // A client of the same address is another party.
    assert_eq!(originators.registrations().count(), 0);
}

// Registers C02, H10, N06: what ends a join under another key is a leave that has the first number, and
// nothing else: a later number is that of a key with a past.
#[test]
fn a_late_end_under_a_forgotten_key_ends_nothing() {
    let join = |state| record(state, 1, 7, Some(range(5, 5)));
    let mut originators = Originators::default();
    originators.apply(
        A,
        true,
        key(1),
        true,
        &record(CsaState::ClientJoin, 1, 7, None),
    );
    originators.apply(A, true, key(3), true, &join(CsaState::ClientJoin));
    // The registration's end, of another life of the same number, and the join's under the key it had before.
    let over = record(CsaState::ClientLeave, 1, 7, None);
    assert_eq!(originators.apply(A, true, key(9), false, &over), []);
    let leave = join(CsaState::ClientLeave);
    assert_eq!(originators.apply(A, true, key(2), false, &leave), []);
    assert_eq!(originators.restore(A).len(), 1);
    // From a peer that has another key for each record.
    assert_eq!(originators.apply(A, true, key(4), true, &leave).len(), 1);
}

// R2443-5.4-05, register C03: the end of one record of a registration is no end of another that says the same,
// whichever comes first.
#[test]
fn a_registration_under_two_keys_ends_with_both() {
    let register = record(CsaState::ClientJoin, 1, 7, None);
    let over = record(CsaState::ClientLeave, 1, 7, None);
    let mut originators = Originators::default();
    originators.apply(A, true, key(1), true, &register);
    originators.apply(A, true, key(2), true, &register);
    originators.apply(A, true, key(1), false, &over);
    assert_eq!(originators.registrations().count(), 1);
    originators.apply(A, true, key(2), false, &over);
    assert_eq!(originators.registrations().count(), 0);
}
