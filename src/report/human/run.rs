//! A run in its shortest form: the cluster, the steps and how it ends.

use super::{Options, ending, smallest, steps};
use crate::report::document::IntentDocument;

/// The run that violates an intent; nothing where none does.
pub fn run(result: &IntentDocument, options: &Options) -> String {
    let mut out = String::new();
    if let Some(violation) = &result.violation {
        smallest(&mut out, violation);
        steps(&mut out, violation, options);
        ending(&mut out, violation, options);
    }
    out
}
