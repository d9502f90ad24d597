"""MARS control messages that do not stand (RFC 2022)."""

from .fields import cut, ip_sum, put, stale, unsum
from .invalid import laid_out, message

HEADER = ["R2022-4.3-01"]
QUERY, MULTI, JOIN = ["R2022-5.1.2-01"], ["R2022-5.1.2-08"], ["R2022-5.2.1-01"]
LIST, MAP = ["R2022-5.3-06"], ["R2022-5.4.3-02"]


def ends_in(name, title, base, path, after, requirements):
    return (name, title, base, [cut(path, after)], "truncated", path, requirements)


def bump(data):
    """One more than the sum."""
    total = int.from_bytes(data[12:14], "big") + 1
    return data[:12] + total.to_bytes(2, "big") + data[14:]


def sum_before_tlvs(data):
    """The sum of a JOIN of 64 octets without what follows."""
    blank = data[:12] + b"\0\0" + data[14:64]
    return data[:12] + ip_sum(blank).to_bytes(2, "big") + data[14:]


ROWS = [
    # Fixed header
    ("I21", "MARS message ends inside the fixed header", "W9", [cut("sstl")], "truncated", "sstl", HEADER),
    ("I22", "Not ATM Forum addressing (afn 1)", "W9", [put("afn", 1)], "bad-value", "afn", ["R2022-4.3.1-01"]),
    ("I23", "MARS checksum off by one", "W9", [unsum("chksum is one more than the sum", bump)], "bad-checksum", "chksum", ["R2022-4.3.3-04"]),
    ("I24", "NHRP (version 1)", "W9", [put("op_version", 1)], "bad-version", "op_version", ["R2022-4.3.5-01"]),
    ("I25", "Op type 14", "W9", [put("op_type", 14)], "unknown-type", "op_type", ["R2022-11-01"]),
    ("I26", "Op type 0", "W9", [put("op_type", 0)], "unknown-type", "op_type", ["R2022-11-01"]),
    ("I27", "Top bit of a type/length octet", "W9", [put("shtl", 0x94)], "bad-value", "shtl", ["R2022-5.1.2-04"]),
    ("I28", "Null source ATM address", "W9", [put("shtl", 0)], "bad-length", "shtl", ["R2022-4.3-02"]),
    ends_in("I300", "MARS message of no octets", "W9", "afn", 0, HEADER),
    ends_in("I301", "Header ends inside mar$afn", "W9", "afn", 1, ["R2022-4.3.1-01"]),
    ends_in("I302", "Header ends before mar$pro", "W9", "pro_type", 0, ["R2022-4.3.2-01"]),
    ends_in("I303", "Header ends inside mar$pro.snap", "W9", "pro_snap", 4, ["R2022-4.3.2-01"]),
    ends_in("I304", "Header ends inside mar$hdrrsv", "W9", "hdrrsv", 2, ["R2022-4.3-03"]),
    ends_in("I305", "Header ends inside mar$chksum", "W9", "chksum", 1, ["R2022-4.3.3-01"]),
    ends_in("I306", "Header ends inside mar$extoff", "W9", "extoff", 1, ["R2022-4.3.4-01"]),
    ends_in("I307", "Header ends before mar$op", "W9", "op_version", 0, ["R2022-4.3.5-01"]),
    ends_in("I308", "Header ends between version and type of mar$op", "W9", "op_type", 0, ["R2022-4.3.5-01"]),
    ends_in("I309", "Header ends before mar$shtl", "W9", "shtl", 0, HEADER),
    ("I310", "Address family 0", "W12", [put("afn", 0)], "bad-value", "afn", ["R2022-4.3.1-01"]),
    ("I311", "Address family 65535", "W11", [put("afn", 0xFFFF)], "bad-value", "afn", ["R2022-4.3.1-01"]),
    ("I312", "Address family 15 with its octets swapped", "W9", [put("afn", 0x0F00)], "bad-value", "afn", ["R2022-4.3.1-01", "R2022-1.4-01"]),
    ("I313", "Version 2", "W12", [put("op_version", 2)], "bad-version", "op_version", ["R2022-4.3.5-01"]),
    ("I314", "The ATM Forum's version 0xF0", "W12", [put("op_version", 0xF0)], "bad-version", "op_version", ["R2022-4.3.5-01"]),
    ("I315", "The experimental version 0xFF", "W11", [put("op_version", 0xFF)], "bad-version", "op_version", ["R2022-4.3.5-01"]),
    ("I316", "Op type 17, between what is known and its older numbers", "V17", [put("op_type", 17)], "unknown-type", "op_type", ["R2022-11-01"]),
    ("I317", "Op type 20", "V17", [put("op_type", 20)], "unknown-type", "op_type", ["R2022-11-01"]),
    ("I318", "Op type 255", "W12", [put("op_type", 255)], "unknown-type", "op_type", ["R2022-11-01"]),
    ("I319", "A bit flipped in the last octet", "W9", [stale("pairs.0.max", "e0010207")], "bad-checksum", "chksum", ["R2022-4.3.3-01", "R2022-4.3.3-04"]),
    ("I320", "Checksum with its octets swapped", "W12",
     [unsum("chksum has its octets swapped", lambda data: data[:12] + data[13:14] + data[12:13] + data[14:])],
     "bad-checksum", "chksum", ["R2022-4.3.3-04"]),
    ("I321", "Checksum 0xFFFF that is not the sum", "W12",
     [unsum("chksum is 0xffff in place of the sum", lambda data: data[:12] + b"\xff\xff" + data[14:])],
     "bad-checksum", "chksum", ["R2022-4.3.3-04"]),
    ("I322", "Checksum that leaves out the TLVs", "V21", [unsum("chksum is the sum of what comes before the TLVs", sum_before_tlvs)],
     "bad-checksum", "chksum", ["R2022-4.3.3-01"]),
    # Type/length octets
    ("I330", "Null source ATM address, E.164 as its form", "W9", [put("shtl", 0x40)], "bad-length", "shtl", ["R2022-4.3-02", "R2022-5.1.2-06"]),
    ("I331", "Top bit of mar$shtl for E.164", "V403", [put("shtl", 0xCC)], "bad-value", "shtl", ["R2022-5.1.2-04"]),
    ("I332", "Top bit of mar$sstl", "W9", [put("sstl", 0x80)], "bad-value", "sstl", ["R2022-5.1.2-04"]),
    ("I333", "Top bit of mar$thtl in a MULTI", "V10", [put("thtl", 0x94)], "bad-value", "thtl", ["R2022-5.1.2-04"]),
    ("I334", "Top bit of mar$tstl in a MULTI", "V10", [put("tstl", 0x80)], "bad-value", "tstl", ["R2022-5.1.2-04"]),
    ("I335", "Top bit of mar$thtl in a REDIRECT_MAP", "W11", [put("thtl", 0x94)], "bad-value", "thtl", ["R2022-5.1.2-04"]),
    ("I336", "Top bit of mar$tstl in a MIGRATE", "V12", [put("tstl", 0xC0)], "bad-value", "tstl", ["R2022-5.1.2-04"]),
    ("I337", "Top bit of mar$thtl in a REQUEST", "W12", [put("thtl", 0x80)], "bad-value", "thtl", ["R2022-5.1.2-04"]),
    ("I338", "REQUEST with a length of a target ATM number", "W12", [put("thtl", 20)], "bad-length", "thtl", QUERY),
    ("I339", "REQUEST with a length of a target ATM subaddress", "W12", [put("tstl", 20)], "bad-length", "tstl", QUERY),
    ("I340", "NAK with a length of a target ATM number", "V09", [put("thtl", 0x41)], "bad-length", "thtl", ["R2022-5.1.2-07"]),
    ("I341", "Source ATM number of 21 octets", "W9", [put("shtl", 21), put("sha", "47" * 21)], "bad-length", "shtl", ["R2022-5.1.2-05"]),
    ("I342", "Source ATM subaddress of 21 octets", "W9", [put("sstl", 21), put("ssa", "47" * 21)], "bad-length", "sstl", ["R2022-5.1.2-05"]),
    ("I343", "Target ATM numbers of 21 octets", "V12", [put("thtl", 21), put("targets.0.tha", "47" * 21)], "bad-length", "thtl", ["R2022-5.1.2-05"]),
    # REQUEST
    ("I31", "Message ends inside mar$tpa", "W12", [cut("tpa", 3)], "truncated", "tpa", QUERY),
    ends_in("I350", "REQUEST ends before mar$spln", "W12", "spln", 0, QUERY),
    ends_in("I351", "REQUEST ends before mar$thtl", "W12", "thtl", 0, QUERY),
    ends_in("I352", "REQUEST ends before mar$tstl", "W12", "tstl", 0, QUERY),
    ends_in("I353", "REQUEST ends before mar$tpln", "W12", "tpln", 0, QUERY),
    ends_in("I354", "REQUEST ends inside the padding", "W12", "padding", 7, QUERY),
    ends_in("I355", "REQUEST ends inside mar$sha", "W12", "sha", 19, ["R2022-5.1.2-03"]),
    ends_in("I356", "REQUEST ends inside mar$ssa", "V404", "ssa", 10, ["R2022-5.1.2-03"]),
    ends_in("I357", "NAK ends inside mar$spa", "V09", "spa", 1, ["R2022-5.1.2-07"]),
    ends_in("I358", "REQUEST without a checksum ends before mar$tpa", "V408", "tpa", 0, QUERY),
    # MULTI, MIGRATE
    ("I360", "More addresses counted than a MULTI has", "V10", [put("tnum", 3)], "truncated", "end", ["R2022-5.1.2-11"], {"field": "tha"}),
    ("I361", "65535 addresses counted, one there", "V11", [put("tnum", 0xFFFF)], "truncated", "end", ["R2022-5.1.2-11"], {"field": "tha"}),
    ends_in("I362", "MULTI ends inside its second address", "V10", "targets.1.tha", 19, ["R2022-5.1.2-11"]),
    ends_in("I363", "MULTI ends inside a subaddress", "V11", "targets.0.tsa", 5, ["R2022-5.1.2-11"]),
    ("I364", "Subaddresses announced, none there", "V10", [put("tnum", 2), put("tstl", 20), cut("targets.1.tha")],
     "truncated", "end", ["R2022-5.1.2-11"], {"field": "tsa"}),
    ("I365", "Members counted whose addresses have no octets", "V10", [put("thtl", 0)], "bad-length", "tnum", ["R2022-5.1.2-11"]),
    ends_in("I366", "MULTI ends inside mar$tnum", "V10", "tnum", 1, MULTI),
    ends_in("I367", "MULTI ends before mar$seqxy", "V10", "seqxy", 0, ["R2022-5.1.2-10"]),
    ends_in("I368", "MULTI ends inside mar$msn", "V10", "msn", 3, MULTI),
    ends_in("I369", "MULTI ends inside mar$sha", "V10", "sha", 1, ["R2022-5.1.2-09"]),
    ends_in("I370", "MULTI ends inside mar$spa", "V10", "spa", 1, ["R2022-5.1.2-09"]),
    ends_in("I371", "MULTI ends inside mar$tpa", "V10", "tpa", 1, MULTI),
    ends_in("I372", "MIGRATE ends inside its only address", "V12", "targets.0.tha", 1, ["R2022-5.1.6-01"]),
    ("I373", "MIGRATE whose addresses have no octets", "V12", [put("thtl", 0x40)], "bad-length", "tnum", ["R2022-5.1.6-01"]),
    # JOIN and its relatives
    ("I29", "Two pairs counted, one there", "W9", [put("pnum", 2)], "truncated", "end", JOIN, {"field": "min"}),
    ("I30", "Range upside down", "W9", [put("pairs.0.min", "e0010204")], "bad-value", "pairs.0.max", ["R2022-5.2.1-17"]),
    ("I380", "65535 pairs counted, one there", "V18", [put("pnum", 0xFFFF)], "truncated", "end", JOIN, {"field": "min"}),
    ("I381", "65535 pairs of no octets", "W8", [put("pnum", 0xFFFF)], "bad-length", "pnum", [*JOIN, "F06"]),
    ("I382", "Two pairs of no octets", "V460", [put("pnum", 2)], "bad-length", "pnum", ["R2022-6.2.2-01", "F06"]),
    ("I383", "Blocks that overlap", "V13", [put("pairs.1.min", "e0010202")], "bad-value", "pairs.1.min", ["R2022-5.2.1-17"]),
    ("I384", "Blocks in descending order", "V13", [put("pairs.0.min", "f0000000"), put("pairs.0.max", "f0000001")],
     "bad-value", "pairs.1.min", ["R2022-5.2.1-17"]),
    ("I385", "The same block twice", "V459", [put("pairs.1.min", "e0010203"), put("pairs.1.max", "e0010203")],
     "bad-value", "pairs.1.min", ["R2022-5.2.1-17"]),
    ("I386", "Third block inside the second", "V452", [put("pairs.2.min", "e0000100"), put("pairs.2.max", "e0000100")],
     "bad-value", "pairs.2.min", ["R2022-5.2.1-17"]),
    ("I387", "Second block upside down", "V464", [put("pairs.1.max", "e0010203")], "bad-value", "pairs.1.max", ["R2022-5.2.1-17"]),
    ("I388", "Range upside down that a signed comparison takes", "V451", [put("pairs.0.min", "80000000"), put("pairs.0.max", "7fffffff")],
     "bad-value", "pairs.0.max", ["R2022-5.2.1-17"]),
    ("I389", "IPv6 range upside down in the last octet", "V448", [put("pairs.0.max", "ff020000000000000000000000010002")],
     "bad-value", "pairs.0.max", ["R2022-5.2.1-17"]),
    ends_in("I390", "JOIN ends before mar$spln", "W9", "spln", 0, JOIN),
    ends_in("I391", "JOIN ends before mar$tpln", "W9", "tpln", 0, JOIN),
    ends_in("I392", "JOIN ends inside mar$pnum", "W9", "pnum", 1, JOIN),
    ends_in("I393", "JOIN ends inside mar$flags", "W9", "flags", 1, ["R2022-5.2.1-02"]),
    ends_in("I394", "JOIN ends before mar$cmi", "W9", "cmi", 0, JOIN),
    ends_in("I395", "JOIN ends inside mar$msn", "W9", "msn", 2, JOIN),
    ends_in("I396", "LEAVE ends inside mar$sha", "V13", "sha", 10, JOIN),
    ends_in("I397", "JOIN ends inside mar$ssa", "V449", "ssa", 19, JOIN),
    ends_in("I398", "UNSERV ends inside the minimum of its pair", "V16", "pairs.0.min", 2, ["R2022-6.2.2-01"]),
    ends_in("I399", "MSERV ends before the maximum of its pair", "V462", "pairs.0.max", 0, ["R2022-6.2.2-01"]),
    ends_in("I400", "SJOIN ends inside its second pair", "V464", "pairs.1.max", 3, ["R2022-6.2.4-01"]),
    ends_in("I401", "GROUPLIST_REQUEST ends inside mar$spa", "V19", "spa", 3, ["R2022-5.3-01"]),
    ("I402", "JOIN whose protocol address eats into the pair", "W9", [put("spln", 8)], "truncated", "pairs.0.max", JOIN, {"shift": 4}),
    # GROUPLIST_REPLY
    ("I410", "More groups counted than there are", "V20", [put("tnum", 3)], "truncated", "end", LIST, {"field": "group"}),
    ("I411", "Groups of no octets", "V20", [put("tpln", 0)], "bad-length", "tnum", LIST),
    ends_in("I416", "GROUPLIST_REPLY ends before mar$thtl", "V20", "thtl", 0, LIST),
    ends_in("I417", "GROUPLIST_REPLY ends before mar$tstl", "V20", "tstl", 0, LIST),
    ends_in("I412", "GROUPLIST_REPLY ends before mar$tpln", "V20", "tpln", 0, LIST),
    ends_in("I413", "GROUPLIST_REPLY ends inside mar$seqxy", "V20", "seqxy", 1, LIST),
    ends_in("I414", "GROUPLIST_REPLY ends inside mar$spa", "V20", "spa", 2, LIST),
    ("I415", "GROUPLIST_REPLY ends inside its last group", "V473", [cut("groups.0", 3)], "truncated", "groups.0", LIST, {"field": "group"}),
    # REDIRECT_MAP
    ("I36", "Addresses of no octets", "W11", [put("thtl", 0), cut("targets.0")], "bad-length", "tnum", ["R2022-5.1.2-11"]),
    ("I420", "More servers counted than there are", "W11", [put("tnum", 3)], "truncated", "end", MAP, {"field": "tha"}),
    ends_in("I421", "REDIRECT_MAP ends before mar$redirf", "W11", "redirf", 0, MAP),
    ends_in("I422", "REDIRECT_MAP ends inside mar$sha", "W11", "sha", 19, ["R2022-5.4.3-03"]),
    ends_in("I423", "REDIRECT_MAP ends inside a subaddress", "V483", "targets.0.tsa", 19, MAP),
    ("I424", "REDIRECT_MAP of servers of 21 octets", "V480", [put("thtl", 0x55), put("targets.0.tha", "47" * 21)], "bad-length", "thtl", MAP),
]
INVALID = laid_out(ROWS, message)
