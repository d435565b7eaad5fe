//! Which file imports which, read from the sources by simple rules of text.
//!
//! A path counts as an import of the file that *defines* what it names: where a `mod.rs` only hands a name on
//! (`pub use child::Name`), the arrow goes to the child, and the `mod.rs` gets an arrow of its own only if it uses the
//! name itself. Comments and texts are left out; code under `#[cfg(test)]` is told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by the names on the way to it, the crate first.
type Module = Vec<String>;

/// One file of source.
struct Source {
    /// Where it is, from the root of the repository.
    path: String,
    /// Its code without tests.
    code: Vec<String>,
    /// Its tests.
    tests: Vec<String>,
    /// What it hands on, by name; `*` stands for everything.
    handed_on: Vec<(String, Vec<String>)>,
}

/// All files of some crates.
pub struct Sources {
    modules: BTreeMap<Module, Source>,
}

/// Which files (by path) a file imports.
pub type Arrows = BTreeMap<String, BTreeSet<String>>;

impl Sources {
    /// Reads the crates, given by name and folder of their sources.
    pub fn read(root: &Path, crates: &[(&str, &str)]) -> Self {
        let mut modules = BTreeMap::new();
        for (name, folder) in crates {
            collect(root, Path::new(folder), &[(*name).to_owned()], &mut modules);
        }
        Self { modules }
    }

    /// What each file imports from these crates; the code of tests counts if asked for.
    pub fn arrows(&self, with_tests: bool) -> Arrows {
        let mut arrows = Arrows::new();
        for (module, source) in &self.modules {
            let own = arrows.entry(source.path.clone()).or_default();
            own.extend(self.imports(module, &source.code));
            if with_tests {
                own.extend(self.imports(&below(module, "tests"), &source.tests));
            }
            own.remove(&source.path);
            own.retain(|file| !is_inside(file, &source.path));
        }
        arrows
    }

    /// The constants of each file with the first name of their type, tests left out.
    pub fn constants(&self) -> Vec<(&str, &str, &str)> {
        let constants = |source: &'_ Source| -> Vec<(usize, usize)> {
            let named =
                |at: usize| source.code[at] == "const" && source.code.get(at + 2).is_some_and(|next| next == ":");
            (0..source.code.len()).filter(|&at| named(at)).map(|at| (at + 1, at + 3)).collect()
        };
        let all = self.modules.values().flat_map(|source| {
            let found = constants(source).into_iter();
            found.map(|(name, kind)| (source.path.as_str(), source.code[name].as_str(), source.code[kind].as_str()))
        });
        all.collect()
    }

    /// What each file takes from elsewhere, tests included: first two names of each path, such as `std::fs`.
    pub fn foreign(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let foreign = |(module, source): (&Module, &Source)| {
            let ours = |first: &str| ["crate", "self", "super"].contains(&first) || self.child(module, first).is_some();
            let mut found = BTreeSet::new();
            for statement in statements(&source.code).into_iter().chain(statements(&source.tests)) {
                let paths = match statement {
                    Statement::Import { path, .. } => vec![path],
                    Statement::Other(tokens) => paths(&tokens),
                };
                let elsewhere = paths.iter().filter(|path| !ours(&path[0]));
                found.extend(elsewhere.map(|path| path[..path.len().min(2)].join("::")));
            }
            found
        };
        self.modules.iter().map(|entry| (entry.1.path.as_str(), foreign(entry))).collect()
    }

    fn imports(&self, module: &Module, code: &[String]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut rest = Vec::new();
        let mut handed_on = Vec::new();
        for statement in statements(code) {
            match statement {
                Statement::Import { path, public: false, .. } => found.extend(self.file_of(module, &path, 0)),
                Statement::Import { path, name, public: true } => handed_on.push((name, path)),
                Statement::Other(tokens) => rest.extend(tokens),
            }
        }
        let used: BTreeSet<&str> = rest.iter().map(String::as_str).collect();
        for (name, path) in handed_on {
            if used.contains(name.as_str()) {
                found.extend(self.file_of(module, &path, 0));
            }
        }
        for path in paths(&rest) {
            found.extend(self.file_of(module, &path, 0));
        }
        found
    }

    /// The file that defines what a path names, seen from a module; `None` for other crates and local names.
    fn file_of(&self, module: &Module, path: &[String], hops: usize) -> Option<String> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => vec![module[0].clone()],
            "self" => module.clone(),
            "super" => module[..module.len() - 1].to_vec(),
            name if self.modules.contains_key(&vec![name.to_owned()]) => vec![name.to_owned()],
            name => self.child(module, name)?,
        };
        while let Some((name, further)) = rest.split_first() {
            if name == "super" {
                at.pop();
            } else if let Some(child) = self.child(&at, name) {
                at = child;
            } else {
                let handed_on = &self.modules.get(&at)?.handed_on;
                let exact = handed_on.iter().find(|(known, _)| known == name);
                let all = handed_on.iter().filter(|(known, _)| known == "*");
                let mut ways = exact.into_iter().chain(all).filter(|_| hops < 8);
                let onward = ways.find_map(|(_, way)| {
                    let way: Vec<String> = way.iter().chain(further).cloned().collect();
                    self.file_of(&at, &way, hops + 1)
                });
                return onward.or_else(|| Some(self.modules.get(&at)?.path.clone()));
            }
            rest = further;
        }
        Some(self.modules.get(&at)?.path.clone())
    }

    fn child(&self, module: &Module, name: &str) -> Option<Module> {
        let child = below(module, name);
        self.modules.contains_key(&child).then_some(child)
    }
}

