//! `replay`.

use super::output::{Ctx, Exit};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance replay 'group.*'")]
pub struct Args {
    /// Ids of traces, with `*` for any text; all if none is named
    pub globs: Vec<String>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`replay` is not built yet");
    Exit::Internal
}
