//! `findings`.

use super::output::{Ctx, Exit};

/// Arguments of `findings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance findings B02")]
pub struct Args {
    /// One finding, by its id; all if none is named
    pub id: Option<String>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`findings` is not built yet");
    Exit::Internal
}
