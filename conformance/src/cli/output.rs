//! What all commands share: exit codes, where lines go, progress, and the stop flag.
//!
//! JSON lines and pretty reports go to stdout, logs and progress to stderr. A reader of stdout that
//! goes away ends the command without a word.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// How a command ended. Ordered: where several apply, the greatest is the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// All hold.
    #[default]
    Ok,
    /// A SHOULD deviation under `--strict`.
    Deviation,
    /// Incomplete or inconclusive.
    Incomplete,
    /// A property, trace or requirement of MUST level failed.
    Failed,
    /// A witness or negative control failed: the suite itself is not to be trusted.
    SuiteBroken,
    /// The adapter broke.
    AdapterBroke,
    /// Version mismatch.
    Version,
    /// Usage.
    Usage,
    /// Ctrl-C.
    Interrupted,
    /// Internal error.
    Internal,
}

impl Exit {
    /// The exit code of the process.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
            Self::Deviation => 3,
            Self::AdapterBroke => 5,
            Self::SuiteBroken => 6,
            Self::Usage => 64,
            Self::Version => 65,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// The one of this code; an internal error for any other.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Ok,
            1 => Self::Failed,
            2 => Self::Incomplete,
            3 => Self::Deviation,
            5 => Self::AdapterBroke,
            6 => Self::SuiteBroken,
            64 => Self::Usage,
            65 => Self::Version,
            130 => Self::Interrupted,
            _ => Self::Internal,
        }
    }

    /// The graver of two.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl FromIterator<Self> for Exit {
    fn from_iter<T: IntoIterator<Item = Self>>(exits: T) -> Self {
        exits.into_iter().fold(Self::Ok, Self::combine)
    }
}

/// Form of the output on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Colours of words in pretty output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Good.
    Green,
    /// Bad.
    Red,
    /// Neither.
    Yellow,
    /// Less important.
    Dim,
}

/// What every command gets.
#[derive(Clone, Copy, Debug)]
pub struct Ctx {
    /// Form of the output.
    pub format: Format,
    /// No progress and no logs.
    pub quiet: bool,
    /// Raised by Ctrl-C: end soon, with what is known.
    pub stop: &'static AtomicBool,
}

/// Raised when the reader of stdout went away.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// True once the reader of stdout went away.
pub(super) fn closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

impl Ctx {
    /// True once the command has to end.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// True when stdout takes JSON lines.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints a row as a JSON line; nothing in pretty form.
    pub fn row(&self, row: &impl Serialize) {
        if self.is_json() {
            match serde_json::to_string(row) {
                Ok(line) => self.raw(&line),
                Err(error) => self.log(format_args!("a row cannot be written: {error}")),
            }
        }
    }

    /// Prints a line for people; nothing in JSON form.
    pub fn say(&self, line: impl fmt::Display) {
        if !self.is_json() {
            self.raw(&line.to_string());
        }
    }

    /// Prints a line to stdout in either form.
    pub fn raw(&self, line: &str) {
        if closed() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if writeln!(stdout, "{line}")
            .and_then(|()| stdout.flush())
            .is_err()
        {
            CLOSED.store(true, Ordering::Relaxed);
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Prints a line to stderr, unless quiet.
    pub fn log(&self, line: impl fmt::Display) {
        if !self.quiet {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Prints why a command failed to stderr, quiet or not.
    pub fn error(&self, line: impl fmt::Display) {
        let _ = writeln!(io::stderr(), "mars-conformance: {line}");
    }

    /// The word in colour, where stdout is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn paint(&self, paint: Paint, word: &str) -> String {
        if !colours() || !io::stdout().is_terminal() {
            return word.to_owned();
        }
        let code = match paint {
            Paint::Green => 32,
            Paint::Red => 31,
            Paint::Yellow => 33,
            Paint::Dim => 2,
        };
        format!("\x1b[{code}m{word}\x1b[0m")
    }

    /// Starts to show progress towards `total`, if that is known.
    #[must_use]
    pub fn progress(&self, title: &str, total: Option<u64>) -> Progress {
        let show = if self.quiet {
            Show::Nothing
        } else if io::stderr().is_terminal() {
            let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let template = match (total, colours()) {
                (Some(_), true) => "{prefix} {bar:30.cyan} {pos}/{len} {per_sec} {eta} {msg}",
                (Some(_), false) => "{prefix} {bar:30} {pos}/{len} {per_sec} {eta} {msg}",
                (None, _) => "{prefix} {spinner} {pos} {per_sec} {elapsed} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(title.to_owned());
            Show::Bar(bar)
        } else {
            Show::Lines {
                said: Instant::now(),
            }
        };
        Progress {
            title: title.to_owned(),
            total,
            started: Instant::now(),
            show,
        }
    }
}

/// A row with the part of `verify` that it belongs to, where it belongs to one.
#[must_use]
pub fn with_part(mut row: serde_json::Value, part: Option<&str>) -> serde_json::Value {
    if let (Some(fields), Some(part)) = (row.as_object_mut(), part) {
        fields.insert("part".to_owned(), part.into());
    }
    row
}

/// True unless `NO_COLOR` is set to something.
fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Time between two lines of progress where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Progress of one job: a bar on a terminal, a line every 5 s otherwise.
#[derive(Debug)]
pub struct Progress {
    title: String,
    total: Option<u64>,
    started: Instant,
    show: Show,
}

#[derive(Debug)]
enum Show {
    Nothing,
    Bar(ProgressBar),
    Lines { said: Instant },
}

impl Progress {
    /// Says how far the job is. Cheap enough to be called often.
    pub fn set(&mut self, position: u64, message: impl fmt::Display) {
        match &mut self.show {
            Show::Nothing => {}
            Show::Bar(bar) => {
                bar.set_position(position);
                bar.set_message(message.to_string());
            }
            Show::Lines { said } => {
                if said.elapsed() < EVERY {
                    return;
                }
                *said = Instant::now();
                let seconds = self.started.elapsed().as_secs();
                let rate = position / seconds.max(1);
                let of = self
                    .total
                    .map_or_else(String::new, |total| format!("/{total}"));
                let eta = match self.total {
                    Some(total) if rate > 0 => {
                        format!(", {} s to go", total.saturating_sub(position) / rate)
                    }
                    _ => String::new(),
                };
                let title = &self.title;
                let _ = writeln!(
                    io::stderr(),
                    "{title}: {position}{of} after {seconds} s, {rate}/s{eta} {message}"
                );
            }
        }
    }

    /// Lets something be printed while the job goes on.
    pub fn aside(&self, print: impl FnOnce()) {
        match &self.show {
            Show::Bar(bar) => bar.suspend(print),
            Show::Nothing | Show::Lines { .. } => print(),
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Show::Bar(bar) = self.show {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_exit_code_wins_in_the_stated_order() {
        use Exit::*;
        let order = [
            Internal,
            Interrupted,
            Usage,
            Version,
            AdapterBroke,
            SuiteBroken,
            Failed,
            Incomplete,
            Deviation,
            Ok,
        ];
        let codes = order.map(Exit::code);
        assert_eq!(codes, [70, 130, 64, 65, 5, 6, 1, 2, 3, 0]);
        assert!(
            order
                .iter()
                .all(|exit| Exit::from_code(exit.code()) == *exit)
        );
        for (place, &graver) in order.iter().enumerate() {
            for &lesser in &order[place..] {
                assert_eq!(graver.combine(lesser), graver);
                assert_eq!(lesser.combine(graver), graver);
            }
        }
        assert_eq!(
            [Ok, Deviation, Failed].into_iter().collect::<Exit>(),
            Failed
        );
    }
}
