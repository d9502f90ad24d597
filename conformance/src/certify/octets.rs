//! Rules about octets of SCSP, which no case has for its subject and every case asks that demands such a packet: what
//! the server sends is read to the last octet before it is compared. Here is which kinds of packet are about which
//! rule, and which fields tell that it is broken.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::frames;
use crate::trace::{Expected, Trace};

/// A kind of packet that a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// Any.
    Any,
    /// Of this type code.
    Type(u64),
    /// One with stand-alone summaries: a CA, a CSU Reply or a CSUS.
    Summaries,
    /// One to a neighbour that authenticates.
    Sealed,
}

const CA: u64 = 1;
const REQUEST: u64 = 2;
const REPLY: u64 = 3;
const CSUS: u64 = 4;
const HELLO: u64 = 5;

impl Packet {
    /// Whether a packet of this type is one, sent where neighbours authenticate or not.
    const fn is(self, code: u64, sealed: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Type(own) => own == code,
            Self::Summaries => matches!(code, CA | REPLY | CSUS),
            Self::Sealed => sealed,
        }
    }
}

/// A rule, the packets that it is about, and the fields that are wrong where it is broken; with a `!` those at which
/// the reader gives up. One without fields is looked for in `canonical`.
pub(super) type Rule = (&'static str, Packet, &'static [&'static str]);

/// The rules.
pub(super) const RULES: [Rule; 37] = [
    ("R2334-B-01", Packet::Any, &["!llc_snap"]),
    (
        "R2334-B-02",
        Packet::Any,
        &["!start_of_extensions", "!packet_size"],
    ),
    ("R2334-B-03", Packet::Any, &["unused", "hello_unused"]),
    ("R2334-B.1-03", Packet::Any, &["!packet_size", "trailing"]),
    (
        "R2334-B.1-06",
        Packet::Any,
        &["!start_of_extensions", "!type", "!length"],
    ),
    (
        "R2334-B.2.0.1-01",
        Packet::Any,
        &["sender_id", "!sender_id_len", "!recvr_id_len"],
    ),
    ("R2334-B.2.0.1-02", Packet::Any, &["protocol_id"]),
    (
        "R2334-B.2.0.1-03",
        Packet::Any,
        &["!records", "!hop_count", "!rec_id_len"],
    ),
    ("R2334-B.2.0.2-02", Packet::Summaries, &["hop_count"]),
    (
        "R2334-B.2.0.2-05",
        Packet::Summaries,
        &["record_length", "!record_length"],
    ),
    (
        "R2334-B.2.0.2-06",
        Packet::Type(REQUEST),
        &["record_length", "!record_length", "!records"],
    ),
    ("R2334-B.2.0.2-11", Packet::Type(REQUEST), &[]),
    (
        "R2334-B.2.1-01",
        Packet::Type(CA),
        &["!hop_count", "!records", "!record_length"],
    ),
    (
        "R2334-B.2.1-06",
        Packet::Type(CA),
        &["!records", "!hop_count"],
    ),
    ("R2334-B.2.1-07", Packet::Type(CA), &["flags"]),
    (
        "R2334-B.2.1-08",
        Packet::Type(CA),
        &["record_length", "!record_length", "hop_count"],
    ),
    (
        "R2334-2.3-05",
        Packet::Type(REQUEST),
        &["!records", "!hop_count"],
    ),
    (
        "R2334-B.2.2-01",
        Packet::Type(REQUEST),
        &["!records", "!hop_count"],
    ),
    (
        "R2334-B.2.2-02",
        Packet::Type(REQUEST),
        &["!records", "!hop_count"],
    ),
    ("R2334-B.2.2-03", Packet::Type(REQUEST), &["flags"]),
    (
        "R2334-B.2.2.1-01",
        Packet::Type(REQUEST),
        &["!record_length", "!records", "mars"],
    ),
    (
        "R2334-B.2.3-01",
        Packet::Type(REPLY),
        &["!record_length", "!hop_count"],
    ),
    (
        "R2334-B.2.4-01",
        Packet::Type(CSUS),
        &["!record_length", "!hop_count"],
    ),
    ("R2334-B.2.4-02", Packet::Type(CSUS), &["receiver_id"]),
    (
        "R2334-B.2.5-01",
        Packet::Type(HELLO),
        &["hello_interval", "dead_factor"],
    ),
    (
        "R2334-B.2.5-06",
        Packet::Type(HELLO),
        &["!records", "!rec_id_len"],
    ),
    ("R2334-B.2.5-07", Packet::Type(HELLO), &["flags"]),
    (
        "R2334-B.1-07",
        Packet::Sealed,
        &[
            "!start_of_extensions",
            "!records",
            "!type",
            "!length",
            "!value",
        ],
    ),
    ("R2334-B.3-01", Packet::Sealed, &["!length", "!value"]),
    ("R2334-B.3-02", Packet::Sealed, &["!type", "!length"]),
    ("R2334-B.3-04", Packet::Sealed, &["!type"]),
    ("R2334-B.3.1-01", Packet::Sealed, &["extensions"]),
    (
        "R2334-B.3.1.1-01",
        Packet::Sealed,
        &["spi", "mac", "!value"],
    ),
    ("R2334-B.3.1.1-02", Packet::Sealed, &["spi"]),
    ("R2334-B.3.1.1-03", Packet::Sealed, &["mac"]),
    ("R2334-B.3.1.2-01", Packet::Sealed, &["mac"]),
    ("R2334-B.3.2-02", Packet::Sealed, &[]),
];

/// The rules that a case is about because of packets that it demands in every allowed way.
pub(super) fn about(trace: &Trace) -> BTreeSet<&'static str> {
    let config = trace.servers.first().map(|server| &server.config);
    let keys = config.and_then(|config| config.get("auth")?.as_array());
    let sealed = keys.is_some_and(|keys| !keys.is_empty());
    let mut codes = BTreeSet::new();
    for step in &trace.steps {
        let demanded = step.expect.iter().map(|one| {
            let frames = one.outputs.iter().filter_map(|output| match output {
                Expected::Frame { matches, .. } => matches.pointer("/message/type_code")?.as_u64(),
                _ => None,
            });
            frames.collect::<BTreeSet<u64>>()
        });
        let always = demanded.reduce(|one, other| one.intersection(&other).copied().collect());
        codes.extend(always.unwrap_or_default());
    }
    let asks = |packet: Packet| codes.iter().any(|code| packet.is(*code, sealed));
    let rules = RULES.iter().filter(|(_, packet, _)| asks(*packet));
    rules.map(|(id, ..)| *id).collect()
}

/// The rules that a frame breaks in this field.
fn broken(hex: &str, field: &str) -> Vec<&'static str> {
    let octets = frames::unhex(hex).unwrap_or_default();
    let header = frames::Protocol::Scsp.header();
    let Some(packet) = octets.get(header.len()..) else {
        return Vec::new();
    };
    // Only the reader knows whether an odd header was to be one of SCSP.
    if !octets.starts_with(&header) && field != "!llc_snap" {
        return Vec::new();
    }
    let code = packet.get(1).copied().map_or(0, u64::from);
    let extensions = packet.get(6..8).is_some_and(|at| at != [0, 0]);
    let rules = RULES.iter().filter(|(_, packet, fields)| {
        let sealed = extensions || matches!(field, "extensions" | "spi" | "mac");
        packet.is(code, sealed) && fields.contains(&field)
    });
    rules.map(|(id, ..)| *id).collect()
}

/// The rules that are broken by the frame of a failure, by its code and what was got: the frame is the last word of it.
pub(super) fn blamed(code: &str, got: &str) -> Vec<&'static str> {
    let hex = got.rsplit(' ').next().unwrap_or_default();
    if let Some((_, field)) = code.split_once(':') {
        return broken(hex, field);
    }
    let error = frames::unhex(hex).and_then(|octets| frames::read(&octets).err());
    match error.filter(|_| code == "malformed-frame") {
        Some(error) => broken(hex, &format!("!{}", error.field)),
        None => Vec::new(),
    }
}

/// Two extensions of one vendor in a packet (RFC 2334, B.3.2).
pub(super) fn one_vendor_twice(message: &Value) -> bool {
    let all = message.get("extensions").and_then(Value::as_array);
    let vendor = |one: &Value| {
        let private = one.get("type").and_then(Value::as_u64) == Some(2);
        let value = one.get("value").and_then(Value::as_str)?;
        private.then(|| value.get(..6).unwrap_or(value).to_owned())
    };
    let mut seen = BTreeSet::new();
    let mut vendors = all.into_iter().flatten().filter_map(vendor);
    vendors.any(|vendor| !seen.insert(vendor))
}

#[cfg(test)]
mod tests;
