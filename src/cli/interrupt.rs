//! Ctrl-C, SIGTERM and SIGHUP: the first asks the search to stop, so that what is known can be printed; the second ends the
//! process.

use super::exit::Exit;
use super::progress;
use crate::engines::Cancel;
use std::io::Write as _;

/// Installs the handler and returns the token that it cancels.
pub fn install() -> Cancel {
    let cancel = Cancel::default();
    let token = cancel.clone();
    let installed = ctrlc::set_handler(move || {
        if token.is_cancelled() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        token.cancel();
        let clear = if progress::is_live() { progress::CLEAR } else { "" };
        let _ = writeln!(std::io::stderr(), "{clear}interrupted: stopping; again ends at once");
    });
    if let Err(error) = installed {
        log::warn!("Ctrl-C and SIGTERM will not print partial results: {error}");
    }
    cancel
}
