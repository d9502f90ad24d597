//! Negative controls: this project's adapter, misbehaving in one stated way. The suite's own tests run
//! each and demand its stated verdict; a suite that passes one of them is not to be trusted.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::suite::CLAIMS;
use crate::adapter::{Request, Session};
use crate::frames;

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Control {
    /// Reads everything and answers nothing after `hello`.
    NeverAnswers,
    /// Sends every frame back to whom it came from.
    Echo,
    /// Sends random octets after every frame.
    Noise,
    /// Answers, and never sends a frame.
    Silent,
    /// Says everything one request later than it should.
    Late,
    /// Sets a reserved bit in every frame.
    ReservedBit,
    /// Claims everything and supports nothing.
    ClaimsAll,
    /// Ends at the fifth request after a reset.
    Crashes,
    /// Answers everything twice.
    Twice,
    /// Logs to stdout.
    Babbles,
    /// Answers with the id as a string.
    StringId,
    /// Answers with a line of more than a mebibyte.
    Megabyte,
    /// Speaks another version.
    Version,
    /// Goes on after `bye`.
    IgnoresBye,
    /// Lets time go back.
    TimeGoesBack,
    /// Logs to stdout when a frame arrives.
    Chatters,
    /// Never answers `advance`.
    SleepsAtAdvance,
    /// Always says that the next timer is due at 0.
    NextIsPast,
}

/// Serves until the end of input.
///
/// # Errors
/// Those of reading and writing.
pub fn serve(
    control: Control,
    session: Session,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut misled = Misled {
        control,
        session,
        since_reset: 0,
        held: Vec::new(),
        random: 0x2443,
        now: 0,
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let Some(texts) = misled.answer(&line) else {
            // An end without a word; the destructors have nothing to do.
            eprintln!("control: ending on purpose");
            std::process::exit(3);
        };
        for text in texts {
            output.write_all(text.as_bytes())?;
            output.write_all(b"\n")?;
        }
        output.flush()?;
        if misled.session.ended() && control != Control::IgnoresBye {
            return Ok(());
        }
    }
}

struct Misled {
    control: Control,
    session: Session,
    since_reset: usize,
    held: Vec<Value>,
    random: u64,
    now: u64,
}

impl Misled {
    /// The lines that answer a line; `None` to end at once.
    fn answer(&mut self, line: &[u8]) -> Option<Vec<String>> {
        let mut asked: Value = serde_json::from_slice(line).unwrap_or_default();
        let op = asked.get("op").and_then(Value::as_str).unwrap_or_default();
        let op = op.to_owned();
        self.since_reset = if op == "reset" {
            0
        } else {
            self.since_reset + 1
        };
        if self.control == Control::TimeGoesBack {
            self.forward(&mut asked, op == "reset");
        }
        let text = asked.to_string();
        let line = if asked.is_null() {
            line
        } else {
            text.as_bytes()
        };
        let response = match Request::parse(line) {
            Ok(request) => self.session.handle(request),
            Err(response) => *response,
        };
        let mut answer = serde_json::to_value(response).unwrap_or_default();
        if op == "hello" {
            self.hello(&mut answer);
        } else {
            self.mislead(&op, &asked, &mut answer)?;
        }
        let text = answer.to_string();
        Some(match self.control {
            Control::NeverAnswers if op != "hello" => Vec::new(),
            Control::Twice if op != "hello" => vec![text.clone(), text],
            Control::Babbles => vec![format!("DEBUG {op}"), text],
            Control::Chatters if op == "deliver" => vec!["got a frame".to_owned(), text],
            Control::SleepsAtAdvance if op == "advance" => Vec::new(),
            Control::Megabyte if op != "hello" => {
                vec![text.replacen('{', &format!("{{\"pad\":\"{}\",", "x".repeat(1 << 20)), 1)]
            }
            _ => vec![text],
        })
    }

