//! `verify`.

use super::Profile;
use super::output::{Ctx, Exit};
use std::path::PathBuf;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance verify --profile ci --report target/report")]
pub struct Args {
    /// How much work it may be
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// Also writes an HTML report there
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`verify` is not built yet");
    Exit::Internal
}
