//! Charts and kustomizations of a git revision, compared with those of the working folder: stand-ins for the programs that
//! render them fail where a file is missing that the real ones would need.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with these files and programs, committed.
fn repository(name: &str, files: &[(&str, &str)], programs: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-revisions-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    for (file, text) in files {
        let path = folder.join("work").join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    fs::create_dir_all(folder.join("bin")).expect("made");
    for (program, lines) in programs {
        let path = folder.join("bin").join(program);
        fs::write(&path, format!("#!/bin/sh\nset -e\n{lines}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }
    for arguments in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "before"]] {
        let status = Command::new("git")
            .current_dir(folder.join("work"))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
            .args(arguments)
            .status()
            .expect("git runs");
        assert!(status.success(), "git {arguments:?}");
    }
    folder
}

/// `kubound diff` in the repository, where its programs come first.
fn diff(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").expect("a path"));
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(folder.join("work"))
        .env("PATH", path)
        .env_remove("GITHUB_ACTIONS")
        .args(["diff", "--timing", "paced", "--repair-time", "10m"])
        .args(arguments)
        .output()
        .expect("it runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

/// A Deployment, and a budget that demands this of it.
fn web(available: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 2\n  selector: \
         {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: \
         [{{name: a, image: x, resources: {{requests: {{cpu: 1500m}}}}}}]}}\n---\napiVersion: policy/v1\nkind: \
         PodDisruptionBudget\nmetadata: {{name: web}}\nspec:\n  minAvailable: {available}\n  selector: \
         {{matchLabels: {{app: web}}}}\n"
    )
}

#[test]
fn a_chart_is_rendered_as_it_was_and_as_it_is() {
    let files = [
        ("deploy/chart/Chart.yaml", "name: web\n"),
        ("deploy/chart/values.yaml", "a: 1\n"),
        ("deploy/chart/templates/_helpers.tpl", "{{- define \"x\" }}{{ end }}\n"),
        ("deploy/chart/templates/web.yaml", &web("1")),
        ("deploy/chart/templates/NOTES.txt", "thanks\n"),
    ];
    let helm = "cd \"$3\"\ntest \"$1\" = template -a -f values.yaml -a -f templates/_helpers.tpl -a -f templates/NOTES.txt\n\
                cat templates/web.yaml";
    let folder = repository("chart", &files, &[("helm", helm)]);
    fs::write(folder.join("work/deploy/chart/templates/web.yaml"), web("2")).expect("written");
    for sides in [&["HEAD:deploy/chart", "deploy/chart"][..], &["--base", "HEAD", "deploy/chart"]] {
        let (code, text) = diff(&folder, &[sides, &["--intent", "drainCompletes"]].concat());
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("broken: drainCompletes") && text.contains("holds -> violated"), "{text}");
        assert!(text.contains("minAvailable: 2 -> "), "{text}");
        assert!(!text.contains(std::env::temp_dir().join("kubound-").to_str().expect("text")), "{text}");
    }
    // The other way round the violation is in the revision, and files are called as they are in it.
    let (code, text) = diff(&folder, &["deploy/chart", "HEAD:deploy/chart", "--intent", "drainCompletes"]);
    assert!(code == Some(0) && text.contains("fixed: "), "{text}");
    let fails = "case $3 in /*) echo \"$3: values are wrong\" >&2; exit 3;; *) cat \"$3/templates/web.yaml\";; esac";
    fs::write(folder.join("bin/helm"), format!("#!/bin/sh\n{fails}\n")).expect("written");
    let (code, text) = diff(&folder, &["HEAD:deploy/chart", "deploy/chart"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("HEAD:deploy/chart: values are wrong"), "{text}");
}

#[test]
fn files_of_a_revision_are_called_as_they_are_in_it() {
    let folder = repository("names", &[("web.yaml", &web("2"))], &[]);
    fs::write(folder.join("work/web.yaml"), web("1")).expect("written");
    let sides = ["web.yaml", "HEAD:web.yaml", "--intent", "drainCompletes"];
    let (code, text) = diff(&folder, &[&sides[..], &["-o", "json"]].concat());
    assert_eq!(code, Some(1), "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let waits = document["results"][0]["violation"]["scene"]["waits"].as_array().expect("what it waits for");
    let mut files =
        waits.iter().flat_map(|wait| wait["origins"].as_array().into_iter().flatten()).map(|origin| &origin["file"]);
    assert!(files.any(|file| file == "HEAD:web.yaml"), "{text}");
    assert!(!text.contains(std::env::temp_dir().join("kubound-").to_str().expect("text")), "{text}");
}

#[test]
fn a_kustomization_finds_what_it_names_elsewhere() {
    let overlay = "resources: [../../base]\nconfigMapGenerator:\n- name: c\n  files: [key=files/a.txt]\n";
    let files = [
        ("k/base/kustomization.yaml", "resources: [web.yaml, ../shared/extra.txt]\n"),
        ("k/base/web.yaml", &web("1")),
        ("k/shared/extra.txt", "extra\n"),
        ("k/shared/unused.txt", "unused\n"),
        ("k/overlays/prod/kustomization.yaml", overlay),
        ("k/overlays/prod/files/a.txt", "a\n"),
    ];
    let build = "cd \"$2\"\ntest -f files/a.txt -a -f ../../shared/extra.txt\ncat ../../base/web.yaml";
    // The first program that is asked would be kubectl.
    let kubectl = format!("test \"$1\" = kustomize\n{build}");
    let folder = repository("kustomization", &files, &[("kubectl", &kubectl)]);
    fs::write(folder.join("work/k/base/web.yaml"), web("2")).expect("written");
    let sides = ["HEAD:k/overlays/prod", "k/overlays/prod", "--intent", "drainCompletes"];
    let (code, text) = diff(&folder, &sides);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("broken: drainCompletes") && text.contains("holds -> violated"), "{text}");
    let build = "cd \"$2\"\ntest ! -f ../../shared/unused.txt || exit 9\ncat ../../base/web.yaml";
    fs::write(folder.join("bin/kubectl"), format!("#!/bin/sh\n{build}\n")).expect("written");
    let (code, text) = diff(&folder, &["HEAD:k/overlays/prod", "HEAD:k/overlays/prod", "--intent", "drainCompletes"]);
    assert_eq!(code, Some(0), "what nothing names is not copied: {text}");
}
