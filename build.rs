//! Lists the folders of `cases/`, so that the binary carries them all without a list kept by hand.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("cases");
    println!("cargo:rerun-if-changed=cases");
    if std::env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        // A binary that is moved together with its Z3 finds it: `scripts/archive` puts them side by side.
        println!("cargo:rustc-link-arg-bins=-Wl,-rpath,$ORIGIN/../lib");
    }
    let mut code = String::from("static CASES: &[Case] = &[\n");
    let mut cases = entries(&root, Path::is_dir)?;
    // c2 before c10.
    cases.sort_by_key(|case| case.as_os_str().len());
    for case in cases {
        let about = case.join("case.yaml");
        writeln!(code, "    Case {{ name: {:?}, text: include_str!({about:?}), variants: &[", name(&case)?)?;
        for variant in entries(&case, Path::is_dir)? {
            writeln!(code, "        Variant {{ name: {:?}, files: &[", name(&variant)?)?;
            for file in entries(&variant, Path::is_file)? {
                writeln!(code, "            ({:?}, include_str!({file:?})),", name(&file)?)?;
            }
            writeln!(code, "        ] }},")?;
        }
        writeln!(code, "    ] }},")?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("cases.rs"), code)?;
    Ok(())
}

/// The entries of a folder that satisfy `keep`, sorted; hidden ones are left out.
fn entries(folder: &Path, keep: fn(&Path) -> bool) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if keep(&path) && !name(&path)?.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> Result<&str, Box<dyn Error>> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| format!("{}: not a readable name", path.display()).into())
}
