#!/usr/bin/env python3
"""Wire vectors, laid out from field lists by hand: no project code, standard library only.

    layout.py            print each vector's hex
    layout.py --check    compare golden.json, invalid.json and hmac.json with what is laid out here
    layout.py --write    write them

A message is a list of (name, size, value): size 1 to 4 with a number is big-endian; size "s4" is
signed; a size of None takes hex as it stands. Lengths and counts are typed in, not computed, so that a
wrong one in a codec shows. Only checksums, and the MAC of one vector, are computed.
"""

import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent

A, B, C = "0a000001", "0a000002", "0a000003"
ATM = "47000580ffe1000000f21a2b3c0020480%s000100"
ATM_A, ATM_B, ATM_C, ATM_M = (ATM % x for x in "abcd")
CLIENT = "0a000063"
GROUP = "e0010203"
ID = {"mars": "aaaa0300005e0003", "scsp": "aaaa0300005e0005",
      "data1": "aaaa0300005e0001", "data2": "aaaa0300005e0004"}


def octets(fields):
    out = b""
    for name, size, value in fields:
        if isinstance(value, list):
            out += b"".join(octets(v) if isinstance(v, list) else bytes.fromhex(v) for v in value)
        elif size is None:
            out += bytes.fromhex(value)
        elif size == "s4":
            out += value.to_bytes(4, "big", signed=True)
        else:
            out += value.to_bytes(size, "big")
    return out


def ip_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def summed(fields, name):
    """The fields with the checksum of that name filled in."""
    value = ip_sum(octets(fields))
    return [(n, s, value if n == name else v) for n, s, v in fields]


def value(fields):
    """The fields as the JSON object that a decoder prints."""
    out = {}
    for name, _, v in fields:
        if isinstance(v, list):
            v = [value(e) if isinstance(e, list) else e for e in v]
        if name.startswith("*"):          # a part that is an object of its own
            out[name[1:]] = v[0]
        elif not name.startswith("-"):    # octets that have no name
            out[name] = v
    return out


# --- SCSP -----------------------------------------------------------------------------------------

def scsp(kind, size, records, count, before=(), flags=0, sender=A, receiver=B, ext=0, tail=()):
    r = len(receiver) // 2
    return summed([
        ("version", 1, 1), ("type_code", 1, kind), ("packet_size", 2, size), ("checksum", 2, 0),
        ("start_of_extensions", 2, ext), *before,
        ("protocol_id", 2, 3), ("server_group_id", 2, 1), ("unused", 2, 0), ("flags", 2, flags),
        ("sender_id_len", 1, 4), ("recvr_id_len", 1, r), ("number_of_records", 2, count),
        ("sender_id", None, sender), ("receiver_id", None, receiver),
        ("records", None, records), *tail], "checksum")


def csas(key, number=-0x7FFFFFFF, hop=1, length=20, origin=A, flags=0):
    return [("hop_count", 2, hop), ("record_length", 2, length), ("cache_key_len", 1, 4),
            ("orig_id_len", 1, 4), ("flags", 2, flags), ("csa_sequence_number", "s4", number),
            ("cache_key", None, key), ("originator_id", None, origin)]


