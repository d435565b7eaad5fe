//! Differences of texts as patches.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};
use std::fmt::Write as _;

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// A unified patch of one file; what changes with few lines between is one stretch.
pub fn unified(file: &str, before: &str, after: &str) -> String {
    // Lines with their ends.
    let [old, new] = [before, after].map(|text| text.split_inclusive('\n').collect::<Vec<&str>>());
    let mut out = format!("--- {file}\n+++ {file}\n");
    for stretch in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), AROUND) {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
        let gone = first.old_range().start..last.old_range().end;
        let came = first.new_range().start..last.new_range().end;
        let _ = writeln!(out, "@@ -{} +{} @@", place(&gone), place(&came));
        let mut line = |sign: char, line: &str| {
            let _ = write!(out, "{sign}{line}");
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        };
        let (lead, tail) = (equal(first), equal(last));
        old[gone.start..gone.start + lead].iter().for_each(|one| line(' ', one));
        old[gone.start + lead..gone.end - tail].iter().for_each(|one| line('-', one));
        new[came.start + lead..came.end - tail].iter().for_each(|one| line('+', one));
        old[gone.end - tail..gone.end].iter().for_each(|one| line(' ', one));
    }
    out
}

/// The first line and how many there are, as patches count them.
fn place(lines: &std::ops::Range<usize>) -> String {
    let first = if lines.is_empty() { lines.start } else { lines.start + 1 };
    format!("{first},{}", lines.len())
}

/// How many lines are the same, if all are.
fn equal(op: &DiffOp) -> usize {
    if let DiffOp::Equal { len, .. } = op { *len } else { 0 }
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
