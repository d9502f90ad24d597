//! Servers with keys: `auth` of the configuration, from the adapter's form to the frames.

use super::net::*;
use crate::group::{AuthAlgorithm, AuthConfig, DistributedMars, GroupConfig};
use crate::io::OutputAction;
use crate::scsp::{AuthFault, DropReason};

fn auth(peer: u8, spi: u32, secret: u8) -> AuthConfig {
    AuthConfig {
        spi,
        peer_id: id(peer),
        algorithm: AuthAlgorithm::HmacMd5,
        key: vec![secret; 16],
        not_before_ms: 0,
        not_after_ms: None,
    }
}

fn keyed(n: u8, neighbors: &[u8], auth: &[AuthConfig]) -> GroupConfig {
    GroupConfig {
        auth: auth.to_vec(),
        ..config(n, neighbors)
    }
}

// R2334-B.3.1-02, R2334-B.3.1-03, R2334-B.3.1.3-01, R2334-B.3.1.3-02: register D07.
#[test]
fn a_server_with_another_key_is_not_let_in() {
    let mut net = Net::new(&[1, 2, 3], &[(1, 2), (2, 3)]);
    net.start(keyed(1, &[2], &[auth(2, 7, 1)]));
    net.start(keyed(2, &[1, 3], &[auth(1, 7, 1), auth(3, 7, 2)]));
    net.start(keyed(3, &[2], &[auth(2, 7, 3)]));
    net.link(1, 2);
    net.link(2, 3);
    net.run_to(20_000);
    let states: Vec<_> = net.view(2).cafsm.into_values().collect();
    assert_eq!(states, ["aligned", "down"]);
    net.register(1, 100);
    net.join(1, 100, range(5, 5));
    assert_eq!(net.members(2), [(100, 5, 5, 1)]);
    assert_eq!(net.members(3), []);
    for (server, dropped) in [(1, None), (2, Some(&7)), (3, Some(&7))] {
        let meters = net.servers[&server].scsp_meters();
        let wrong = DropReason::Authentication(AuthFault::WrongMac);
        assert_eq!(meters.dropped.get(&wrong), dropped, "{server}");
        assert_eq!(meters.abnormal, 0);
    }
    // The right key, at last.
    net.kill(3);
    net.start(keyed(3, &[2], &[auth(2, 7, 2)]));
    net.link(2, 3);
    net.run(10_000);
    assert_eq!(net.members(3), [(100, 5, 5, 1)]);
}

// R2334-B.3.1.3-03: the lifetime of the configuration is the key's.
#[test]
fn a_key_lives_as_long_as_it_is_configured_to() {
    let limited = |peer| AuthConfig {
        not_before_ms: 5000,
        not_after_ms: Some(30_000),
        ..auth(peer, 7, 1)
    };
    let mut net = Net::new(&[1, 2], &[(1, 2)]);
    net.start(keyed(1, &[2], &[limited(2)]));
    net.start(keyed(2, &[1], &[limited(1)]));
    net.link(1, 2);
    let state = |net: &Net| net.view(1).hfsm.into_values().next().unwrap();
    net.run_to(4999);
    assert_eq!(state(&net), "waiting");
    net.run_to(20_000);
    assert_eq!(state(&net), "bidirectional");
    net.run_to(40_000);
    assert_eq!(state(&net), "waiting");
    assert!(net.servers[&1].scsp_meters().withheld > 0);
}

// R2334-B.3.1.5-02
#[test]
fn a_neighbor_without_a_key_among_others_with_one_is_pointed_out() {
    let warned = |config: GroupConfig| {
        let mut server = DistributedMars::new(config).unwrap();
        std::iter::from_fn(|| server.poll_output()).any(|output| {
            matches!(output.action, OutputAction::Log(event) if event.code == "partly-authenticated")
        })
    };
    assert!(warned(keyed(2, &[1, 3], &[auth(1, 7, 1)])));
    assert!(!warned(keyed(2, &[1, 3], &[auth(1, 7, 1), auth(3, 7, 1)])));
    assert!(!warned(keyed(2, &[1, 3], &[])));
}
