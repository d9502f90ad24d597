//! Decoded messages as JSON, field by field in wire order.

use distributed_mars::address::{AtmNumber, Endpoint, Protocol};
#[cfg(test)]
use distributed_mars::wire::ErrorCode;
use distributed_mars::wire::WireError;
use distributed_mars::wire::codepoints::{
    HARDWARE_ATM, MARS_VERSION, PROTOCOL_ID_MARS, PROTOCOL_LONG_FORM, SCSP_VERSION,
};
use distributed_mars::wire::csa::{self, MarsRecord, RecordReserved};
use distributed_mars::wire::data::{self, Data, Sender};
use distributed_mars::wire::llc_snap::Encapsulation;
use distributed_mars::wire::mars::{self, EndpointList, PairList, Tlvs};
use distributed_mars::wire::scsp::{self, Csa, Csas};
use serde_json::{Map, Value};

use super::{LineError, hex};

/// An object under construction.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn hex(&mut self, name: &str, octets: &[u8]) {
        self.put(name, hex(octets));
    }

    /// Only what is not empty.
    fn keep(&mut self, name: &str, octets: &[u8]) {
        if !octets.is_empty() {
            self.hex(name, octets);
        }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

/// Decodes `octets`, which `base` octets of input came before. Offsets of the error returned count
/// from `octets`; those inside the value from the start of the input.
pub(super) fn message(kind: Encapsulation, octets: &[u8], base: usize) -> Result<Value, WireError> {
    Ok(match kind {
        Encapsulation::Scsp => packet(&scsp::decode(octets)?, octets, base),
        Encapsulation::Mars => control(&mars::decode(octets)?, octets),
        Encapsulation::Data1 => data_frame(&data::decode_type1(octets)?),
        Encapsulation::Data2 => data_frame(&data::decode_type2(octets)?),
    })
}

/// A 16-bit field that the decoder used up.
fn word(octets: &[u8], at: usize) -> u16 {
    let word = octets.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u16::from_be_bytes(*word))
}

fn packet(packet: &scsp::Packet<'_>, octets: &[u8], base: usize) -> Value {
    let mut fields = Fields::default();
    let header = &packet.header;
    fields.put("version", SCSP_VERSION);
    fields.put("type_code", packet.body.type_code().code());
    fields.put("packet_size", word(octets, 2));
    fields.put("checksum", word(octets, 4));
    fields.put("start_of_extensions", word(octets, 6));
    let mut flags = packet.reserved.flags;
    match packet.body {
        scsp::Body::Ca {
            sequence,
            master,
            init,
            more,
            ..
        } => {
            fields.put("ca_sequence_number", sequence);
            flags |= u16::from(master) << 15 | u16::from(init) << 14 | u16::from(more) << 13;
        }
        scsp::Body::Hello {
            hello_interval,
            dead_factor,
            family,
            ..
        } => {
            fields.put("hello_interval", hello_interval);
            fields.put("dead_factor", dead_factor);
            fields.put("hello_unused", packet.reserved.hello);
            fields.put("family_id", family);
        }
        scsp::Body::CsuRequest(_) | scsp::Body::CsuReply(_) | scsp::Body::Csus(_) => {}
    }
    fields.put("protocol_id", header.protocol_id);
    fields.put("server_group_id", header.server_group);
    fields.put("unused", packet.reserved.common);
    fields.put("flags", flags);
    fields.put("sender_id_len", 4);
    fields.put(
        "recvr_id_len",
        if header.receiver.is_some() { 4 } else { 0 },
    );
    fields.put("number_of_records", packet.body.records());
    fields.hex("sender_id", &header.sender.0);
    let receiver = header.receiver.as_ref().map_or(&[][..], |id| &id.0);
    fields.hex("receiver_id", receiver);
    fields.put("records", records(packet, base));

    if !packet.extensions.octets().is_empty() {
        let mut list: Vec<Value> = packet
            .extensions
            .iter()
            .map(|one| typed(one.kind, one.value).into())
            .collect();
        list.push(typed(0, &[]).into());
        fields.put("extensions", list);
    }
    let trailing = [packet.extensions.after_end(), packet.trailing].concat();
    fields.keep("trailing", &trailing);
    fields.into()
}

