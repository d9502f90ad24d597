#!/usr/bin/env python3
"""A toy MARS over `mars-sut/1`: clients register, join single groups, leave, and ask who is in one.

No SCSP, no blocks, no checksums, no timers. What a real adapter needs is the loop at the end; see ../ADAPTERS.md.
"""
import json
import struct
import sys

LLC = bytes.fromhex("aaaa0300005e0003")
REQUEST, MULTI, JOIN, LEAVE, NAK = 1, 2, 4, 5, 6
COPY, REGISTER = 0x4000, 0x2000
HELLO = {"implementation": {"name": "toy", "version": "1", "language": "Python"}, "claims": ["server"], "probes": []}


class Server:
    """One server between two resets."""

    def __init__(self, config):
        self.csn = config.get("csn_start", 0)
        self.free = list(range(config["cmi_range"][0], config["cmi_range"][1] + 1))
        self.clients = {}  # ATM number -> CMI
        self.members = {}  # group -> ATM numbers, in the order in which they joined

    def frame(self, vc, octets):
        """What a frame brings about: a list of outputs without their time."""
        message = octets[len(LLC):]
        if octets[:len(LLC)] != LLC or len(message) < 32:
            return []  # dropped, as all that is malformed
        afn, protocol, snap, version, op, shtl, sstl = struct.unpack_from(">HH5s7xBBBB", message)
        if (afn, protocol, snap, version) != (15, 0x0800, bytes(5), 0):
            return []
        spln, tail = message[20], 32 + (shtl & 63) + (sstl & 63)
        number = message[32:32 + (shtl & 63)]
        if op == REQUEST:
            group = message[tail + spln:tail + spln + message[23]]
            return self.request(vc, number, message, group) if number in self.clients else []
        if op not in (JOIN, LEAVE):
            return []
        tpln, pairs, flags = message[21], *struct.unpack_from(">HH", message, 22)
        first, last = (message[tail + spln + n * tpln:][:tpln] for n in (0, 1))
        if pairs != 1 or len(message) < tail + spln + 2 * tpln:
            return []
        if flags & REGISTER:
            return self.register(vc, number, message, flags, op == JOIN)
        # A block is beyond this toy, and so is a client that never registered.
        if number not in self.clients or first != last:
            return []
        there = self.members.setdefault(first, [])
        if (number in there) == (op == JOIN):
            return [self.send(vc, self.copy(message, flags, 0))]  # nothing new: the sender alone hears
        (there.append if op == JOIN else there.remove)(number)
        self.csn = (self.csn + 1) % 2**32
        return [self.send("ccvc", self.copy(message, flags, 0))]

    def register(self, vc, number, message, flags, joins):
        leaf = {"group": "ccvc", "peer": {"number": number.hex(), "form": "nsapa"}}
        if joins and number in self.clients:
            return [self.send(vc, self.copy(message, flags, self.clients[number]))]
        if joins and self.free:
            self.clients[number] = self.free.pop(0)
            return [{"leaf": {"op": "add", **leaf}}, self.send(vc, self.copy(message, flags, self.clients[number]))]
        if not joins and number in self.clients:
            self.free.append(self.clients.pop(number))
            self.members = {group: [one for one in there if one != number] for group, there in self.members.items()}
            return [self.send(vc, self.copy(message, flags, 0)), {"leaf": {"op": "drop", **leaf}}]
        return []

    def copy(self, message, flags, cmi):
        """A JOIN or LEAVE as the MARS passes it on."""
        return message[:24] + struct.pack(">HHI", flags | COPY, cmi, self.csn) + message[32:]

    def request(self, vc, number, message, group):
        there = self.members.get(group)
        if not there:
            return [self.send(vc, message[:17] + bytes([NAK]) + message[18:])]
        counts = struct.pack(">BBBBHHI", message[20], len(number), 0, len(group), len(there), 0x8001, self.csn)
        return [self.send(vc, message[:17] + bytes([MULTI]) + message[18:20] + counts + message[32:] + b"".join(there))]

    @staticmethod
    def send(vc, message):
        return {"send": {"vc": vc, "hex": (LLC + message[:12] + b"\0\0" + message[14:]).hex()}}


def main():
    """One answer line for each request line."""
    server = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            op, answer, out = request["op"], {"id": request["id"], "status": "ok", "out": [], "next": None}, []
        except (ValueError, KeyError, TypeError):
            print(json.dumps({"id": None, "status": "error", "code": "malformed-request"}), flush=True)
            continue
        if op == "hello" and request["protocol"] != 1:
            answer.update(status="error", code="version", reason="this adapter speaks protocol 1")
        elif op == "hello":
            answer.update(HELLO)
        elif op == "reset":
            server, now, vcs = Server(request["config"]), 0, set()
        elif op in ("vc_up", "vc_down", "deliver", "leaf_gone", "advance"):
            at = request.get("at", request.get("to"))
            if at < now:
                answer.update(status="error", code="time-went-back")
            elif op == "deliver" and request["vc"] not in vcs:
                answer.update(status="error", code="unknown-vc")
            else:
                now = at
                vcs |= {request["vc"]} if op == "vc_up" else set()
                out = server.frame(request["vc"], bytes.fromhex(request["hex"])) if op == "deliver" else []
                answer["out"] = [{"at": now, **one} for one in out]
        elif op != "bye":
            answer.update(status="unsupported", reason=op)
        print(json.dumps(answer), flush=True)
        if op == "bye":
            return


if __name__ == "__main__":
    main()
