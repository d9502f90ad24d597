//! `coverage`.

use super::output::{Ctx, Exit};

/// Arguments of `coverage`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance coverage --format json")]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`coverage` is not built yet");
    Exit::Internal
}
