//! `wire`: frames to JSON and back with the codecs of `distributed_mars`, and the vectors.
//!
//! Lines are handled one by one in constant memory, and a bad one never stops the rest.

mod from_json;
#[cfg(test)]
mod tests;
mod to_json;
pub mod vectors;

use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};

use distributed_mars::wire::WireError;
use distributed_mars::wire::llc_snap::{self, Encapsulation};
use serde_json::{Value, json};

use super::output::{Ctx, Exit, Paint};

/// Arguments of `wire`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// One hex string a line on stdin, one JSON object a line on stdout
    #[command(after_help = "\
Example:
  echo 01050020f0cf000000030003000000000003000100000000040000000a000001 |
    mars-conformance wire decode --bare scsp")]
    Decode(LineArgs),
    /// The reverse: what `decode` printed gives the same octets
    #[command(after_help = "\
Example:
  mars-conformance wire decode <frames.hex | mars-conformance wire encode")]
    Encode(LineArgs),
    /// Check the vectors of `traces/wire/`
    #[command(after_help = "Example:\n  mars-conformance wire vectors --format json")]
    Vectors {
        /// Folder of vector files
        #[arg(long)]
        dir: Option<std::path::PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct LineArgs {
    /// Lines are messages without their LLC/SNAP header
    #[arg(long, value_enum)]
    bare: Option<Bare>,
}

/// What a bare message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bare {
    /// An SCSP packet.
    Scsp,
    /// A MARS control message.
    Mars,
}

impl Bare {
    const fn encapsulation(self) -> Encapsulation {
        match self {
            Self::Scsp => Encapsulation::Scsp,
            Self::Mars => Encapsulation::Mars,
        }
    }
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let handled = match &args.command {
        Command::Decode(LineArgs { bare }) => {
            let bare = *bare;
            lines(ctx, |line| decode_line(line, bare).to_string())
        }
        Command::Encode(LineArgs { bare }) => {
            let bare = *bare;
            lines(ctx, |line| match encode_line(line, bare) {
                Ok(octets) => hex(&octets),
                Err(error) => error.to_string(),
            })
        }
        Command::Vectors { dir } => {
            return check_vectors(&dir.clone().unwrap_or_else(vectors::folder), ctx);
        }
    };
    match handled {
        Ok(()) => Exit::Ok,
        // Who read our output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(error) => {
            ctx.error(format_args!("stdin or stdout: {error}"));
            Exit::Internal
        }
    }
}

fn check_vectors(folder: &std::path::Path, ctx: &Ctx) -> Exit {
    let (rows, counts) = match vectors::check(folder) {
        Ok(found) => found,
        Err(error) => {
            ctx.error(error);
            return Exit::Usage;
        }
    };
    let failed = rows.iter().filter(|row| !row.passes()).count();
    for row in &rows {
        ctx.row(row);
        let (paint, word) = match row.passes() {
            true => (Paint::Green, "pass"),
            false => (Paint::Red, "fail"),
        };
        let failure = row.failure.as_deref().unwrap_or_default();
        let word = ctx.paint(paint, word);
        ctx.say(format_args!(
            "{word}  {:5} {}  {failure}",
            row.case, row.title
        ));
    }
    let exit = if failed == 0 { Exit::Ok } else { Exit::Failed };
    let passed = rows.len() - failed;
    let mut summary = json!({ "pass": passed, "fail": failed, "exit": exit.code() });
    if let (Value::Object(summary), Value::Object(counts)) = (&mut summary, json!(counts)) {
        summary.extend(counts);
    }
    ctx.row(&json!({ "summary": summary }));
    let vectors::Counts {
        valid,
        invalid,
        hmac,
        codecs,
    } = counts;
    ctx.say(format_args!(
        "{valid} valid, {invalid} invalid, {hmac} MACs, on {codecs} codecs: {passed} pass, {failed} fail"
    ));
    exit
}

/// Longest line that is looked at; no message has as many octets, in hex or in JSON.
const LONGEST_LINE: usize = 1 << 24;