/// A type, length, value triple.
fn typed(kind: u16, value: &[u8]) -> Fields {
    let mut fields = Fields::default();
    fields.put("type", kind);
    fields.put("length", value.len());
    fields.hex("value", value);
    fields
}

fn records(packet: &scsp::Packet<'_>, base: usize) -> Vec<Value> {
    match packet.body {
        scsp::Body::Ca { records, .. }
        | scsp::Body::CsuReply(records)
        | scsp::Body::Csus(records) => records.iter().map(|one| summary(&one, 0).into()).collect(),
        scsp::Body::CsuRequest(records) => {
            let mars = packet.header.protocol_id == PROTOCOL_ID_MARS;
            let mut at = base + scsp::overhead(packet.body.type_code());
            records
                .iter()
                .map(|csa| {
                    let value = record(&csa, mars, at + scsp::CSAS_LENGTH);
                    at += scsp::CSAS_LENGTH + csa.body.len();
                    value
                })
                .collect()
        }
        scsp::Body::Hello { additional, .. } => additional
            .iter()
            .map(|id| {
                let mut fields = Fields::default();
                fields.put("rec_id_len", 4);
                fields.hex("id", &id.0);
                fields.into()
            })
            .collect(),
    }
}

fn summary(csas: &Csas, body: usize) -> Fields {
    let mut fields = Fields::default();
    fields.put("hop_count", csas.hop_count);
    fields.put("record_length", scsp::CSAS_LENGTH + body);
    fields.put("cache_key_len", 4);
    fields.put("orig_id_len", 4);
    fields.put("flags", u16::from(csas.null) << 15 | csas.unused);
    fields.put("csa_sequence_number", csas.sequence.0);
    fields.hex("cache_key", &csas.key.0);
    fields.hex("originator_id", &csas.origin.0);
    fields
}

/// A CSA whose body starts `at` octets into the input.
fn record(csa: &Csa<'_>, mars: bool, at: usize) -> Value {
    let mut fields = summary(&csa.csas, csa.body.len());
    if !mars {
        fields.hex("body", csa.body);
        return fields.into();
    }
    // R2334-2.3-24
    if csa.body.is_empty() && csa.csas.null {
        return fields.into();
    }
    match csa::decode_record_exact(csa.body) {
        Ok((record, reserved)) => {
            fields.put("mars", mars_part(&record, &reserved));
            fields.into()
        }
        // Register C24: the message stands without this record.
        Err(error) => {
            let mut whole = Vec::new();
            csa.write(&mut whole);
            let mut fields = Fields::default();
            fields.put("error", LineError::from(error.shifted(at)).to_value());
            fields.hex("hex", &whole);
            fields.into()
        }
    }
}

fn mars_part(record: &MarsRecord, reserved: &RecordReserved) -> Value {
    let mut fields = Fields::default();
    let endpoint = &record.endpoint;
    let (min, max) = match &record.range {
        Some(range) => (range.min(), range.max()),
        None => Default::default(),
    };
    fields.put("hardware_type", HARDWARE_ATM);
    fields.put("protocol_type", record.protocol.kind);
    fields.hex("snap", &snap(record.protocol, reserved.snap));
    fields.put("unused", record.unused);
    fields.put("version", MARS_VERSION);
    fields.put("state", record.state.code());
    fields.put("flags", record.flags.0);
    fields.put("cluster_member_id", record.cmi);
    fields.put("src_addr_len", record.source.octets().len());
    fields.put("group_addr_len", min.octets().len());
    fields.put("atm_addr_tl", endpoint.number.type_length());
    fields.put(
        "atm_subaddr_tl",
        subaddress_tl(endpoint, reserved.subaddress_form),
    );
    fields.hex("source_protocol_address", record.source.octets());
    fields.hex("source_atm_address", endpoint.number.octets());
    fields.hex("source_atm_subaddress", subaddress(endpoint));
    fields.hex("minimum_group_address", min.octets());
    fields.hex("maximum_group_address", max.octets());
    fields.into()
}

