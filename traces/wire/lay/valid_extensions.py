"""Extensions of SCSP (RFC 2334, B.3) and supplementary parameters of MARS (RFC 2022, 10) that stand."""

from .fields import MARS_SUM, SCSP_SUM
from .golden import REDIRECT_ENTRY
from .layouts import (ATM_A, ATM_C, A, B, CLIENT, E164_ODD, GROUP, ONE, KEY, SPI, answer, authentication, ca, csas, extension,
                      groups, hello, mars, member, odd, query, redirect, scsp, signed, tail, target, tlv, tlvs, update)

VENDOR = extension(2, 5, "00005e0102")
VENDOR_C = extension(2, 4, "00000c01")


def plain(size, *extensions, behind=()):
    """A Hello with these extensions, which begin at octet 36."""
    return hello(size, ext=36, tail=[*tail(*extensions), *behind])


def join(size, *list_of, extoff=64, behind=()):
    """A JOIN of 64 octets with these TLVs; `size` is only for the reader."""
    return mars(4, member(ONE, 1, 0x8000), extoff=extoff, tail=[*tlvs(*list_of), *behind])


JOIN_TLV = join(76, tlv(0x3801, 3, "010203"))
TWO = [tlv(0x3801, 1, "01"), tlv(0x3802, 2, "0102")]

