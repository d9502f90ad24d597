//! `generate`: the golden traces from the model.

use std::num::NonZeroUsize;

use super::corpus;
use super::output::{Ctx, Exit};
use crate::generate::{GenerateError, Which, compare, generate, local, projected, write};

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mars-conformance generate            writes traces/
  mars-conformance generate --check    compares byte for byte and writes nothing

Exit codes: 0 done, or equal; 1 different; 70 a bug of ours; 130 interrupted, nothing written.")]
pub struct Args {
    /// Compares byte for byte with what is checked in and writes nothing
    #[arg(long)]
    pub check: bool,
    /// Only the local traces, which need no search of the model; those that are projected come from the paths there
    #[arg(long)]
    pub local: bool,
    /// Worker threads; as many as there are processors if not given
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = args.threads.map_or(processors, NonZeroUsize::get);
    let tell = |done: usize, all: usize| {
        ctx.log(format_args!("generate: {done} of {all} scenarios searched"));
    };
    let (generated, which) = if args.local {
        let both = local().and_then(|mut files| {
            files.extend(projected(&corpus::folder())?);
            Ok(files)
        });
        (both, Which::Local)
    } else {
        (generate(threads, &tell, ctx.stop), Which::All)
    };
    let generated = match generated {
        Ok(generated) => generated,
        Err(GenerateError::Stopped) => return Exit::Interrupted,
        Err(GenerateError::Internal(why)) => {
            ctx.error(format_args!(
                "the model's paths do not fit the trace format: {why}"
            ));
            return Exit::Internal;
        }
    };
    let folder = corpus::folder();
    if args.check {
        let wrong = compare(&folder, &generated, which);
        for line in &wrong {
            ctx.say(line);
            ctx.row(&serde_json::json!({"file": line.split(':').next(), "problem": line}));
        }
        ctx.say(format_args!(
            "{} traces, {} differences",
            generated.len(),
            wrong.len()
        ));
        if !wrong.is_empty() {
            ctx.error("the model and traces/ differ; `mars-conformance generate` writes them anew");
            return Exit::Failed;
        }
        return Exit::Ok;
    }
    match write(&folder, &generated, which) {
        Ok(()) => {
            ctx.say(format_args!(
                "{} traces written below {}",
                generated.len(),
                folder.display()
            ));
            Exit::Ok
        }
        Err((path, error)) => {
            ctx.error(format_args!("{}: {error}", path.display()));
            Exit::Internal
        }
    }
}
