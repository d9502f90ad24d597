"""CSU Requests that stand with a record that does not (register C24): RFC 2443, section 3."""

from .fields import cut, put
from .invalid import laid_out, message

R = "records.0.mars."
J = "records.1.mars."


def wrong(name, title, base, deviations, code, path, requirements, record=0, **more):
    return (name, title, base, deviations, code, path, [*requirements, "C24"], {"record": record, **more})


def short(name, title, path, after, length, requirements):
    """The register record of W5 cut to `length` octets of protocol-specific part, lengths and sizes told
    accordingly; the join behind it is dropped."""
    return wrong(name, title, "W5", [put("packet_size", 48 + length), put("number_of_records", 1),
                                     put("records.0.record_length", 20 + length), cut(R + path, after)],
                 "truncated", R + path, requirements)


HEAD = ["R2443-3-01"]
ROWS = [
    ("I37", "Record of hardware type 1", "W5", [put(R + "hardware_type", 1)], "bad-value", R + "hardware_type", ["R2443-3-02"], {"record": 0}),
    ("I38", "Record of version 1", "W5", [put(R + "version", 1)], "bad-version", R + "version", ["R2443-3-06", "R2443-3-07"], {"record": 0}),
    ("I39", "Record in state 6", "W5", [put(R + "state", 6)], "unknown-type", R + "state", ["R2443-3-08"], {"record": 0}),
    ("I40", "Register record with a group length", "W5", [put(R + "group_addr_len", 4)],
     "bad-length", R + "group_addr_len", ["R2443-5.3-06"], {"record": 0}),
    ("I41", "Join record without a group length", "W5", [put(J + "group_addr_len", 0)],
     "bad-length", J + "group_addr_len", ["R2443-5.3-07"], {"record": 1}),
    ("I42", "Record with the top bit of ATM Addr T/L set", "W5", [put(R + "atm_addr_tl", 0x94)],
     "bad-value", R + "atm_addr_tl", ["R2443-3-18"], {"record": 0}),
    ("I43", "Record whose ATM address overruns it", "V08", [put(R + "atm_addr_tl", 0x4D)],
     "truncated", R + "source_atm_address", ["R2443-3-18"], {"record": 0}),
    ("I44", "Record with octets left over", "V08", [put(R + "atm_addr_tl", 0x4B)],
     "bad-length", R + "source_atm_address", ["R2443-3-01"], {"record": 0, "field": "record_length", "shift": 11}),
    ("I45", "Record with its range upside down", "W5", [put(J + "maximum_group_address", "e0010202")],
     "bad-value", J + "maximum_group_address", ["R2443-3-22"], {"record": 1}),
    ("I46", "Empty record that is no null record", "V03", [put("records.0.flags", 0)],
     "truncated", "end", ["R2334-B.2.0.2-07"], {"record": 0, "field": "hardware_type"}),
    # Constants
    wrong("I200", "Record of hardware type 0", "W5", [put(J + "hardware_type", 0)], "bad-value", J + "hardware_type", ["R2443-3-02"], 1),
    wrong("I201", "Record of hardware type 65535", "V07", [put(R + "hardware_type", 0xFFFF)], "bad-value", R + "hardware_type", ["R2443-3-02"]),
    wrong("I202", "Record of version 2", "W5", [put(J + "version", 2)], "bad-version", J + "version", ["R2443-3-07"], 1),
    wrong("I203", "Record of the ATM Forum's version 0xF0", "W4", [put(R + "version", 0xF0)], "bad-version", R + "version", ["R2443-3-07"]),
    wrong("I204", "Record of the experimental version 0xFF", "V205", [put(R + "version", 0xFF)], "bad-version", R + "version", ["R2443-3-07"]),
    wrong("I205", "Record in state 0", "W4", [put(R + "state", 0)], "unknown-type", R + "state", ["R2443-3-08"]),
    wrong("I206", "Record in state 255", "W5", [put(J + "state", 255)], "unknown-type", J + "state", ["R2443-3-08"], 1),
    # Group lengths
    wrong("I210", "Join of IPv4 with groups of 3 octets", "W5", [put(J + "group_addr_len", 3)], "bad-length", J + "group_addr_len", ["R2443-5.3-07"], 1),
    wrong("I211", "Join of IPv4 with groups of 5 octets", "W5", [put(J + "group_addr_len", 5)], "bad-length", J + "group_addr_len", ["R2443-5.3-07"], 1),
    wrong("I212", "Join of IPv4 with groups of 16 octets", "W5", [put(J + "group_addr_len", 16)], "bad-length", J + "group_addr_len", ["R2443-5.3-07"], 1),
    wrong("I213", "Join of IPv6 with groups of 4 octets", "V07", [put(R + "group_addr_len", 4)], "bad-length", R + "group_addr_len", ["R2443-3-16"]),
    wrong("I214", "Join of another protocol without groups", "V219", [put(R + "group_addr_len", 0)], "bad-length", R + "group_addr_len", ["R2443-3-16"]),
    wrong("I215", "MCS serves, groups of 3 octets", "V206", [put(R + "group_addr_len", 3)], "bad-length", R + "group_addr_len", ["R2443-5.2-08"]),
    wrong("I216", "MCS serves, no groups", "V206", [put(R + "group_addr_len", 0)], "bad-length", R + "group_addr_len", ["R2443-5.2-08"]),
    wrong("I217", "MCS registers with a group length", "V204", [put(R + "group_addr_len", 4)], "bad-length", R + "group_addr_len", ["R2443-5.2-07"]),
    wrong("I218", "Client deregisters with a group length", "V209", [put(R + "group_addr_len", 4)], "bad-length", R + "group_addr_len", ["R2443-5.4-04"]),
    wrong("I219", "MCS deregisters with a group length", "V208", [put(R + "group_addr_len", 4)], "bad-length", R + "group_addr_len", ["R2443-5.5-04"]),
    wrong("I220", "Client leaves, groups of 16 octets", "V210", [put(R + "group_addr_len", 16)], "bad-length", R + "group_addr_len", ["R2443-5.4-04"]),
    wrong("I221", "IPv6 client registers with a group length", "V217", [put(R + "group_addr_len", 16)], "bad-length", R + "group_addr_len", ["R2443-3-17"]),
    wrong("I222", "A join turned into a register, its groups still there", "W5", [put(J + "flags", 0xA000)],
     "bad-length", J + "group_addr_len", ["R2443-5.3-06"], 1),
    # Type/length octets
    wrong("I230", "Top bit of ATM SubAddr T/L set", "W5", [put(R + "atm_subaddr_tl", 0x80)], "bad-value", R + "atm_subaddr_tl", ["R2443-3-19", "R2022-5.1.2-04"]),
    wrong("I231", "Top bit of E.164's ATM Addr T/L set", "V08", [put(R + "atm_addr_tl", 0xCC)], "bad-value", R + "atm_addr_tl", ["R2443-3-18", "R2022-5.1.2-04"]),
    wrong("I232", "Record without an ATM address", "W4", [put(R + "atm_addr_tl", 0)], "bad-length", R + "atm_addr_tl", ["R2443-3-20"]),
    wrong("I233", "Record without an ATM address, E.164 as its form", "V08", [put(R + "atm_addr_tl", 0x40)], "bad-length", R + "atm_addr_tl", ["R2443-3-20"]),
    wrong("I234", "ATM address of 21 octets", "W4",
          [put("packet_size", 89), put("records.0.record_length", 61), put(R + "atm_addr_tl", 21), put(R + "source_atm_address", "47" * 21)],
          "bad-length", R + "atm_addr_tl", ["R2443-3-18"]),
    wrong("I235", "ATM subaddress of 21 octets", "W4",
          [put("packet_size", 109), put("records.0.record_length", 81), put(R + "atm_subaddr_tl", 21), put(R + "source_atm_subaddress", "47" * 21)],
          "bad-length", R + "atm_subaddr_tl", ["R2443-3-19"]),
    # Ranges
    wrong("I240", "Range upside down in the first octet", "V211", [put(R + "minimum_group_address", "f0000000")],
          "bad-value", R + "maximum_group_address", ["R2443-3-22"]),
    wrong("I241", "IPv6 range upside down in the last octet", "V07", [put(R + "maximum_group_address", "ff020000000000000000000000010002")],
          "bad-value", R + "maximum_group_address", ["R2443-3-22"]),
    wrong("I242", "Range upside down for a signed comparison the right way round", "V215",
          [put(R + "minimum_group_address", "80000000"), put(R + "maximum_group_address", "7fffffff")],
          "bad-value", R + "maximum_group_address", ["R2443-3-22"]),
    # Records that end too early or too late
    short("I250", "Record ends inside Hardware Type", "hardware_type", 1, 1, [*HEAD, "R2443-3-02"]),
    short("I251", "Record ends before Protocol Type", "protocol_type", 0, 2, [*HEAD, "R2443-3-03"]),
    short("I252", "Record ends inside SNAP", "snap", 4, 8, [*HEAD, "R2443-3-04"]),
    short("I253", "Record ends before the unused octet", "unused", 0, 9, [*HEAD, "R2443-3-05"]),
    short("I254", "Record ends before Version", "version", 0, 10, [*HEAD, "R2443-3-06"]),
    short("I255", "Record ends before State", "state", 0, 11, [*HEAD, "R2443-3-08"]),
    short("I256", "Record ends inside Flags", "flags", 1, 13, [*HEAD, "R2443-3-10"]),
    short("I257", "Record ends inside Cluster Member ID", "cluster_member_id", 1, 15, [*HEAD, "R2443-3-13"]),
    short("I258", "Record ends before Src Addr Len", "src_addr_len", 0, 16, [*HEAD, "R2443-3-14"]),
    short("I259", "Record ends before Group Addr Len", "group_addr_len", 0, 17, [*HEAD, "R2443-3-16"]),
    short("I260", "Record ends before ATM Addr T/L", "atm_addr_tl", 0, 18, [*HEAD, "R2443-3-18"]),
    short("I261", "Record ends before ATM SubAddr T/L", "atm_subaddr_tl", 0, 19, [*HEAD, "R2443-3-19"]),
    short("I262", "Record ends inside the protocol address", "source_protocol_address", 3, 23, ["R2443-3-23"]),
    short("I263", "Record ends inside the ATM address", "source_atm_address", 19, 43, ["R2443-3-20"]),
    wrong("I264", "Subaddress longer than what is left of the record", "W4", [put(R + "atm_subaddr_tl", 4)],
          "truncated", "end", ["R2443-3-19"], field="source_atm_subaddress"),
    wrong("I265", "Protocol address that eats into the ATM address", "W5", [put(R + "src_addr_len", 5)],
          "truncated", R + "source_atm_address", ["R2443-3-14"], shift=1),
    wrong("I266", "Record ends inside the minimum group", "W5",
          [put("packet_size", 159), put("records.1.record_length", 67), cut(J + "minimum_group_address", 3)],
          "truncated", J + "minimum_group_address", ["R2443-3-22"], 1),
    wrong("I267", "Record ends before the maximum group", "W5",
          [put("packet_size", 160), put("records.1.record_length", 68), cut(J + "maximum_group_address")],
          "truncated", J + "maximum_group_address", ["R2443-3-22"], 1),
]
INVALID = laid_out(ROWS, message)
