"""Field lists: to octets, to the JSON value that a decoder prints, and with one thing wrong.

A message is a list of fields (name, size, value): size 1 to 4 with a number is big-endian; size "s4" is
signed; a size of None takes hex as it stands, or a list of hex strings and field lists. Lengths and
counts are typed in, not computed, so that a wrong one in a codec shows. Only checksums, and MACs, are
computed. A name that begins with "-" is for octets that the JSON value leaves out, one that begins with
"*" for a part that is an object of its own.
"""

SCSP_SUM, MARS_SUM = 4, 12      # where the checksums are


def octets(fields):
    out = b""
    for _, size, value in fields:
        if isinstance(value, list):
            out += b"".join(octets(v) if isinstance(v, list) else bytes.fromhex(v) for v in value)
        elif size is None:
            out += bytes.fromhex(value)
        elif size == "s4":
            out += value.to_bytes(4, "big", signed=True)
        else:
            out += value.to_bytes(size, "big")
    return out


def value(fields):
    """The JSON object that a decoder prints."""
    out = {}
    for name, _, v in fields:
        if isinstance(v, list):
            v = [value(e) if isinstance(e, list) else e for e in v]
        if name.startswith("*"):
            out[name[1:]] = v[0]
        elif not name.startswith("-"):
            out[name] = v
    return out


def ip_sum(data):
    """The Internet checksum of octets whose own checksum is zero (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def covered(data, at):
    """The octets that the checksum at that place covers: of SCSP those that Packet Size counts."""
    size = int.from_bytes(data[2:4], "big")
    return data[:size] if at == SCSP_SUM and 8 <= size <= len(data) else data


def summed(fields, at):
    """The fields with the checksum at that place filled in."""
    name = "checksum" if at == SCSP_SUM else "chksum"
    blank = [(n, s, 0 if n == name else v) for n, s, v in fields]
    total = ip_sum(covered(octets(blank), at))
    return [(n, s, total if n == name else v) for n, s, v in blank]


# --- Paths: "records.1.mars.state" --------------------------------------------------------------------

def step(fields, name):
    for index, (found, _, _) in enumerate(fields):
        if found.lstrip("*-") == name:
            return index
    raise KeyError(f"no field {name}")


def offset(fields, path):
    """Octets before the field of that path; "end" is behind the last one."""
    if path == "end":
        return len(octets(fields))
    name, _, rest = path.partition(".")
    index = step(fields, name)
    at = len(octets(fields[:index]))
    if not rest:
        return at
    _, _, parts = fields[index]
    if fields[index][0].startswith("*"):
        return at + offset(parts[0], rest)
    number, _, rest = rest.partition(".")
    flat = [octets(p) if isinstance(p, list) else bytes.fromhex(p) for p in parts]
    at += sum(len(part) for part in flat[:int(number)])
    return at + offset(parts[int(number)], rest) if rest else at


def replaced(fields, path, change):
    """The fields with `change` applied to the field (name, size, value) of that path."""
    name, _, rest = path.partition(".")
    index = step(fields, name)
    found, size, parts = fields[index]
    if not rest:
        new = change(fields[index])
    elif found.startswith("*"):
        new = (found, size, [replaced(parts[0], rest, change)])
    else:
        number, _, inner = rest.partition(".")
        number = int(number)
        one = replaced(parts[number], inner, change) if inner else change((found, size, parts[number]))[2]
        new = (found, size, [*parts[:number], one, *parts[number + 1:]])
    return [*fields[:index], new, *fields[index + 1:]]


def shown(size, value):
    if isinstance(value, list):
        return f"{len(value)} elements"
    if size is None:
        return value or "nothing"
    return str(value) if size == "s4" else f"{value:#0{2 * size + 2}x}"


# --- Deviations: what is done to a valid message. Each is (words, fields -> fields, octets -> octets). ---

def same(it):
    return it


class Deviation:
    def __init__(self, words, fields=same, data=same, sums=True):
        self.words, self.fields, self.data, self.sums = words, fields, data, sums


def put(path, new):
    """Another value in one field."""
    def change(field):
        name, size, _ = field
        return (name, size, new)

    def words(fields):
        found = []
        replaced(fields, path, lambda field: found.append(field) or field)
        _, size, old = found[0]
        return f"{path} is {shown(size, new)} in place of {shown(size, old)}"
    return Deviation(words, lambda fields: replaced(fields, path, change))


def cut(path, after=0):
    """The octets end so many octets into that field."""
    state = {}

    def note(fields):
        state["at"] = offset(fields, path) + after
        return fields
    where = f"{after} octet{'s'[after == 1:]} into {path}" if after else f"before {path}"
    return Deviation(lambda _: f"ends {where}", note, lambda data: data[:state["at"]])


def add(text):
    """Octets behind the last one."""
    return Deviation(lambda _: f"{text} behind the last octet", data=lambda data: data + bytes.fromhex(text))


def insert(path, text):
    """Octets that no field accounts for, before that field."""
    def change(fields):
        head, _, last = path.rpartition(".")
        if head:
            raise ValueError("only at the top")
        index = step(fields, last)
        return [*fields[:index], ("-", None, text), *fields[index:]]
    return Deviation(lambda _: f"{text} before {path}", change)


def unsum(words, change):
    """A checksum that is not the sum; nothing repairs it."""
    return Deviation(lambda _: words, data=change, sums=False)


def stale(path, new):
    """Another value in one field, and the checksum still that of the old one."""
    one = put(path, new)
    return Deviation(lambda fields: one.words(fields) + ", the checksum as before", one.fields, sums=False)


def deviate(fields, deviations, at):
    """Words, and octets with the checksum at that place right again unless that is the deviation."""
    words = [one.words(fields) for one in deviations]
    for one in deviations:
        fields = one.fields(fields)
    data = octets(fields)
    for one in deviations:
        data = one.data(data)
    if at is not None and all(one.sums for one in deviations) and data[at:at + 2] not in (b"", b"\0\0") and len(data) >= at + 2:
        blank = data[:at] + b"\0\0" + data[at + 2:]
        data = data[:at] + ip_sum(covered(blank, at)).to_bytes(2, "big") + data[at + 2:]
    return words, data, fields
