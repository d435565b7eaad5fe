//! Transcripts of the command line, those of README and book included. `TRYCMD=overwrite cargo test --test cli` rewrites
//! those in `tests/cli`; read the difference. `KUBOUND_WRITE_TERMINAL=1` rewrites the picture of a terminal.

use std::path::Path;
use std::process::Command;

#[test]
fn transcripts() {
    // So that repairs end by their number, and not by the time of this machine; but where settings are shown.
    let settings = ["tests/cli/settings.trycmd", "docs/src/fitting.md"];
    let plain = || {
        let cases = trycmd::TestCases::new();
        cases.env("NO_COLOR", "1").env("GITHUB_ACTIONS", "");
        cases
    };
    let cases = plain();
    cases.env("KUBOUND_REPAIR_TIME", "10m");
    cases.case("tests/cli/*.trycmd").case("README.md").case("docs/src/*.md");
    for file in settings {
        cases.skip(file);
    }
    cases.run();
    let cases = plain();
    for file in settings {
        cases.case(file);
    }
    cases.run();
}

#[test]
fn the_picture_of_a_terminal_is_what_the_command_prints() {
    let shown = "kubound verify cases/c8/broken";
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .args(shown.split(' ').skip(1).chain(["--color", "always"]))
        .args(["-o", "human"])
        .env("GITHUB_ACTIONS", "")
        .output()
        .expect("kubound runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // All but what the search cost, and how long it took.
    let is_cost = |line: &str| line.starts_with("  engine ") || line.starts_with("1 violated as expected, ");
    let text: String = text.lines().filter(|line| !is_cost(line)).flat_map(|line| [line, "\n"]).collect();
    let text = format!("$ {shown}\n{text}");
    let picture = anstyle_svg::Term::new().min_width_px(820).render_svg(&text);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/images/terminal.svg");
    if std::env::var_os("KUBOUND_WRITE_TERMINAL").is_some() {
        std::fs::write(&file, &picture).expect("the picture can be written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == picture, "docs/src/images/terminal.svg: KUBOUND_WRITE_TERMINAL=1 cargo test --test cli");
}
