//! Stepping through a run by hand: a step at a time, forwards and backwards.

use crate::cli::Failure;
use crate::report::human::{Film, Options};
use crate::text::Kind;
use anyhow::Context;
use std::io::BufRead;

/// What somebody wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    Next,
    Back,
    Go(usize),
    Quit,
}

/// What a line of input asks for.
fn wish(line: &str) -> Option<Wish> {
    match line.trim() {
        "" | "n" => Some(Wish::Next),
        "b" => Some(Wish::Back),
        "q" => Some(Wish::Quit),
        line => line.strip_prefix('g')?.trim().parse().ok().map(Wish::Go),
    }
}

/// What can be asked for.
const HELP: &str = "Enter next, b back, g N go to step N, q quit";

/// Shows the start of a run, then what the lines of `input` ask for, until they end.
pub fn step_through(
    film: &Film,
    options: &Options,
    input: &mut dyn BufRead,
    print: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let last = film.steps.len();
    let mut at = 0;
    print(&format!("{HELP}\n{}", film.some(0..=0, options)))?;
    loop {
        print(&options.paint.paint(Kind::Label, &format!("{at} of {last}> ")))?;
        let mut line = String::new();
        let length = input.read_line(&mut line).context("cannot read what to show next").map_err(Failure::Usage)?;
        let wish = if length == 0 { Some(Wish::Quit) } else { wish(&line) };
        let next = match (wish, film.repeats) {
            (Some(Wish::Quit), _) => {
                return print(if length == 0 { "\n" } else { "" });
            }
            (Some(Wish::Next), _) if at < last => Ok(at + 1),
            (Some(Wish::Next), Some((first, _))) => Ok(first),
            (Some(Wish::Next), None) => Err("this is the last step".to_owned()),
            (Some(Wish::Back), _) => at.checked_sub(1).ok_or_else(|| "this is the start".to_owned()),
            (Some(Wish::Go(number)), _) if number <= last => Ok(number),
            (Some(Wish::Go(_)), _) => Err(format!("the run has steps 1 to {last}; 0 is the start")),
            (None, _) => Err(HELP.to_owned()),
        };
        match next {
            Ok(number) => {
                at = number;
                print(&film.some(at..=at, options))?;
            }
            Err(why) => print(&format!("{why}\n"))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::narrate::ToldStep;

    fn shown(input: &str, repeats: Option<(usize, usize)>) -> String {
        let step = |number| ToldStep { number, actor: format!("actor-{number}"), ..ToldStep::default() };
        let steps: Vec<ToldStep> = (1..=3).map(step).collect();
        let film = Film { steps: &steps, repeats, pictures: &[] };
        let mut text = String::new();
        let mut print = |piece: &str| {
            text += piece;
            Ok(())
        };
        step_through(&film, &Options::plain(), &mut input.as_bytes(), &mut print).expect("it reads text");
        text
    }

    #[test]
    fn steps_are_shown_forwards_and_backwards_until_the_end() {
        let actors = |text: &str| -> Vec<char> {
            text.match_indices("actor-").filter_map(|(at, word)| text[at + word.len()..].chars().next()).collect()
        };
        assert_eq!(actors(&shown("\n\nb\ng 3\nq\n\n", None)), ['1', '2', '1', '3']);
        let end = shown("g3\n\nb\n", None);
        assert_eq!(actors(&end), ['3', '2']);
        assert!(end.contains("this is the last step\n") && end.ends_with("2 of 3> \n"), "{end}");
        assert_eq!(actors(&shown("g 3\n\n\n", Some((2, 3)))), ['3', '2', '3'], "a loop goes on at its first step");
        let odd = shown("b\ng 4\nx\n", None);
        assert!(odd.contains("this is the start\n") && odd.contains("steps 1 to 3"), "{odd}");
        assert_eq!(odd.matches(HELP).count(), 2, "{odd}");
    }
}