def part(state, flags, cmi, atm, spa="", low="", high=None, sub="", pro=0x0800, **wrong):
    high = low if high is None else high
    get = wrong.get
    return [("hardware_type", 2, get("hardware_type", 15)), ("protocol_type", 2, pro),
            ("snap", None, "0000000000"), ("unused", 1, 0), ("version", 1, get("version", 0)),
            ("state", 1, state), ("flags", 2, flags), ("cluster_member_id", 2, cmi),
            ("src_addr_len", 1, len(spa) // 2), ("group_addr_len", 1, len(low) // 2),
            ("atm_addr_tl", 1, get("tl", len(atm) // 2)), ("atm_subaddr_tl", 1, len(sub) // 2),
            ("source_protocol_address", None, spa), ("source_atm_address", None, atm),
            ("source_atm_subaddress", None, sub),
            ("minimum_group_address", None, low), ("maximum_group_address", None, high)]


def csa(key, length, mars, **more):
    return csas(key, hop=255, length=length, **more) + [("*mars", None, [mars])]


HELLO = [("hello_interval", 2, 3), ("dead_factor", 2, 3), ("hello_unused", 2, 0), ("family_id", 2, 0)]
END = [("type", 2, 0), ("length", 2, 0), ("value", None, "")]


def ca(number):
    return [("ca_sequence_number", 4, number)]


def authenticated():
    def frame(mac):
        auth = [("type", 2, 1), ("length", 2, 20), ("value", None, "00001000" + mac)]
        return scsp(5, 64, [], 0, before=HELLO, ext=36, tail=[("extensions", None, [auth, END])])
    blank = octets(frame("00" * 16))
    blank = blank[:4] + b"\0\0" + blank[6:]
    return frame(hmac.new(b"\x0b" * 16, blank, hashlib.md5).hexdigest())


# --- MARS -----------------------------------------------------------------------------------------

def mars(op, body, sha=ATM_C, ssa="", extoff=0, sum_it=True, tail=(), pro=0x0800, snap="0000000000"):
    fields = [("afn", 2, 15), ("pro_type", 2, pro), ("pro_snap", None, snap),
              ("hdrrsv", None, "000000"), ("chksum", 2, 0), ("extoff", 2, extoff),
              ("op_version", 1, 0), ("op_type", 1, op), ("shtl", 1, len(sha) // 2),
              ("sstl", 1, len(ssa) // 2), *body(sha, ssa), *tail]
    return summed(fields, "chksum") if sum_it else fields


def query(sha, ssa):
    return [("spln", 1, 4), ("thtl", 1, 0), ("tstl", 1, 0), ("tpln", 1, 4), ("padding", None, "00" * 8),
            ("sha", None, sha), ("ssa", None, ssa), ("spa", None, CLIENT), ("tpa", None, GROUP)]


def answer(spa, count, seqxy, msn, targets, thtl=20, tstl=0):
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("thtl", 1, thtl), ("tstl", 1, tstl), ("tpln", 1, 4),
        ("tnum", 2, count), ("seqxy", 2, seqxy), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa),
        ("spa", None, spa), ("tpa", None, GROUP), ("targets", None, targets)]


def target(tha, tsa=""):
    return [("tha", None, tha), ("tsa", None, tsa)]


def member(pairs, count, flags, cmi=0, msn=0, spa=CLIENT, tpln=4):
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("tpln", 1, tpln), ("pnum", 2, count), ("flags", 2, flags),
        ("cmi", 2, cmi), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa), ("spa", None, spa),
        ("pairs", None, pairs)]


def pair(low, high=None):
    return [("min", None, low), ("max", None, low if high is None else high)]


def redirect(sha, ssa):
    return [("spln", 1, 0), ("thtl", 1, 20), ("tstl", 1, 0), ("redirf", 1, 0x80), ("tnum", 2, 2),
            ("seqxy", 2, 0x8001), ("msn", 4, 8), ("sha", None, sha), ("ssa", None, ssa),
            ("targets", None, [target(ATM_A), target(ATM_B)])]


def groups(sha, ssa):
    return [("spln", 1, 4), ("thtl", 1, 0), ("tstl", 1, 0), ("tpln", 1, 4), ("tnum", 2, 2),
            ("seqxy", 2, 0x8001), ("msn", 4, 7), ("sha", None, sha), ("ssa", None, ssa),
            ("spa", None, CLIENT), ("groups", None, [GROUP, "e0010204"])]


ONE = [pair(GROUP)]
NOTHING = [pair("")]
TLVS = [("tlvs", None, [
    [("type", 2, 0x3801), ("length", 2, 3), ("value", None, "010203"), ("-pad", None, "00")], END])]
BLOCKS = [pair("e0000000", "e0010202"), pair("e0010204", "efffffff")]
JOIN_TLV = mars(4, member(ONE, 1, 0x8000), extoff=64, tail=TLVS)

# --- Valid vectors: id, title, protocol (bare) or None (whole frame), requirements, fields ----------
# W1 to W12 are the golden frames G1 to G12 of the layouts.

REDIRECT_ENTRY = csa("00000001", 60, part(1, 0, 0, ATM_A))
REGISTER = csa("00000002", 64, part(3, 0x2000, 0x0101, ATM_C, CLIENT))
JOINED = csa("00000003", 72, part(3, 0x8000, 0x0101, ATM_C, CLIENT, GROUP))

VALID = [
    ("W1", "First Hello, nothing heard", "scsp", ["R2334-B.2.5-01", "R2334-B.2.5-09", "R2443-4.1-01", "R2443-4.1-02"],
     scsp(5, 32, [], 0, before=HELLO, receiver="")),
    ("W2", "Hello, one neighbour heard", "scsp", ["R2334-B.2.5-10", "R2334-B.1-06", "R2443-4.1-03"],
     scsp(5, 36, [], 0, before=HELLO)),
    ("W3", "First CA: M, I and O", "scsp", ["R2334-2.2-04", "R2334-B.2.1-01", "R2334-B.2.1-07"],
     scsp(1, 32, [], 0, before=ca(0x11223344), flags=0xE000)),
    ("W4", "CSU Request with a Redirect Entry", "scsp", ["R2443-5.1-01", "R2443-5.1-02", "R2443-5.1-03", "R2334-B.2.2-01"],
     scsp(2, 88, [REDIRECT_ENTRY], 1)),
    ("W5", "CSU Request: register and join of 224.1.2.3", "scsp",
     ["R2443-3-01", "R2443-5.3-03", "R2443-5.3-06", "R2443-5.3-07", "R2443-4.2-01", "R2443-4.2-02", "R2334-B.2.0.2-06"],
     scsp(2, 164, [REGISTER, JOINED], 2)),
    ("W6", "CSU Reply to W5", "scsp", ["R2334-B.2.3-01", "R2334-B.2.0.2-02", "R2334-B.2.0.2-05"],
     scsp(3, 68, [csas("00000002"), csas("00000003")], 2, sender=B, receiver=A)),
    ("W7", "Hello with authentication, SPI 0x1000, key 16 times 0x0b", "scsp",
     ["R2334-B.3-01", "R2334-B.3-02", "R2334-B.3.1-01", "R2334-B.3.1.1-01", "R2334-B.1-07"], authenticated()),
    ("W8", "JOIN that registers a client", "mars", ["R2022-5.2.3-02", "R2022-5.2.1-02", "R2022-5.2.1-12"],
     mars(4, member(NOTHING, 1, 0x2000, tpln=0))),
    ("W9", "JOIN of 224.1.2.3 from a client", "mars", ["R2022-5.2.1-01", "R2022-5.2.1.1-01", "R2022-4.3-01"],
     mars(4, member(ONE, 1, 0x8000))),
    ("W10", "Its copy on ClusterControlVC, CSN 7", "mars", ["R2022-5.2.1-07", "R2022-5.2.1-16", "R2022-6.1.2-08"],
     mars(4, member(ONE, 1, 0xC000, msn=7))),
    ("W11", "REDIRECT_MAP, own address first, two servers, hard", "mars", ["R2022-5.4.3-02", "R2443-5.1-08"],
     mars(12, redirect, sha=ATM_A)),
    ("W12", "REQUEST for 224.1.2.3", "mars", ["R2022-5.1.2-01", "R2022-5.1.2-02"], mars(1, query)),
    ("V01", "CA with two summaries, last batch, from the slave", "scsp", ["R2334-B.2.1-06", "R2334-B.2.1-08"],
     scsp(1, 72, [csas("00000001", 5), csas("00000002", -1)], 2, before=ca(7), sender=B, receiver=A)),
    ("V02", "CSUS for one entry", "scsp", ["R2334-B.2.4-01", "R2334-B.2.4-02"], scsp(4, 48, [csas("00000009")], 1)),
    ("V03", "CSU Request with a null record", "scsp", ["R2334-2.3-23", "R2334-2.3-24", "R2334-B.2.0.2-07"],
     scsp(2, 48, [csas("00000009", flags=0x8000)], 1)),
    ("V04", "Hello, three neighbours heard", "scsp", ["R2334-B.2.5-06", "R2334-B.2.5-08", "R2334-B.2.5-11"],
     scsp(5, 46, [[("rec_id_len", 1, 4), ("id", None, C)], [("rec_id_len", 1, 4), ("id", None, "0a000004")]], 2, before=HELLO)),
    ("V05", "Hello of odd length with a vendor-private extension", "scsp", ["R2334-B.1-05", "R2334-B.3.2-01"],
     scsp(5, 49, [], 0, before=HELLO, ext=36, tail=[("extensions", None, [
         [("type", 2, 2), ("length", 2, 5), ("value", None, "00005e0102")], END])])),
    ("V06", "CSU Request to all: leave of a block, MCS serve and unserve", "scsp",
     ["R2443-5.4-04", "R2443-5.2-03", "R2443-5.5-04", "R2443-3-15", "R2443-3-22", "R2334-2.3-28"],
     scsp(2, 232, [csa("00000004", 68, part(4, 0, 0x0101, ATM_C, "", "e0000000", "efffffff")),
                   csa("00000005", 68, part(2, 0, 0x0102, ATM_M, "", GROUP)),
                   csa("00000006", 68, part(5, 0, 0x0102, ATM_M, "", GROUP), number=0x7FFFFFFF)], 3, receiver="ffffffff")),
    ("V07", "CSU Request: IPv6 join with subaddress, the largest record", "scsp", ["R2443-3-19", "R2443-3-23", "R2443-3-03"],
     scsp(2, 156, [csa("00000007", 128, part(3, 0x8000, 0x0103, ATM_C, "20010db8000000000000000000000063",
                                             "ff020000000000000000000000010003", sub=ATM_M, pro=0x86DD))], 1)),
    ("V08", "CSU Request: native E.164 client registers", "scsp", ["R2443-3-18", "R2443-3-20"],
     scsp(2, 80, [csa("00000008", 52, part(3, 0x2000, 0x0104, "313233343536373839303132", tl=0x4C))], 1)),
    ("V09", "NAK of W12", "mars", ["R2022-5.1.2-07"], mars(6, query)),
    ("V10", "MULTI, last part, two members", "mars", ["R2022-5.1.2-08", "R2022-5.1.2-10", "R2022-5.1.2-11"],
     mars(2, answer(CLIENT, 2, 0x8001, 7, [target(ATM_C), target(ATM_M)]))),
    ("V11", "MULTI with subaddresses", "mars", ["R2022-5.1.2-11", "R2022-5.1.1-07"],
     mars(2, answer(CLIENT, 1, 0x8001, 7, [target(ATM_C, ATM_M)], tstl=20))),
    ("V12", "MIGRATE to one MCS", "mars", ["R2022-5.1.6-01", "R2022-6.2.2-07"],
     mars(13, answer(A, 1, 0, 9, [target(ATM_M)]), sha=ATM_A)),
    ("V13", "LEAVE of a block, punched copy on ClusterControlVC", "mars", ["R2022-5.2.1-13", "R2022-5.2.1-17"],
     mars(5, member(BLOCKS, 2, 0x5000, msn=8))),
    ("V14", "JOIN without a pair", "mars", ["R2022-5.2.1-13"], mars(4, member([], 0, 0xC000, msn=8))),
    ("V15", "MSERV for a group, checksum not computed", "mars", ["R2022-6.2.2-01", "R2022-4.3.3-02", "R2022-4.3.3-05"],
     mars(3, member(ONE, 1, 0), sha=ATM_M, sum_it=False)),
    ("V16", "UNSERV for a group", "mars", ["R2022-6.2.2-01"], mars(7, member(ONE, 1, 0, spa=""), sha=ATM_M)),
    ("V17", "SJOIN on ServerControlVC", "mars", ["R2022-6.2.4-01", "R2022-6.2.4-12"], mars(8, member(ONE, 1, 0xC000, msn=3))),
    ("V18", "SLEAVE on ServerControlVC", "mars", ["R2022-6.2.4-01"], mars(9, member(ONE, 1, 0xC000, msn=4))),
    ("V19", "GROUPLIST_REQUEST for all groups", "mars", ["R2022-5.3-01", "R2022-8.5-01"],
     mars(10, member([pair("e0000000", "efffffff")], 1, 0))),
    ("V20", "GROUPLIST_REPLY with two groups", "mars", ["R2022-5.3-06"], mars(11, groups)),
    ("V21", "JOIN with an experimental TLV", "mars", ["R2022-10.1-01", "R2022-10.2-01", "R2022-10.2-02", "R2022-10.4-01"],
     JOIN_TLV),
    ("V22", "JOIN in the long form", "mars", ["R2022-4.3.2-01", "R2022-4.3.2-05"],
     mars(4, member(ONE, 1, 0x8000), pro=0x0080, snap="0000000800")),
    ("V23", "Type 1 data, short form", None, ["R2022-5.5-01"],
     [("cmi", 2, 0x0101), ("pro_type", 2, 0x0800), ("packet", None, "45000014")]),
    ("V24", "Type 1 data, long form", None, ["R2022-5.5-01"],
     [("cmi", 2, 0x0101), ("pro_type", 2, 0x0080), ("pro_snap", None, "0000000800"), ("padding", None, "000000"), ("packet", None, "45000014")]),
    ("V25", "Type 2 data, short form", None, ["R2022-5.5-02"],
     [("source_id", None, "0a0000630000000a"), ("pro_type", 2, 0x0800), ("padding", None, "0000"), ("packet", None, "45000014")]),
    ("V26", "Type 2 data, long form", None, ["R2022-5.5-02"],
     [("source_id", None, "0a0000630000000a"), ("pro_type", 2, 0x0080), ("pro_snap", None, "0000000800"), ("padding", None, "00"), ("packet", None, "45000014")]),
    ("V27", "Whole frame: W2 with its LLC/SNAP header", None, ["R2334-B-01"], scsp(5, 36, [], 0, before=HELLO)),
    ("V28", "Whole frame: W9 with its LLC/SNAP header", None, ["R2022-4.2-01"], mars(4, member(ONE, 1, 0x8000))),
]
FRAMES = {"V23": "data1", "V24": "data1", "V25": "data2", "V26": "data2", "V27": "scsp", "V28": "mars"}


def valid():
    out = []
    for name, title, bare, requirements, fields in VALID:
        protocol = bare or FRAMES[name]
        vector = {"id": name, "title": title}
        if bare:
            vector["bare"] = bare
        prefix = "" if bare else ID[protocol]
        vector.update(hex=prefix + octets(fields).hex(), requirements=requirements,
                      fields={"protocol": protocol, "message": value(fields)})
        out.append(vector)
    return out


# --- Invalid vectors: a valid one with octets changed ----------------------------------------------

BY_ID = {name: (bare, octets(fields)) for name, _, bare, _, fields in VALID}


def changed(name, at=None, new="", cut=None, add="", sum_at=None):
    bare, data = BY_ID[name]
    data = bytearray(data)
    if at is not None:
        data[at:at + len(new) // 2] = bytes.fromhex(new)
    data = data[:cut] + bytes.fromhex(add)
    if sum_at is not None:
        data[sum_at:sum_at + 2] = b"\0\0"
        data[sum_at:sum_at + 2] = ip_sum(bytes(data)).to_bytes(2, "big")
    return bare, bytes(data).hex()


S, M = 4, 12      # where the checksums are
INVALID = [
    ("I01", "Nothing", (None, ""), "truncated", "llc_snap", 0, ["R2334-B-01"]),
    ("I02", "LLC/SNAP of IPv4", (None, "aaaa030000000800" + "00" * 20), "bad-encapsulation", "llc_snap", 0, ["R2334-B-01"]),
    ("I03", "SCSP ends inside the fixed part", changed("W2", cut=3), "truncated", "packet_size", 2, ["R2334-B.1-03"]),
    ("I04", "SCSP version 2", changed("W2", 0, "02", sum_at=S), "bad-version", "version", 0, ["R2334-B.1-01"]),
    ("I05", "SCSP type code 6", changed("W2", 1, "06", sum_at=S), "unknown-type", "type_code", 1, ["R2334-B.1-02"]),
    ("I06", "Packet Size one too large", changed("W2", 2, "0025", sum_at=S), "bad-length", "packet_size", 2, ["R2334-B.1-03"]),
    ("I07", "Packet Size smaller than any packet", changed("W2", 2, "0007", sum_at=S), "bad-length", "packet_size", 2, ["R2334-B.1-03"]),
    ("I08", "SCSP checksum off by one", changed("W2", 4, "e6c6"), "bad-checksum", "checksum", 4, ["R2334-B.1-04"]),
    ("I09", "Start Of Extensions inside the mandatory part", changed("W7", 6, "0020", sum_at=S), "bad-length", "start_of_extensions", 6, ["R2334-B.1-07"]),
    ("I10", "Start Of Extensions behind the packet", changed("W2", 6, "0025", sum_at=S), "bad-length", "start_of_extensions", 6, ["R2334-B.1-07"]),
    ("I11", "Sender ID of 3 octets", changed("W4", 16, "03", sum_at=S), "bad-length", "sender_id_len", 16, ["R2443-4.1-02"]),
    ("I12", "No Receiver ID in a CSU Request", changed("W4", 17, "00", sum_at=S), "bad-length", "recvr_id_len", 17, ["R2443-4.1-03"]),
    ("I13", "More records counted than there are", changed("W4", 18, "0002", sum_at=S), "truncated", "hop_count", 88, ["R2334-B.2.2-02"]),
    ("I14", "Record longer than the packet", changed("W4", 30, "003d", sum_at=S), "bad-length", "record_length", 30, ["R2334-B.2.0.2-06"]),
    ("I15", "Record shorter than its summary", changed("W4", 30, "0013", sum_at=S), "bad-length", "record_length", 30, ["R2334-B.2.0.2-05"]),
    ("I16", "Cache key of 5 octets", changed("W4", 32, "05", sum_at=S), "bad-length", "cache_key_len", 32, ["R2443-4.2-01"]),
    ("I17", "Originator ID of 3 octets", changed("W4", 33, "03", sum_at=S), "bad-length", "orig_id_len", 33, ["R2443-4.2-02"]),
    ("I18", "Stand-alone summary of 21 octets", changed("W6", 30, "0015", sum_at=S), "bad-length", "record_length", 30, ["R2334-B.2.0.2-05"]),
    ("I19", "Extension longer than the packet", changed("W7", 38, "0040", sum_at=S), "truncated", "value", 40, ["R2334-B.3-01"]),
    ("I20", "Extensions without End", changed("W7", 60, "0003", sum_at=S), "truncated", "type", 64, ["R2334-B.3-02"]),
    ("I21", "MARS message ends inside the fixed header", changed("W9", cut=19), "truncated", "sstl", 19, ["R2022-4.3-01"]),
    ("I22", "Not ATM Forum addressing (afn 1)", changed("W9", 0, "0001", sum_at=M), "bad-value", "afn", 0, ["R2022-4.3.1-01"]),
    ("I23", "MARS checksum off by one", changed("W9", 12, "c0b3"), "bad-checksum", "chksum", 12, ["R2022-4.3.3-04"]),
    ("I24", "NHRP (version 1)", changed("W9", 16, "01", sum_at=M), "bad-version", "op_version", 16, ["R2022-4.3.5-01"]),
    ("I25", "Op type 14", changed("W9", 17, "0e", sum_at=M), "unknown-type", "op_type", 17, ["R2022-11-01"]),
    ("I26", "Op type 0", changed("W9", 17, "00", sum_at=M), "unknown-type", "op_type", 17, ["R2022-11-01"]),
    ("I27", "Top bit of a type/length octet", changed("W9", 18, "94", sum_at=M), "bad-value", "shtl", 18, ["R2022-5.1.2-04"]),
    ("I28", "Null source ATM address", changed("W9", 18, "00", sum_at=M), "bad-length", "shtl", 18, ["R2022-4.3-02"]),
    ("I29", "Two pairs counted, one there", changed("W9", 22, "0002", sum_at=M), "truncated", "min", 64, ["R2022-5.2.1-01"]),
    ("I30", "Range upside down", changed("W9", 56, "e0010204", sum_at=M), "bad-value", "max", 60, ["R2022-5.2.1-17"]),
    ("I31", "Message ends inside mar$tpa", changed("W12", cut=59, sum_at=M), "truncated", "tpa", 56, ["R2022-5.1.2-01"]),
    ("I32", "mar$extoff inside the addresses", changed("V21", 14, "003c", sum_at=M), "bad-length", "extoff", 14, ["R2022-10.1-01"]),
    ("I33", "mar$extoff behind the message", changed("W9", 14, "0040", sum_at=M), "bad-length", "extoff", 14, ["R2022-10.1-01"]),
    ("I34", "TLV longer than the message", changed("V21", 66, "0040", sum_at=M), "truncated", "value", 68, ["R2022-10.2-01"]),
    ("I35", "TLVs without null TLV", changed("V21", cut=72, sum_at=M), "truncated", "type", 72, ["R2022-10.4-01"]),
    ("I36", "Addresses of no octets", changed("W11", 21, "00", cut=52, sum_at=M), "bad-length", "tnum", 24, ["R2022-5.1.2-11"]),
]
# Records that are refused while their message stands (register C24): place of the record in it.
RECORD = [
    ("I37", "Record of hardware type 1", changed("W5", 48, "0001", sum_at=S), 0, "bad-value", "hardware_type", 48, ["R2443-3-02"]),
    ("I38", "Record of version 1", changed("W5", 58, "01", sum_at=S), 0, "bad-version", "version", 58, ["R2443-3-06", "R2443-3-07"]),
    ("I39", "Record in state 6", changed("W5", 59, "06", sum_at=S), 0, "unknown-type", "state", 59, ["R2443-3-08"]),
    ("I40", "Register record with a group length", changed("W5", 65, "04", sum_at=S), 0, "bad-length", "group_addr_len", 65, ["R2443-5.3-06"]),
    ("I41", "Join record without a group length", changed("W5", 129, "00", sum_at=S), 1, "bad-length", "group_addr_len", 129, ["R2443-5.3-07"]),
    ("I42", "Record with the top bit of ATM Addr T/L set", changed("W5", 66, "94", sum_at=S), 0, "bad-value", "atm_addr_tl", 66, ["R2443-3-18"]),
    ("I43", "Record whose ATM address overruns it", changed("W5", 66, "15", sum_at=S), 0, "truncated", "source_atm_address", 72, ["R2443-3-18"]),
    ("I44", "Record with octets left over", changed("W5", 66, "13", sum_at=S), 0, "bad-length", "record_length", 91, ["R2443-3-01"]),
    ("I45", "Record with its range upside down", changed("W5", 160, "e0010202", sum_at=S), 1, "bad-value", "maximum_group_address", 160, ["R2443-3-22"]),
    ("I46", "Empty record that is no null record", changed("V03", 34, "0000", sum_at=S), 0, "truncated", "hardware_type", 48, ["R2334-B.2.0.2-07"]),
]


def invalid():
    out = []
    rows = [(n, t, c, None, *rest) for n, t, c, *rest in INVALID] + [tuple(row) for row in RECORD]
    for name, title, (bare, text), record, code, field, offset, requirements in rows:
        vector = {"id": name, "title": title}
        if bare:
            vector["bare"] = bare
        vector.update(hex=text, requirements=requirements)
        if record is not None:
            vector["record"] = record
        vector["error"] = {"code": code, "field": field, "offset": offset}
        out.append(vector)
    return out


def macs():
    rows = [("K1", b"\x0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
            ("K2", b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
            ("K3", b"\xaa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6")]
    for _, key, data, mac in rows:
        assert hmac.new(key, data, hashlib.md5).hexdigest() == mac
    return [{"id": n, "title": "HMAC-MD5-128 (RFC 2104)", "key": k.hex(), "data": d.hex(), "mac": m} for n, k, d, m in rows]


FILES = {"golden.json": ("valid", valid), "invalid.json": ("invalid", invalid), "hmac.json": ("hmac", macs)}


def main():
    wrong = 0
    for name, (kind, make) in FILES.items():
        text = json.dumps({"format": "mars-vectors/1", "kind": kind, "vectors": make()}, indent=1, ensure_ascii=False) + "\n"
        path = HERE / name
        if "--write" in sys.argv:
            path.write_text(text)
        elif "--check" in sys.argv:
            if path.read_text() != text:
                here = {v["id"]: v for v in make()}
                there = {v["id"]: v for v in json.loads(path.read_text())["vectors"]}
                bad = [i for i in sorted(here.keys() | there.keys()) if here.get(i) != there.get(i)]
                print(f"{name}: differs in {', '.join(bad) or 'its form'}", file=sys.stderr)
                wrong = 1
        else:
            for vector in make():
                print(vector["id"], vector.get("hex", vector.get("mac")))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
