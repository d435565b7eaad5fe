//! `kubound vary`: which values of fields violate which intent, and which are safe.

mod judge;

use super::again::Again;
use super::args::{Form, SearchArgs};
use super::completions::values;
use super::exit::Exit;
use super::{Failure, check, input, interrupt, output};
use crate::limits::vary::MINIMISE;
use crate::manifest::{Loaded, Severity, Varied, resolve};
use crate::report::human::{Options, run as told_run};
use crate::text::{Kind, neutralise, plural, wrap, wrap_after};
use crate::vary::search::{Claim, Map, Sort, search};
use crate::vary::{Axis, axes, told};
use anyhow::anyhow;
use clap::Args;
use judge::Asked;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

/// Flags of `vary`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Files and folders of manifests and a scenario [default: this folder]
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Try these values of a field, such as 'Deployment/default/web spec.replicas=1..5' or 'web spec.x=1,2,50%'; may be
    /// repeated [default: `vary` of the scenario]
    #[arg(long, value_name = "OBJECT FIELD=VALUES", value_parser = Varied::of_flag)]
    field: Vec<Varied>,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", add = values::intents(), help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Form,
}

/// Runs the subcommand. Exit code 1 says that some value violates an intent.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.search.check()?;
    check::set_up(&arguments.search)?;
    let cancel = interrupt::install();
    let (input, loaded, texts) = input::load_again(&arguments.paths)?;
    let wanted = wanted(arguments, &loaded)?;
    // What is wrong with the flags is wrong with every value.
    check::apply(&mut loaded.clone(), &arguments.search.model, &arguments.intent)?;
    let axes = axes(&wanted, &loaded.cluster, &loaded.sources, &texts);
    let axes = axes.map_err(|why| Failure::Usage(anyhow!(why)))?;
    if arguments.output == Form::Human {
        output::print(&told::fields(&axes))?;
    }
    let again = Again { input: &input, search: &arguments.search, minimise: MINIMISE, cancel: &cancel };
    let end = Instant::now() + arguments.search.options(&loaded).timeout;
    let mut asked = Asked::new(&axes, &texts, again, &arguments.intent, end);
    asked.form = arguments.output;
    let map = search(&axes, &mut asked)?;
    match arguments.output {
        Form::Json => output::print(&format!("{:#}\n", document(&loaded, &axes, &map, &asked)))?,
        Form::Human => output::print(&text(arguments, &loaded, &axes, &map, &asked))?,
    }
    Ok(exit(&map, cancel.is_cancelled()))
}

/// The fields of flags, or of the scenario where there are none.
fn wanted(arguments: &Arguments, loaded: &Loaded) -> Result<Vec<Varied>, Failure> {
    let mut wanted: Vec<Varied> = Vec::new();
    for varied in &arguments.field {
        let object = resolve(&varied.object, &loaded.sources);
        let object = object.map_err(|(what, help)| Failure::Usage(anyhow!("{what}\nhelp: {help}")))?;
        if wanted.iter().any(|other| (&other.object, &other.field) == (&object, &varied.field)) {
            return Err(Failure::Usage(anyhow!("--field names {} of {object} twice", varied.field)));
        }
        wanted.push(Varied { object, ..varied.clone() });
    }
    if wanted.is_empty() {
        wanted.clone_from(&loaded.vary);
    }
    if wanted.is_empty() {
        let help = "help: write `vary` into the scenario, or give --field 'Deployment/default/web spec.replicas=1..5'";
        return Err(Failure::Usage(anyhow!("there is no field to vary\n{help}")));
    }
    Ok(wanted)
}

