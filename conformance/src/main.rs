//! `mars-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mars_conformance::cli::main()
}
