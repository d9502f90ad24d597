//! Frames in a few words, for messages and charts.

use serde_json::Value;

use super::{Lower, flag, number, op, text};
use crate::lockstep::{Seen, SeenWhat};
use crate::trace::About;

impl Lower<'_> {
    /// A decoded frame in a few words.
    #[must_use]
    pub fn describe(&self, frame: &Value) -> String {
        let none = Value::Null;
        let message = frame.get("message").unwrap_or(&none);
        if !self.is_mars(frame) {
            let name = match number(message, "type_code") {
                1 => "CA",
                2 => "CSU Request",
                3 => "CSU Reply",
                4 => "CSUS",
                5 => "Hello",
                _ => "SCSP",
            };
            return format!(
                "{name} with {} records",
                number(message, "number_of_records")
            );
        }
        let about = self.named(text(message, "sha"));
        let number_ = number(message, "msn");
        match self.op(frame) {
            code @ (op::JOIN | op::LEAVE) => {
                let flags = number(message, "flags");
                let name = if code == op::JOIN {
                    "MARS_JOIN"
                } else {
                    "MARS_LEAVE"
                };
                let what = if flags & flag::REGISTER != 0 {
                    ", register"
                } else {
                    ""
                };
                let holes = if flags & flag::PUNCHED != 0 {
                    ", punched"
                } else {
                    ""
                };
                let pairs = message
                    .get("pairs")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                let pairs: Vec<String> = pairs
                    .map(|pair| format!("<{},{}>", text(pair, "min"), text(pair, "max")))
                    .collect();
                let cmi = number(message, "cmi");
                format!(
                    "{name} of {about} {}{what}{holes}, cmi {cmi}, msn {number_}",
                    pairs.join(" ")
                )
            }
            op::REDIRECT_MAP => {
                format!("MARS_REDIRECT_MAP {}, msn {number_}", self.targets(message))
            }
            op::MULTI => format!(
                "MARS_MULTI {}: {}",
                text(message, "tpa"),
                self.targets(message)
            ),
            op::NAK => format!("MARS_NAK {}", text(message, "tpa")),
            other => format!("MARS message of type {other}"),
        }
    }

    /// Names of the targets of a message.
    fn targets(&self, message: &Value) -> String {
        let targets = message
            .get("targets")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let names: Vec<&str> = targets
            .map(|target| self.named(text(target, "tha")))
            .collect();
        names.join(" ")
    }

    /// A record in a few words.
    #[must_use]
    pub fn describe_record(&self, record: &Value) -> String {
        let sequence = record
            .get("csa_sequence_number")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let none = Value::Null;
        let part = record.get("mars").unwrap_or(&none);
        let tail = format!(
            "number {sequence}, key {}, cmi {}, hop count {}",
            text(record, "cache_key"),
            number(part, "cluster_member_id"),
            number(record, "hop_count"),
        );
        match self.identify(record) {
            Some(((origin, about), live)) => {
                let end = if live { "" } else { " (ended)" };
                let about = match about {
                    About::RedirectEntry => "redirect entry".to_owned(),
                    About::Register { client } => format!("register {client}"),
                    About::Join { client, range } => format!("join {client} {range}"),
                };
                format!("{about} of {origin}{end}, {tail}")
            }
            None => format!(
                "state {} record of {} about {} <{},{}>, {tail}",
                number(part, "state"),
                self.server_named(text(record, "originator_id")),
                self.named(text(part, "source_atm_address")),
                text(part, "minimum_group_address"),
                text(part, "maximum_group_address"),
            ),
        }
    }

    /// Something seen, in a line; `None` for what is only the network's business.
    #[must_use]
    pub fn describe_seen(&self, seen: &Seen) -> Option<String> {
        let Seen { at, from, what } = seen;
        Some(match what {
            SeenWhat::Frame { to, value, .. } if self.is_mars(value) => {
                format!("{at} ms {from} to {to}: {}", self.describe(value))
            }
            SeenWhat::Frame { .. } => return None,
            SeenWhat::Record { to, record, .. } => {
                format!("{at} ms {from} to {to}: {}", self.describe_record(record))
            }
            SeenWhat::Leaf { add, group, peer } => {
                format!(
                    "{at} ms {from}: {} leaf {peer} on {group}",
                    if *add { "add" } else { "drop" }
                )
            }
        })
    }
}