    /// Time that went back goes on instead.
    fn forward(&mut self, asked: &mut Value, reset: bool) {
        if reset {
            self.now = 0;
        }
        for key in ["at", "to"] {
            if let Some(at) = asked.get_mut(key)
                && let Some(time) = at.as_u64()
            {
                self.now = self.now.max(time);
                *at = self.now.into();
            }
        }
    }

    fn hello(&self, answer: &mut Value) {
        let Some(fields) = answer.as_object_mut() else {
            return;
        };
        if matches!(
            self.control,
            Control::ClaimsAll | Control::Silent | Control::Echo
        ) {
            fields.insert("claims".to_owned(), json!(CLAIMS));
        }
        if self.control == Control::Version {
            let id = fields.get("id").cloned().unwrap_or_default();
            *answer = json!({"id": id, "status": "error", "code": "version", "reason": "speaks 2"});
        }
    }

    fn mislead(&mut self, op: &str, asked: &Value, answer: &mut Value) -> Option<()> {
        let at = asked.get("at").or_else(|| asked.get("to"));
        let at = at.and_then(Value::as_u64).unwrap_or(0);
        match self.control {
            Control::ClaimsAll if op != "bye" => {
                *answer =
                    json!({"id": asked.get("id"), "status": "unsupported", "reason": "not yet"});
            }
            Control::StringId => {
                let id = answer.get("id").map(Value::to_string).unwrap_or_default();
                set(answer, "id", id.into());
            }
            Control::Crashes if self.since_reset == 5 => return None,
            Control::Silent => {
                set(answer, "out", json!([]));
                set(answer, "next", Value::Null);
            }
            Control::NextIsPast => set(answer, "next", 0.into()),
            Control::Echo => {
                let mut out = Vec::new();
                if let (Some(vc), Some(hex)) = (asked.get("vc"), asked.get("hex")) {
                    out.push(json!({"at": at, "send": {"vc": vc, "hex": hex}}));
                }
                set(answer, "out", out.into());
                set(answer, "next", Value::Null);
            }
            Control::Noise if op == "deliver" => {
                let octets: Vec<u8> = (0..24).map(|_| self.octet()).collect();
                let hex = frames::hex(&octets);
                let out = json!({"at": at, "send": {"vc": asked.get("vc"), "hex": hex}});
                if let Some(list) = answer.get_mut("out").and_then(Value::as_array_mut) {
                    list.push(out);
                }
            }
            Control::Late => {
                if op == "reset" {
                    self.held.clear();
                }
                let mut now = core::mem::take(&mut self.held);
                for out in &mut now {
                    set(out, "at", at.into());
                }
                if let Some(list) = answer.get_mut("out").and_then(Value::as_array_mut) {
                    self.held = core::mem::replace(list, now);
                }
            }
            Control::ReservedBit => {
                let list = answer.get_mut("out").and_then(Value::as_array_mut);
                for out in list.into_iter().flatten() {
                    if let Some(hex) = out.pointer_mut("/send/hex") {
                        let flipped = hex.as_str().and_then(reserved_bit);
                        *hex = flipped.map_or_else(|| hex.take(), Value::from);
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The next octet of a fixed pseudo-random row.
    fn octet(&mut self) -> u8 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.to_be_bytes().first().copied().unwrap_or(0)
    }
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// A frame with a reserved bit set: `mar$hdrrsv`, or the unused octets of SCSP's common part.
fn reserved_bit(hex: &str) -> Option<String> {
    let mut frame = frames::read(&frames::unhex(hex)?).ok()?;
    let message = frame.get_mut("message")?.as_object_mut()?;
    if message.contains_key("hdrrsv") {
        message.insert("hdrrsv".to_owned(), "000001".into());
    } else {
        message.insert("unused".to_owned(), 1.into());
    }
    message.remove("checksum");
    message.remove("chksum");
    Some(frames::hex(&frames::write(&frame).ok()?))
}
