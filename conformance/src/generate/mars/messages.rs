//! MARS control messages as JSON, in both directions (RFC 2022, 4.3, 5 and 6): what a simulated client or
//! MCS sends, and what a MARS is expected to send. Any field may be a matcher of `judge::pattern` or a
//! reference to a value that was seen.

use serde_json::{Map, Value, json};

pub use crate::lower::flag;

/// mar$op.type of all messages (RFC 2022, 11).
pub mod op {
    pub use crate::lower::op::{JOIN, LEAVE, MULTI, NAK, REDIRECT_MAP, REQUEST};
    /// `MARS_MSERV`.
    pub const MSERV: u64 = 3;
    /// `MARS_UNSERV`.
    pub const UNSERV: u64 = 7;
    /// `MARS_SJOIN`.
    pub const SJOIN: u64 = 8;
    /// `MARS_SLEAVE`.
    pub const SLEAVE: u64 = 9;
    /// `MARS_GROUPLIST_REQUEST`.
    pub const GROUPLIST_REQUEST: u64 = 10;
    /// `MARS_GROUPLIST_REPLY`.
    pub const GROUPLIST_REPLY: u64 = 11;
    /// `MARS_MIGRATE`.
    pub const MIGRATE: u64 = 13;
}

/// mar$flags.layer3grp (RFC 2022, 5.2.1).
pub const LAYER3GRP: u64 = 0x8000;

/// mar$seqxy of an answer in one part.
pub const ONLY_PART: u64 = 0x8001;

/// A range of groups, both ends included, as hex.
pub type Range<'a> = (&'a str, &'a str);

/// A layer 3 protocol as mar$pro names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Protocol {
    /// mar$pro.type.
    pub kind: u16,
    /// mar$pro.snap, hex.
    pub snap: String,
}

impl Protocol {
    /// The short form of a protocol.
    #[must_use]
    pub fn short(kind: u16) -> Self {
        let snap = "0000000000".to_owned();
        Self { kind, snap }
    }

    /// The long form.
    #[must_use]
    pub fn long(snap: &str) -> Self {
        let snap = snap.to_owned();
        Self { kind: 0x80, snap }
    }

    /// What names its control VCs when a server has several protocols.
    #[must_use]
    pub fn suffix(&self) -> String {
        if self.kind == 0x80 {
            format!("0080:{}", self.snap)
        } else {
            format!("{:04x}", self.kind)
        }
    }
}

/// Somebody with an ATM address: a client, an MCS, a MARS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// ATM number, hex.
    pub number: String,
    /// True for native E.164, false for NSAPA.
    pub e164: bool,
    /// ATM subaddress (NSAPA), hex; empty for none.
    pub subaddress: String,
    /// Layer 3 address, hex; empty for none.
    pub address: String,
}

impl Endpoint {
    /// An NSAPA address that differs from others in one octet, and no subaddress.
    #[must_use]
    pub fn nsapa(octet: u8, address: &str) -> Self {
        Self {
            number: format!("47000580ffe1000000f21a2b3c002048{octet:02x}000100"),
            e164: false,
            subaddress: String::new(),
            address: address.to_owned(),
        }
    }

    /// The same with a subaddress that differs from others in one octet.
    #[must_use]
    pub fn below(self, octet: u8) -> Self {
        let subaddress = Self::nsapa(octet, "").number;
        Self { subaddress, ..self }
    }

    /// The same with a native E.164 number of these digits in hex.
    #[must_use]
    pub fn e164(self, digits: &str) -> Self {
        Self {
            number: digits.to_owned(),
            e164: true,
            ..self
        }
    }

    /// As the adapter protocol says it.
    #[must_use]
    pub fn peer(&self) -> Value {
        let form = if self.e164 { "e164" } else { "nsapa" };
        let mut peer = json!({"number": self.number, "form": form});
        if let Some(fields) = peer.as_object_mut()
            && !self.subaddress.is_empty()
        {
            fields.insert("subaddress".to_owned(), json!(self.subaddress));
        }
        peer
    }

    /// Type and length of the number (RFC 2022, 5.1.2).
    #[must_use]
    pub fn number_tl(&self) -> usize {
        self.number.len() / 2 + if self.e164 { 0x40 } else { 0 }
    }

    /// Type and length of the subaddress.
    #[must_use]
    pub fn subaddress_tl(&self) -> usize {
        self.subaddress.len() / 2
    }
}

/// One message. What is not set a sender leaves to the writer of frames, and a pattern does not judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    fields: Map<String, Value>,
}

