-- SCSP (RFC 2334), with the MARS part of cache records (RFC 2443) where Protocol ID is 3.

return function(common, record)
    local scsp = Proto("scsp", "Server Cache Synchronization Protocol")

    local CA, CSU_REQUEST, CSU_REPLY, CSUS, HELLO = 1, 2, 3, 4, 5
    local TYPES = {
        [CA] = "CA", [CSU_REQUEST] = "CSU Request", [CSU_REPLY] = "CSU Reply",
        [CSUS] = "CSUS", [HELLO] = "Hello",
    }
    local PROTOCOLS = {
        [1] = "ATMARP", [2] = "NHRP", [3] = "MARS", [4] = "DHCP", [5] = "LNNI",
    }
    local MARS = 3
    local EXTENSIONS = { [0] = "End Of Extensions", [1] = "Authentication", [2] = "Vendor-Private" }
    local END, AUTHENTICATION, VENDOR_PRIVATE = 0, 1, 2
    local FIXED_PART = 8

    local rows = {
        { "version", "uint8", "Version" },
        { "type_code", "uint8", "Type Code", base.DEC, TYPES },
        { "packet_size", "uint16", "Packet Size" },
        { "checksum", "uint16", "Checksum", base.HEX },
        { "start_of_extensions", "uint16", "Start Of Extensions" },
        { "ca_sequence_number", "uint32", "CA Sequence Number", base.HEX },
        { "hello_interval", "uint16", "HelloInterval" },
        { "dead_factor", "uint16", "DeadFactor" },
        { "hello_unused", "uint16", "Unused", base.HEX },
        { "family_id", "uint16", "Family ID" },
        { "protocol_id", "uint16", "Protocol ID", base.DEC, PROTOCOLS },
        { "server_group_id", "uint16", "Server Group ID" },
        { "unused", "uint16", "Unused", base.HEX },
        { "flags", "uint16", "Flags", base.HEX },
        { "flags.m", "bool", "M (master)", 16, nil, 0x8000 },
        { "flags.i", "bool", "I (initialization)", 16, nil, 0x4000 },
        { "flags.o", "bool", "O (more to come)", 16, nil, 0x2000 },
        { "flags.reserved", "uint16", "Reserved", base.HEX, nil, 0x1fff },
        { "flags.unused", "uint16", "Unused", base.HEX, nil, 0xffff },
        { "sender_id_len", "uint8", "Sender ID Len" },
        { "recvr_id_len", "uint8", "Recvr ID Len" },
        { "number_of_records", "uint16", "Number of Records" },
        { "sender_id", "bytes", "Sender ID" },
        { "receiver_id", "bytes", "Receiver ID" },
        { "receiver", "none", "Additional receiver" },
        { "receiver.rec_id_len", "uint8", "Rec ID Len" },
        { "receiver.id", "bytes", "Receiver ID" },
        { "csas", "none", "CSAS record" },
        { "csa", "none", "CSA record" },
        { "record.hop_count", "uint16", "Hop Count" },
        { "record.record_length", "uint16", "Record Length" },
        { "record.cache_key_len", "uint8", "Cache Key Len" },
        { "record.orig_id_len", "uint8", "Orig ID Len" },
        { "record.flags", "uint16", "Flags", base.HEX },
        { "record.flags.n", "bool", "N (null record)", 16, nil, 0x8000 },
        { "record.flags.unused", "uint16", "Unused", base.HEX, nil, 0x7fff },
        { "record.csa_sequence_number", "int32", "CSA Sequence Number" },
        { "record.cache_key", "bytes", "Cache Key" },
        { "record.originator_id", "bytes", "Originator ID" },
        { "record.body", "bytes", "Protocol-specific part" },
        { "extension", "none", "Extension" },
        { "extension.type", "uint16", "Type", base.DEC, EXTENSIONS },
        { "extension.length", "uint16", "Length" },
        { "extension.value", "bytes", "Value" },
        { "extension.spi", "uint32", "Security Parameter Index", base.HEX },
        { "extension.mac", "bytes", "Authentication Data" },
        { "extension.vendor", "uint24", "Vendor ID", base.HEX },
        { "extension.vendor_data", "bytes", "Vendor data" },
        { "trailing", "bytes", "Behind the packet" },
        { "unparsed", "bytes", "Not understood" },
    }
    for _, row in ipairs(record.rows()) do
        table.insert(rows, row)
    end
    local F = common.fields(scsp, "scsp", rows)
    local kit = { complaints = common.complaints(scsp, "scsp"), unparsed = F.unparsed }
    local NUMBER_NAMES = {
        [-0x80000000] = "reserved", [-0x7fffffff] = "first", [0x7ffffffe] = "last", [0x7fffffff] = "purge",
    }

    -- An id's length; MARS has 4 octets, and 0 where no server was heard yet.
    local function id_length(cursor, tree, field, protocol, may_be_absent)
        local length, item = cursor:uint(tree, field, 1)
        if protocol == MARS and length ~= 4 and not (may_be_absent and length == 0) then
            cursor:complain(item, "bad_length", "An id of a MARS server has 4 octets")
        end
        return length
    end

    local function id_text(range)
        return range and range:bytes():tohex(true) or "nobody"
    end

    -- The part that summaries and whole records have in common; what is left of the record after it,
    -- the N bit, the line that names the record and its originator.
    local function summary(cursor, tree, protocol, alone)
        cursor:uint(tree, F["record.hop_count"], 2)
        local length, length_item = cursor:uint(tree, F["record.record_length"], 2)
        local key_length = id_length(cursor, tree, F["record.cache_key_len"], protocol)
        local origin_length = id_length(cursor, tree, F["record.orig_id_len"], protocol)
        local flags = cursor:bits(tree, F["record.flags"], 2, {
            F["record.flags.n"], F["record.flags.unused"],
        })
        local range = cursor:take(tree, F["record.csa_sequence_number"], 4)
        local number = range:int()
        local hex = "0x" .. range:bytes():tohex(true)
        local item = tree:add(F["record.csa_sequence_number"].proto_field, range)
        item:append_text(" (" .. hex .. (NUMBER_NAMES[number] and ", " .. NUMBER_NAMES[number] or "") .. ")")
        local _, key = cursor:octets(tree, F["record.cache_key"], key_length)
        local _, origin = cursor:octets(tree, F["record.originator_id"], origin_length)
        local body = length - 12 - key_length - origin_length
        if body < 0 or alone and body ~= 0 or body > cursor:left() then
            cursor:complain(length_item, "bad_length", "%d octets; the summary has %d, %d are left behind it",
                length, length - body, cursor:left())
        end
        local text = string.format("key %s of %s, number %s", id_text(key), id_text(origin), hex)
        return body, flags >= 0x8000, text, id_text(origin)
    end

    local function csas(cursor, tree, protocol)
        cursor:subtree(tree, F.csas, function(item)
            local _, null, text = summary(cursor, item, protocol, true)
            item:append_text(": " .. text .. (null and ", null record" or ""))
        end)
    end

    local function csa(cursor, tree, protocol)
        local said
        cursor:subtree(tree, F.csa, function(item)
            local length, null, text, origin = summary(cursor, item, protocol, false)
            local body = cursor:sub(math.max(0, math.min(length, cursor:left())))
            if null then
                text = text .. ", null record"
            end
            item:append_text(": " .. text)
            if protocol ~= MARS then
                body:rest(item, F["record.body"])
            elseif body:left() > 0 or not null then
                -- A fault in here is the record's alone.
                common.guarded(function()
                    body:subtree(item, F.mars, function(part)
                        said = record.dissect(body, part, F)
                        part:append_text(": " .. said)
                        item:append_text(", " .. said)
                        said = said .. " (at " .. origin .. ")"
                    end)
                end)
            end
        end)
        return said
    end

    local function receiver(cursor, tree, protocol)
        cursor:subtree(tree, F.receiver, function(item)
            local length = id_length(cursor, item, F["receiver.rec_id_len"], protocol)
            local _, id = cursor:octets(item, F["receiver.id"], length)
            item:append_text(": " .. id_text(id))
        end)
    end

    -- The value of an extension whose inside is known.
    local function extension_value(cursor, item, kind)
        if kind == AUTHENTICATION then
            cursor:uint(item, F["extension.spi"], 4)
            cursor:rest(item, F["extension.mac"])
        elseif kind == VENDOR_PRIVATE and cursor:left() >= 3 then
            cursor:uint(item, F["extension.vendor"], 3)
            cursor:rest(item, F["extension.vendor_data"])
        end
    end

    -- Extensions up to and with End; true when an End came.
    local function extensions(cursor, tree)
        local authenticated, ended = false, false
        while not ended do
            cursor:subtree(tree, F.extension, function(item)
                local kind, kind_item = cursor:uint(item, F["extension.type"], 2)
                local length, length_item = cursor:uint(item, F["extension.length"], 2)
                item:append_text(": " .. (EXTENSIONS[kind] or "type " .. kind))
                if kind == END and length ~= 0 then
                    cursor:complain(length_item, "bad_length", "End Of Extensions has a length")
                elseif kind == AUTHENTICATION and authenticated then
                    cursor:complain(kind_item, "bad_value", "A second Authentication extension")
                end
                authenticated = authenticated or kind == AUTHENTICATION
                ended = kind == END
                local value, range = cursor:octets(item, F["extension.value"], length)
                local inside = common.cursor(kit, cursor.tvb, cursor.at - length, cursor.at)
                if value or kind == AUTHENTICATION then
                    common.guarded(function() extension_value(inside, value or item, kind) end)
                end
            end)
        end
    end

    local READ_RECORD = {
        [CA] = csas, [CSU_REQUEST] = csa, [CSU_REPLY] = csas, [CSUS] = csas, [HELLO] = receiver,
    }

    -- All behind the fixed part. `extensions_at` is 0 without extensions.
    local function message(cursor, tree, pinfo, kind, extensions_at, extensions_item)
        local hello = ""
        if kind == CA then
            cursor:uint(tree, F.ca_sequence_number, 4)
        elseif kind == HELLO then
            local interval = cursor:uint(tree, F.hello_interval, 2)
            local factor = cursor:uint(tree, F.dead_factor, 2)
            cursor:uint(tree, F.hello_unused, 2)
            cursor:uint(tree, F.family_id, 2)
            hello = string.format(", every %d s, dead after %d", interval, factor)
        end
        local protocol = cursor:uint(tree, F.protocol_id, 2)
        local group = cursor:uint(tree, F.server_group_id, 2)
        cursor:uint(tree, F.unused, 2)
        local flags = cursor:bits(tree, F.flags, 2,
            kind == CA and { F["flags.m"], F["flags.i"], F["flags.o"], F["flags.reserved"] } or { F["flags.unused"] })
        local sender_length = id_length(cursor, tree, F.sender_id_len, protocol)
        local receiver_length = id_length(cursor, tree, F.recvr_id_len, protocol, kind == HELLO)
        local count = cursor:uint(tree, F.number_of_records, 2)
        local _, sender = cursor:octets(tree, F.sender_id, sender_length)
        local _, to = cursor:octets(tree, F.receiver_id, receiver_length)

        local text = TYPES[kind] .. ", group " .. group .. hello
        if kind == CA then
            for index, name in ipairs({ "M", "I", "O" }) do
                if math.floor(flags / 2 ^ (16 - index)) % 2 == 1 then
                    text = text .. " " .. name
                end
            end
        end
        if count > 0 then
            text = text .. string.format(", %d record%s", count, count == 1 and "" or "s")
        end
        tree:append_text(string.format(", %s to %s, %s", id_text(sender), id_text(to), text))
        pinfo.cols.info = text
        pinfo.cols.src = id_text(sender)
        pinfo.cols.dst = id_text(to)

        local tail
        if extensions_at ~= 0 then
            if extensions_at < cursor.at or extensions_at > cursor.stop then
                cursor:complain(extensions_item, "bad_length", "Extensions lie from %d to %d", cursor.at,
                    cursor.stop)
            else
                tail = common.cursor(kit, cursor.tvb, extensions_at, cursor.stop)
                cursor.stop = extensions_at
            end
        end
        common.guarded(function()
            for _ = 1, count do
                local said = READ_RECORD[kind](cursor, tree, protocol)
                if said then
                    text = text .. "; " .. said
                end
            end
            pinfo.cols.info = text
            local item = cursor:rest(tree)
            if item then
                cursor:complain(item, "bad_length", "More octets than records")
            end
        end)
        if tail then
            extensions(tail, tree)
            tail:rest(tree, F.trailing)
        end
    end

    function scsp.dissector(tvb, pinfo, root)
        pinfo.cols.protocol = "SCSP"
        local tree = root:add(scsp, tvb:range())
        local whole = common.cursor(kit, tvb, 0, tvb:reported_len())
        common.guarded(function()
            local version, item = whole:uint(tree, F.version, 1)
            if version ~= 1 then
                whole:complain(item, "bad_version", "Only version 1 is known")
                whole:rest(tree)
                return
            end
            local kind, kind_item = whole:uint(tree, F.type_code, 1)
            local size, size_item = whole:uint(tree, F.packet_size, 2)
            local _, checksum_item = whole:uint(tree, F.checksum, 2)
            local extensions_at, extensions_item = whole:uint(tree, F.start_of_extensions, 2)
            if size < FIXED_PART or size > tvb:reported_len() then
                whole:complain(size_item, "bad_length", "The frame holds %d octets of SCSP", tvb:reported_len())
                size = tvb:reported_len()
                checksum_item:append_text(" [unverified: Packet Size is wrong]")
            else
                whole:checksum(checksum_item, size)
            end
            local packet = whole:sub(size - FIXED_PART)
            if TYPES[kind] then
                common.guarded(function()
                    message(packet, tree, pinfo, kind, extensions_at, extensions_item)
                end)
            else
                whole:complain(kind_item, "unknown_type", "There is no type %d", kind)
                packet:rest(tree)
            end
            whole:rest(tree, F.trailing)
        end)
    end

    return scsp
end
