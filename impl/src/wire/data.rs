//! The data encapsulations (RFC 2022, 5.5), which a MARS only ever shows and never handles.

use super::codepoints::PROTOCOL_LONG_FORM;
use super::error::WireError;
use super::reader::{Put, Reader};
use crate::address::Protocol;

/// Who sent a packet, in the two ways that the encapsulations have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Type 1 (RFC 2022, 5.5.1): the Cluster Member ID. The type that is sent: R2022-5.5-01.
    Member(u16),
    /// Type 2 (RFC 2022, 5.5.2): eight opaque octets. Received only: R2022-5.5-02.
    Source([u8; 8]),
}

/// A data frame behind its LLC/SNAP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Who sent it.
    pub sender: Sender,
    /// The layer 3 protocol, short or long form.
    pub protocol: Protocol,
    /// The octets that align the packet; sent zero, ignored, kept.
    pub padding: &'a [u8],
    /// The layer 3 packet.
    pub packet: &'a [u8],
}

/// Octets of padding: to a 32-bit boundary.
const fn padding_length(sender: Sender, protocol: Protocol) -> usize {
    match (sender, protocol.kind) {
        (Sender::Member(_), PROTOCOL_LONG_FORM) => 3,
        (Sender::Member(_), _) => 0,
        (Sender::Source(_), PROTOCOL_LONG_FORM) => 1,
        (Sender::Source(_), _) => 2,
    }
}

/// Reads a Type 1 frame (no LLC/SNAP header).
///
/// # Errors
///
/// [`super::ErrorCode::Truncated`] only.
pub fn decode_type1(octets: &[u8]) -> Result<Data<'_>, WireError> {
    let mut reader = Reader::new(octets);
    let sender = Sender::Member(reader.u16("cmi")?);
    rest(reader, sender)
}

/// Reads a Type 2 frame (no LLC/SNAP header).
///
/// # Errors
///
/// [`super::ErrorCode::Truncated`] only.
pub fn decode_type2(octets: &[u8]) -> Result<Data<'_>, WireError> {
    let mut reader = Reader::new(octets);
    let sender = Sender::Source(reader.array("source_id")?);
    rest(reader, sender)
}

fn rest(mut reader: Reader<'_>, sender: Sender) -> Result<Data<'_>, WireError> {
    let kind = reader.u16("pro_type")?;
    let snap = if kind == PROTOCOL_LONG_FORM {
        reader.array("pro_snap")?
    } else {
        [0; 5]
    };
    let protocol = Protocol { kind, snap };
    let padding = reader.take("padding", padding_length(sender, protocol))?;
    Ok(Data {
        sender,
        protocol,
        padding,
        packet: reader.rest(),
    })
}

impl Data<'_> {
    /// Appends the frame (no LLC/SNAP header). Padding of another length than the form has is cut or
    /// filled up with zeros.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self.sender {
            Sender::Member(cmi) => out.put_u16(cmi),
            Sender::Source(source) => out.put(&source),
        }
        out.put_u16(self.protocol.kind);
        if self.protocol.kind == PROTOCOL_LONG_FORM {
            out.put(&self.protocol.snap);
        }
        let length = padding_length(self.sender, self.protocol);
        let end = out.len() + length;
        out.put(self.padding.get(..length).unwrap_or(self.padding));
        out.resize(end, 0);
        out.put(self.packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_forms_come_back() {
        // R2022-5.5-02
        let octets: Vec<u8> = (0x20..0x60).collect();
        for (kind, lengths) in [(0x0800, [4, 12]), (PROTOCOL_LONG_FORM, [12, 16])] {
            let mut type1 = octets.clone();
            type1[2..4].copy_from_slice(&u16::to_be_bytes(kind));
            let mut type2 = octets.clone();
            type2[8..10].copy_from_slice(&u16::to_be_bytes(kind));
            let one = decode_type1(&type1).unwrap();
            let two = decode_type2(&type2).unwrap();
            assert_eq!(one.sender, Sender::Member(0x2021));
            for (data, octets, length) in [(one, &type1, lengths[0]), (two, &type2, lengths[1])] {
                assert_eq!(data.packet, &octets[length..]);
                let mut again = Vec::new();
                data.encode(&mut again);
                assert_eq!(again, *octets);
            }
            for length in 0..=16 {
                let decoded = decode_type1(&type1[..length]);
                assert_eq!(decoded.is_ok(), length >= lengths[0]);
                let decoded = decode_type2(&type2[..length]);
                assert_eq!(decoded.is_ok(), length >= lengths[1]);
            }
        }
    }
}
