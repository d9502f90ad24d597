-- MARS control messages (RFC 2022), op types 1 to 13.

return function(common)
    local mars = Proto("mars", "Multicast Address Resolution Server")

    local OPS = {
        "REQUEST", "MULTI", "MSERV", "JOIN", "LEAVE", "NAK", "UNSERV", "SJOIN", "SLEAVE",
        "GROUPLIST_REQUEST", "GROUPLIST_REPLY", "REDIRECT_MAP", "MIGRATE",
        -- RFC 2022, 6.2.4 has these two numbers, section 11 has 8 and 9.
        [18] = "SJOIN", [19] = "SLEAVE",
    }
    local ACTIONS = {
        [0] = "skip it", [1] = "drop the message", [2] = "drop and report", [3] = "skip it",
    }

    local rows = {
        { "afn", "uint16", "mar$afn, address family", base.DEC, { [15] = "ATM Forum" } },
        { "pro_type", "uint16", "mar$pro.type, protocol type", base.HEX, common.PROTOCOL_TYPES },
        { "pro_snap", "bytes", "mar$pro.snap" },
        { "hdrrsv", "bytes", "mar$hdrrsv, reserved" },
        { "chksum", "uint16", "mar$chksum, checksum", base.HEX },
        { "extoff", "uint16", "mar$extoff, offset of TLVs" },
        { "op_version", "uint8", "mar$op.version", base.DEC, { [0] = "MARS", [1] = "NHRP" } },
        { "op_type", "uint8", "mar$op.type", base.DEC, OPS },
        { "spln", "uint8", "mar$spln, length of source protocol address" },
        { "tpln", "uint8", "mar$tpln, length of group addresses" },
        { "padding", "bytes", "mar$pad, padding" },
        { "tnum", "uint16", "mar$tnum, number of targets" },
        { "seqxy", "uint16", "mar$seqxy", base.HEX },
        { "seqxy.x", "bool", "x, last part", 16, nil, 0x8000 },
        { "seqxy.y", "uint16", "y, number of the part", base.DEC, nil, 0x7fff },
        { "msn", "uint32", "mar$msn, MARS sequence number" },
        { "pnum", "uint16", "mar$pnum, number of pairs" },
        { "flags", "uint16", "mar$flags", base.HEX },
        { "flags.layer3grp", "bool", "Layer 3 group member", 16, nil, 0x8000 },
        { "flags.copy", "bool", "Copy", 16, nil, 0x4000 },
        { "flags.register", "bool", "Register", 16, nil, 0x2000 },
        { "flags.punched", "bool", "Punched", 16, nil, 0x1000 },
        { "flags.reserved", "uint16", "Reserved", base.HEX, nil, 0x0f00 },
        { "flags.sequence", "uint16", "Sequence", base.DEC, nil, 0x00ff },
        { "cmi", "uint16", "mar$cmi, Cluster Member ID" },
        { "redirf", "uint8", "mar$redirf", base.HEX },
        { "redirf.hard", "bool", "Redirect", 8, { "hard", "soft" }, 0x80 },
        { "redirf.reserved", "uint8", "Reserved", base.HEX, nil, 0x7f },
        { "sha", "bytes", "mar$sha, source ATM number" },
        { "ssa", "bytes", "mar$ssa, source ATM subaddress" },
        { "spa", "bytes", "mar$spa, source protocol address" },
        { "tpa", "bytes", "mar$tpa, group address" },
        { "target", "none", "Target" },
        { "target.tha", "bytes", "mar$tha, ATM number" },
        { "target.tsa", "bytes", "mar$tsa, ATM subaddress" },
        { "pair", "none", "Pair" },
        { "pair.min", "bytes", "mar$min" },
        { "pair.max", "bytes", "mar$max" },
        { "group", "bytes", "mar$mgrp, group address" },
        { "gap", "bytes", "Up to the TLVs" },
        { "tlv", "none", "TLV" },
        { "tlv.type", "uint16", "Type", base.HEX },
        { "tlv.type.action", "uint16", "Where the type is unknown", base.DEC, ACTIONS, 0xc000 },
        { "tlv.type.kind", "uint16", "Type without action", base.HEX, nil, 0x3fff },
        { "tlv.length", "uint16", "Length" },
        { "tlv.value", "bytes", "Value" },
        { "tlv.padding", "bytes", "Padding" },
        { "trailing", "bytes", "Behind the message" },
        { "unparsed", "bytes", "Not understood" },
        { "ipv4", "ipv4", "IPv4 address" },
        { "ipv6", "ipv6", "IPv6 address" },
    }
    for key, name in pairs({ shtl = "source ATM number", sstl = "source ATM subaddress",
        thtl = "target ATM numbers", tstl = "target ATM subaddresses" }) do
        for _, row in ipairs({ common.type_length_rows(key, "mar$" .. key .. ", " .. name) }) do
            table.insert(rows, row)
        end
    end
    local F = common.fields(mars, "mars", rows)
    local kit = { complaints = common.complaints(mars, "mars"), unparsed = F.unparsed }
    -- For the addresses in SCSP records too, so that one filter finds both.
    common.ip = { ipv4 = F.ipv4, ipv6 = F.ipv6 }

    -- `m` is a message under way: cursor, tree, pro (protocol type), r and q (shapes of the source's ATM
    -- number and subaddress), text (what it says, for the summary).

    local function say(m, ...)
        m.text = m.text .. ", " .. string.format(...)
    end

    local function source(m)
        m.cursor:atm(m.tree, F.sha, m.r)
        m.cursor:atm(m.tree, F.ssa, m.q)
    end

    local function source_address(m, length)
        local text = m.cursor:address(m.tree, F.spa, length, m.pro)
        if length > 0 then
            say(m, "from %s", text)
        end
    end

    -- mar$thtl or mar$tstl in a message without target ATM addresses.
    local function no_target(m, key)
        local shape = m.cursor:type_length(m.tree, F, key)
        if shape.length ~= 0 then
            m.cursor:complain(shape.item, "bad_length", "This message has no target ATM address")
        end
    end

    -- mar$tnum, mar$seqxy and mar$msn.
    local function counters(m)
        local count, item = m.cursor:uint(m.tree, F.tnum, 2)
        local seqxy = m.cursor:bits(m.tree, F.seqxy, 2, { F["seqxy.x"], F["seqxy.y"] })
        local msn = m.cursor:uint(m.tree, F.msn, 4)
        if m.op ~= 13 then
            say(m, "part %d%s", seqxy % 0x8000, seqxy >= 0x8000 and " (last)" or "")
        end
        say(m, "number %d", msn)
        return count, item
    end

    local function targets(m, count, count_item, x, y)
        say(m, "%d target%s", count, count == 1 and "" or "s")
        if x.length == 0 and count > 0 then
            m.cursor:complain(count_item, "bad_length", "%d targets of no octets", count)
            return
        end
        for index = 1, count do
            m.cursor:subtree(m.tree, F.target, function(item)
                m.cursor:atm(item, F["target.tha"], x)
                m.cursor:atm(item, F["target.tsa"], y)
                item:append_text(" " .. index)
            end)
        end
    end

    -- REQUEST and NAK.
    local function query(m)
        local s = m.cursor:uint(m.tree, F.spln, 1)
        no_target(m, "thtl")
        no_target(m, "tstl")
        local z = m.cursor:uint(m.tree, F.tpln, 1)
        m.cursor:octets(m.tree, F.padding, 8)
        source(m)
        source_address(m, s)
        say(m, "group %s", (m.cursor:address(m.tree, F.tpa, z, m.pro)))
    end

    -- MULTI and MIGRATE.
    local function answer(m)
        local s = m.cursor:uint(m.tree, F.spln, 1)
        local x = m.cursor:type_length(m.tree, F, "thtl")
        local y = m.cursor:type_length(m.tree, F, "tstl")
        local z = m.cursor:uint(m.tree, F.tpln, 1)
        local count, count_item = counters(m)
        source(m)
        source_address(m, s)
        say(m, "group %s", (m.cursor:address(m.tree, F.tpa, z, m.pro)))
        targets(m, count, count_item, x, y)
    end

    -- JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE and GROUPLIST_REQUEST.
    local function membership(m)
        local cursor, tree = m.cursor, m.tree
        local s = cursor:uint(tree, F.spln, 1)
        local z = cursor:uint(tree, F.tpln, 1)
        local count, count_item = cursor:uint(tree, F.pnum, 2)
        local flags = cursor:bits(tree, F.flags, 2, {
            F["flags.layer3grp"], F["flags.copy"], F["flags.register"], F["flags.punched"],
            F["flags.reserved"], F["flags.sequence"],
        })
        local cmi = cursor:uint(tree, F.cmi, 2)
        local msn = cursor:uint(tree, F.msn, 4)
        for _, flag in ipairs({ { 0x4000, "copy" }, { 0x2000, "register" }, { 0x1000, "punched" } }) do
            if math.floor(flags / flag[1]) % 2 == 1 then
                say(m, flag[2])
            end
        end
        if cmi ~= 0 then
            say(m, "CMI %d", cmi)
        end
        if msn ~= 0 then
            say(m, "number %d", msn)
        end
        source(m)
        source_address(m, s)
        if z == 0 and count > 1 then
            cursor:complain(count_item, "bad_length", "%d pairs of no octets", count)
            return
        end
        local last
        for _ = 1, count do
            cursor:subtree(tree, F.pair, function(item)
                if z == 0 then
                    item:append_text(" of no octets")
                    return
                end
                local text, min, max = cursor:range(item, F["pair.min"], F["pair.max"], z, m.pro)
                item:append_text(": " .. text)
                if last and min <= last then
                    cursor:complain(item, "bad_value", "Pairs have to ascend and not to touch the one before")
                end
                last = max
                m.text = m.text .. ", " .. text
            end)
        end
    end

    local function group_list(m)
        local s = m.cursor:uint(m.tree, F.spln, 1)
        m.cursor:type_length(m.tree, F, "thtl", true)
        m.cursor:type_length(m.tree, F, "tstl", true)
        local z = m.cursor:uint(m.tree, F.tpln, 1)
        local count, count_item = counters(m)
        source(m)
        source_address(m, s)
        say(m, "%d group%s", count, count == 1 and "" or "s")
        if z == 0 and count > 0 then
            m.cursor:complain(count_item, "bad_length", "%d groups of no octets", count)
            return
        end
        for _ = 1, count do
            m.cursor:address(m.tree, F.group, z, m.pro)
        end
    end

    local function redirect_map(m)
        -- Whatever mar$spln says, no mar$spa follows.
        m.cursor:uint(m.tree, F.spln, 1)
        local x = m.cursor:type_length(m.tree, F, "thtl")
        local y = m.cursor:type_length(m.tree, F, "tstl")
        local redirf = m.cursor:bits(m.tree, F.redirf, 1, { F["redirf.hard"], F["redirf.reserved"] })
        say(m, redirf >= 0x80 and "hard" or "soft")
        local count, count_item = counters(m)
        source(m)
        targets(m, count, count_item, x, y)
    end

    local BODIES = {
        query, answer, membership, membership, membership, query, membership, membership, membership,
        membership, group_list, redirect_map, answer, [18] = membership, [19] = membership,
    }

    local function tlvs(m)
        local ended = false
        while not ended do
            m.cursor:subtree(m.tree, F.tlv, function(item)
                local kind = m.cursor:bits(item, F["tlv.type"], 2, { F["tlv.type.action"], F["tlv.type.kind"] })
                local length, length_item = m.cursor:uint(item, F["tlv.length"], 2)
                ended = kind == 0
                item:append_text(ended and ": null" or string.format(": type 0x%04x", kind))
                if ended and length ~= 0 then
                    m.cursor:complain(length_item, "bad_length", "The null TLV has a length")
                end
                m.cursor:octets(item, F["tlv.value"], length)
                m.cursor:octets(item, F["tlv.padding"], -length % 4)
            end)
        end
    end

    -- The fixed header and the body that its op type names.
    local function message(m, tvb)
        local cursor, tree = m.cursor, m.tree
        local afn, item = cursor:uint(tree, F.afn, 2)
        if afn ~= common.ATM_FORUM then
            cursor:complain(item, "bad_value", "Only address family 15 is known")
        end
        m.pro = cursor:uint(tree, F.pro_type, 2)
        cursor:octets(tree, F.pro_snap, 5)
        cursor:octets(tree, F.hdrrsv, 3)
        local chksum, chksum_item = cursor:uint(tree, F.chksum, 2)
        local extoff, extoff_item = cursor:uint(tree, F.extoff, 2)
        local version
        version, item = cursor:uint(tree, F.op_version, 1)
        if version ~= 0 then
            cursor:complain(item, "bad_version", "Only version 0 is known")
            cursor:rest(tree)
            return
        end
        if chksum == 0 then
            chksum_item:append_text(" [not in use]")
        else
            cursor:checksum(chksum_item, tvb:reported_len())
        end
        m.op, item = cursor:uint(tree, F.op_type, 1)
        if not BODIES[m.op] then
            cursor:complain(item, "unknown_type", "There is no op type %d", m.op)
        else
            m.text = OPS[m.op]
        end
        m.r = cursor:type_length(tree, F, "shtl")
        if m.r.length == 0 then
            cursor:complain(m.r.item, "bad_length", "A message without a source ATM number")
        end
        m.q = cursor:type_length(tree, F, "sstl")
        if not BODIES[m.op] then
            cursor:rest(tree)
            return
        end
        BODIES[m.op](m)

        local at = extoff - extoff % 4
        if at ~= 0 and (at < cursor.at or at >= cursor.stop) then
            cursor:complain(extoff_item, "bad_length", "TLVs may lie from %d to %d", cursor.at, cursor.stop)
            cursor:rest(tree)
        elseif at ~= 0 then
            cursor:octets(tree, F.gap, at - cursor.at)
            tlvs(m)
        end
        cursor:rest(tree, F.trailing)
    end

    function mars.dissector(tvb, pinfo, root)
        pinfo.cols.protocol = "MARS"
        local tree = root:add(mars, tvb:range())
        local m = { cursor = common.cursor(kit, tvb, 0, tvb:reported_len()), tree = tree, text = "MARS message" }
        common.guarded(function() message(m, tvb) end)
        pinfo.cols.info = m.text
        tree:append_text(", " .. m.text)
    end

    return mars
end
