"""Captures written, tshark run once over one, its PDML read packet by packet."""

import contextlib
import os
import pathlib
import struct
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

from .compare import OURS

# pcap and pcapng call LLC/SNAP over AAL5 so; Wireshark shows it as encapsulation type 10.
LINK_TYPE = 100
ENCAPSULATION = "10"


def capture(path, frames):
    """Writes frames, as (octets, length on the wire)."""
    out = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 0x40000, LINK_TYPE)]
    for second, (octets, length) in enumerate(frames):
        out.append(struct.pack("<IIII", second, 0, len(octets), length) + octets)
    path.write_bytes(b"".join(out))


class Field:
    """A field of a dissected packet."""

    __slots__ = ("name", "text", "show", "value", "at", "size", "below")

    def __init__(self, element):
        get = element.get
        self.name = get("name", "")
        self.text = get("showname") or get("show") or ""
        self.show = get("show", "")
        self.value = get("unmaskedvalue") or get("value") or ""
        self.at = int(get("pos", "0"))
        self.size = int(get("size", "0"))
        self.below = [Field(child) for child in element]

    def walk(self):
        yield self
        for child in self.below:
            yield from child.walk()

    def complaints(self):
        """The complaints by our dissectors in here: kind, and the offset of what they are about."""
        for one in self.walk():
            for expert in one.below:
                if expert.name == "_ws.expert":
                    names = (child.name.split(".") for child in expert.below)
                    yield from ((name[-1], one.at) for name in names if name[0] in OURS)


class Packet:
    """A dissected packet: its layers, in order."""

    def __init__(self, element):
        self.layers = [Field(child) for child in element]
        frame = self.field("frame.protocols")
        self.protocols = frame.show.split(":") if frame else []
        self.encapsulation = self.field("frame.encap_type").show

    def walk(self):
        for layer in self.layers:
            yield from layer.walk()

    def field(self, name):
        return next((one for one in self.walk() if one.name == name), None)

    def layer(self, name):
        return next((one for one in self.layers if one.name == name), None)

    def lua_errors(self):
        return [one.text for one in self.walk() if one.name == "_ws.lua.error" or "Lua Error" in one.show]


class Failed(Exception):
    """tshark could not be run, or complained."""


def dissect(path, script=None):
    """Packets of a capture. `script` is loaded; without one, nothing of ours is."""
    with output(path, script, "-T", "pdml") as stdout:
        try:
            for _, element in ElementTree.iterparse(stdout):
                if element.tag == "packet":
                    yield Packet(element)
                    element.clear()
        except ElementTree.ParseError as error:
            raise Failed(f"tshark's output: {error}") from error


def text(path, script, layers):
    """What people read, with the details of some layers."""
    with output(path, script, "-O", layers) as stdout:
        return stdout.read().decode()


@contextlib.contextmanager
def output(path, script, *options):
    """tshark's output of a capture, while it runs; Failed if it complains."""
    with tempfile.TemporaryDirectory(prefix="tshark-") as home:
        # No settings and no plugins of whoever runs this.
        env = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "WIRESHARK_CONFIG_DIR": home, "LC_ALL": "C.UTF-8"}
        command = ["tshark", "-n", "-r", str(path), *options]
        if script:
            command += ["-X", f"lua_script:{script}"]
        errors = pathlib.Path(home, "stderr")
        complaint = None
        with errors.open("wb") as stderr:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=env)
            try:
                yield process.stdout
            except Failed as failed:
                complaint = str(failed)
                process.kill()
            finally:
                process.stdout.close()
                process.wait()
        said = [line for line in errors.read_text().splitlines() if "Running as user" not in line]
        if process.returncode or said or complaint:
            said += [complaint] if complaint else []
            raise Failed(f"tshark ended with {process.returncode}: {'; '.join(said)}")
