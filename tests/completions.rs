//! What shells offer while a command line is written: the command is asked as they ask it.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

const KUBOUND: &str = env!("CARGO_BIN_EXE_kubound");

/// What may stand in the place of the last word, asked as the script for bash does.
fn offered(words: &[&str]) -> Vec<String> {
    let output = Command::new(KUBOUND)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n")
        .args(["--", "kubound"])
        .args(words)
        .output()
        .expect("it runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn every_subcommand_is_offered() {
    let help = Command::new(KUBOUND).arg("--help").output().expect("it runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let commands = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    let offered = offered(&[""]);
    for name in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(offered.iter().any(|one| one == name), "{name}: {offered:?}");
    }
}

#[test]
fn intents_are_those_of_the_scenario_on_the_line() {
    let clock = ["noOscillation", "boundedPods", "schedulable"];
    assert_eq!(offered(&["verify", "tests/fixtures/clock", "--intent", ""]), clock);
    assert_eq!(offered(&["verify", "tests/fixtures/clock", "--intent=b"]), ["--intent=boundedPods"]);
    for command in ["diff", "faults", "vary"] {
        assert_eq!(offered(&[command, "tests/fixtures/clock", "--intent", "sch"]), ["schedulable"], "{command}");
    }
    // Where nothing can be read, every kind of intent is offered.
    let all = offered(&["verify", "tests/fixtures/nothing", "--intent", ""]);
    assert!(all.contains(&"drainCompletes".to_owned()) && all.len() > clock.len(), "{all:?}");
}

#[test]
fn formats_ids_cases_engines_and_releases_are_offered() {
    assert_eq!(offered(&["verify", "-o", "j"]), ["json", "jsonl", "junit"]);
    assert_eq!(offered(&["verify", "--output", "json=READ"]), ["json=README.md"]);
    assert_eq!(offered(&["diff", "-o", "mark"]), ["markdown"]);
    assert_eq!(offered(&["explain", "noOsc"]), ["noOscillation"]);
    assert_eq!(offered(&["explain", "duplicate-k"]), ["duplicate-key"]);
    assert_eq!(offered(&["explain", "Deployment.spec.repl"]), ["Deployment.spec.replicas"]);
    for action in ["show", "run", "list"] {
        assert!(offered(&["cases", action, "c8"]).contains(&"c8".to_owned()), "{action}");
    }
    assert_eq!(offered(&["cases", "run", "c8/"]), ["c8/broken", "c8/fixed"]);
    assert_eq!(offered(&["cases", "list", "deschedul"]), ["descheduler"]);
    assert_eq!(offered(&["verify", "--engine", "p"]), ["portfolio", "proof"]);
    assert_eq!(offered(&["diff", "--to", "1.36"]), ["1.36"]);
    assert_eq!(offered(&["replay", "--color", "a"]), ["auto", "always"]);
    assert_eq!(offered(&["verify", "tests/fixtures/clo"]), ["tests/fixtures/clock/"]);
}

/// The script itself, in the shell that it is for.
#[test]
fn bash_offers_what_the_command_offers() {
    let folder = Path::new(KUBOUND).parent().expect("a folder");
    let script = "source <(kubound completions bash)\n\
                  COMP_WORDS=(kubound cases show c8); COMP_CWORD=3; COMP_TYPE=9\n\
                  _clap_complete_kubound kubound c8 show; printf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"));
    let output = Command::new("bash").args(["--norc", "-c", script]).env("PATH", path).output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().next(), Some("c8"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().all(|line| line.starts_with("c8")) && text.lines().count() > 1, "{text}");
}

#[test]
fn every_shell_gets_a_script_that_asks_the_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Command::new(KUBOUND).args(["completions", shell]).output().expect("it runs");
        let script = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success() && script.contains("COMPLETE") && script.contains("kubound"), "{script}");
    }
}
