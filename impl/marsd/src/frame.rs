//! Frames on a TCP connection that stands for one VC. The format is told in `FRAMING.md`.

use std::fmt;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use distributed_mars::address::{AtmForm, AtmNumber, Endpoint};

/// First octets of a set-up.
pub const MAGIC: [u8; 4] = *b"MARS";
/// The version of the framing.
pub const VERSION: u8 = 1;
/// Octets of a frame's header.
pub const HEADER: usize = 4;
/// Longest label of a set-up.
pub const LONGEST_LABEL: usize = 64;
/// Longest payload of any frame but [`Frame::Sdu`].
const LONGEST_CONTROL: usize = 512;
/// Keep-alive intervals that a set-up may announce, milliseconds.
pub const KEEP_ALIVE: [u32; 2] = [10, 600_000];

/// What a VC is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Point-to-point, both ways.
    Point,
    /// The called is a leaf of the caller's point-to-multipoint VC: SDUs go from caller to called only.
    Leaf,
}

/// The first frame on a connection, from the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What for.
    pub purpose: Purpose,
    /// The caller sends some frame at least this often, milliseconds.
    pub keep_alive_ms: u32,
    /// Who calls.
    pub calling: Endpoint,
    /// Who is called.
    pub called: Endpoint,
    /// Which point-to-multipoint VC, for people; at most [`LONGEST_LABEL`] octets.
    pub label: String,
}

/// Why a call is rejected or a VC released. The numbers of UNI 3.1 where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause(pub u8);

impl Cause {
    /// The called address is not ours.
    pub const NO_ROUTE: Self = Self(3);
    /// The normal end.
    pub const NORMAL: Self = Self(16);
    /// The peer did not take what was sent.
    pub const SLOW: Self = Self(17);
    /// The called does not want this VC.
    pub const REJECTED: Self = Self(21);
    /// The host behind the connection was not heard for too long, or cannot be reached.
    pub const OUT_OF_ORDER: Self = Self(27);
    /// Too many VCs; may pass.
    pub const NO_RESOURCE: Self = Self(47);
    /// The other side does not speak the framing.
    pub const PROTOCOL: Self = Self(111);

    /// The cause that an endpoint is told when a leaf fails: temporary troubles have one of the numbers
    /// that RFC 2022 has a client try again.
    #[must_use]
    pub const fn for_leaf(self) -> u8 {
        match self {
            Self::NO_RESOURCE => 37,
            Self(cause) => cause,
        }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The caller's first.
    Setup(Setup),
    /// The called takes the call.
    Accept {
        /// The called sends some frame at least this often, milliseconds.
        keep_alive_ms: u32,
    },
    /// The called does not take the call; the connection ends.
    Reject(Cause),
    /// An AAL5 SDU with its LLC/SNAP header, 1 to 65535 octets.
    Sdu(Bytes),
    /// Nothing, but the sender lives.
    Alive,
    /// The VC ends; the connection is closed.
    Release(Cause),
}

/// What is wrong with octets that should be frames. The connection cannot be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// No frame of that type.
    UnknownType(u8),
    /// The octet that must be zero is not.
    Reserved(u8),
    /// Longer than allowed.
    TooLong {
        /// What the header says.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A frame that needs a payload has none, or too little of it.
    Short,
    /// Octets after the last field.
    Trailing(usize),
    /// A set-up that does not begin with the magic.
    Magic,
    /// A version that is not spoken.
    Version(u8),
    /// A purpose that does not exist.
    Purpose(u8),
    /// A type/length octet that announces no address.
    Address(u8),
    /// A label that is too long or no UTF-8.
    Label,
    /// A keep-alive interval out of bounds.
    KeepAlive(u32),
    /// A frame where another kind is due.
    Unexpected,
}

impl FrameError {
    /// Stable name, for counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownType(_) => "unknown-type",
            Self::Reserved(_) => "reserved",
            Self::TooLong { .. } => "too-long",
            Self::Short => "short",
            Self::Trailing(_) => "trailing",
            Self::Magic => "magic",
            Self::Version(_) => "version",
            Self::Purpose(_) => "purpose",
            Self::Address(_) => "address",
            Self::Label => "label",
            Self::KeepAlive(_) => "keep-alive",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType(kind) => write!(f, "no frame has type {kind:#04x}"),
            Self::Reserved(octet) => write!(f, "the second octet is {octet:#04x} and not zero"),
            Self::TooLong { length, limit } => {
                write!(f, "a payload of {length} octets, {limit} are allowed")
            }
            Self::Short => f.write_str("the payload ends too early"),
            Self::Trailing(count) => write!(f, "{count} octets after the last field"),
            Self::Magic => f.write_str("the set-up does not begin with MARS"),
            Self::Version(version) => write!(f, "version {version} is not spoken, {VERSION} is"),
            Self::Purpose(purpose) => write!(f, "no purpose {purpose}"),
            Self::Address(octet) => write!(f, "type and length {octet:#04x} are no address"),
            Self::Label => f.write_str("the label is too long or no UTF-8"),
            Self::KeepAlive(ms) => write!(f, "a keep-alive of {ms} ms is out of bounds"),
            Self::Unexpected => f.write_str("another kind of frame is due"),
        }
    }
}

