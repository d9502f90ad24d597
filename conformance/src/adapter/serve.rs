//! The loop over lines: exactly one response for each request, in order.

use std::io::{self, BufRead, Read as _, Write};

use super::message::{MAX_LINE, Outcome, Request, Response};
use super::session::Session;

/// Serves until `bye` or the end of input.
///
/// # Errors
/// Those of reading and writing. A reader on the other side that went away is no error.
pub fn serve(
    session: &mut Session,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut line = Vec::new();
    while !session.ended() {
        line.clear();
        let limit = u64::try_from(MAX_LINE + 1).unwrap_or(u64::MAX);
        if input.take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let response = if line.last() != Some(&b'\n') && line.len() > MAX_LINE {
            skip_line(input)?;
            let reason = format!("a line of more than {MAX_LINE} octets");
            Response {
                id: None,
                outcome: Outcome::Error {
                    code: "malformed-request".to_owned(),
                    reason,
                },
            }
        } else {
            match Request::parse(&line) {
                Ok(request) => session.handle(request),
                Err(response) => *response,
            }
        };
        let mut text = serde_json::to_vec(&response)?;
        text.push(b'\n');
        match output.write_all(&text).and_then(|()| output.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

/// Skips to the end of the line.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|&octet| octet == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        input.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}
