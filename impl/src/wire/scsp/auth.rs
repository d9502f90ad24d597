//! The HMAC-MD5-128 of the Authentication extension (RFC 2334, B.3.1; RFC 2104).

use core::fmt;

use hmac::{Hmac, Mac};
use md5::Md5;

use super::extensions::{AUTHENTICATION, Extensions};
use super::packet::{CHECKSUM_AT, decode};
use crate::wire::reader::{Put, patch};

/// Octets of the MAC.
const MAC_LENGTH: usize = 16;

/// Octets that authentication adds to a packet: the Authentication extension and the End extension.
pub const SEAL_LENGTH: usize = 4 + 4 + MAC_LENGTH + 4;

/// A key under a Security Parameter Index.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AuthKey {
    /// Security Parameter Index.
    pub spi: u32,
    /// The secret; any length (RFC 2104 hashes what is over 64 octets), 16 or more advised.
    pub key: Vec<u8>,
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey {{ spi: {:#x}, key: hidden }}", self.spi)
    }
}

/// HMAC-MD5 of `message`: R2334-B.3.1.2-01.
#[must_use]
pub fn hmac_md5(key: &[u8], message: &[u8]) -> [u8; MAC_LENGTH] {
    keyed(key, message).finalize().into_bytes().into()
}

fn keyed(key: &[u8], message: &[u8]) -> Hmac<Md5> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("any length");
    mac.update(message);
    mac
}

/// Appends the Authentication and End extensions, with the MAC still zero.
pub(super) fn append(key: &AuthKey, out: &mut Vec<u8>) {
    out.put_u16(AUTHENTICATION);
    out.put_count(4 + MAC_LENGTH);
    out.put_u32(key.spi);
    out.put(&[0; MAC_LENGTH]);
    out.put(&[0; 4]);
}

/// Puts the MAC into a packet that ends with what [`append`] wrote and has a zero checksum
/// (R2334-B.3.1.1-03; register D08: MAC over zeroed authentication data and checksum, then the checksum).
pub(super) fn seal(key: &AuthKey, packet: &mut [u8]) {
    let mac = hmac_md5(&key.key, packet);
    let at = packet.len().saturating_sub(MAC_LENGTH + 4);
    patch(packet, at, &mac);
}

/// True when `packet` (without LLC/SNAP) decodes, carries an Authentication extension with the SPI of
/// `key`, and its MAC is right. Compared in constant time.
#[must_use]
pub fn verify_authentication(packet: &[u8], key: &AuthKey) -> bool {
    let Ok(decoded) = decode(packet) else {
        return false;
    };
    let Some(authentication) = decoded.authentication else {
        return false;
    };
    if authentication.spi != key.spi || authentication.data.len() != MAC_LENGTH {
        return false;
    }
    let size = packet.len() - decoded.trailing.len();
    let Some(at) = mac_offset(decoded.extensions, size) else {
        return false;
    };
    let mut zeroed = packet.get(..size).unwrap_or_default().to_vec();
    patch(&mut zeroed, CHECKSUM_AT, &[0; 2]);
    patch(&mut zeroed, at, &[0; MAC_LENGTH]);
    keyed(&key.key, &zeroed)
        .verify_slice(authentication.data)
        .is_ok()
}

/// Where the authentication data starts in a packet of `size` octets that ends with `extensions`.
fn mac_offset(extensions: Extensions<'_>, size: usize) -> Option<usize> {
    let mut at = size.checked_sub(extensions.octets().len())?;
    for extension in extensions.iter() {
        if extension.kind == AUTHENTICATION {
            return Some(at + 4 + 4);
        }
        at += 4 + extension.value.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn the_secret_is_not_shown() {
        let key = AuthKey {
            spi: 0x1f,
            key: b"secret".to_vec(),
        };
        let shown = format!("{key:?}");
        assert_eq!(shown, "AuthKey { spi: 0x1f, key: hidden }");
    }

    #[test]
    fn rfc_2104_vectors() {
        assert_eq!(
            hex(&hmac_md5(&[0x0b; 16], b"Hi There")),
            "9294727a3638bb1c13f48ef8158bfc9d"
        );
        assert_eq!(
            hex(&hmac_md5(b"Jefe", b"what do ya want for nothing?")),
            "750c783e6ab0b503eaa86e310a5db738"
        );
        assert_eq!(
            hex(&hmac_md5(&[0xaa; 16], &[0xdd; 50])),
            "56be34521d144c88dbb8c733f0e8b3f6"
        );
    }
}
