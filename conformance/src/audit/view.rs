//! Frames as the monitors look at them: what `frames/` read, with the fields that matter by name.

use serde_json::Value;

use crate::frames;

/// An ATM address as text: the number in hex, and behind a slash the subaddress, if there is one.
pub(super) type Atm = String;

/// One frame.
#[derive(Clone, Debug)]
pub(super) enum View {
    /// RFC 2334.
    Scsp(Box<Scsp>),
    /// RFC 2022.
    Mars(Box<Mars>),
    /// Layer 3 data, which no server sends or takes.
    Data,
    /// What the reader refuses, and why.
    Bad(String),
}

/// An SCSP message.
#[derive(Clone, Debug, Default)]
pub(super) struct Scsp {
    pub(super) kind: u64,
    pub(super) group: u64,
    pub(super) protocol: u64,
    pub(super) flags: u64,
    pub(super) sender: String,
    /// Every receiver that is named, the additional ones of a Hello included.
    pub(super) receivers: Vec<String>,
    pub(super) number: u64,
    pub(super) interval_s: u64,
    pub(super) dead_factor: u64,
    pub(super) records: Vec<Record>,
    /// Records whose MARS part the reader refuses.
    pub(super) refused: usize,
    pub(super) extended: bool,
    /// Octets are left over behind the last record.
    pub(super) left_over: bool,
    pub(super) value: Value,
}

/// A record or its summary.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) hops: u64,
    pub(super) key: String,
    pub(super) origin: String,
    pub(super) number: i64,
    pub(super) null: bool,
    pub(super) body: Option<Body>,
}

/// The MARS part of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Body {
    pub(super) pro: String,
    pub(super) state: u64,
    pub(super) register: bool,
    pub(super) flags: u64,
    pub(super) cmi: u64,
    pub(super) atm: Atm,
    pub(super) range: Option<(String, String)>,
    pub(super) value: Value,
}

/// A MARS message.
#[derive(Clone, Debug, Default)]
pub(super) struct Mars {
    pub(super) op: u64,
    pub(super) pro: String,
    pub(super) flags: u64,
    pub(super) cmi: u64,
    pub(super) msn: Option<u64>,
    pub(super) source: Atm,
    pub(super) spa: String,
    pub(super) pairs: Vec<(String, String)>,
    pub(super) group: String,
    pub(super) targets: Vec<Atm>,
    pub(super) part: u64,
    pub(super) extended: bool,
    pub(super) value: Value,
}

impl Mars {
    pub(super) const fn copy(&self) -> bool {
        self.flags & 0x4000 != 0
    }
    pub(super) const fn register(&self) -> bool {
        self.flags & 0x2000 != 0
    }
    pub(super) const fn punched(&self) -> bool {
        self.flags & 0x1000 != 0
    }
}

