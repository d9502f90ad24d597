//! Lists of addresses at the end of MARS messages.
//!
//! Each is checked when it is made, is `Copy`, and looks either into a received message or at a slice.

use core::fmt;

use super::address::{Shape, endpoint, group_range, protocol_address};
use crate::address::{Endpoint, GroupRange, ProtocolAddress};
use crate::wire::error::{ErrorCode, WireError};
use crate::wire::reader::{Put, Reader};

macro_rules! list_traits {
    ($list:ident, $iter:ident, $item:ty) => {
        impl<'a> IntoIterator for $list<'a> {
            type Item = $item;
            type IntoIter = $iter<'a>;

            fn into_iter(self) -> $iter<'a> {
                self.iter()
            }
        }

        impl fmt::Debug for $list<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }
    };
}

/// Offset of mar$pnum.
const PNUM_AT: usize = 22;
/// Offset of mar$tnum.
const TNUM_AT: usize = 24;

/// A count of members that have no octets: each would cost its sender nothing.
fn no_octets(field: &'static str, at: usize, count: u16) -> WireError {
    WireError::new(ErrorCode::BadLength, field, at, u64::from(count))
}

/// Inclusive blocks of groups: `mar$min.1, mar$max.1, ...`.
#[derive(Clone, Copy)]
pub struct PairList<'a>(Pairs<'a>);

#[derive(Clone, Copy)]
enum Pairs<'a> {
    Octets {
        reader: Reader<'a>,
        length: u8,
        count: u16,
    },
    Items(&'a [GroupRange]),
    /// Pairs of no octets, or none.
    Null {
        length: u8,
        count: u16,
    },
}

impl<'a> PairList<'a> {
    /// `None` when the groups differ in length: mar$tpln holds for all.
    #[must_use]
    pub fn new(ranges: &'a [GroupRange]) -> Option<Self> {
        let length = |range: &GroupRange| range.min().octets().len();
        ranges
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if length(a) == length(b)))
            .then_some(Self(Pairs::Items(ranges)))
    }

    /// `count` pairs of no octets with mar$tpln 0: what a registration carries (register F06 takes
    /// count 1 for sending).
    #[must_use]
    pub const fn null(count: u16) -> Self {
        Self(Pairs::Null { length: 0, count })
    }

    /// No pairs, with mar$tpln saying `group_len`.
    #[must_use]
    pub const fn empty(group_len: u8) -> Self {
        Self(Pairs::Null {
            length: group_len,
            count: 0,
        })
    }

    pub(super) fn read(reader: &mut Reader<'a>, length: u8, count: u16) -> Result<Self, WireError> {
        // Register F06 has one pair of no octets; more would cost their sender nothing.
        if length == 0 && count > 1 {
            return Err(no_octets("pnum", PNUM_AT, count));
        }
        if length == 0 || count == 0 {
            return Ok(Self(Pairs::Null { length, count }));
        }
        let start = *reader;
        let mut last: Option<GroupRange> = None;
        for _ in 0..count {
            let before = *reader;
            let range = group_range(reader, length, PAIR)?;
            // R2022-5.2.1-17
            if last.is_some_and(|last| GroupRange::max(&last) >= GroupRange::min(&range)) {
                return Err(before.error(ErrorCode::BadValue, "min", u64::from(length)));
            }
            last = Some(range);
        }
        Ok(Self(Pairs::Octets {
            reader: start,
            length,
            count,
        }))
    }

    /// mar$pnum: pairs of no octets count too.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Pairs::Octets { count, .. } | Pairs::Null { count, .. } => count as usize,
            Pairs::Items(items) => items.len(),
        }
    }

    /// True when mar$pnum is zero.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// mar$tpln; 0 for an empty slice.
    #[must_use]
    pub fn group_len(&self) -> u8 {
        match self.0 {
            Pairs::Octets { length, .. } | Pairs::Null { length, .. } => length,
            Pairs::Items(items) => items.first().map_or(0, |range| {
                u8::try_from(range.min().octets().len()).unwrap_or(u8::MAX)
            }),
        }
    }

    /// The blocks in order; pairs of no octets give none.
    #[must_use]
    pub fn iter(&self) -> PairIter<'a> {
        PairIter(match self.0 {
            Pairs::Octets {
                reader,
                length,
                count,
            } => Iter::Octets {
                reader,
                length,
                left: count,
            },
            Pairs::Items(items) => Iter::Items(items.iter()),
            Pairs::Null { .. } => Iter::Items([].iter()),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for range in self.iter() {
            out.put(GroupRange::min(&range).octets());
            out.put(GroupRange::max(&range).octets());
        }
    }
}

