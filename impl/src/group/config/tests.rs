use super::*;
use crate::address::{AtmForm, AtmNumber};

fn endpoint(last: u8) -> Endpoint {
    Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &[0x47, last]).unwrap(),
        subaddress: None,
    }
}

fn config() -> GroupConfig {
    let mut config = GroupConfig::new(ServerId([10, 0, 0, 1]), endpoint(1), [1, 9]);
    config.neighbors.push(NeighborConfig {
        id: Some(ServerId([10, 0, 0, 2])),
        atm: endpoint(2),
    });
    config
}

#[test]
fn reads_the_adapters_form_with_defaults() {
    let text = r#"{"server_id":"0a000001","atm":{"number":"4701","form":"nsapa"},"sgid":1,
        "protocols":[{"type":2048,"snap":"0000000000"}],"cmi_range":[1,9],"unknown":true,
        "neighbors":[{"id":"0a000002","atm":{"number":"4702","form":"nsapa"}}]}"#;
    let read: GroupConfig = serde_json::from_str(text).unwrap();
    assert_eq!(read, config());
    assert_eq!(read.validate(), Ok(()));
    assert_eq!(read.startup(), 18_000);
    let again: GroupConfig = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(again, read);
}

#[test]
fn reads_null_neighbor_ids_auth_and_order() {
    let text = r#"{"server_id":"0a000001","atm":{"number":"4701","form":"nsapa"},"cmi_range":[1,9],
        "protocols":[{"type":128,"snap":"0000000800"}],
        "neighbors":[{"id":null,"atm":{"number":"4702","form":"nsapa"}}],
        "auth":[{"spi":4096,"peer_id":"0a000002","algorithm":"hmac-md5-128","key":"0b0b"}],
        "redirect_order":"learned-only"}"#;
    let read: GroupConfig = serde_json::from_str(text).unwrap();
    assert_eq!(read.neighbors.first().unwrap().id, None);
    assert_eq!(read.auth.first().unwrap().key, [0x0b, 0x0b]);
    assert!(!format!("{:?}", read.auth).contains("11"));
    assert_eq!(read.redirect_order, RedirectOrder::LearnedOnly);
    assert_eq!(read.protocols.first().unwrap().snap, [0, 0, 0, 8, 0]);
    assert_eq!(read.validate(), Ok(()));
    let again: GroupConfig = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(again, read);
}

fn auth(peer: u8, spi: u32) -> AuthConfig {
    AuthConfig {
        spi,
        peer_id: ServerId([10, 0, 0, peer]),
        algorithm: AuthAlgorithm::HmacMd5,
        key: vec![0x0b; 16],
        not_before_ms: 0,
        not_after_ms: None,
    }
}

// R2334-B.3.1.3-01, R2334-B.3.1.3-03, R2334-B.3.1.3-04
#[test]
fn reads_lifetimes_and_several_keys_of_a_neighbor() {
    let mut config = config();
    config.auth = vec![auth(2, 1), auth(2, 2)];
    let text = r#"{"spi":2,"peer_id":"0a000002","algorithm":"hmac-md5-128",
        "key":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","not_before_ms":5,"not_after_ms":9}"#;
    config.auth[1] = serde_json::from_str(text).unwrap();
    assert_eq!(
        (config.auth[1].not_before_ms, config.auth[1].not_after_ms),
        (5, Some(9))
    );
    assert_eq!(config.validate(), Ok(()));
}

// R2334-B.3.1.2-01: the one algorithm there is.
#[test]
fn refuses_other_algorithms() {
    let text = r#"{"spi":2,"peer_id":"0a000002","algorithm":"hmac-sha1","key":"0b"}"#;
    assert!(serde_json::from_str::<AuthConfig>(text).is_err());
}

