//! How cost grows with nodes, pods, workloads and the values covered at once: `cargo bench --bench scale`, or
//! `cargo bench --bench scale -- workloads --seconds 20` for one axis; `--write docs/src/scaling.md` writes the page and its plots.
//!
//! Each point runs in a process of its own, so that peak memory is that of the point. Numbers of a loaded machine mean
//! little; this is no test.

mod axes;
mod growth;
mod page;
mod plot;
mod point;

use anyhow::{Context, Result, bail};
use axes::AXES;
use point::Point;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| {
        let index = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(index + 1).map(String::as_str)
    };
    let seconds: u64 = value("--seconds").unwrap_or("20").parse().context("--seconds")?;
    if let (Some(axis), Some(engine), Some(size)) = (value("--axis"), value("--engine"), value("--size")) {
        let point = point::measure(axis, engine, size.parse()?, Duration::from_secs(seconds))?;
        println!("{}", point.to_line());
        return Ok(());
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(()); // started by a test runner
    }
    let wanted = |name: &str| {
        let named = |argument: &String| AXES.iter().any(|axis| axis.name == argument);
        !arguments.iter().any(named) || arguments.iter().any(|argument| argument == name)
    };
    let mut measured = Vec::new();
    for axis in AXES.iter().filter(|axis| wanted(axis.name)) {
        let mut curves = Vec::new();
        for engine in axis.engines {
            curves.push((*engine, curve(axis, engine, seconds)?));
        }
        print!("{}", page::section(axis, &curves));
        measured.push((axis, curves));
    }
    match value("--write") {
        Some(file) => page::write(Path::new(file), &measured, seconds),
        None => Ok(()),
    }
}

/// All points of an axis by one engine, up to the first that does not end in time.
fn curve(axis: &axes::Axis, engine: &str, seconds: u64) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    for size in axis.sizes {
        let output = Command::new(std::env::current_exe()?)
            .args(["--axis", axis.name, "--engine", engine, "--size", &size.to_string()])
            .args(["--seconds", &seconds.to_string()])
            .output()?;
        if !output.status.success() {
            bail!("{} {engine} {size}: {}", axis.name, String::from_utf8_lossy(&output.stderr));
        }
        let point = Point::from_line(String::from_utf8_lossy(&output.stdout).trim())?;
        let is_open = point.verdict == "unknown";
        points.push(point);
        if is_open {
            break;
        }
    }
    Ok(points)
}
