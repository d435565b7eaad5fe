//! The files for pipelines that divide a run: they are what they should be, and their commands do what they say, with the
//! variables that a cluster or a runner would set.

use super::{KUBOUND, root, said, scratch};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// What a file with YAML says.
fn yaml(file: &Path) -> Vec<Value> {
    kubound::manifest::objects_of(file)
        .unwrap_or_else(|error| panic!("{error:?}"))
        .into_iter()
        .map(|one| one.value)
        .collect()
}

/// Runs a script as a container or a runner would, with this binary as `kubound`.
fn run(shell: &str, flags: &[&str], script: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let binaries = Path::new(KUBOUND).parent().expect("a folder");
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").expect("a path"));
    let mut command = Command::new(shell);
    command.args(flags).arg(script).current_dir(folder).env("PATH", path).env_remove("GITHUB_ACTIONS");
    command.envs(variables.iter().copied()).output().expect("the shell runs")
}

#[test]
fn the_job_of_kubernetes_decides_every_part_and_puts_them_together() {
    let objects = yaml(&root().join("ci/kubernetes-job.yaml"));
    let job = |name: &str| {
        objects.iter().find(|object| object["kind"] == "Job" && object["metadata"]["name"] == name).expect("a job")
    };
    let (parts, merge) = (job("kubound"), job("kubound-merge"));
    let container = |job: &Value| job["spec"]["template"]["spec"]["containers"][0].clone();
    let variable = |job: &Value, name: &str| {
        let all = container(job)["env"].as_array().expect("variables").clone();
        all.iter().find(|one| one["name"] == name).expect(name)["value"].as_str().expect("text").to_owned()
    };
    let completions = parts["spec"]["completions"].as_u64().expect("a number");
    assert_eq!(parts["spec"]["completionMode"], "Indexed");
    assert_eq!(
        (variable(parts, "PARTS"), variable(merge, "PARTS")),
        (completions.to_string(), completions.to_string())
    );
    assert_eq!(variable(parts, "REPORTS"), variable(merge, "REPORTS"));
    for one in [parts, merge] {
        let pod = &one["spec"]["template"]["spec"];
        let volumes: Vec<&Value> = pod["volumes"].as_array().expect("volumes").iter().map(|one| &one["name"]).collect();
        let mounts = pod["containers"][0]["volumeMounts"].clone();
        assert!(mounts.as_array().expect("mounts").iter().all(|mount| volumes.contains(&&mount["name"])));
    }
    let (input, reports) = (root().join("cases/c2/broken"), scratch("job"));
    let paths = (input.display().to_string(), reports.display().to_string());
    let script = |job: &Value| container(job)["args"][0].as_str().expect("a script").to_owned();
    let words = |job: &Value| container(job)["command"].clone();
    assert_eq!(words(parts), serde_json::json!(["/bin/sh", "-c"]));
    let number = completions.to_string();
    for index in 0..completions {
        let index = index.to_string();
        let variables =
            [("JOB_COMPLETION_INDEX", index.as_str()), ("PARTS", &number), ("INPUT", &paths.0), ("REPORTS", &paths.1)];
        let output = run("/bin/sh", &["-c"], &script(parts), root(), &variables);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let variables = [("PARTS", number.as_str()), ("REPORTS", paths.1.as_str())];
    let output = run("/bin/sh", &["-c"], &script(merge), root(), &variables);
    assert_eq!(output.status.code(), Some(0), "it is expected to be violated: {}", said(&output));
    assert!(said(&output).contains("smallest cluster: 1 node"), "{}", said(&output));
    // What is wrong with the input is wrong with the pod.
    let variables = [("JOB_COMPLETION_INDEX", "0"), ("PARTS", "5"), ("INPUT", "/nowhere"), ("REPORTS", &paths.1)];
    assert_eq!(run("/bin/sh", &["-c"], &script(parts), root(), &variables).status.code(), Some(1));
}

#[test]
fn the_matrix_of_github_decides_every_part_and_puts_them_together() {
    let folder = scratch("matrix");
    // The reader wants an object.
    let head = "apiVersion: v1\nkind: Workflow\nmetadata: {name: matrix}\n";
    let text = fs::read_to_string(root().join("ci/github-matrix.yml")).expect("the workflow");
    fs::write(folder.join("workflow.yaml"), format!("{head}{}", text.replace("\nname: kubound\n", "\n")))
        .expect("written");
    let workflow = yaml(&folder.join("workflow.yaml")).remove(0);
    let jobs = &workflow["jobs"];
    assert_eq!(jobs["merge"]["needs"], "part");
    let step = |job: &str, name: &str| {
        let steps = jobs[job]["steps"].as_array().expect("steps");
        steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let parts = jobs["part"]["strategy"]["matrix"]["part"].as_array().expect("parts").clone();
    assert_eq!(parts, (1..=parts.len()).map(Value::from).collect::<Vec<_>>());
    let number = parts.len().to_string();
    let input = root().join("cases/c2/broken").display().to_string();
    let decide = step("part", "Decide");
    fs::create_dir(folder.join("parts")).expect("a folder");
    for part in parts {
        let part = part.to_string();
        let given = |expression: &str| match expression {
            "${{ matrix.part }}" => part.clone(),
            "${{ strategy.job-total }}" => number.clone(),
            other => panic!("{other}"),
        };
        let own: Vec<(String, String)> = decide["env"]
            .as_object()
            .expect("variables")
            .iter()
            .map(|(name, value)| (name.clone(), given(value.as_str().expect("text"))))
            .collect();
        let mut variables: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        variables.push(("KUBOUND_INPUTS", &input));
        let output = run("bash", &["-e", "-c"], decide["run"].as_str().expect("a script"), &folder, &variables);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        fs::rename(folder.join(format!("part-{part}.json")), folder.join(format!("parts/part-{part}.json")))
            .expect("a report");
    }
    let output = run("bash", &["-e", "-c"], step("merge", "Merge")["run"].as_str().expect("a script"), &folder, &[]);
    assert_eq!(output.status.code(), Some(0), "it is expected to be violated: {}", said(&output));
    assert!(said(&output).contains("smallest cluster: 1 node") && folder.join("kubound.sarif").is_file());
}
