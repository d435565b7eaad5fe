//! The built-in cases: `broken` is violated on a cluster no larger than `case.yaml` says, `fixed` holds or leaves a race
//! that passes and that it expects. That the
//! symbolic engines find violations of the same size takes minutes and is a test of its own. What the explicit engine says
//! is also a page of the gallery: with `KUBOUND_WRITE_PAGES=1` it is written.

#[path = "gallery/page.rs"]
mod page;
#[path = "gallery/ways.rs"]
mod ways;

use kubound::cases;
use kubound::engines::Cancel;
use kubound::engines::explicit;
use kubound::engines::symbolic;
use kubound::manifest::{self, AskedTiming, ExpectedVerdict, Loaded};
use kubound::report::document::Document;
use kubound::search::{EngineChoice, Findings, Options, Silent, Verdict, verify};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case)
}

/// Decides a variant.
fn decide(case: &str, variant: &str, engine: EngineChoice) -> (Loaded, Findings) {
    // Relative to the root of the project, where tests run, as people would write it.
    let path = Path::new("cases").join(case).join(variant);
    let loaded = manifest::load(&[path], None).expect("a readable case");
    // Generous, so that no verdict depends on how busy the machine is.
    let time = Duration::from_secs(400);
    let both = loaded.timing == AskedTiming::Both;
    let depth = loaded.depth;
    let options = Options { engine, depth, timeout: time, minimise: time, beside: time, both, ..Options::default() };
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("a case that can be modelled");
    (loaded, findings.expect("no fault"))
}

/// Nodes and pods of the smallest violation.
fn size(case: &str, findings: &Findings) -> (i64, i64) {
    assert_eq!(findings.results.len(), 1, "{case}");
    match &findings.results[0].verdict {
        Verdict::Violated(found) => {
            assert!(found.minimised, "{case} is not minimised");
            (found.nodes, found.pods)
        }
        other => panic!("{case}: {other:?}"),
    }
}

fn smallest(case: &str, engine: EngineChoice) -> (i64, i64) {
    size(case, &decide(case, "broken", engine).1)
}

/// Controllers that no run names: one has answers for others only, one acts under the names of rules files.
const SILENT: &[&str] = &["disruption-controller", "custom-controller"];

fn check_case(case: &str) {
    let broken = decide(case, "broken", EngineChoice::Only(&explicit::REGISTRATION));
    let explicit = size(case, &broken.1);
    let known = cases::find(case).expect("a case that is compiled in");
    assert!(explicit <= known.about().smallest, "{case}: {explicit:?} is larger than stated");
    let fixed = decide(case, "fixed", EngineChoice::Only(&explicit::REGISTRATION));
    for result in &fixed.1.results {
        // A fix may leave a race that passes, if the case says so.
        let is_race = fixed.0.expect.get(&result.intent) == Some(&ExpectedVerdict::Race);
        let as_expected = match result.verdict {
            Verdict::Holds { .. } => !is_race,
            Verdict::Race(_) => is_race,
            _ => false,
        };
        assert!(as_expected, "{case}: {:?}", result.verdict);
        assert!(!result.fired.is_empty(), "{case}: nothing happened");
    }
    for found in
        Document::new(&broken.0, &broken.1, 1, String::new()).results.iter().filter_map(|one| one.violation.as_ref())
    {
        let waits = found.scene.as_ref().map_or(0, |scene| scene.waits.len());
        assert!(found.ending != "stays" || waits > 0, "{case}: a stuck run that waits for nothing");
    }
    let report = page::report(&broken.0, &broken.1);
    for name in &known.about().controllers {
        let is_seen = report.contains(name) || SILENT.contains(name);
        assert!(is_seen, "{case}: {name} has no part in the run");
    }
    page::write(case, &page::render(known, &broken, &fixed));
}

macro_rules! cases {
    ($($case:ident),*) => {
        /// The names of all cases.
        const CASES: &[&str] = &[$(stringify!($case)),*];

        $(#[test] fn $case() { check_case(stringify!($case)); })*

        #[test]
        fn every_case_is_tested() {
            let mut found: Vec<String> = std::fs::read_dir(folder("."))
                .expect("the cases")
                .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
                .collect();
            found.sort();
            assert_eq!(found, [$(stringify!($case)),*]);
            page::write("index", &page::index());
        }
    };
}

fn check_symbolic(cases: &[&str]) {
    for case in cases {
        assert_eq!(
            smallest(case, EngineChoice::Only(&symbolic::REGISTRATION)),
            smallest(case, EngineChoice::Only(&explicit::REGISTRATION)),
            "{case}"
        );
    }
}

#[test]
fn symbolic_engines_agree_on_the_smallest_violations() {
    check_symbolic(&["c1", "c2", "c5", "c6", "c7", "c8", "c12", "c13"]);
}

#[test]
#[ignore = "takes minutes: all smaller sizes are refuted depth by depth"]
fn symbolic_engines_agree_on_deep_violations() {
    check_symbolic(&["c3", "c4"]);
}

cases!(
    c1, c10, c100, c101, c11, c12, c13, c15, c16, c17, c18, c2, c20, c21, c22, c23, c3, c30, c31, c32, c33, c34, c35,
    c4, c40, c41, c43, c44, c45, c46, c5, c50, c51, c52, c53, c54, c6, c60, c61, c62, c63, c64, c65, c66, c67, c68, c7,
    c70, c71, c72, c8, c80, c81, c82, c83, c84, c85, c86, c87, c88, c89, c9, c90, c91, c92, c93, c94, c95, c96, c97,
    c98, c99
);
