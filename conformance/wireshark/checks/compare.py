"""Compares a dissected packet with what `mars-conformance wire decode` says of the same octets."""

from . import fields
from .fields import Joined, Many, Number, Octets, OctetsList, One, Refused, Whole

# PIDs below LLC AA-AA-03, OUI 00-00-5E, and the dissector of each.
HEADER = bytes.fromhex("aaaa0300005e00")
OURS = ("scsp", "mars", "mars_data1", "mars_data2")
LAYERS = {1: "mars_data1", 3: "mars", 4: "mars_data2", 5: "scsp"}
VERSION_AT = 8 + 16

# Error codes of `wire decode` that the dissectors have a complaint for.
CODES = {"truncated", "bad-length", "bad-checksum", "bad-version", "unknown-type", "bad-value"}
# Lengths that are wrong for MARS, which SCSP leaves to the protocol that uses it.
IDS = {"sender_id_len", "recvr_id_len", "cache_key_len", "orig_id_len", "rec_id_len", "record_length"}


class Differs(Exception):
    """A difference, or something that cannot be compared."""


def layer_of(octets):
    """The name of the protocol layer that has to be in a frame, or None."""
    if len(octets) < 9 or octets[:7] != HEADER or octets[7] not in LAYERS:
        return None
    if octets[7] == 3 and len(octets) > VERSION_AT and octets[VERSION_AT] == 1:
        return "nhrp"
    return LAYERS[octets[7]]


def compare(octets, decoded, packet):
    """Raises Differs where `packet` is not what `decoded` says of `octets`."""
    errors = packet.lua_errors()
    if errors:
        raise Differs(errors[0])
    wanted = layer_of(octets)
    ours = [name for name in packet.protocols if name in OURS]
    if wanted in (None, "nhrp"):
        if ours or (wanted and wanted not in packet.protocols):
            raise Differs(f"wanted {wanted or 'none of our layers'}, got {packet.protocols}")
        return
    if ours != [wanted]:
        raise Differs(f"protocol layer {wanted} is not there, but {packet.protocols}")
    layer = packet.layer(wanted)
    if packet.layer("_ws.malformed") and not wanted.startswith("mars_data"):
        raise Differs("Wireshark itself calls the packet malformed")
    shown_once(layer, octets)
    bits(layer)
    if decoded["ok"]:
        message = decoded["message"]
        part, name = fields.part_of(decoded["protocol"], message)
        if part is None or name != wanted:
            raise Differs(f"no mapping for a {decoded['protocol']} message, shown as {wanted}")
        walk(message, part, layer, octets, name)
        skipped = [kind for record in skipped_records(layer, message) for kind in record.complaints()]
        rest = list(layer.complaints())
        for kind in skipped:
            rest.remove(kind)
        if rest:
            raise Differs(f"complaints about a good message: {rest}")
    else:
        refused(decoded["error"], layer, layer)


def skipped_records(layer, message):
    subtrees = [one for one in layer.below if one.name == "scsp.csa"]
    records = message.get("records", [])
    return [tree for tree, record in zip(subtrees, records) if "error" in record]


def refused(error, where, layer):
    """`where` has to complain as `error` does, about the same octet."""
    if error["field"] in IDS and first(layer, "scsp.protocol_id") not in (None, "3"):
        return
    if error["code"] not in CODES:
        raise Differs(f"no mapping for the error code {error['code']}")
    found = set(where.complaints())
    if (error["code"].replace("-", "_"), error["offset"]) not in found:
        raise Differs(f"wire decode says {error['code']} of {error['field']} at {error['offset']}, "
                      f"the dissector {sorted(found)}")


def first(layer, name):
    """What the first field of that name shows, or None."""
    return next((one.show for one in layer.below if one.name == name), None)


def leaves(node):
    for one in node.below:
        if one.name in fields.SUBTREES:
            yield from leaves(one)
        elif one.name.split(".")[0] in OURS:
            yield one


