//! A pool behind lines: one JSON object asks, one answers. The first line is the [`Group`]; nothing answers it.

use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use super::{Group, Input, Outcome, Pool};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Ask {
    /// A server that has just started.
    Start {
        /// Which.
        server: u32,
    },
    /// What an input makes of a server.
    Step {
        /// The number of its value.
        machine: u32,
        /// What happens.
        input: Input,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What came of it.
    Done(Outcome),
    /// There is no such thing.
    Refused(String),
}

/// Answers until the input ends.
///
/// # Errors
/// Those of reading and writing, a line that is not of the form, and a group that is refused.
pub fn serve(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let group: Group = serde_json::from_str(&line)?;
    let pool = Pool::new(&group).map_err(io::Error::other)?;
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let done = match serde_json::from_str(&line)? {
            Ask::Start { server } => pool.start(server),
            Ask::Step { machine, input } => pool.step(machine, &input),
        };
        let answer = done.map_or_else(|error| Answer::Refused(error.to_string()), Answer::Done);
        serde_json::to_writer(&mut *output, &answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
}
