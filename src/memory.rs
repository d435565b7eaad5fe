//! How much memory a process has taken.

use std::fmt::Display;

/// The most memory that a process (`self` or a number) ever had, in KiB, where the system tells.
pub fn peak_kibibytes(process: impl Display) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
