//! Names of control VCs: `ccvc` and `scvc` while there is one protocol, otherwise with the protocol
//! (`ccvc:0800`, long form `ccvc:0080:<10 hex digits>`).

use std::fmt::Write as _;

use distributed_mars::address::Protocol;
use distributed_mars::io::{ControlKind, ControlVc};

/// Lower-case hex.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(
        String::with_capacity(octets.len() * 2),
        |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        },
    )
}

/// The octets that `text` spells; `None` for an odd length or a foreign character.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut pairs = text.as_bytes().chunks_exact(2);
    let digit = |c: u8| char::from(c).to_digit(16);
    for pair in pairs.by_ref() {
        let &[high, low] = pair else { return None };
        octets.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
    }
    pairs.remainder().is_empty().then_some(octets)
}

/// The name of a control VC.
pub(super) fn name(group: ControlVc, protocols: &[Protocol]) -> String {
    let kind = match group.kind {
        ControlKind::Ccvc => "ccvc",
        ControlKind::Scvc => "scvc",
    };
    let Protocol { kind: number, snap } = group.protocol;
    match protocols {
        [_] => kind.to_owned(),
        _ if number == 0x0080 => format!("{kind}:{number:04x}:{}", hex(&snap)),
        _ => format!("{kind}:{number:04x}"),
    }
}

/// The control VC of that name among those of `protocols`.
pub(super) fn parse(text: &str, protocols: &[Protocol]) -> Option<ControlVc> {
    let kinds = [ControlKind::Ccvc, ControlKind::Scvc];
    kinds
        .into_iter()
        .flat_map(|kind| {
            protocols
                .iter()
                .map(move |&protocol| ControlVc { kind, protocol })
        })
        .find(|&group| name(group, protocols) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_protocol_only_where_there_are_several() {
        let long = Protocol {
            kind: 0x0080,
            snap: [0, 0, 0x5e, 0, 1],
        };
        let scvc = ControlVc {
            kind: ControlKind::Scvc,
            protocol: long,
        };
        assert_eq!(name(scvc, &[long]), "scvc");
        assert_eq!(name(scvc, &[long, Protocol::IPV4]), "scvc:0080:00005e0001");
        assert_eq!(
            parse("scvc:0080:00005e0001", &[Protocol::IPV4, long]),
            Some(scvc)
        );
        let ccvc = ControlVc {
            kind: ControlKind::Ccvc,
            protocol: Protocol::IPV4,
        };
        assert_eq!(parse("ccvc:0800", &[Protocol::IPV4, long]), Some(ccvc));
        assert_eq!(parse("ccvc", &[Protocol::IPV4, long]), None);
        assert_eq!(parse("ccvc", &[Protocol::IPV4]), Some(ccvc));
    }

    #[test]
    fn hex_is_refused_when_odd_or_foreign() {
        assert_eq!(unhex("0aFf"), Some(vec![0x0a, 0xff]));
        assert_eq!(unhex(""), Some(vec![]));
        assert_eq!(unhex("0a0"), None);
        assert_eq!(unhex("0g"), None);
    }
}
