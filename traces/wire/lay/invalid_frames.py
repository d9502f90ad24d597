"""Frames that do not stand: the LLC/SNAP header, the data encapsulations."""

from .fields import cut, put
from .invalid import frame, laid_out

B, D1, D2 = ["R2334-B-01"], ["R2022-5.5-01"], ["R2022-5.5-02"]
HEADER = ("bad-encapsulation", "llc_snap", B)
SHORT = ("truncated", "llc_snap", B)

ROWS = [
    ("I01", "Nothing", "V27", [cut("llc_snap")], *SHORT),
    ("I02", "LLC/SNAP of IPv4", "V27", [put("llc_snap", "aaaa030000000800")], *HEADER),
    ("I500", "A header of one octet", "V27", [cut("llc_snap", 1)], *SHORT),
    ("I501", "A header of seven octets", "V28", [cut("llc_snap", 7)], "truncated", "llc_snap", ["R2022-4.2-01"]),
    ("I502", "LLC of another service access point", "V27", [put("llc_snap", "abaa0300005e0005")], *HEADER),
    ("I503", "LLC with another control field", "V27", [put("llc_snap", "aaaa1300005e0005")], *HEADER),
    ("I504", "LLC of routed OSI", "V27", [put("llc_snap", "fefe0300005e0005")], *HEADER),
    ("I505", "OUI of the ATM Forum", "V27", [put("llc_snap", "aaaa0300a03e0005")], *HEADER),
    ("I506", "OUI zero: PID 3 is an EtherType then", "V28", [put("llc_snap", "aaaa030000000003")],
     "bad-encapsulation", "llc_snap", ["R2022-4.2-01"]),
    ("I507", "PID 0", "V27", [put("llc_snap", "aaaa0300005e0000")], *HEADER),
    ("I508", "PID 2", "V28", [put("llc_snap", "aaaa0300005e0002")], "bad-encapsulation", "llc_snap", ["R2022-4.2-01"]),
    ("I509", "PID 6", "V27", [put("llc_snap", "aaaa0300005e0006")], *HEADER),
    ("I510", "PID 5 with its octets swapped", "V27", [put("llc_snap", "aaaa0300005e0500")], *HEADER),
    ("I511", "No LLC/SNAP at all: IPv4 on a VC of its own", "V23", [put("llc_snap", "4500001400000000")],
     "bad-encapsulation", "llc_snap", D1),
    ("I512", "Type 1: nothing behind the header", "V23", [cut("cmi")], "truncated", "cmi", D1),
    ("I513", "Type 1 ends inside the CMI", "V23", [cut("cmi", 1)], "truncated", "cmi", D1),
    ("I514", "Type 1 ends before the protocol", "V23", [cut("pro_type")], "truncated", "pro_type", D1),
    ("I515", "Type 1, long form, ends inside SNAP", "V24", [cut("pro_snap", 4)], "truncated", "pro_snap", D1),
    ("I516", "Type 1, long form, ends inside the padding", "V24", [cut("padding", 2)], "truncated", "padding", D1),
    ("I517", "Type 2 ends inside the source", "V25", [cut("source_id", 7)], "truncated", "source_id", D2),
    ("I518", "Type 2 ends inside the protocol", "V25", [cut("pro_type", 1)], "truncated", "pro_type", D2),
    ("I519", "Type 2, short form, ends inside the padding", "V25", [cut("padding", 1)], "truncated", "padding", D2),
    ("I520", "Type 2, long form, ends inside SNAP", "V26", [cut("pro_snap", 1)], "truncated", "pro_snap", D2),
    ("I521", "Type 2, long form, without its octet of padding", "V26", [cut("padding")], "truncated", "padding", D2),
    ("I522", "Type 2, long form in name, and no SNAP", "V25", [put("pro_type", 0x0080), cut("padding")],
     "truncated", "padding", D2, {"field": "pro_snap"}),
    ("I523", "An SCSP frame whose message is not there", "V27", [cut("version")], "truncated", "version", B),
    ("I524", "A MARS frame whose message is not there", "V28", [cut("afn")], "truncated", "afn", ["R2022-4.2-01"]),
    ("I525", "An SCSP frame with another version inside", "V27", [put("version", 2)], "bad-version", "version", ["R2334-B.1-01"]),
]
FRAMES = laid_out(ROWS, frame)
