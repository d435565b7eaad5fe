//! Writing to standard output and files.

use super::Failure;
use super::args::{Output, VoiceArgs};
use super::exit::Exit;
pub use super::terminal::{paint, paint_errors};
use crate::manifest::Loaded;
use crate::manifest::edit::Texts;
use crate::repair::Found;
use crate::report::cause;
use crate::report::document::{Document, IntentDocument};
use crate::report::format::{Format, Style};
use crate::report::formats::REGISTRY;
use crate::report::human::applications::{Decided, summary};
use crate::report::repairs::RepairsDocument;
use crate::report::{github, human, markdown};
use crate::search::{Decision, Findings};
use crate::smt;
use crate::text::{COLUMNS, Kind, Paint, neutralise, set_columns};
use anyhow::{Context, anyhow};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Prints to standard output. A reader that went away is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Usage(anyhow!(error).context("cannot write to standard output")))
        }
        _ => Ok(()),
    }
}

/// Refuses what cannot be written before any work is done: several reports for standard output, and formats for one
/// input where there are `inputs`.
pub fn check(outputs: &[Output], inputs: usize) -> Result<(), Failure> {
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(Failure::Usage(anyhow!("two reports cannot both go to standard output; write -o json=FILE")));
    }
    if let Some(output) = outputs.iter().find(|output| inputs > 1 && !output.format.takes_several) {
        let name = output.format.name;
        let help = format!("help: run one alone, or use -o {}", several().join(", -o "));
        return Err(Failure::Usage(anyhow!("-o {name} takes one input, and here are {inputs}\n{help}")));
    }
    Ok(())
}

/// Refuses to write a report into a file that was read.
pub fn keep_inputs<'a>(outputs: &[Output], loaded: impl IntoIterator<Item = &'a Loaded>) -> Result<(), Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let read = |loaded: &'a Loaded| loaded.sources.files().map(|(file, _)| file);
    let inputs: BTreeSet<PathBuf> =
        loaded.into_iter().flat_map(read).filter_map(|file| real(Path::new(file))).collect();
    for file in outputs.iter().filter_map(|output| output.file.as_ref()) {
        if real(file).is_some_and(|file| inputs.contains(&file)) {
            let help = "help: name another file behind `=`";
            return Err(Failure::Usage(anyhow!("-o would overwrite {}, which is an input\n{help}", file.display())));
        }
    }
    Ok(())
}

/// Names of the formats that take several inputs.
fn several() -> Vec<&'static str> {
    REGISTRY.iter().filter(|format| format.takes_several).map(|format| format.name).collect()
}

/// How to write to standard output, and how to files.
fn styles(voice: &VoiceArgs) -> (Style, Style) {
    let human =
        human::Options { paint: paint(), verbose: voice.verbose, quiet: voice.quiet, show_proof: voice.show_proof };
    let style = Style { human, root: std::env::current_dir().ok() };
    let for_files = Style { human: human::Options { paint: Paint { colours: false }, ..human }, ..style.clone() };
    (style, for_files)
}

/// Writes reports in every format asked for. People have been told already.
pub fn write(documents: &[Document], outputs: &[Output], voice: &VoiceArgs) -> Result<(), Failure> {
    let (style, for_files) = styles(voice);
    for output in outputs.iter().filter(|output| output.file.is_none()) {
        print(&worded(output.format.render(documents, &style))?)?;
    }
    if is_github() && outputs.iter().all(|output| output.file.is_some()) && !asks_github(outputs) {
        print(&worded(github::FORMAT.render(documents, &style))?)?;
    }
    write_files(documents, outputs, &for_files)
}

/// Writes reports of what was decided before, to people as well.
pub fn write_again(documents: &[Document], outputs: &[Output], voice: &VoiceArgs) -> Result<(), Failure> {
    let (style, for_files) = styles(voice);
    for (format, quotes) in on_standard_output(outputs) {
        let text = worded(format.render(documents, &style))?;
        print(&if quotes { quoted(&text) } else { text })?;
    }
    write_files(documents, outputs, &for_files)
}

