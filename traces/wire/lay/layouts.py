"""The layouts of RFC 2334 (appendix B), RFC 2443 (section 3) and RFC 2022 as field lists."""

import hashlib
import hmac

from .fields import MARS_SUM, SCSP_SUM, ip_sum, octets, replaced, summed

A, B, C, D = "0a000001", "0a000002", "0a000003", "0a000004"        # servers
ATM = "47000580ffe1000000f21a2b3c0020480%s000100"
ATM_A, ATM_B, ATM_C, ATM_M, ATM_N = (ATM % x for x in "abcde")    # servers A and B, client, two MCSs
E164 = "313233343536373839303132"                                  # native E.164, IA5 digits
E164_ODD = "31323334353637383930313233"                            # 13 digits
CLIENT, CLIENT6 = "0a000063", "20010db8000000000000000000000063"
GROUP, GROUP6 = "e0010203", "ff020000000000000000000000010003"
ALL_LOW, ALL_HIGH = "e0000000", "efffffff"
TO_ALL = "ffffffff"
SNAP0, SNAP_IPV4 = "0000000000", "0000000800"
IPV4, IPV6, LONG = 0x0800, 0x86DD, 0x0080

LLC_SNAP = {"mars": "aaaa0300005e0003", "scsp": "aaaa0300005e0005",
            "data1": "aaaa0300005e0001", "data2": "aaaa0300005e0004"}


def odd(fields, at, *changes):
    """The fields with other values at some paths, and the checksum right for them."""
    for path, new in changes:
        fields = replaced(fields, path, lambda field: (field[0], field[1], new))
    return summed(fields, at)


def without_sum(fields):
    """A MARS message whose sender does not compute the checksum."""
    return replaced(fields, "chksum", lambda field: (field[0], field[1], 0))


def sum_of_zero(fields, at, name, ones=False):
    """The 16-bit field of that name chosen so that the checksum comes out as zero; with `ones`, sent
    as 0xFFFF, which is the same number."""
    total = "checksum" if at == SCSP_SUM else "chksum"
    for path in (name, total):
        fields = replaced(fields, path, lambda field: (field[0], field[1], 0))
    fields = odd(fields, at, (name, ip_sum(octets(fields))))
    return replaced(fields, total, lambda field: (field[0], field[1], 0xFFFF)) if ones else fields


# --- SCSP: RFC 2334, B.1, B.2 -------------------------------------------------------------------------

def scsp(kind, size, records, count, before=(), flags=0, sender=A, receiver=B, ext=0, tail=(), pid=3):
    r = len(receiver) // 2
    return summed([
        ("version", 1, 1), ("type_code", 1, kind), ("packet_size", 2, size), ("checksum", 2, 0),
        ("start_of_extensions", 2, ext), *before,
        ("protocol_id", 2, pid), ("server_group_id", 2, 1), ("unused", 2, 0), ("flags", 2, flags),
        ("sender_id_len", 1, 4), ("recvr_id_len", 1, r), ("number_of_records", 2, count),
        ("sender_id", None, sender), ("receiver_id", None, receiver),
        ("records", None, records), *tail], SCSP_SUM)


def hello(size, ids=(), **more):
    """B.2.5; `ids` are those heard beyond the first."""
    timers = [("hello_interval", 2, more.pop("interval", 3)), ("dead_factor", 2, more.pop("factor", 3)),
              ("hello_unused", 2, 0), ("family_id", 2, more.pop("family", 0))]
    records = [[("rec_id_len", 1, 4), ("id", None, one)] for one in ids]
    return scsp(5, size, records, len(records), before=timers, **more)


def ca(size, number, records=(), **more):
    """B.2.1; flags M 0x8000, I 0x4000, O 0x2000."""
    return scsp(1, size, list(records), len(records), before=[("ca_sequence_number", 4, number)], **more)


def csas(key, number=-0x7FFFFFFF, hop=1, length=20, origin=A, flags=0):
    """B.2.0.2."""
    return [("hop_count", 2, hop), ("record_length", 2, length), ("cache_key_len", 1, 4),
            ("orig_id_len", 1, 4), ("flags", 2, flags), ("csa_sequence_number", "s4", number),
            ("cache_key", None, key), ("originator_id", None, origin)]


