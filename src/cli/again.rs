//! An input that is decided again with other texts: for repairs, and for other values of fields.

use super::args::SearchArgs;
use super::{Failure, check};
use crate::engines::Cancel;
use crate::manifest::edit::Texts;
use crate::manifest::{Input, Loaded};
use crate::search::{Fault, Findings, Observer, Options};
use anyhow::Context;
use std::time::Duration;

/// What is decided again, and how.
pub struct Again<'a> {
    /// What the command line names.
    pub input: &'a Input,
    /// How to search.
    pub search: &'a SearchArgs,
    /// Longest time spent on making one violation small.
    pub minimise: Duration,
    /// Ends it.
    pub cancel: &'a Cancel,
}

impl Again<'_> {
    /// Reads the input with other texts.
    pub fn read(&self, changed: &Texts) -> Result<Loaded, Failure> {
        let read = self.input.read(changed).context("cannot read the input").map_err(Failure::Usage)?;
        Ok(read.0)
    }

    /// Decides what was read, intents of these ids only.
    pub fn decide(
        &self,
        loaded: &mut Loaded,
        intents: &[String],
        time: Duration,
        observer: &dyn Observer,
    ) -> Result<Result<Findings, Fault>, Failure> {
        check::apply(loaded, &self.search.model, intents)?;
        let options = Options { timeout: time, minimise: self.minimise, ..self.search.options(loaded) };
        check::searched(loaded, &options, self.cancel, observer)
    }
}
