//! `check`.

use super::Profile;
use super::output::{Ctx, Exit};
use std::num::NonZeroUsize;

/// Which rules the model follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Rules {
    /// The register of ambiguities resolved.
    #[default]
    Resolved,
    /// The letter of the RFCs.
    Literal,
}

/// Which search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// The own compact kernel.
    #[default]
    Kernel,
    /// stateright.
    Stateright,
    /// Timely dataflow.
    Timely,
}

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mars-conformance check three_in_a_line --rules literal")]
pub struct Args {
    /// Scenarios by name; all of the profile if none is named
    pub scenarios: Vec<String>,
    /// How much work it may be
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// The register of ambiguities resolved, or the letter of the RFCs
    #[arg(long, value_enum, default_value_t)]
    pub rules: Rules,
    /// Which search
    #[arg(long, value_enum, default_value_t)]
    pub engine: Engine,
    /// Worker threads; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Serves the Explorer of stateright there instead
    #[arg(long, value_name = "ADDR")]
    pub explore: Option<String>,
}

/// Runs the command.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    ctx.error("`check` is not built yet");
    Exit::Internal
}