def part(state, flags, cmi, atm, spa="", low="", high=None, sub="", pro=IPV4, snap=SNAP0, tl=None, sub_tl=None):
    """RFC 2443, section 3."""
    high = low if high is None else high
    return [("hardware_type", 2, 15), ("protocol_type", 2, pro),
            ("snap", None, snap), ("unused", 1, 0), ("version", 1, 0),
            ("state", 1, state), ("flags", 2, flags), ("cluster_member_id", 2, cmi),
            ("src_addr_len", 1, len(spa) // 2), ("group_addr_len", 1, len(low) // 2),
            ("atm_addr_tl", 1, len(atm) // 2 if tl is None else tl),
            ("atm_subaddr_tl", 1, len(sub) // 2 if sub_tl is None else sub_tl),
            ("source_protocol_address", None, spa), ("source_atm_address", None, atm),
            ("source_atm_subaddress", None, sub),
            ("minimum_group_address", None, low), ("maximum_group_address", None, high)]


def csa(key, length, mars, hop=255, **more):
    """B.2.2.1 with RFC 2443, section 3."""
    return csas(key, hop=hop, length=length, **more) + [("*mars", None, [mars])]


def update(size, *records, **more):
    """B.2.2: CSU Request."""
    return scsp(2, size, list(records), len(records), **more)


# --- Extensions: RFC 2334, B.3 ------------------------------------------------------------------------

END = [("type", 2, 0), ("length", 2, 0), ("value", None, "")]
KEY = b"\x0b" * 16
SPI = "00001000"


def extension(kind, length, text):
    return [("type", 2, kind), ("length", 2, length), ("value", None, text)]


def tail(*extensions):
    return [("extensions", None, [*extensions, END])]


def authentication(mac="00" * 16):
    return extension(1, 20, SPI + mac)


def signed(make, key=KEY):
    """What `make` makes of an Authentication extension, with the MAC of it: over the packet with MAC and
    checksum zero (register D08)."""
    blank = octets(make(authentication()))
    blank = blank[:SCSP_SUM] + b"\0\0" + blank[SCSP_SUM + 2:]
    return make(authentication(hmac.new(key, blank, hashlib.md5).hexdigest()))


# --- MARS control: RFC 2022 ---------------------------------------------------------------------------

def mars(op, body, sha=ATM_C, ssa="", shtl=None, sstl=None, extoff=0, tail=(), pro=IPV4, snap=SNAP0):
    """4.3, and what `body` makes of the source addresses."""
    return summed([
        ("afn", 2, 15), ("pro_type", 2, pro), ("pro_snap", None, snap),
        ("hdrrsv", None, "000000"), ("chksum", 2, 0), ("extoff", 2, extoff),
        ("op_version", 1, 0), ("op_type", 1, op), ("shtl", 1, len(sha) // 2 if shtl is None else shtl),
        ("sstl", 1, len(ssa) // 2 if sstl is None else sstl), *body(sha, ssa), *tail], MARS_SUM)


def query(spa=CLIENT, tpa=GROUP):
    """5.1.2: REQUEST, NAK."""
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("thtl", 1, 0), ("tstl", 1, 0), ("tpln", 1, len(tpa) // 2),
        ("padding", None, "00" * 8), ("sha", None, sha), ("ssa", None, ssa), ("spa", None, spa),
        ("tpa", None, tpa)]


def answer(spa, count, seqxy, msn, targets, thtl=20, tstl=0, tpa=GROUP):
    """5.1.2: MULTI; 5.1.6: MIGRATE."""
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("thtl", 1, thtl), ("tstl", 1, tstl), ("tpln", 1, len(tpa) // 2),
        ("tnum", 2, count), ("seqxy", 2, seqxy), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa),
        ("spa", None, spa), ("tpa", None, tpa), ("targets", None, targets)]


def target(tha, tsa=""):
    return [("tha", None, tha), ("tsa", None, tsa)]


def member(pairs, count, flags, cmi=0, msn=0, spa=CLIENT, tpln=4):
    """5.2.1: JOIN and LEAVE, MSERV and UNSERV, SJOIN and SLEAVE, GROUPLIST_REQUEST."""
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("tpln", 1, tpln), ("pnum", 2, count), ("flags", 2, flags),
        ("cmi", 2, cmi), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa), ("spa", None, spa),
        ("pairs", None, pairs)]


def pair(low, high=None):
    return [("min", None, low), ("max", None, low if high is None else high)]


def redirect(count, seqxy, msn, targets, redirf=0x80, thtl=20, tstl=0):
    """5.4.3: REDIRECT_MAP."""
    return lambda sha, ssa: [
        ("spln", 1, 0), ("thtl", 1, thtl), ("tstl", 1, tstl), ("redirf", 1, redirf), ("tnum", 2, count),
        ("seqxy", 2, seqxy), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa),
        ("targets", None, targets)]


def groups(count, seqxy, msn, groups, spa=CLIENT, tpln=4):
    """5.3: GROUPLIST_REPLY."""
    return lambda sha, ssa: [
        ("spln", 1, len(spa) // 2), ("thtl", 1, 0), ("tstl", 1, 0), ("tpln", 1, tpln), ("tnum", 2, count),
        ("seqxy", 2, seqxy), ("msn", 4, msn), ("sha", None, sha), ("ssa", None, ssa),
        ("spa", None, spa), ("groups", None, groups)]


NULL_TLV = END
PAD = [[], ["-pad", None, "000000"], ["-pad", None, "0000"], ["-pad", None, "00"]]


def tlv(kind, length, text, padding=None):
    """10.2. Padding that is not zero is shown."""
    fields = [("type", 2, kind), ("length", 2, length), ("value", None, text)]
    if padding is not None:
        return [*fields, ("padding", None, padding)]
    return [*fields, *([tuple(PAD[length % 4])] if length % 4 else [])]


def tlvs(*list_of):
    return [("tlvs", None, [*list_of, NULL_TLV])]


ONE = [pair(GROUP)]
NOTHING = [pair("")]


# --- Data: RFC 2022, 5.5 ------------------------------------------------------------------------------

SOURCE_ID = "0a0000630000000a"
PACKET = "45000014"


def data(head, pro, middle=(), packet=PACKET):
    return [head, ("pro_type", 2, pro), *middle, ("packet", None, packet)]


def type1(cmi, pro=IPV4, snap=None, padding="000000", packet=PACKET):
    middle = [] if snap is None else [("pro_snap", None, snap), ("padding", None, padding)]
    return data(("cmi", 2, cmi), pro, middle, packet)


def type2(pro=IPV4, snap=None, padding=None, packet=PACKET):
    if snap is None:
        middle = [("padding", None, padding or "0000")]
    else:
        middle = [("pro_snap", None, snap), ("padding", None, padding or "00")]
    return data(("source_id", None, SOURCE_ID), pro, middle, packet)