impl std::error::Error for FrameError {}

const SETUP: u8 = 0x01;
const ACCEPT: u8 = 0x02;
const REJECT: u8 = 0x03;
const SDU: u8 = 0x10;
const ALIVE: u8 = 0x20;
const RELEASE: u8 = 0x30;

impl Frame {
    /// Appends the frame. An SDU of more than 65535 octets is cut off there.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Setup(setup) => {
                let mut payload = BytesMut::with_capacity(128);
                setup.encode(&mut payload);
                put(out, SETUP, &payload);
            }
            Self::Accept { keep_alive_ms } => put(out, ACCEPT, &keep_alive_ms.to_be_bytes()),
            Self::Reject(Cause(cause)) => put(out, REJECT, &[*cause]),
            Self::Sdu(octets) => put(out, SDU, octets),
            Self::Alive => put(out, ALIVE, &[]),
            Self::Release(Cause(cause)) => put(out, RELEASE, &[*cause]),
        }
    }

    /// Takes the first whole frame out of `input`; `None` while it is not whole. No more than the header
    /// and `longest_sdu` octets are ever waited for.
    ///
    /// # Errors
    /// What is wrong; `input` is of no use any more.
    pub fn decode(input: &mut BytesMut, longest_sdu: usize) -> Result<Option<Self>, FrameError> {
        let Some(&[kind, reserved, high, low]) = input.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (least, most) = match kind {
            SETUP => (1, LONGEST_CONTROL),
            ACCEPT => (4, 4),
            REJECT | RELEASE => (1, 1),
            SDU => (1, longest_sdu),
            ALIVE => (0, 0),
            _ => return Err(FrameError::UnknownType(kind)),
        };
        if reserved != 0 {
            return Err(FrameError::Reserved(reserved));
        }
        if length > most {
            return Err(FrameError::TooLong {
                length,
                limit: most,
            });
        }
        if length < least {
            return Err(FrameError::Short);
        }
        if input.len() < HEADER + length {
            return Ok(None);
        }
        input.advance(HEADER);
        let mut payload = input.split_to(length).freeze();
        Ok(Some(match kind {
            SETUP => Self::Setup(Setup::decode(payload)?),
            ACCEPT => Self::Accept {
                keep_alive_ms: keep_alive(payload.get_u32())?,
            },
            REJECT => Self::Reject(Cause(payload.get_u8())),
            SDU => Self::Sdu(payload),
            ALIVE => Self::Alive,
            _ => Self::Release(Cause(payload.get_u8())),
        }))
    }
}

/// A header and a payload.
fn put(out: &mut BytesMut, kind: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    out.reserve(HEADER + usize::from(length));
    out.put_u8(kind);
    out.put_u8(0);
    out.put_u16(length);
    out.put_slice(payload.get(..usize::from(length)).unwrap_or(payload));
}

/// The header of an SDU of that length.
#[must_use]
pub fn sdu_header(length: u16) -> [u8; HEADER] {
    let [high, low] = length.to_be_bytes();
    [SDU, 0, high, low]
}

