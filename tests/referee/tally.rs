//! What came out of all trials, as a table.

use crate::ask::Answer;
use crate::trial::Record;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Result, Write};
use std::path::Path;

/// Questions in the order of the table.
const QUESTIONS: [&str; 4] = ["start", "event", "second event", "forever"];

/// Adds a record to a file of them.
pub fn add(path: &Path, record: &Record) -> Result<()> {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
    writeln!(file, "{}", serde_json::to_string(record)?)
}

/// The records of a file; the last one of each seed and profile counts.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let mut records = BTreeMap::new();
    for line in fs::read_to_string(path)?.lines() {
        let record: Record = serde_json::from_str(line)?;
        records.insert((record.profile.clone(), record.seed), record);
    }
    Ok(records.into_values().collect())
}

/// A table of profiles.
pub fn table(records: &[Record]) -> String {
    let mut text = "| profile | seeds | clusters | start | event | second event | forever | undecided | never quiet or drained | moved pod excluded | recordings followed | actions followed |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let mut profiles: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        profiles.entry(&record.profile).or_default().push(record);
    }
    for (profile, records) in profiles {
        text += &row(profile, &records);
    }
    text + &row("all", &records.iter().collect::<Vec<_>>())
}

fn row(profile: &str, records: &[&Record]) -> String {
    let answers =
        |question: &str| -> Vec<&Answer> { records.iter().filter_map(|one| one.answers.get(question)).collect() };
    let mut cells = Vec::new();
    let mut undecided = 0;
    for question in QUESTIONS {
        let all = answers(question);
        let open = all.iter().filter(|answer| matches!(answer, Answer::Undecided)).count();
        let agree = all.iter().filter(|answer| matches!(answer, Answer::Can)).count();
        undecided += open;
        cells.push(if all.is_empty() { String::new() } else { format!("{agree}/{}", all.len() - open) });
    }
    let moved = answers("moved");
    let excluded = moved.iter().filter(|answer| matches!(answer, Answer::Cannot | Answer::OnlyInterleaved)).count();
    let followed: Vec<_> = records.iter().filter_map(|one| one.followed.as_ref()).collect();
    let whole = followed.iter().filter(|one| one.error.is_none() && one.matched == one.actions).count();
    let actions: i64 = followed.iter().map(|one| one.actions).sum();
    let matched: i64 = followed.iter().map(|one| one.matched).sum();
    let seeds = records.iter().map(|one| one.seed);
    let seeds = match (seeds.clone().min(), seeds.max()) {
        (Some(first), Some(last)) if profile != "all" => format!("{first} to {last}"),
        _ => String::new(),
    };
    let notes = records.iter().filter(|one| one.note.is_some()).count();
    format!(
        "| {profile} | {seeds} | {} | {} | {undecided} | {notes} | {excluded}/{} | {whole}/{} | {matched}/{actions} |\n",
        records.len(),
        cells.join(" | "),
        moved.len(),
        followed.len()
    )
}