/// Answers every line of stdin on stdout, and flushes when the next line is not there yet.
fn lines(ctx: &Ctx, mut answer: impl FnMut(&[u8]) -> String) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    each_line(&mut input, |line, last| {
        writeln!(output, "{}", answer(line))?;
        if last {
            output.flush()?;
        }
        Ok(!ctx.stopped())
    })?;
    output.flush()
}

/// Calls `handle` with every line, without its end, and whether nothing more is buffered; until it
/// answers false. Of an over-long line only the beginning is kept.
fn each_line<R: io::Read>(
    input: &mut BufReader<R>,
    mut handle: impl FnMut(&[u8], bool) -> io::Result<bool>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input
            .by_ref()
            .take(LONGEST_LINE as u64)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else {
            skip_rest(input)?;
        }
        if !handle(line.trim_ascii(), input.buffer().is_empty())? {
            return Ok(());
        }
    }
}

/// Reads to the end of the line and keeps nothing.
fn skip_rest<R: io::Read>(input: &mut BufReader<R>) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|octet| *octet == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// One of the closed list in `conformance/schemas/decode.schema.json`.
    pub code: &'static str,
    /// The field.
    pub field: String,
    /// Octets from the start of the input.
    pub offset: usize,
    /// For people.
    pub detail: String,
}

impl LineError {
    fn json(field: &str, wanted: &str) -> Self {
        Self {
            code: "bad-json",
            field: field.to_owned(),
            offset: 0,
            detail: format!("wanted {wanted}"),
        }
    }

    /// What stands under `error`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "code": self.code,
            "field": self.field,
            "offset": self.offset,
            "detail": self.detail,
        })
    }

    fn refusal(&self) -> Value {
        json!({ "ok": false, "error": self.to_value() })
    }
}

impl From<WireError> for LineError {
    fn from(error: WireError) -> Self {
        Self {
            code: error.code.as_str(),
            field: error.field.to_owned(),
            offset: error.offset,
            detail: format!("{} ({:#x})", error.value, error.value),
        }
    }
}

/// Decodes one line of hex: `{"ok":true,"protocol":..,"message":..}` or `{"ok":false,"error":..}`.
#[must_use]
pub fn decode_line(line: &[u8], bare: Option<Bare>) -> Value {
    let decoded = unhex(line).and_then(|octets| decode_octets(&octets, bare));
    match decoded {
        Ok((protocol, message)) => json!({ "ok": true, "protocol": protocol, "message": message }),
        Err(error) => error.refusal(),
    }
}

/// Decodes a frame, or a message if `bare`: the protocol's name and the message.
///
/// # Errors
///
/// What the decoder found, with offsets from the start of `octets`.
pub fn decode_octets(
    octets: &[u8],
    bare: Option<Bare>,
) -> Result<(&'static str, Value), LineError> {
    decode_message(octets, bare.map(Bare::encapsulation))
}

/// The same for a bare message of any of the four protocols.
fn decode_message(
    octets: &[u8],
    bare: Option<Encapsulation>,
) -> Result<(&'static str, Value), LineError> {
    let (kind, payload) = match bare {
        Some(bare) => (bare, octets),
        None => llc_snap::split(octets)?,
    };
    let base = octets.len() - payload.len();
    let message = to_json::message(kind, payload, base).map_err(|error| error.shifted(base))?;
    Ok((name(kind), message))
}

/// Encodes one line of JSON, such as [`decode_line`] gives.
///
/// # Errors
///
/// `{"ok":false,"error":..}`: no JSON of that shape, or a message that the codec cannot express, such
/// as one with a wrong length.
pub fn encode_line(line: &[u8], bare: Option<Bare>) -> Result<Vec<u8>, Value> {
    serde_json::from_slice(line)
        .map_err(|error| LineError {
            code: "bad-json",
            field: "line".to_owned(),
            offset: error.column().saturating_sub(1),
            detail: error.to_string(),
        })
        .and_then(|value| encode_value(&value, bare))
        .map_err(|error| error.refusal())
}

