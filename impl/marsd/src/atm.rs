//! ATM addresses as text, and those that say by themselves where their owner listens.
//!
//! `tcp:192.0.2.1:4701` and `tcp:[2001:db8::1]:4701` are 20-octet NSAPAs of a local format: AFI 49 (local
//! authority), `4d`, 16 octets of IPv6 address (IPv4 as `::ffff:a.b.c.d`), 2 octets of port. Others are
//! `nsapa:HEX` and `e164:HEX`, with `/HEX` for a subaddress, and need a route.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr as _;

use distributed_mars::address::{AtmForm, AtmNumber, Endpoint};

/// AFI of local addresses, and this project's mark.
const LOCAL: [u8; 2] = [0x49, 0x4d];

/// The address that says that its owner listens there.
#[must_use]
pub fn of_socket(socket: SocketAddr) -> Option<Endpoint> {
    let ip = match socket.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let octets = [&LOCAL[..], &ip.octets(), &socket.port().to_be_bytes()].concat();
    Some(Endpoint {
        number: AtmNumber::new(AtmForm::Nsapa, &octets)?,
        subaddress: None,
    })
}

/// Where the owner of such an address listens; `None` for an address of another kind.
#[must_use]
pub fn socket_of(endpoint: Endpoint) -> Option<SocketAddr> {
    let octets: [u8; 20] = endpoint.number.octets().try_into().ok()?;
    let [0x49, 0x4d, rest @ ..] = octets else {
        return None;
    };
    if endpoint.number.form() != AtmForm::Nsapa {
        return None;
    }
    let (ip, port) = rest.split_first_chunk::<16>()?;
    let port = u16::from_be_bytes(port.try_into().ok()?);
    Some(SocketAddr::new(Ipv6Addr::from(*ip).to_canonical(), port))
}

/// Reads the text form.
///
/// # Errors
/// What is wrong, for people.
pub fn parse(text: &str) -> Result<Endpoint, String> {
    let (kind, rest) = text
        .split_once(':')
        .ok_or_else(|| format!("`{text}` is none of tcp:IP:PORT, nsapa:HEX, e164:HEX"))?;
    let form = match kind {
        "tcp" => {
            let socket = SocketAddr::from_str(rest)
                .map_err(|_| format!("`{rest}` is not IP:PORT (IPv6 in square brackets)"))?;
            return of_socket(socket).ok_or_else(|| "no address".to_owned());
        }
        "nsapa" => AtmForm::Nsapa,
        "e164" => AtmForm::E164,
        _ => return Err(format!("`{kind}` is none of tcp, nsapa, e164")),
    };
    let (number, subaddress) = match rest.split_once('/') {
        Some((number, subaddress)) => (number, Some(subaddress)),
        None => (rest, None),
    };
    let read = |form, text: &str| {
        unhex(text)
            .and_then(|octets| AtmNumber::new(form, &octets))
            .ok_or_else(|| format!("`{text}` is not 1 to 20 octets of hex"))
    };
    Ok(Endpoint {
        number: read(form, number)?,
        subaddress: subaddress
            .map(|text| read(AtmForm::Nsapa, text))
            .transpose()?,
    })
}

/// The text form.
#[must_use]
pub fn text(endpoint: Endpoint) -> String {
    if endpoint.subaddress.is_none()
        && let Some(socket) = socket_of(endpoint)
    {
        return format!("tcp:{socket}");
    }
    let form = match endpoint.number.form() {
        AtmForm::Nsapa => "nsapa",
        AtmForm::E164 => "e164",
    };
    let mut text = format!("{form}:{}", hex(endpoint.number.octets()));
    if let Some(subaddress) = endpoint.subaddress {
        text.push('/');
        text.push_str(&hex(subaddress.octets()));
    }
    text
}

/// Lower-case hex.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(
        String::with_capacity(octets.len() * 2),
        |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        },
    )
}

/// The octets that `text` spells; `None` for an odd length or a foreign character.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let mut pairs = text.as_bytes().chunks_exact(2);
    let digit = |c: u8| char::from(c).to_digit(16);
    let octets = pairs
        .by_ref()
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
            _ => None,
        })
        .collect();
    if pairs.remainder().is_empty() {
        octets
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        for given in [
            "tcp:127.0.0.1:4701",
            "tcp:[2001:db8::1]:65535",
            "nsapa:47000580ffe1000000f21a2b3c0020480a000100",
            "nsapa:4701/0203",
            "e164:1234",
        ] {
            let endpoint = parse(given).unwrap();
            assert_eq!(text(endpoint), given);
        }
        let endpoint = parse("tcp:127.0.0.1:4701").unwrap();
        assert_eq!(
            hex(endpoint.number.octets()),
            "494d00000000000000000000ffff7f000001125d"
        );
        assert_eq!(socket_of(parse("nsapa:494d").unwrap()), None);
        assert_eq!(
            socket_of(parse("e164:494d00000000000000000000ffff7f000001125d").unwrap()),
            None
        );
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for (given, word) in [
            ("", "none of"),
            ("tcp:host:1", "IP:PORT"),
            ("tcp:1.2.3.4", "IP:PORT"),
            ("nsapa:", "octets"),
            ("nsapa:0", "octets"),
            ("nsapa:0g", "octets"),
            ("nsapa:00/", "octets"),
            ("x25:00", "none of"),
            (
                "nsapa:000000000000000000000000000000000000000000",
                "20 octets",
            ),
        ] {
            let error = parse(given).unwrap_err();
            assert!(error.contains(word), "{given}: {error}");
        }
    }
}