def shown_once(layer, octets):
    """Every octet behind the LLC/SNAP header is in exactly one field, with its value."""
    at = 8
    for leaf in leaves(layer):
        if leaf.at != at:
            raise Differs(f"{leaf.name} is at {leaf.at}, the field before it ends at {at}")
        at += leaf.size
        if leaf.value and bytes.fromhex(leaf.value) != octets[leaf.at:at]:
            raise Differs(f"{leaf.name} has {leaf.value}, the frame {octets[leaf.at:at].hex()}")
    if at != len(octets):
        raise Differs(f"{len(octets) - at} octets at the end are not shown")


def bits(layer):
    """Bits are those of the RFCs' figures, have the values of their field, and are all there; what else is
    below a leaf spells the same octets again."""
    for leaf in leaves(layer):
        below = [one for one in leaf.below if not one.name.startswith("_ws.")]
        names = [one.name[len(leaf.name) + 1:] for one in below]
        wanted = fields.bits_of(leaf.name, names)
        if wanted is None:
            if below and "".join(one.value for one in below) != leaf.value:
                raise Differs(f"{leaf.name} is not what is below it")
            continue
        shown = {name: number(one.show) for name, one in zip(names, below)}
        whole = number(leaf.show)
        masked = {name: (whole & mask) // (mask & -mask) for name, mask in wanted.items()}
        if shown != masked:
            raise Differs(f"bits of {leaf.name}, {whole:#x}: shown {shown}, wanted {masked}")


def walk(value, part, node, octets, path):
    """`value`, an object of `wire decode`, against `node`. All of both has to be accounted for."""
    if set(value) == set(fields.SKIPPED.keys):
        part = fields.SKIPPED
    claimed = {}
    for key, wanted in value.items():
        how = part.keys.get(key)
        here = f"{path}.{key}"
        if how is None:
            raise Differs(f"no mapping for {here}")
        if isinstance(how, Refused):
            refused(wanted, node, node)
            continue
        if isinstance(how, Whole):
            if octets[node.at:node.at + node.size].hex() != wanted:
                raise Differs(f"{here}: the octets are others")
            claimed.update({one.name: True for one in node.below})
            continue
        found = [one for one in node.below if one.name == how.name]
        claimed[how.name] = True
        one_key(how, wanted, found, octets, here)
    for one in node.below:
        if one.name in claimed or one.name.startswith("_ws."):
            continue
        if one.name in part.silent and not any(bytes.fromhex(one.value)) and one.size < 4:
            continue
        raise Differs(f"{one.name} ({one.text}) is not in what wire decode says of {path}")


def one_key(how, wanted, found, octets, here):
    if isinstance(how, (Many, OctetsList)):
        if len(found) != len(wanted):
            raise Differs(f"{here}: {len(wanted)} wanted, {len(found)} shown")
        for index, (inner, tree) in enumerate(zip(wanted, found)):
            if isinstance(how, Many):
                walk(inner, how.part, tree, octets, f"{here}[{index}]")
            else:
                same(inner, tree.show.replace(":", ""), f"{here}[{index}]")
        return
    if isinstance(how, Joined):
        same(wanted, "".join(one.show.replace(":", "") for one in found), here)
        return
    if not found and wanted == "":
        return
    if len(found) != 1:
        raise Differs(f"{here}: {how.name} is shown {len(found)} times")
    if isinstance(how, One):
        walk(wanted, how.part, found[0], octets, here)
    elif isinstance(how, Number):
        same(wanted, number(found[0].show), here)
        name = fields.NAMES.get(how.name, {}).get(wanted)
        if name and f": {name} ({wanted})" not in found[0].text:
            raise Differs(f"{here}: wanted the name {name}, shown {found[0].text}")
    elif isinstance(how, Octets):
        same(wanted, found[0].show.replace(":", ""), here)
    else:
        raise Differs(f"{here}: no way to compare {how}")


def number(text):
    """Wireshark's numbers and truth values."""
    return {"True": 1, "False": 0}[text] if text in ("True", "False") else int(text, 0)


def same(wanted, shown, here):
    if wanted != shown:
        raise Differs(f"{here}: wanted {wanted}, shown {shown}")
