//! `wire`.

use super::output::{Ctx, Exit};

/// Arguments of `wire`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance wire vectors")]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`wire` is not built yet");
    Exit::Internal
}
