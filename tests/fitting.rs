//! What surrounds the command: its name as a plugin, revisions in git, and the files for pipelines.
#![cfg(unix)]

use kubound::manifest::load;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const KUBOUND: &str = env!("CARGO_BIN_EXE_kubound");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-fitting-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_plugin_of_kubectl_calls_itself_so() {
    let folder = scratch("plugin");
    let plugin = folder.join("kubectl-kubound");
    std::os::unix::fs::symlink(KUBOUND, &plugin).expect("a link");
    let help = said(&Command::new(&plugin).arg("--help").output().expect("it runs"));
    assert!(help.contains("Usage: kubectl kubound [OPTIONS] <COMMAND>"), "{help}");
    let wrong = said(&Command::new(&plugin).arg("diff").output().expect("it runs"));
    assert!(wrong.contains("Usage: kubectl kubound diff <OLD> <NEW>"), "{wrong}");
    let plain = said(&Command::new(KUBOUND).arg("--help").output().expect("it runs"));
    assert!(plain.contains("Usage: kubound [OPTIONS] <COMMAND>"), "{plain}");
}

#[test]
fn manual_pages_know_every_subcommand() {
    let folder = scratch("man");
    let status = Command::new(KUBOUND).args(["man", "--all"]).arg(&folder).status().expect("it runs");
    assert!(status.success());
    let help = said(&Command::new(KUBOUND).arg("--help").output().expect("it runs"));
    let commands = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    let names: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"verify") && names.contains(&"diff"), "{names:?}");
    for name in names {
        let page = fs::read_to_string(folder.join(format!("kubound-{name}.1"))).expect(name);
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
}

/// Git without the settings of whoever runs the tests.
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", said(&output));
}

fn copy_variant(variant: &str, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(root().join("cases/c7").join(variant)).expect("a case") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("a copy");
    }
}

#[test]
fn a_revision_is_compared_with_the_working_folder() {
    let folder = scratch("diff");
    let manifests = folder.join("app/manifests");
    git(&folder, &["init", "--quiet"]);
    copy_variant("fixed", &manifests);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "fixed"]);
    copy_variant("broken", &manifests);
    let diff = |folder: &Path, old: &str, new: &str| {
        let output = Command::new(KUBOUND).current_dir(folder).args(["diff", old, new]).output().expect("it runs");
        (output.status.code(), said(&output))
    };

    let (code, text) = diff(&folder, "HEAD:app/manifests", "app/manifests");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("broken: ") && text.contains("-> violated"), "{text}");

    // The other way round the violation is in the revision, and its files are named as such.
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "broken"]);
    let (code, text) = diff(&folder, "HEAD~1:app/manifests", "HEAD:app/manifests/");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("HEAD:app/manifests/"), "{text}");
    assert!(!text.contains(std::env::temp_dir().join("kubound-").to_str().expect("text")), "{text}");
    let (code, text) = diff(&folder, "HEAD:app/manifests", "HEAD~1:app/manifests");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("fixed: "), "{text}");

    // From a folder inside, paths are still those of the repository.
    let (code, text) = diff(&manifests, "HEAD~1:app/manifests", ".");
    assert_eq!(code, Some(1), "{text}");

    for (old, what) in
        [("nothing:app", "no revision"), ("HEAD:elsewhere", "no manifests"), ("--all:app", "no revision")]
    {
        let output =
            Command::new(KUBOUND).current_dir(&folder).args(["diff", "--", old, "."]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{old}");
        assert!(said(&output).contains(what), "{old}: {}", said(&output));
    }
}