impl Message {
    /// A message of `source` in the context of a protocol.
    #[must_use]
    pub fn new(op_type: u64, protocol: &Protocol, source: &Endpoint) -> Self {
        let mut message = Self { fields: Map::new() }
            .with("op_type", op_type)
            .with("pro_type", protocol.kind)
            .with("pro_snap", protocol.snap.clone())
            .with("sha", source.number.clone())
            .with("ssa", source.subaddress.clone());
        if source.e164 {
            message = message.with("shtl", source.number_tl());
        }
        message
    }

    /// The JOIN form (RFC 2022, 5.2.1): JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE, `GROUPLIST_REQUEST`.
    #[must_use]
    pub fn join_form(op_type: u64, protocol: &Protocol, source: &Endpoint) -> Self {
        Self::new(op_type, protocol, source)
            .with("spa", source.address.clone())
            .with("flags", 0)
            .with("cmi", 0)
            .with("msn", 0)
    }

    /// A message of JOIN form about one range.
    #[must_use]
    pub fn about(
        op_type: u64,
        protocol: &Protocol,
        source: &Endpoint,
        (min, max): Range<'_>,
    ) -> Self {
        Self::join_form(op_type, protocol, source).pairs(&[(min, max)])
    }

    /// Registration or deregistration, with one pair of no octets (register F06).
    #[must_use]
    pub fn registration(op_type: u64, protocol: &Protocol, source: &Endpoint) -> Self {
        Self::about(op_type, protocol, source, ("", "")).with("flags", flag::REGISTER)
    }

    /// A REQUEST, or with another operation the NAK that answers it (RFC 2022, 5.1.2).
    #[must_use]
    pub fn query(op_type: u64, protocol: &Protocol, source: &Endpoint, group: &str) -> Self {
        Self::new(op_type, protocol, source)
            .with("spa", source.address.clone())
            .with("tpln", group.len() / 2)
            .with("tpa", group)
    }

    /// A part of a MULTI for `asker`, or a MIGRATE whose source is the MARS (RFC 2022, 5.1.2, 5.1.6).
    #[must_use]
    pub fn answer(
        op_type: u64,
        protocol: &Protocol,
        source: &Endpoint,
        group: &str,
        targets: &[&Endpoint],
    ) -> Self {
        Self::query(op_type, protocol, source, group)
            .with("seqxy", if op_type == op::MIGRATE { 0 } else { ONLY_PART })
            .targets(targets)
    }

    /// A part of a `GROUPLIST_REPLY` (RFC 2022, 5.3).
    #[must_use]
    pub fn group_list(protocol: &Protocol, asker: &Endpoint, groups: &[&str]) -> Self {
        Self::new(op::GROUPLIST_REPLY, protocol, asker)
            .with("spa", asker.address.clone())
            .with("thtl", 0)
            .with("tstl", 0)
            .with("tnum", groups.len())
            .with("seqxy", ONLY_PART)
            .with("groups", json!(groups))
    }

    /// A part of a redirect map (RFC 2022, 5.4.3), hard or soft (register A04).
    #[must_use]
    pub fn redirect_map(protocol: &Protocol, mars: &Endpoint, servers: &[&Endpoint]) -> Self {
        Self::new(op::REDIRECT_MAP, protocol, mars)
            .with("redirf", json!({"one_of": [0, 0x80]}))
            .with("seqxy", ONLY_PART)
            .targets(servers)
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.shift_remove(name);
        self
    }

