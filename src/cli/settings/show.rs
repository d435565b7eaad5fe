//! `--show-settings`: what every setting is, and where it comes from.

use super::{NO_SETTINGS, Setting, Source, shown};
use crate::text::neutralise;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The table.
pub fn show<'a>(
    flags: impl Iterator<Item = &'a Arg>,
    given: &ArgMatches,
    settings: &BTreeMap<String, Setting>,
) -> String {
    let mut rows = vec![["setting".to_owned(), "value".to_owned(), "from".to_owned()]];
    for arg in flags {
        let Some(key) = arg.get_long().filter(|key| !NO_SETTINGS.contains(key)) else { continue };
        let id = arg.get_id().as_str();
        let value = shown(given.get_raw(id)).filter(|value| !value.is_empty()).unwrap_or_else(|| "-".to_owned());
        let from = match (given.value_source(id), settings.get(key).map(|setting| &setting.source)) {
            (Some(ValueSource::CommandLine), _) => "command line".to_owned(),
            (_, Some(Source::Environment(name))) => format!("environment, {name}"),
            (_, Some(Source::File(file, region))) => format!("{file}:{}", region.line),
            _ => "default".to_owned(),
        };
        rows.push([key.to_owned(), neutralise(&value), neutralise(&from)]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    rows.iter().fold(String::new(), |mut text, [key, value, from]| {
        let _ = writeln!(text, "{key:<first$}  {value:<second$}  {from}");
        text
    })
}
