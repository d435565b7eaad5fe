//! A run step by step, with the cluster after each step as `kubectl get pods -o wide` would show it.

mod table;

use super::Options;
use super::run::{Layout, Repeats, begins, goes_back, lines, step_line};
use crate::report::fold::Line;
use crate::report::narrate::ToldStep;
use crate::report::scene::Picture;
use crate::text::Kind;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use table::{Table, changes, rows};

/// A run, and the cluster in each of its states.
pub struct Film<'a> {
    /// The steps.
    pub steps: &'a [ToldStep],
    /// First and last step of the loop, counted from 1.
    pub repeats: Option<(usize, usize)>,
    /// The cluster before the first step and after each; empty where it is not known.
    pub pictures: &'a [Picture],
}

impl Film<'_> {
    /// The whole run: alike steps together, unless every step is asked for.
    pub fn whole(&self, options: &Options) -> String {
        let (table, layout) = (Table::of(self.pictures), Layout::of(self.steps));
        let mut out = String::new();
        self.start(&mut out, &table, options);
        for line in lines(self.steps, self.repeats, options) {
            let (first, last) = match line {
                Line::One(step) => (step.number, step.number),
                Line::Many(run) => (run[0].number, run[run.len() - 1].number),
            };
            self.line(&mut out, (&line, layout), options);
            self.after(&mut out, &table, (first - 1, last), options);
        }
        if let Some(rule) = goes_back(self.repeats) {
            let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &rule));
        }
        out
    }

    /// Some steps, one by one; step 0 is the start.
    pub fn some(&self, numbers: RangeInclusive<usize>, options: &Options) -> String {
        let (table, layout) = (Table::of(self.pictures), Layout::of(self.steps));
        let mut out = String::new();
        let is_from_start = *numbers.start() == 0;
        if is_from_start {
            self.start(&mut out, &table, options);
        }
        let last_of_loop = self.repeats.map(|(_, last)| last);
        for step in self.steps.iter().filter(|step| numbers.contains(&step.number)) {
            self.line(&mut out, (&Line::One(step), layout), options);
            if step.number == *numbers.start() {
                // Nothing has been shown before.
                self.full(&mut out, &table, (step.number - 1, step.number), options);
            } else {
                self.after(&mut out, &table, (step.number - 1, step.number), options);
            }
            if let Some(rule) = goes_back(self.repeats).filter(|_| last_of_loop == Some(step.number)) {
                let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &rule));
            }
        }
        out
    }

    fn start(&self, out: &mut String, table: &Table, options: &Options) {
        if let Some(first) = self.pictures.first() {
            let label = options.paint.paint(Kind::Label, &format!("{:<12}", "start"));
            let _ = writeln!(out, "  {label}  * marks what a step changes");
            table.write(out, &rows(None, first), ' ', true, options);
        }
    }

    fn line(&self, out: &mut String, (line, layout): (&Line, Layout), options: &Options) {
        let (Line::One(next) | Line::Many([next, ..])) = *line else { return };
        if let Some(rule) = begins(next, self.repeats) {
            let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &rule));
        }
        step_line(out, line, layout, self.repeats, options);
    }

    /// The cluster after steps, where they changed what is to be seen of it.
    fn after(&self, out: &mut String, table: &Table, (before, after): (usize, usize), options: &Options) {
        let (Some(before), Some(now)) = (self.pictures.get(before), self.pictures.get(after)) else { return };
        let rows = rows(Some(before), now);
        if changes(&rows) {
            table.write(out, &table::shortened(rows), self.margin(after), false, options);
        }
    }

    /// The cluster after a step, whatever it changed.
    fn full(&self, out: &mut String, table: &Table, (before, after): (usize, usize), options: &Options) {
        let (Some(before), Some(now)) = (self.pictures.get(before), self.pictures.get(after)) else { return };
        table.write(out, &rows(Some(before), now), self.margin(after), true, options);
    }

    fn margin(&self, number: usize) -> char {
        if is_in_loop(self.repeats, number) { '|' } else { ' ' }
    }
}

fn is_in_loop(repeats: Repeats, number: usize) -> bool {
    repeats.is_some_and(|(first, _)| number >= first)
}

#[cfg(test)]
mod tests;
