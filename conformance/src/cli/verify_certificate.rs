//! `verify-certificate`: whether a certificate is what its results come to.

use std::path::PathBuf;

use serde_json::json;

use super::corpus;
use super::output::{Ctx, Exit, Paint};
use crate::certify::suite::Suite;
use crate::certify::verify::verify;
use crate::requirements::Ledger;

/// Arguments of `verify-certificate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  mars-conformance verify-certificate certificate/

Every verdict is judged again from the answers in results.jsonl, by the traces of this checkout; totals are counted \
again; every other file is made again and compared. So a verdict, a total, a badge or a report that was changed is \
found, and so is a case that was left out.

What the digests prove: that certificate and results belong together, and which traces they were judged by. What they \
do not prove: who ran the suite, on which program, or that the answers are those of that program. Whoever can write \
the answers can write a certificate; for that, sign the folder, or run `certify` yourself: the same implementation \
gives the same octets.

Exit codes: 0 all follows; 1 something does not; 64 the results cannot be read, or the run did not end; 65 the traces \
are others than those of the certificate, so that only totals and files could be checked.")]
pub struct Args {
    /// The folder that `certify --out` wrote
    pub folder: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, ctx: &Ctx) -> Exit {
    let suite = match Suite::load(&corpus::folder()) {
        Ok(suite) => suite,
        Err(error) => {
            ctx.error(&error);
            return Exit::Usage;
        }
    };
    let ledger = match Ledger::load() {
        Ok(ledger) => ledger,
        Err(error) => {
            ctx.error(&error);
            return Exit::Internal;
        }
    };
    let checked = match verify(&args.folder, &suite, &ledger) {
        Ok(checked) => checked,
        Err(error) => {
            ctx.error(&error);
            return Exit::Usage;
        }
    };
    let exit = match (checked.wrong.is_empty(), checked.other_suite) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Version,
        (true, false) => Exit::Ok,
    };
    for wrong in &checked.wrong {
        ctx.row(&json!({"wrong": wrong}));
        ctx.say(format_args!("{} {wrong}", ctx.paint(Paint::Red, "wrong")));
    }
    ctx.row(&json!({"summary": {
        "wrong": checked.wrong.len(), "judged": checked.judged, "other_suite": checked.other_suite, "exit": exit.code(),
    }}));
    if checked.other_suite {
        ctx.say("the suite here is another than that of the certificate: verdicts were not judged again");
    }
    ctx.say(format_args!(
        "{}: {} verdicts judged again, {} wrong",
        args.folder.display(),
        checked.judged,
        checked.wrong.len()
    ));
    exit
}
