"""How a row of what does not stand becomes a vector."""

from . import golden, valid_csa, valid_extensions, valid_frames, valid_mars, valid_scsp
from .fields import MARS_SUM, SCSP_SUM, deviate, offset
from .layouts import LLC_SNAP

BASES = {row[0]: row for module in (golden, valid_scsp, valid_csa, valid_mars, valid_extensions) for row in module.VALID}
FRAMES = {row[0]: row for row in valid_frames.FRAMES}
SUMS = {"scsp": SCSP_SUM, "mars": MARS_SUM}


def message(name, title, base, deviations, code, path, requirements, field=None, record=None, shift=0):
    """A bare message with one thing wrong: `path` is where the fault is, `field` its name if that is not
    the end of the path, `shift` how many octets behind its beginning. With `record`, the message stands
    and that record does not."""
    _, _, protocol, _, fields = BASES[base]
    words, data, changed = deviate(fields, deviations, SUMS[protocol])
    at = shift + (len(data) if path == "end" else offset(changed, path))
    vector = {"id": name, "title": title, "bare": protocol, "hex": data.hex(), "requirements": requirements,
              "base": base, "deviation": words, "tier": "message" if record is None else "record"}
    if record is not None:
        vector["record"] = record
    vector["error"] = {"code": code, "field": field or path.rpartition(".")[2], "offset": at}
    return vector


def frame(name, title, base, deviations, code, path, requirements, field=None):
    """A whole frame with one thing wrong; the deviations are those of its message, whose offsets count
    from behind the header."""
    _, _, protocol, _, fields = FRAMES[base]
    head = [("llc_snap", None, LLC_SNAP[protocol])]
    words, data, changed = deviate(head + fields, deviations, None)
    at = len(data) if path == "end" else offset(changed, path)
    return {"id": name, "title": title, "hex": data.hex(), "requirements": requirements, "base": base,
            "deviation": words, "tier": "message", "error": {"code": code, "field": field or path, "offset": at}}


def laid_out(rows, make):
    """The vectors of rows, whose last part may be a dict of the rarer arguments."""
    return [make(*row[:-1], **row[-1]) if isinstance(row[-1], dict) else make(*row) for row in rows]
