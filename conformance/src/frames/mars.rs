//! MARS control messages (RFC 2022, sections 4 to 6 and 10; RFC 2443 adds none).

use serde_json::{Map, Value};

use super::error::{ErrorCode, FrameError};
use super::layout::{
    Absent, Cursor, Field, Scope, elements, fixed, not, number, object, octets_at, octets_of,
    patch, plain, read, sized, typed, write,
};
use super::octets::{checksum, hex};

/// RFC 2022, 4.3: the fixed header.
const HEADER: &[Field] = &[
    number("afn", 2, Absent::Is(15)),
    number("pro_type", 2, Absent::Is(0x0800)),
    fixed("pro_snap", 5),
    fixed("hdrrsv", 3),
    number("chksum", 2, Absent::Later),
    number("extoff", 2, Absent::Later),
    plain("op_version", 1),
    plain("op_type", 1),
    number("shtl", 1, Absent::TlOf("sha")),
    number("sstl", 1, Absent::TlOf("ssa")),
];
const CHKSUM_AT: usize = 12;
const EXTOFF_AT: usize = 14;

/// RFC 2022, 5.1.1: REQUEST, NAK.
const QUERY: &[Field] = &[
    number("spln", 1, Absent::LengthOf("spa")),
    number("thtl", 1, Absent::TlOf("tha")),
    number("tstl", 1, Absent::TlOf("tsa")),
    number("tpln", 1, Absent::LengthOf("tpa")),
    fixed("padding", 8),
    typed("sha", "shtl"),
    typed("ssa", "sstl"),
    sized("spa", "spln"),
    sized("tpa", "tpln"),
];
/// RFC 2022, 5.1.1 and 5.1.6: MULTI, MIGRATE.
const ANSWER: &[Field] = &[
    number("spln", 1, Absent::LengthOf("spa")),
    number("thtl", 1, Absent::TlIn("targets", "tha")),
    number("tstl", 1, Absent::TlIn("targets", "tsa")),
    number("tpln", 1, Absent::LengthOf("tpa")),
    number("tnum", 2, Absent::CountOf("targets")),
    plain("seqxy", 2),
    plain("msn", 4),
    typed("sha", "shtl"),
    typed("ssa", "sstl"),
    sized("spa", "spln"),
    sized("tpa", "tpln"),
];
/// RFC 2022, 5.2.1: JOIN, LEAVE and their relatives.
const MEMBERSHIP: &[Field] = &[
    number("spln", 1, Absent::LengthOf("spa")),
    number("tpln", 1, Absent::LengthIn("pairs", "min")),
    number("pnum", 2, Absent::CountOf("pairs")),
    plain("flags", 2),
    plain("cmi", 2),
    plain("msn", 4),
    typed("sha", "shtl"),
    typed("ssa", "sstl"),
    sized("spa", "spln"),
];
/// RFC 2022, 5.3: GROUPLIST_REPLY.
const GROUP_LIST: &[Field] = &[
    number("spln", 1, Absent::LengthOf("spa")),
    plain("thtl", 1),
    plain("tstl", 1),
    number("tpln", 1, Absent::LengthIn("groups", "")),
    number("tnum", 2, Absent::CountOf("groups")),
    plain("seqxy", 2),
    plain("msn", 4),
    typed("sha", "shtl"),
    typed("ssa", "sstl"),
    sized("spa", "spln"),
];
/// RFC 2022, 5.4.3: REDIRECT_MAP.
const REDIRECT: &[Field] = &[
    plain("spln", 1),
    number("thtl", 1, Absent::TlIn("targets", "tha")),
    number("tstl", 1, Absent::TlIn("targets", "tsa")),
    plain("redirf", 1),
    number("tnum", 2, Absent::CountOf("targets")),
    plain("seqxy", 2),
    plain("msn", 4),
    typed("sha", "shtl"),
    typed("ssa", "sstl"),
];
/// One ATM address of a list.
const TARGET: &[Field] = &[typed("tha", "thtl"), typed("tsa", "tstl")];
/// One range of groups, both ends included.
const PAIR: &[Field] = &[sized("min", "tpln"), sized("max", "tpln")];
/// One group; its JSON form is the bare text.
const GROUP: &[Field] = &[sized("group", "tpln")];
/// RFC 2022, 10: the head of a TLV.
const TLV: &[Field] = &[
    plain("type", 2),
    number("length", 2, Absent::LengthOf("value")),
];