/// Whether a file lies in the folder that another one is the face of: `a/mod.rs` or `a.rs` of all files in `a/`.
fn is_inside(file: &str, face: &str) -> bool {
    let folder =
        face.strip_suffix("mod.rs").map_or_else(|| face.trim_end_matches(".rs").to_owned() + "/", str::to_owned);
    file.starts_with(&folder)
}

/// Groups of files that import each other in a circle, largest first.
pub fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let files: Vec<&String> = arrows.keys().collect();
    let number: BTreeMap<&String, usize> = files.iter().enumerate().map(|(index, &file)| (file, index)).collect();
    let next: Vec<Vec<usize>> =
        arrows.values().map(|others| others.iter().map(|other| number[other]).collect()).collect();
    let reached = |start: usize| {
        let (mut seen, mut open) = (vec![false; files.len()], vec![start]);
        while let Some(file) = open.pop() {
            for &other in &next[file] {
                if !std::mem::replace(&mut seen[other], true) {
                    open.push(other);
                }
            }
        }
        seen
    };
    let reached: Vec<Vec<bool>> = (0..files.len()).map(reached).collect();
    let circle = |file: usize| -> Vec<String> {
        (0..files.len())
            .filter(|&other| reached[file][other] && reached[other][file])
            .map(|other| files[other].clone())
            .collect()
    };
    let circles: BTreeSet<Vec<String>> = (0..files.len()).map(circle).filter(|circle| circle.len() > 1).collect();
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

fn below(module: &[String], name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

fn collect(root: &Path, folder: &Path, module: &[String], modules: &mut BTreeMap<Module, Source>) {
    for entry in std::fs::read_dir(root.join(folder)).expect("a folder of sources") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let path = folder.join(&name);
        if root.join(&path).is_dir() {
            collect(root, &path, &below(module, &name), modules);
        } else if let Some(stem) = name.strip_suffix(".rs").filter(|&stem| stem != "main") {
            let own = if ["mod", "lib"].contains(&stem) { module.to_vec() } else { below(module, stem) };
            let text = std::fs::read_to_string(root.join(&path)).expect("a source");
            modules.insert(own, source(path.to_str().expect("a plain path").to_owned(), &text));
        }
    }
}

