//! The cache alone: what is newer, what is summarised, quarantine.

use super::*;

fn id(origin: u8, key: u8) -> RecordId {
    RecordId {
        origin: ServerId([10, 0, 0, origin]),
        key: CacheKey([0, 0, 0, key]),
    }
}

fn number(n: i32) -> SequenceNumber {
    SequenceNumber(n)
}

fn with(records: &[(RecordId, i32)]) -> Cache {
    let mut cache = Cache::default();
    for &(id, sequence) in records {
        cache.store(id, number(sequence), Arc::from([1u8].as_slice()));
    }
    cache
}

// R2334-2.4-01, R2334-2.4-02
#[test]
fn numbers_compare_as_signed_within_one_entry() {
    let cache = with(&[(id(1, 1), -1)]);
    assert_eq!(cache.compare(id(1, 1), number(0), || false), Newness::Newer);
    assert_eq!(
        cache.compare(id(1, 1), number(-1), || false),
        Newness::Equal
    );
    assert_eq!(
        cache.compare(id(1, 1), SequenceNumber::FIRST, || false),
        Newness::Older(number(-1))
    );
    assert_eq!(
        cache.compare(id(1, 2), number(-9), || false),
        Newness::Unknown
    );
}

// R2334-2.4-03
#[test]
fn one_key_of_two_originators_is_two_entries() {
    let cache = with(&[(id(1, 1), 7)]);
    assert_eq!(
        cache.compare(id(2, 1), number(3), || false),
        Newness::Unknown
    );
}

// R2334-B.2.0.2-11
#[test]
fn the_reserved_number_is_never_used() {
    let cache = with(&[(id(1, 1), 7)]);
    let reserved = SequenceNumber::MIN_RESERVED;
    assert_eq!(
        cache.compare(id(1, 1), reserved, || false),
        Newness::Older(number(7))
    );
    assert_eq!(
        cache.compare(id(1, 2), reserved, || false),
        Newness::Ignored
    );
}

#[test]
fn a_passed_over_number_is_not_new_again_and_leaves_content_alone() {
    let mut cache = with(&[(id(1, 1), 7)]);
    cache.pass_over(id(1, 1), number(9));
    cache.pass_over(id(1, 2), number(9));
    assert_eq!(
        cache.compare(id(1, 1), number(9), || false),
        Newness::Ignored
    );
    assert_eq!(
        cache.compare(id(1, 1), number(10), || false),
        Newness::Newer
    );
    assert_eq!(cache.compare(id(1, 2), number(9), || false), Newness::Equal);
    assert_eq!(
        cache.compare(id(1, 2), number(8), || false),
        Newness::Ignored
    );
    assert_eq!(
        cache.compare(id(1, 2), number(10), || false),
        Newness::Newer
    );
    assert!(
        cache
            .get(id(1, 1))
            .is_some_and(|e| e.usable && e.sequence == number(7))
    );
    assert!(cache.get(id(1, 2)).is_some_and(|e| !e.usable));
    let (summaries, more) = cache.summaries(None, 9);
    assert_eq!(summaries, [id(1, 1).summary(number(7))]);
    assert!(!more);
}

#[test]
fn ids_keys_and_names_order_as_their_octets_do() {
    let octets = [
        [0; 4],
        [0, 0, 1, 0],
        [0, 1, 0, 0],
        [0x7f; 4],
        [0x80, 0, 0, 1],
    ];
    let both = || octets.into_iter().flat_map(|a| octets.map(|b| (a, b)));
    let name = |(origin, key)| RecordId {
        origin: ServerId(origin),
        key: CacheKey(key),
    };
    for a in both() {
        for b in both() {
            assert_eq!(name(a).cmp(&name(b)), a.cmp(&b));
            assert_eq!(name(a).origin.cmp(&name(b).origin), a.0.cmp(&b.0));
            assert_eq!(name(a).key.cmp(&name(b).key), a.1.cmp(&b.1));
        }
    }
}

#[test]
fn a_purged_entry_starts_again_only_after_the_purge_is_everywhere() {
    let cache = with(&[(id(1, 1), i32::MAX)]);
    let first = SequenceNumber::FIRST;
    assert!(matches!(
        cache.compare(id(1, 1), first, || false),
        Newness::Older(_)
    ));
    assert_eq!(cache.compare(id(1, 1), first, || true), Newness::Newer);
    assert!(matches!(
        cache.compare(id(1, 1), SequenceNumber::LAST, || true),
        Newness::Older(_)
    ));
}

#[test]
fn summaries_go_on_after_a_cursor_and_leave_out_the_quarantined() {
    let mut cache = with(&[(id(1, 1), 1), (id(1, 2), 1), (id(2, 1), 1), (id(3, 1), 1)]);
    let keys = |batch: &[Csas]| batch.iter().map(RecordId::of).collect::<Vec<_>>();
    let (batch, more) = cache.summaries(None, 1);
    assert_eq!((keys(&batch), more), (vec![id(1, 1)], true));
    let (batch, more) = cache.summaries(Some(id(1, 1)), 2);
    assert_eq!((keys(&batch), more), (vec![id(1, 2), id(2, 1)], true));
    assert!(cache.set_quarantine(ServerId([10, 0, 0, 2]), true));
    let (batch, more) = cache.summaries(Some(id(1, 1)), 2);
    assert_eq!((keys(&batch), more), (vec![id(1, 2), id(3, 1)], false));
    assert!(cache.get(id(2, 1)).is_some_and(|e| e.quarantined));
    assert_eq!(cache.summaries(Some(id(3, 1)), 2), (vec![], false));
}

#[test]
fn quarantine_outlives_the_last_record_and_ends_when_lifted() {
    let mut cache = with(&[(id(1, 1), 1)]);
    let origin = ServerId([10, 0, 0, 1]);
    cache.set_quarantine(origin, true);
    assert!(cache.remove(id(1, 1)));
    assert!(!cache.remove(id(1, 1)));
    assert!(cache.is_quarantined(origin) && cache.is_empty());
    assert!(cache.set_quarantine(origin, false));
    assert_eq!(cache, Cache::default());
}
