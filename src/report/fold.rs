//! Similar steps in a row as one line: which belong together, and what is told of them.

use super::narrate::{Placing, ToldStep};
use crate::limits::report::FOLD;
use crate::text::plural;
use itertools::Itertools;

/// A line of a report: one step, or a run of steps of the same kind.
#[derive(Clone, PartialEq, Debug)]
pub enum Line<'a> {
    /// One step.
    One(&'a ToldStep),
    /// At least [`FOLD`] steps in a row by the same actor for the same reason, or that bind and start pods.
    Many(&'a [ToldStep]),
}

/// Folds runs of similar steps; a run never crosses `boundary`, the index at which a loop starts.
pub fn fold(steps: &[ToldStep], boundary: Option<usize>) -> Vec<Line<'_>> {
    let cut = boundary.unwrap_or(steps.len()).min(steps.len());
    let (prefix, rest) = steps.split_at(cut);
    let similar = |a: &ToldStep, b: &ToldStep| {
        // That somebody is late is the point of a run that has such a step.
        a.late.is_empty()
            && b.late.is_empty()
            && ((places(a) && places(b)) || (a.actor == b.actor && a.reason == b.reason))
    };
    let mut lines = Vec::new();
    for chunk in prefix.chunk_by(similar).chain(rest.chunk_by(similar)) {
        if chunk.len() >= FOLD {
            lines.push(Line::Many(chunk));
        } else {
            lines.extend(chunk.iter().map(Line::One));
        }
    }
    lines
}

fn places(step: &ToldStep) -> bool {
    step.places.is_some()
}

/// Several similar steps in a sentence.
pub fn told_together(run: &[ToldStep]) -> String {
    if run.iter().all(places) {
        return told_placing(run);
    }
    let mut distinct: Vec<(&str, usize)> = Vec::new();
    for step in run {
        match distinct.iter_mut().find(|(text, _)| *text == step.text) {
            Some((_, count)) => *count += 1,
            None => distinct.push((&step.text, 1)),
        }
    }
    if distinct.len() <= 4 {
        let mut told = distinct.iter().map(|&(text, count)| match count {
            1 => text.to_owned(),
            _ => format!("{text} ({count} times)"),
        });
        return told.join("; ");
    }
    format!("{} times, from {} to {}", run.len(), run[0].text, run[run.len() - 1].text)
}

/// `4 pods of default/web scheduled and started: 3 on spot-0, 1 on on-demand-0`.
fn told_placing(run: &[ToldStep]) -> String {
    let mut groups: Vec<(&str, Placed)> = Vec::new();
    for step in run {
        let Some(Placing { pods: group, node: Some(node), binds }) = &step.places else { continue };
        let index = groups.iter().position(|(name, _)| name == group).unwrap_or_else(|| {
            groups.push((group, Placed::default()));
            groups.len() - 1
        });
        let placed = &mut groups[index].1;
        if !binds {
            placed.started += 1;
            continue;
        }
        match placed.bound.iter_mut().find(|(name, _)| name == node) {
            Some((_, count)) => *count += 1,
            None => placed.bound.push((node, 1)),
        }
    }
    groups.iter().map(|(group, placed)| placed.told(group)).join("; ")
}

/// How many pods were bound to which nodes, and how many started.
#[derive(Default)]
struct Placed<'a> {
    bound: Vec<(&'a str, i64)>,
    started: i64,
}

impl Placed<'_> {
    fn told(&self, group: &str) -> String {
        let bound: i64 = self.bound.iter().map(|(_, count)| count).sum();
        let nodes: Vec<String> = self.bound.iter().map(|(node, count)| format!("{count} on {node}")).collect();
        let started = match self.started {
            0 => String::new(),
            all if all == bound => " and started".to_owned(),
            some => format!(", {some} started"),
        };
        if bound == 0 {
            return format!("{} of {group} started", plural(self.started, "pod"));
        }
        format!("{} of {group} scheduled{started}: {}", plural(bound, "pod"), nodes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::narrate::{About, Request, placing, tell};
    use super::*;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;
    use kubound_encodings::state::words;
    use kubound_encodings::subject::Subject;
    use kubound_encodings::system::Verb;

    #[test]
    fn pods_that_are_bound_and_started_are_counted_by_node() {
        let step = |(number, (node, (word, verb))): (usize, (&str, (&'static str, Verb)))| {
            let (label, node) = ("default/web".to_owned(), Some(node.to_owned()));
            let requests = vec![Request { verb, object: None, label, node, count: 1 }];
            let about = About { subject: Some(Subject::new(word)), requests, ..About::default() };
            ToldStep { number, actor: word.into(), reason: "x".into(), places: placing(&about), ..ToldStep::default() }
        };
        let rules = [(words::BIND, Verb::Bind), (words::START, Verb::Status)];
        let places = ["spot-0", "spot-1", "spot-0"].into_iter().flat_map(|node| rules.map(|rule| (node, rule)));
        let mut steps: Vec<ToldStep> = (1..).zip(places).map(step).collect();
        assert!(matches!(&fold(&steps, None)[..], [Line::Many(run)] if run.len() == 6));
        let told = "3 pods of default/web scheduled and started: 2 on spot-0, 1 on spot-1";
        assert_eq!(told_together(&steps), told);
        steps.pop();
        let told = "3 pods of default/web scheduled, 2 started: 2 on spot-0, 1 on spot-1";
        assert_eq!(told_together(&steps), told);
    }

    #[test]
    fn long_runs_are_folded_but_not_across_the_start_of_a_loop() {
        let (system, _) = tiny();
        let told = tell(&system, &tiny_run(7, Ending::Loop { start: 4 }));
        let lines = fold(&told, Some(4));
        assert!(matches!(&lines[0], Line::Many(steps) if steps.len() == 4));
        assert_eq!(lines.len(), 1 + 3);
        assert!(matches!(&fold(&told, None)[..], [Line::Many(steps)] if steps.len() == 7));
    }
}
