-- Wireshark dissectors for SCSP (RFC 2334), its MARS records (RFC 2443) and MARS (RFC 2022).
-- README.md says how to install them.

-- Once installed and given with -X as well, the second one has nothing to do. Each file has globals of
-- its own; those of `_G` are for all.
if not _G.mars_dissectors_loaded then
    _G.mars_dissectors_loaded = true

    local here = debug.getinfo(1, "S").source:gsub("^@", ""):gsub("[^/\\]*$", "")
    local function part(name)
        return dofile(here .. "mars/" .. name .. ".lua")
    end
    local common = part("common")()
    local control = part("control")(common)
    local record = part("record")(common)
    local scsp = part("scsp")(common, record)
    local type1, type2 = part("data")(common)

    -- PIDs under OUI 00-00-5E.
    local DATA1, CONTROL, DATA2, SCSP = 0x0001, 0x0003, 0x0004, 0x0005
    local VERSION_AT, NHRP = 16, 1
    local pids = DissectorTable.get("llc.iana_pid")
    local nhrp = pids:get_dissector(CONTROL)

    -- MARS and NHRP share a PID; their version octets are at one place.
    local either = Proto("mars_or_nhrp", "MARS or NHRP by version")
    function either.dissector(tvb, pinfo, tree)
        if nhrp and tvb:len() > VERSION_AT and tvb:range(VERSION_AT, 1):uint() == NHRP then
            common.hand_on(nhrp, tvb, pinfo, tree)
        else
            control.dissector:call(tvb, pinfo, tree)
        end
    end

    pids:add(DATA1, type1)
    pids:add(CONTROL, either)
    pids:add(DATA2, type2)
    pids:add(SCSP, scsp)
end
