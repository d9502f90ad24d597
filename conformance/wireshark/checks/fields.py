"""Which field of the dissector shows what each key of `mars-conformance wire decode` says.

A part of a message (Part) has an entry for each key that `wire decode` may print there. A key without an
entry is an error of the comparison, and so is a field of the dissector that no entry claims.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Number:
    name: str


@dataclass(frozen=True)
class Octets:
    name: str


@dataclass(frozen=True)
class Joined:
    """Octets that may be shown in several pieces."""
    name: str


@dataclass(frozen=True)
class OctetsList:
    name: str


@dataclass(frozen=True)
class One:
    """An object inside this one."""
    name: str
    part: "Part"


@dataclass(frozen=True)
class Many:
    """A list of objects: the subtree that shows one, and what is in it."""
    name: str
    part: "Part"


@dataclass(frozen=True)
class Refused:
    """The complaint about a record that `wire decode` skips."""


@dataclass(frozen=True)
class Whole:
    """All octets of the part."""


@dataclass(frozen=True)
class Part:
    keys: dict
    # Shown without being printed, as long as the octets are zero: padding of the usual kind.
    silent: tuple = field(default=())


def numbers(prefix, text):
    return {key: Number(f"{prefix}.{key}") for key in text.split()}


def octets(prefix, text):
    return {key: Octets(f"{prefix}.{key}") for key in text.split()}


# --- SCSP -----------------------------------------------------------------------------------------

SUMMARY = {
    **numbers("scsp.record", "hop_count record_length cache_key_len orig_id_len flags csa_sequence_number"),
    **octets("scsp.record", "cache_key originator_id"),
}
MARS_PART = Part({
    **numbers("scsp.mars", "hardware_type protocol_type unused version state flags cluster_member_id "
              "src_addr_len group_addr_len atm_addr_tl atm_subaddr_tl"),
    **octets("scsp.mars", "snap source_protocol_address source_atm_address source_atm_subaddress "
             "minimum_group_address maximum_group_address"),
})
CSA = Part({
    **SUMMARY,
    "mars": One("scsp.mars", MARS_PART),
    "body": Octets("scsp.record.body"),
})
# A record whose inside is wrong: what `wire decode` prints of it.
SKIPPED = Part({"error": Refused(), "hex": Whole()})
CSAS = Part(SUMMARY)
RECEIVER = Part({**numbers("scsp.receiver", "rec_id_len"), **octets("scsp.receiver", "id")})
EXTENSION = Part({**numbers("scsp.extension", "type length"), **octets("scsp.extension", "value")})

FIXED = numbers("scsp", "version type_code packet_size checksum start_of_extensions")
COMMON = {
    **numbers("scsp", "protocol_id server_group_id unused flags sender_id_len recvr_id_len number_of_records"),
    **octets("scsp", "sender_id receiver_id"),
    "extensions": Many("scsp.extension", EXTENSION),
    "trailing": Joined("scsp.trailing"),
}


def scsp(records, **more):
    return Part({**FIXED, **more, **COMMON, "records": records})


SUMMARIES = scsp(Many("scsp.csas", CSAS))
SCSP = {
    1: scsp(Many("scsp.csas", CSAS), **numbers("scsp", "ca_sequence_number")),
    2: scsp(Many("scsp.csa", CSA)),
    3: SUMMARIES,
    4: SUMMARIES,
    5: scsp(Many("scsp.receiver", RECEIVER),
            **numbers("scsp", "hello_interval dead_factor hello_unused family_id")),
}

# --- MARS -----------------------------------------------------------------------------------------

TLV = Part({**numbers("mars.tlv", "type length"), **octets("mars.tlv", "value padding")},
           silent=("mars.tlv.padding",))
TARGET = Part(octets("mars.target", "tha tsa"))
PAIR = Part(octets("mars.pair", "min max"))

HEADER = {
    **numbers("mars", "afn pro_type chksum extoff op_version op_type shtl sstl"),
    **octets("mars", "pro_snap hdrrsv sha ssa gap"),
    "tlvs": Many("mars.tlv", TLV),
    "trailing": Joined("mars.trailing"),
}
COUNTERS = numbers("mars", "tnum seqxy msn")
TARGETS = {"targets": Many("mars.target", TARGET)}


def mars(*keys):
    out = dict(HEADER)
    for some in keys:
        out.update(some)
    return Part(out, silent=("mars.gap",))


QUERY = mars(numbers("mars", "spln thtl tstl tpln"), octets("mars", "padding spa tpa"))
ANSWER = mars(numbers("mars", "spln thtl tstl tpln"), COUNTERS, octets("mars", "spa tpa"), TARGETS)
MEMBERSHIP = mars(numbers("mars", "spln tpln pnum flags cmi msn"), octets("mars", "spa"),
                  {"pairs": Many("mars.pair", PAIR)})
GROUPS = mars(numbers("mars", "spln thtl tstl tpln"), COUNTERS, octets("mars", "spa"),
              {"groups": OctetsList("mars.group")})
MAP = mars(numbers("mars", "spln thtl tstl redirf"), COUNTERS, TARGETS)
MARS = {1: QUERY, 6: QUERY, 2: ANSWER, 13: ANSWER, 11: GROUPS, 12: MAP,
        **{op: MEMBERSHIP for op in (3, 4, 5, 7, 8, 9, 10, 18, 19)}}

# --- Data -----------------------------------------------------------------------------------------

DATA1 = Part({**numbers("mars_data1", "cmi pro_type"), **octets("mars_data1", "pro_snap padding packet")})
DATA2 = Part({**numbers("mars_data2", "pro_type"),
              **octets("mars_data2", "source_id pro_snap padding packet")})


def part_of(protocol, message):
    """What a message of that protocol consists of, and the dissector's name; None for an unknown one."""
    if protocol == "scsp":
        return SCSP.get(message.get("type_code")), "scsp"
    if protocol == "mars":
        return MARS.get(message.get("op_type")), "mars"
    return {"data1": (DATA1, "mars_data1"), "data2": (DATA2, "mars_data2")}.get(protocol, (None, None))


