//! SCSP packets (RFC 2334, appendix B) with the records of RFC 2443, section 3.

use serde_json::{Map, Value, json};

use super::error::{ErrorCode, FrameError};
use super::layout::{
    Absent, Cursor, Field, Scope, elements, number, object, octets_at, octets_of, patch, plain,
    read, sized, typed, write,
};
use super::layout::{Kind, fixed, not};
use super::octets::{checksum, hex};

/// RFC 2334, B.1.
const FIXED: &[Field] = &[
    number("version", 1, Absent::Is(1)),
    plain("type_code", 1),
    number("packet_size", 2, Absent::Later),
    number("checksum", 2, Absent::Later),
    number("start_of_extensions", 2, Absent::Later),
];
const FIXED_OCTETS: usize = 8;
const PACKET_SIZE_AT: usize = 2;
const CHECKSUM_AT: usize = 4;
const EXTENSIONS_AT: usize = 6;

/// RFC 2334, B.2.1: before the common part of a CA.
const CA: &[Field] = &[plain("ca_sequence_number", 4)];
/// RFC 2334, B.2.5: before the common part of a Hello.
const HELLO: &[Field] = &[
    plain("hello_interval", 2),
    plain("dead_factor", 2),
    plain("hello_unused", 2),
    plain("family_id", 2),
];
/// RFC 2334, B.2.0.1.
const COMMON: &[Field] = &[
    number("protocol_id", 2, Absent::Is(MARS)),
    plain("server_group_id", 2),
    plain("unused", 2),
    plain("flags", 2),
    number("sender_id_len", 1, Absent::LengthOf("sender_id")),
    number("recvr_id_len", 1, Absent::LengthOf("receiver_id")),
    number("number_of_records", 2, Absent::CountOf("records")),
    sized("sender_id", "sender_id_len"),
    sized("receiver_id", "recvr_id_len"),
];
/// How many of these come before the first octets that a length counts.
const COMMON_HEAD: usize = 7;
/// RFC 2334, B.2.0.2, as it stands alone.
const CSAS: &[Field] = &[
    number("hop_count", 2, Absent::Is(1)),
    number("record_length", 2, Absent::Later),
    number("cache_key_len", 1, Absent::LengthOf("cache_key")),
    number("orig_id_len", 1, Absent::LengthOf("originator_id")),
    plain("flags", 2),
    Field {
        name: "csa_sequence_number",
        kind: Kind::Signed,
    },
    sized("cache_key", "cache_key_len"),
    sized("originator_id", "orig_id_len"),
];
const CSAS_HEAD: usize = 4;
/// The same in front of a CSA: only the hop count of a fresh one differs.
const CSA_HOP_COUNT: u16 = 255;
const RECORD_LENGTH_AT: usize = 2;
const CSAS_OCTETS: usize = 20;
/// RFC 2334, B.2.5: additional receiver record.
const RECEIVER: &[Field] = &[
    number("rec_id_len", 1, Absent::LengthOf("id")),
    sized("id", "rec_id_len"),
];
const RECEIVER_HEAD: usize = 1;
/// RFC 2334, B.3.
const EXTENSION: &[Field] = &[
    plain("type", 2),
    number("length", 2, Absent::LengthOf("value")),
    sized("value", "length"),
];
const EXTENSION_HEAD: usize = 2;
/// RFC 2334, B.3.1: type of an Authentication extension, octets of its SPI.
const AUTHENTICATION: u64 = 1;
const SPI_OCTETS: usize = 4;
/// RFC 2443, section 3: the protocol-specific part of a CSA.
const MARS_PART: &[Field] = &[
    number("hardware_type", 2, Absent::Is(15)),
    number("protocol_type", 2, Absent::Is(0x0800)),
    fixed("snap", 5),
    plain("unused", 1),
    plain("version", 1),
    plain("state", 1),
    plain("flags", 2),
    plain("cluster_member_id", 2),
    number(
        "src_addr_len",
        1,
        Absent::LengthOf("source_protocol_address"),
    ),
    number(
        "group_addr_len",
        1,
        Absent::LengthOf("minimum_group_address"),
    ),
    number("atm_addr_tl", 1, Absent::TlOf("source_atm_address")),
    number("atm_subaddr_tl", 1, Absent::TlOf("source_atm_subaddress")),
    sized("source_protocol_address", "src_addr_len"),
    typed("source_atm_address", "atm_addr_tl"),
    typed("source_atm_subaddress", "atm_subaddr_tl"),
    sized("minimum_group_address", "group_addr_len"),
    sized("maximum_group_address", "group_addr_len"),
];

