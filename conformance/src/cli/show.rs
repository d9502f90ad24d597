//! `show`: a trace as a message sequence chart or a capture.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::corpus;
use super::output::{Ctx, Exit};
use crate::frames;
use crate::lockstep::{SeenWhat, replay_seen};
use crate::report::chart::Chart;
use crate::report::pcapng::{Captured, write};
use crate::sut::Sut;
use crate::sut::in_process::InProcess;
use crate::trace::{Trace, find, load};

/// Forms of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Text.
    #[default]
    Text,
    /// Mermaid sequence diagram.
    Mermaid,
    /// SVG.
    Svg,
    /// A capture that Wireshark opens: the frames of a replay on this project's implementation.
    Pcapng,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance show three_in_a_line-001
  mars-conformance show traces/group.flush/crash_and_failover-001.json --as svg > chart.svg
  mars-conformance show three_in_a_line-001 --as pcapng > frames.pcapng")]
pub struct Args {
    /// A trace: its file, or its id
    pub trace: String,
    /// The form
    #[arg(long = "as", value_enum, default_value_t)]
    pub form: Form,
}

/// The file that a name stands for.
fn file(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_file() {
        return Some(path.to_path_buf());
    }
    let all = find(&corpus::folder()).unwrap_or_default();
    all.into_iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
}

/// Every frame of a replay of a global trace.
fn capture(trace: &Trace) -> Vec<u8> {
    let mut suts: Vec<InProcess> = trace.servers.iter().map(|_| InProcess::default()).collect();
    let mut captured = Vec::new();
    replay_seen(
        trace,
        suts.iter_mut().map(|sut| sut as &mut dyn Sut),
        &mut |seen| {
            if let SeenWhat::Frame { to, hex, .. } = &seen.what {
                let octets = frames::unhex(hex).unwrap_or_default();
                captured.push(Captured {
                    at: seen.at,
                    octets,
                    comment: format!("{} to {to}", seen.from),
                });
            }
        },
    );
    write(&captured)
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let Some(file) = file(&args.trace) else {
        ctx.error(format_args!(
            "there is no file and no trace `{}`; ids are the names of the files below {}",
            args.trace,
            corpus::folder().display()
        ));
        return Exit::Usage;
    };
    let trace = match load(&file) {
        Ok(trace) => trace,
        Err(error) => {
            ctx.error(&error);
            return if error.is_version() {
                Exit::Version
            } else {
                Exit::Usage
            };
        }
    };
    let chart = Chart::of_trace(&trace);
    match args.form {
        Form::Text => ctx.raw(chart.text().trim_end()),
        Form::Mermaid => ctx.raw(chart.mermaid().trim_end()),
        Form::Svg => ctx.raw(chart.svg().trim_end()),
        Form::Pcapng => {
            if std::io::stdout().is_terminal() {
                ctx.error("a capture is no text; send stdout to a file");
                return Exit::Usage;
            }
            if let Err(error) = std::io::stdout().write_all(&capture(&trace)) {
                ctx.error(&error);
                return Exit::Internal;
            }
        }
    }
    Exit::Ok
}
