//! Differences of texts as patches.

use std::fmt::Write as _;

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// A unified patch of one file, with the changed lines as one stretch.
pub fn unified(file: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(before), lines(after));
    let mut out = format!("--- {file}\n+++ {file}\n");
    let mut offset = 0_isize;
    for Hunk { at, gone, came } in hunks(&old, &new) {
        let first = at.saturating_sub(AROUND);
        let last = (at + gone + AROUND).min(old.len());
        let start = |first: usize, count: usize| if count == 0 { first } else { first + 1 };
        let (count_old, count_new) = (last - first, last - first - gone + came.len());
        let first_new = first.checked_add_signed(offset).unwrap_or_default();
        let place = (start(first, count_old), start(first_new, count_new));
        let _ = writeln!(out, "@@ -{},{count_old} +{},{count_new} @@", place.0, place.1);
        let mut line = |sign: char, line: &str| {
            let _ = write!(out, "{sign}{line}");
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        };
        old[first..at].iter().for_each(|one| line(' ', one));
        old[at..at + gone].iter().for_each(|one| line('-', one));
        came.iter().for_each(|one| line('+', one));
        old[at + gone..last].iter().for_each(|one| line(' ', one));
        offset += isize::try_from(came.len()).unwrap_or_default() - isize::try_from(gone).unwrap_or_default();
    }
    out
}

/// Lines with their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Lines that others take the place of.
struct Hunk<'a> {
    at: usize,
    gone: usize,
    came: Vec<&'a str>,
}

/// The stretches that differ; those with too few lines between them are one.
fn hunks<'a>(old: &[&str], new: &[&'a str]) -> Vec<Hunk<'a>> {
    let common = longest_common(old, new);
    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut from, mut to) = (0, 0);
    for (next_old, next_new) in common.into_iter().chain([(old.len(), new.len())]) {
        if next_old > from || next_new > to {
            let (gone, came) = (next_old - from, new[to..next_new].to_vec());
            match hunks.last_mut().filter(|last| last.at + last.gone + 2 * AROUND >= from) {
                Some(last) => {
                    let between = from - last.at - last.gone;
                    last.came.extend(&new[to - between..next_new]);
                    last.gone += between + gone;
                }
                None => hunks.push(Hunk { at: from, gone, came }),
            }
        }
        (from, to) = (next_old + 1, next_new + 1);
    }
    hunks
}

/// Pairs of equal lines, as many as there can be in order: equal ends first, a table for what is between them.
fn longest_common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let head = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let rest = (&old[head..], &new[head..]);
    let tail = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(one, other)| one == other).count();
    let (a, b) = (&rest.0[..rest.0.len() - tail], &rest.1[..rest.1.len() - tail]);
    let mut length = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            length[i][j] = if a[i] == b[j] { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            pairs.push((head + i, head + j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs.extend((0..tail).map(|at| (old.len() - tail + at, new.len() - tail + at)));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_the_lines_around_a_change() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = before.replace("5\n", "five\n");
        let expected = "--- a.yaml\n+++ a.yaml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
        assert_eq!(unified("a.yaml", before, &after), expected);
    }

    #[test]
    fn changes_far_apart_are_two_stretches_and_near_ones_are_one() {
        let lines: Vec<String> = (1..=20).map(|line| format!("{line}\n")).collect();
        let before = lines.concat();
        let far = before.replace("2\n3\n", "2\nnew\n3\n").replace("19\n", "");
        let patch = unified("a", &before, &far);
        assert_eq!(patch.matches("@@ -").count(), 2, "{patch}");
        assert!(patch.contains("@@ -1,5 +1,6 @@") && patch.contains("@@ -16,5 +17,4 @@"), "{patch}");
        let near = before.replace("\n3\n", "\nthree\n").replace("\n6\n", "\nsix\n");
        let patch = unified("a", &before, &near);
        assert!(patch.contains("-3\n-4\n-5\n-6\n+three\n+4\n+5\n+six\n"), "{patch}");
    }

    #[test]
    fn a_last_line_without_an_end_is_told() {
        let patch = unified("a", "1\n2", "1\n2\n3\n");
        assert_eq!(patch, "--- a\n+++ a\n@@ -1,2 +1,3 @@\n 1\n-2\n\\ No newline at end of file\n+2\n+3\n");
    }
}
