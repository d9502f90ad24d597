#!/usr/bin/env python3
"""Compares what the dissectors show in tshark with what `mars-conformance wire decode` prints.

    check.py                  vectors, broken frames, noise, NHRP, a capture of `show --as pcapng`
    check.py --self-test      the same on dissectors broken on purpose: each has to be noticed
    check.py --vectors DIR    vectors from another folder
    check.py --binary PATH    another mars-conformance than target/release/mars-conformance

Python's standard library and tshark are all it needs. Exit code 0: all as it should be; 1: a difference;
2: something is missing, and the message says what; 130: interrupted.
"""

import argparse
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from checks import frames as making
from checks import tshark
from checks.compare import OURS, Differs, compare, layer_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SHOWN = 12


class Missing(Exception):
    """Something that has to be installed or built."""


def decode(binary, frames):
    """What `wire decode` prints of each frame."""
    lines = "".join(frame.octets.hex() + "\n" for frame in frames)
    try:
        done = subprocess.run([str(binary), "wire", "decode"], input=lines, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise Missing(f"{binary} is not there; build it: cargo build --release -p mars-conformance") from error
    decoded = [json.loads(line) for line in done.stdout.splitlines()]
    if len(decoded) != len(frames):
        raise Missing(f"wire decode answered {len(decoded)} of {len(frames)} lines")
    return decoded


def run(path, frames, decoded, script, more=lambda frame, packet: None):
    """Differences between a capture of `frames`, as dissected, and `decoded`; as lines."""
    wrong = []
    for frame, value, packet in each(frames, decoded, path, script):
        try:
            if packet.encapsulation != tshark.ENCAPSULATION:
                raise Differs(f"encapsulation {packet.encapsulation}")
            compare(frame.octets, value, packet)
            # What the vector itself says is from the RFCs by hand, and counts more than our decoder.
            if frame.fields is not None:
                compare(frame.octets, {"ok": True, **frame.fields}, packet)
            if frame.error is not None:
                compare(frame.octets, {"ok": False, "error": frame.error}, packet)
            more(frame, packet)
        except Differs as error:
            wrong.append(f"{frame.name}: {error}\n    {frame.octets.hex()}")
    return wrong


def each(frames, decoded, path, script):
    """Frames with what belongs to them, and the packet of each in the capture."""
    try:
        yield from zip(frames, decoded, tshark.dissect(path, script), strict=True)
    except ValueError as error:
        raise tshark.Failed(f"{len(frames)} frames were written, tshark gave another number") from error


def nhrp_is_handed_on(frame, packet):
    layer = packet.layer("nhrp")
    shown = {one.name: one.show for one in packet.walk()}
    wanted = {"nhrp.hdr.pktsz": "72", "nhrp.src.prot.addr": "10.0.0.99", "nhrp.dst.prot.addr": "10.0.0.100",
              "nhrp.reqid": "0x00000007"}
    for name, value in wanted.items():
        if shown.get(name) != value:
            raise Differs(f"{name} is {shown.get(name)}, wanted {value}")
    if any("Malformed" in one.text for one in layer.walk()):
        raise Differs("NHRP is called malformed")


def truncated_capture(frames, script, path):
    """Frames that the capture holds only in part give no Lua error."""
    short = [(frame.octets[:length], len(frame.octets)) for frame in frames for length in range(8, len(frame.octets), 3)]
    tshark.capture(path, short)
    wrong = []
    for octets, length, packet in each(*zip(*short), path, script):
        kinds = [kind for layer in packet.layers for kind, _ in layer.complaints()]
        if packet.lua_errors() or "truncated" in kinds:
            wrong.append(f"{octets.hex()} of {length} octets: {packet.lua_errors() or kinds}")
    return wrong, len(short)


def pcapng_frames(path):
    """Frames of a capture in pcapng, from its packet blocks."""
    data = path.read_bytes()
    at, found = 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            size = struct.unpack_from("<I", data, at + 20)[0]
            found.append(making.Frame(f"{path.name} {len(found) + 1}", data[at + 28:at + 28 + size]))
        at += length
    return found


def captured_traces(binary, folder):
    """`show --as pcapng` of the first generated trace of each group; those by hand are of one server."""
    for group in sorted((ROOT / "traces").iterdir()):
        traces = sorted(group.glob("*-001.json"))
        if traces:
            path = folder / f"{traces[0].stem}.pcapng"
            with path.open("wb") as out:
                subprocess.run([str(binary), "show", str(traces[0]), "--as", "pcapng"], stdout=out, check=True)
            yield path


def readme_shows(script, vectors, path):
    """The sample in README.md is what tshark prints."""
    text = (HERE / "README.md").read_text()
    sample = next(block for block in text.split("```") if "CSA record" in block).strip("\n")
    frame = next(frame for frame in vectors if frame.name.endswith(" W5"))
    tshark.capture(path, [(frame.octets, len(frame.octets))])
    return [] if sample in tshark.text(path, script, "scsp") else ["README.md: its sample is not what tshark shows of W5"]


def has_comment(frame, packet):
    comment = packet.field("frame.comment")
    if comment is None or " to " not in comment.show:
        raise Differs("no comment that says from whom and to whom")


GROUPS = ("vectors", "NHRP", "broken", "noise", "README", "cut", "show")


def check(binary, vector_folder, script, groups=GROUPS, say=lambda line: None):
    """Dissects these groups of frames and says a line about each; gives what is wrong."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="dissect-") as temp:
        folder = pathlib.Path(temp)
        path = folder / "frames.pcap"
        vectors = making.vectors(vector_folder)
        valid = sum(frame.valid for frame in vectors)
        if not valid or valid == len(vectors):
            raise Missing(f"{vector_folder} has {valid} valid of {len(vectors)} vectors; both kinds are wanted")
        rng = making.random_source()
        makers = {
            "vectors": lambda: vectors,
            "NHRP": lambda: [making.nhrp()],
            "broken": lambda: list(making.broken(vectors, rng)),
            # For the self-test: the vectors W1 to W12, broken.
            "golden": lambda: list(making.broken([one for one in vectors if " W" in one.name], rng)),
            "noise": lambda: list(making.noise(rng, 250)),
        }
        for title in groups:
            if title not in makers:
                continue
            frames = makers[title]()
            tshark.capture(path, [(frame.octets, len(frame.octets)) for frame in frames])
            decoded = decode(binary, frames)
            wrong += [f"{frame.name}: a valid vector, but {value['error']}"
                      for frame, value in zip(frames, decoded) if frame.valid and not value["ok"]]
            more = {"NHRP": nhrp_is_handed_on}.get(title, lambda frame, packet: None)
            wrong += run(path, frames, decoded, script, more)
            good = sum(value["ok"] for value in decoded)
            ours = sum(layer_of(frame.octets) in OURS for frame in frames)
            say(f"{title:10} {len(frames):6} frames, {good} decoded, {ours} dissected by ours")
        if "README" in groups:
            wrong += readme_shows(script, vectors, path)
        if "cut" in groups:
            cut, count = truncated_capture(making.shortest(vectors), script, path)
            wrong += cut
            say(f"{'cut':10} {count:6} frames of which the capture holds a part")
        if "show" in groups:
            captures = list(captured_traces(binary, folder))
            if not captures:
                wrong.append("no trace to show as a capture")
            for capture in captures:
                frames = pcapng_frames(capture)
                if not frames:
                    wrong.append(f"{capture.name} has no frames")
                wrong += run(capture, frames, decode(binary, frames), script, has_comment)
                say(f"{'show':10} {len(frames):6} frames of {capture.name}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="plant breaks, and fail where one is not noticed")
    parser.add_argument("--vectors", type=pathlib.Path, default=ROOT / "traces" / "wire", metavar="DIR")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "mars-conformance")
    parser.add_argument("--script", type=pathlib.Path, default=HERE / "mars.lua", help="the dissectors")
    args = parser.parse_args()
    started = time.monotonic()

    def say(line):
        print(line, flush=True)

    try:
        if not shutil.which("tshark"):
            raise Missing("tshark is not installed: apt-get install tshark")
        if args.self_test:
            from checks.breaks import self_test
            wrong = self_test(lambda script, groups: check(args.binary, args.vectors, script, groups), say)
        else:
            wrong = check(args.binary, args.vectors, args.script, say=say)
    except (Missing, tshark.Failed) as error:
        print(f"check.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("check.py: interrupted", file=sys.stderr)
        return 130
    for line in wrong[:SHOWN]:
        print(f"wrong: {line}", file=sys.stderr)
    if wrong:
        print(f"{len(wrong)} wrong", file=sys.stderr)
    print(f"{'FAILED' if wrong else 'ok'} in {time.monotonic() - started:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
