#!/usr/bin/env python3
"""Wire vectors, laid out from field lists by hand: no project code, standard library only.

    layout.py            print each vector's hex
    layout.py --check    compare the .json files beside this script with what is laid out here
    layout.py --write    write them

The rows are in lay/: field lists of what stands, and named deviations for what does not. README.md
has the format.
"""

import hashlib
import hmac
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True

from lay import (golden, invalid_csa, invalid_extensions, invalid_frames, invalid_mars, invalid_scsp, valid_csa,
                 valid_extensions, valid_frames, valid_mars, valid_scsp)
from lay.fields import octets, value
from lay.layouts import LLC_SNAP

HERE = pathlib.Path(__file__).resolve().parent
FORMAT = "mars-vectors/1"
WIDTH = 180


def valid(rows, bare=True):
    out = []
    for name, title, protocol, requirements, fields in rows:
        vector = {"id": name, "title": title}
        if bare:
            vector["bare"] = protocol
        prefix = "" if bare else LLC_SNAP[protocol]
        vector.update(hex=prefix + octets(fields).hex(), requirements=requirements,
                      fields={"protocol": protocol, "message": value(fields)})
        out.append(vector)
    return out


def macs():
    rows = [("K1", b"\x0b" * 16, b"Hi There", "9294727a3638bb1c13f48ef8158bfc9d"),
            ("K2", b"Jefe", b"what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"),
            ("K3", b"\xaa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6")]
    for _, key, data, mac in rows:
        assert hmac.new(key, data, hashlib.md5).hexdigest() == mac
    return [{"id": n, "title": "HMAC-MD5-128 (RFC 2104)", "requirements": ["R2334-B.3.1.2-01"], "key": k.hex(), "data": d.hex(), "mac": m} for n, k, d, m in rows]


FILES = {
    "golden.json": ("valid", lambda: valid(golden.VALID)),
    "scsp.json": ("valid", lambda: valid(valid_scsp.VALID)),
    "csa.json": ("valid", lambda: valid(valid_csa.VALID)),
    "mars.json": ("valid", lambda: valid(valid_mars.VALID)),
    "extensions.json": ("valid", lambda: valid(valid_extensions.VALID)),
    "frames.json": ("valid", lambda: valid(valid_frames.FRAMES, bare=False)),
    "invalid-scsp.json": ("invalid", lambda: invalid_scsp.INVALID),
    "invalid-csa.json": ("invalid", lambda: invalid_csa.INVALID),
    "invalid-mars.json": ("invalid", lambda: invalid_mars.INVALID),
    "invalid-extensions.json": ("invalid", lambda: invalid_extensions.INVALID),
    "invalid-frames.json": ("invalid", lambda: invalid_frames.FRAMES),
    "hmac.json": ("hmac", macs),
}


def text(it, depth=0):
    """JSON with whatever fits on one line on one line."""
    line = json.dumps(it, ensure_ascii=False)
    if len(line) + depth <= WIDTH or not isinstance(it, (dict, list)) or not it:
        return line
    pad = " " * (depth + 1)
    if isinstance(it, dict):
        parts = [f"{pad}{json.dumps(k)}: {text(v, depth + 1)}" for k, v in it.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"
    return "[\n" + ",\n".join(pad + text(v, depth + 1) for v in it) + "\n" + " " * depth + "]"


def first_octet(want, have):
    """The first octet in which two hex strings differ."""
    for at in range(0, max(len(want), len(have)), 2):
        if want[at:at + 2] != have[at:at + 2]:
            shown = [part[at:at + 2] or "nothing" for part in (want, have)]
            return f"octet {at // 2} is {shown[1]}, laid out {shown[0]}"
    return None


def differences(want, have):
    """What is wrong with a file's text, a line a vector."""
    try:
        there = {v["id"]: v for v in json.loads(have)["vectors"]}
    except (ValueError, KeyError, TypeError) as error:
        return [f"no vector file: {error!r}"]
    here = {v["id"]: v for v in json.loads(want)["vectors"]}
    out = []
    for name in [*here, *(n for n in there if n not in here)]:
        one, other = here.get(name), there.get(name)
        if one is None or other is None:
            out.append(f"{name}: " + ("not laid out" if one is None else "missing"))
        elif one != other:
            key = "hex" if "hex" in one else "mac"
            where = first_octet(one[key], str(other.get(key, "")))
            keys = [k for k in {**one, **other} if one.get(k) != other.get(k)]
            out.append(f"{name}: " + (where or f"differs in {', '.join(keys)}"))
    return out or ["only its form differs"]


def check(path, want):
    try:
        have = path.read_text()
    except OSError as error:
        return [str(error.strerror)]
    return [] if have == want else differences(want, have)


def main():
    wrong = []
    for name, (kind, make) in FILES.items():
        want = text({"format": FORMAT, "kind": kind, "vectors": make()}) + "\n"
        path = HERE / name
        if "--write" in sys.argv:
            new = path.with_suffix(".json.new")
            new.write_text(want)
            os.replace(new, path)
        elif "--check" in sys.argv:
            wrong += [f"{name}: {line}" for line in check(path, want)]
        else:
            for vector in make():
                print(vector["id"], vector.get("hex", vector.get("mac")))
    if "--check" in sys.argv:
        extra = {path.name for path in HERE.glob("*.json")} - FILES.keys()
        wrong += [f"{name}: no file that is laid out here" for name in sorted(extra)]
        if wrong:
            print(*wrong, "layout.py --write writes what is laid out here", sep="\n", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
