//! Tables and the page of all axes.

use crate::axes::Axis;
use crate::growth::law;
use crate::plot;
use crate::point::{DEPTH, Point};
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;

/// The points of each engine.
pub type Curves = Vec<(&'static str, Vec<Point>)>;

/// One axis: table and laws.
pub fn section(axis: &Axis, curves: &Curves) -> String {
    let mut text = format!("\n## {}\n\n{}\n\n", axis.name, axis.what);
    let _ = writeln!(
        text,
        "| {} | engine | verdict | states or clauses | assemble s | encode s | solve s | MiB |",
        axis.unit
    );
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    for (engine, points) in curves {
        for point in points {
            let Point { size, verdict, assemble, encode, solve, work, mebibytes } = point;
            let _ = writeln!(
                text,
                "| {size} | {engine} | {verdict} | {work} | {assemble:.2} | {encode:.2} | {solve:.2} | {mebibytes} |"
            );
        }
    }
    text.push('\n');
    for (engine, points) in curves {
        let ended: Vec<&Point> = points.iter().filter(|point| point.verdict != "unknown").collect();
        let along = |value: fn(&Point) -> f64| -> Vec<(f64, f64)> {
            ended.iter().map(|point| (f64::from(point.size), value(point))).collect()
        };
        let work = if *engine == "explicit" { "number of states" } else { "number of clauses" };
        let _ = writeln!(
            text,
            "* {engine}: the {work} {}; the time {}.",
            law(&along(|point| point.work as f64)),
            law(&along(Point::seconds))
        );
    }
    text
}

/// The whole page and a plot for each axis beside it, in `images/`.
pub fn write(file: &Path, measured: &[(&Axis, Curves)], seconds: u64) -> Result<()> {
    let mut text = format!(
        "# Scaling\n\nHow cost grows, one axis at a time; written by `cargo bench --bench scale -- --write \
         docs/src/scaling.md`. Each point is a process of its own and has {seconds} s; a curve ends with the first point \
         that needs more (*unknown*). `explicit` searches to the fixpoint; `symbolic` (CaDiCaL) asks whether there is a loop \
         within {DEPTH} steps, for all sizes alike. Laws are fitted to all points that ended: \"power\" is the exponent of the \
         size, \"factor\" is what one unit more multiplies by, whichever fits better.\n"
    );
    let images = file.parent().unwrap_or(Path::new(".")).join("images");
    std::fs::create_dir_all(&images)?;
    for (axis, curves) in measured {
        text.push_str(&section(axis, curves));
        let name = format!("scale-{}.svg", axis.name);
        plot::draw(&images.join(&name), axis, curves)?;
        let _ = write!(text, "\n![seconds by {}](images/{name})\n", axis.unit);
    }
    // What the bench of whole clusters has written stays.
    let former = std::fs::read_to_string(file).unwrap_or_default();
    if let Some(at) = former.find("\n## Whole clusters\n") {
        text.push_str(&former[at..]);
    }
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
