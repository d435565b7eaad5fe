//! `containers` of a workload: what each container of its pods uses. Together that is what a pod uses.

use super::super::ErrorKind;
use super::super::draft::DraftWorkload;
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::span::{Count, read_span};
use super::super::suggest::nearest_or_list;
use super::super::view::{Fields, View};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::workload::{ContainerUsage, Share, Usage};

/// The keys of an entry.
pub(super) const CONTAINER: &[&str] = &["name", "cpuUsage", "memoryUsage"];

/// Reads the entries; the usage of whole pods has been read.
pub(super) fn read(fields: &Fields, read: &mut DraftWorkload) -> Result<(), InputError> {
    let Some(view) = fields.get("containers") else { return Ok(()) };
    let names: Vec<String> = read.containers.lasting_names().into_iter().map(str::to_owned).collect();
    let mut entries: Vec<(ContainerUsage, Fields)> = Vec::new();
    for item in view.list()? {
        let fields = item.strict_fields(CONTAINER)?;
        let name_view = fields.require("name", "the name of a container")?;
        let name = name_view.name()?.to_owned();
        if !names.contains(&name) {
            return Err(name_view
                .error(format!("no container `{name}` that runs as long as its pod"))
                .kind(ErrorKind::UnknownName)
                .expected("the name of a container or a sidecar")
                .help(nearest_or_list(&name, names.iter().map(String::as_str))));
        }
        if entries.iter().any(|(other, _)| other.name == name) {
            return Err(name_view
                .error(format!("{name} occurs twice"))
                .kind(ErrorKind::Duplicate)
                .expected("one entry for each container"));
        }
        entries.push((ContainerUsage { name, cpu: None, memory: None }, fields));
    }
    for (key, unit) in [("cpuUsage", Unit::Milli), ("memoryUsage", Unit::Whole)] {
        let spans: Vec<Option<(Span, View)>> = entries
            .iter()
            .map(|(_, fields)| fields.read(key, |view| Ok((read_span(&view, &Count::Amount(unit))?, view))))
            .collect::<Result<_, _>>()?;
        if spans.iter().all(Option::is_none) {
            continue;
        }
        let usage = if unit == Unit::Milli { &mut read.workload.cpu_usage } else { &mut read.workload.memory_usage };
        if *usage != Usage::Request {
            let what = format!("{key} of containers, and what whole pods use");
            return Err(view.error(what).kind(ErrorKind::Duplicate).expected("one of the two"));
        }
        let missing = names
            .iter()
            .find(|name| !entries.iter().zip(&spans).any(|((entry, _), span)| entry.name == **name && span.is_some()));
        if let Some(name) = missing {
            return Err(view
                .error(format!("no {key} of container {name}"))
                .kind(ErrorKind::MissingField)
                .expected(format!("{key} of each container and sidecar, or of none")));
        }
        let ranges: Vec<&(Span, View)> = spans.iter().flatten().filter(|(span, _)| span.constant().is_none()).collect();
        if let [_, second, ..] = ranges.as_slice() {
            return Err(second
                .1
                .error("a second range")
                .kind(ErrorKind::NotSupported)
                .expected("a range for one container only"));
        }
        let fixed: i64 = spans.iter().flatten().filter_map(|(span, _)| span.constant()).sum();
        let free = ranges.first().map_or(Span::exactly(0), |(span, _)| *span);
        *usage = Usage::PerPod(Span { lo: free.lo + fixed, hi: free.hi + fixed, step: free.step });
        for ((entry, _), span) in entries.iter_mut().zip(&spans) {
            let share = span.as_ref().map(|(span, _)| span.constant().map_or(Share::Rest(fixed), Share::Exactly));
            *(if unit == Unit::Milli { &mut entry.cpu } else { &mut entry.memory }) = share;
        }
    }
    read.workload.container_usage = entries.into_iter().map(|(entry, _)| entry).collect();
    Ok(())
}
