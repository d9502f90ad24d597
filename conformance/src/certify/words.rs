//! Frames, stimuli and outputs in a few words.

use serde_json::Value;

use crate::frames;
use crate::sut::{Out, OutAction};
use crate::trace::Stimulus;

/// A decoded frame in a few words.
#[must_use]
pub fn frame(value: &Value) -> String {
    let message = value.get("message").unwrap_or(value);
    let number = |key: &str| message.get(key).and_then(Value::as_i64).unwrap_or(0);
    let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
    match value.get("protocol").and_then(Value::as_str) {
        Some("scsp") => {
            let name = match number("type_code") {
                1 => "CA",
                2 => "CSU Request",
                3 => "CSU Reply",
                4 => "CSUS",
                5 => "Hello",
                other => return format!("SCSP message of type {other}"),
            };
            let records = number("number_of_records");
            match number("type_code") {
                1 => format!(
                    "CA {} flags {:04x}, {records} records",
                    number("ca_sequence_number"),
                    number("flags")
                ),
                5 => format!("Hello to {}", receiver(text("receiver_id"))),
                _ => format!("{name}, {records} records"),
            }
        }
        Some("mars") => {
            let name = match number("op_type") {
                1 => "MARS_REQUEST",
                2 => "MARS_MULTI",
                3 => "MARS_MSERV",
                4 => "MARS_JOIN",
                5 => "MARS_LEAVE",
                6 => "MARS_NAK",
                7 => "MARS_UNSERV",
                8 => "MARS_SJOIN",
                9 => "MARS_SLEAVE",
                10 => "MARS_GROUPLIST_REQUEST",
                11 => "MARS_GROUPLIST_REPLY",
                12 => "MARS_REDIRECT_MAP",
                13 => "MARS_MIGRATE",
                other => return format!("MARS message of type {other}"),
            };
            let mut words = name.to_owned();
            if matches!(number("op_type"), 3..=5 | 7) && number("flags") & 0x2000 != 0 {
                words.push_str(" register");
            }
            if !text("tpa").is_empty() {
                words.push_str(&format!(" of {}", text("tpa")));
            }
            let pairs = message.get("pairs").and_then(Value::as_array);
            for pair in pairs.into_iter().flatten().take(4) {
                let end = |key: &str| pair.get(key).and_then(Value::as_str).unwrap_or_default();
                if !end("max").is_empty() {
                    words.push_str(&format!(" <{},{}>", end("min"), end("max")));
                }
            }
            if message.get("msn").is_some_and(Value::is_number) {
                words.push_str(&format!(", msn {}", number("msn")));
            }
            words
        }
        Some(other) => other.to_owned(),
        None => "a frame".to_owned(),
    }
}

fn receiver(id: &str) -> &str {
    if id.is_empty() { "nobody yet" } else { id }
}

/// A frame in hex in a few words.
#[must_use]
pub fn hex_frame(hex: &str) -> String {
    let read = frames::unhex(hex).map(|octets| frames::read(&octets));
    match read {
        Some(Ok(value)) => frame(&value),
        _ => {
            let start: String = hex.chars().take(32).collect();
            format!("no frame: {start}")
        }
    }
}

/// A demand such as `on c1: {..}` with its frame in a few words, for where there is no room for more.
#[must_use]
pub fn demand(text: &str) -> String {
    let words = text.split_once(": ").and_then(|(on, pattern)| {
        let value: Value = serde_json::from_str(pattern).ok()?;
        Some(format!("{on}: {}", frame(&value)))
    });
    words.unwrap_or_else(|| text.to_owned())
}

/// A stimulus in a few words.
#[must_use]
pub fn stimulus(stimulus: &Stimulus) -> String {
    let number = |peer: &Value| {
        let number = peer.get("number").and_then(Value::as_str);
        number.unwrap_or_default().to_owned()
    };
    match stimulus {
        Stimulus::VcUp { vc, peer, .. } => format!("VC {vc} to {} comes up", number(peer)),
        Stimulus::VcDown { vc } => format!("VC {vc} goes down"),
        Stimulus::Deliver { vc, hex, frame } => {
            let what = match (hex, frame) {
                (Some(hex), _) => hex_frame(hex),
                (None, Some(value)) => self::frame(value),
                (None, None) => String::new(),
            };
            format!("{what} arrives on {vc}")
        }
        Stimulus::LeafGone { group, peer } => format!("leaf {} drops off {group}", number(peer)),
        Stimulus::Advance {} => "time passes".to_owned(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// An output in a few words.
#[must_use]
pub fn output(out: &Out) -> String {
    let number = |peer: &Value| {
        let number = peer.get("number").and_then(Value::as_str);
        number.unwrap_or_default().to_owned()
    };
    let at = out.at;
    match &out.action {
        OutAction::Send { vc, hex } => format!("{at} ms on {vc}: {} ({hex})", hex_frame(hex)),
        OutAction::Leaf { add, group, peer } => {
            let op = if *add { "adds" } else { "drops" };
            format!("{at} ms {op} leaf {} of {group}", number(peer))
        }
        OutAction::Call { peer } => format!("{at} ms calls {}", number(peer)),
        OutAction::Hangup { vc } => format!("{at} ms releases {vc}"),
        other => format!("{at} ms {other:?}"),
    }
}
