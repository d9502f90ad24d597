//! `show`.

use super::output::{Ctx, Exit};

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
    /// A capture that Wireshark opens.
    Pcapng,
}

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance show traces/group/join.json --as mermaid")]
pub struct Args {
    /// A trace: its file, or its id
    pub trace: String,
    /// The form
    #[arg(long = "as", value_enum, default_value_t)]
    pub form: Form,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`show` is not built yet");
    Exit::Internal
}