VALID = [
    # SCSP
    ("V05", "Hello of odd length with a vendor-private extension", "scsp", ["R2334-B.1-05", "R2334-B.3.2-01"],
     plain(49, VENDOR)),
    ("V300", "Hello with End alone", "scsp", ["R2334-B.3-02", "R2334-B.1-07"], plain(40)),
    ("V301", "Vendor-private before Authentication", "scsp", ["R2334-B.3-03", "R2334-B.3-05", "R2334-B.3.1-01"],
     signed(lambda auth: plain(73, VENDOR, auth))),
    ("V302", "Authentication before vendor-private", "scsp", ["R2334-B.3-03", "R2334-B.3-05", "R2334-B.3.2-03"],
     signed(lambda auth: plain(73, auth, VENDOR))),
    ("V303", "Two vendors' extensions", "scsp", ["R2334-B.3-04", "R2334-B.3.2-01", "D11"], plain(57, VENDOR, VENDOR_C)),
    ("V304", "One vendor's extension twice, which nobody may send", "scsp", ["R2334-B.3.2-02", "D11"], plain(58, VENDOR, VENDOR)),
    ("V305", "An extension of a type that nobody knows", "scsp", ["R2334-B.3-01", "D11"], plain(46, extension(3, 2, "abcd"))),
    ("V306", "Type 65535, no octets", "scsp", ["R2334-B.3-01", "D11"], plain(44, extension(0xFFFF, 0, ""))),
    ("V307", "Octets between End and the end", "scsp", ["R2334-B.3-02", "D11"],
     plain(43, behind=[("trailing", None, "abcdef")])),
    ("V308", "Vendor ID and no more", "scsp", ["R2334-B.3.2-01"], plain(47, extension(2, 3, "00005e"))),
    ("V309", "Authenticated CA", "scsp", ["R2334-B.3.1-01", "R2334-B.1-07"],
     signed(lambda auth: ca(60, 0x11223344, flags=0xE000, ext=32, tail=tail(auth)))),
    ("V310", "Authenticated CSU Request", "scsp", ["R2334-B.3.1-01", "R2334-B-02"],
     signed(lambda auth: update(116, REDIRECT_ENTRY, ext=88, tail=tail(auth)))),
    ("V311", "Authenticated CSU Reply", "scsp", ["R2334-B.3.1-01"],
     signed(lambda auth: scsp(3, 76, [csas("00000001")], 1, sender=B, receiver=A, ext=48, tail=tail(auth)))),
    ("V312", "Authenticated CSUS", "scsp", ["R2334-B.3.1-01"],
     signed(lambda auth: scsp(4, 76, [csas("00000001")], 1, ext=48, tail=tail(auth)))),
    ("V313", "Authenticated Hello that heard nobody", "scsp", ["R2334-B.3.1-01", "R2334-B.2.5-09"],
     signed(lambda auth: hello(60, receiver="", ext=32, tail=tail(auth)))),
    ("V314", "An SPI and no data, as another algorithm may have it", "scsp", ["R2334-B.3.1-01", "R2334-B.3.1.1-01"],
     plain(48, extension(1, 4, SPI))),
    ("V315", "An SPI and 32 octets, as another algorithm may have it", "scsp", ["R2334-B.3.1-01", "R2334-B.3.1.1-01"],
     plain(80, extension(1, 36, "ffffffff" + "5a" * 32))),
    ("V316", "A MAC that is wrong decodes as well; only the key tells", "scsp", ["R2334-B.3.1.1-01"],
     plain(64, authentication("00" * 16))),
    ("V317", "MAC under a key of 65 octets, which is hashed first", "scsp", ["R2334-B.3.1-01"],
     signed(lambda auth: plain(64, auth), key=KEY * 4 + b"\x0b")),
    ("V318", "MAC of an odd packet", "scsp", ["R2334-B.3.1-01", "R2334-B.1-05"],
     signed(lambda auth: hello(69, ["0a000003"], ext=41, tail=tail(auth)))),
    # MARS
    ("V21", "JOIN with an experimental TLV", "mars", ["R2022-10.1-01", "R2022-10.2-01", "R2022-10.2-02", "R2022-10.4-01"], JOIN_TLV),
    ("V350", "The null TLV alone", "mars", ["R2022-10.4-02", "R2022-4.3.4-01"], join(68)),
    ("V351", "TLVs of 0 to 5 octets", "mars", ["R2022-10.2-01", "R2022-10.2-02"],
     join(112, *[tlv(0x3800 + n, n, "0102030405"[:2 * n]) for n in range(6)])),
    ("V352", "TLVs of 255 and 256 octets", "mars", ["R2022-10.2-01"], join(588, tlv(0x3801, 255, "5a" * 255), tlv(0x3802, 256, "a5" * 256))),
    ("V353", "A TLV to be skipped, one of each such kind", "mars", ["R2022-10.2-03"],
     join(84, tlv(0x3801, 4, "01020304"), tlv(0xF801, 4, "01020304"))),
    ("V354", "A TLV for which the message is dropped silently", "mars", ["R2022-10.2-03", "R2022-10.3-02"],
     join(76, tlv(0x7801, 4, "01020304"))),
    ("V355", "A TLV for which the message is dropped and reported", "mars", ["R2022-10.2-03", "R2022-10.2-04"],
     join(76, tlv(0xB801, 4, "01020304"))),
    ("V356", "Types at both ends of every part of their space", "mars", ["R2022-10.2-05"],
     join(132, *[tlv(kind, 4, "00000000") for kind in (1, 0xFFF, 0x1000, 0x11FF, 0x1200, 0x37FF, 0x3800, 0x3FFF)])),
    ("V357", "The two low bits of mar$extoff set", "mars", ["R2022-10.1-02", "R2022-10.1-03"], odd(JOIN_TLV, MARS_SUM, ("extoff", 67))),
    ("V358", "The two low bits of mar$extoff set and no others: no TLVs", "mars", ["R2022-10.1-02", "R2022-4.3.4-01"],
     mars(4, member(ONE, 1, 0x8000), extoff=3)),
    ("V359", "Padding that is not zero", "mars", ["R2022-10.2-02"], join(80, tlv(0x3801, 1, "01", padding="aabbcc"), tlv(0x3802, 4, "01020304"))),
    ("V360", "Addresses that end off a 32-bit boundary: three zero octets before the TLVs", "mars", ["R2022-10-01"],
     mars(4, member(ONE, 1, 0x8000), sha=E164_ODD, shtl=0x4D, extoff=60, tail=[("-", None, "000000"), *tlvs(*TWO)])),
    ("V361", "The same with octets that are not zero", "mars", ["R2022-10-01"],
     mars(4, member(ONE, 1, 0x8000), sha=E164_ODD, shtl=0x4D, extoff=60, tail=[("gap", None, "010203"), *tlvs(*TWO)])),
    ("V362", "TLVs that begin a word later than they could", "mars", ["R2022-10-01", "R2022-10.1-01"],
     mars(4, member(ONE, 1, 0x8000), extoff=68, tail=[("gap", None, "00000000"), *tlvs(*TWO)])),
    ("V363", "Octets behind the null TLV", "mars", ["R2022-10.4-01"], join(80, *TWO, behind=[("trailing", None, "abcd")])),
    ("V364", "REQUEST with a TLV", "mars", ["R2022-10.1-01"], mars(1, query(), extoff=60, tail=tlvs(*TWO))),
    ("V365", "MULTI with a TLV", "mars", ["R2022-10-01"],
     mars(2, answer(CLIENT, 1, 0x8001, 7, [target(ATM_C)]), extoff=80, tail=tlvs(*TWO))),
    ("V366", "GROUPLIST_REPLY with a TLV", "mars", ["R2022-10-01"], mars(11, groups(1, 0x8001, 7, [GROUP]), extoff=60, tail=tlvs(*TWO))),
    ("V367", "REDIRECT_MAP with a TLV", "mars", ["R2022-10-01"],
     mars(12, redirect(1, 0x8001, 8, [target(ATM_A)]), sha=ATM_A, extoff=72, tail=tlvs(*TWO))),
    ("V368", "TLVs and no checksum", "mars", ["R2022-10.1-01", "R2022-4.3.3-05"],
     [(n, s, 0 if n == "chksum" else v) for n, s, v in JOIN_TLV]),
]
