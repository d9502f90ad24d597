"""Whole frames with their LLC/SNAP header (RFC 2684), and the data encapsulations (RFC 2022, 5.5)."""

from .golden import REDIRECT_ENTRY
from .layouts import (ATM_A, IPV6, LONG, ONE, SNAP_IPV4, hello, mars, member, redirect, target, type1, type2, update)

SNAP_ATALK = "080007809b"

FRAMES = [
    ("V23", "Type 1 data, short form", "data1", ["R2022-5.5-01"], type1(0x0101)),
    ("V24", "Type 1 data, long form", "data1", ["R2022-5.5-01"], type1(0x0101, LONG, SNAP_IPV4)),
    ("V25", "Type 2 data, short form", "data2", ["R2022-5.5-02"], type2()),
    ("V26", "Type 2 data, long form", "data2", ["R2022-5.5-02"], type2(LONG, SNAP_IPV4)),
    ("V27", "Whole frame: W2 with its LLC/SNAP header", "scsp", ["R2334-B-01"], hello(36)),
    ("V28", "Whole frame: W9 with its LLC/SNAP header", "mars", ["R2022-4.2-01"], mars(4, member(ONE, 1, 0x8000))),
    ("V500", "Type 1 data without a packet, CMI 0", "data1", ["R2022-5.5-01"], type1(0, packet="")),
    ("V501", "Type 1 data, CMI 65535", "data1", ["R2022-5.5-01"], type1(0xFFFF)),
    ("V502", "Type 1 data of IPv6", "data1", ["R2022-5.5-01", "R2022-4.3.2-04"], type1(0x0101, IPV6, packet="60000000")),
    ("V503", "Type 1 data, long form, octets in the padding", "data1", ["R2022-5.5-02"],
     type1(0x0101, LONG, SNAP_ATALK, padding="010203", packet="00")),
    ("V504", "Type 2 data, short form, octets in the padding", "data2", ["R2022-5.5-02"], type2(padding="0102")),
    ("V505", "Type 2 data, long form, octets in the padding", "data2", ["R2022-5.5-02"], type2(LONG, SNAP_ATALK, padding="01")),
    ("V506", "Type 2 data without a packet", "data2", ["R2022-5.5-02"], type2(packet="")),
    ("V507", "Whole frame: W4 with its LLC/SNAP header", "scsp", ["R2334-B-01", "R2334-B-02"], update(88, REDIRECT_ENTRY)),
    ("V508", "Whole frame: a REDIRECT_MAP with its LLC/SNAP header", "mars", ["R2022-4.2-01"],
     mars(12, redirect(1, 0x8001, 8, [target(ATM_A)]), sha=ATM_A)),
]
