//! CSA records (RFC 2443, section 3) of a trace.

use serde_json::{Value, json};

use super::{Lower, flag, number, text};
use crate::judge::books::{Books, Identity, Instance};
use crate::trace::{About, ExpectedCsa};

/// State of a record (RFC 2443, section 3).
mod state {
    /// MARS Server Redirect Entry.
    pub(super) const REDIRECT_ENTRY: u64 = 1;
    /// Multicast server registered or serving.
    pub(super) const SERVE: u64 = 2;
    /// Client registered or joined.
    pub(super) const JOIN: u64 = 3;
    /// Client deregistered or left.
    pub(super) const LEAVE: u64 = 4;
    /// Multicast server deregistered or serving no more.
    pub(super) const UNSERVE: u64 = 5;
}

/// Hop count of a record at its originator, as the traces configure it.
const HOP_COUNT: u64 = 255;

impl Lower<'_> {
    /// What a record is about and whether it is live, if the trace has names for it.
    #[must_use]
    pub fn identify(&self, record: &Value) -> Option<(Identity, bool)> {
        let origin = self.ids.get(text(record, "originator_id"))?.clone();
        let part = record.get("mars")?;
        let client = || {
            let name = self.named(text(part, "source_atm_address"));
            self.trace
                .topology
                .clients
                .contains_key(name)
                .then(|| name.to_owned())
        };
        let live = match number(part, "state") {
            state::REDIRECT_ENTRY => return Some(((origin, About::RedirectEntry), true)),
            state::JOIN | state::SERVE => true,
            state::LEAVE | state::UNSERVE => false,
            _ => return None,
        };
        let about = if number(part, "flags") & flag::REGISTER != 0 {
            About::Register { client: client()? }
        } else {
            let (min, max) = (
                text(part, "minimum_group_address"),
                text(part, "maximum_group_address"),
            );
            About::Join {
                client: client()?,
                range: self.range_named(min, max)?.to_owned(),
            }
        };
        Some(((origin, about), live))
    }

    /// The pattern of a record: every field but those that its originator chooses freely.
    #[must_use]
    pub fn record(&self, wanted: &ExpectedCsa, books: &Books) -> Value {
        let (atm, client) = match &wanted.about {
            About::RedirectEntry => (self.server_atm(&wanted.origin), None),
            About::Register { client } | About::Join { client, .. } => {
                (self.client(client).0, Some(client))
            }
        };
        let mcs = client.is_some_and(|client| self.is_mcs(client));
        let state = match (&wanted.about, wanted.live) {
            (About::RedirectEntry, _) => state::REDIRECT_ENTRY,
            // R2443-5.2-03
            (_, true) if mcs => state::SERVE,
            // R2443-5.5-04
            (_, false) if mcs => state::UNSERVE,
            (_, true) => state::JOIN,
            (_, false) => state::LEAVE,
        };
        let any = || json!({"any": true});
        // The CMI names the registration; what is passed on is compared octet by octet instead.
        let cmi = match client {
            None => json!(0),
            // R2443-5.2-06
            Some(_) if wanted.fresh && mcs => {
                let (low, high) = self.cmi_range(&wanted.origin);
                json!({"in": [low, high]})
            }
            Some(client) if wanted.fresh && !wanted.earlier => books
                .cmi(&wanted.origin, client)
                .cloned()
                .unwrap_or_else(any),
            Some(_) => any(),
        };
        let flags = match &wanted.about {
            About::RedirectEntry => json!(0),
            About::Register { .. } => json!({"one_of": [flag::REGISTER]}),
            // R2443-3-12: the client's sequence bits, or none (register E11).
            About::Join { .. } => json!({"in": [0, 0xff]}),
        };
        let range = match &wanted.about {
            About::Join { range, .. } => self.range(range),
            _ => ("", ""),
        };
        // R2334-B.2.0.2: lowered by one at every server; an answer to a solicitation should have 1.
        let hop_count = if wanted.solicited {
            json!({"in": [1, HOP_COUNT]})
        } else {
            json!(HOP_COUNT - u64::from(wanted.hops))
        };
        json!({
            "hop_count": hop_count,
            "cache_key_len": 4,
            "orig_id_len": 4,
            "flags": 0,
            "originator_id": self.server_id(&wanted.origin),
            "mars": {
                "hardware_type": 15,
                "protocol_type": 0x0800,
                "snap": "0000000000",
                "unused": 0,
                "version": 0,
                "state": state,
                "flags": flags,
                "cluster_member_id": cmi,
                "group_addr_len": range.0.len() / 2,
                "source_protocol_address": match client {
                    None => json!(""),
                    Some(client) => json!({"one_of": ["", self.client(client).1]}),
                },
                "source_atm_address": atm,
                "source_atm_subaddress": "",
                "minimum_group_address": range.0,
                "maximum_group_address": range.1,
            },
        })
    }

    /// A record as one instance, its hop count left out.
    #[must_use]
    pub fn instance(&self, record: &Value) -> Instance {
        let mut rest = record.clone();
        if let Some(fields) = rest.as_object_mut() {
            fields.remove("hop_count");
        }
        Instance {
            record: rest,
            sequence: record
                .get("csa_sequence_number")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            key: record.get("cache_key").cloned().unwrap_or_default(),
        }
    }
}
