//! `doctor`: checks an adapter itself.

use std::time::Duration;

use serde_json::json;

use super::output::{Ctx, Exit, Paint};
use crate::certify::doctor::{examine, paragraph};
use crate::certify::target::Target;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("target").required(true)))]
#[command(after_help = "\
Example:
  mars-conformance doctor --adapter 'python3 conformance/adapters/toy.py'

Checks how the adapter answers, not what the server behind it does; for that, `certify`.

Exit codes: 0 it is well; 5 there is something to mend; 65 it speaks another version of the protocol.")]
pub struct Args {
    /// Command of the adapter: program and arguments, as for a shell
    #[arg(long, value_name = "CMD ARGS", group = "target")]
    pub adapter: Option<String>,
    /// An adapter that serves TCP
    #[arg(long, value_name = "HOST:PORT", group = "target")]
    pub connect: Option<String>,
    /// Longest wait for an answer, in seconds of real time
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = super::certify::seconds)]
    pub deadline: f64,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let target = match (&args.adapter, &args.connect) {
        (Some(line), _) => Target::Adapter(line.clone()),
        (None, Some(address)) => Target::Connect(address.clone()),
        (None, None) => return Exit::Usage,
    };
    let checks = examine(&target, Duration::from_secs_f64(args.deadline));
    let paragraph = paragraph(&checks);
    for check in &checks {
        ctx.row(&json!({"check": check.name, "well": check.mend.is_none(), "mend": check.mend}));
        let word = match check.mend {
            None => ctx.paint(Paint::Green, "well "),
            Some(_) => ctx.paint(Paint::Red, "wrong"),
        };
        ctx.say(format_args!("{word} {}", check.name));
    }
    let exit = match &paragraph {
        None => Exit::Ok,
        Some(text) if text.contains("version 1 of mars-sut") => Exit::Version,
        Some(_) => Exit::AdapterBroke,
    };
    let wrong = checks.iter().filter(|check| check.mend.is_some());
    ctx.row(&json!({"summary": {
        "checks": checks.len(), "wrong": wrong.clone().count(), "mend": paragraph, "exit": exit.code(),
    }}));
    if let Some(paragraph) = &paragraph {
        ctx.say(paragraph);
    }
    for check in wrong.skip(1) {
        let mend = check.mend.as_deref().unwrap_or_default();
        ctx.say(format_args!("Then: {}. {mend}", check.name));
    }
    exit
}
