//! The structure that `docs/ARCHITECTURE.md` draws: which folder may import which, which files name a foreign crate, and
//! that files do not import each other in large circles.

#[path = "layers/imports.rs"]
mod imports;

use imports::{Arrows, Sources, circles};
use std::collections::BTreeSet;
use std::path::Path;

/// Most files that may import each other in a circle.
const LARGEST_CIRCLE: usize = 3;

/// A part of the sources, and the parts that it may import (its tests may too), in order from the ground up: no part may
/// import one that comes later.
const PARTS: &[(&str, &[&str])] = &[
    ("encodings/src/limits.rs", &[]),
    ("encodings/src/subject.rs", &[]),
    ("encodings/src/stop.rs", &[]),
    ("encodings/src/plural.rs", &[]),
    ("encodings/src/term", &["encodings/src/limits.rs", "encodings/src/stop.rs", "encodings/src/subject.rs"]),
    ("encodings/src/system", &["encodings/src/subject.rs", "encodings/src/term"]),
    ("encodings/src/explanation.rs", &[]),
    ("encodings/src/cluster", &["encodings/src/"]),
    ("encodings/src/needs.rs", &["encodings/src/cluster"]),
    ("encodings/src/footprint.rs", &[]),
    ("encodings/src/footprint.rs", &["encodings/src/"]),
    ("encodings/src/state", &["encodings/src/"]),
    ("encodings/src/scene.rs", &["encodings/src/"]),
    ("encodings/src/controllers", &["encodings/src/"]),
    ("encodings/src/events", &["encodings/src/"]),
    ("encodings/src/intents", &["encodings/src/"]),
    ("encodings/src/kinds.rs", &["encodings/src/"]),
    ("encodings/src/faults", &["encodings/src/"]),
    ("encodings/src/assemble.rs", &["encodings/src/"]),
    ("engines/src/limits", &["encodings/src/limits.rs", "encodings/src/stop.rs"]),
    ("engines/src/testing.rs", SYSTEMS),
    ("engines/src/passes", SYSTEMS),
    ("engines/src/trace", SYSTEMS),
    ("engines/src/smt", SYSTEMS),
    ("engines/src/engines", SYSTEMS),
    ("src/memory.rs", &[]),
    ("src/text.rs", &["encodings/src/plural.rs"]),
    ("src/export", SYSTEMS),
    (
        "src/search",
        &[
            "encodings/src/",
            "engines/src/engines",
            "engines/src/limits",
            "engines/src/passes",
            "engines/src/smt",
            "engines/src/testing.rs",
            "engines/src/trace",
        ],
    ),
    ("src/manifest", &["encodings/src/", "engines/src/limits"]),
    ("src/cases.rs", &["encodings/src/", "src/manifest"]),
    ("src/explain", &["encodings/src/", "src/cases.rs", "engines/src/limits", "src/manifest", "src/text.rs"]),
    ("src/repair", &["encodings/src/system", "engines/src/limits", "src/manifest"]),
    ("src/vary", &["encodings/src/cluster", "engines/src/limits", "src/manifest", "src/repair", "src/text.rs"]),
    ("src/report", &["encodings/src/", "engines/src/", "src/"]),
    ("src/shards", &["encodings/src/cluster", "engines/src/limits", "src/manifest", "src/report", "src/search"]),
    ("src/snapshot", &["encodings/src/cluster", "src/manifest", "encodings/src/plural.rs", "src/text.rs"]),
    (
        "src/reproduce",
        &["encodings/src/", "engines/src/engines", "src/manifest", "src/report", "src/text.rs", "engines/src/trace"],
    ),
    (
        "src/conform",
        &["encodings/src/", "engines/src/engines", "engines/src/limits", "src/report", "engines/src/trace"],
    ),
    ("src/cli", &["encodings/src/", "engines/src/", "src/"]),
];

/// What parts may import that work on systems and know nothing of Kubernetes.
const SYSTEMS: &[&str] = &[
    "encodings/src/stop.rs",
    "encodings/src/subject.rs",
    "encodings/src/system",
    "encodings/src/term",
    "engines/src/engines",
    "engines/src/limits",
    "engines/src/passes",
    "encodings/src/plural.rs",
    "engines/src/smt",
    "engines/src/testing.rs",
    "engines/src/trace",
];