// R2334-B.3.1.3-01
#[test]
fn refuses_keys_that_cannot_be_used() {
    let fault = |entries: Vec<AuthConfig>| {
        let error = refused(|c| c.auth = entries);
        let ConfigError::Authentication { fault, .. } = error else {
            panic!("{error}");
        };
        fault
    };
    for stranger in [1, 3] {
        assert_eq!(
            fault(vec![auth(stranger, 1)]),
            AuthConfigFault::NoSuchNeighbor
        );
    }
    let mut entry = auth(2, 1);
    entry.key.clear();
    assert_eq!(fault(vec![entry]), AuthConfigFault::NoKey);
    let mut entry = auth(2, 1);
    (entry.not_before_ms, entry.not_after_ms) = (7, Some(7));
    assert_eq!(fault(vec![entry]), AuthConfigFault::NeverValid);
    assert_eq!(
        fault(vec![auth(2, 1), auth(2, 1)]),
        AuthConfigFault::RepeatedSpi
    );
}

#[test]
fn refuses_text_that_is_no_address() {
    for text in [
        r#"{"server_id":"0a0000","atm":{"number":"4701","form":"nsapa"},"cmi_range":[1,9]}"#,
        r#"{"server_id":"0a00000g","atm":{"number":"4701","form":"nsapa"},"cmi_range":[1,9]}"#,
        r#"{"server_id":"0a000001","atm":{"number":"","form":"nsapa"},"cmi_range":[1,9]}"#,
        r#"{"server_id":"0a000001","atm":{"number":"4701","form":"nsapa"}}"#,
    ] {
        assert!(serde_json::from_str::<GroupConfig>(text).is_err(), "{text}");
    }
}

/// Applies a change to a good configuration and says why it is refused.
fn refused(change: impl FnOnce(&mut GroupConfig)) -> ConfigError {
    let mut config = config();
    change(&mut config);
    let error = config.validate().unwrap_err();
    assert!(!error.to_string().is_empty());
    error
}

#[test]
fn refuses_names_that_clash() {
    let all = ServerId([0xff; 4]);
    assert_eq!(
        refused(|c| c.server_id = all),
        ConfigError::ReservedServerId
    );
    assert_eq!(refused(|c| c.protocols.clear()), ConfigError::NoProtocol);
    assert_eq!(
        refused(|c| c.protocols.push(Protocol::IPV4)),
        ConfigError::RepeatedProtocol(Protocol::IPV4)
    );
    assert_eq!(
        refused(|c| c.server_id = ServerId([10, 0, 0, 2])),
        ConfigError::NeighborId(ServerId([10, 0, 0, 2]))
    );
    assert_eq!(
        refused(|c| c.atm = endpoint(2)),
        ConfigError::NeighborAddress(endpoint(2))
    );
}

// R2443-2-06 R2443-2-16 R2022-5.4.3-05
#[test]
fn refuses_numbers_that_cannot_work() {
    assert_eq!(
        refused(|c| c.cmi_range = [9, 1]),
        ConfigError::CmiRange {
            lowest: 9,
            highest: 1
        }
    );
    assert_eq!(
        refused(|c| c.cmi_range = [0, 0]),
        ConfigError::CmiRange {
            lowest: 0,
            highest: 0
        }
    );
    assert_eq!(
        refused(|c| c.hop_count = 0),
        ConfigError::HopCount {
            hop_count: 0,
            neighbors: 1
        }
    );
    assert_eq!(refused(|c| c.mtu = 255), ConfigError::Mtu { mtu: 255 });
    assert_eq!(
        refused(|c| c.ca_rexmt_ms = 0),
        ConfigError::Zero { key: "ca_rexmt_ms" }
    );
    assert_eq!(
        refused(|c| c.redirect_interval_ms = 120_001),
        ConfigError::TooLong {
            key: "redirect_interval_ms",
            value: 120_001
        }
    );
    assert_eq!(
        refused(|c| c.map_interval_ms = 120_001),
        ConfigError::TooLong {
            key: "map_interval_ms",
            value: 120_001
        }
    );
    assert_eq!(
        refused(|c| c.redirect_hold_ms = 60_000),
        ConfigError::HoldTooShort {
            hold: 60_000,
            interval: 60_000
        }
    );
}

// R2443-1-03
#[test]
fn a_group_of_one_serves_at_once() {
    let mut config = config();
    config.neighbors.clear();
    config.startup_ms = Some(5000);
    assert_eq!(config.validate(), Ok(()));
    assert_eq!(config.startup(), 0);
}
