-- The two data encapsulations (RFC 2022, 5.5). The packet inside goes to Wireshark's own dissectors.

return function(common)
    local function encapsulation(name, title, rows, sender, padding)
        local proto = Proto(name, title)
        table.insert(rows, { "pro_type", "uint16", "Protocol Type", base.HEX, common.PROTOCOL_TYPES })
        table.insert(rows, { "pro_snap", "bytes", "Protocol SNAP" })
        table.insert(rows, { "padding", "bytes", "Padding" })
        table.insert(rows, { "packet", "bytes", "Packet" })
        table.insert(rows, { "unparsed", "bytes", "Not understood" })
        local fields = common.fields(proto, name, rows)
        local kit = { complaints = common.complaints(proto, name), unparsed = fields.unparsed }

        function proto.dissector(tvb, pinfo, root)
            pinfo.cols.protocol = "MARS data"
            local tree = root:add(proto, tvb:range())
            local cursor = common.cursor(kit, tvb, 0, tvb:reported_len())
            local ethertype
            local complete = common.guarded(function()
                local text = sender(cursor, tree, fields)
                ethertype = cursor:uint(tree, fields.pro_type, 2)
                if ethertype == common.LONG_FORM then
                    local _, snap = cursor:octets(tree, fields.pro_snap, 5)
                    -- With OUI 0 an EtherType follows.
                    ethertype = snap:range(0, 3):uint() == 0 and snap:range(3, 2):uint() or 0
                    cursor:octets(tree, fields.padding, padding.long)
                else
                    cursor:octets(tree, fields.padding, padding.short)
                end
                pinfo.cols.info = title .. ", " .. text
                tree:append_text(", " .. text)
            end)
            if not complete then
                return
            end
            local start = cursor.at
            cursor:rest(tree, fields.packet)
            local inner = ethertype >= 0x600 and DissectorTable.get("ethertype"):get_dissector(ethertype)
            if inner and start < tvb:len() then
                common.hand_on(inner, tvb:range(start):tvb(), pinfo, root)
            end
        end
        return proto
    end

    local type1 = encapsulation("mars_data1", "MARS Type 1 data", {
        { "cmi", "uint16", "Cluster Member ID" },
    }, function(cursor, tree, fields)
        return string.format("CMI %d", (cursor:uint(tree, fields.cmi, 2)))
    end, { short = 0, long = 3 })

    local type2 = encapsulation("mars_data2", "MARS Type 2 data", {
        { "source_id", "bytes", "Source ID" },
    }, function(cursor, tree, fields)
        local _, source = cursor:octets(tree, fields.source_id, 8)
        return "source " .. source:bytes():tohex(true)
    end, { short = 2, long = 1 })

    return type1, type2
end