/// Fields of a layout up to the last length of one that has targets.
const LENGTHS: usize = 4;

/// The list that ends a message: its name, its element, its count.
struct List {
    name: &'static str,
    element: &'static [Field],
    count: &'static str,
}

/// The layout of an operation: its fields after the header, and its list, if it has one.
fn layout(op_type: u64) -> Option<(&'static [Field], Option<List>)> {
    let list = |name, element, count| {
        Some(List {
            name,
            element,
            count,
        })
    };
    match op_type {
        1 | 6 => Some((QUERY, None)),
        2 | 13 => Some((ANSWER, list("targets", TARGET, "tnum"))),
        // Register F01: 18 and 19 are SJOIN and SLEAVE of an older numbering.
        3 | 4 | 5 | 7 | 8 | 9 | 10 | 18 | 19 => Some((MEMBERSHIP, list("pairs", PAIR, "pnum"))),
        11 => Some((GROUP_LIST, list("groups", GROUP, "tnum"))),
        12 => Some((REDIRECT, list("targets", TARGET, "tnum"))),
        _ => None,
    }
}

/// Reads a message without its LLC/SNAP header; `base` octets of input came before it.
pub(super) fn read_message(octets: &[u8], base: usize) -> Result<Value, FrameError> {
    let mut cursor = Cursor::new(octets, base);
    let mut scope = Scope::default();
    read(HEADER, &mut cursor, &mut scope, None)?;
    scope.require("op_version", &[0], ErrorCode::BadVersion)?;
    scope.require("afn", &[15], ErrorCode::BadValue)?;
    if scope.number("chksum") != 0 && checksum(octets) != 0 {
        return Err(scope.fault(ErrorCode::BadChecksum, "chksum", "the sum to be zero"));
    }
    let Some((fields, list)) = layout(scope.number("op_type")) else {
        return Err(scope.fault(ErrorCode::UnknownType, "op_type", "1 to 13"));
    };
    if scope.number("shtl") & 0x3f == 0 {
        return Err(scope.fault(ErrorCode::BadLength, "shtl", "an ATM address"));
    }
    // RFC 2022, 5.1.2: the target hardware address of a REQUEST is null.
    let (lengths, rest) = fields.split_at(LENGTHS);
    read(lengths, &mut cursor, &mut scope, None)?;
    if matches!(scope.number("op_type"), 1 | 6) {
        for name in ["thtl", "tstl"] {
            scope.require(name, &[0, 0x40], ErrorCode::BadLength)?;
        }
    }
    read(rest, &mut cursor, &mut scope, None)?;
    if let Some(list) = list {
        let elements = read_list(&list, &mut cursor, &scope)?;
        scope.fields.insert(list.name.to_owned(), elements.into());
    }
    read_tlvs(octets, base, &mut cursor, &mut scope)?;
    Ok(scope.fields.into())
}

fn read_list(
    list: &List,
    cursor: &mut Cursor<'_>,
    scope: &Scope,
) -> Result<Vec<Value>, FrameError> {
    let mut elements = Vec::new();
    let mut highest = String::new();
    let count = scope.number(list.count);
    for _ in 0..count {
        let place = cursor.at();
        let mut element = Scope::default();
        read(list.element, cursor, &mut element, Some(scope))?;
        // A registration has one pair of no octets (register F06); any other list of nothing would
        // cost its sender nothing and us memory.
        if cursor.at() == place && (list.name != "pairs" || count > 1) {
            return Err(scope.fault(
                ErrorCode::BadLength,
                list.count,
                "elements that have octets",
            ));
        }
        if element.text("min") > element.text("max") {
            return Err(element.fault(ErrorCode::BadValue, "max", "at least the minimum"));
        }
        // RFC 2022, 5.2.1: blocks ascend and do not overlap. Hex compares as the octets do.
        if !elements.is_empty() && list.name == "pairs" && element.text("min") <= highest.as_str() {
            return Err(element.fault(ErrorCode::BadValue, "min", "more than the maximum before"));
        }
        element.text("max").clone_into(&mut highest);
        let bare = element.fields.get("group").cloned();
        elements.push(bare.unwrap_or_else(|| element.fields.into()));
    }
    Ok(elements)
}

