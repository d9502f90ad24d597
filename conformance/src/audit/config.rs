//! What is known of the server's configuration; absent keys have the contract's defaults.

use serde_json::Value;

use super::view::{Atm, atm, protocol};

/// The keys that monitors go by. Times in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) id: String,
    pub(super) atm: Atm,
    pub(super) backups: Vec<Atm>,
    pub(super) sgid: u64,
    pub(super) protocols: Vec<String>,
    pub(super) cmi: Option<(u64, u64)>,
    /// Server id, where one is configured, and address.
    pub(super) neighbors: Vec<(Option<String>, Atm)>,
    pub(super) hello: u64,
    pub(super) dead_factor: u64,
    pub(super) ca: u64,
    pub(super) csus: u64,
    pub(super) csu: u64,
    pub(super) csu_max: u64,
    /// Between Redirect Entries, and between maps.
    pub(super) redirect: u64,
    pub(super) map: u64,
    /// From when on it serves in any case.
    pub(super) startup: u64,
    pub(super) hold: u64,
    pub(super) hops: u64,
    /// Some neighbour's frames have to be authentic, which is not judged.
    pub(super) auth: bool,
}

impl Config {
    /// Of a `reset`; `None` for a client or an MCS, which the audit does not judge.
    pub(super) fn of(config: &Value) -> Option<Self> {
        let role = config.get("role").and_then(Value::as_str);
        if role.is_some_and(|role| role != "server") {
            return None;
        }
        let text = |value: &Value, key: &str| {
            let text = value.get(key).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let number = |key: &str, default: u64| {
            let number = config.get(key).and_then(Value::as_u64);
            number.unwrap_or(default)
        };
        let list = |key: &str| {
            let list = config.get(key).and_then(Value::as_array);
            list.cloned().unwrap_or_default()
        };
        let place = |value: Option<&Value>| value.map(atm).unwrap_or_default();
        let protocols = list("protocols").into_iter().map(|one| {
            let kind = one.get("type").and_then(Value::as_u64).unwrap_or(0);
            protocol(kind, &text(&one, "snap").unwrap_or_default())
        });
        let mut protocols: Vec<String> = protocols.collect();
        if protocols.is_empty() {
            protocols.push("0800".to_owned());
        }
        let range = list("cmi_range");
        let cmi = match range.as_slice() {
            [low, high] => low.as_u64().zip(high.as_u64()),
            _ => None,
        };
        let hello = number("hello_interval_s", 3) * 1000;
        let dead_factor = number("dead_factor", 3);
        Some(Self {
            id: text(config, "server_id").unwrap_or_default(),
            sgid: number("sgid", 0),
            protocols,
            cmi,
            neighbors: list("neighbors")
                .iter()
                .map(|one| (text(one, "id"), place(one.get("atm"))))
                .collect(),
            hello,
            dead_factor,
            ca: number("ca_rexmt_ms", 3000),
            csus: number("csus_rexmt_ms", 3000),
            csu: number("csu_rexmt_ms", 2000),
            redirect: number("redirect_interval_ms", 60_000),
            map: number("map_interval_ms", 60_000),
            startup: number("startup_ms", 2 * hello * dead_factor),
            atm: place(config.get("atm")),
            backups: list("backups").iter().map(atm).collect(),
            csu_max: number("csu_max_rexmt", 5),
            hold: number("redirect_hold_ms", 245_000),
            hops: number("hop_count", 255),
            auth: !list("auth").is_empty(),
        })
    }
}