fn snap(protocol: Protocol, ignored: [u8; 5]) -> [u8; 5] {
    if protocol.kind == PROTOCOL_LONG_FORM {
        protocol.snap
    } else {
        ignored
    }
}

fn subaddress(endpoint: &Endpoint) -> &[u8] {
    endpoint
        .subaddress
        .as_ref()
        .map_or(&[][..], AtmNumber::octets)
}

fn subaddress_tl(endpoint: &Endpoint, null_form: bool) -> u8 {
    endpoint
        .subaddress
        .map_or(u8::from(null_form) << 6, |number| number.type_length())
}

fn control(message: &mars::Message<'_>, octets: &[u8]) -> Value {
    let mut fields = Fields::default();
    let reserved = &message.reserved;
    fields.put("afn", HARDWARE_ATM);
    fields.put("pro_type", message.protocol.kind);
    fields.hex("pro_snap", &snap(message.protocol, reserved.snap));
    fields.hex("hdrrsv", &reserved.hdrrsv);
    fields.put("chksum", word(octets, 12));
    fields.put("extoff", word(octets, 14));
    let [version, op] = word(octets, 16).to_be_bytes();
    fields.put("op_version", version);
    fields.put("op_type", op);
    fields.put("shtl", message.source.number.type_length());
    fields.put(
        "sstl",
        subaddress_tl(&message.source, reserved.subaddress_form),
    );
    body(message, &mut fields);
    if !message.tlvs.octets().is_empty() {
        fields.keep("gap", reserved.padding.unwrap_or_default());
        // An odd gap of no octets: the TLVs follow at once, off the boundary.
        if reserved.padding == Some(&[]) {
            fields.put("gap", "");
        }
        fields.put("tlvs", tlvs(message.tlvs));
    }
    fields.keep("trailing", reserved.trailing);
    fields.into()
}

fn lengths(fields: &mut Fields, spln: usize, thtl: u8, tstl: u8) {
    fields.put("spln", spln);
    fields.put("thtl", thtl);
    fields.put("tstl", tstl);
}

fn counters(fields: &mut Fields, tnum: usize, (last, part): (bool, u16), msn: u32) {
    fields.put("tnum", tnum);
    fields.put("seqxy", u16::from(last) << 15 | part);
    fields.put("msn", msn);
}

fn source(fields: &mut Fields, endpoint: &Endpoint) {
    fields.hex("sha", endpoint.number.octets());
    fields.hex("ssa", subaddress(endpoint));
}