/// Protocol ID of MARS.
const MARS: u32 = 3;
/// Octets of an ID, and of a cache key, in a MARS server group.
const ID: u64 = 4;
/// RFC 2443, section 3: the record speaks of the registration, not of groups.
const REGISTER: u64 = 0x2000;
const REDIRECT_ENTRY: u64 = 1;
const NULL: u64 = 0x8000;

const TYPE_CA: u64 = 1;
const TYPE_CSU_REQUEST: u64 = 2;
const TYPE_CSUS: u64 = 4;
const TYPE_HELLO: u64 = 5;

/// Reads a packet without its LLC/SNAP header; `base` octets of input came before it.
pub(super) fn read_packet(octets: &[u8], base: usize) -> Result<Value, FrameError> {
    match read_but_for_left_over(octets, base)? {
        (message, None) => Ok(message),
        (_, Some(error)) => Err(error),
    }
}

/// The same, with octets left over behind the last record apart: whether they matter is open (register C29).
pub(super) fn read_but_for_left_over(
    octets: &[u8],
    base: usize,
) -> Result<(Value, Option<FrameError>), FrameError> {
    let mut cursor = Cursor::new(octets, base);
    let mut packet = Scope::default();
    read(FIXED, &mut cursor, &mut packet, None)?;
    packet.require("version", &[1], ErrorCode::BadVersion)?;
    // Register C29: a longer frame is cut, a shorter one is malformed.
    let size = usize::try_from(packet.number("packet_size")).unwrap_or(usize::MAX);
    let whole = octets
        .split_at_checked(size)
        .filter(|_| size >= FIXED_OCTETS);
    let Some((octets, beyond)) = whole else {
        let wanted = format!("{FIXED_OCTETS} to {}", octets.len());
        return Err(packet.fault(ErrorCode::BadLength, "packet_size", &wanted));
    };
    let behind = octets.get(FIXED_OCTETS..).unwrap_or(&[]);
    let mut cursor = Cursor::new(behind, base + FIXED_OCTETS);
    if checksum(octets) != 0 {
        return Err(packet.fault(ErrorCode::BadChecksum, "checksum", "the sum to be zero"));
    }
    let code = packet.number("type_code");
    match code {
        TYPE_CA => read(CA, &mut cursor, &mut packet, None)?,
        TYPE_HELLO => read(HELLO, &mut cursor, &mut packet, None)?,
        2..=TYPE_CSUS => {}
        _ => return Err(packet.fault(ErrorCode::UnknownType, "type_code", "1 to 5")),
    }
    let (head, ids) = COMMON.split_at(COMMON_HEAD);
    read(head, &mut cursor, &mut packet, None)?;
    packet.require("sender_id_len", &[ID], ErrorCode::BadLength)?;
    let hello_may_be_empty: &[u64] = if code == TYPE_HELLO { &[0, ID] } else { &[ID] };
    packet.require("recvr_id_len", hello_may_be_empty, ErrorCode::BadLength)?;
    read(ids, &mut cursor, &mut packet, None)?;

    let start = usize::try_from(packet.number("start_of_extensions")).unwrap_or(0);
    let done = cursor.at() - base;
    if start != 0 && !(done..=octets.len()).contains(&start) {
        let wanted = format!("0 or {done} to {}", octets.len());
        return Err(packet.fault(ErrorCode::BadLength, "start_of_extensions", &wanted));
    }
    let end = if start == 0 { octets.len() } else { start };
    let (body, tail) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    let mut body = Cursor::new(body.get(done..).unwrap_or(&[]), base + done);
    let mut records = Vec::new();
    for _ in 0..packet.number("number_of_records") {
        records.push(match code {
            TYPE_HELLO => read_receiver(&mut body)?,
            TYPE_CSU_REQUEST => {
                read_csa(&mut body, packet.number("protocol_id") == u64::from(MARS))?
            }
            _ => read_csas(&mut body)?,
        });
    }
    let mut message = packet.fields;
    message.insert("records".to_owned(), records.into());
    // Register C29: octets left over before the extensions.
    let left_over = (!body.rest().is_empty()).then(|| {
        let detail = format!("{} octets after the last one", body.rest().len());
        FrameError::new(ErrorCode::BadLength, "records", body.at(), detail)
    });
    if start == 0 {
        keep(&mut message, "trailing", beyond);
        return Ok((message.into(), left_over));
    }
    let mut tail = Cursor::new(tail, base + end);
    message.insert("extensions".to_owned(), read_extensions(&mut tail)?);
    keep(&mut message, "trailing", &[tail.rest(), beyond].concat());
    Ok((message.into(), left_over))
}

