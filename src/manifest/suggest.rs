//! "Did you mean": the nearest of a set of names.

/// A sentence naming the nearest candidate, if one is near enough; else empty.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let limit = 1 + word.chars().count() / 4;
    candidates
        .into_iter()
        .map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// A suggestion if there is one, else the list of valid names.
pub fn nearest_or_list<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let suggestion = did_you_mean(word, candidates.clone());
    if !suggestion.is_empty() {
        return suggestion;
    }
    let names: Vec<_> = candidates.into_iter().collect();
    if names.is_empty() { String::new() } else { format!("valid here: {}", names.join(", ")) }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for row in 0..=from.len() {
        for column in 0..=to.len() {
            rows[row][column] = if row == 0 || column == 0 {
                row + column
            } else {
                let replaced = rows[row - 1][column - 1] + usize::from(from[row - 1] != to[column - 1]);
                let mut best = replaced.min(rows[row - 1][column] + 1).min(rows[row][column - 1] + 1);
                let swapped =
                    row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1];
                if swapped {
                    best = best.min(rows[row - 2][column - 2] + 1);
                }
                best
            };
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let names = ["noOscillation", "noOvershoot", "schedulable"];
        assert_eq!(did_you_mean("noOsillation", names), "did you mean `noOscillation`?");
        assert_eq!(did_you_mean("schedulabel", names), "did you mean `schedulable`?");
        assert_eq!(did_you_mean("banana", names), "");
        assert_eq!(nearest_or_list("banana", names), "valid here: noOscillation, noOvershoot, schedulable");
    }
}
