//! The archive that `scripts/archive` packs: it runs wherever it is unpacked, and with its own libraries.

use std::path::{Path, PathBuf};
use std::process::Command;

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// An empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

#[test]
fn it_runs_where_it_is_unpacked_with_its_own_libraries() {
    let (packed, moved) = (folder("packed"), folder("moved"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/archive");
    let told = run(Command::new(script).arg(&packed).env("KUBOUND_BINARY", env!("CARGO_BIN_EXE_kubound")));
    let archive = told.trim_end();
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&moved).args(["--strip-components", "1"]));
    std::fs::remove_dir_all(packed).expect("removed");
    let kubound = moved.join("bin/kubectl-kubound");
    let loaded = run(Command::new(&kubound).env_clear().env("LD_TRACE_LOADED_OBJECTS", "1"));
    for library in ["libz3.so", "libstdc++.so"] {
        let line = loaded.lines().find(|line| line.contains(library)).expect("it is linked");
        assert!(line.contains(&*moved.join("bin/../lib").to_string_lossy()), "{line}");
    }
    let verified = run(Command::new(&kubound).env_clear().args(["cases", "run", "c8/fixed"]));
    assert!(verified.contains("holds"), "{verified}");
    assert!(moved.join("share/man/man1/kubound-verify.1").exists());
}
