-- What the dissectors share: fields from tables, complaints, and a cursor that never reads past its end.
--
-- Wireshark loads every file of a plugin folder by itself, so the files beside this one do nothing but
-- return a function; `mars.lua` calls them.

return function()
    local common = {}

    common.ATM_FORUM = 0x000f
    common.LONG_FORM = 0x0080
    common.PROTOCOL_TYPES = {
        [0x0080] = "SNAP, long form", [0x0800] = "IPv4", [0x86dd] = "IPv6",
    }

    -- A list of fields as a table by key, and put into the protocol. A row is { key, type, name, and
    -- what else the constructor of that type takes }; the filter name is prefix.key.
    function common.fields(proto, prefix, rows)
        local unpack = table.unpack or unpack
        local fields, all = {}, {}
        for _, row in ipairs(rows) do
            local key, kind, name = row[1], row[2], row[3]
            local field = ProtoField[kind](prefix .. "." .. key, name, unpack(row, 4, 8))
            fields[key] = { proto_field = field, name = name }
            all[#all + 1] = field
        end
        proto.fields = all
        return fields
    end

    -- One complaint for each error code of `mars-conformance wire decode`, and `cut`, which is no
    -- fault of the message.
    function common.complaints(proto, prefix)
        local error = expert.severity.ERROR
        local kinds = {
            { "truncated", "Ends inside a field", expert.group.MALFORMED, error },
            { "bad_length", "A length, count or offset that cannot be right", expert.group.MALFORMED, error },
            { "bad_checksum", "The checksum does not fit the octets", expert.group.CHECKSUM, error },
            { "bad_version", "Unknown version", expert.group.UNDECODED, error },
            { "unknown_type", "Unknown type", expert.group.UNDECODED, error },
            { "bad_value", "A value that the field may not have", expert.group.PROTOCOL, error },
            { "cut", "The capture holds no more of this frame", expert.group.UNDECODED, expert.severity.NOTE },
        }
        local complaints, all = {}, {}
        for index, kind in ipairs(kinds) do
            local one = ProtoExpert.new(prefix .. "." .. kind[1], kind[2], kind[3], kind[4])
            complaints[kind[1]] = one
            all[index] = one
        end
        proto.experts = all
        return complaints
    end

    -- Thrown when octets run out; caught by `guarded` and nothing else.
    local STOP = {}

    -- Runs `body`, which a cursor may end early; true if it came to its end. Faults of these scripts
    -- go on to Wireshark.
    function common.guarded(body)
        local complete, problem = pcall(body)
        if not complete and problem ~= STOP then
            error(problem, 0)
        end
        return complete
    end

    -- A place in a tvb, and the offset that ends what may be read. `kit` has the complaints and the
    -- field for octets that nothing explains.
    local Cursor = {}
    Cursor.__index = Cursor

    function common.cursor(kit, tvb, at, stop)
        return setmetatable({ kit = kit, tvb = tvb, at = at, stop = stop }, Cursor)
    end

    function Cursor:left()
        return self.stop - self.at
    end

    function Cursor:complain(item, kind, ...)
        item:add_proto_expert_info(self.kit.complaints[kind], string.format(...))
    end

    -- The next `length` octets, or an end to all reading with this cursor; `fault` is what is wrong then,
    -- if not that the message is truncated.
    function Cursor:take(tree, field, length, fault)
        local have = math.min(self:left(), self.tvb:len() - self.at)
        if length > have then
            local kind = length <= self:left() and "cut" or fault or "truncated"
            local start = self.at
            -- Where nothing is left, the complaint still has a place.
            local item = self:rest(tree)
                or tree:add(self.kit.unparsed.proto_field, self.tvb:range(math.min(start, self.tvb:len()), 0))
            self:complain(item, kind, "%s wants %d octets at offset %d, there are %d", field.name, length,
                start, math.max(0, have))
            error(STOP, 0)
        end
        local range = self.tvb:range(self.at, length)
        self.at = self.at + length
        return range
    end

    -- Shows what is left as unexplained, or as `field`; nil if nothing is left.
    function Cursor:rest(tree, field)
        local have = math.min(self:left(), self.tvb:len() - self.at)
        local item
        if have > 0 then
            local range = self.tvb:range(self.at, have)
            item = tree:add((field or self.kit.unparsed).proto_field, range)
        end
        self.at = self.stop
        return item
    end

    -- A cursor over the next `length` octets, which this one steps over.
    function Cursor:sub(length)
        local inner = common.cursor(self.kit, self.tvb, self.at, self.at + length)
        self.at = self.at + length
        return inner
    end

    -- A number that lies ahead, or nil.
    function Cursor:peek(ahead, length)
        local at = self.at + ahead
        if at + length > math.min(self.stop, self.tvb:len()) then
            return nil
        end
        return self.tvb:range(at, length):uint()
    end

    -- Octets; nothing is shown of none.
    function Cursor:octets(tree, field, length, fault)
        if length == 0 then
            return nil
        end
        local range = self:take(tree, field, length, fault)
        return tree:add(field.proto_field, range), range
    end

    -- An unsigned number of 1, 2 or 4 octets, and its item.
    function Cursor:uint(tree, field, length)
        local range = self:take(tree, field, length)
        local item = tree:add(field.proto_field, range)
        return range:uint(), item
    end

    -- As `uint`, with its bits below it.
    function Cursor:bits(tree, field, length, parts)
        local range = self:take(tree, field, length)
        local item = tree:add(field.proto_field, range)
        for _, part in ipairs(parts) do
            item:add(part.proto_field, range)
        end
        return range:uint(), item
    end

    -- A part with a subtree: calls `body` with the subtree, whose length is known afterwards.
    function Cursor:subtree(tree, field, body)
        local start = math.min(self.at, self.tvb:len())
        local item = tree:add(field.proto_field, self.tvb:range(start, 0))
        local complete = common.guarded(function() body(item) end)
        item:set_len(math.min(self.at, self.tvb:len()) - start)
        if not complete then
            error(STOP, 0)
        end
        return item
    end

    -- Rows for a type/length octet (RFC 2022, 5.1.2) and the bits in it.
    function common.type_length_rows(key, name)
        return
            { key, "uint8", name, base.HEX },
            { key .. ".reserved", "bool", "Reserved", 8, nil, 0x80 },
            { key .. ".form", "bool", "Form", 8, { "native E.164", "NSAPA" }, 0x40 },
            { key .. ".length", "uint8", "Length", base.DEC, nil, 0x3f }
    end

    -- What a type/length octet says: length, and the item to complain about. Of one that is not in use
    -- nothing is wrong.
    function Cursor:type_length(tree, fields, key, unused)
        local parts = { fields[key .. ".reserved"], fields[key .. ".form"], fields[key .. ".length"] }
        local octet, item = self:bits(tree, fields[key], 1, parts)
        if unused then
            item:append_text(" [not in use]")
        elseif octet >= 0x80 then
            self:complain(item, "bad_value", "The top bit has to be zero")
        end
        return { length = octet % 0x40, item = item }
    end

    -- An ATM number or subaddress of that shape.
    function Cursor:atm(tree, field, shape)
        self:octets(tree, field, shape.length)
        if shape.length > 20 and not shape.said then
            self:complain(shape.item, "bad_length", "No ATM address has %d octets", shape.length)
            -- Once will do, however many there are.
            shape.said = true
        end
    end

    -- A layer 3 address: its text, the octets in hex for comparisons, and its item.
    function Cursor:address(tree, field, length, protocol)
        if length == 0 then
            return "null", ""
        end
        local item, range = self:octets(tree, field, length, length > 16 and "bad_length" or nil)
        if length > 16 then
            self:complain(item, "bad_length", "No protocol address has %d octets", length)
        end
        local text
        if protocol == 0x0800 and length == 4 then
            text = tostring(range:ipv4())
            item:add(common.ip.ipv4.proto_field, range)
        elseif protocol == 0x86dd and length == 16 then
            text = tostring(range:ipv6())
            item:add(common.ip.ipv6.proto_field, range)
        end
        local hex = range:bytes():tohex(true)
        if text then
            item:append_text(" (" .. text .. ")")
        end
        return text or hex, hex, item
    end

    -- A block of groups; complains where it is upside down.
    function Cursor:range(tree, min_field, max_field, length, protocol)
        local min, min_hex = self:address(tree, min_field, length, protocol)
        local max, max_hex, item = self:address(tree, max_field, length, protocol)
        if min_hex > max_hex then
            self:complain(item, "bad_value", "Minimum %s lies above maximum %s", min, max)
        end
        return min == max and min or min .. " to " .. max, min_hex, max_hex
    end

    -- Gives octets to one of Wireshark's own dissectors. What those throw about a frame is in the tree
    -- by then, and would come here as an error of these scripts.
    function common.hand_on(dissector, tvb, pinfo, tree)
        local complete, problem = pcall(dissector.call, dissector, tvb, pinfo, tree)
        if not complete and not tostring(problem):find("Malformed frame", 1, true) then
            error(problem, 0)
        end
    end

    -- The one's-complement sum of 16-bit words, folded; 0xffff over a message that has its checksum in.
    local function sum(tvb, length)
        local total = 0
        for at = 0, length - 2, 2 do
            total = total + tvb:range(at, 2):uint()
        end
        if length % 2 == 1 then
            total = total + tvb:range(length - 1, 1):uint() * 256
        end
        while total > 0xffff do
            total = total % 0x10000 + math.floor(total / 0x10000)
        end
        return total
    end

    -- Says by the item of a checksum whether it fits the first `length` octets.
    function Cursor:checksum(item, length)
        if length > self.tvb:len() then
            item:append_text(" [unverified: the frame is not all there]")
        elseif sum(self.tvb, length) == 0xffff then
            item:append_text(" [correct]")
        else
            self:complain(item, "bad_checksum", "The checksum does not fit %d octets", length)
        end
    end

    return common
end