    /// Sets the pairs, their number, and the length of a group.
    #[must_use]
    pub fn pairs(self, pairs: &[Range<'_>]) -> Self {
        let length = pairs.first().map_or(0, |(min, _)| min.len() / 2);
        let list: Vec<Value> = pairs
            .iter()
            .map(|(min, max)| json!({"min": min, "max": max}))
            .collect();
        self.with("tpln", length)
            .with("pnum", list.len())
            .with("pairs", list)
    }

    /// Sets the targets, their number, and their type and length, which all have in common.
    #[must_use]
    pub fn targets(self, targets: &[&Endpoint]) -> Self {
        let list: Vec<Value> = targets
            .iter()
            .map(|one| json!({"tha": one.number, "tsa": one.subaddress}))
            .collect();
        let first = targets.first();
        self.with("thtl", first.map_or(0, |one| one.number_tl()))
            .with("tstl", first.map_or(0, |one| one.subaddress_tl()))
            .with("tnum", list.len())
            .with("targets", list)
    }

    /// Sets those of `all` targets, in any order, that stand at these places of the whole answer; `name`
    /// names them for the time of the trace.
    #[must_use]
    pub fn any_targets(self, name: &str, all: &[&Endpoint], part: std::ops::Range<usize>) -> Self {
        let values: Vec<Value> = all
            .iter()
            .map(|one| json!({"tha": one.number, "tsa": one.subaddress}))
            .collect();
        let list = one_each(name, &values, part);
        self.targets(all)
            .with("tnum", list.len())
            .with("targets", list)
    }

    /// Appends TLVs, `(type, value)`, the null TLV included where it is given.
    #[must_use]
    pub fn tlvs(self, tlvs: &[(u16, &str)]) -> Self {
        let list: Vec<Value> = tlvs
            .iter()
            .map(|(kind, value)| json!({"type": kind, "length": value.len() / 2, "value": value}))
            .collect();
        self.with("tlvs", list)
    }

    /// The number in a field; 0 for none.
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        self.fields.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// This message as a MARS sends it on or back (RFC 2022, 6.1.2; register F10): copy set, punched clear.
    /// The sequence number is set when it goes out.
    #[must_use]
    pub fn copied(&self) -> Self {
        let flags = (self.number("flags") | flag::COPY) & !flag::PUNCHED;
        self.clone().with("flags", flags)
    }

    /// A copy under another operation with these pairs (RFC 2022, 6.2.4): punched, unless they are its own.
    #[must_use]
    pub fn punched(&self, op_type: u64, pairs: &[Range<'_>]) -> Self {
        let copy = self.copied().pairs(pairs).with("op_type", op_type);
        let whole = copy.fields.get("pairs") == self.fields.get("pairs");
        let punched = if whole { 0 } else { flag::PUNCHED };
        let flags = copy.number("flags") | punched;
        copy.with("flags", flags)
    }

    /// As something that is sent: a frame.
    #[must_use]
    pub fn frame(&self) -> Value {
        json!({"protocol": "mars", "message": self.fields})
    }

    /// As something that must be seen: a pattern that judges the whole fixed header and all lengths. A
    /// checksum may be there or not (register F08, F17).
    #[must_use]
    pub fn pattern(&self) -> Value {
        let mut all = Map::new();
        let length = |name: &str| {
            let text = self.fields.get(name).and_then(Value::as_str);
            json!(text.unwrap_or_default().len() / 2)
        };
        // R2022-4.3.1-01 R2022-4.3-01 R2022-4.3.5-01
        all.insert("afn".to_owned(), json!(15));
        all.insert("hdrrsv".to_owned(), json!("000000"));
        all.insert("op_version".to_owned(), json!(0));
        if self.fields.contains_key("tlvs") {
            for name in ["gap", "trailing"] {
                all.insert(name.to_owned(), json!({"absent": true}));
            }
        } else {
            all.insert("extoff".to_owned(), json!(0));
            all.insert("trailing".to_owned(), json!({"absent": true}));
        }
        for (name, of) in [("shtl", "sha"), ("sstl", "ssa"), ("spln", "spa")] {
            if self.fields.contains_key(of) {
                all.insert(name.to_owned(), length(of));
            }
        }
        for (name, value) in &self.fields {
            match name.as_str() {
                "chksum" | "gap" | "extoff" => {}
                // R2022-10.2-02
                "tlvs" => {
                    all.insert(name.clone(), unpadded(value));
                }
                _ => {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
        json!({"protocol": "mars", "message": all})
    }
}

/// Matchers of some elements of a list that must be the elements of `all`, each once, in any order.
#[must_use]
pub fn one_each(name: &str, all: &[Value], part: std::ops::Range<usize>) -> Vec<Value> {
    let element = |position: usize| {
        let before: Vec<Value> = (0..position)
            .map(|other| json!({"ref": format!("{name}-{other}")}))
            .collect();
        let name = format!("{name}-{position}");
        match before.as_slice() {
            [] => json!({"bind": name, "one_of": all}),
            _ => json!({"bind": name, "one_of": all, "unlike": before}),
        }
    };
    part.map(element).collect()
}

/// A list of TLVs whose padding is zero.
fn unpadded(tlvs: &Value) -> Value {
    let mut tlvs = tlvs.clone();
    for tlv in tlvs.as_array_mut().into_iter().flatten() {
        if let Some(fields) = tlv.as_object_mut() {
            fields.insert("padding".to_owned(), json!({"absent": true}));
        }
    }
    tlvs
}
