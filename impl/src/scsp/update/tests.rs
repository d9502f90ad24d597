//! Request list and retransmit queue alone.

use super::*;
use crate::address::ServerId;
use crate::wire::scsp::{CacheKey, Csas};

fn id(n: u8) -> RecordId {
    RecordId {
        origin: ServerId([10, 0, 0, 1]),
        key: CacheKey([0, 0, 0, n]),
    }
}

fn number(n: i32) -> SequenceNumber {
    SequenceNumber(n)
}

fn body(octets: usize) -> Option<Arc<[u8]>> {
    Some(vec![0; octets].into())
}

fn packets(queue: &mut Retransmit, room: usize) -> Vec<Vec<(u8, u16)>> {
    let mut packets = Vec::new();
    queue.take_unsent(room, |records| {
        packets.push(
            records
                .iter()
                .map(|csa| (csa.csas.key.0[3], csa.csas.hop_count))
                .collect(),
        );
    });
    packets
}

// R2334-2.2.3-05, R2334-2.2.3-07, R2334-2.2.3-08
#[test]
fn the_request_list_is_asked_for_in_batches() {
    let mut requests = Requests::default();
    for n in 1..=5 {
        requests.want(id(n), number(7));
    }
    let keys = |batch: Vec<Csas>| batch.iter().map(|csas| csas.key.0[3]).collect::<Vec<_>>();
    assert_eq!(keys(requests.next_batch(3)), [1, 2, 3]);
    assert!(requests.receive(id(2), number(7)));
    assert_eq!(keys(requests.next_batch(3)), [1, 3, 4]);
    for n in [1, 3] {
        assert!(requests.receive(id(n), number(8)));
        assert!(requests.is_outstanding());
    }
    assert!(!requests.receive(id(4), number(6)));
    assert!(requests.receive(id(4), number(7)));
    assert!(!requests.is_outstanding() && !requests.is_empty());
    assert_eq!(keys(requests.next_batch(3)), [5]);
    assert!(requests.receive(id(5), number(7)));
    assert!(requests.is_empty());
}

// R2334-2.2.2.1-01
#[test]
fn the_largest_number_announced_is_asked_for() {
    let mut requests = Requests::default();
    requests.want(id(1), number(7));
    requests.want(id(1), number(5));
    assert_eq!(requests.next_batch(9), [id(1).summary(number(7))]);
}

// R2334-2.3-18
#[test]
fn a_newer_instance_takes_the_place_of_the_older() {
    let mut queue = Retransmit::default();
    queue.enqueue(id(1), number(1), body(1), 9, Some(Time(10)));
    assert_eq!(packets(&mut queue, 1000).len(), 1);
    queue.enqueue(id(1), number(2), body(1), 9, Some(Time(20)));
    assert_eq!(queue.next_deadline(), Some(Time(20)));
    assert!(queue.holds(id(1), number(2)) && !queue.holds(id(1), number(1)));
    assert_eq!(queue.acknowledge(id(1), number(1)), Acknowledgement::Older);
    assert_eq!(
        queue.acknowledge(id(1), number(2)),
        Acknowledgement::Acknowledged
    );
    assert_eq!(
        queue.acknowledge(id(1), number(2)),
        Acknowledgement::NotQueued
    );
    assert_eq!(queue.next_deadline(), None);
}

// R2334-2.3-21
#[test]
fn a_larger_number_takes_the_record_off_the_queue() {
    let mut queue = Retransmit::default();
    queue.enqueue(id(1), number(1), body(1), 9, Some(Time(10)));
    assert_eq!(queue.acknowledge(id(1), number(5)), Acknowledgement::Newer);
    assert!(queue.is_empty());
    assert_eq!(packets(&mut queue, 1000), Vec::<Vec<_>>::new());
}

// R2334-2.3-05
#[test]
fn packets_are_filled_in_order_up_to_their_room() {
    let mut queue = Retransmit::default();
    for (n, octets) in [(3, 10), (1, 10), (2, 500), (4, 10)] {
        queue.enqueue(id(n), number(1), body(octets), 9, Some(Time(10)));
    }
    assert_eq!(
        packets(&mut queue, 60),
        [vec![(3, 9), (1, 9)], vec![(2, 9)], vec![(4, 9)]]
    );
    assert!(!queue.has_unsent());
}

// R2334-2.3-13, R2334-2.3-14, R2334-2.3-17
#[test]
fn a_batch_is_repeated_so_often_and_then_exhausted() {
    let mut queue = Retransmit::default();
    for n in 1..=3 {
        queue.enqueue(id(n), number(1), body(1), 9, Some(Time(10)));
    }
    packets(&mut queue, 1000);
    queue.acknowledge(id(2), number(1));
    assert_eq!(queue.due(Time(10), 2, Time(20)), Due::Repeat(2));
    assert_eq!(packets(&mut queue, 1000), [[(1, 9), (3, 9)]]);
    assert_eq!(queue.due(Time(20), 2, Time(30)), Due::Repeat(2));
    queue.acknowledge(id(1), number(1));
    assert_eq!(queue.due(Time(30), 2, Time(40)), Due::Exhausted);
}

