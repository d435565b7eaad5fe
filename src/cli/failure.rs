//! What ends a command: which exit code it has, and how it is told.

use super::exit::Exit;
use super::output;
use crate::explain::FailureKind;
use crate::manifest::InputError;
use crate::report::diagnostic::Diagnostic;
use crate::search::Fault;
use crate::text::{Kind, Paint, neutralise};
use anyhow::anyhow;
use kubound_encodings::assemble::AssembleError;
use std::collections::BTreeSet;
use std::io::Write as _;

/// What went wrong, with what it means for the exit code.
#[derive(Debug)]
pub enum Failure {
    /// The user can fix it.
    Usage(anyhow::Error),
    /// What was to be confirmed is not so.
    Refuted(anyhow::Error),
    /// Only we can fix it.
    Internal(anyhow::Error),
}

impl Failure {
    /// Tells it on standard error.
    pub fn report(&self) -> Exit {
        let (error, exit) = match self {
            Self::Usage(error) => (error, Exit::Usage),
            Self::Refuted(error) => (error, Exit::Violated),
            Self::Internal(error) => (error, Exit::Internal),
        };
        // A reader of standard error that went away is no reason to panic.
        let mut stderr = std::io::stderr().lock();
        let paint = output::paint_errors();
        if let Some(fault) = error.downcast_ref::<InputError>() {
            let all = || std::iter::once(fault).chain(&fault.others);
            for fault in all() {
                let _ = stderr.write_all(Diagnostic::from(fault).render(paint).as_bytes());
            }
            let ids: BTreeSet<&str> = all().map(|fault| fault.kind.id()).collect();
            for id in ids {
                let _ = writeln!(stderr, "more: kubound explain {id}");
            }
            return exit;
        }
        let id = self.id();
        for (index, line) in format!("{error:#}").split("\nhelp: ").enumerate() {
            let line = neutralise(line);
            let _ = match index {
                0 => writeln!(stderr, "{}: {line}", paint.paint(Kind::Error, &format!("error[{id}]"))),
                _ => writeln!(stderr, "help: {line}"),
            };
        }
        if exit == Exit::Internal {
            let _ = writeln!(stderr, "This is a fault of Kubound, not of your input; please report it.");
        }
        let _ = writeln!(stderr, "more: kubound explain {id}");
        exit
    }

    /// The same, with files called as `shown` says; what it does not rename stays as it is.
    pub fn with_names(self, shown: impl Fn(&str) -> String) -> Self {
        let renamed = |error: anyhow::Error| {
            let told = format!("{error:#}");
            let other = shown(&told);
            if other == told { error } else { anyhow!(other) }
        };
        match self {
            Self::Usage(error) => Self::Usage(renamed(error)),
            Self::Refuted(error) => Self::Refuted(renamed(error)),
            Self::Internal(error) => Self::Internal(renamed(error)),
        }
    }

    /// The stable id.
    fn id(&self) -> &'static str {
        match self {
            Self::Refuted(_) => FailureKind::Refuted.id(),
            Self::Internal(error) => match error.downcast_ref::<Fault>() {
                Some(Fault::Contradiction { .. } | Fault::Replay { .. }) => FailureKind::Contradiction.id(),
                _ => FailureKind::Internal.id(),
            },
            Self::Usage(error) if error.downcast_ref::<AssembleError>().is_some() => {
                crate::manifest::ErrorKind::NotSupported.id()
            }
            Self::Usage(error) if error.chain().any(|cause| cause.is::<std::io::Error>()) => FailureKind::System.id(),
            Self::Usage(_) => FailureKind::Usage.id(),
        }
    }
}

/// What the parser of the command line says, with the id; help and versions as they are.
pub fn report_parser(error: &clap::Error) -> Exit {
    let told = error.render();
    let worded = |paint: Paint| if paint.colours { told.ansi().to_string() } else { told.to_string() };
    if !error.use_stderr() {
        // There is nobody to tell that it cannot be written.
        let _ = output::print(&worded(output::paint()));
        return Exit::Fine;
    }
    let told = worded(output::paint_errors());
    let id = FailureKind::Usage.id();
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(told.replacen("error:", &format!("error[{id}]:"), 1).as_bytes());
    Exit::Usage
}
