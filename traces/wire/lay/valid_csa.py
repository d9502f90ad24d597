"""CSU Requests that stand, with the records of RFC 2443, section 3, in every state."""

from .fields import SCSP_SUM
from .golden import JOINED, REDIRECT_ENTRY, REGISTER
from .layouts import (ALL_HIGH, ALL_LOW, ATM_A, ATM_C, ATM_M, B, C, CLIENT, CLIENT6, E164, E164_ODD, GROUP, GROUP6, IPV6,
                      LONG, SNAP_IPV4, TO_ALL, csa, csas, odd, part, scsp, update)

SNAP_ATALK = "080007809b"
MCS = "0a000070"
CSA_JOIN = update(100, JOINED)


def opaque(key, length, body):
    """A record of a protocol that is not MARS."""
    return csas(key, hop=255, length=length) + [("body", None, body)]


VALID = [
    ("V06", "CSU Request to all: leave of a block, MCS serve and unserve", "scsp",
     ["R2443-5.4-04", "R2443-5.2-03", "R2443-5.5-04", "R2443-3-15", "R2443-3-22", "R2334-2.3-28"],
     update(232, csa("00000004", 68, part(4, 0, 0x0101, ATM_C, "", ALL_LOW, ALL_HIGH)),
            csa("00000005", 68, part(2, 0, 0x0102, ATM_M, "", GROUP)),
            csa("00000006", 68, part(5, 0, 0x0102, ATM_M, "", GROUP), number=0x7FFFFFFF), receiver=TO_ALL)),
    ("V07", "CSU Request: IPv6 join with subaddress, the largest record", "scsp", ["R2443-3-19", "R2443-3-23", "R2443-3-03"],
     update(156, csa("00000007", 128, part(3, 0x8000, 0x0103, ATM_C, CLIENT6, GROUP6, sub=ATM_M, pro=IPV6)))),
    ("V08", "CSU Request: native E.164 client registers", "scsp", ["R2443-3-18", "R2443-3-20"],
     update(80, csa("00000008", 52, part(3, 0x2000, 0x0104, E164, tl=0x4C)))),
    # State 1
    ("V200", "Redirect Entry with E.164 number and NSAPA subaddress", "scsp",
     ["R2443-5.1-04", "R2443-3-18", "R2443-3-19", "R2443-3-20"],
     update(100, csa("00000001", 72, part(1, 0, 0, E164, sub=ATM_A, tl=0x4C)))),
    ("V201", "Redirect Entry whose flags and CMI are not zero", "scsp", ["R2443-5.1-02", "E26"],
     update(88, csa("00000001", 60, part(1, 0x00FF, 0x0101, ATM_A)))),
    ("V202", "Redirect Entry for IPv6", "scsp", ["R2443-5.1-03", "R2443-3-03", "E23"],
     update(88, csa("00000001", 60, part(1, 0, 0, ATM_A, pro=IPV6)))),
    ("V203", "Redirect Entry for a protocol in the long form", "scsp", ["R2443-3-04", "R2022-4.3.2-01"],
     update(88, csa("00000001", 60, part(1, 0, 0, ATM_A, pro=LONG, snap=SNAP_ATALK)))),
    # States 2 and 5
    ("V204", "MCS registers", "scsp", ["R2443-5.2-03", "R2443-5.2-07", "R2443-3-15", "R2443-3-17"],
     update(88, csa("00000005", 60, part(2, 0x2000, 0x0102, ATM_M)))),
    ("V205", "MCS with a protocol address registers", "scsp", ["R2443-5.2-07", "R2443-3-14"],
     update(92, csa("00000005", 64, part(2, 0x2000, 0x0102, ATM_M, MCS)))),
    ("V206", "MCS with protocol address and subaddress serves a group", "scsp",
     ["R2443-5.2-08", "R2443-3-16"],
     update(120, csa("00000006", 92, part(2, 0, 0x0102, ATM_M, MCS, GROUP, sub=ATM_C)))),
    ("V207", "MCS serves a group; layer3grp set and CMI 0, which a peer may send", "scsp", ["R2443-5.2-03", "E01"],
     update(96, csa("00000006", 68, part(2, 0x8000, 0, ATM_M, "", GROUP)))),
    ("V208", "MCS deregisters", "scsp", ["R2443-5.5-04", "R2443-5.2-07"],
     update(88, csa("00000005", 60, part(5, 0x2000, 0x0102, ATM_M), number=-0x7FFFFFFE))),
    # States 3 and 4
    ("V209", "Client deregisters", "scsp", ["R2443-5.4-04", "R2443-5.3-06"],
     update(92, csa("00000002", 64, part(4, 0x2000, 0x0101, ATM_C, CLIENT), number=-0x7FFFFFFE))),
    ("V210", "Client leaves a group", "scsp", ["R2443-5.4-04", "R2443-5.3-08"],
     update(100, csa("00000003", 72, part(4, 0x8000, 0x0101, ATM_C, CLIENT, GROUP), number=-0x7FFFFFFE))),
    ("V211", "Join of a block, as the client sent it", "scsp", ["R2443-5.3-04", "R2443-5.3-09", "R2443-3-22"],
     update(100, csa("00000004", 72, part(3, 0, 0x0101, ATM_C, CLIENT, ALL_LOW, ALL_HIGH)))),
    ("V212", "Join without a protocol address", "scsp", ["R2443-3-15", "R2443-5.3-08"],
     update(96, csa("00000003", 68, part(3, 0x8000, 0x0101, ATM_C, "", GROUP)))),
    ("V213", "Join with the client's sequence bits", "scsp", ["R2443-3-10", "R2022-1.4-02", "E11"],
     update(100, csa("00000003", 72, part(3, 0x80A5, 0x0101, ATM_C, CLIENT, GROUP)))),
    ("V214", "Join of a block with layer3grp, to be read as without", "scsp", ["R2443-5.3-11", "E09"],
     update(100, csa("00000004", 72, part(3, 0x8000, 0x0101, ATM_C, CLIENT, ALL_LOW, ALL_HIGH)))),
    ("V215", "Join of everything there is", "scsp", ["R2443-3-22"],
     update(100, csa("00000004", 72, part(3, 0, 0x0101, ATM_C, CLIENT, "00000000", "ffffffff")))),
    ("V216", "CMI at both ends, 0 in a client's record among them", "scsp", ["R2443-3-13", "R2443-5.3-05", "E06"],
     update(172, csa("00000003", 72, part(3, 0x8000, 0xFFFF, ATM_C, CLIENT, GROUP)),
            csa("00000004", 72, part(3, 0x8000, 0, ATM_C, CLIENT, GROUP)))),
    ("V217", "IPv6 client registers", "scsp", ["R2443-3-03", "R2443-3-14", "R2443-5.3-06"],
     update(104, csa("00000007", 76, part(3, 0x2000, 0x0103, ATM_C, CLIENT6, pro=IPV6)))),
    ("V218", "IPv4 join in the long form", "scsp", ["R2443-3-04", "R2022-4.3.2-05"],
     update(100, csa("00000003", 72, part(3, 0x8000, 0x0101, ATM_C, CLIENT, GROUP, pro=LONG, snap=SNAP_IPV4)))),
    ("V219", "Join of a protocol with group addresses of three octets", "scsp", ["R2443-3-16", "C24"],
     update(96, csa("00000003", 68, part(3, 0x8000, 0x0101, ATM_C, "0102", "010203", pro=0x809B)))),
    # Octets that nobody uses
    ("V220", "Join with the unused octet and every reserved flag set", "scsp", ["R2443-3-05", "R2443-3-11", "E26"],
     odd(CSA_JOIN, SCSP_SUM, ("records.0.mars.unused", 0xFF), ("records.0.mars.flags", 0xDF00))),
    ("V221", "Join with octets in SNAP beside a short-form type", "scsp", ["R2443-3-04", "R2022-4.3.2-03", "E26"],
     odd(CSA_JOIN, SCSP_SUM, ("records.0.mars.snap", "0102030405"))),
    ("V222", "No subaddress, and E.164 as its form", "scsp", ["R2443-3-21", "R2022-5.1.2-06"],
     update(100, csa("00000003", 72, part(3, 0x8000, 0x0101, ATM_C, CLIENT, GROUP, sub_tl=0x40)))),
    # Lengths of ATM numbers
    ("V223", "E.164 number of odd length: a zero octet is summed behind the packet", "scsp", ["R2334-B.1-05", "R2443-3-18"],
     update(81, csa("00000008", 53, part(3, 0x2000, 0x0104, E164_ODD, tl=0x4D)))),
    ("V224", "E.164 number of one octet", "scsp", ["R2443-3-18", "R2334-B.1-05"],
     update(69, csa("00000008", 41, part(3, 0x2000, 0x0104, "31", tl=0x41)))),
    ("V225", "E.164 number of 15 digits with a subaddress joins", "scsp", ["R2443-3-19", "R2443-3-20"],
     update(115, csa("00000008", 87, part(3, 0x8000, 0x0104, "313131313131313131313131313131", CLIENT, GROUP, sub=ATM_C, tl=0x4F)))),
    # The summary in front
    ("V226", "Answer to a CSUS: hop count 1", "scsp", ["R2334-B.2.0.2-04", "C13"],
     update(100, csa("00000003", 72, JOINED[-1][2][0], hop=1))),
    ("V227", "Hop counts 0 and 65535", "scsp", ["R2334-B.2.0.2-01", "C13"],
     update(172, csa("00000003", 72, JOINED[-1][2][0], hop=0), csa("00000004", 72, JOINED[-1][2][0], hop=0xFFFF))),
    ("V228", "Relayed by B: the originator stays, the sender does not", "scsp",
     ["R2334-B.2.0.1-04", "R2334-B.2.0.2-01", "R2334-B.2.0.2-21"],
     update(100, csa("00000003", 72, JOINED[-1][2][0], hop=254), sender=B, receiver=C)),
    ("V229", "Numbers of records: first, reserved, last, purge", "scsp", ["R2334-B.2.0.2-11", "H05"],
     update(268, *[csa(f"{n:08x}", 60, part(2, 0x2000, 0x0102, ATM_M), number=number)
                   for n, number in enumerate([-0x7FFFFFFF, -0x80000000, 0x7FFFFFFE, 0x7FFFFFFF])])),
    ("V230", "Null record between two full ones", "scsp", ["R2334-2.3-24", "R2334-B.2.2.1-01", "R2334-2.3-05"],
     update(180, REDIRECT_ENTRY, csas("00000009", flags=0x8000), JOINED)),
    ("V231", "Record with N and a part all the same", "scsp", ["R2334-B.2.0.2-07", "C15"],
     update(100, csa("00000003", 72, JOINED[-1][2][0], flags=0x8000))),
    ("V232", "The unused bits beside N set", "scsp", ["R2334-B-04", "E26"],
     update(100, csa("00000003", 72, JOINED[-1][2][0], flags=0x7FFF))),
    # Several
    ("V233", "All five states in one request", "scsp", ["R2443-3-08", "R2334-B.2.2-02"],
     update(368, REDIRECT_ENTRY, csa("00000005", 68, part(2, 0, 0x0102, ATM_M, "", GROUP)), JOINED,
            csa("00000004", 72, part(4, 0x8000, 0x0101, ATM_C, CLIENT, GROUP)),
            csa("00000006", 68, part(5, 0, 0x0102, ATM_M, "", GROUP)))),
    ("V234", "IPv4, IPv6 and long form side by side", "scsp", ["R2443-3-03", "R2443-3-04", "E23"],
     update(220, REGISTER, csa("00000007", 64, part(3, 0x2000, 0x0101, ATM_C, CLIENT, pro=LONG, snap=SNAP_ATALK)),
            csa("00000008", 64, part(3, 0x2000, 0x0101, ATM_C, CLIENT, pro=IPV6)))),
    ("V235", "Only what is not yet acknowledged: W5 again without its first record", "scsp", ["R2334-2.3-14"], CSA_JOIN),
    ("V236", "Records of NHRP are nobody's business here", "scsp", ["R2334-B.2.0.1-02", "R2334-B.2.2.1-01"],
     scsp(2, 71, [opaque("00000001", 23, "abcdef"), opaque("00000002", 20, "")], 2, pid=2)),
]
