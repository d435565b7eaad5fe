//! What is needed to see a contradiction between engines again: a folder with the input as it was read, the command, the
//! versions and both answers.

use crate::manifest::Loaded;
use crate::smt;
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Writes the folder, beside other temporary files, and names it.
pub fn write(loaded: &Loaded, arguments: &[String], fault: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("kubound-contradiction-{}", std::process::id()));
    write_to(&folder, loaded, arguments, fault)?;
    Ok(folder)
}

fn write_to(folder: &Path, loaded: &Loaded, arguments: &[String], fault: &str) -> io::Result<()> {
    let files: BTreeMap<&str, &str> = loaded.sources.files().collect();
    let parents: Vec<&Path> = files.keys().filter_map(|file| Path::new(file).parent()).collect();
    let common = common_ancestor(&parents);
    for (file, text) in files {
        let place = folder.join("input").join(inside(file, &common));
        std::fs::create_dir_all(place.parent().unwrap_or(folder))?;
        std::fs::write(place, text)?;
    }
    let command = arguments.join(" ");
    let told = format!(
        "Kubound {}, {}\n\nCommand: {command}\n\n{fault}\n\nTo see it again: the same command on the folder `input`.\n",
        env!("CARGO_PKG_VERSION"),
        smt::versions()
    );
    std::fs::write(folder.join("README.txt"), told)
}

/// The longest path that all begin with.
fn common_ancestor(paths: &[&Path]) -> PathBuf {
    let Some((first, rest)) = paths.split_first() else { return PathBuf::new() };
    let shared = |path: &PathBuf| rest.iter().all(|other| other.starts_with(path));
    first.ancestors().map(Path::to_path_buf).find(shared).unwrap_or_default()
}

/// A path below the folder of the input, whatever the file is called.
fn inside(file: &str, common: &Path) -> PathBuf {
    let file = match file {
        "<stdin>" => Path::new("stdin.yaml"),
        file => Path::new(file),
    };
    let below = file.strip_prefix(common).unwrap_or(file);
    let named: PathBuf = below.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    if named.as_os_str().is_empty() { PathBuf::from("input.yaml") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    #[test]
    fn what_is_written_can_be_read_again() {
        let case = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/c8/broken");
        let loaded = manifest::load(&[case], None).expect("the case can be read");
        let folder = std::env::temp_dir().join(format!("kubound-dump-test-{}", std::process::id()));
        let arguments = ["kubound".to_owned(), "verify".to_owned()];
        write_to(&folder, &loaded, &arguments, "explicit and symbolic contradict each other").expect("written");
        let again = manifest::load(&[folder.join("input")], None).expect("the copy can be read");
        assert_eq!(again.cluster, loaded.cluster);
        let told = std::fs::read_to_string(folder.join("README.txt")).expect("a text");
        assert!(told.contains("kubound verify") && told.contains("contradict each other"));
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn files_stay_inside() {
        let common = common_ancestor(&[Path::new("a/b"), Path::new("a/b/c"), Path::new("a/d")]);
        assert_eq!(common, Path::new("a"));
        assert_eq!(inside("a/b/x.yaml", &common), Path::new("b/x.yaml"));
        assert_eq!(inside("../../etc/x.yaml", Path::new("q")), Path::new("etc/x.yaml"));
        assert_eq!(inside("<stdin>", Path::new("")), Path::new("stdin.yaml"));
    }
}