// R2334-B.2.0.2-04: an answer to a CSUS has a hop count of one, but for an instance whose flood is not acknowledged:
// where the flood was lost, the answer takes its place, and must go as far (register C13).
#[test]
fn an_answer_in_between_keeps_count_and_hops_of_the_flood() {
    let mut queue = Retransmit::default();
    queue.enqueue(id(1), number(1), body(1), 9, Some(Time(10)));
    packets(&mut queue, 1000);
    assert_eq!(queue.due(Time(10), 1, Time(20)), Due::Repeat(1));
    packets(&mut queue, 1000);
    queue.enqueue(id(1), number(1), body(1), 1, Some(Time(25)));
    queue.enqueue(id(2), number(1), body(1), 1, Some(Time(25)));
    assert_eq!(packets(&mut queue, 1000), [[(1, 9), (2, 1)]]);
    queue.acknowledge(id(2), number(1));
    assert_eq!(queue.next_deadline(), Some(Time(25)));
    assert_eq!(queue.due(Time(25), 2, Time(35)), Due::Repeat(1));
    assert_eq!(packets(&mut queue, 1000), [[(1, 9)]]);
    assert_eq!(queue.due(Time(35), 2, Time(45)), Due::Exhausted);
}

// R2334-2.3-01: register C16.
#[test]
fn a_closed_queue_waits_until_it_is_opened() {
    let mut queue = Retransmit::default();
    queue.enqueue(id(1), number(1), body(1), 9, None);
    queue.enqueue(id(2), number(1), body(1), 9, None);
    queue.enqueue(id(1), number(2), body(1), 9, None);
    assert_eq!(queue.next_deadline(), None);
    queue.open(Time(50));
    assert_eq!(queue.next_deadline(), Some(Time(50)));
    assert_eq!(packets(&mut queue, 1000), [[(1, 9), (2, 9)]]);
    assert_eq!(queue.due(Time(50), 1, Time(60)), Due::Repeat(2));
}

#[test]
fn the_canonical_queue_forgets_what_was_acknowledged_but_for_its_place() {
    let zero = |_: RecordId| number(0);
    let mut one = Retransmit::default();
    let mut other = Retransmit::default();
    other.enqueue(id(2), number(1), body(1), 9, Some(Time(105)));
    for (queue, at) in [(&mut one, 10), (&mut other, 110)] {
        queue.enqueue(id(1), number(1), body(1), 9, Some(Time(at)));
    }
    packets(&mut one, 1000);
    packets(&mut other, 1000);
    other.acknowledge(id(2), number(1));
    assert_eq!(
        one.canonical(Time(0), &zero),
        other.canonical(Time(100), &zero)
    );
    // Put on again at this instant, a CSA is repeated in the place that it had in its batch.
    for (queue, at) in [(&mut one, 10), (&mut other, 110)] {
        queue.enqueue(id(3), number(1), body(1), 9, Some(Time(at)));
    }
    other.enqueue(id(4), number(1), body(1), 9, Some(Time(110)));
    packets(&mut one, 1000);
    packets(&mut other, 1000);
    other.acknowledge(id(4), number(1));
    assert_ne!(
        one.canonical(Time(0), &zero),
        other.canonical(Time(100), &zero)
    );
}

// R2334-B.2.0.2-01: of two instances that come in one packet, the newer goes on with its own hop count.
#[test]
fn a_replaced_instance_leaves_no_hop_count_behind() {
    let mut queue = Retransmit::default();
    let deadline = Some(Time(5));
    queue.enqueue(id(1), number(7), body(10), 9, deadline);
    queue.supersede(id(1));
    queue.enqueue(id(1), number(8), body(10), 2, deadline);
    assert_eq!(packets(&mut queue, 500), [[(1, 2)]]);
    assert!(!queue.has_unsent());
}

#[test]
fn a_queue_that_may_not_be_sent_keeps_no_marks_of_what_was_replaced() {
    let mut queue = Retransmit::default();
    for n in 0..10_000 {
        queue.supersede(id(1));
        queue.enqueue(id(1), number(n), body(10), 9, None);
    }
    assert!(queue.unsent.len() < 100);
    queue.open(Time(5));
    assert_eq!(packets(&mut queue, 500), [[(1, 9)]]);
    assert_eq!(queue.next_deadline(), Some(Time(5)));
}

// R2334-2.2.2.1-01
#[test]
fn a_larger_number_raises_what_is_asked_for_already() {
    let mut requests = Requests::default();
    requests.want(id(1), number(7));
    requests.want(id(2), number(7));
    assert_eq!(requests.next_batch(1), [id(1).summary(number(7))]);
    requests.want(id(1), number(9));
    assert!(!requests.receive(id(1), number(7)));
    assert_eq!(requests.next_batch(1), [id(1).summary(number(9))]);
    assert_eq!(requests.iter().count(), 2);
    // Delivered before it was asked for, by somebody else.
    assert!(requests.receive(id(2), number(7)));
    assert!(requests.is_outstanding());
    assert!(requests.receive(id(1), number(9)));
    assert!(requests.is_empty());
}

// R2334-B.2.0.2-15
#[test]
fn the_queue_tells_which_purges_left_it() {
    let purge = SequenceNumber::PURGE;
    let deadline = Some(Time(10));
    let mut queue = Retransmit::default();
    for n in 1..=5 {
        queue.enqueue(id(n), purge, body(1), 9, deadline);
    }
    queue.enqueue(id(6), number(1), body(1), 9, deadline);
    // The same one over again has not left.
    queue.enqueue(id(1), purge, body(1), 9, deadline);
    assert_eq!(queue.take_purged(), []);
    queue.acknowledge(id(2), purge);
    assert!(!queue.take(id(3), number(1)) && queue.take(id(3), purge));
    queue.supersede(id(4));
    queue.enqueue(id(5), number(1), body(1), 9, deadline);
    queue.acknowledge(id(6), number(1));
    assert_eq!(queue.take_purged(), [id(2), id(3), id(4), id(5)]);
    queue.clear();
    assert_eq!(queue.take_purged(), [id(1)]);
    assert_eq!(queue, Retransmit::default());
}