# Subtrees; every other field is a leaf, which shows octets.
SUBTREES = {"scsp.csas", "scsp.csa", "scsp.mars", "scsp.receiver", "scsp.extension",
            "mars.target", "mars.pair", "mars.tlv"}

# Bits of a field, from the RFCs' figures.
TYPE_LENGTH = {"reserved": 0x80, "form": 0x40, "length": 0x3f}
BITS = {
    "mars.flags": {"layer3grp": 0x8000, "copy": 0x4000, "register": 0x2000, "punched": 0x1000,
                   "reserved": 0x0f00, "sequence": 0x00ff},
    "mars.seqxy": {"x": 0x8000, "y": 0x7fff},
    "mars.redirf": {"hard": 0x80, "reserved": 0x7f},
    "mars.tlv.type": {"action": 0xc000, "kind": 0x3fff},
    "scsp.record.flags": {"n": 0x8000, "unused": 0x7fff},
    "scsp.mars.flags": {"layer3grp": 0x8000, "register": 0x2000, "reserved": 0x5f00, "sequence": 0x00ff},
    **{name: TYPE_LENGTH for name in ("mars.shtl", "mars.sstl", "mars.thtl", "mars.tstl",
                                      "scsp.mars.atm_addr_tl", "scsp.mars.atm_subaddr_tl")},
}
CA_FLAGS = {"m": 0x8000, "i": 0x4000, "o": 0x2000, "reserved": 0x1fff}
OTHER_FLAGS = {"unused": 0xffff}


def bits_of(name, names):
    """The bits of a field by name, or None; `names` are those that are shown."""
    if name == "scsp.flags":
        return CA_FLAGS if "m" in names else OTHER_FLAGS
    return BITS.get(name)


# What stands beside a number, from the RFCs' lists.
NAMES = {
    "scsp.type_code": {1: "CA", 2: "CSU Request", 3: "CSU Reply", 4: "CSUS", 5: "Hello"},
    "scsp.protocol_id": {1: "ATMARP", 2: "NHRP", 3: "MARS", 4: "DHCP", 5: "LNNI"},
    "scsp.extension.type": {0: "End Of Extensions", 1: "Authentication", 2: "Vendor-Private"},
    "mars.op_type": {1: "REQUEST", 2: "MULTI", 3: "MSERV", 4: "JOIN", 5: "LEAVE", 6: "NAK", 7: "UNSERV",
                     8: "SJOIN", 9: "SLEAVE", 10: "GROUPLIST_REQUEST", 11: "GROUPLIST_REPLY",
                     12: "REDIRECT_MAP", 13: "MIGRATE", 18: "SJOIN", 19: "SLEAVE"},
    "scsp.mars.state": {1: "MARS server redirect entry", 2: "MCS serves or registers",
                        3: "Client joins or registers", 4: "Client leaves or deregisters",
                        5: "MCS unserves or deregisters"},
}
