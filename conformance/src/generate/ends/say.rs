//! Messages of RFC 2022 between an endpoint and a scripted MARS, as patterns of what the endpoint says
//! and as frames that the MARS says.

use serde_json::{Value, json};

use crate::generate::mars::messages::{Endpoint, Message, Protocol, flag};
pub(super) use crate::generate::mars::messages::{LAYER3GRP, op};

/// The endpoint under test.
pub(super) const OWN: u8 = 0x09;
/// Its layer 3 address.
pub(super) const SOURCE: &str = "0a000009";
/// Its MARS, the others of its list, and one that it has never heard of.
pub(super) const MARS: u8 = 0xa1;
pub(super) const BACKUP: u8 = 0xa2;
pub(super) const THIRD: u8 = 0xa3;
pub(super) const STRANGER: u8 = 0xaf;
/// The CMI that the MARS gives.
pub(super) const CMI: u64 = 7;

/// Somebody with this octet in the ATM address.
fn end(octet: u8) -> Endpoint {
    let address = if octet == OWN { SOURCE } else { "" };
    Endpoint::nsapa(octet, address)
}

fn ip() -> Protocol {
    Protocol::short(0x0800)
}

/// The number of such an address.
pub(super) fn number(octet: u8) -> String {
    end(octet).number
}

/// Such an address, as the adapter protocol says it.
pub(super) fn atm(octet: u8) -> Value {
    end(octet).peer()
}

/// The group 224.0.0.`octet`.
pub(super) fn group(octet: u8) -> String {
    format!("e00000{octet:02x}")
}

/// A block of groups, both ends included.
pub(super) type Block = (String, String);

/// The block of one group.
pub(super) fn one(octet: u8) -> Block {
    (group(octet), group(octet))
}

/// The block from one group to another.
pub(super) fn block(from: u8, to: u8) -> Block {
    (group(from), group(to))
}

/// All groups of IPv4.
pub(super) fn everything() -> Block {
    ("e0000000".to_owned(), "efffffff".to_owned())
}

/// JOIN, LEAVE, MSERV or UNSERV of a block; `flags` are those beside the sequence, and the whole field
/// gets a name.
pub(super) fn member(op: u64, (min, max): &Block, flags: u64, name: &str) -> Value {
    Message::about(op, &ip(), &end(OWN), (min, max))
        .with("flags", json!({"bind": name, "in": [flags, flags | 0xff]}))
        .pattern()
}

/// JOIN, LEAVE, MSERV or UNSERV with register set: one pair of no octets (register F06).
pub(super) fn registration(op: u64, name: &str) -> Value {
    let nothing = (String::new(), String::new());
    member(op, &nothing, flag::REGISTER, name)
}

/// The same pattern of an endpoint without a layer 3 address.
pub(super) fn nameless(op: u64, name: &str) -> Value {
    let nobody = Endpoint::nsapa(OWN, "");
    let (low, high) = (flag::REGISTER, flag::REGISTER | 0xff);
    Message::registration(op, &ip(), &nobody)
        .with("flags", json!({"bind": name, "in": [low, high]}))
        .pattern()
}

/// `MARS_REQUEST` for a group.
pub(super) fn request(octet: u8) -> Value {
    Message::query(op::REQUEST, &ip(), &end(OWN), &group(octet))
        .with("thtl", 0)
        .with("tstl", 0)
        .pattern()
}

/// `GROUPLIST_REQUEST` for a block.
pub(super) fn list_request((min, max): &Block) -> Value {
    Message::about(op::GROUPLIST_REQUEST, &ip(), &end(OWN), (min, max))
        .with("flags", json!({"in": [0, 0xff]}))
        .pattern()
}

/// A Type 1 data frame.
pub(super) fn data1(cmi: u64, hex: &str) -> Value {
    json!({"protocol": "data1", "message": {"cmi": cmi, "pro_type": 0x0800, "packet": hex}})
}

/// A Type 2 data frame.
pub(super) fn data2(hex: &str) -> Value {
    json!({"protocol": "data2", "message": {
        "source_id": "0000000000000000", "pro_type": 0x0800, "padding": "0000", "packet": hex,
    }})
}

/// The same frame with other fields.
pub(super) fn with(mut frame: Value, more: Value) -> Value {
    if let (Some(Value::Object(all)), Value::Object(more)) = (frame.get_mut("message"), more) {
        all.extend(more);
    }
    frame
}

