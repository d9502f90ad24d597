//! What is certified, and a way to it for each job.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::adapter::Op;
use crate::adapter::message::PROTOCOL;
use crate::sut::child::{Child, Hello, Launch};
use crate::sut::in_process::InProcess;
use crate::sut::reply::Exchange as _;
use crate::sut::{Sut, SutError};

/// Longest wait for the `hello` of a second connection: a peer that serves one at a time never answers.
const SECOND_CONNECTION: Duration = Duration::from_secs(2);

/// What is certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A program and its arguments, as one line.
    Adapter(String),
    /// `HOST:PORT` of an adapter that serves TCP.
    Connect(String),
    /// This project's server in this process.
    Builtin,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adapter(line) => write!(f, "--adapter '{}'", line.replace('\'', "'\\''")),
            Self::Connect(address) => write!(f, "--connect {address}"),
            Self::Builtin => f.write_str("--builtin"),
        }
    }
}

/// The words of a command line: split at blanks, except within single or double quotes.
#[must_use]
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => word.get_or_insert_default().push(letter),
            None if letter == '\'' || letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// One way to the target.
pub enum Way {
    /// A process or a connection.
    Child(Box<Child>),
    /// A server in this process.
    Builtin(Box<InProcess>),
}

impl Way {
    /// The first way, and what the implementation says about itself.
    ///
    /// # Errors
    /// It cannot be started, or breaks the protocol at once.
    pub fn open(target: &Target, deadline: Duration) -> Result<(Self, Hello), SutError> {
        let launch = match target {
            Target::Adapter(line) => Launch::new(words(line)),
            Target::Connect(address) => Launch::connect(address.clone()),
            Target::Builtin => {
                let mut server = InProcess::new();
                let (_, more) = server.exchange(Op::Hello {
                    protocol: PROTOCOL,
                    suite: Value::Null,
                })?;
                return Ok((Self::Builtin(Box::new(server)), said(&more)));
            }
        };
        let child = Child::start(Launch { deadline, ..launch })?;
        let hello = child.hello().cloned().unwrap_or_default();
        Ok((Self::Child(Box::new(child)), hello))
    }

    /// As many more ways as the target gives, up to `wanted`.
    #[must_use]
    pub fn more(target: &Target, deadline: Duration, wanted: usize) -> Vec<Self> {
        let patience = match target {
            Target::Connect(_) => SECOND_CONNECTION.min(deadline),
            _ => deadline,
        };
        let mut ways = Vec::new();
        while ways.len() < wanted {
            match Self::open(target, patience) {
                Ok((Self::Child(mut child), _)) => {
                    child.set_deadline(deadline);
                    ways.push(Self::Child(child));
                }
                Ok((way, _)) => ways.push(way),
                Err(_) => break,
            }
        }
        ways
    }

    /// The server behind it.
    pub fn sut(&mut self) -> &mut dyn Sut {
        match self {
            Self::Child(child) => child.as_mut(),
            Self::Builtin(server) => server.as_mut(),
        }
    }

    /// The last lines of stderr in this case.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        match self {
            Self::Child(child) => child.last_words(),
            Self::Builtin(_) => Vec::new(),
        }
    }
}

/// What `hello` was answered with in this process.
fn said(more: &Map<String, Value>) -> Hello {
    let list = |key: &str| {
        let list = more
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        list.filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    Hello {
        implementation: more.get("implementation").cloned().unwrap_or_default(),
        claims: list("claims"),
        probes: list("probes"),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        for (line, wanted) in [
            ("a b  c", vec!["a", "b", "c"]),
            (" sh -c 'a b' ", vec!["sh", "-c", "a b"]),
            ("x \"it's\" ''", vec!["x", "it's", ""]),
            ("--k='a b'c", vec!["--k=a bc"]),
            ("", vec![]),
        ] {
            assert_eq!(words(line), wanted, "{line}");
        }
    }
}
