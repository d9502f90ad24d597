"""Extensions of SCSP (RFC 2334, B.3) and supplementary parameters of MARS (RFC 2022, 10) that do not
stand."""

from .fields import cut, put
from .invalid import laid_out, message
from .layouts import extension, tlv

E, F = "extensions.", "tlvs."
LIST, NULL = ["R2334-B.3-01", "D11"], ["R2334-B.3-02", "D11"]
TLV, OFF = ["R2022-10.2-01", "F23"], ["R2022-10.1-01", "F23"]


def sized(size, *deviations):
    return [put("packet_size", size), *deviations]


ROWS = [
    # SCSP
    ("I09", "Start Of Extensions inside the mandatory part", "W7", [put("start_of_extensions", 32)],
     "bad-length", "start_of_extensions", ["R2334-B.1-07"]),
    ("I10", "Start Of Extensions behind the packet", "W2", [put("start_of_extensions", 37)],
     "bad-length", "start_of_extensions", ["R2334-B.1-07"]),
    ("I19", "Extension longer than the packet", "W7", [put(E + "0.length", 64)], "truncated", E + "0.value", ["R2334-B.3-01"]),
    ("I20", "Extensions without End", "W7", [put(E + "1.type", 3)], "truncated", "end", ["R2334-B.3-02"], {"field": "type"}),
    ("I600", "Start Of Extensions inside the fixed part", "W7", [put("start_of_extensions", 4)],
     "bad-length", "start_of_extensions", ["R2334-B.1-07", "C25"]),
    ("I601", "Start Of Extensions at the first octet of the mandatory part", "W7", [put("start_of_extensions", 8)],
     "bad-length", "start_of_extensions", ["R2334-B.1-07", "C25"]),
    ("I602", "Start Of Extensions 65535", "W4", [put("start_of_extensions", 0xFFFF)],
     "bad-length", "start_of_extensions", ["R2334-B.1-07", "C25"]),
    ("I603", "Start Of Extensions at the packet's end: not even End", "W2", [put("start_of_extensions", 36)],
     "truncated", "end", NULL, {"field": "type"}),
    ("I604", "Extensions that nothing points at", "W7", [put("start_of_extensions", 0)],
     "bad-length", "extensions", ["R2334-B.1-06", "C29"], {"field": "records"}),
    ("I605", "Packet ends inside End's type", "V300", sized(37, cut(E + "0.type", 1)), "truncated", E + "0.type", NULL),
    ("I606", "Packet ends before End's length", "V300", sized(38, cut(E + "0.length")), "truncated", E + "0.length", NULL),
    ("I607", "End with a length", "W7", [put(E + "1.length", 4)], "bad-length", E + "1.length", NULL),
    ("I608", "End with a length and a value", "V300", sized(44, put(E + "0.length", 4), put(E + "0.value", "00000000")),
     "bad-length", E + "0.length", NULL),
    ("I609", "Vendor-private longer than the packet", "V05", [put(E + "0.length", 10)], "truncated", E + "0.value", LIST),
    ("I610", "Vendor-private of 65535 octets", "V05", [put(E + "0.length", 0xFFFF)], "truncated", E + "0.value", LIST),
    ("I611", "Authentication without room for an SPI", "V314", sized(47, put(E + "0.length", 3), put(E + "0.value", "000010")),
     "truncated", E + "0.value", ["R2334-B.3.1.1-01"], {"field": "spi"}),
    ("I612", "Authentication of no octets", "V314", sized(44, put(E + "0.length", 0), put(E + "0.value", "")),
     "truncated", E + "0.value", ["R2334-B.3.1.1-01"], {"field": "spi"}),
    ("I613", "Authentication twice", "V301", sized(88, put(E + "0", extension(1, 20, "00001000" + "00" * 16))),
     "bad-value", E + "1.type", ["R2334-B.3-04"]),
    ("I614", "Packet ends inside the MAC", "W7", sized(59, cut(E + "0.value", 19)), "truncated", E + "0.value", LIST),
    ("I615", "Packet ends behind the MAC, no End", "W7", sized(60, cut(E + "1.type")), "truncated", E + "1.type", NULL),
    # MARS
    ("I32", "mar$extoff inside the addresses", "V21", [put("extoff", 60)], "bad-length", "extoff", ["R2022-10.1-01"]),
    ("I33", "mar$extoff behind the message", "W9", [put("extoff", 64)], "bad-length", "extoff", ["R2022-10.1-01"]),
    ("I34", "TLV longer than the message", "V21", [put(F + "0.length", 64)], "truncated", F + "0.value", ["R2022-10.2-01"]),
    ("I35", "TLVs without null TLV", "V21", [cut(F + "1.type")], "truncated", F + "1.type", ["R2022-10.4-01"]),
    ("I620", "mar$extoff inside the fixed header", "V21", [put("extoff", 4)], "bad-length", "extoff", OFF),
    ("I621", "mar$extoff inside the fixed header, low bits set", "V21", [put("extoff", 7)], "bad-length", "extoff", [*OFF, "R2022-10.1-02"]),
    ("I622", "mar$extoff 65535", "V21", [put("extoff", 0xFFFF)], "bad-length", "extoff", OFF),
    ("I623", "mar$extoff a word behind the message", "W12", [put("extoff", 64)], "bad-length", "extoff", OFF),
    ("I624", "Message ends inside a TLV's type", "V21", [cut(F + "0.type", 1)], "truncated", F + "0.type", TLV),
    ("I625", "Message ends before a TLV's length", "V21", [cut(F + "0.length")], "truncated", F + "0.length", TLV),
    ("I626", "Message ends inside a TLV's value", "V21", [cut(F + "0.value", 2)], "truncated", F + "0.value", TLV),
    ("I627", "Message ends before a TLV's padding", "V21", [cut(F + "0.pad")], "truncated", F + "0.pad", ["R2022-10.2-02", "F23"], {"field": "padding"}),
    ("I628", "Message ends inside a TLV's padding", "V359", [cut(F + "0.padding", 2)], "truncated", F + "0.padding", ["R2022-10.2-02", "F23"]),
    ("I629", "TLV of 65535 octets", "V350", [put(F + "0", tlv(0x3801, 0xFFFF, ""))], "truncated", F + "0.value", TLV),
    ("I630", "Null TLV with a length", "V350", [put(F + "0.length", 4)], "bad-length", F + "0.length", ["R2022-10.4-01", "F23"]),
    ("I631", "Null TLV with a length and a value", "V21", [put(F + "1.length", 4), put(F + "1.value", "00000000")],
     "bad-length", F + "1.length", ["R2022-10.4-01", "F23"]),
    ("I632", "Message ends inside the null TLV", "V350", [cut(F + "0.length", 1)], "truncated", F + "0.length", ["R2022-10.4-01", "F23"]),
    ("I633", "A value of one octet, and none of its padding", "V350", [put(F + "0", tlv(0x3801, 1, "01")), cut(F + "0.pad", 0)],
     "truncated", F + "0.pad", ["R2022-10.2-02", "F23"], {"field": "padding"}),
    ("I634", "TLVs of a REQUEST without null TLV", "V364", [cut(F + "2.type")], "truncated", F + "2.type", ["R2022-10.4-01", "F23"]),
    ("I635", "TLVs that begin inside the last address of a MULTI", "V365", [put("extoff", 76)], "bad-length", "extoff", OFF),
    ("I636", "TLVs that begin inside the last pair, no checksum", "V368", [put("extoff", 60)], "bad-length", "extoff", OFF),
]
INVALID = laid_out(ROWS, message)
