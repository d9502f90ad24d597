//! `wire decode` and `wire encode`, a line at a time.

use serde_json::{Map, Value, json};

use super::error::{ErrorCode, FrameError};
use super::octets::{hex, unhex};
use super::{Protocol, read, read_bare, write, write_bare};

/// The octets of one line of hex.
///
/// # Errors
/// `bad-hex` for an empty line, odd hex, and anything that is not hex.
pub fn octets_of_line(line: &str) -> Result<Vec<u8>, FrameError> {
    let text = line.trim();
    let bad = |detail: &str| FrameError::new(ErrorCode::BadHex, "hex", 0, detail);
    if text.is_empty() {
        return Err(bad("the line is empty"));
    }
    unhex(text).ok_or_else(|| bad("wanted an even number of hex digits"))
}

/// The object that `wire decode` prints for a line of hex: a whole frame, or a bare message.
#[must_use]
pub fn decode_line(line: &str, bare: Option<Protocol>) -> Value {
    let read = octets_of_line(line).and_then(|octets| match bare {
        Some(protocol) => read_bare(protocol, &octets),
        None => read(&octets),
    });
    match read {
        Ok(Value::Object(frame)) => {
            let mut answer = Map::new();
            answer.insert("ok".to_owned(), true.into());
            answer.extend(frame);
            answer.into()
        }
        Ok(other) => other,
        Err(error) => json!({ "ok": false, "error": error.to_value() }),
    }
}

/// What `wire encode` prints for a line of JSON: hex, or the object that says why not.
///
/// # Errors
/// The object `{"ok":false,"error":{..}}`.
pub fn encode_line(line: &str, bare: bool) -> Result<String, Value> {
    let frame = serde_json::from_str::<Value>(line)
        .map_err(|error| FrameError::new(ErrorCode::BadJson, "line", 0, error.to_string()));
    let octets = frame.and_then(|frame| {
        if bare {
            write_bare(&frame)
        } else {
            write(&frame)
        }
    });
    octets
        .map(|octets| hex(&octets))
        .map_err(|error| json!({ "ok": false, "error": error.to_value() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_an_answer() {
        for (line, code) in [
            ("", "bad-hex"),
            ("abc", "bad-hex"),
            ("xy", "bad-hex"),
            ("aa", "truncated"),
            ("aaaa030000000800", "bad-encapsulation"),
        ] {
            let answer = decode_line(line, None);
            assert_eq!(answer["ok"], false, "{line:?}");
            assert_eq!(answer["error"]["code"], code, "{line:?}");
        }
        for line in [
            "",
            "{",
            "[]",
            "{\"protocol\":\"x\"}",
            "{\"protocol\":\"mars\",\"message\":{}}",
        ] {
            assert_eq!(
                encode_line(line, false).unwrap_err()["error"]["code"],
                "bad-json"
            );
        }
    }

    #[test]
    fn what_decode_prints_encodes_to_the_same() {
        let line = "aaaa0300005e00010101080045000014";
        let answer = decode_line(&format!(" {line}\n"), None);
        assert_eq!(answer["ok"], true);
        assert_eq!(answer["message"]["packet"], "45000014");
        assert_eq!(encode_line(&answer.to_string(), false).unwrap(), line);
        let bare = line.strip_prefix("aaaa0300005e0001").unwrap();
        assert_eq!(decode_line(bare, Some(Protocol::Data1)), answer);
        assert_eq!(encode_line(&answer.to_string(), true).unwrap(), bare);
    }
}
