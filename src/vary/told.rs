//! What came out, for people: of one field the values in ranges, of two a table, of more a line for each combination of the
//! others.

use super::search::{Answer, Claim, Map, Sort};
use super::{Axis, Point};
use crate::limits::vary::WIDEST_TABLE;
use crate::text::{neutralise, neutralise_lines, wrap};
use itertools::Itertools;
use std::collections::BTreeMap;
use std::fmt::Write as _;

type Answers = BTreeMap<Point, Answer>;

/// The fields and their values.
pub fn fields(axes: &[Axis]) -> String {
    let line = |axis: &Axis| {
        let values = axis.varied.told(0, axis.varied.values.len() - 1);
        format!("varied  {} of {}: {values}\n", axis.varied.field, axis.varied.object)
    };
    neutralise_lines(&axes.iter().map(line).collect::<String>())
}

/// The answer to one intent.
pub fn intent(axes: &[Axis], claim: &Claim, answers: &Answers) -> String {
    let mut text = match &claim.1 {
        Some(target) => format!("{} {target}\n", claim.0),
        None => format!("{}\n", claim.0),
    };
    match (answers.values().map(|answer| answer.word).all_equal_value(), axes) {
        (Ok(word), _) => {
            let _ = writeln!(text, "    {word} for every {}", if axes.len() > 1 { "combination" } else { "value" });
        }
        (Err(_), [rows, columns]) => match table(rows, columns, answers) {
            Some(table) => text += &table,
            None => text += &lines(axes, answers),
        },
        (Err(_), _) => text += &lines(axes, answers),
    }
    let open = answers.values().filter(|answer| answer.sort == Sort::Open && !answer.why.is_empty());
    for why in open.map(|answer| &answer.why).unique() {
        let _ = writeln!(text, "    unknown: {why}");
    }
    neutralise_lines(&text)
}

/// What was refused, and why.
pub fn refusals(axes: &[Axis], map: &Map) -> String {
    let mut text = String::new();
    for (why, all) in map.refused.iter().map(|(point, why)| (why, point)).into_group_map().into_iter().sorted() {
        let line = format!("refused for {}: {why}", together(axes, &all));
        let _ = writeln!(text, "{}", wrap(&neutralise(&line), 2));
    }
    text
}

/// Combinations in words: together where they are all those of some values of each field.
fn together(axes: &[Axis], points: &[&Point]) -> String {
    let places = |index: usize| points.iter().map(|point| point[index]).sorted().dedup().collect_vec();
    let sides: Vec<Vec<usize>> = (0..axes.len()).map(places).collect();
    if sides.iter().map(Vec::len).product::<usize>() != points.len() {
        return points.iter().map(|point| combination(axes, point)).join("; ");
    }
    let side = |(axis, places): (&Axis, Vec<usize>)| {
        format!("{} {}", axis.varied.field, ranges(axis, places.into_iter()).join(", "))
    };
    axes.iter().zip(sides).map(side).join(", ")
}

/// A combination in words: `spec.replicas 4, spec.paused true`.
pub fn combination(axes: &[Axis], point: &[usize]) -> String {
    let one = |(axis, place): (&Axis, &usize)| format!("{} {}", axis.varied.field, axis.varied.values[*place]);
    axes.iter().zip(point).map(one).join(", ")
}

/// Places of one field as ranges of consecutive ones.
fn ranges(axis: &Axis, places: impl Iterator<Item = usize>) -> Vec<String> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for place in places {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ => found.push((place, place)),
        }
    }
    found.into_iter().map(|(first, last)| axis.varied.told(first, last)).collect()
}

