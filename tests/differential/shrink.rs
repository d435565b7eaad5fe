//! Makes an input that fails smaller: parts are taken away, one at a time, while it still fails in the same way. Parts
//! are whatever the documents consist of, so that nothing has to be known of any kind.

use crate::input::Input;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Most inputs tried.
const MOST: usize = 4000;
/// Longest time for one input.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where a value is: file, document, and the way from there.
type Place = (usize, usize, Vec<Part>);

/// A step on the way to a value.
#[derive(Clone, Debug)]
enum Part {
    Key(String),
    Item(usize),
}

/// The smallest input found that still `fails`.
pub fn shrink(input: &Input, fails: impl Fn(&Input) -> bool) -> Input {
    let mut smallest = input.clone();
    let (mut tries, begin) = (0, Instant::now());
    loop {
        let mut is_smaller = false;
        let mut at = 0;
        // Candidates are listed anew after each success; those before the place were tried already.
        while let Some(candidate) = nth(&smallest, at) {
            tries += 1;
            if tries > MOST || begin.elapsed() > PATIENCE {
                return smallest;
            }
            if candidate != smallest && fails(&candidate) {
                smallest = candidate;
                is_smaller = true;
            } else {
                at += 1;
            }
        }
        if !is_smaller {
            return smallest;
        }
    }
}

/// The candidate with this number: first without a document, then with a part less, large parts first.
fn nth(input: &Input, number: usize) -> Option<Input> {
    let documents: Vec<(usize, usize)> = (0..input.files.len())
        .flat_map(|file| (0..input.files[file].1.len()).map(move |document| (file, document)))
        .collect();
    if let Some(&(file, document)) = documents.get(number) {
        let mut copy = input.clone();
        copy.files[file].1.remove(document);
        if copy.files[file].1.is_empty() && file > 1 {
            copy.files.remove(file);
        }
        return Some(copy);
    }
    let mut changes = Vec::new();
    for (file, document) in documents {
        collect(&input.files[file].1[document], &mut (file, document, Vec::new()), &mut changes);
    }
    let (place, change) = changes.into_iter().nth(number - count(input))?;
    let mut copy = input.clone();
    apply(&mut copy, &place, change);
    Some(copy)
}

fn count(input: &Input) -> usize {
    input.files.iter().map(|(_, documents)| documents.len()).sum()
}

/// What may become of a value.
enum Change {
    Gone,
    Becomes(Value),
}

fn collect(value: &Value, place: &mut Place, changes: &mut Vec<(Place, Change)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                place.2.push(Part::Key(key.clone()));
                changes.push((place.clone(), Change::Gone));
                collect(inner, place, changes);
                place.2.pop();
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                place.2.push(Part::Item(index));
                changes.push((place.clone(), Change::Gone));
                collect(inner, place, changes);
                place.2.pop();
            }
        }
        Value::Number(number) => {
            if let Some(number) = number.as_i64().filter(|&number| number > 0) {
                changes.extend([0, 1, number - 1].map(|less| (place.clone(), Change::Becomes(less.into()))));
            }
        }
        Value::String(text) => {
            if let Some((low, high)) = text.split_once("..") {
                let high = high.split('/').next().unwrap_or(high);
                for end in [low, high] {
                    let end = end.parse::<i64>().map_or(Value::from(end), Value::from);
                    changes.push((place.clone(), Change::Becomes(end)));
                }
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

fn apply(input: &mut Input, (file, document, way): &Place, change: Change) {
    let Some((last, before)) = way.split_last() else { return };
    let mut value = &mut input.files[*file].1[*document];
    for part in before {
        value = match part {
            Part::Key(key) => &mut value[key.as_str()],
            Part::Item(index) => &mut value[*index],
        };
    }
    match (last, change, value) {
        (Part::Key(key), Change::Gone, Value::Object(map)) => drop(map.remove(key)),
        (Part::Item(index), Change::Gone, Value::Array(items)) => drop(items.remove(*index)),
        (Part::Key(key), Change::Becomes(new), value) => value[key.as_str()] = new,
        (Part::Item(index), Change::Becomes(new), value) => value[*index] = new,
        _ => {}
    }
}