fn keep(message: &mut Map<String, Value>, name: &str, octets: &[u8]) {
    if !octets.is_empty() {
        message.insert(name.to_owned(), hex(octets).into());
    }
}

fn read_receiver(cursor: &mut Cursor<'_>) -> Result<Value, FrameError> {
    let mut record = Scope::default();
    let (head, id) = RECEIVER.split_at(RECEIVER_HEAD);
    read(head, cursor, &mut record, None)?;
    record.require("rec_id_len", &[ID], ErrorCode::BadLength)?;
    read(id, cursor, &mut record, None)?;
    Ok(record.fields.into())
}

/// Reads the summary part that every record begins with and refuses a wrong frame (register C25).
fn read_summary(cursor: &mut Cursor<'_>) -> Result<Scope, FrameError> {
    let mut record = Scope::default();
    let (head, rest) = CSAS.split_at(CSAS_HEAD);
    read(head, cursor, &mut record, None)?;
    record.require("cache_key_len", &[ID], ErrorCode::BadLength)?;
    record.require("orig_id_len", &[ID], ErrorCode::BadLength)?;
    read(rest, cursor, &mut record, None)?;
    Ok(record)
}

fn read_csas(cursor: &mut Cursor<'_>) -> Result<Value, FrameError> {
    let record = read_summary(cursor)?;
    record.require("record_length", &[CSAS_OCTETS as u64], ErrorCode::BadLength)?;
    Ok(record.fields.into())
}

fn read_csa(cursor: &mut Cursor<'_>, mars: bool) -> Result<Value, FrameError> {
    let whole = *cursor;
    let mut record = read_summary(cursor)?;
    let length = usize::try_from(record.number("record_length")).unwrap_or(usize::MAX);
    let left = length
        .checked_sub(CSAS_OCTETS)
        .filter(|n| *n <= cursor.rest().len());
    let Some(left) = left else {
        let wanted = format!("20 to {}", CSAS_OCTETS + cursor.rest().len());
        return Err(record.fault(ErrorCode::BadLength, "record_length", &wanted));
    };
    let place = cursor.at();
    let body = cursor.take(left, "record_length")?;
    if !mars {
        record.fields.insert("body".to_owned(), hex(body).into());
        return Ok(record.fields.into());
    }
    if body.is_empty() && record.number("flags") & NULL != 0 {
        return Ok(record.fields.into());
    }
    // The message stands when only the protocol-specific part is wrong (register C24).
    match read_mars_part(body, place) {
        Ok(part) => {
            record.fields.insert("mars".to_owned(), part);
            Ok(record.fields.into())
        }
        Err(error) => {
            let octets = whole.rest().get(..length).unwrap_or(&[]);
            Ok(json!({ "error": error.to_value(), "hex": hex(octets) }))
        }
    }
}

fn read_mars_part(body: &[u8], base: usize) -> Result<Value, FrameError> {
    let mut cursor = Cursor::new(body, base);
    let mut part = Scope::default();
    let (head, addresses) = MARS_PART.split_at(12);
    read(head, &mut cursor, &mut part, None)?;
    part.require("hardware_type", &[15], ErrorCode::BadValue)?;
    part.require("version", &[0], ErrorCode::BadVersion)?;
    part.require("state", &[1, 2, 3, 4, 5], ErrorCode::UnknownType)?;
    let no_group = part.number("state") == REDIRECT_ENTRY || part.number("flags") & REGISTER != 0;
    let (fits, wanted) = match (no_group, part.number("protocol_type")) {
        (true, _) => (0..=0, "0"),
        (false, 0x0800) => (4..=4, "4"),
        (false, 0x86dd) => (16..=16, "16"),
        (false, _) => (1..=u64::MAX, "some"),
    };
    if !fits.contains(&part.number("group_addr_len")) {
        return Err(part.fault(ErrorCode::BadLength, "group_addr_len", wanted));
    }
    read(addresses, &mut cursor, &mut part, None)?;
    if part.text("source_atm_address").is_empty() {
        return Err(part.fault(ErrorCode::BadLength, "atm_addr_tl", "an ATM address"));
    }
    // Lower-case hex of equal length compares as the octets do.
    if part.text("minimum_group_address") > part.text("maximum_group_address") {
        let wanted = "at least the minimum";
        return Err(part.fault(ErrorCode::BadValue, "maximum_group_address", wanted));
    }
    if !cursor.rest().is_empty() {
        let detail = format!("{} octets after the record's end", cursor.rest().len());
        let at = cursor.at();
        return Err(FrameError::new(
            ErrorCode::BadLength,
            "record_length",
            at,
            detail,
        ));
    }
    Ok(part.fields.into())
}

