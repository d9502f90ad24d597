//! How long a server remembers what ended, and who is gone.

use super::net::*;
use crate::group::GroupConfig;
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

/// Keys of ended records in the cache of a server.
fn tombstones(net: &Net, server: u8) -> Vec<String> {
    let cache = net.view(server).cache.into_iter();
    cache
        .filter(|entry| entry.state == Some(4))
        .map(|entry| entry.key)
        .collect()
}

fn live_keys(net: &Net, server: u8) -> Vec<String> {
    let cache = net.view(server).cache.into_iter();
    cache
        .filter(|entry| entry.state == Some(3))
        .map(|entry| entry.key)
        .collect()
}

// Registers C06, H08: twice the dead time and ten minutes, here 2 x 150 s + 600 s, then gone at originator
// and receiver; what lives stays.
#[test]
fn a_leave_is_forgotten_when_nobody_needs_it() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.join(1, 100, range(7, 7));
    let entry = net.servers[&2].speaker.get(id(1), CacheKey([0, 0, 0, 3]));
    let join = entry.unwrap().body.to_vec();
    net.leave(1, 100, range(5, 5));
    net.run_to(909_999);
    assert_eq!([1, 2].map(|n| tombstones(&net, n)), [["00000003"]; 2]);
    net.run_to(910_000);
    for server in [1, 2] {
        assert_eq!(tombstones(&net, server), Vec::<String>::new());
        assert_eq!(net.members(server), [(100, 7, 7, 1)]);
    }
    // Register C08: nobody brings the join back. Who kept it is told of its end.
    let first = CacheKey([0, 0, 0, 3]);
    let csa = Csa {
        csas: Csas {
            hop_count: 3,
            ..Csas::new(first, id(1), SequenceNumber::FIRST)
        },
        body: &join,
    };
    net.record(1, 2, csa);
    assert_eq!(net.servers[&1].meters().withdrawals, 1);
    assert_eq!([1, 2].map(|n| tombstones(&net, n)), [["00000003"]; 2]);
    // The key is not given again: a cache that kept the old record would take it for newer (C05).
    net.join(1, 100, range(5, 5));
    assert_eq!(live_keys(&net, 2), ["00000002", "00000004", "00000005"]);
    assert_eq!(net.members(2), [(100, 5, 5, 1), (100, 7, 7, 1)]);
}

// Registers C02, C05, C06: within that time the key stays the subject's, and a rejoin calls the end off.
#[test]
fn a_rejoin_takes_the_tombstones_place() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.leave(1, 100, range(5, 5));
    net.run(800_000);
    net.join(1, 100, range(5, 5));
    net.run(2_000_000);
    for server in [1, 2] {
        assert_eq!(live_keys(&net, server), ["00000002", "00000003"]);
        assert_eq!(net.members(server), [(100, 5, 5, 1)]);
    }
}

// Registers B11, C06, C08: what a restarted server withdraws is forgotten in the same time, and what is left
// of a purged key too (C11).
#[test]
fn withdrawals_and_purges_are_forgotten_too() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.kill(1);
    let mut config = config(1, &[2]);
    config.incarnation = 1;
    net.start(config);
    net.link(1, 2);
    net.run(10_000);
    assert_eq!(tombstones(&net, 2), ["00000002", "00000003"]);
    net.run(900_000);
    assert_eq!([1, 2].map(|n| tombstones(&net, n).len()), [0, 0]);
}

/// Two servers that give the other one up ten minutes after its flush, at a time when each has flushed the
/// other.
fn parted() -> Net {
    let mut net = Net::new(&[1, 2], &[(1, 2)]);
    for (me, other) in [(1, 2), (2, 1)] {
        net.start(GroupConfig {
            quarantine_ms: 600_000,
            ..config(me, &[other])
        });
    }
    net.link(1, 2);
    net.run_to(10_000);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.deaf = vec![(1, 2), (2, 1)];
    net.run_to(300_000);
    assert_eq!(net.servers[&2].meters().flushes, 1);
    assert_eq!(of_first(&net), [Some(1), Some(3), Some(3)]);
    net
}

/// What server 2 has of server 1: the state of each record, where its content is there.
fn of_first(net: &Net) -> Vec<Option<u8>> {
    let cache = net.view(2).cache.into_iter();
    cache
        .filter(|entry| entry.origin == id(1))
        .map(|entry| entry.state)
        .collect()
}

// Register B02: the contents go first, the numbers after the time of a tombstone, and with them all trace.
#[test]
fn a_server_that_stays_away_is_forgotten() {
    let mut net = parted();
    net.run_to(900_000);
    assert_eq!(net.servers[&2].meters().given_up, 1);
    assert_eq!(of_first(&net), [None; 3]);
    net.run_to(1_800_000);
    assert_eq!(of_first(&net), []);
    assert_eq!(net.members(2), []);
    net.deaf.clear();
    net.run(20_000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    assert_eq!(net.view(2).live.len(), 1);
}

// Register B02: nothing is lost for a server that comes back while its numbers are remembered.
#[test]
fn a_server_that_comes_back_late_is_learned_anew() {
    let mut net = parted();
    net.run_to(900_000);
    assert_eq!(of_first(&net), [None; 3]);
    net.deaf.clear();
    net.run(20_000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    assert_eq!(of_first(&net), [Some(1), Some(3), Some(3)]);
    assert_eq!([1, 2].map(|n| net.view(n).live.len()), [1, 1]);
    net.run(3_000_000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
}
