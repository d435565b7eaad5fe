//! The `kubound` command; see `kubound --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kubound::cli::run()
}
