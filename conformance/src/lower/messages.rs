//! MARS control messages (RFC 2022) of a trace: what clients send, and patterns of what servers send.

use serde_json::{Value, json};

use super::{Lower, flag, number, op};
use crate::frames::{self, FrameError};
use crate::judge::books::Books;
use crate::trace::{ExpectedMars, Says};

impl Lower<'_> {
    /// A registration (MARS_JOIN) or deregistration (MARS_LEAVE) of a client: one pair of no octets
    /// (register F06).
    ///
    /// # Errors
    /// A trace whose addresses are no hex.
    pub fn registration(&self, client: &str, join: bool) -> Result<Vec<u8>, FrameError> {
        frames::write(&self.registration_frame(client, join))
    }

    /// The same as a frame in the form of `wire decode`.
    #[must_use]
    pub fn registration_frame(&self, client: &str, join: bool) -> Value {
        self.request_of(client, join, flag::REGISTER, ("", ""))
    }

    /// A join or leave of a range.
    ///
    /// # Errors
    /// A trace whose addresses are no hex.
    pub fn membership(
        &self,
        client: &str,
        range: &str,
        mark: u8,
        join: bool,
    ) -> Result<Vec<u8>, FrameError> {
        frames::write(&self.membership_frame(client, range, mark, join))
    }

    /// The same as a frame in the form of `wire decode`.
    #[must_use]
    pub fn membership_frame(&self, client: &str, range: &str, mark: u8, join: bool) -> Value {
        self.request_of(client, join, u64::from(mark), self.range(range))
    }

    fn request_of(&self, client: &str, join: bool, flags: u64, (min, max): (&str, &str)) -> Value {
        let (atm, protocol_address) = self.client(client);
        json!({"protocol": "mars", "message": {
            "op_type": self.op_of(client, join),
            "pro_type": 0x0800,
            "sha": atm, "ssa": "", "spa": protocol_address,
            "flags": flags, "cmi": 0, "msn": 0,
            "tpln": min.len() / 2, "pairs": [{"min": min, "max": max}],
        }})
    }

    /// A question for the lowest group of a range.
    ///
    /// # Errors
    /// A trace whose addresses are no hex.
    pub fn query(&self, client: &str, range: &str) -> Result<Vec<u8>, FrameError> {
        frames::write(&self.query_frame(client, range))
    }

    /// The same as a frame in the form of `wire decode`.
    #[must_use]
    pub fn query_frame(&self, client: &str, range: &str) -> Value {
        let (atm, protocol_address) = self.client(client);
        json!({"protocol": "mars", "message": {
            "op_type": op::REQUEST,
            "pro_type": 0x0800,
            "sha": atm, "ssa": "", "spa": protocol_address, "tpa": self.range(range).0,
        }})
    }

    /// True for a MARS control message.
    #[must_use]
    pub fn is_mars(&self, frame: &Value) -> bool {
        frame.get("protocol").and_then(Value::as_str) == Some("mars")
    }

    /// True when a frame has the operation that a pattern asks for.
    #[must_use]
    pub fn same_op(&self, pattern: &Value, frame: &Value) -> bool {
        let op = |value: &Value| value.pointer("/message/op_type").cloned();
        op(pattern) == op(frame)
    }

    /// mar$msn of a message that has one.
    #[must_use]
    pub fn sequence_number(&self, frame: &Value) -> Option<u32> {
        if !self.is_mars(frame) {
            return None;
        }
        u32::try_from(frame.pointer("/message/msn")?.as_u64()?).ok()
    }

    /// mar$cmi of a message.
    #[must_use]
    pub fn cmi(&self, frame: &Value) -> Value {
        frame.pointer("/message/cmi").cloned().unwrap_or_default()
    }

    /// The pattern of a message: every field, but for the checksum (computed or zero) and the
    /// sequence number (judged by its own rule).
    #[must_use]
    pub fn mars(&self, wanted: &ExpectedMars, books: &Books) -> Value {
        let fields = match &wanted.says {
            Says::RegisterCopy => self.copy(
                &wanted.to,
                self.op_of(&wanted.to, true),
                flag::REGISTER,
                ("", ""),
                // R2022-6.2.3-03: of a multicast server it is zero both ways.
                if self.is_mcs(&wanted.to) {
                    json!(0)
                } else {
                    json!({"in": [1, 0xffff]})
                },
            ),
            Says::DeregisterCopy => self.copy(
                &wanted.to,
                self.op_of(&wanted.to, false),
                flag::REGISTER,
                ("", ""),
                json!({"any": true}),
            ),
            Says::JoinCopy { range } => self.copy(
                &wanted.to,
                self.op_of(&wanted.to, true),
                u64::from(books.mark(&wanted.to)),
                self.range(range),
                json!(0),
            ),
            Says::LeaveCopy { range } => self.copy(
                &wanted.to,
                self.op_of(&wanted.to, false),
                u64::from(books.mark(&wanted.to)),
                self.range(range),
                json!(0),
            ),
            Says::Join {
                client,
                groups,
                punched,
            } => self.told(client, op::JOIN, groups, *punched, books),
            Says::Leave {
                client,
                groups,
                punched,
            } => self.told(client, op::LEAVE, groups, *punched, books),
            Says::Sjoin {
                client,
                groups,
                punched,
            } => self.told(client, op::SJOIN, groups, *punched, books),
            Says::Sleave {
                client,
                groups,
                punched,
            } => self.told(client, op::SLEAVE, groups, *punched, books),
            Says::Serve { client, groups } => self.told(client, op::MSERV, groups, false, books),
            Says::Unserve { client, groups } => self.told(client, op::UNSERV, groups, false, books),
            Says::Migrate { client, group } => json!({
                "op_type": op::MIGRATE,
                "tnum": 1, "seqxy": 0x8001,
                "sha": self.server_atm(&wanted.from), "ssa": "", "tpa": group,
                "targets": [{"tha": self.client(client).0, "tsa": ""}],
            }),
            Says::RedirectMap { order, hard } => {
                let servers: Vec<Value> = order
                    .iter()
                    .map(|server| json!({"tha": self.server_atm(server), "tsa": ""}))
                    .collect();
                json!({
                    "op_type": op::REDIRECT_MAP,
                    "redirf": if *hard { 0x80 } else { 0 },
                    "tnum": servers.len(), "seqxy": 0x8001,
                    "sha": self.server_atm(&wanted.from), "ssa": "",
                    "targets": servers,
                })
            }
            Says::Multi { range, members } => {
                let mut targets: Vec<&str> =
                    members.iter().map(|member| self.client(member).0).collect();
                targets.sort_unstable();
                // The order of members is free: any order of what is listed matches.
                let any_order: Vec<Value> = orders(&targets)
                    .into_iter()
                    .map(|order| {
                        order
                            .iter()
                            .map(|atm| json!({"tha": atm, "tsa": ""}))
                            .collect()
                    })
                    .collect();
                let (atm, protocol_address) = self.client(&wanted.to);
                json!({
                    "op_type": op::MULTI,
                    "tnum": targets.len(), "seqxy": 0x8001,
                    "sha": atm, "ssa": "", "spa": protocol_address, "tpa": self.range(range).0,
                    "targets": {"one_of": any_order},
                })
            }
            Says::Nak { range } => {
                let (atm, protocol_address) = self.client(&wanted.to);
                json!({
                    "op_type": op::NAK,
                    "sha": atm, "ssa": "", "spa": protocol_address, "tpa": self.range(range).0,
                })
            }
        };
        let mut message = json!({
            "afn": 15, "pro_type": 0x0800, "pro_snap": "0000000000", "hdrrsv": "000000", "extoff": 0, "op_version": 0,
        });
        if let (Some(all), Value::Object(more)) = (message.as_object_mut(), fields) {
            all.extend(more);
        }
        json!({"protocol": "mars", "message": message})
    }

    /// A client's own message coming back to it alone (R2022-6.1.2): only copy, CMI and number differ.
    fn copy(
        &self,
        client: &str,
        op: u64,
        flags: u64,
        (min, max): (&str, &str),
        cmi: Value,
    ) -> Value {
        let (atm, protocol_address) = self.client(client);
        json!({
            "op_type": op, "flags": flags | flag::COPY, "cmi": cmi,
            "sha": atm, "ssa": "", "spa": protocol_address,
            "tpln": min.len() / 2, "pnum": 1, "pairs": [{"min": min, "max": max}],
        })
    }

    /// A join or leave told to the cluster.
    fn told(
        &self,
        client: &str,
        op: u64,
        groups: &[(String, String)],
        punched: bool,
        books: &Books,
    ) -> Value {
        let (atm, protocol_address) = self.client(client);
        let pairs: Vec<Value> = groups
            .iter()
            .map(|(min, max)| json!({"min": min, "max": max}))
            .collect();
        let flags = flag::COPY | if punched { flag::PUNCHED } else { 0 };
        json!({
            "op_type": op,
            // Made from the client's message it has the client's sequence bits, made from a record none.
            "flags": {"one_of": [flags, flags | u64::from(books.mark(client))]},
            "cmi": 0,
            "sha": atm, "ssa": "", "spa": {"one_of": [protocol_address, ""]},
            "tpln": 4, "pnum": pairs.len(), "pairs": pairs,
        })
    }

    /// Operation of a message, 0 for none.
    pub(super) fn op(&self, frame: &Value) -> u64 {
        frame
            .get("message")
            .map_or(0, |message| number(message, "op_type"))
    }
}

/// All orders of a few items.
fn orders<'t>(items: &[&'t str]) -> Vec<Vec<&'t str>> {
    let Some((first, rest)) = items.split_first() else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for order in orders(rest) {
        for position in 0..=order.len() {
            let mut longer = order.clone();
            longer.insert(position, first);
            all.push(longer);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::orders;

    #[test]
    fn every_order_once() {
        assert_eq!(orders(&[]), [Vec::<&str>::new()]);
        let mut three = orders(&["a", "b", "c"]);
        three.sort();
        three.dedup();
        assert_eq!(three.len(), 6);
    }
}
