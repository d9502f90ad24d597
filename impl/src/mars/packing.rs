//! Lists that may need several messages: members, servers, groups, blocks (RFC 2022, 5.1.1, 5.3,
//! 5.4.3). The MTU limits the MARS message, without LLC/SNAP (register F04).

use crate::address::{AtmNumber, Endpoint};

/// Octets before the addresses in every message.
const FIXED: usize = 32;

/// Octets of an endpoint in a message.
#[must_use]
pub(crate) fn endpoint_len(endpoint: &Endpoint) -> usize {
    endpoint.number.octets().len()
        + endpoint
            .subaddress
            .as_ref()
            .map_or(0, |subaddress| subaddress.octets().len())
}

/// How many items of `item` octets fit after the fixed part and `addresses` octets; at least one, so
/// that there is an answer at all.
#[must_use]
pub(crate) fn capacity(mtu: usize, addresses: usize, item: usize) -> usize {
    mtu.saturating_sub(FIXED + addresses)
        .checked_div(item)
        .unwrap_or(usize::MAX)
        .max(1)
}

/// Splits endpoints, in the order given, into parts of one type and length that fit.
// R2022-5.1.1-05 R2022-5.1.1-06 R2022-5.1.1-07
#[must_use]
pub(crate) fn endpoint_parts(
    endpoints: &[Endpoint],
    mtu: usize,
    addresses: usize,
) -> Vec<&[Endpoint]> {
    endpoints
        .chunk_by(|a, b| shape(a) == shape(b))
        .flat_map(|run| {
            let item = run.first().map_or(1, endpoint_len);
            run.chunks(capacity(mtu, addresses, item))
        })
        .collect()
}

/// Type and length of number and subaddress: one part holds one such pair only.
#[must_use]
pub(crate) fn shape(endpoint: &Endpoint) -> (u8, u8) {
    (
        endpoint.number.type_length(),
        endpoint
            .subaddress
            .as_ref()
            .map_or(0, AtmNumber::type_length),
    )
}

/// mar$seqxy of each part: the part with its number from 1 and whether it is the last.
// R2022-5.1.1-03 R2022-5.1.1-04
pub(crate) fn numbered<T>(parts: Vec<T>) -> impl Iterator<Item = (u16, bool, T)> {
    let last = parts.len().saturating_sub(1);
    parts.into_iter().enumerate().map(move |(index, part)| {
        let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
        (number, index == last, part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AtmForm;

    fn endpoint(form: AtmForm, len: u8, subaddress: bool) -> Endpoint {
        let number = |len: u8| AtmNumber::new(form, &vec![7; usize::from(len)]).unwrap();
        Endpoint {
            number: number(len),
            subaddress: subaddress.then(|| AtmNumber::new(AtmForm::Nsapa, &[1; 20]).unwrap()),
        }
    }

    // R2022-5.1.1-05 R2022-5.1.1-06: 456 members in one message of the default MTU (register F04), and
    // no part too many when the number divides (register F03).
    #[test]
    fn fills_each_part() {
        let members = [endpoint(AtmForm::Nsapa, 20, false); 456 * 2];
        let addresses = 20 + 4 + 4;
        let lens = |count: usize| -> Vec<usize> {
            endpoint_parts(&members[..count], 9180, addresses)
                .iter()
                .map(|part| part.len())
                .collect()
        };
        assert_eq!(lens(456), [456]);
        assert_eq!(lens(457), [456, 1]);
        assert_eq!(lens(912), [456, 456]);
        assert!(lens(0).is_empty());
    }

    // R2022-5.1.1-07: every change of form, length or subaddress starts a part.
    #[test]
    fn mixes_no_types() {
        let members = [
            endpoint(AtmForm::Nsapa, 20, false),
            endpoint(AtmForm::Nsapa, 20, false),
            endpoint(AtmForm::Nsapa, 20, true),
            endpoint(AtmForm::E164, 8, false),
            endpoint(AtmForm::E164, 9, false),
        ];
        let lens: Vec<usize> = endpoint_parts(&members, 9180, 28)
            .iter()
            .map(|part| part.len())
            .collect();
        assert_eq!(lens, [2, 1, 1, 1]);
    }

    // R2022-5.1.1-03 R2022-5.1.1-04
    #[test]
    fn numbers_parts_from_one_and_marks_the_last() {
        let parts: Vec<_> = numbered(vec!['a', 'b', 'c']).collect();
        assert_eq!(parts, [(1, false, 'a'), (2, false, 'b'), (3, true, 'c')]);
    }

    #[test]
    fn something_always_fits() {
        assert_eq!(capacity(10, 20, 8), 1);
        assert_eq!(capacity(48, 8, 4), 2);
    }
}