fn source(path: String, text: &str) -> Source {
    let (code, tests) = without_tests(tokens(text));
    let handed_on = statements(&code).into_iter().filter_map(|statement| match statement {
        Statement::Import { path, name, public: true } => Some((name, path)),
        _ => None,
    });
    Source { path, handed_on: handed_on.collect(), code, tests }
}

/// Words and signs; `::` is one sign. Comments and texts are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A character, or a lifetime.
            let character = rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'');
            if character { quoted(rest, '\'') } else { 1 }
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else {
            let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            if !first.is_whitespace() {
                tokens.push(rest[..length].to_owned());
            }
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a raw text at the beginning, if there is one.
fn raw_text(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    if !body[hashes..].starts_with('"') {
        return None;
    }
    let start = rest.len() - body.len() + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(start + rest[start..].find(&end).map_or(rest.len() - start, |at| at + end.len()))
}

/// The length of a text or character at the beginning, with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = true;
    for (at, c) in rest.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

/// Tells the items under `#[cfg(test)]` apart.
fn without_tests(tokens: Vec<String>) -> (Vec<String>, Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut code, mut tests) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].len() < MARK.len() || tokens[at..at + MARK.len()] != MARK {
            code.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        for token in &tokens[at + MARK.len()..] {
            at += 1;
            tests.push(token.clone());
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 && ["}", ";"].contains(&token.as_str()) {
                break;
            }
        }
        at += MARK.len();
    }
    (code, tests)
}

enum Statement {
    /// One name of a `use`.
    Import { path: Vec<String>, name: String, public: bool },
    /// Anything else, up to the next one.
    Other(Vec<String>),
}

fn statements(tokens: &[String]) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = at == 0 || ["{", "}", ";", "]", "pub", ")"].contains(&tokens[at - 1].as_str());
        if tokens[at] != "use" || !begins {
            match statements.last_mut() {
                Some(Statement::Other(before)) => before.push(tokens[at].clone()),
                _ => statements.push(Statement::Other(vec![tokens[at].clone()])),
            }
            at += 1;
            continue;
        }
        let end = at + tokens[at..].iter().position(|token| token == ";").expect("every use ends");
        let public = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
        for (path, name) in leaves(&tokens[at + 1..end]) {
            statements.push(Statement::Import { path, name, public });
        }
        at = end + 1;
    }
    statements
}

/// The paths of a tree of imports, with the names they get.
fn leaves(tree: &[String]) -> Vec<(Vec<String>, String)> {
    let mut depth = 0;
    let parts = tree.split(|token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    });
    let mut found = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let names = |part: &[String]| part.iter().filter(|token| *token != "::").cloned().collect::<Vec<_>>();
        if let Some(brace) = part.iter().position(|token| token == "{") {
            let prefix = names(&part[..brace]);
            for (path, name) in leaves(&part[brace + 1..part.len() - 1]) {
                let inner = path.into_iter().filter(|segment| segment != "self");
                found.push((prefix.iter().cloned().chain(inner).collect(), name));
            }
        } else if let Some(renamed) = part.iter().position(|token| token == "as") {
            found.push((names(&part[..renamed]), part[renamed + 1].clone()));
        } else {
            let path = names(part);
            let name = path.last().expect("no empty path").clone();
            found.push((path, name));
        }
    }
    found
}

/// The paths that code writes out.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let is_word = |token: &String| token.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut found = Vec::new();
    let mut at = 0;
    while at + 2 < tokens.len() {
        let mut path = vec![tokens[at].clone()];
        // `<T as Trait>::name`, not `::name`.
        let after_sign = at > 1 && tokens[at - 1] == "::" && (is_word(&tokens[at - 2]) || tokens[at - 2] == ">");
        while is_word(&tokens[at]) && !after_sign && at + 2 < tokens.len() && tokens[at + 1] == "::" {
            if !is_word(&tokens[at + 2]) {
                break;
            }
            path.push(tokens[at + 2].clone());
            at += 2;
        }
        if path.len() > 1 {
            found.push(path);
        }
        at += 1;
    }
    found
}
