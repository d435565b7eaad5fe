//! Transcripts of the command line. `TRYCMD=overwrite cargo test --test cli` rewrites them; read the difference.

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .env("GITHUB_ACTIONS", "")
        .case("tests/cli/*.trycmd")
        .case("docs/src/reports.md");
}
