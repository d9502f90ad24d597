//! `adapter`: this project's implementation over `mars-sut/1` on stdin and stdout.

use std::io;

use super::output::{Ctx, Exit};
use crate::adapter::serve::serve;
use crate::adapter::{Identity, Session};

/// Arguments of `adapter`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  echo '{\"id\":1,\"op\":\"hello\",\"protocol\":1}' | mars-conformance adapter")]
pub struct Args {}

/// Serves until `bye` or the end of stdin.
pub fn run(_args: &Args, ctx: &Ctx) -> Exit {
    let identity = Identity {
        name: "distributed-mars".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut session = Session::new(identity);
    match serve(
        &mut session,
        &mut io::stdin().lock(),
        &mut io::stdout().lock(),
    ) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            ctx.error(error);
            Exit::Internal
        }
    }
}
