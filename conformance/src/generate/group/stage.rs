//! The stage: one server under test, neighbours that are brought up to Aligned, and the words for CSU messages.

use serde_json::{Value, json};

use super::super::mars::builder::{CCVC, CMIS, SCVC, Script};
use super::super::mars::expect::Expect;
use super::super::mars::messages::{Endpoint, Message, Range, flag, op};
use super::record::{Part, Record, fresh, state};
use crate::frames::seal::Key;
use crate::frames::{self, hex};
use crate::trace::{Expected, Stimulus};

/// The server's id.
pub(super) const OWN: &str = "0a000001";
/// Hop count of own records.
pub(super) const HOPS: u64 = 255;
/// Milliseconds between Redirect Entries.
pub(super) const BEAT_MS: u64 = 60_000;
/// Milliseconds after which a server that is not heard of is flushed (register B01).
pub(super) const HOLD_MS: u64 = 245_000;
/// Longer than any trace: what is not acknowledged is not repeated.
const NEVER_MS: u64 = 3_600_000;
/// Seconds between Hellos: one, and then none for as long as a trace takes.
const HELLO_S: u64 = 600;
/// First CA sequence number of a neighbour.
pub(super) const CA: u64 = 100_000;

/// A server of the group that is not under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbor {
    /// Its name and that of its VC.
    pub(super) name: &'static str,
    /// Its server id; larger than that of the server under test, which becomes the slave.
    pub(super) id: &'static str,
    octet: u8,
}

impl Neighbor {
    const fn new(name: &'static str, id: &'static str, octet: u8) -> Self {
        Self { name, id, octet }
    }

    /// Its ATM address.
    pub(super) fn endpoint(self) -> Endpoint {
        Endpoint::nsapa(self.octet, "")
    }

    /// The key that the server and it share, if they do.
    pub(super) const fn key(self) -> &'static [u8; 16] {
        match self.octet {
            0x0b => b"16 octets of key",
            _ => b"another 16 octet",
        }
    }

    /// Its entry in the server's table of keys.
    pub(super) fn entry(self) -> Value {
        json!({
            "spi": SPI, "peer_id": self.id, "algorithm": "hmac-md5-128", "key": hex(self.key()),
        })
    }

    /// Its Redirect Entry.
    pub(super) fn beat(self) -> Record {
        Record::new(self, 0x0100_0000, Part::redirect(&self.endpoint()))
    }
}

/// The first neighbour.
pub(super) const N1: Neighbor = Neighbor::new("n1", "0a000002", 0x0b);
/// The second.
pub(super) const N2: Neighbor = Neighbor::new("n2", "0a000003", 0x0c);
/// Behind one of them.
pub(super) const FAR: Neighbor = Neighbor::new("n3", "0a000004", 0x0d);

/// The index of every key of the neighbours that authenticate: each chooses for itself.
pub(super) const SPI: u32 = 4096;
/// Vendor-private extensions (RFC 2334, B.3.2) of two vendors.
const VENDORS: [&str; 2] = ["00005e0102", "00000c"];

/// How a neighbour authenticates what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// Not at all.
    None,
    /// As it should.
    Right,
    /// The same, behind a vendor-private extension and before another vendor's.
    Among,
    /// Under the right index with a key that nobody has.
    Wrong,
    /// Under the right index with the key of another neighbour.
    Borrowed,
    /// Under an index that nobody allocated.
    Stranger,
    /// As it should, and then the message was changed.
    Changed,
    /// With half of the MAC.
    Short,
    /// With a MAC of zeros.
    Zero,
}