/// Both sides have the same assumed nodes, so that only the change makes a difference; every format tells it.
#[test]
fn a_pull_request_without_a_scenario_is_told_in_every_format() {
    let folder = scratch("base");
    let app = |replicas: &str, available: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  selector: \
             {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: \
             [{{name: a, image: x, resources: {{requests: {{cpu: 1500m}}}}}}]}}\n---\napiVersion: policy/v1\nkind: \
             PodDisruptionBudget\nmetadata: {{name: web}}\nspec: {{minAvailable: {available}, selector: \
             {{matchLabels: {{app: web}}}}}}\n"
        )
    };
    git(&folder, &["init", "--quiet"]);
    fs::create_dir(folder.join("app")).expect("a folder");
    fs::write(folder.join("app/web.yaml"), app("2", "1")).expect("manifests");
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "fine"]);
    fs::write(folder.join("app/web.yaml"), app("3", "3")).expect("manifests");
    let diff = |flags: &[&str]| {
        let mut command = Command::new(KUBOUND);
        let command = command.current_dir(&folder).args(["diff", "--base", "HEAD"]).args(flags);
        let output = command.env_remove("GITHUB_ACTIONS").output().expect("it runs");
        (output.status.code(), said(&output))
    };
    let files = ["json=r.json", "jsonl=r.jsonl", "sarif=r.sarif", "junit=r.xml", "github=r.txt", "markdown=r.md"];
    let files = files.iter().flat_map(|file| ["-o", file]);
    let flags: Vec<&str> = files.chain(["--repair-time", "10m"]).collect();
    let (code, text) = diff(&flags);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("broken: drainCompletes: holds -> violated") && text.contains("on both sides"), "{text}");

    // What the change broke has its repairs, in every format that tells any.
    assert!(text.contains("help[drainCompletes") && text.contains("  change  app/web.yaml:"), "{text}");
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect(file);
    assert!(read("r.md").contains("**Repair:**") && read("r.sarif").contains("\"fixes\""));
    let report: serde_json::Value = serde_json::from_str(&read("r.json")).expect("JSON");
    let scope = |of: &serde_json::Value| of["scope"]["pools"].clone();
    assert_eq!(scope(&report), scope(&report["comparison"]), "other nodes on each side");
    let changes = report["results"].as_array().expect("results").iter().map(|one| one["before"]["change"].clone());
    let changes: Vec<serde_json::Value> = changes.collect();
    assert_eq!(changes.iter().filter(|change| *change == "broken").count(), 1, "{changes:?}");
    let found = |one: &serde_json::Value| one["repairs"]["found"].as_array().is_some_and(|found| !found.is_empty());
    for result in report["results"].as_array().expect("results") {
        assert_eq!(found(result), result["before"]["change"] == "broken", "{result}");
    }
    let (_, text) = diff(&["app", "--no-repairs"]);
    assert!(text.contains("broken: ") && !text.contains("help["), "{text}");
    assert!(read("r.jsonl").lines().any(|line| line.contains("\"comparison\"")));
    assert!(read("r.sarif").contains("\"baselineState\": \"new\""));
    assert!(read("r.xml").contains("failures=\"1\""));
    assert!(read("r.md").contains("**1 broken, 0 fixed, 0 changed otherwise**"));
    let annotations = read("r.txt");
    let [annotation] = annotations.lines().collect::<Vec<_>>()[..] else { panic!("not one: {annotations}") };
    assert!(annotation.starts_with("::error file=app/web.yaml,line="), "{annotation}");
    assert!(annotation.split("%0A").count() <= 6 && annotation.contains("waits: "), "{annotation}");

    // What was violated before the change is told, and does not fail.
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "-m", "blocked"]);
    let (code, text) = diff(&["app", "-q", "-o", "junit=r.xml", "-o", "github=r.txt"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("1 of them violated before and after"), "{text}");
    assert!(read("r.xml").contains("as before the change") && read("r.txt").is_empty());
}

#[test]
fn files_for_pipelines_are_yaml_and_name_files_that_exist() {
    let manifest = root().join("tests/fixtures/clock/deploy.yaml");
    for file in ["action.yml", "ci/gitlab.yml"] {
        let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: 1, memory: 1Gi}}\n";
        let loaded = load(&[root().join(file), manifest.clone()], Some(node)).expect(file);
        let skipped = loaded.notes.iter().any(|note| note.file.ends_with(file) && note.message.contains("skipped 1"));
        assert!(skipped, "{file} is not one YAML document: {:?}", loaded.notes);
    }
    for script in ["ci/install", "ci/verify"] {
        let mode = fs::metadata(root().join(script)).expect(script).permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} is not executable");
        let status = Command::new("bash").arg("-n").arg(root().join(script)).status().expect("bash runs");
        assert!(status.success(), "{script}");
    }
    let action = fs::read_to_string(root().join("action.yml")).expect("the action");
    assert!(action.contains("$ACTION_PATH/ci/install") && action.contains("$ACTION_PATH/ci/verify"));
}

#[test]
fn the_script_of_pipelines_passes_words_on_whole() {
    let folder = scratch("pipeline");
    let stub = folder.join("kubound");
    fs::write(&stub, "#!/bin/sh\nfor word in \"$@\"; do printf '[%s]' \"$word\"; done\necho\n").expect("a stub");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("an executable");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"));
    let run = |settings: &[(&str, &str)]| {
        let mut command = Command::new(root().join("ci/verify"));
        command.env("PATH", &path).envs(settings.iter().copied());
        said(&command.output().expect("it runs"))
    };
    assert_eq!(run(&[]), "[verify][.]\n");
    let settings = [
        ("KUBOUND_INPUTS", "my app\nother\n"),
        ("KUBOUND_FLAGS", "--timeout\n2m\n"),
        ("KUBOUND_SARIF_FILE", "a b.sarif"),
        ("KUBOUND_JUNIT_FILE", "k.xml"),
    ];
    assert_eq!(run(&settings), "[verify][--timeout][2m][-o][sarif=a b.sarif][-o][junit=k.xml][my app][other]\n");
    let files = [("KUBOUND_BASE", "main"), ("KUBOUND_SARIF_FILE", "s"), ("KUBOUND_MARKDOWN_FILE", "m")];
    assert_eq!(run(&files), "[diff][-o][sarif=s][-o][markdown=m][--base][main][.]\n");
    assert_eq!(
        run(&[("KUBOUND_INPUTS", "a\nb"), ("KUBOUND_BASE", "origin/main")]),
        "[diff][--base][origin/main][a][b]\n"
    );
}

