//! Frames, stimuli and outputs in a few words.

use serde_json::Value;

use crate::frames;
use crate::judge::pattern::{Bindings, resolve};
use crate::sut::{Out, OutAction};
use crate::trace::Stimulus;

/// Names of MARS operations by number, from 1.
const OPERATIONS: [&str; 13] = [
    "MARS_REQUEST",
    "MARS_MULTI",
    "MARS_MSERV",
    "MARS_JOIN",
    "MARS_LEAVE",
    "MARS_NAK",
    "MARS_UNSERV",
    "MARS_SJOIN",
    "MARS_SLEAVE",
    "MARS_GROUPLIST_REQUEST",
    "MARS_GROUPLIST_REPLY",
    "MARS_REDIRECT_MAP",
    "MARS_MIGRATE",
];
/// Names of SCSP messages by type, from 1.
const MESSAGES: [&str; 5] = ["CA", "CSU Request", "CSU Reply", "CSUS", "Hello"];

/// The name of a number from 1 in a list.
fn named(list: &[&'static str], number: i64) -> Option<&'static str> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    list.get(place).copied()
}

/// A value, or what a matcher stands for, in a few words.
fn value(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
    };
    let part = |key: &str| fields.get(key);
    let named = |key: &str| part(key).and_then(Value::as_str);
    let bounds = match (part("in").and_then(Value::as_array), part("one_of")) {
        (Some(ends), _) => {
            let ends: Vec<String> = ends.iter().map(self::value).collect();
            Some(ends.join(" to "))
        }
        (_, Some(Value::Array(all))) => {
            let all: Vec<String> = all.iter().map(self::value).collect();
            Some(all.join(" or "))
        }
        _ => None,
    };
    if let Some(name) = named("ref") {
        return match part("add").and_then(Value::as_i64) {
            Some(add) if add < 0 => format!("{name} - {}", add.unsigned_abs()),
            Some(add) => format!("{name} + {add}"),
            None => format!("the same {name}"),
        };
    }
    match (named("bind"), bounds) {
        (Some(name), Some(bounds)) => format!("{bounds} (from now on {name})"),
        (Some(name), None) => format!("any (from now on {name})"),
        (None, Some(bounds)) => bounds,
        (None, None) if part("absent").is_some() => "nothing".to_owned(),
        (None, None) if part("any").is_some() => "any".to_owned(),
        (None, None) => value_text(fields),
    }
}

fn value_text(fields: &serde_json::Map<String, Value>) -> String {
    Value::Object(fields.clone()).to_string()
}

/// A decoded frame, or a pattern of one, in a few words.
#[must_use]
pub fn frame(frame: &Value) -> String {
    let message = frame.get("message").unwrap_or(frame);
    let number = |key: &str| message.get(key).and_then(Value::as_i64).unwrap_or(0);
    let text = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
    let shown = |key: &str| message.get(key).map(value);
    let protocol = frame.get("protocol").and_then(Value::as_str);
    // A pattern need not name the protocol.
    let protocol = protocol.or_else(|| {
        let of = |key: &str| message.get(key).is_some();
        of("type_code")
            .then_some("scsp")
            .or(of("op_type").then_some("mars"))
    });
    match protocol {
        Some("scsp") => {
            let Some(name) = named(&MESSAGES, number("type_code")) else {
                return format!("SCSP message of type {}", number("type_code"));
            };
            let list = message
                .get("records")
                .and_then(Value::as_array)
                .map(Vec::len);
            let list = list.map(|count| count.to_string());
            let records = match shown("number_of_records").or(list) {
                Some(count) => format!(", {count} records"),
                None => String::new(),
            };
            match name {
                "CA" => {
                    let sequence = shown("ca_sequence_number");
                    let sequence = sequence.map_or_else(String::new, |it| format!(" {it}"));
                    let flags = match message.get("flags") {
                        Some(Value::Number(_)) => format!(" flags {:04x}", number("flags")),
                        Some(other) => format!(" flags {}", value(other)),
                        None => String::new(),
                    };
                    format!("CA{sequence}{flags}{records}")
                }
                "Hello" => format!("Hello to {}", receiver(message)),
                _ => format!("{name}{records}"),
            }
        }
        Some("mars") => {
            let Some(name) = named(&OPERATIONS, number("op_type")) else {
                return format!("MARS message of type {}", number("op_type"));
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
            if let Some(msn) = shown("msn") {
                words.push_str(&format!(", msn {msn}"));
            }
            words
        }
        Some(other) => other.to_owned(),
        None => "a frame".to_owned(),
    }
}

fn receiver(message: &Value) -> String {
    match message.get("receiver_id") {
        Some(Value::String(id)) if id.is_empty() => "nobody yet".to_owned(),
        Some(id) => value(id),
        None => "anybody".to_owned(),
    }
}

/// A frame in hex in a few words; one that cannot be read by what its type says, and why.
#[must_use]
pub fn hex_frame(hex: &str) -> String {
    let Some(octets) = frames::unhex(hex) else {
        let start: String = hex.chars().take(32).collect();
        return format!("no hex: {start}");
    };
    match frames::read(&octets) {
        Ok(value) => frame(&value),
        Err(error) => {
            let count = octets.len();
            format!(
                "malformed {} of {count} octets ({error})",
                intended(&octets)
            )
        }
    }
}

/// What a frame that cannot be read was meant to be.
fn intended(octets: &[u8]) -> &'static str {
    let with = |protocol: frames::Protocol| octets.starts_with(&protocol.header());
    let octet = |at: usize| octets.get(at).copied().map(i64::from).unwrap_or(0);
    let known = if with(frames::Protocol::Mars) {
        named(&OPERATIONS, octet(MARS_OP)).or(Some("MARS message"))
    } else if with(frames::Protocol::Scsp) {
        named(&MESSAGES, octet(SCSP_TYPE)).or(Some("SCSP message"))
    } else {
        None
    };
    known.unwrap_or("frame")
}