impl Seal {
    /// The sealed frame, of one that names nothing the server has said.
    fn octets(self, from: Neighbor, frame: &Value) -> Option<Vec<u8>> {
        let right = Key {
            spi: SPI,
            key: from.key().to_vec(),
        };
        let with = |key: &[u8]| Key {
            key: key.to_vec(),
            ..right.clone()
        };
        let plain = [Value::Null];
        let vendor = |value: &str| json!({"type": 2, "value": value});
        let of = |mac: &str| json!({"type": 1, "value": format!("{SPI:08x}{mac}")});
        let other = if from == N1 { N2 } else { N1 };
        match self {
            Self::None => None,
            Self::Right => right.sealed(frame, &plain),
            Self::Among => {
                let [before, after] = VENDORS.map(vendor);
                right.sealed(frame, &[before, Value::Null, after])
            }
            Self::Wrong => with(b"not this key! no").sealed(frame, &plain),
            Self::Borrowed => with(other.key()).sealed(frame, &plain),
            Self::Stranger => Key {
                spi: SPI + 1,
                ..right
            }
            .sealed(frame, &plain),
            Self::Changed => {
                let sealed = frames::read(&right.sealed(frame, &plain)?).ok()?;
                let mut changed = sealed;
                let hops = changed.pointer_mut("/message/records/0/hop_count")?;
                *hops = json!(hops.as_u64()? - 1);
                // Only the MAC is wrong.
                changed
                    .get_mut("message")?
                    .as_object_mut()?
                    .shift_remove("checksum");
                frames::write(&changed).ok()
            }
            Self::Short => {
                let sealed = frames::read(&right.sealed(frame, &plain)?).ok()?;
                let value = sealed.pointer("/message/extensions/0/value")?.as_str()?;
                right.sealed(frame, &[of(value.get(8..24)?)])
            }
            Self::Zero => right.sealed(frame, &[of(&"0".repeat(32))]),
        }
    }
}

/// A server with these neighbours, at time 0; nothing has happened.
pub(super) fn server(
    area: &'static str,
    id: &'static str,
    title: &'static str,
    neighbors: &[Neighbor],
) -> Script {
    let list: Vec<Value> = neighbors
        .iter()
        .map(|one| json!({"id": one.id, "atm": one.endpoint().peer()}))
        .collect();
    let mut script = Script::new(area, id, title)
        .scenario("rfc2443-server")
        .config("neighbors", list)
        .config("hello_interval_s", HELLO_S)
        .config("dead_factor", 3)
        .config("ca_rexmt_ms", 3_000)
        .config("csus_rexmt_ms", NEVER_MS)
        .config("csu_rexmt_ms", NEVER_MS)
        .config("csu_max_rexmt", 5)
        .config("redirect_interval_ms", BEAT_MS)
        .config("redirect_hold_ms", HOLD_MS)
        .config("hop_count", HOPS);
    for one in [N1, N2, FAR] {
        script.cast(one.name, one.endpoint());
    }
    script
}

/// The same with one neighbour, which is Aligned and has announced itself.
pub(super) fn pair(area: &'static str, id: &'static str, title: &'static str) -> Script {
    let mut script = server(area, id, title, &[N1]);
    script.open(&[N1]);
    script
}

/// The same with two neighbours, which are not each other's.
pub(super) fn line(area: &'static str, id: &'static str, title: &'static str) -> Script {
    let mut script = server(area, id, title, &[N1, N2]);
    script.open(&[N1, N2]);
    script
}

/// Part of what a client is: its registration.
pub(super) fn registration(state: u64, cmi: Value, who: &Endpoint) -> Part {
    Part::about(state, super::record::REGISTER, cmi, who, None)
}

/// A frame to a neighbour, with what every packet of a MARS group has (R2443-2-01, R2443-4.1-01 to 03).
pub(super) fn packet(to: Neighbor, fields: Value) -> Expected {
    let mut message = json!({
        "version": 1, "protocol_id": 3, "server_group_id": 1, "unused": 0,
        "sender_id_len": 4, "sender_id": OWN, "recvr_id_len": 4, "receiver_id": to.id,
    });
    if let (Some(all), Value::Object(more)) = (message.as_object_mut(), fields) {
        all.extend(more);
    }
    Expected::Frame {
        vc: to.name.to_owned(),
        matches: json!({"protocol": "scsp", "message": message}),
    }
}

/// A Hello of a neighbour that hears the server.
pub(super) fn hello() -> Value {
    json!({"type_code": 5, "hello_interval": HELLO_S, "dead_factor": 3})
}

/// The CA with which the server begins to align.
pub(super) fn bid(to: Neighbor, number: Value) -> Expected {
    let ca = json!({
        "type_code": 1, "flags": 0xe000, "number_of_records": 0, "ca_sequence_number": number,
    });
    packet(to, ca)
}

/// A CSU Request with these records.
fn request(to: Neighbor, records: &[Value]) -> Expected {
    packet(to, json!({"type_code": 2, "flags": 0, "records": records}))
}

/// A CSU Reply for a record.
fn acknowledgement(to: Neighbor, record: &Record) -> Expected {
    let records = [record.acknowledged()];
    packet(to, json!({"type_code": 3, "flags": 0, "records": records}))
}