fn body(message: &mars::Message<'_>, fields: &mut Fields) {
    let [thtl, tstl] = message.reserved.target_forms;
    match &message.body {
        mars::Body::Request(query) | mars::Body::Nak(query) => {
            let (spa, tpa) = (query.source_protocol.octets(), query.target.octets());
            lengths(fields, spa.len(), thtl, tstl);
            fields.put("tpln", tpa.len());
            fields.hex("padding", &query.padding);
            source(fields, &message.source);
            fields.hex("spa", spa);
            fields.hex("tpa", tpa);
        }
        mars::Body::Multi(answer) | mars::Body::Migrate(answer) => {
            let (spa, tpa) = (answer.source_protocol.octets(), answer.target.octets());
            let (thtl, tstl) = answer.targets.type_lengths();
            lengths(fields, spa.len(), thtl, tstl);
            fields.put("tpln", tpa.len());
            let seqxy = (answer.last, answer.part);
            counters(fields, answer.targets.len(), seqxy, answer.msn);
            source(fields, &message.source);
            fields.hex("spa", spa);
            fields.hex("tpa", tpa);
            fields.put("targets", targets(answer.targets));
        }
        mars::Body::Join(membership)
        | mars::Body::Leave(membership)
        | mars::Body::Mserv(membership)
        | mars::Body::Unserv(membership)
        | mars::Body::Sjoin(membership)
        | mars::Body::Sleave(membership)
        | mars::Body::GrouplistRequest(membership) => {
            let spa = membership.source_protocol.octets();
            fields.put("spln", spa.len());
            fields.put("tpln", membership.pairs.group_len());
            fields.put("pnum", membership.pairs.len());
            fields.put("flags", membership.flags.0);
            fields.put("cmi", membership.cmi);
            fields.put("msn", membership.msn);
            source(fields, &message.source);
            fields.hex("spa", spa);
            fields.put("pairs", pairs(membership.pairs));
        }
        mars::Body::GrouplistReply(list) => {
            let spa = list.source_protocol.octets();
            lengths(fields, spa.len(), thtl, tstl);
            fields.put("tpln", list.groups.group_len());
            counters(fields, list.groups.len(), (list.last, list.part), list.msn);
            source(fields, &message.source);
            fields.hex("spa", spa);
            let groups: Vec<Value> = list
                .groups
                .iter()
                .map(|group| hex(group.octets()).into())
                .collect();
            fields.put("groups", groups);
        }
        mars::Body::RedirectMap(map) => {
            let (thtl, tstl) = map.servers.type_lengths();
            lengths(fields, usize::from(message.reserved.spln), thtl, tstl);
            fields.put(
                "redirf",
                u8::from(map.hard) << 7 | message.reserved.redirf & 0x7f,
            );
            counters(fields, map.servers.len(), (map.last, map.part), map.msn);
            source(fields, &message.source);
            fields.put("targets", targets(map.servers));
        }
    }
}

fn targets(list: EndpointList<'_>) -> Vec<Value> {
    list.iter()
        .map(|endpoint| {
            let mut fields = Fields::default();
            fields.hex("tha", endpoint.number.octets());
            fields.hex("tsa", subaddress(&endpoint));
            fields.into()
        })
        .collect()
}

fn pairs(list: PairList<'_>) -> Vec<Value> {
    let pair = |min: &[u8], max: &[u8]| {
        let mut fields = Fields::default();
        fields.hex("min", min);
        fields.hex("max", max);
        Value::from(fields)
    };
    if list.group_len() == 0 {
        return vec![pair(&[], &[]); list.len()];
    }
    list.iter()
        .map(|range| {
            let range = &range;
            pair(range.min().octets(), range.max().octets())
        })
        .collect()
}

fn tlvs(list: Tlvs<'_>) -> Vec<Value> {
    let mut values: Vec<Value> = list
        .iter()
        .map(|tlv| {
            let mut fields = typed(tlv.raw_kind, tlv.value);
            if tlv.padding.iter().any(|octet| *octet != 0) {
                fields.hex("padding", tlv.padding);
            }
            fields.into()
        })
        .collect();
    values.push(typed(0, &[]).into());
    values
}

fn data_frame(data: &Data<'_>) -> Value {
    let mut fields = Fields::default();
    match data.sender {
        Sender::Member(cmi) => fields.put("cmi", cmi),
        Sender::Source(source) => fields.hex("source_id", &source),
    }
    fields.put("pro_type", data.protocol.kind);
    if data.protocol.kind == PROTOCOL_LONG_FORM {
        fields.hex("pro_snap", &data.protocol.snap);
    }
    fields.keep("padding", data.padding);
    fields.hex("packet", data.packet);
    fields.into()
}

/// The closed list of error codes, with those that only lines can have.
#[cfg(test)]
pub(super) fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    codes.extend(["bad-hex", "bad-json"]);
    codes
}
