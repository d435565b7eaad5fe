//! A value of a field in the text of the input, whether the field is written yet or not.

use crate::manifest::edit::{Edit, Sheet, Texts, edited, sheets};
use crate::repair::path::{matching, parts, plain_key};

/// Where a field is, or is to be.
struct Site {
    /// The path of the field, or of the mapping around it.
    path: String,
    /// Keys that are not written yet.
    missing: Vec<String>,
}

/// The path of a field without patterns.
pub fn path(file: &str, text: &str, object: &str, field: &str) -> Result<String, String> {
    let sheets = of(file, text, object);
    let site = site(sheets.first().ok_or("the object is not written in the file")?, field)?;
    Ok(site.missing.iter().fold(site.path, |path, key| crate::manifest::edit::path_to(&path, key)))
}

/// The text of a file with a value for a field of an object; the value is YAML of one line.
pub fn written(file: &str, text: &str, (object, field): (&str, &str), yaml: &str) -> Result<String, String> {
    let edits: Result<Vec<Edit>, String> = of(file, text, object)
        .iter()
        .map(|sheet| {
            let site = site(sheet, field)?;
            edit(sheet, &site, yaml).ok_or_else(|| "it cannot be written there".to_owned())
        })
        .collect();
    let texts = Texts::from([(file.to_owned(), text.to_owned())]);
    let after = edited(&texts, &edits?).and_then(|mut texts| texts.remove(file));
    after.ok_or_else(|| "it cannot be written there".to_owned())
}

/// The fields of the scenario that a pattern names, with their values as text.
pub fn entries(file: &str, text: &str, pattern: &str) -> Vec<(String, String)> {
    let sheets = of(file, text, "Scenario");
    let found = sheets.iter().flat_map(|sheet| matching(&sheet.value, pattern));
    found.map(|(path, value)| (path, value.as_str().unwrap_or_default().to_owned())).collect()
}

fn of(file: &str, text: &str, object: &str) -> Vec<Sheet> {
    let all = sheets(&Texts::from([(file.to_owned(), text.to_owned())]));
    all.into_iter().filter(|sheet| sheet.object == object).collect()
}

fn site(sheet: &Sheet, field: &str) -> Result<Site, String> {
    let parts = parts(field);
    for written in (0..=parts.len()).rev() {
        let pattern = parts[..written].iter().fold(String::new(), |path, part| {
            if part.starts_with('[') || path.is_empty() { path + part } else { format!("{path}.{part}") }
        });
        let mut found = matching(&sheet.value, &pattern);
        let Some((path, _)) = found.pop() else { continue };
        if !found.is_empty() {
            return Err(format!("`{pattern}` is {} fields; name one of them, as in [0] or [name=X]", found.len() + 1));
        }
        let missing = parts[written..].iter().map(|part| plain_key(part).map(str::to_owned));
        let missing: Option<Vec<String>> = missing.collect();
        return missing
            .map(|missing| Site { path, missing })
            .ok_or_else(|| format!("`{field}` names an item that is not there"));
    }
    Err(format!("`{field}` is no field"))
}

fn edit(sheet: &Sheet, site: &Site, yaml: &str) -> Option<Edit> {
    if site.missing.is_empty() {
        return sheet.replace(&site.path, yaml);
    }
    let last = site.missing.len() - 1;
    let lines = site.missing.iter().enumerate().map(|(depth, key)| {
        let value = if depth == last { format!(" {yaml}\n") } else { "\n".to_owned() };
        format!("{:1$}{key}:{value}", "", 2 * depth)
    });
    sheet.insert(&site.path, &lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  replicas: 2 # two
  template:
    spec:
      containers:
      - name: app
        image: a
      - {name: log, resources: {}}
";

    fn with(field: &str, yaml: &str) -> Result<String, String> {
        written("a.yaml", WEB, ("Deployment/default/web", field), yaml)
    }

    #[test]
    fn fields_are_changed_or_added() {
        assert_eq!(with("spec.replicas", "5"), Ok(WEB.replace("replicas: 2", "replicas: 5")));
        let added = with("spec.template.spec.containers[name=app].resources.requests.cpu", "\"1\"").expect("written");
        assert!(
            added.contains("        image: a\n        resources:\n          requests:\n            cpu: \"1\"\n"),
            "{added}"
        );
        let flow = with("spec.template.spec.containers[1].resources.limits.cpu", "1").expect("written");
        assert!(flow.contains("resources: {limits: {cpu: 1}}"), "{flow}");
        let deep = path("a.yaml", WEB, "Deployment/default/web", "spec.template.spec.containers[name=log].ports");
        assert_eq!(deep, Ok("spec.template.spec.containers[1].ports".to_owned()));
    }

    #[test]
    fn what_is_no_one_field_is_refused() {
        for field in
            ["spec.template.spec.containers[*].name", "spec.template.spec.containers[7].image", "spec.replicas.x"]
        {
            assert!(with(field, "1").is_err(), "{field}");
        }
    }
}