/// Where the operation of a MARS message stands in its frame, and the type of an SCSP message.
const MARS_OP: usize = 8 + 17;
const SCSP_TYPE: usize = 8 + 1;

/// What was wanted of a field, or of a step where no field is named, in words where there are words.
#[must_use]
pub fn wanted(field: &str, text: &str) -> String {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    if field.is_empty() {
        let words = text.split_once(": ").and_then(|(on, pattern)| {
            let value = read(pattern).filter(Value::is_object)?;
            Some(format!("{on}: {}", frame(&value)))
        });
        return words.unwrap_or_else(|| text.to_owned());
    }
    let number = text.parse::<i64>().ok();
    let name = match (field.rsplit('.').next().unwrap_or_default(), number) {
        ("op_type", Some(number)) => named(&OPERATIONS, number).map(str::to_owned),
        ("type_code", Some(number)) => named(&MESSAGES, number).map(str::to_owned),
        ("flags", Some(number)) => Some(format!("{number:#06x}")),
        _ => None,
    };
    match name {
        Some(name) => format!("{text} ({name})"),
        None => match text.split_once(' ') {
            Some(("one_of" | "in" | "unlike", _)) => text.to_owned(),
            _ => read(text)
                .filter(Value::is_object)
                .map_or_else(|| text.to_owned(), |it| value(&it)),
        },
    }
}

