-- The MARS part of an SCSP cache record (RFC 2443, section 3).

return function(common)
    local record = {}

    record.STATES = {
        [1] = "MARS server redirect entry",
        [2] = "MCS serves or registers",
        [3] = "Client joins or registers",
        [4] = "Client leaves or deregisters",
        [5] = "MCS unserves or deregisters",
    }
    local SHORT = {
        [2] = { "MCS serves", "MCS registers" },
        [3] = { "client joins", "client registers" },
        [4] = { "client leaves", "client deregisters" },
        [5] = { "MCS unserves", "MCS deregisters" },
    }
    local REDIRECT_ENTRY = 1
    local REGISTER = 0x2000

    function record.rows()
        local rows = {
            { "mars", "none", "MARS part (RFC 2443)" },
            { "mars.hardware_type", "uint16", "Hardware Type", base.DEC, { [15] = "ATM Forum" } },
            { "mars.protocol_type", "uint16", "Protocol Type", base.HEX, common.PROTOCOL_TYPES },
            { "mars.snap", "bytes", "SNAP" },
            { "mars.unused", "uint8", "Unused", base.HEX },
            { "mars.version", "uint8", "Version", base.DEC, { [0] = "MARS", [1] = "NHRP" } },
            { "mars.state", "uint8", "State", base.DEC, record.STATES },
            { "mars.flags", "uint16", "Flags", base.HEX },
            { "mars.flags.layer3grp", "bool", "Layer 3 group member", 16, nil, 0x8000 },
            { "mars.flags.register", "bool", "Register", 16, nil, REGISTER },
            { "mars.flags.reserved", "uint16", "Reserved", base.HEX, nil, 0x5f00 },
            { "mars.flags.sequence", "uint16", "Sequence", base.DEC, nil, 0x00ff },
            { "mars.cluster_member_id", "uint16", "Cluster Member ID" },
            { "mars.src_addr_len", "uint8", "Src Addr Len" },
            { "mars.group_addr_len", "uint8", "Group Addr Len" },
        }
        for key, name in pairs({ atm_addr_tl = "ATM Addr T/L", atm_subaddr_tl = "ATM SubAddr T/L" }) do
            for _, row in ipairs({ common.type_length_rows("mars." .. key, name) }) do
                table.insert(rows, row)
            end
        end
        for _, row in ipairs({
            { "mars.source_protocol_address", "bytes", "Source Protocol Address" },
            { "mars.source_atm_address", "bytes", "Source ATM Address" },
            { "mars.source_atm_subaddress", "bytes", "Source ATM SubAddress" },
            { "mars.minimum_group_address", "bytes", "Minimum Multicast Group Address" },
            { "mars.maximum_group_address", "bytes", "Maximum Multicast Group Address" },
        }) do
            table.insert(rows, row)
        end
        return rows
    end

    -- Lengths of group addresses: those of the two IPs are known, others are only not zero.
    local function group_fits(length, protocol, wanted)
        if not wanted then
            return length == 0
        elseif protocol == 0x0800 then
            return length == 4
        elseif protocol == 0x86dd then
            return length == 16
        end
        return length ~= 0
    end

    -- Dissects what `cursor` holds; the line that says what the record is about.
    function record.dissect(cursor, tree, fields)
        local function field(key)
            return fields["mars." .. key]
        end
        local text = "MARS record"
        local hardware, item = cursor:uint(tree, field("hardware_type"), 2)
        if hardware ~= common.ATM_FORUM then
            cursor:complain(item, "bad_value", "Only hardware type 15 is known")
        end
        local protocol = cursor:uint(tree, field("protocol_type"), 2)
        cursor:octets(tree, field("snap"), 5)
        cursor:uint(tree, field("unused"), 1)
        local version
        version, item = cursor:uint(tree, field("version"), 1)
        if version ~= 0 then
            cursor:complain(item, "bad_version", "A record of version %d", version)
            cursor:rest(tree)
            return text
        end
        local state
        state, item = cursor:uint(tree, field("state"), 1)
        if not record.STATES[state] then
            cursor:complain(item, "unknown_type", "There is no state %d", state)
        end
        local flags = cursor:bits(tree, field("flags"), 2, {
            field("flags.layer3grp"), field("flags.register"),
            field("flags.reserved"), field("flags.sequence"),
        })
        local register = math.floor(flags / REGISTER) % 2 == 1
        local cmi = cursor:uint(tree, field("cluster_member_id"), 2)
        local source_length = cursor:uint(tree, field("src_addr_len"), 1)
        local group_length
        group_length, item = cursor:uint(tree, field("group_addr_len"), 1)
        local has_group = state ~= REDIRECT_ENTRY and not register
        if record.STATES[state] and not group_fits(group_length, protocol, has_group) then
            cursor:complain(item, "bad_length", "%d octets of group address in such a record", group_length)
        end
        local number = cursor:type_length(tree, fields, "mars.atm_addr_tl")
        if number.length == 0 then
            cursor:complain(number.item, "bad_length", "A record without an ATM address")
        end
        local subaddress = cursor:type_length(tree, fields, "mars.atm_subaddr_tl")

        -- Here, unlike in a MARS message, the protocol address comes first.
        local source = cursor:address(tree, field("source_protocol_address"), source_length, protocol)
        cursor:atm(tree, field("source_atm_address"), number)
        cursor:atm(tree, field("source_atm_subaddress"), subaddress)
        if SHORT[state] then
            text = SHORT[state][register and 2 or 1]
        elseif state == REDIRECT_ENTRY then
            text = "redirect entry"
        end
        if group_length > 0 then
            local groups = cursor:range(tree, field("minimum_group_address"),
                field("maximum_group_address"), group_length, protocol)
            text = text .. " " .. groups
        end
        if source_length > 0 then
            text = text .. ", address " .. source
        end
        if state ~= REDIRECT_ENTRY then
            text = text .. ", CMI " .. cmi
        end
        item = cursor:rest(tree)
        if item then
            cursor:complain(item, "bad_length", "The record is longer than its addresses")
        end
        return text
    end

    return record
end
