//! What there is to know about the terminal: how wide it is, and whether it wants colours.

use crate::limits::report::{LARGEST_WIDTH, LEAST_WIDTH};
use crate::text::Paint;
use clap::ValueEnum;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::OnceLock;

/// `--color`, which every subcommand has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ColorArg {
    /// If standard output is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What `--color` says, once it was read.
static COLOR: OnceLock<ColorArg> = OnceLock::new();

/// Remembers what `--color` says.
pub fn choose_color(color: ColorArg) {
    COLOR.get_or_init(|| color);
}

/// What `--color` says among words that are no command line, so that what is wrong with them is told in these colours.
pub fn asked_color(words: impl Iterator<Item = OsString>) -> ColorArg {
    let words = words.map(|word| word.to_string_lossy().into_owned());
    let mut words = words.take_while(|word| word != "--");
    let mut asked = ColorArg::Auto;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        asked = value.and_then(|value| ColorArg::from_str(&value, false).ok()).unwrap_or(asked);
    }
    asked
}

/// Whether to colour what goes to standard error.
pub fn paint_errors() -> Paint {
    painted(std::io::stderr().is_terminal())
}

/// Whether to colour what goes to standard output.
pub fn paint() -> Paint {
    painted(std::io::stdout().is_terminal())
}

fn painted(is_terminal: bool) -> Paint {
    let variable = |name: &str| std::env::var(name).ok();
    let colours = match COLOR.get().copied().unwrap_or(ColorArg::Auto) {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => wants_colours(&variable, is_terminal),
    };
    Paint { colours }
}

/// What the environment says: `NO_COLOR` counts most, then `FORCE_COLOR` and `CLICOLOR_FORCE`, then the terminal.
fn wants_colours(variable: &dyn Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let has = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let forces = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    let is_dumb = variable("TERM").is_some_and(|value| value == "dumb");
    !has("NO_COLOR") && (forces("FORCE_COLOR") || forces("CLICOLOR_FORCE") || (is_terminal && !is_dumb))
}

/// How wide standard output is, where it is a terminal: as `COLUMNS` says, or the terminal itself.
pub fn width() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok();
    let own = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    std::io::stdout().is_terminal().then(|| fitting(told.as_deref(), own())).flatten()
}

/// A width that lines can be broken at.
fn fitting(told: Option<&str>, own: Option<usize>) -> Option<usize> {
    let told = told.and_then(|columns| columns.parse().ok());
    told.or(own).map(|columns: usize| columns.clamp(LEAST_WIDTH, LARGEST_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_wanted_by_terminals_unless_the_environment_says_otherwise() {
        let wants = |set: &[(&str, &str)], is_terminal: bool| {
            let found = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            wants_colours(&found, is_terminal)
        };
        assert!(wants(&[], true) && !wants(&[], false));
        assert!(!wants(&[("NO_COLOR", "1")], true) && wants(&[("NO_COLOR", "")], true));
        assert!(!wants(&[("TERM", "dumb")], true) && wants(&[("TERM", "dumb"), ("FORCE_COLOR", "1")], true));
        assert!(wants(&[("FORCE_COLOR", "3")], false) && wants(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!wants(&[("FORCE_COLOR", "0")], false) && !wants(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false));
    }

    #[test]
    fn a_command_line_that_is_wrong_may_still_say_when_to_colour() {
        let asked = |line: &str| asked_color(line.split(' ').map(OsString::from));
        assert_eq!(asked("kubound verify --wrong --color never"), ColorArg::Never);
        assert_eq!(asked("kubound --color=always verify --color=never --color always"), ColorArg::Always);
        assert_eq!(asked("kubound verify --color sometimes --colour never --color"), ColorArg::Auto);
        assert_eq!(asked("kubound verify -- --color never"), ColorArg::Auto);
    }

    #[test]
    fn the_variable_counts_more_than_the_terminal_and_no_width_is_unreadable() {
        assert_eq!(fitting(Some("120"), Some(90)), Some(120));
        assert_eq!(fitting(Some("wide"), Some(90)), Some(90));
        assert_eq!((fitting(Some("7"), None), fitting(None, Some(9999))), (Some(LEAST_WIDTH), Some(LARGEST_WIDTH)));
        assert_eq!(fitting(None, None), None);
    }
}