impl Default for PairList<'_> {
    fn default() -> Self {
        Self(Pairs::Items(&[]))
    }
}

impl PartialEq for PairList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.group_len() == other.group_len()
            && self.iter().eq(other.iter())
    }
}

impl Eq for PairList<'_> {}

/// Iterator over a [`PairList`].
#[derive(Clone, Debug)]
pub struct PairIter<'a>(Iter<'a, u8, GroupRange>);

#[derive(Clone, Debug)]
enum Iter<'a, S, T> {
    Octets {
        reader: Reader<'a>,
        length: S,
        left: u16,
    },
    Items(core::slice::Iter<'a, T>),
}

impl<S: Copy, T: Copy> Iter<'_, S, T> {
    fn step(&mut self, read: impl FnOnce(&mut Reader<'_>, S) -> Result<T, WireError>) -> Option<T> {
        match self {
            Self::Octets {
                reader,
                length,
                left,
            } => {
                *left = left.checked_sub(1)?;
                // Read once before, when the list was made.
                read(reader, *length).ok()
            }
            Self::Items(items) => items.next().copied(),
        }
    }
}

impl Iterator for PairIter<'_> {
    type Item = GroupRange;

    fn next(&mut self) -> Option<GroupRange> {
        self.0
            .step(|reader, length| group_range(reader, length, PAIR))
    }
}

list_traits!(PairList, PairIter, GroupRange);

/// Groups: what a GROUPLIST_REPLY lists.
#[derive(Clone, Copy)]
pub struct AddressList<'a>(Addresses<'a>);

#[derive(Clone, Copy)]
enum Addresses<'a> {
    Octets {
        reader: Reader<'a>,
        length: u8,
        count: u16,
    },
    Items(&'a [ProtocolAddress]),
}

impl<'a> AddressList<'a> {
    /// `None` when the groups differ in length.
    #[must_use]
    pub fn new(groups: &'a [ProtocolAddress]) -> Option<Self> {
        groups
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.octets().len() == b.octets().len()))
            .then_some(Self(Addresses::Items(groups)))
    }

    /// No groups, with mar$tpln saying `group_len`.
    #[must_use]
    pub const fn empty(group_len: u8) -> Self {
        Self(Addresses::Octets {
            reader: Reader::new(&[]),
            length: group_len,
            count: 0,
        })
    }

    pub(super) fn read(reader: &mut Reader<'a>, length: u8, count: u16) -> Result<Self, WireError> {
        if length == 0 && count > 0 {
            return Err(no_octets("tnum", TNUM_AT, count));
        }
        let start = *reader;
        for _ in 0..count {
            protocol_address(reader, "group", length)?;
        }
        Ok(Self(Addresses::Octets {
            reader: start,
            length,
            count,
        }))
    }

    /// mar$tnum.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Addresses::Octets { count, .. } => count as usize,
            Addresses::Items(items) => items.len(),
        }
    }

    /// True without groups.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// mar$tpln; 0 for an empty slice.
    #[must_use]
    pub fn group_len(&self) -> u8 {
        match self.0 {
            Addresses::Octets { length, .. } => length,
            Addresses::Items(items) => items.first().map_or(0, |group| {
                u8::try_from(group.octets().len()).unwrap_or(u8::MAX)
            }),
        }
    }

    /// The groups in order.
    #[must_use]
    pub fn iter(&self) -> AddressIter<'a> {
        AddressIter(match self.0 {
            Addresses::Octets {
                reader,
                length,
                count,
            } => Iter::Octets {
                reader,
                length,
                left: count,
            },
            Addresses::Items(items) => Iter::Items(items.iter()),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|group| out.put(group.octets()));
    }
}

impl Default for AddressList<'_> {
    fn default() -> Self {
        Self(Addresses::Items(&[]))
    }
}

impl PartialEq for AddressList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.group_len() == other.group_len() && self.iter().eq(other.iter())
    }
}

impl Eq for AddressList<'_> {}

/// Iterator over an [`AddressList`].
#[derive(Clone, Debug)]
pub struct AddressIter<'a>(Iter<'a, u8, ProtocolAddress>);

impl Iterator for AddressIter<'_> {
    type Item = ProtocolAddress;

    fn next(&mut self) -> Option<ProtocolAddress> {
        self.0
            .step(|reader, length| protocol_address(reader, "group", length))
    }
}

list_traits!(AddressList, AddressIter, ProtocolAddress);

