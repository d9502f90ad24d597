"""Breaks planted on purpose: the comparison has to notice each, and say what is wrong."""

import contextlib
import pathlib
import shutil
import tempfile
from dataclasses import dataclass

from . import fields, tshark

DISSECTORS = pathlib.Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Edit:
    """A dissector with `old` replaced by `new`; `old` is there exactly once."""
    what: str
    file: str
    old: str
    new: str
    # What at least one complaint has to say.
    says: str
    # The frames that are dissected.
    groups: tuple = ("vectors", "NHRP")


EDITS = [
    Edit("a field two octets too far", "mars/scsp.lua",
         "whole:uint(tree, F.checksum, 2)", "whole:uint(tree, F.checksum, 2, whole:take(tree, F.unparsed, 2))",
         "scsp.checksum is at 14, the field before it ends at 12"),
    Edit("two fields of one size in the wrong order", "mars/scsp.lua",
         "local protocol = cursor:uint(tree, F.protocol_id, 2)\n        local group = cursor:uint(tree, F.server_group_id, 2)",
         "local group = cursor:uint(tree, F.server_group_id, 2)\n        local protocol = cursor:uint(tree, F.protocol_id, 2)",
         "scsp.protocol_id: wanted 3, shown 1"),
    Edit("numbers the other way round", "mars/common.lua",
         "local item = tree:add(field.proto_field, range)\n        return range:uint(), item",
         "local item = tree:add_le(field.proto_field, range)\n        return range:uint(), item",
         "scsp.packet_size: wanted"),
    Edit("a field that is left out", "mars/control.lua",
         "cursor:octets(tree, F.hdrrsv, 3)", "cursor:take(tree, F.hdrrsv, 3)",
         "the field before it ends at 17"),
    Edit("a bit that is another", "mars/control.lua",
         '"Punched", 16, nil, 0x1000', '"Punched", 16, nil, 0x0800',
         "bits of mars.flags"),
    Edit("a bit without a field", "mars/scsp.lua",
         'F["flags.o"], F["flags.reserved"] }', 'F["flags.reserved"] }',
         "bits of scsp.flags"),
    Edit("addresses of a record in the order of a MARS message", "mars/record.lua",
         'local source = cursor:address(tree, field("source_protocol_address"), source_length, protocol)\n'
         '        cursor:atm(tree, field("source_atm_address"), number)',
         'cursor:atm(tree, field("source_atm_address"), number)\n'
         '        local source = cursor:address(tree, field("source_protocol_address"), source_length, protocol)',
         "source_protocol_address: wanted 0a000063"),
    Edit("records without their subtree", "mars/scsp.lua",
         "cursor:subtree(tree, F.csas, function(item)", "cursor:subtree(tree, F.csa, function(item)",
         "records: 2 wanted, 0 shown"),
    Edit("a wrong name", "mars/control.lua",
         '"SJOIN", "SLEAVE",\n        "GROUPLIST', '"SLEAVE", "SJOIN",\n        "GROUPLIST',
         "wanted the name SJOIN, shown mar$op.type: SLEAVE (8)"),
    Edit("TLVs without padding", "mars/control.lua",
         'm.cursor:octets(item, F["tlv.padding"], -length % 4)', "",
         "mars.trailing"),
    Edit("an unknown message type", "mars/scsp.lua",
         '[CSUS] = "CSUS", [HELLO]', "[HELLO]",
         "wanted the name CSUS"),
    Edit("checksums that nobody looks at", "mars/common.lua",
         'self:complain(item, "bad_checksum"', 'self:complain(item, "cut"',
         "wire decode says bad-checksum of checksum"),
    Edit("a fault in a record that ends the packet", "mars/scsp.lua",
         "common.guarded(function()\n                    body:subtree", "(function(body) body() end)(function()\n                    body:subtree",
         "octets at the end are not shown"),
    Edit("a complaint about the wrong field", "mars/common.lua",
         'self:complain(shape.item, "bad_length"', 'self:complain(tree, "bad_length"',
         "says bad-length of shtl at 26", groups=("golden",)),
    Edit("a wrong length that goes unnoticed", "mars/record.lua",
         'if record.STATES[state] and not group_fits', "if false and not group_fits",
         "wire decode says bad-length of group_addr_len", groups=("golden",)),
    Edit("a fault in the script, on the way to a complaint", "mars/control.lua",
         "cursor:complain(m.r.item,", "cursor:complain(m.r.itme,",
         "Lua Error"),
    Edit("a script that Lua cannot read", "mars/data.lua",
         "return type1, type2", "return type1 type2",
         "tshark ended with"),
    Edit("NHRP taken for MARS", "mars.lua",
         "VERSION_AT, NHRP = 16, 1", "VERSION_AT, NHRP = 16, 2",
         "wanted nhrp, got"),
    Edit("MARS taken for NHRP", "mars.lua",
         "pids:add(CONTROL, either)", "",
         "protocol layer mars is not there"),
    Edit("data under another PID", "mars.lua",
         "DATA1, CONTROL, DATA2, SCSP = 0x0001,", "DATA1, CONTROL, DATA2, SCSP = 0x0002,",
         "protocol layer mars_data1 is not there"),
]

# Keys of the mapping that are taken out, and the complaint.
UNMAPPED = [
    (fields.CSA, "hop_count", "no mapping for scsp.records[0].hop_count"),
    (fields.MARS_PART, "state", "no mapping for scsp.records[0].mars.state"),
    (fields.QUERY, "tpa", "no mapping for mars.tpa"),
    (fields.TLV, "length", "no mapping for mars.tlvs[0].length"),
    (fields.EXTENSION, "value", "no mapping for scsp.extensions[0].value"),
    (fields.DATA2, "source_id", "no mapping for mars_data2.source_id"),
]


@contextlib.contextmanager
def without(part, key):
    taken = part.keys.pop(key)
    try:
        yield
    finally:
        part.keys[key] = taken


@contextlib.contextmanager
def edited(edit):
    with tempfile.TemporaryDirectory(prefix="break-") as temp:
        copy = pathlib.Path(temp, "wireshark")
        shutil.copytree(DISSECTORS, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        path = copy / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise ValueError(f"`{edit.old}` is {text.count(edit.old)} times in {edit.file}; change the break")
        path.write_text(text.replace(edit.old, edit.new))
        yield copy / "mars.lua"


def self_test(check, say):
    """Runs `check(script, groups)` on every break and says of each how it was noticed; gives those that
    were not."""
    wrong = []
    sound = DISSECTORS / "mars.lua"

    def judge(what, script, says, groups=("vectors", "NHRP")):
        try:
            found = check(script, groups)
        except tshark.Failed as error:
            found = [str(error)]
        if any(says in line for line in found):
            say(f"noticed   {what}: {next(line for line in found if says in line).splitlines()[0]}")
        else:
            wrong.append(f"{what}: {len(found)} complaints, none says `{says}`; the first: {found[:1]}")

    found = check(sound, ("vectors", "NHRP"))
    if found:
        wrong.append(f"the dissectors as they are: {found[0]}")
    judge("the dissectors not loaded", None, "protocol layer scsp is not there")
    for edit in EDITS:
        try:
            with edited(edit) as script:
                judge(edit.what, script, edit.says, edit.groups)
        except ValueError as error:
            wrong.append(f"{edit.what}: {error}")
    for part, key, says in UNMAPPED:
        with without(part, key):
            judge(f"no mapping for {key}", sound, says)
    return wrong