const fn keep_alive(ms: u32) -> Result<u32, FrameError> {
    let [least, most] = KEEP_ALIVE;
    if ms < least || ms > most {
        return Err(FrameError::KeepAlive(ms));
    }
    Ok(ms)
}

impl Setup {
    fn encode(&self, out: &mut BytesMut) {
        out.put_slice(&MAGIC);
        out.put_u8(VERSION);
        out.put_u8(match self.purpose {
            Purpose::Point => 0,
            Purpose::Leaf => 1,
        });
        out.put_u32(self.keep_alive_ms);
        put_endpoint(out, self.calling);
        put_endpoint(out, self.called);
        let label = self.label.as_bytes();
        let label = label.get(..LONGEST_LABEL).unwrap_or(label);
        out.put_u8(u8::try_from(label.len()).unwrap_or(0));
        out.put_slice(label);
    }

    fn decode(mut input: Bytes) -> Result<Self, FrameError> {
        let magic = take(&mut input, MAGIC.len())?;
        if magic != MAGIC[..] {
            return Err(FrameError::Magic);
        }
        match octet(&mut input)? {
            VERSION => {}
            version => return Err(FrameError::Version(version)),
        }
        let purpose = match octet(&mut input)? {
            0 => Purpose::Point,
            1 => Purpose::Leaf,
            purpose => return Err(FrameError::Purpose(purpose)),
        };
        let keep_alive_ms = keep_alive(take(&mut input, 4)?.get_u32())?;
        let calling = endpoint(&mut input)?;
        let called = endpoint(&mut input)?;
        let length = usize::from(octet(&mut input)?);
        if length > LONGEST_LABEL {
            return Err(FrameError::Label);
        }
        let label = take(&mut input, length)?;
        let label = str::from_utf8(&label).map_err(|_| FrameError::Label)?;
        if !input.is_empty() {
            return Err(FrameError::Trailing(input.len()));
        }
        Ok(Self {
            purpose,
            keep_alive_ms,
            calling,
            called,
            label: label.to_owned(),
        })
    }
}

fn take(input: &mut Bytes, count: usize) -> Result<Bytes, FrameError> {
    if input.len() < count {
        return Err(FrameError::Short);
    }
    Ok(input.split_to(count))
}

fn octet(input: &mut Bytes) -> Result<u8, FrameError> {
    take(input, 1).map(|mut octet| octet.get_u8())
}

/// Number and subaddress, each with the type/length octet of RFC 2022, 5.1.2; zero for no subaddress.
fn put_endpoint(out: &mut BytesMut, endpoint: Endpoint) {
    out.put_u8(endpoint.number.type_length());
    out.put_slice(endpoint.number.octets());
    match endpoint.subaddress {
        Some(number) => {
            out.put_u8(number.type_length());
            out.put_slice(number.octets());
        }
        None => out.put_u8(0),
    }
}

fn number(input: &mut Bytes) -> Result<Option<AtmNumber>, FrameError> {
    let head = octet(input)?;
    let form = match head & 0xc0 {
        0x00 => AtmForm::Nsapa,
        0x40 => AtmForm::E164,
        _ => return Err(FrameError::Address(head)),
    };
    let octets = take(input, usize::from(head & 0x3f))?;
    if octets.is_empty() {
        // Only the plain zero says that there is none.
        return if head == 0 {
            Ok(None)
        } else {
            Err(FrameError::Address(head))
        };
    }
    match AtmNumber::new(form, &octets) {
        Some(number) => Ok(Some(number)),
        None => Err(FrameError::Address(head)),
    }
}

fn endpoint(input: &mut Bytes) -> Result<Endpoint, FrameError> {
    let number = number(input)?.ok_or(FrameError::Address(0))?;
    let subaddress = self::number(input)?;
    if subaddress.is_some_and(|number| number.form() == AtmForm::E164) {
        return Err(FrameError::Address(0x40));
    }
    Ok(Endpoint { number, subaddress })
}

#[cfg(test)]
mod tests;
