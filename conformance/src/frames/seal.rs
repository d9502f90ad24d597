//! The Authentication extension of a packet (RFC 2334, B.3.1) under one entry of a table of keys.

use serde_json::{Value, json};

use super::mac::hmac;
use super::{hex, write};

/// Octets before a packet in its frame.
const LLC_SNAP: usize = 8;
/// Octets of a MAC.
const MAC: usize = 16;
/// Type of the extension.
const AUTHENTICATION: u64 = 1;
/// Hex digits of a security parameter index.
const SPI_DIGITS: usize = 8;

/// A security parameter index and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The index.
    pub(crate) spi: u32,
    /// The key.
    pub(crate) key: Vec<u8>,
}

impl Key {
    /// The frame with these extensions, of which those that are `null` become the Authentication extension; the End
    /// extension is added. The MAC is over the packet with the MAC and the checksum zero (register D08).
    pub(crate) fn sealed(&self, frame: &Value, extensions: &[Value]) -> Option<Vec<u8>> {
        let with = |mac: &[u8], bare: bool| {
            let mut frame = frame.clone();
            let message = frame.get_mut("message")?.as_object_mut()?;
            let own =
                json!({"type": AUTHENTICATION, "value": format!("{:08x}{}", self.spi, hex(mac))});
            let all = extensions.iter().map(|one| match one {
                Value::Null => own.clone(),
                other => other.clone(),
            });
            let end = json!({"type": 0, "value": ""});
            let all: Vec<Value> = all.chain([end]).collect();
            message.insert("extensions".to_owned(), all.into());
            if bare {
                message.insert("checksum".to_owned(), json!(0));
            }
            write(&frame).ok()
        };
        let bare = with(&[0; MAC], true)?;
        with(&hmac(&self.key, bare.get(LLC_SNAP..)?), false)
    }

    /// The field that is wrong in the Authentication extension of a frame as the reader has it: `extensions` where
    /// there is none, `spi`, or `mac`; with what was wanted and what is there.
    pub(crate) fn fault(&self, frame: &Value) -> Option<(&'static str, String, String)> {
        let extensions = frame
            .pointer("/message/extensions")
            .and_then(Value::as_array);
        let place = extensions.and_then(|all| all.iter().position(is_authentication));
        let Some(place) = place else {
            let wanted = format!("an Authentication extension under SPI {}", self.spi);
            return Some(("extensions", wanted, "none".to_owned()));
        };
        let pointer = format!("/message/extensions/{place}/value");
        let value = frame.pointer(&pointer).and_then(Value::as_str)?;
        let (spi, mac) = value.split_at_checked(SPI_DIGITS)?;
        if u32::from_str_radix(spi, 16) != Ok(self.spi) {
            return Some(("spi", format!("{:08x}", self.spi), spi.to_owned()));
        }
        let mut bare = frame.clone();
        *bare.pointer_mut(&pointer)? = json!(format!("{spi}{}", hex(&[0; MAC])));
        *bare.pointer_mut("/message/checksum")? = json!(0);
        let octets = write(&bare).ok()?;
        let wanted = hex(&hmac(&self.key, octets.get(LLC_SNAP..)?));
        (wanted != mac).then(|| ("mac", wanted, mac.to_owned()))
    }
}

/// Whether an extension is one of authentication.
pub(crate) fn is_authentication(extension: &Value) -> bool {
    extension.get("type").and_then(Value::as_u64) == Some(AUTHENTICATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::read;

    #[test]
    fn what_is_sealed_has_no_fault_and_each_fault_has_its_name() {
        let key = |spi, octet| Key {
            spi,
            key: vec![octet; 16],
        };
        let message = json!({"type_code": 5, "sender_id": "0a000002", "receiver_id": "", "hello_interval": 3});
        let frame = json!({"protocol": "scsp", "message": message});
        let vendor = json!({"type": 2, "value": "00005eaa"});
        for extensions in [
            vec![Value::Null],
            vec![vendor.clone(), Value::Null],
            vec![Value::Null, vendor],
        ] {
            let sealed = read(&key(7, 1).sealed(&frame, &extensions).unwrap()).unwrap();
            let name = |key: Key| key.fault(&sealed).map(|(name, ..)| name);
            assert_eq!(name(key(7, 1)), None);
            assert_eq!(name(key(8, 1)), Some("spi"));
            assert_eq!(name(key(7, 2)), Some("mac"));
        }
        let bare = read(&write(&frame).unwrap()).unwrap();
        let fault = key(7, 1).fault(&bare);
        assert_eq!(fault.map(|(name, ..)| name), Some("extensions"));
    }
}
