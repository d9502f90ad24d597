//! Addresses and names that every layer shares.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The two families an ATM number may come from (RFC 2022, 5.1.2; bit 6 of a type/length octet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AtmForm {
    /// ATM Forum NSAPA, normally 20 octets.
    Nsapa,
    /// Native E.164.
    E164,
}

/// One ATM number or subaddress of 1 to 63 octets; only as many as `len` says are significant.
///
/// The unused tail is always zero, so that derived equality and hashing are those of the octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtmNumber {
    form: AtmForm,
    len: u8,
    octets: [u8; Self::MAX],
}

impl AtmNumber {
    /// Longest number this implementation keeps; NSAPA and E.164 both fit. A longer one is a
    /// decode error of the message that carries it.
    pub const MAX: usize = 20;

    /// `None` when `octets` is empty or longer than [`Self::MAX`].
    #[must_use]
    #[inline(always)]
    pub fn new(form: AtmForm, octets: &[u8]) -> Option<Self> {
        if octets.is_empty() {
            return None;
        }
        let kept = match <[u8; Self::MAX]>::try_from(octets) {
            // The usual length, copied without a loop.
            Ok(whole) => whole,
            Err(_) => padded(octets)?,
        };
        Some(Self {
            form,
            len: u8::try_from(octets.len()).ok()?,
            octets: kept,
        })
    }

    /// The family of the number.
    #[must_use]
    pub const fn form(&self) -> AtmForm {
        self.form
    }

    /// The significant octets.
    #[must_use]
    #[inline(always)]
    pub fn octets(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.len))
            .unwrap_or(&self.octets)
    }

    /// The type/length octet that announces this number on the wire (RFC 2022, 5.1.2).
    #[must_use]
    pub const fn type_length(&self) -> u8 {
        match self.form {
            AtmForm::Nsapa => self.len,
            AtmForm::E164 => 0x40 | self.len,
        }
    }
}

/// `octets` and then zeros; `None` where they are too many.
fn padded<const N: usize>(octets: &[u8]) -> Option<[u8; N]> {
    let mut kept = [0; N];
    kept.get_mut(..octets.len())?.copy_from_slice(octets);
    Some(kept)
}

impl fmt::Debug for AtmNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:", self.form)?;
        self.octets()
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// An ATM endpoint: a number and, rarely, a subaddress (mar$sha and mar$ssa).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The ATM number, never empty.
    pub number: AtmNumber,
    /// The ATM subaddress, where one is used.
    pub subaddress: Option<AtmNumber>,
}

/// An SCSP server id: Sender ID, Receiver ID and Originator ID of RFC 2334 with the four octets that
/// RFC 2443, 4.1 and 4.2 fix. Ordered as an unsigned 32-bit number (register A03).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerId(pub [u8; 4]);

// As the number and not octet by octet, which gives the same order: every map of records compares ids.
impl Ord for ServerId {
    #[inline]
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        u32::from_be_bytes(self.0).cmp(&u32::from_be_bytes(other.0))
    }
}

impl PartialOrd for ServerId {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

/// A layer 3 address of 0 to 16 octets (mar$spa, mar$tpa, group addresses). Empty means null.
///
/// Two addresses of one length order as big-endian numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolAddress {
    len: u8,
    octets: [u8; Self::MAX],
}

impl ProtocolAddress {
    /// Longest layer 3 address kept.
    pub const MAX: usize = 16;

    /// `None` when longer than [`Self::MAX`].
    #[must_use]
    #[inline(always)]
    pub fn new(octets: &[u8]) -> Option<Self> {
        let kept = match *octets {
            // The usual length, copied without a loop.
            [a, b, c, d] => [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            _ => padded(octets)?,
        };
        Some(Self {
            len: u8::try_from(octets.len()).ok()?,
            octets: kept,
        })
    }

    /// The significant octets; empty for the null address.
    #[must_use]
    #[inline(always)]
    pub fn octets(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.len))
            .unwrap_or(&self.octets)
    }

    /// True for the null address (length zero).
    #[must_use]
    pub const fn is_null(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for ProtocolAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets()
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// The layer 3 protocol a message, record, map or VC belongs to: mar$pro.type and mar$pro.snap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Protocol {
    /// EtherType, or 0x0080 for the long form.
    pub kind: u16,
    /// The five SNAP octets; zero in the short form.
    pub snap: [u8; 5],
}