/// The answers for people.
fn text(arguments: &Arguments, loaded: &Loaded, axes: &[Axis], map: &Map, asked: &Asked) -> String {
    let mut text = String::new();
    let paint = output::paint();
    if let Some(assumed) = &loaded.cluster.assumed {
        let _ = writeln!(text, "assumed {}", wrap(&neutralise(assumed), 8));
    }
    for (claim, answers) in &map.answers {
        text += &told::intent(axes, claim, answers);
        if let Some((at, example)) = asked.example(claim) {
            let values = told::combination(axes, at);
            let headline = format!("with {values}: {}", example.told());
            let _ = writeln!(text, "  {}", wrap(&neutralise(&headline), 4));
            text += &told_run(&example, &Options { paint, ..Options::plain() });
            let _ = writeln!(text, "  {}", wrap(&neutralise(&shows(arguments, loaded, axes, at, claim)), 4));
        }
    }
    text += &told::refusals(axes, map);
    let warning = paint.paint(Kind::Warning, "warning");
    for note in &asked.notes {
        let _ = writeln!(text, "{warning}: {}", wrap_after(&neutralise(note), 9, 2));
    }
    let risky = loaded.notes.iter().filter(|note| note.severity == Severity::Risky).count() as i64;
    if risky > 0 {
        let fields = plural(risky, "field");
        let _ =
            writeln!(text, "{warning}: {fields} may change this and are not modelled; `kubound verify` tells which");
    }
    let combinations: usize = axes.iter().map(|axis| axis.varied.values.len()).product();
    let noun = if axes.len() > 1 { "combination" } else { "value" };
    let searches = match map.questions {
        1 => "1 search".to_owned(),
        several => format!("{several} searches"),
    };
    let _ = writeln!(text, "{}, {searches}", plural(combinations as i64, noun));
    text
}

/// What to change so that `verify` shows a violation in full.
fn shows(arguments: &Arguments, loaded: &Loaded, axes: &[Axis], at: &[usize], claim: &Claim) -> String {
    let change = |(axis, place): (&Axis, &usize)| {
        let value = &axis.varied.values[*place];
        let source = loaded.sources.locate(&axis.object);
        let line = source.map(|source| format!(" ({}:{})", source.file, source.region(&axis.path).line));
        format!("set {} of {}{} to {value}", axis.path, axis.object, line.unwrap_or_default())
    };
    let changes: Vec<String> = axes.iter().zip(at).map(change).collect();
    let paths: Vec<String> = arguments.paths.iter().map(|path| path.display().to_string()).collect();
    format!("in full: {}, and kubound verify {} --intent {}", changes.join(", "), paths.join(" "), claim.0)
}

/// The answers for machines.
fn document(loaded: &Loaded, axes: &[Axis], map: &Map, asked: &Asked) -> Value {
    let values = |point: &[usize]| -> Vec<String> {
        axes.iter().zip(point).map(|(axis, place)| axis.varied.values[*place].to_string()).collect()
    };
    let fields = axes.iter().map(|axis| {
        let own: Vec<String> = axis.varied.values.iter().map(ToString::to_string).collect();
        json!({"object": axis.varied.object, "field": axis.varied.field, "values": own})
    });
    let intents = map.answers.iter().map(|(claim, answers)| {
        let told = answers.iter().map(|(point, answer)| {
            let why = Some(&answer.why).filter(|why| !why.is_empty());
            json!({"values": values(point), "verdict": answer.word, "why": why})
        });
        let example = asked.example(claim).map(
            |(at, example)| json!({"values": values(at), "message": example.message, "violation": example.violation}),
        );
        json!({"intent": claim.0, "target": claim.1, "answers": told.collect::<Vec<_>>(), "smallest": example})
    });
    let refused = map.refused.iter().map(|(point, why)| json!({"values": values(point), "why": why}));
    json!({
        "kind": "Variation",
        "name": loaded.cluster.name,
        "fields": fields.collect::<Vec<_>>(),
        "intents": intents.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "notes": asked.notes,
        "searches": map.questions,
    })
}

fn exit(map: &Map, interrupted: bool) -> Exit {
    let sorts = || map.answers.values().flat_map(|answers| answers.values().map(|answer| answer.sort));
    if interrupted {
        Exit::Interrupted
    } else if sorts().any(|sort| sort == Sort::Violated) {
        Exit::Violated
    } else if sorts().any(|sort| sort == Sort::Open) {
        Exit::Undecided
    } else if sorts().any(|sort| sort == Sort::Safe) {
        Exit::Fine
    } else {
        Exit::NothingChecked
    }
}
