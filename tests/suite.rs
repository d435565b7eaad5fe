//! Most tests, in one program: linking the solvers takes longer than running them. A new file of tests has its line here;
//! programs of their own have those that write pages (`cases`, `explain`, `fidelity`, `lockstep`), transcripts (`cli`) and
//! `differential`, which has its own settings. `cargo test --test suite proofs` runs those of one file.

mod clusters;
mod compare;
mod conform;
mod container_usage;
mod drat;
mod engines;
mod exceptions;
mod explicit;
mod exports;
mod fields;
mod fitting;
mod interchangeable;
mod interrupt;
mod kivi;
mod layers;
mod manifest;
mod merging;
mod named_metrics;
mod overlaps;
mod proofs;
mod random_systems;
mod ranges;
mod registry;
mod reports;
mod reports_html;
mod reproduce;
mod shards;
mod snapshot;
mod soundness;
mod toys;
mod toys_explicit;
mod vertical;
mod views;
mod walks;
mod words;
