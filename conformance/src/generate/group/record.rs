//! Records of the group (RFC 2334, B.2.0.2; RFC 2443, sections 3 and 5), in both directions: what a neighbour
//! sends, what a server passes on, and what it must say of its own clients.

use serde_json::{Value, json};

use super::super::mars::messages::{Endpoint, Range};
use super::stage::{HOPS, Neighbor, OWN};

/// State of a record (RFC 2443, 3).
pub(super) mod state {
    pub(in super::super) const REDIRECT: u64 = 1;
    pub(in super::super) const SERVE: u64 = 2;
    pub(in super::super) const JOIN: u64 = 3;
    pub(in super::super) const LEAVE: u64 = 4;
    pub(in super::super) const UNSERVE: u64 = 5;
}

/// register (RFC 2443, 3).
pub(super) const REGISTER: u64 = 0x2000;
/// Octets of a summary with a key and an id of four octets each.
const SUMMARY: usize = 20;
/// Octets of the MARS part before its addresses.
const PART: usize = 20;

/// The MARS part of a record: all its fields, also those that only count others (R2443-3-01).
#[derive(Clone, Debug)]
pub(super) struct Part {
    fields: Value,
    octets: usize,
}

impl Part {
    /// About somebody: a registration without a range, a membership or service with one.
    pub(super) fn about(
        state: u64,
        flags: u64,
        cmi: Value,
        who: &Endpoint,
        range: Option<Range<'_>>,
    ) -> Self {
        let (min, max) = range.unwrap_or_default();
        let octets = PART
            + (who.address.len() + who.number.len() + who.subaddress.len() + min.len() + max.len())
                / 2;
        let fields = json!({
            "hardware_type": 15, "protocol_type": 0x0800, "snap": "0000000000",
            "unused": 0, "version": 0, "state": state, "flags": flags,
            "cluster_member_id": cmi,
            "src_addr_len": who.address.len() / 2,
            "group_addr_len": min.len() / 2,
            "atm_addr_tl": who.number_tl(),
            "atm_subaddr_tl": who.subaddress_tl(),
            "source_protocol_address": who.address,
            "source_atm_address": who.number,
            "source_atm_subaddress": who.subaddress,
            "minimum_group_address": min,
            "maximum_group_address": max,
        });
        Self { fields, octets }
    }

    /// A Redirect Entry (R2443-5.1-02, R2443-5.1-03): no protocol address, whatever the server has.
    pub(super) fn redirect(server: &Endpoint) -> Self {
        let bare = Endpoint {
            address: String::new(),
            ..server.clone()
        };
        Self::about(state::REDIRECT, 0, json!(0), &bare, None)
    }

    /// With another value in a field.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(fields) = self.fields.as_object_mut() {
            fields.insert(name.to_owned(), value.into());
        }
        self
    }
}

/// A record of another server, as a neighbour sends it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    origin: &'static str,
    key: u32,
    number: i64,
    hops: u64,
    part: Part,
}

impl Record {
    /// The first instance of a record.
    pub(super) fn new(origin: Neighbor, key: u32, part: Part) -> Self {
        Self {
            origin: origin.id,
            key,
            number: 1000,
            hops: 200,
            part,
        }
    }

    /// The next instance, with other content.
    pub(super) fn next(&self, part: Part) -> Self {
        Self {
            number: self.number + 1,
            part,
            ..self.clone()
        }
    }

    /// With another number.
    pub(super) fn numbered(mut self, number: i64) -> Self {
        self.number = number;
        self
    }

    /// With another hop count.
    pub(super) fn hops(mut self, hops: u64) -> Self {
        self.hops = hops;
        self
    }

    /// As a field of a CSU Request.
    pub(super) fn sent(&self) -> Value {
        json!({
            "hop_count": self.hops, "csa_sequence_number": self.number,
            "cache_key": format!("{:08x}", self.key), "originator_id": self.origin,
            "mars": self.part.fields,
        })
    }

    /// As a pattern of what acknowledges it (RFC 2334, 2.3).
    pub(super) fn acknowledged(&self) -> Value {
        json!({
            "hop_count": 1, "record_length": SUMMARY, "flags": 0, "cache_key_len": 4, "orig_id_len": 4,
            "csa_sequence_number": self.number,
            "cache_key": format!("{:08x}", self.key), "originator_id": self.origin,
        })
    }

    /// As a pattern of what is passed on of it: one hop less, all else as it came.
    pub(super) fn passed_on(&self) -> Value {
        json!({
            "hop_count": self.hops - 1, "record_length": SUMMARY + self.part.octets, "flags": 0,
            "cache_key_len": 4, "orig_id_len": 4,
            "csa_sequence_number": self.number,
            "cache_key": format!("{:08x}", self.key), "originator_id": self.origin,
            "mars": self.part.fields,
        })
    }
}

/// A pattern of a record that the server under test originates.
pub(super) fn own(part: &Part, key: &Value, number: &Value) -> Value {
    json!({
        "hop_count": HOPS, "record_length": SUMMARY + part.octets, "flags": 0,
        "cache_key_len": 4, "orig_id_len": 4,
        "csa_sequence_number": number, "cache_key": key, "originator_id": OWN,
        "mars": part.fields,
    })
}

/// The same for something new; its key and number are bound to this name.
pub(super) fn fresh(name: &str, part: &Part) -> Value {
    own(
        part,
        &json!({"bind": format!("{name}-key")}),
        &json!({"bind": format!("{name}-number")}),
    )
}

/// The same for something new whose key is none of those that the others have.
pub(super) fn distinct(name: &str, others: &[&str], part: &Part) -> Value {
    let others: Vec<Value> = others
        .iter()
        .map(|other| json!({"ref": format!("{other}-key")}))
        .collect();
    let key = json!({"bind": format!("{name}-key"), "unlike": others});
    own(part, &key, &json!({"bind": format!("{name}-number")}))
}

/// The same for the instance that is so much newer than the one of that name.
pub(super) fn newer(name: &str, by: i64, part: &Part) -> Value {
    own(
        part,
        &json!({"ref": format!("{name}-key")}),
        &json!({"ref": format!("{name}-number"), "add": by}),
    )
}

/// The same for what ends something of that name: the next instance of its record, or a record of its own
/// (register C02).
pub(super) fn end(name: &str, part: &Part) -> Value {
    let other =
        json!({"bind": format!("{name}-end-key"), "unlike": [{"ref": format!("{name}-key")}]});
    json!({"one_of": [newer(name, 1, part), own(part, &other, &json!({"any": true}))]})
}