/// Whether people are told on standard output.
pub fn tells_people(outputs: &[Output]) -> bool {
    on_standard_output(outputs).iter().any(|(format, _)| **format == human::FORMAT)
}

/// What goes to standard output, and whether the text must not give orders to the runner of GitHub Actions.
fn on_standard_output(outputs: &[Output]) -> Vec<(&'static Format, bool)> {
    let mut formats: Vec<(&Format, bool)> =
        outputs.iter().filter(|output| output.file.is_none()).map(|output| (output.format, false)).collect();
    if formats.is_empty() {
        formats.push((&human::FORMAT, is_github()));
        if is_github() && !asks_github(outputs) {
            formats.push((&github::FORMAT, false));
        }
    }
    formats
}

fn asks_github(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| *output.format == github::FORMAT)
}

fn write_files(documents: &[Document], outputs: &[Output], style: &Style) -> Result<(), Failure> {
    // Whoever reads them may have another terminal; what goes to this one has been written.
    set_columns(COLUMNS);
    for output in outputs {
        if let Some(file) = &output.file {
            std::fs::write(file, worded(output.format.render(documents, style))?)
                .with_context(|| format!("cannot write {}", file.display()))
                .map_err(Failure::Usage)?;
        }
    }
    if asks_github(outputs) || is_github() { append_summary(documents, style) } else { Ok(()) }
}

/// What was made as JSON; a failure is a fault of ours.
pub fn worded<T>(made: serde_json::Result<T>) -> Result<T, Failure> {
    made.context("cannot write JSON").map_err(Failure::Internal)
}

/// Answers in words, by their place among all.
#[derive(Default)]
struct Answers {
    told: Vec<(usize, IntentDocument)>,
    /// Violations that wait until it is known which of them says most.
    held: Vec<(usize, IntentDocument)>,
}

/// Writes the report on one input while its answers come in.
pub struct Teller<'a> {
    loaded: &'a Loaded,
    style: Style,
    /// What goes to standard output, and whether the text must not give orders to the runner of GitHub Actions.
    formats: Vec<(&'static Format, bool)>,
    answers: Mutex<Answers>,
    failure: Mutex<Option<Failure>>,
}

impl<'a> Teller<'a> {
    /// For these outputs.
    pub fn new(loaded: &'a Loaded, outputs: &'a [Output], voice: &VoiceArgs) -> Self {
        let (answers, failure) = (Mutex::default(), Mutex::default());
        Self { loaded, style: styles(voice).0, formats: on_standard_output(outputs), answers, failure }
    }

    /// Tells one answer, and whether its repairs will be told.
    pub fn tell(&self, decision: &Decision, repairs_follow: bool) {
        let mut document = IntentDocument::new(self.loaded, decision.systems, decision.result);
        document.repairs_follow = repairs_follow;
        self.tell_document(decision.result.property, document);
    }

    /// Tells one answer in words, which has this place among all of them. Violations wait for [`Self::tell_violations`], or
    /// for the first question that stays open.
    pub fn tell_document(&self, place: usize, document: IntentDocument) {
        if document.verdict == "unknown" {
            self.tell_violations();
        }
        let mut answers = self.answers();
        if document.violation.is_some() {
            answers.held.push((place, document));
        } else {
            self.write(&[&document]);
            answers.told.push((place, document));
        }
    }

