"""The frames that are dissected: the wire vectors, what can be broken in them, and noise."""

import json
import random
from dataclasses import dataclass

from .compare import HEADER

PIDS = {"data1": 1, "mars": 3, "data2": 4, "scsp": 5}
# Where the checksum is, and what else says how long a message is.
CHECKSUM_AT = {"scsp": 4, "mars": 12}
SCSP_SIZE_AT = 2


@dataclass
class Frame:
    name: str
    octets: bytes
    # What a vector says that decoding gives, by hand from the RFCs: fields or an error.
    fields: dict = None
    error: dict = None
    valid: bool = False


def framed(protocol, octets):
    return HEADER + bytes([PIDS[protocol]]) + octets


def vectors(folder):
    """Every vector of every file in `folder` that has frames."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        file = json.loads(path.read_text())
        if not isinstance(file, dict) or not str(file.get("format", "")).startswith("mars-vectors/"):
            continue
        for vector in file["vectors"]:
            if "hex" not in vector:
                continue
            octets = bytes.fromhex(vector["hex"])
            error = vector.get("error")
            if "bare" in vector:
                octets = framed(vector["bare"], octets)
                error = error and {**error, "offset": error["offset"] + 8}
            found.append(Frame(f"{path.name} {vector['id']}", octets, vector.get("fields"), error, error is None))
    return found


def protocol_of(octets):
    pid = octets[7] if octets[:7] == HEADER and len(octets) > 7 else None
    return next((name for name, number in PIDS.items() if number == pid), None)


def ip_sum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(int.from_bytes(octets[at:at + 2], "big") for at in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def sealed(octets, resize=False):
    """The frame with its checksum made right, and if wanted SCSP's Packet Size, so that what is wrong
    inside is looked at."""
    protocol = protocol_of(octets)
    if protocol not in CHECKSUM_AT or len(octets) < 8 + CHECKSUM_AT[protocol] + 2:
        return octets
    body = bytearray(octets[8:])
    end = len(body)
    if protocol == "scsp":
        if resize:
            body[SCSP_SIZE_AT:SCSP_SIZE_AT + 2] = end.to_bytes(2, "big")
        size = int.from_bytes(body[SCSP_SIZE_AT:SCSP_SIZE_AT + 2], "big")
        end = size if 8 <= size <= end else end
    at = CHECKSUM_AT[protocol]
    body[at:at + 2] = b"\0\0"
    body[at:at + 2] = ip_sum(bytes(body[:end])).to_bytes(2, "big")
    return octets[:8] + bytes(body)


def shortest(frames):
    """The shortest valid frame of each protocol, message type and set of keys that decoding gives."""
    chosen = {}
    for frame in frames:
        if not frame.valid or not frame.fields or frame.octets[:7] != HEADER:
            continue
        message = frame.fields["message"]
        records = message.get("records") or [{}]
        kind = (frame.fields["protocol"], message.get("type_code"), message.get("op_type"),
                bool(message.get("extensions")), bool(message.get("tlvs")),
                (records[0].get("mars") or {}).get("state"), message.get("pro_type"))
        if kind not in chosen or len(frame.octets) < len(chosen[kind].octets):
            chosen[kind] = frame
    return list(chosen.values())


def broken(frames, rng):
    """Frames cut at every length, and with every octet changed, as they are and sealed again."""
    for frame in shortest(frames):
        octets = frame.octets
        for length in range(len(octets)):
            yield Frame(f"{frame.name} cut at {length}", octets[:length])
            yield Frame(f"{frame.name} cut at {length}, sealed", sealed(octets[:length], resize=True))
        for at in range(8, len(octets)):
            flips = [octets[at] ^ 1 << bit for bit in range(8)]
            for value in flips + [(octets[at] + 1) % 256, rng.randrange(256)]:
                changed = octets[:at] + bytes([value]) + octets[at + 1:]
                yield Frame(f"{frame.name}, octet {at} is {value:#04x}", sealed(changed))
        for extra in (1, 2, 3, 4, 20):
            longer = octets + rng.randbytes(extra)
            yield Frame(f"{frame.name} and {extra} octets", longer)
            yield Frame(f"{frame.name} and {extra} octets, sealed", sealed(longer, resize=True))
    whole = nhrp().octets
    for length in range(8, len(whole)):
        yield Frame(f"NHRP cut at {length}", whole[:length])


def noise(rng, count):
    """Random octets behind every header, and with a beginning that makes readers go on."""
    beginnings = {
        "scsp": [bytes([1, kind]) for kind in range(7)],
        "mars": [bytes.fromhex("000f08000000000000000000000000") + bytes([0, 0, op])
                 for op in range(20)],
        "data1": [b"\0\1\x08\0", b"\0\1\0\x80"],
        "data2": [bytes(8) + b"\x86\xdd"],
    }
    for protocol, starts in beginnings.items():
        for index in range(count):
            body = rng.randbytes(rng.randrange(120))
            yield Frame(f"noise {index} as {protocol}", framed(protocol, body))
            body = rng.choice(starts) + rng.randbytes(rng.randrange(4)) + bytes(
                rng.choice((0, 0, 1, 4, 20, rng.randrange(256))) for _ in range(rng.randrange(120)))
            yield Frame(f"likely noise {index} as {protocol}", sealed(framed(protocol, body), resize=True))


# An NHRP Resolution Request (RFC 2332, 5.1, 5.2.0.1 and 5.2.1) with one client information element, by
# hand: field, octets.
NHRP = [
    ("ar$afn", "000f"), ("ar$pro.type", "0800"), ("ar$pro.snap", "0000000000"), ("ar$hopcnt", "10"),
    ("ar$pktsz", "0048"), ("ar$chksum", "0000"), ("ar$extoff", "0044"), ("ar$op.version", "01"),
    ("ar$op.type", "01"), ("ar$shtl", "14"), ("ar$sstl", "00"),
    ("Src Proto Len", "04"), ("Dst Proto Len", "04"), ("Flags", "c000"), ("Request ID", "00000007"),
    ("Source NBMA Address", "47000580ffe1000000f21a2b3c0020480c000100"),
    ("Source Protocol Address", "0a000063"), ("Destination Protocol Address", "0a000064"),
    ("Code", "00"), ("Prefix Length", "ff"), ("Unused", "0000"), ("MTU", "23dc"), ("Holding Time", "0e10"),
    ("Cli Addr T/L", "00"), ("Cli SAddr T/L", "00"), ("Cli Proto Len", "00"), ("Preference", "00"),
    ("End of extensions", "80000000"),
]


def nhrp():
    # Its checksum is where that of MARS is.
    return Frame("NHRP", sealed(framed("mars", bytes.fromhex("".join(octets for _, octets in NHRP)))))


def random_source():
    return random.Random(2443)