impl Protocol {
    /// IPv4 in the short form.
    pub const IPV4: Self = Self {
        kind: 0x0800,
        snap: [0; 5],
    };
    /// IPv6 in the short form.
    pub const IPV6: Self = Self {
        kind: 0x86dd,
        snap: [0; 5],
    };
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.kind)?;
        if self.kind == 0x0080 {
            write!(f, ":")?;
            self.snap
                .iter()
                .try_for_each(|octet| write!(f, "{octet:02x}"))?;
        }
        Ok(())
    }
}

/// An inclusive block of group addresses of one length, `min <= max` (a `<min,max>` pair).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupRange {
    min: ProtocolAddress,
    max: ProtocolAddress,
}

impl GroupRange {
    /// `None` when the lengths differ, are zero, or `min` lies above `max`.
    #[must_use]
    #[inline(always)]
    pub fn new(min: ProtocolAddress, max: ProtocolAddress) -> Option<Self> {
        (min.octets().len() == max.octets().len() && !min.is_null() && min <= max)
            .then_some(Self { min, max })
    }

    /// Lowest group of the block.
    #[must_use]
    pub const fn min(&self) -> ProtocolAddress {
        self.min
    }

    /// Highest group of the block.
    #[must_use]
    pub const fn max(&self) -> ProtocolAddress {
        self.max
    }

    /// True for a pair that names one group only.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.min == self.max
    }
}

impl fmt::Debug for GroupRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?},{:?}>", self.min, self.max)
    }
}

/// Lower-case hex of octets, the form every address has in configuration, traces and views.
pub(crate) fn hex(octets: &[u8]) -> String {
    use fmt::Write as _;
    octets.iter().fold(
        String::with_capacity(octets.len() * 2),
        |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        },
    )
}

/// The octets that `text` spells in hex; `None` for odd length or a foreign character.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let mut pairs = digits.chunks_exact(2);
    let octets = pairs
        .by_ref()
        .map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit))
        .collect();
    pairs.remainder().is_empty().then_some(octets)
}

impl Serialize for AtmNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.form, hex(self.octets())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AtmNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (form, text) = <(AtmForm, String)>::deserialize(deserializer)?;
        unhex(&text)
            .and_then(|octets| Self::new(form, &octets))
            .ok_or_else(|| serde::de::Error::custom("an ATM number is 1 to 20 octets of hex"))
    }
}

/// The adapter protocol's form: `{"number":"<hex>","form":"nsapa"|"e164","subaddress":"<hex>"?}`.
#[derive(Serialize, Deserialize)]
struct EndpointText {
    number: String,
    form: AtmForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subaddress: Option<String>,
}

impl Serialize for Endpoint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EndpointText {
            number: hex(self.number.octets()),
            form: self.number.form(),
            subaddress: self.subaddress.map(|number| hex(number.octets())),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = EndpointText::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("an ATM number is 1 to 20 octets of hex");
        let number = unhex(&text.number)
            .and_then(|octets| AtmNumber::new(text.form, &octets))
            .ok_or_else(wrong)?;
        // RFC 2022, 5.1.2: a subaddress is always an NSAPA.
        let subaddress = match text.subaddress.as_deref() {
            None | Some("") => None,
            Some(octets) => Some(
                unhex(octets)
                    .and_then(|octets| AtmNumber::new(AtmForm::Nsapa, &octets))
                    .ok_or_else(wrong)?,
            ),
        };
        Ok(Self { number, subaddress })
    }
}

impl Serialize for ProtocolAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex(self.octets()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ProtocolAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text)
            .and_then(|octets| Self::new(&octets))
            .ok_or_else(|| serde::de::Error::custom("a protocol address is 0 to 16 octets of hex"))
    }
}

/// The pair `[min, max]`.
impl Serialize for GroupRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.min, self.max).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for GroupRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (min, max) = <(ProtocolAddress, ProtocolAddress)>::deserialize(deserializer)?;
        Self::new(min, max).ok_or_else(|| {
            serde::de::Error::custom("a block is two groups of one length, the lower one first")
        })
    }
}