/// Encodes a value such as [`decode_line`] gives.
///
/// # Errors
///
/// As [`encode_line`].
pub fn encode_value(value: &Value, bare: Option<Bare>) -> Result<Vec<u8>, LineError> {
    encode_message(value, bare.map(Bare::encapsulation))
}

/// The same for a bare message of any of the four protocols.
fn encode_message(value: &Value, bare: Option<Encapsulation>) -> Result<Vec<u8>, LineError> {
    let protocol = value.get("protocol").and_then(Value::as_str);
    let kind = Encapsulation::ALL
        .into_iter()
        .find(|kind| Some(name(*kind)) == protocol)
        .ok_or_else(|| LineError::json("protocol", "mars, scsp, data1 or data2"))?;
    if bare.is_some_and(|bare| bare != kind) {
        return Err(LineError::json("protocol", "the one that --bare names"));
    }
    let message = value
        .get("message")
        .and_then(Value::as_object)
        .ok_or_else(|| LineError::json("message", "an object"))?;
    let payload = from_json::message(kind, message)?;
    // What was given has to come back: a length or checksum that is not as the codec writes it, a
    // field that the message does not have.
    let base = if bare.is_some() { 0 } else { 8 };
    let again = to_json::message(kind, &payload, base).map_err(|error| error.shifted(base))?;
    for (field, given) in message {
        if !contains(field, again.get(field), given) {
            return Err(LineError {
                code: "bad-value",
                field: field.clone(),
                offset: 0,
                detail: format!("{given} cannot be encoded"),
            });
        }
    }
    Ok(if bare.is_some() {
        payload
    } else {
        [&kind.header()[..], &payload].concat()
    })
}

/// True when `found` has all that `given` has. An error that `given` holds is not compared: it is
/// about the octets beside it.
fn contains(name: &str, found: Option<&Value>, given: &Value) -> bool {
    match (found, given) {
        (Some(Value::Object(found)), Value::Object(given)) => given
            .iter()
            .all(|(field, given)| field == "error" || contains(field, found.get(field), given)),
        (Some(Value::Array(found)), Value::Array(given)) => {
            found.len() == given.len()
                && found
                    .iter()
                    .zip(given)
                    .all(|(found, given)| contains(name, Some(found), given))
        }
        (Some(Value::String(found)), Value::String(given)) => found.eq_ignore_ascii_case(given),
        (Some(found), given) => found == given,
        // Fields that decoding leaves out where they are as they should be.
        (None, given) => given.as_str().is_some_and(|text| {
            text.is_empty() || matches!(name, "gap" | "padding") && text.bytes().all(|c| c == b'0')
        }),
    }
}

const fn name(kind: Encapsulation) -> &'static str {
    match kind {
        Encapsulation::Mars => "mars",
        Encapsulation::Scsp => "scsp",
        Encapsulation::Data1 => "data1",
        Encapsulation::Data2 => "data2",
    }
}

/// Lower-case hex.
fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        text.push(digit(octet >> 4));
        text.push(digit(octet & 15));
    }
    text
}

/// The octets that a line of hex spells.
fn unhex(line: &[u8]) -> Result<Vec<u8>, LineError> {
    let wrong = |offset, detail: &str| LineError {
        code: "bad-hex",
        field: "line".to_owned(),
        offset,
        detail: detail.to_owned(),
    };
    if line.is_empty() {
        return Err(wrong(0, "an empty line"));
    }
    let digit = |octet: u8| match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    };
    let mut octets = Vec::with_capacity(line.len() / 2);
    for (offset, pair) in line.chunks(2).enumerate() {
        let [high, low] = *pair else {
            return Err(wrong(offset, "an odd number of hex digits"));
        };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else {
            return Err(wrong(offset, "no hex digit"));
        };
        octets.push(high << 4 | low);
    }
    Ok(octets)
}
