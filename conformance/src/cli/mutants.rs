//! `mutants`: how many declared mutants of the implementation the golden traces kill.

use std::num::NonZeroUsize;

use super::output::{Ctx, Exit};

/// Arguments of `mutants`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance mutants --jobs 2 --format json")]
pub struct Args {
    /// Mutants run at a time
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`mutants` is not built yet");
    Exit::Internal
}