/// ATM endpoints of one type and length: R2022-5.1.1-07.
#[derive(Clone, Copy)]
pub struct EndpointList<'a>(Endpoints<'a>);

#[derive(Clone, Copy)]
enum Endpoints<'a> {
    Octets {
        reader: Reader<'a>,
        shape: (Shape, Shape),
        count: u16,
    },
    Items {
        items: &'a [Endpoint],
        type_lengths: (u8, u8),
    },
}

impl<'a> EndpointList<'a> {
    /// `None` when the endpoints differ in form or length of number or subaddress: those go in
    /// separate parts (R2022-5.1.1-08).
    #[must_use]
    pub fn new(endpoints: &'a [Endpoint]) -> Option<Self> {
        let (thtl, tstl) = endpoints.first().map_or((0, 0), type_lengths);
        Self::with_type_lengths(endpoints, thtl, tstl)
    }

    /// As [`Self::new`] with mar$thtl and mar$tstl given: they count when the list is empty, and bit 6
    /// of mar$tstl may be set where there is no subaddress (R2022-5.1.2-06). `None` also when an
    /// endpoint does not fit them.
    #[must_use]
    pub fn with_type_lengths(endpoints: &'a [Endpoint], thtl: u8, tstl: u8) -> Option<Self> {
        let null = |octet: u8| if octet & 0x3f == 0 { 0 } else { octet };
        endpoints
            .iter()
            .all(|one| type_lengths(one) == (thtl, null(tstl)))
            .then_some(Self(Endpoints::Items {
                items: endpoints,
                type_lengths: (thtl, tstl),
            }))
    }

    pub(super) fn read(
        reader: &mut Reader<'a>,
        shape: (Shape, Shape),
        count: u16,
    ) -> Result<Self, WireError> {
        if shape.0.is_null() && count > 0 {
            return Err(no_octets("tnum", TNUM_AT, count));
        }
        let start = *reader;
        for _ in 0..count {
            endpoint(reader, shape.0, shape.1, TARGET)?;
        }
        Ok(Self(Endpoints::Octets {
            reader: start,
            shape,
            count,
        }))
    }

    /// mar$tnum.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Endpoints::Octets { count, .. } => count as usize,
            Endpoints::Items { items, .. } => items.len(),
        }
    }

    /// True without endpoints.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// mar$thtl and mar$tstl; zero for an empty slice.
    #[must_use]
    pub fn type_lengths(&self) -> (u8, u8) {
        match self.0 {
            Endpoints::Octets { shape, .. } => (shape.0.octet(), shape.1.octet()),
            Endpoints::Items { type_lengths, .. } => type_lengths,
        }
    }

    /// The endpoints in order.
    #[must_use]
    pub fn iter(&self) -> EndpointIter<'a> {
        EndpointIter(match self.0 {
            Endpoints::Octets {
                reader,
                shape,
                count,
            } => Iter::Octets {
                reader,
                length: shape,
                left: count,
            },
            Endpoints::Items { items, .. } => Iter::Items(items.iter()),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|one| write_endpoint(&one, out));
    }
}

/// Field names of list members in errors.
const TARGET: (&str, &str) = ("tha", "tsa");
const PAIR: (&str, &str) = ("min", "max");

/// The type/length octets of an endpoint; a null subaddress has zero.
fn type_lengths(endpoint: &Endpoint) -> (u8, u8) {
    (
        endpoint.number.type_length(),
        endpoint
            .subaddress
            .map_or(0, |subaddress| subaddress.type_length()),
    )
}

pub(super) fn write_endpoint(endpoint: &Endpoint, out: &mut Vec<u8>) {
    out.put(endpoint.number.octets());
    if let Some(subaddress) = endpoint.subaddress {
        out.put(subaddress.octets());
    }
}

impl Default for EndpointList<'_> {
    fn default() -> Self {
        Self(Endpoints::Items {
            items: &[],
            type_lengths: (0, 0),
        })
    }
}

impl PartialEq for EndpointList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.type_lengths() == other.type_lengths() && self.iter().eq(other.iter())
    }
}

impl Eq for EndpointList<'_> {}

/// Iterator over an [`EndpointList`].
#[derive(Clone, Debug)]
pub struct EndpointIter<'a>(Iter<'a, (Shape, Shape), Endpoint>);

impl Iterator for EndpointIter<'_> {
    type Item = Endpoint;

    fn next(&mut self) -> Option<Endpoint> {
        self.0
            .step(|reader, shape| endpoint(reader, shape.0, shape.1, TARGET))
    }
}

list_traits!(EndpointList, EndpointIter, Endpoint);