fn read_extensions(cursor: &mut Cursor<'_>) -> Result<Value, FrameError> {
    let mut list = Vec::new();
    let mut authenticated = false;
    loop {
        let mut extension = Scope::default();
        let (head, value) = EXTENSION.split_at(EXTENSION_HEAD);
        read(head, cursor, &mut extension, None)?;
        let kind = extension.number("type");
        let end = kind == 0;
        if end {
            extension.require("length", &[0], ErrorCode::BadLength)?;
        }
        let mut octets = *cursor;
        read(value, cursor, &mut extension, None)?;
        // Register D11: of the types that may come once only this one is refused.
        if kind == AUTHENTICATION {
            if authenticated {
                let wanted = "one such extension";
                return Err(extension.fault(ErrorCode::BadValue, "type", wanted));
            }
            authenticated = true;
            let length = usize::try_from(extension.number("length")).unwrap_or(usize::MAX);
            let place = octets.at();
            let mut inside = Cursor::new(octets.take(length, "value")?, place);
            inside.take(SPI_OCTETS, "spi")?;
        }
        list.push(Value::from(extension.fields));
        if end {
            return Ok(list.into());
        }
    }
}

/// Appends a packet without LLC/SNAP header.
pub(super) fn write_packet(message: &Value, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let message = object(message, "message")?;
    let mut packet = Vec::new();
    write(FIXED, message, &mut packet)?;
    let code = message
        .get("type_code")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    match code {
        TYPE_CA => write(CA, message, &mut packet)?,
        TYPE_HELLO => write(HELLO, message, &mut packet)?,
        _ => {}
    }
    write(COMMON, message, &mut packet)?;
    for record in elements(message, "records")? {
        let fields = object(record, "records")?;
        match code {
            TYPE_HELLO => write(RECEIVER, fields, &mut packet)?,
            _ => write_record(fields, code == TYPE_CSU_REQUEST, &mut packet)?,
        }
    }
    if let Some(list) = message.get("extensions") {
        let place = packet.len();
        patch(
            message,
            "start_of_extensions",
            &mut packet,
            EXTENSIONS_AT,
            place,
        )?;
        for extension in list
            .as_array()
            .ok_or_else(|| not("extensions", 0, "a list"))?
        {
            write(EXTENSION, object(extension, "extensions")?, &mut packet)?;
        }
    }
    packet.extend(octets_at(message, "trailing")?);
    let size = packet.len();
    patch(message, "packet_size", &mut packet, PACKET_SIZE_AT, size)?;
    let sum = checksum(&packet);
    patch(
        message,
        "checksum",
        &mut packet,
        CHECKSUM_AT,
        usize::from(sum),
    )?;
    out.append(&mut packet);
    Ok(())
}

fn write_record(
    fields: &Map<String, Value>,
    csa: bool,
    packet: &mut Vec<u8>,
) -> Result<(), FrameError> {
    // A record that reading could not understand is kept as it came.
    if let (Some(_), Some(kept)) = (fields.get("error"), fields.get("hex")) {
        packet.extend(octets_of(kept).ok_or_else(|| not("hex", packet.len(), "hex"))?);
        return Ok(());
    }
    let mut record = Vec::new();
    write(CSAS, fields, &mut record)?;
    if csa {
        patch(
            fields,
            "hop_count",
            &mut record,
            0,
            usize::from(CSA_HOP_COUNT),
        )?;
    }
    if let Some(part) = fields.get("mars") {
        write(MARS_PART, object(part, "mars")?, &mut record)?;
    }
    record.extend(octets_at(fields, "body")?);
    let length = record.len();
    patch(
        fields,
        "record_length",
        &mut record,
        RECORD_LENGTH_AT,
        length,
    )?;
    packet.append(&mut record);
    Ok(())
}

/// The summary of a CSA record as `read` gave it, also of one whose protocol-specific part it could
/// not understand: an acknowledgement needs no more (register C24). Hop count 1, length 20.
#[must_use]
pub fn summary(record: &Value) -> Option<Value> {
    let kept = record.get("hex").and_then(octets_of);
    let fields = match kept {
        Some(octets) => read_summary(&mut Cursor::new(&octets, 0)).ok()?.fields,
        None => record.as_object()?.clone(),
    };
    Some(json!({
        "hop_count": 1,
        "record_length": CSAS_OCTETS,
        "cache_key_len": fields.get("cache_key_len")?,
        "orig_id_len": fields.get("orig_id_len")?,
        "flags": fields.get("flags")?,
        "csa_sequence_number": fields.get("csa_sequence_number")?,
        "cache_key": fields.get("cache_key")?,
        "originator_id": fields.get("originator_id")?,
    }))
}