#[test]
fn known_violations_do_not_fail_and_new_ones_do() {
    let folder = scratch("baseline");
    let manifests = folder.join("manifests");
    copy_variant("broken", &manifests);
    let scenario = manifests.join("scenario.yaml");
    let text = fs::read_to_string(&scenario).expect("a scenario");
    let expects_nothing = text.split("  expect:").next().expect("a part");
    fs::write(&scenario, expects_nothing).expect("a scenario");
    let verify = |flags: &[&str]| {
        let mut command = Command::new(KUBOUND);
        let output = command.current_dir(&folder).args(["verify", "manifests", "-q"]).args(flags).output();
        let output = output.expect("it runs");
        (output.status.code(), said(&output))
    };
    let baseline = ["--baseline", "known.json"];

    let (code, text) = verify(&[]);
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = verify(&["--baseline", "known.json"]);
    assert_eq!(code, Some(2), "a baseline that is not there: {text}");
    let (code, text) = verify(&["--baseline", "known.json", "--write-baseline"]);
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = verify(&baseline);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("error[") && text.contains(" known, 0 new"), "{text}");

    let file = folder.join("known.json");
    let known = fs::read_to_string(&file).expect("a baseline");
    fs::write(&file, known.replace("\"intent\": \"", "\"intent\": \"other-")).expect("a baseline");
    let (code, text) = verify(&baseline);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("0 violations known, 1 new") && text.contains("is not violated any more"), "{text}");
    fs::write(&file, known.replace("\"Baseline\"", "\"Report\"")).expect("a file");
    assert_eq!(verify(&baseline).0, Some(2));
    fs::write(&file, known.replace("\"violations\"", "\"intents\"")).expect("a file");
    assert_eq!(verify(&baseline).0, Some(2));
}

/// `--color` is one flag of all subcommands, wherever it stands, and what is wrong with a command line obeys it.
#[test]
fn every_subcommand_is_told_when_to_colour() {
    let run = |words: &str| {
        let output = Command::new(KUBOUND).args(words.split(' ')).env_remove("NO_COLOR").output().expect("it runs");
        (output.status.code(), said(&output))
    };
    let is_coloured = |text: &str| text.contains('\u{1b}');
    let help = run("--help").1;
    let commands = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    for name in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        for words in [format!("--color always {name} --help"), format!("{name} --color=always --help")] {
            let (code, text) = run(&words);
            assert!(code == Some(0) && is_coloured(&text) && text.contains("--color"), "{words}: {text}");
        }
        let (code, text) = run(&format!("{name} --color never --help"));
        assert!(code == Some(0) && !is_coloured(&text), "{name}: {text}");
    }
    for words in ["verify --wrong", "replay", "explain", "cases show nothing", "diff nothing nothing", "init nowhere"] {
        for (when, expected) in [("always", true), ("never", false)] {
            for line in [format!("{words} --color {when}"), format!("--color={when} {words}")] {
                let (code, text) = run(&line);
                assert_eq!((code, is_coloured(&text)), (Some(2), expected), "{line}: {text}");
            }
        }
    }
    let output =
        Command::new(KUBOUND).args(["init", "nowhere"]).env("FORCE_COLOR", "1").env_remove("NO_COLOR").output();
    assert!(is_coloured(&said(&output.expect("it runs"))));
}

#[test]
fn a_saved_run_is_stepped_through_by_hand() {
    let mut child = Command::new(KUBOUND)
        .current_dir(root())
        .args(["replay", "tests/fixtures/saved/run.json", "tests/fixtures/clock", "--interactive", "--color", "never"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut input = child.stdin.take().expect("standard input");
    input.write_all(b"g 4\n\nb\nq\n").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    // After the last step of the loop comes its first one.
    let at = text.split(" of 4> ").filter_map(|before| before.lines().last()?.chars().last());
    assert_eq!(at.take(4).collect::<String>(), "0432", "{text}");
    assert!(text.ends_with("is violated\n"), "{text}");
    assert!(text.contains("1 ContainerCreating *") && text.contains("+-- back to step 3"), "{text}");
}
