//! Own records that come back from the net: a restart, and peers that know better numbers.

use super::net::*;
use crate::wire::scsp::{CacheKey, Csa, Csas, SequenceNumber};

// Registers B11, C08, E04: a server that restarts within the hold time withdraws what it finds of its
// earlier life, and beats on above its old numbers.
#[test]
fn a_restarted_server_withdraws_its_earlier_life() {
    for incarnation in [0, 1] {
        let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
        net.register(1, 100);
        net.join(1, 100, range(5, 5));
        net.run_to(65_000);
        assert_eq!(net.members(2), [(100, 5, 5, 1)]);
        net.kill(1);
        net.run(1000);
        let mut config = config(1, &[2]);
        config.incarnation = incarnation;
        net.start(config);
        net.link(1, 2);
        net.run(10_000);
        assert_eq!(net.members(2), []);
        assert_eq!(net.members(1), []);
        assert!(net.view(2).registrations.is_empty());
        assert_eq!(net.servers[&1].meters().withdrawals, 2);
        // The CMI of then is not given again at once.
        net.register(1, 101);
        assert_eq!(net.view(2).registrations[0].cmi, 101);
        // The next beats count, so that the server is never flushed.
        net.run(400_000);
        assert_eq!(net.view(2).live.len(), 1);
        assert_eq!(net.view(2).registrations.len(), 1);
    }
}

fn returned(net: &mut Net, key: [u8; 4], number: i32, body: &[u8]) {
    let csa = Csa {
        csas: Csas {
            hop_count: 3,
            ..Csas::new(CacheKey(key), id(1), SequenceNumber(number))
        },
        body,
    };
    net.record(1, 2, csa);
}

// Register C08: own content stays, above the number that the net has.
#[test]
fn a_larger_number_under_an_own_key_is_topped() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    let before = net.view(1).cache[1].clone();
    let stale = [0; 40];
    returned(&mut net, [0, 0, 0, 2], 5000, &stale);
    let entry = net.view(1).cache[1].clone();
    assert!(entry.sequence > 5000);
    assert_eq!(entry.state, before.state);
    assert_eq!(net.view(2).cache, net.view(1).cache);
    assert_eq!(net.view(2).registrations.len(), 1);
    // Equal and smaller numbers are nothing.
    let (last, meters) = (entry.sequence, net.servers[&1].meters().clone());
    returned(&mut net, [0, 0, 0, 2], last, &stale);
    returned(&mut net, [0, 0, 0, 2], 7, &stale);
    assert_eq!(net.view(1).cache[1].sequence, last);
    assert_eq!(
        net.servers[&1].meters().reoriginations,
        meters.reoriginations
    );
}

// Register C11: nobody can push an own number to its end; the key changes.
#[test]
fn numbers_near_the_end_make_a_new_key() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    returned(&mut net, [0, 0, 0, 1], i32::MAX - 2, &[0; 40]);
    let view = net.view(2);
    let beats: Vec<_> = view
        .cache
        .iter()
        .filter(|e| e.origin == id(1) && e.state == Some(1))
        .map(|e| (e.key.as_str(), e.sequence - i32::MIN))
        .collect();
    assert_eq!(beats, [("00000001", 1), ("00000004", 1)]);
    net.run(300_000);
    assert_eq!(net.view(2).live.len(), 1);
}

// Registers H02, H10, H13: the same for a client's records takes the whole registration along: a new
// CMI, new keys, the old ones ended for good, and in the end nothing lost.
#[test]
fn a_used_up_client_key_renews_the_registration() {
    let mut net = Net::aligned(&[1, 2], &[(1, 2)]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    net.join(1, 100, range(7, 7));
    net.leave(1, 100, range(7, 7));
    returned(&mut net, [0, 0, 0, 3], i32::MAX - 1, &[0; 40]);
    net.run(1000);
    for server in [1, 2] {
        assert_eq!(net.members(server), [(100, 5, 5, 1)]);
        let view = net.view(server);
        assert_eq!(view.registrations.len(), 1);
        assert_eq!(view.registrations[0].cmi, 101);
        let own: Vec<_> = view
            .cache
            .iter()
            .filter(|e| e.origin == id(1))
            .map(|e| (e.key.as_str(), e.sequence, e.state))
            .collect();
        assert_eq!(
            own,
            [
                ("00000001", i32::MIN + 1, Some(1)),
                ("00000002", i32::MAX, Some(4)),
                ("00000003", i32::MAX, Some(4)),
                ("00000004", i32::MIN + 2, Some(4)),
                ("00000005", i32::MIN + 1, Some(3)),
                ("00000006", i32::MIN + 1, Some(3)),
            ]
        );
    }
    // A key whose subject has ended is purged and replaced without more ado.
    net.leave(1, 100, range(5, 5));
    returned(&mut net, [0, 0, 0, 6], i32::MAX - 1, &[0; 40]);
    net.join(1, 100, range(5, 5));
    net.run(1000);
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
}