impl Script {
    /// A neighbour says something; `fields` are those that its packets do not have in common.
    pub(super) fn scsp(&mut self, from: Neighbor, fields: Value) -> Expect<'_> {
        self.scsp_as(from, fields, Seal::None)
    }

    /// The same with authentication.
    pub(super) fn scsp_as(&mut self, from: Neighbor, fields: Value, seal: Seal) -> Expect<'_> {
        let mut message = json!({"sender_id": from.id, "receiver_id": OWN, "server_group_id": 1});
        if let (Some(all), Value::Object(more)) = (message.as_object_mut(), fields) {
            all.extend(more);
        }
        let frame = json!({"protocol": "scsp", "message": message});
        let (hex, frame) = match seal.octets(from, &frame) {
            Some(octets) => (Some(hex(&octets)), None),
            None => (None, Some(frame)),
        };
        let vc = from.name.to_owned();
        self.step(Stimulus::Deliver { vc, hex, frame }, None)
    }

    /// These neighbours come up one after the other, align as masters, and announce themselves.
    pub(super) fn open(&mut self, neighbors: &[Neighbor]) {
        for one in neighbors {
            self.align(*one);
        }
        for one in neighbors {
            let others: Vec<Neighbor> = neighbors
                .iter()
                .copied()
                .filter(|other| other != one)
                .collect();
            self.csu(*one, &one.beat())
                .passes_on(&others, &one.beat())
                .done(&["R2443-1-03"]);
        }
    }

    /// One comes up and aligns; it has nothing to tell, the server its own Redirect Entry.
    pub(super) fn align(&mut self, one: Neighbor) {
        self.align_as(one, Seal::None);
    }

    /// The same with authentication.
    pub(super) fn align_as(&mut self, one: Neighbor, seal: Seal) {
        self.appears(one);
        self.greets(one, seal);
        self.bids(one, seal, CA);
        self.ends(one, seal, CA + 1);
    }

    /// A VC to a neighbour is up; no CA is sent before both hear each other.
    pub(super) fn appears(&mut self, one: Neighbor) {
        let stimulus = Stimulus::VcUp {
            vc: one.name.to_owned(),
            peer: one.endpoint().peer(),
            kind: None,
        };
        let empty = json!({"type_code": 5, "recvr_id_len": 0, "receiver_id": ""});
        self.step(stimulus, None).sees(packet(one, empty)).done(&[
            "R2334-2.1-05",
            "R2334-2.2-02",
            "R2443-2-01",
            "R2443-4.1-01",
        ]);
    }

    /// It says Hello.
    pub(super) fn greets(&mut self, one: Neighbor, seal: Seal) {
        let ca = bid(one, json!({"bind": format!("{}-ca", one.name)}));
        self.scsp_as(one, hello(), seal).sees(ca).done(&[
            "R2334-1-02",
            "R2443-4.1-02",
            "R2443-4.1-03",
        ]);
    }

    /// It bids with this number; it becomes the master.
    pub(super) fn bids(&mut self, one: Neighbor, seal: Seal, number: u64) {
        let first = json!({"type_code": 1, "flags": 0xe000, "ca_sequence_number": number});
        let summary = json!({
            "hop_count": 1, "record_length": 20, "flags": 0, "cache_key_len": 4, "orig_id_len": 4,
            "originator_id": OWN, "csa_sequence_number": {"bind": "s1-number"},
            "cache_key": {"bind": "s1-key"},
        });
        let ca = json!({
            "type_code": 1, "flags": 0, "ca_sequence_number": number, "records": [summary],
        });
        self.scsp_as(one, first, seal).sees(packet(one, ca)).done(&[
            "R2334-2.2.1-01",
            "R2443-4.2-01",
            "R2443-4.2-02",
        ]);
    }

    /// It has nothing to tell.
    pub(super) fn ends(&mut self, one: Neighbor, seal: Seal, number: u64) {
        let last = json!({"type_code": 1, "flags": 0x8000, "ca_sequence_number": number});
        let ca = json!({
            "type_code": 1, "flags": 0, "ca_sequence_number": number, "number_of_records": 0,
        });
        self.scsp_as(one, last, seal)
            .sees(packet(one, ca))
            .done(&["R2334-2.2.2-12"]);
    }

    /// A neighbour sends a record, which is acknowledged.
    pub(super) fn csu(&mut self, from: Neighbor, record: &Record) -> Expect<'_> {
        self.csu_of(from, record)
            .always(acknowledgement(from, record))
    }

    /// A neighbour sends a record.
    pub(super) fn csu_of(&mut self, from: Neighbor, record: &Record) -> Expect<'_> {
        self.csu_as(from, record, Seal::None)
    }

    /// The same with authentication.
    pub(super) fn csu_as(&mut self, from: Neighbor, record: &Record, seal: Seal) -> Expect<'_> {
        let fields = json!({"type_code": 2, "records": [record.sent()]});
        self.scsp_as(from, fields, seal)
    }

    /// A message about a range that the server makes of a record (register E12): of its source, with its own
    /// numbers, and with no CMI unless it is that of the record.
    pub(super) fn made_up(&self, op_type: u64, who: &str, range: Range<'_>, cmi: u64) -> Message {
        self.about(op_type, who, range)
            .with("flags", flag::COPY)
            .with("cmi", json!({"one_of": [0, cmi]}))
    }

    /// A client comes up and registers; these neighbours hear of it. Names the record after it.
    pub(super) fn registers(&mut self, to: &[Neighbor], who: &str, ids: &[&str]) {
        self.up(who);
        let message = self.registration(op::JOIN, who);
        let cmi = self.new_cmi(who);
        // Record and copy have one CMI, whichever comes first.
        let part = registration(state::JOIN, cmi.clone(), self.who(who));
        let record = fresh(who, &part);
        self.send(who, message)
            .leaf(true, CCVC, who)
            .copy_with(cmi)
            .tells(to, &[record])
            .done(ids);
    }

    /// A client that is registered joins or leaves a range, to the news of its cluster; these neighbours hear of
    /// it. Names the record of a join.
    pub(super) fn joins(&mut self, to: &[Neighbor], who: &str, range: Range<'_>, name: &str) {
        let record = fresh(name, &self.member(state::JOIN, who, range));
        self.says(op::JOIN, who, range)
            .copy_on(CCVC)
            .tells(to, &[record])
            .done(&["R2443-5.3-02", "R2334-2.2.4-01", "R2334-2.3-08"]);
    }

    /// An MCS comes up and registers; these neighbours hear of it. Names the record after it. Its CMI is of the own
    /// range and nobody else's, or none (register E01).
    pub(super) fn register_mcs_of(&mut self, to: &[Neighbor], who: &str) {
        self.up(who);
        let message = self.registration(op::MSERV, who);
        let cmi = json!({"bind": format!("{who}-cmi"), "one_of": [0, {"in": [CMIS.0, CMIS.1]}]});
        let part = registration(state::SERVE, cmi, self.who(who));
        let record = fresh(who, &part);
        self.send(who, message)
            .leaf(true, SCVC, who)
            .copy()
            .tells(to, &[record])
            .done(&[
                "R2443-1-06",
                "R2443-2-04",
                "R2443-2-08",
                "R2443-5.2-01",
                "R2443-5.2-03",
                "R2443-5.2-04",
                "R2443-5.2-05",
                "R2443-5.2-06",
                "R2443-5.2-07",
                "R2443-5.2-09",
                "E01",
            ]);
    }

    /// What a record says of a service of an MCS of this server.
    pub(super) fn service(&self, state: u64, who: &str, range: Range<'_>) -> Part {
        let cmi = json!({"ref": format!("{who}-cmi")});
        Part::about(state, 0, cmi, self.who(who), Some(range))
    }

    /// What a record says of a membership of a client of this server.
    pub(super) fn member(&self, state: u64, who: &str, range: Range<'_>) -> Part {
        Part::about(state, 0, self.cmi(who), self.who(who), Some(range))
    }
}

impl Expect<'_> {
    /// A record is acknowledged.
    pub(super) fn acknowledges(self, to: Neighbor, record: &Record) -> Self {
        self.sees(acknowledgement(to, record))
    }

    /// Neighbours are told these records in one message each.
    pub(super) fn tells(mut self, to: &[Neighbor], records: &[Value]) -> Self {
        for one in to {
            self = self.sees(request(*one, records));
        }
        self
    }

    /// A record is passed on to these neighbours.
    pub(super) fn passes_on(self, to: &[Neighbor], record: &Record) -> Self {
        self.tells(to, &[record.passed_on()])
    }
}
