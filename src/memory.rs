//! How much memory a process has taken, and how much it may take.

use std::fmt::Display;
use std::path::Path;

/// The most memory that a process (`self` or a number) ever had, in KiB, where the system tells.
pub fn peak_kibibytes(process: impl Display) -> Option<u64> {
    status(process, "VmHWM:")
}

/// The memory that this process has now, in bytes, where the system tells.
pub fn resident_bytes() -> Option<u64> {
    status("self", "VmRSS:").map(|kibibytes| kibibytes << 10)
}

fn status(process: impl Display, field: &str) -> Option<u64> {
    kibibytes(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?, field)
}

/// The number of a line such as `VmRSS:    1234 kB`.
fn kibibytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The memory that the machine has, or that the control groups of this process allow if that is less, in bytes; nothing
/// where the system does not tell.
pub fn allowed_bytes() -> Option<u64> {
    allowed(|file| std::fs::read_to_string(file).ok())
}

fn allowed(read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let machine = read("/proc/meminfo").and_then(|text| kibibytes(&text, "MemTotal:")).map(|kibibytes| kibibytes << 10);
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    // `0::/path` in version 2, `5:memory:/path` in version 1.
    let group = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        // What a group allows, it shares with the groups inside. In a container the path may be one of the host.
        let limits = Path::new(path).ancestors().filter_map(|folder| {
            let folder = folder.to_str()?.trim_end_matches('/');
            read(&format!("{root}{folder}/{file}"))?.trim().parse().ok()
        });
        limits.min()
    };
    groups.lines().filter_map(group).chain(machine).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIBIBYTE: u64 = 1 << 30;

    fn allowed_by(files: &[(&str, &str)]) -> Option<u64> {
        allowed(|wanted| files.iter().find(|(file, _)| *file == wanted).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn the_least_of_machine_and_groups_counts() {
        let machine = ("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
        assert_eq!(allowed_by(&[]), None);
        assert_eq!(allowed_by(&[machine]), Some(16 * GIBIBYTE));
        let second = ("/proc/self/cgroup", "0::/work/pod\n");
        assert_eq!(allowed_by(&[machine, second]), Some(16 * GIBIBYTE));
        let none = ("/sys/fs/cgroup/work/pod/memory.max", "max\n");
        let outer = ("/sys/fs/cgroup/work/memory.max", "4294967296\n");
        assert_eq!(allowed_by(&[machine, second, none, outer]), Some(4 * GIBIBYTE));
        let root = ("/sys/fs/cgroup/memory.max", "2147483648\n");
        assert_eq!(allowed_by(&[machine, second, root]), Some(2 * GIBIBYTE));
        let first = ("/proc/self/cgroup", "7:cpu,cpuacct:/a\n5:memory:/a\n");
        let limit = ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
        assert_eq!(allowed_by(&[machine, first, limit]), Some(GIBIBYTE));
        let unlimited = ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(allowed_by(&[machine, first, unlimited]), Some(16 * GIBIBYTE));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_some_memory_of_that_of_the_machine() {
        let (has, may) = (resident_bytes().expect("told"), allowed_bytes().expect("told"));
        assert!(has > 1 << 20 && has < may, "{has} of {may}");
    }
}