/// Reads what `extoff` points at, and keeps octets that nothing accounts for.
fn read_tlvs(
    octets: &[u8],
    base: usize,
    cursor: &mut Cursor<'_>,
    scope: &mut Scope,
) -> Result<(), FrameError> {
    let done = cursor.at() - base;
    let start = usize::try_from(scope.number("extoff") & !3).unwrap_or(0);
    if start == 0 {
        keep(&mut scope.fields, "trailing", cursor.take_rest());
        return Ok(());
    }
    if !(done..octets.len()).contains(&start) {
        let wanted = format!("0 or {done} to {}", octets.len());
        return Err(scope.fault(ErrorCode::BadLength, "extoff", &wanted));
    }
    let gap = cursor.take(start - done, "extoff")?;
    if gap != fill(done) {
        scope.fields.insert("gap".to_owned(), hex(gap).into());
    }
    let mut list = Vec::new();
    loop {
        let mut tlv = Scope::default();
        read(TLV, cursor, &mut tlv, None)?;
        let null = tlv.number("type") == 0;
        if null {
            tlv.require("length", &[0], ErrorCode::BadLength)?;
        }
        let length = usize::try_from(tlv.number("length")).unwrap_or(usize::MAX);
        let value = hex(cursor.take(length, "value")?);
        tlv.fields.insert("value".to_owned(), value.into());
        let padding = cursor.take(fill(length).len(), "padding")?;
        if padding != fill(length) {
            tlv.fields.insert("padding".to_owned(), hex(padding).into());
        }
        list.push(Value::from(tlv.fields));
        if null {
            break;
        }
    }
    scope.fields.insert("tlvs".to_owned(), list.into());
    keep(&mut scope.fields, "trailing", cursor.take_rest());
    Ok(())
}

/// The zero octets from `length` to the next 32-bit boundary.
fn fill(length: usize) -> Vec<u8> {
    vec![0; length.wrapping_neg() % 4]
}

fn keep(fields: &mut Map<String, Value>, name: &str, octets: &[u8]) {
    if !octets.is_empty() {
        fields.insert(name.to_owned(), hex(octets).into());
    }
}

/// Appends a message without LLC/SNAP header.
pub(super) fn write_message(message: &Value, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let fields = object(message, "message")?;
    let mut octets = Vec::new();
    write(HEADER, fields, &mut octets)?;
    let op_type = fields.get("op_type").and_then(Value::as_u64).unwrap_or(0);
    let Some((table, list)) = layout(op_type) else {
        return Err(not("op_type", 0, "1 to 13"));
    };
    write(table, fields, &mut octets)?;
    if let Some(list) = list {
        for element in elements(fields, list.name)? {
            if list.name == "groups" {
                let group = octets_of(element);
                octets.extend(group.ok_or_else(|| not(list.name, octets.len(), "hex"))?);
            } else {
                write(list.element, object(element, list.name)?, &mut octets)?;
            }
        }
    }
    if let Some(list) = fields.get("tlvs") {
        match fields.get("gap") {
            Some(_) => octets.extend(octets_at(fields, "gap")?),
            None => octets.extend(fill(octets.len())),
        }
        let place = octets.len();
        patch(fields, "extoff", &mut octets, EXTOFF_AT, place)?;
        for tlv in list.as_array().ok_or_else(|| not("tlvs", 0, "a list"))? {
            let tlv = object(tlv, "tlvs")?;
            write(TLV, tlv, &mut octets)?;
            let value = octets_at(tlv, "value")?;
            octets.extend(&value);
            match tlv.get("padding") {
                Some(_) => octets.extend(octets_at(tlv, "padding")?),
                None => octets.extend(fill(value.len())),
            }
        }
    }
    octets.extend(octets_at(fields, "trailing")?);
    let sum = checksum(&octets);
    patch(fields, "chksum", &mut octets, CHKSUM_AT, usize::from(sum))?;
    out.append(&mut octets);
    Ok(())
}
