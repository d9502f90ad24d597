//! The harness's own reader and writer of frames.
//!
//! Frames of an implementation under test must not be judged with its own code, so this codec is a
//! second one, small and slow, made of layout tables (name, width, where a length comes from) and two
//! engines that walk them. Its values are the JSON objects that `wire decode` prints:
//! field names in `snake_case` without `mar$`, addresses and opaque octets in lower-case hex, integers
//! as numbers. What is not canonical is kept (`unused`, `padding`, `checksum`, `gap`, `trailing`), so
//! that writing what was read gives the same octets.
//!
//! On writing, lengths, counts, sizes, checksums, offsets and type/length octets (NSAPA) may be left
//! out and are computed; what is given is written as it is, right or wrong.

mod build;
mod data;
mod error;
mod layout;
mod lines;
pub(crate) mod mac;
mod mars;
mod octets;
pub mod peer;
mod scsp;
pub(crate) mod seal;
#[cfg(test)]
mod tests;

pub use build::{csu_request, csu_request_records};
pub use error::{ErrorCode, FrameError};
pub use lines::{decode_line, encode_line, octets_of_line};
pub use octets::{checksum, hex, unhex};
pub use scsp::summary;
use serde_json::{Value, json};

/// What an LLC/SNAP header says that a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// MARS control (RFC 2022, 4.2).
    Mars,
    /// SCSP (RFC 2334, 2.1).
    Scsp,
    /// Type 1 data (RFC 2022, 5.5.1).
    Data1,
    /// Type 2 data (RFC 2022, 5.5.2).
    Data2,
}

/// LLC and the OUI of the IETF, which all four have in common.
const LLC_OUI: [u8; 6] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e];

impl Protocol {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Mars, Self::Scsp, Self::Data1, Self::Data2];

    /// The name in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mars => "mars",
            Self::Scsp => "scsp",
            Self::Data1 => "data1",
            Self::Data2 => "data2",
        }
    }

    /// The protocol of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    const fn pid(self) -> [u8; 2] {
        match self {
            Self::Mars => [0, 3],
            Self::Scsp => [0, 5],
            Self::Data1 => [0, 1],
            Self::Data2 => [0, 4],
        }
    }

    /// The eight octets of its LLC/SNAP header.
    #[must_use]
    pub const fn header(self) -> [u8; 8] {
        let [a, b, c, d, e, f] = LLC_OUI;
        let [g, h] = self.pid();
        [a, b, c, d, e, f, g, h]
    }
}

/// Reads a whole frame: `{"protocol":..,"message":{..}}`.
///
/// # Errors
/// Everything of the closed list but `bad-json`; offsets count from the start of `frame`.
pub fn read(frame: &[u8]) -> Result<Value, FrameError> {
    let Some((header, rest)) = frame.split_first_chunk::<8>() else {
        let detail = format!("wanted 8 octets, {} left", frame.len());
        return Err(FrameError::new(ErrorCode::Truncated, "llc_snap", 0, detail));
    };
    let known = Protocol::ALL
        .into_iter()
        .find(|one| one.header() == *header);
    let Some(protocol) = known else {
        let detail = format!("{} is none of the four known headers", hex(header));
        return Err(FrameError::new(
            ErrorCode::BadEncapsulation,
            "llc_snap",
            0,
            detail,
        ));
    };
    read_at(protocol, rest, header.len())
}

/// The message of an SCSP frame that [`read`] refuses for nothing but octets behind the last record, as one reads it to
/// whom they do not matter (register C29).
pub(crate) fn read_past_left_over(frame: &[u8]) -> Option<Value> {
    let (header, packet) = frame.split_first_chunk::<8>()?;
    if *header != Protocol::Scsp.header() {
        return None;
    }
    match scsp::read_but_for_left_over(packet, header.len()).ok()? {
        (message, Some(_)) => Some(message),
        (_, None) => None,
    }
}

/// Reads a message without its LLC/SNAP header, to the same value as [`read`].
///
/// # Errors
/// As [`read`]; offsets count from the start of `message`.
pub fn read_bare(protocol: Protocol, message: &[u8]) -> Result<Value, FrameError> {
    read_at(protocol, message, 0)
}

fn read_at(protocol: Protocol, octets: &[u8], base: usize) -> Result<Value, FrameError> {
    let message = match protocol {
        Protocol::Mars => mars::read_message(octets, base)?,
        Protocol::Scsp => scsp::read_packet(octets, base)?,
        Protocol::Data1 => data::read_data(&data::TYPE1, octets, base)?,
        Protocol::Data2 => data::read_data(&data::TYPE2, octets, base)?,
    };
    Ok(json!({ "protocol": protocol.as_str(), "message": message }))
}

/// Writes a whole frame from the value that [`read`] gives.
///
/// # Errors
/// `bad-json` for a value of the wrong shape, `bad-length` for a computed length that does not fit.
pub fn write(frame: &Value) -> Result<Vec<u8>, FrameError> {
    let mut out = protocol_of(frame)?.header().to_vec();
    out.extend(write_bare(frame)?);
    Ok(out)
}

/// Writes the message of such a value without its LLC/SNAP header.
///
/// # Errors
/// As [`write()`].
pub fn write_bare(frame: &Value) -> Result<Vec<u8>, FrameError> {
    let message = frame.get("message").unwrap_or(&Value::Null);
    let mut out = Vec::new();
    match protocol_of(frame)? {
        Protocol::Mars => mars::write_message(message, &mut out)?,
        Protocol::Scsp => scsp::write_packet(message, &mut out)?,
        Protocol::Data1 => data::write_data(&data::TYPE1, message, &mut out)?,
        Protocol::Data2 => data::write_data(&data::TYPE2, message, &mut out)?,
    }
    Ok(out)
}

fn protocol_of(frame: &Value) -> Result<Protocol, FrameError> {
    let name = frame.get("protocol").and_then(Value::as_str);
    name.and_then(Protocol::from_name)
        .ok_or_else(|| layout::not("protocol", 0, "mars, scsp, data1 or data2"))
}
