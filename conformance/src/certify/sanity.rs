//! The case that runs first and last: any adapter that lives passes it.

use serde_json::json;

use super::results::SANITY;
use crate::trace::Trace;

/// The two ids of the sanity case.
pub const IDS: [&str; 2] = ["sanity-first", "sanity-last"];

/// The sanity case under this id: a server without neighbours, a VC that comes and goes, time that passes;
/// nothing has to be sent.
///
#[must_use]
pub fn case(id: &str) -> Option<Trace> {
    let atm = |last: &str| json!({"number": format!("47000580ffe1000000f21a2b3c002048{last}000100"), "form": "nsapa"});
    let silence = json!([{"level": "MUST", "requirements": [], "outputs": []}]);
    let step = |at: u64, stimulus: serde_json::Value| json!({"at": at, "stimulus": stimulus, "expect": silence});
    let trace = json!({
        "format": crate::trace::FORMAT, "id": id, "title": "the adapter lives", "area": SANITY,
        "class": "valid", "level": "MUST", "requirements": [], "topology": {},
        "servers": [{"name": "s1", "config": {
            "server_id": "0a000001", "atm": atm("0a"), "protocol_address": "0a000001", "sgid": 1,
            "protocols": [{"type": 2048, "snap": "0000000000"}], "cmi_range": [1, 200], "neighbors": [],
            "map_interval_ms": 60000,
        }}],
        "steps": [
            step(0, json!({"vc_up": {"vc": "c1", "peer": atm("c1")}})),
            step(1000, json!({"advance": {}})),
            step(2000, json!({"vc_down": {"vc": "c1"}})),
        ],
    });
    serde_json::from_value(trace).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sanity_case_is_a_trace() {
        for id in IDS {
            assert_eq!(case(id).unwrap().steps.len(), 3);
        }
    }
}