fn text(value: &Value, key: &str) -> String {
    let text = value.get(key).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn joined(number: String, sub: &str) -> Atm {
    if sub.is_empty() {
        number
    } else {
        format!("{number}/{sub}")
    }
}

/// The address of the adapter protocol's form.
pub(super) fn atm(peer: &Value) -> Atm {
    joined(text(peer, "number"), &text(peer, "subaddress"))
}

/// `mar$pro` as text: the type in hex, and the SNAP part of a long form.
pub(super) fn protocol(kind: u64, snap: &str) -> String {
    if kind == 0x80 {
        format!("0080:{snap}")
    } else {
        format!("{kind:04x}")
    }
}

fn record(value: &Value) -> Option<Record> {
    let body = value.get("mars").map(|part| Body {
        pro: protocol(number(part, "protocol_type"), &text(part, "snap")),
        state: number(part, "state"),
        register: number(part, "flags") & 0x2000 != 0,
        flags: number(part, "flags"),
        cmi: number(part, "cluster_member_id"),
        atm: joined(
            text(part, "source_atm_address"),
            &text(part, "source_atm_subaddress"),
        ),
        range: (number(part, "group_addr_len") != 0).then(|| {
            (
                text(part, "minimum_group_address"),
                text(part, "maximum_group_address"),
            )
        }),
        value: part.clone(),
    });
    Some(Record {
        hops: value.get("hop_count")?.as_u64()?,
        key: text(value, "cache_key"),
        origin: text(value, "originator_id"),
        number: value.get("csa_sequence_number")?.as_i64()?,
        null: number(value, "flags") & 0x8000 != 0,
        body,
    })
}

/// The summary of a record whose MARS part is refused: RFC 2334, B.2.0.2.
fn summary_of(hex: &str) -> Option<Record> {
    let number = u32::from_str_radix(hex.get(16..24)?, 16).ok()?;
    Some(Record {
        hops: u64::from_str_radix(hex.get(0..4)?, 16).ok()?,
        key: hex.get(24..32)?.to_owned(),
        origin: hex.get(32..40)?.to_owned(),
        number: i64::from(number.cast_signed()),
        null: u64::from_str_radix(hex.get(12..16)?, 16).ok()? & 0x8000 != 0,
        body: None,
    })
}

fn scsp(message: &Value) -> Scsp {
    let kind = number(message, "type_code");
    let first = text(message, "receiver_id");
    let mut receivers: Vec<String> = Vec::new();
    if !first.is_empty() {
        receivers.push(first);
    }
    let mut records = Vec::new();
    let mut refused = 0;
    for one in list(message, "records") {
        if kind == 5 {
            receivers.push(text(one, "id"));
        } else if let Some(read) = record(one) {
            records.push(read);
        } else {
            refused += 1;
            records.extend(summary_of(&text(one, "hex")));
        }
    }
    Scsp {
        kind,
        group: number(message, "server_group_id"),
        protocol: number(message, "protocol_id"),
        flags: number(message, "flags"),
        sender: text(message, "sender_id"),
        receivers,
        number: number(message, "ca_sequence_number"),
        interval_s: number(message, "hello_interval"),
        dead_factor: number(message, "dead_factor"),
        records,
        refused,
        extended: message.get("extensions").is_some(),
        left_over: false,
        value: message.clone(),
    }
}

fn mars(message: &Value) -> Mars {
    let pair = |one: &Value| (text(one, "min"), text(one, "max"));
    let target = |one: &Value| joined(text(one, "tha"), &text(one, "tsa"));
    Mars {
        op: number(message, "op_type"),
        pro: protocol(number(message, "pro_type"), &text(message, "pro_snap")),
        flags: number(message, "flags"),
        cmi: number(message, "cmi"),
        msn: message.get("msn").and_then(Value::as_u64),
        source: joined(text(message, "sha"), &text(message, "ssa")),
        spa: text(message, "spa"),
        pairs: list(message, "pairs").map(pair).collect(),
        group: text(message, "tpa"),
        targets: list(message, "targets").map(target).collect(),
        part: number(message, "seqxy"),
        extended: message.get("tlvs").is_some(),
        value: message.clone(),
    }
}

/// A frame that came to the server. Whether one with octets behind the last record is malformed is open (register C29).
pub(super) fn read_arrived(octets: &[u8]) -> View {
    let view = read(octets);
    if !matches!(view, View::Bad(_)) {
        return view;
    }
    match frames::read_past_left_over(octets) {
        Some(message) => View::Scsp(Box::new(Scsp {
            left_over: true,
            ..scsp(&message)
        })),
        None => view,
    }
}

/// The frame of these octets.
pub(super) fn read(octets: &[u8]) -> View {
    match frames::read(octets) {
        Ok(value) => {
            let message = value.get("message").unwrap_or(&Value::Null);
            match value.get("protocol").and_then(Value::as_str) {
                Some("scsp") => View::Scsp(Box::new(scsp(message))),
                Some("mars") => View::Mars(Box::new(mars(message))),
                _ => View::Data,
            }
        }
        Err(error) => View::Bad(error.to_string()),
    }
}