/// What was there instead, such as `on c1: aaaa03..`, with its frame in words before the octets.
#[must_use]
pub fn output_text(text: &str) -> String {
    let words = text.split_once(": ").and_then(|(on, hex)| {
        frames::unhex(hex).filter(|octets| !octets.is_empty())?;
        Some(format!("{on}: {} ({hex})", hex_frame(hex)))
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

/// A stimulus as it was given: a frame is named as its octets are read, whoever wrote them.
#[must_use]
pub fn given(stimulus: &Stimulus, bindings: &Bindings) -> String {
    if let Stimulus::Deliver {
        vc,
        hex: None,
        frame: Some(frame),
    } = stimulus
    {
        let octets = resolve(frame, bindings).ok();
        let octets = octets.and_then(|frame| frames::write(&frame).ok());
        if let Some(octets) = octets {
            return format!("{} arrives on {vc}", hex_frame(&frames::hex(&octets)));
        }
    }
    self::stimulus(stimulus)
}

/// The kind of what [`stimulus`] or [`frame`] tells: the same words without names, addresses and numbers.
#[must_use]
pub fn kind(told: &str) -> String {
    let (what, arrives) = match told.rsplit_once(" arrives on ") {
        Some((what, _)) => (what, " arrives"),
        None => (told, ""),
    };
    for (end, kind) in [
        (" comes up", "a VC comes up"),
        (" goes down", "a VC goes down"),
    ] {
        if what.starts_with("VC ") && what.ends_with(end) {
            return kind.to_owned();
        }
    }
    if what.starts_with("leaf ") && what.contains(" drops off ") {
        return "a leaf drops off".to_owned();
    }
    if what == "time passes" {
        return what.to_owned();
    }
    let words: Vec<&str> = what.split([' ', ',']).collect();
    let many = match words.as_slice() {
        ["malformed", "CSU", ..] => 3,
        ["malformed" | "CSU" | "a", ..] | [_, "register", ..] => 2,
        ["MARS" | "SCSP", "message", ..] => 2,
        _ => 1,
    };
    let kind: Vec<&str> = words.into_iter().take(many).collect();
    format!("{}{arrives}", kind.join(" "))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn join() -> Value {
        json!({"protocol": "mars", "message": {
            "op_type": 4, "pro_type": 2048, "sha": "47000580ffe1000000f21a2b3c002048c1000100", "spa": "0a000101",
            "pairs": [{"min": "e0000111", "max": "e0000111"}], "msn": 0,
        }})
    }

    #[test]
    fn a_frame_has_one_name_as_template_and_as_octets_readable_or_not() {
        let octets = frames::write(&join()).unwrap();
        let arrives = |frame: Option<Value>, hex: Option<String>| {
            let vc = "c1".to_owned();
            given(&Stimulus::Deliver { vc, hex, frame }, &Bindings::new())
        };
        let whole = arrives(Some(join()), None);
        assert_eq!(whole, "MARS_JOIN <e0000111,e0000111>, msn 0 arrives on c1");
        assert_eq!(whole, arrives(None, Some(frames::hex(&octets))));
        // Its type is known although it is cut short, and so is where.
        let mut short = join();
        short["message"]["op_type"] = json!(4);
        short["message"]["tpln"] = json!(9);
        let hex = frames::write(&short)
            .map(|octets| frames::hex(&octets))
            .unwrap();
        let told = arrives(Some(short), None);
        assert_eq!(told, format!("{} arrives on c1", hex_frame(&hex)));
        assert!(told.starts_with("malformed MARS_JOIN of "), "{told}");
        let cut = hex_frame(&frames::hex(octets.get(..40).unwrap()));
        assert!(
            cut.starts_with("malformed MARS_JOIN of 40 octets ("),
            "{cut}"
        );
        assert!(hex_frame("00ff17").starts_with("malformed frame of 3 octets"));
        assert_eq!(
            kind(&format!("{cut} arrives on c1")),
            "malformed MARS_JOIN arrives"
        );
    }

    #[test]
    fn patterns_and_values_are_told_in_words() {
        let hello = r#"on n1: {"message":{"type_code":5,"receiver_id":""}}"#;
        assert_eq!(wanted("", hello), "on n1: Hello to nobody yet");
        let ca = r#"on n1: {"message":{"type_code":1,"ca_sequence_number":{"ref":"ca","add":1}}}"#;
        assert_eq!(wanted("", ca), "on n1: CA ca + 1");
        assert_eq!(wanted("", "silence"), "silence");
        assert_eq!(wanted("message.op_type", "6"), "6 (MARS_NAK)");
        assert_eq!(wanted("message.flags", "16384"), "16384 (0x4000)");
        assert_eq!(
            wanted("message.cmi", r#"{"bind":"a","in":[1,9]}"#),
            "1 to 9 (from now on a)"
        );
        assert_eq!(wanted("message.tstl", "20"), "20");
        for (told, wanted) in [
            ("VC n1 to 47 comes up", "a VC comes up"),
            (
                "MARS_JOIN register, msn 0 arrives on c1",
                "MARS_JOIN register arrives",
            ),
            (
                "MARS_JOIN <e0,e1>, msn 0 arrives on c1",
                "MARS_JOIN arrives",
            ),
            (
                "CSU Request, 2 records arrives on n1",
                "CSU Request arrives",
            ),
            ("Hello to 0a000001 arrives on n1", "Hello arrives"),
            ("leaf 47 drops off ccvc", "a leaf drops off"),
            ("time passes", "time passes"),
        ] {
            assert_eq!(kind(told), wanted);
        }
    }
}