    /// Tells the violations found since the last time, the most telling one first.
    pub fn tell_violations(&self) {
        let mut answers = self.answers();
        let mut held = std::mem::take(&mut answers.held);
        held.sort_by_key(|(place, document)| (cause::rank(document), *place));
        let known = answers.told.len();
        for (place, mut document) in held {
            document.ends_like = cause::like(&document, answers.told.iter().map(|(_, earlier)| earlier));
            answers.told.push((place, document));
        }
        self.write(&answers.told[known..].iter().map(|(_, document)| document).collect::<Vec<_>>());
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes answers to standard output. A failure to write is told in the end.
    fn write(&self, documents: &[&IntentDocument]) {
        let tell = |&(format, quotes): &(&Format, bool)| {
            let text = worded(format.some(&self.loaded.cluster.name, documents, &self.style))?.unwrap_or_default();
            if text.is_empty() { Ok(()) } else { print(&if quotes { quoted(&text) } else { text }) }
        };
        if let Err(failure) = self.formats.iter().try_for_each(tell) {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        }
    }

    /// Adds what repairs the answers that were told, by their place.
    pub fn repaired(&self, found: &Found, texts: &Texts) {
        let mut answers = self.answers();
        blame(answers.told.iter_mut().map(|(place, document)| (*place, document)).collect(), found, texts);
    }

    /// Writes what is left once everything is known.
    pub fn finish(self, findings: &Findings, exit: Exit) -> Result<Document, Failure> {
        let loaded = self.loaded;
        self.finish_with(|results| Document::of(loaded, findings, exit.code(), smt::versions(), results))
    }

    /// The same, with the document that the answers told are part of.
    pub fn finish_with(self, document: impl FnOnce(Vec<IntentDocument>) -> Document) -> Result<Document, Failure> {
        self.tell_violations();
        if let Some(failure) = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        let mut told = self.answers.into_inner().unwrap_or_else(PoisonError::into_inner).told;
        told.sort_by_key(|(place, _)| *place);
        let document = [document(told.into_iter().map(|(_, document)| document).collect())];
        for (format, quotes) in self.formats {
            let text = worded(format.rest(&document, &self.style))?;
            print(&if quotes { quoted(&text) } else { text })?;
        }
        let [document] = document;
        Ok(document)
    }
}

/// Adds to answers, by their place, what repairs them.
pub fn blame(mut answers: Vec<(usize, &mut IntentDocument)>, found: &Found, texts: &Texts) {
    let places: Vec<usize> = found.keys().copied().collect();
    let titles: BTreeMap<usize, String> = answers.iter().map(|(place, one)| (*place, one.title())).collect();
    let title = |index: usize| places.get(index).and_then(|place| titles.get(place)).cloned().unwrap_or_default();
    for (place, document) in &mut answers {
        if let Some(repairs) = found.get(place) {
            document.blame(RepairsDocument::new(repairs, texts, &title));
        }
    }
}

/// Writes the reports that go to files, once everything was told.
pub fn write_told(documents: &[Document], outputs: &[Output], voice: &VoiceArgs) -> Result<(), Failure> {
    write_files(documents, outputs, &styles(voice).1)
}

/// Says which application the next answers are about, where they are for people.
pub fn begin(name: &str, is_first: bool, outputs: &[Output]) -> Result<(), Failure> {
    let title = paint().paint(Kind::Label, &format!("application {}", neutralise(name)));
    tell_people(format!("{}{title}\n\n", if is_first { "" } else { "\n" }), outputs)
}

/// Says what became of several applications, where that is for people who want more than verdicts.
pub fn end(applications: &[Decided], outputs: &[Output], voice: &VoiceArgs) -> Result<(), Failure> {
    if voice.quiet {
        return Ok(());
    }
    tell_people(format!("\n{}", summary(applications, &styles(voice).0.human)), outputs)
}

fn tell_people(text: String, outputs: &[Output]) -> Result<(), Failure> {
    let formats = on_standard_output(outputs);
    match formats.iter().find(|(format, _)| **format == human::FORMAT) {
        Some((_, quotes)) => print(&if *quotes { quoted(&text) } else { text }),
        None => Ok(()),
    }
}

/// Whether this is a step of GitHub Actions.
fn is_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Text that the runner of GitHub Actions shows and does not obey, whatever names are in it.
fn quoted(text: &str) -> String {
    let token: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
    format!("::stop-commands::{token}\n{text}::{token}::\n")
}

/// Appends the Markdown report to the summary of the step, where the runner wants one.
fn append_summary(documents: &[Document], style: &Style) -> Result<(), Failure> {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return Ok(()) };
    let text = worded(markdown::FORMAT.render(documents, style))?;
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(&file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.context("cannot write to the file that GITHUB_STEP_SUMMARY names").map_err(Failure::Usage)
}
