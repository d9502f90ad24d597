//! Record numbers as ranks: among all that there are of one record, in caches and on their way.

use super::memo::{Memo, broken};
use super::node::{DIRECTIONS, Flight, Node, SERVERS};
use super::work::Work;
use super::world::Identity;
use crate::judge::step::Failure;
use mars_model::server_group::State;

/// The first number of a key (RFC 2334, B.2.0.2: the smallest that may be used). It has the rank 0, and no other has.
pub(super) const FIRST: i64 = i32::MIN as i64 + 1;

/// One number of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    record: u32,
    number: i64,
    body: u32,
    /// Where it stands: among the caches' first, then among the flights'.
    place: usize,
}

/// The node that a step leads to.
///
/// # Errors
/// One number of one record stands for two contents, a key for two things, or a thing has two keys.
pub(super) fn node(work: &Work<'_>, state: &State) -> Result<Node, Failure> {
    let mut all = Vec::with_capacity(64);
    let mut place = 0;
    for server in 0..SERVERS {
        let Some(info) = work.running(server)? else {
            continue;
        };
        for (held, number) in info.cache.iter().zip(work.numbers_of(server)) {
            all.push(Seen {
                record: held.record,
                number: *number,
                body: held.body,
                place,
            });
            place += 1;
        }
    }
    let caches = place;
    let mut csas = Vec::new();
    let mut lengths = [0; DIRECTIONS];
    for (queue, length) in work.queues.iter().zip(&mut lengths) {
        *length = u8::try_from(queue.len()).unwrap_or(u8::MAX);
        for &(csa, number) in queue {
            let known = work.memo.tables.csa(csa);
            let known = known.ok_or_else(|| broken("no such record"))?;
            all.push(Seen {
                record: known.record,
                number,
                body: known.body,
                place,
            });
            csas.push(csa);
            place += 1;
        }
    }
    all.sort_unstable();
    consistent(work.memo, &all)?;
    let mut ranks = vec![0; place];
    let mut last: Option<(Seen, u8)> = None;
    for seen in &all {
        let rank = match last {
            Some((before, rank)) if before.record == seen.record => {
                rank + u8::from(before.number != seen.number)
            }
            _ => u8::from(seen.number > 0),
        };
        if let Some(place) = ranks.get_mut(seen.place) {
            *place = rank;
        }
        last = Some((*seen, rank));
    }
    let flights = ranks.split_off(caches);
    let flights: Box<[Flight]> = csas.into_iter().zip(flights).collect();
    Ok(Node {
        state: *state,
        machines: work.machines,
        ranks: ranks.into(),
        flights,
        lengths,
    })
}

/// R2334-2.3: what is passed on is the instance that came in. R2334-B.2.0.2: a key names one thing, and a thing keeps its
/// key (registers C01, C02).
fn consistent(memo: &Memo, all: &[Seen]) -> Result<(), Failure> {
    let mut known: Vec<(Identity, u32)> = Vec::with_capacity(32);
    for pair in all.windows(2) {
        if let [a, b] = pair
            && (a.record, a.number) == (b.record, b.number)
            && a.body != b.body
            && a.body != 0
        {
            let what = |body| format!("{:?}", memo.tables.about(body));
            return Err(Failure::new(
                "wrong-field:record",
                format!("one content under one number: {}", what(a.body)),
                format!("another: {}", what(b.body)),
            ));
        }
    }
    let mut before = None;
    for seen in all.iter().filter(|seen| seen.body != 0) {
        if before == Some((seen.record, seen.body)) {
            continue;
        }
        before = Some((seen.record, seen.body));
        let Some(about) = memo.tables.about(seen.body) else {
            continue;
        };
        let other = known
            .iter()
            .find(|(what, record)| (*what == about) != (*record == seen.record));
        if let Some((what, _)) = other {
            return Err(Failure::new(
                "wrong-field:cache_key",
                format!("one key for {what:?}"),
                format!("the same, or another, for {about:?}"),
            ));
        }
        known.push((about, seen.record));
    }
    Ok(())
}
