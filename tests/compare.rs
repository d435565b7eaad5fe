//! `kubound compare`: both sides, and another tool's answers beside them.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

fn compare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("compare")
        .args(arguments)
        .output()
        .expect("the command runs")
}

fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a file can be written");
    path.to_str().expect("a name in Unicode").to_owned()
}

fn rows(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a list of rows")
}

#[test]
fn both_engines_find_the_same_smallest_cluster() {
    let rows = rows(&compare(&["cases/c2/broken", "--solver", "cadical", "-o", "json"]));
    let sides: Vec<&str> = rows.iter().filter_map(|row| row["side"].as_str()).collect();
    assert_eq!(sides, ["explicit", "symbolic"]);
    for row in &rows {
        assert_eq!((row["verdict"].as_str(), row["case"].as_str()), (Some("violated"), Some("cases/c2/broken")));
        assert_eq!((row["nodes"].as_i64(), row["pods"].as_i64()), (Some(1), Some(2)), "{row}");
        assert_eq!(row["intent"], "replicas Deployment/default/web");
    }
    // Each side counts what it works with.
    assert!(rows[0]["states"].is_u64() && rows[0]["clauses"].is_null());
    assert!(rows[1]["clauses"].is_u64() && rows[1]["states"].is_null());
    if cfg!(target_os = "linux") {
        assert!(rows.iter().all(|row| row["mebibytes"].as_u64() > Some(0)));
    }
}

#[test]
fn what_one_side_proves_the_other_refutes_step_by_step() {
    let rows = rows(&compare(&["cases/c7/fixed", "--timeout", "3s", "-o", "json"]));
    assert_eq!(rows[0]["verdict"], "holds");
    assert!(["bounded", "unknown"].contains(&rows[1]["verdict"].as_str().unwrap_or_default()), "{}", rows[1]);
}

#[test]
fn answers_of_another_tool_stand_beside_ours() {
    let peer = file("spin.csv", "case,nodes,verdict,seconds\nc2/broken,1,error,12.5\nc99/broken,,none,\n");
    let output = compare(&["cases/c2/broken", "--timeout", "20s", "--against", &peer]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.trim_start().starts_with("spin")).expect("a row of the other tool");
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["spin", "error", "1", "-", "-", "-", "-", "12.50", "-"], "{text}");
    assert!(text.contains("about c99/broken belongs to no folder given"), "{text}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let wrong = file("wrong.csv", "case,verdict,nodes\nc2/broken,violated,many\n");
    for (arguments, told) in [
        (vec!["cases/c2/broken", "--against", &wrong], "the columns are case, verdict, nodes, pods, states, seconds"),
        (vec!["cases/c2/broken", "--against", "no-such.csv"], "no-such.csv"),
        (vec!["no-such-folder"], "no-such-folder"),
    ] {
        let output = compare(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(told), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