/// Crates and modules of the standard library that only some files may name.
const RESERVED: &[(&str, &[&str])] = &[
    ("z3", &["engines/src/smt/z3/"]),
    ("cadical_sys", &["engines/src/smt/cadical.rs"]),
    ("saphyr_parser", &["src/manifest/yaml/reader.rs"]),
    ("cel", &["src/manifest/formula/"]),
    ("ignore", &["src/manifest/search.rs"]),
    (
        "std::fs",
        &[
            "src/cli/",
            "src/manifest/",
            "src/memory.rs",
            "src/report/",
            "src/search/driver.rs",
            "engines/src/smt/drat.rs",
        ],
    ),
    ("std::thread", &["src/cli/", "engines/src/engines/", "src/search/", "engines/src/smt/"]),
    ("rayon", &["src/cli/", "engines/src/engines/explicit/"]),
    ("clap", &["src/cli/"]),
];

fn sources() -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Sources::read(
        root,
        &[("kubound_encodings", "encodings/src"), ("kubound_engines", "engines/src"), ("kubound", "src")],
    )
}

/// The part that a file belongs to, by its number.
fn part(file: &str) -> Option<usize> {
    PARTS
        .iter()
        .position(|(part, _)| file.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[test]
fn no_circle_of_imports_is_large() {
    let arrows = sources().arrows(false);
    assert!(
        arrows.len() > 300 && arrows.values().map(BTreeSet::len).sum::<usize>() > 1500,
        "the sources were not read"
    );
    let large: Vec<_> = circles(&arrows).into_iter().filter(|circle| circle.len() > LARGEST_CIRCLE).collect();
    assert!(large.is_empty(), "files that import each other:\n{}", told(&large, &arrows));
}

fn told(circles: &[Vec<String>], arrows: &Arrows) -> String {
    let lines = circles.iter().flat_map(|circle| {
        circle.iter().map(|file| {
            let others = arrows[file].iter().filter(|other| circle.contains(other)).map(String::as_str);
            format!("{file} imports {}\n", others.collect::<Vec<_>>().join(", "))
        })
    });
    lines.collect()
}

#[test]
fn every_part_imports_only_what_is_below_it() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (file, others) in sources().arrows(true) {
        let Some(own) = part(&file) else {
            assert!(
                ["src/lib.rs", "encodings/src/lib.rs", "engines/src/lib.rs"].contains(&file.as_str()),
                "{file} belongs to no part"
            );
            continue;
        };
        for other in others {
            let Some(its) = part(&other).filter(|&its| its != own) else { continue };
            let allowed = PARTS[own].1.iter().any(|allowed| other.starts_with(allowed));
            if its > own || !allowed {
                wrong.push(format!("{file} imports {other}"));
            }
            used.insert((own, its));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(used.len() > 60, "the sources were not read");
}

#[test]
fn foreign_crates_are_named_where_they_belong() {
    let sources = sources();
    let foreign = sources.foreign();
    for (name, places) in RESERVED {
        let names = |path: &String| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"));
        let files: Vec<&str> =
            foreign.iter().filter(|(_, paths)| paths.iter().any(names)).map(|(&file, _)| file).collect();
        assert!(!files.is_empty(), "nobody names {name}");
        for file in files {
            assert!(places.iter().any(|place| file.starts_with(place)), "{file} names {name}");
        }
    }
}

#[test]
fn limits_stand_in_their_table() {
    let sources = sources();
    let constants = sources.constants();
    assert!(constants.len() > 100, "the sources were not read");
    for (file, name, kind) in constants {
        let is_limit =
            kind == "Duration" || ["MOST_", "MAX_", "LARGEST_", "LONGEST_"].iter().any(|word| name.starts_with(word));
        let is_table = ["engines/src/limits/table.rs", "encodings/src/limits.rs"].contains(&file);
        assert!(!is_limit || is_table, "{file}: {name} belongs to the table of limits");
    }
}