/// The copy that a MARS returns of what was seen under `name` (RFC 2022, 6.1.2).
pub(super) fn copy(op: u64, (min, max): &Block, name: &str, cmi: u64, msn: u64) -> Value {
    Message::about(op, &ip(), &end(OWN), (min, max))
        .with("flags", json!({"ref": name, "add": flag::COPY}))
        .with("cmi", cmi)
        .with("msn", msn)
        .frame()
}

/// The copy of a registration or deregistration.
pub(super) fn registered(op: u64, name: &str, cmi: u64, msn: u64) -> Value {
    copy(op, &(String::new(), String::new()), name, cmi, msn)
}

/// JOIN, LEAVE, SJOIN or the like about somebody, on a control VC.
pub(super) fn told(op: u64, who: u8, blocks: &[Block], msn: u64) -> Value {
    let pairs: Vec<_> = blocks
        .iter()
        .map(|(min, max)| (min.as_str(), max.as_str()))
        .collect();
    Message::join_form(op, &ip(), &Endpoint::nsapa(who, ""))
        .pairs(&pairs)
        .with("tpln", 4)
        .with("flags", flag::COPY)
        .with("msn", msn)
        .frame()
}

/// The same with holes punched.
pub(super) fn told_punched(op: u64, who: u8, blocks: &[Block], msn: u64) -> Value {
    let flags = json!({"flags": flag::COPY | flag::PUNCHED});
    with(told(op, who, blocks, msn), flags)
}

/// mar$seqxy.
pub(super) fn part(last: bool, y: u64) -> u64 {
    y | if last { 0x8000 } else { 0 }
}

fn answer(op: u64, source: u8, of: u8, members: &[u8]) -> Message {
    let members: Vec<Endpoint> = members.iter().map(|octet| end(*octet)).collect();
    let members: Vec<&Endpoint> = members.iter().collect();
    Message::answer(op, &ip(), &end(source), &group(of), &members)
}

/// A part of the answer to a REQUEST.
pub(super) fn multi(of: u8, seqxy: u64, msn: u64, members: &[u8]) -> Value {
    answer(op::MULTI, OWN, of, members)
        .with("seqxy", seqxy)
        .with("msn", msn)
        .frame()
}

/// The answer of one part.
pub(super) fn members(of: u8, msn: u64, members: &[u8]) -> Value {
    multi(of, part(true, 1), msn, members)
}

/// The answer that there is nobody.
pub(super) fn nak(of: u8) -> Value {
    Message::query(op::NAK, &ip(), &end(OWN), &group(of)).frame()
}

/// A move of a group to MCSs.
pub(super) fn migrate(of: u8, msn: u64, members: &[u8]) -> Value {
    answer(op::MIGRATE, MARS, of, members)
        .with("msn", msn)
        .frame()
}

/// A part of a redirect map of `source`.
pub(super) fn map_part(source: u8, redirf: u64, seqxy: u64, msn: u64, servers: &[u8]) -> Value {
    let servers: Vec<Endpoint> = servers.iter().map(|octet| end(*octet)).collect();
    let servers: Vec<&Endpoint> = servers.iter().collect();
    Message::redirect_map(&ip(), &end(source), &servers)
        .with("spln", 0)
        .with("redirf", redirf)
        .with("seqxy", seqxy)
        .with("msn", msn)
        .frame()
}

/// A hard redirect map of one part.
pub(super) fn map(source: u8, msn: u64, servers: &[u8]) -> Value {
    map_part(source, 0x80, part(true, 1), msn, servers)
}

/// A part of the answer to a `GROUPLIST_REQUEST`.
pub(super) fn list_reply(seqxy: u64, msn: u64, groups: &[u8]) -> Value {
    let groups: Vec<String> = groups.iter().map(|octet| group(*octet)).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    Message::group_list(&ip(), &end(OWN), &groups)
        .with("tpln", 4)
        .with("seqxy", seqxy)
        .with("msn", msn)
        .frame()
}

/// The same message with a list of TLVs: this one and the null TLV.
pub(super) fn with_tlv(frame: Value, kind: u64) -> Value {
    let tlvs = json!([{"type": kind, "value": "01020304"}, {"type": 0, "value": ""}]);
    with(frame, json!({"tlvs": tlvs}))
}
