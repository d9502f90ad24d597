//! `generate`.

use super::output::{Ctx, Exit};
use std::num::NonZeroUsize;

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance generate --check")]
pub struct Args {
    /// Compares byte for byte with what is checked in and writes nothing
    #[arg(long)]
    pub check: bool,
    /// Worker threads; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`generate` is not built yet");
    Exit::Internal
}
