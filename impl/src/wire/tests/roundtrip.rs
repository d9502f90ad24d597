//! Any value survives the wire; any octets are refused or come back as they were.

use proptest::prelude::*;

use super::{Kind, recode};
use crate::wire::csa::{RecordReserved, decode_record_exact, encode_record};
use crate::wire::{mars, scsp, strategies};

proptest! {
    #[test]
    fn scsp_values(sample in strategies::scsp(), key in any::<Option<Vec<u8>>>(), spi in any::<u32>()) {
        let key = key.map(|key| scsp::AuthKey { spi, key });
        let mut octets = Vec::new();
        sample.with_body(|body| scsp::encode(&sample.header, body, key.as_ref(), &mut octets));
        let packet = scsp::decode(&octets).unwrap();
        prop_assert_eq!(packet.header, sample.header);
        sample.with_body(|body| assert_eq!(packet.body, body.into()));
        prop_assert_eq!(packet.reserved, scsp::Reserved::default());
        prop_assert_eq!(packet.authentication.map(|found| found.spi), key.as_ref().map(|key| key.spi));
        if let Some(key) = &key {
            // R2334-B.3.1.1-01
            prop_assert!(scsp::verify_authentication(&octets, key));
            let at = octets.len() - 5;
            octets[at] ^= 1;
            prop_assert!(!scsp::verify_authentication(&octets, key));
        }
    }

    #[test]
    fn mars_values(sample in strategies::mars()) {
        sample.with_message(|message| {
            let octets = message.to_vec();
            let mut found = mars::decode(&octets).unwrap();
            // A checksum that comes out as zero reads as none: register F17.
            found.checksum_present |= message.checksum_present && octets[12..14] == [0, 0];
            assert_eq!(found, *message);
        });
    }

    #[test]
    fn records(record in strategies::record()) {
        let mut octets = Vec::new();
        encode_record(&record, &mut octets);
        prop_assert!(octets.len() <= 128);
        prop_assert_eq!(decode_record_exact(&octets), Ok((record, RecordReserved::default())));
    }

    #[test]
    fn any_octets(mut octets in prop::collection::vec(any::<u8>(), 0..200)) {
        for kind in [Kind::Scsp, Kind::Mars] {
            if let Ok(again) = recode(kind, &octets) {
                prop_assert_eq!(again, octets.clone());
            }
        }
        // The same with a plausible start, so that more than the first octets is tried.
        if octets.len() >= 32 {
            octets[..2].copy_from_slice(&[0, 15]);
            octets[12..17].copy_from_slice(&[0; 5]);
            octets[17] = octets[17] % 13 + 1;
            octets[18..24].iter_mut().for_each(|length| *length &= 0x47);
            if let Ok(again) = recode(Kind::Mars, &octets) {
                prop_assert_eq!(again, octets);
            }
        }
    }
}