/// A line for each answer; with several fields, for each combination of all but the last.
fn lines(axes: &[Axis], answers: &Answers) -> String {
    let mut text = String::new();
    let Some((last, others)) = axes.split_last() else { return text };
    for (others_at, row) in &answers.iter().chunk_by(|(point, _)| point[..others.len()].to_vec()) {
        let by_word = row.map(|(point, answer)| (answer.word, point[others.len()])).into_group_map();
        for (word, places) in by_word.into_iter().sorted_by_key(|(_, places)| places[0]) {
            let values = ranges(last, places.into_iter()).join(", ");
            let before = if others.is_empty() { String::new() } else { combination(others, &others_at) + ": " };
            let _ = writeln!(text, "    {before}{word} for {} {values}", last.varied.field);
        }
    }
    text
}

/// A table of two fields, unless it is too wide.
fn table(rows: &Axis, columns: &Axis, answers: &Answers) -> Option<String> {
    let mut cells: Vec<Vec<String>> = Vec::new();
    let head = columns.varied.values.iter().map(ToString::to_string);
    cells.push(std::iter::once(rows.varied.field.clone()).chain(head).collect());
    for (place, value) in rows.varied.values.iter().enumerate() {
        let word = |column| answers.get(&vec![place, column]).map_or("", |answer| answer.word).to_owned();
        let row = (0..columns.varied.values.len()).map(word);
        cells.push(std::iter::once(value.to_string()).chain(row).collect());
    }
    let widths: Vec<usize> = (0..cells[0].len())
        .map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let width: usize = widths.iter().map(|width| width + 2).sum::<usize>() + 4;
    if width > WIDEST_TABLE {
        return None;
    }
    let mut text = format!("    {:1$}  {2}\n", "", widths[0], columns.varied.field);
    for row in cells {
        let line = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).join("  ");
        let _ = writeln!(text, "    {}", line.trim_end());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Way;
    use super::*;
    use crate::manifest::Varied;

    fn axis(text: &str) -> Axis {
        Axis {
            varied: Varied::of_flag(text).expect("a field"),
            way: Way::Each,
            object: String::new(),
            path: String::new(),
            file: String::new(),
        }
    }

    fn answers(words: &[(&[usize], &'static str)]) -> Answers {
        let answer = |word: &'static str| Answer { word, why: String::new(), sort: Sort::Safe };
        words.iter().map(|(point, word)| (point.to_vec(), answer(word))).collect()
    }

    fn told(axes: &[Axis], words: &[(&[usize], &'static str)]) -> String {
        intent(axes, &("a".into(), None), &answers(words))
    }

    #[test]
    fn one_field_is_told_in_ranges() {
        let axes = [axis("web spec.replicas=1..4")];
        let words: [(&[usize], _); 4] = [(&[0], "holds"), (&[1], "holds"), (&[2], "violated"), (&[3], "holds")];
        assert_eq!(told(&axes, &words), "a\n    holds for spec.replicas 1..2, 4\n    violated for spec.replicas 3\n");
        let same: [(&[usize], _); 2] = [(&[0], "holds"), (&[1], "holds")];
        assert_eq!(told(&axes, &same), "a\n    holds for every value\n");
        let refused = [(vec![1], "too few".to_owned()), (vec![2], "too few".to_owned())].into_iter().collect();
        let map = Map { refused, ..Map::default() };
        assert_eq!(refusals(&axes, &map), "refused for spec.replicas 2..3: too few\n");
    }

    #[test]
    fn two_fields_are_a_table_unless_it_is_wide() {
        let words: [(&[usize], _); 4] =
            [(&[0, 0], "holds"), (&[0, 1], "violated"), (&[1, 0], "holds"), (&[1, 1], "holds")];
        let axes = [axis("web spec.a=1,2"), axis("web spec.b=x,y")];
        let table =
            "a\n            spec.b\n    spec.a  x      y\n    1       holds  violated\n    2       holds  holds\n";
        assert_eq!(told(&axes, &words), table);
        let wide = [axes[0].clone(), axis(&format!("web spec.b={},y", "x".repeat(200)))];
        let lines = told(&wide, &words);
        assert!(lines.contains("\n    spec.a 1: violated for spec.b y\n"), "{lines}");
    }
}
