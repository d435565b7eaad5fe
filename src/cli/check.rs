//! From input that was read to findings and their exit code: what `verify` and `cases run` share.

use super::args::{FaultArgs, MemoryArg, ModelArgs, SearchArgs};
use super::exit::{Circumstances, Deny, Exit, of_results};
use super::{Failure, dump};
use crate::engines::Cancel;
use crate::limits::first_run::WITH_DRAINS;
use crate::limits::memory_watch::LOOK;
use crate::limits::{Stop, memory};
use crate::manifest::{Loaded, Severity, contradicting_faults};
use crate::memory::{allowed_bytes, resident_bytes};
use crate::search::{Fault, Findings, Observer, Options, Systems, references, verify};
use anyhow::anyhow;
use kubound_encodings::assemble::AssembleError;
use kubound_encodings::cluster::{Cluster, Granularity, Span, fault};
use std::thread;

/// Applies the flags to what was read.
pub fn apply(loaded: &mut Loaded, model: &ModelArgs, intents: &[String]) -> Result<(), Failure> {
    if let Some(timing) = model.timing {
        loaded.timing = timing.into();
        loaded.cluster.timing = loaded.timing.first();
    }
    let cluster = &mut loaded.cluster;
    if let Some(nodes) = model.nodes {
        cluster.bounds.nodes_per_pool = nodes;
        for pool in &mut cluster.pools {
            pool.count = cap(pool.count, nodes, &format!("pool {}", pool.name), "--nodes")?;
        }
    }
    if let Some(pods) = model.pods {
        cluster.bounds.pods = pods;
        for workload in &mut cluster.workloads {
            workload.replicas = cap(workload.replicas, pods, &workload.reference.to_string(), "--pods")?;
        }
    }
    if !cluster.pools.is_empty() && cluster.pools.iter().all(|pool| pool.most_nodes() == 0) {
        return Err(Failure::Usage(anyhow!("no pool may have a node; raise `count` in spec.nodes, or --nodes")));
    }
    inject(cluster, &model.faults)?;
    select(cluster, intents)
}

/// Adds the faults of flags, or changes how often those of the scenario may happen.
fn inject(cluster: &mut Cluster, faults: &FaultArgs) -> Result<(), Failure> {
    for (kind, times) in faults.times() {
        match cluster.faults.iter_mut().find(|fault| fault.kind == kind) {
            Some(known) => known.times = times,
            None => cluster.faults.push(fault::Fault::new(kind, Vec::new(), times)),
        }
    }
    match contradicting_faults(&cluster.faults) {
        Some(what) => Err(Failure::Usage(anyhow!("{what} are asked for; leave one of them out"))),
        None => Ok(()),
    }
}

fn cap(span: Span, most: i64, what: &str, flag: &str) -> Result<Span, Failure> {
    Span::new(span.lo, span.hi.min(most), span.step).ok_or_else(|| {
        Failure::Usage(anyhow!("{flag} {most} leaves nothing of {what}, which has at least {}", span.lo))
    })
}

/// Keeps the intents of these ids; all if none is named.
fn select(cluster: &mut Cluster, ids: &[String]) -> Result<(), Failure> {
    for id in ids {
        if !cluster.intents.iter().any(|intent| intent.id == *id) {
            let mut known: Vec<&str> = cluster.intents.iter().map(|intent| intent.id.as_str()).collect();
            known.dedup();
            return Err(Failure::Usage(anyhow!("no intent is called `{id}`; there are: {}", known.join(", "))));
        }
    }
    if !ids.is_empty() {
        cluster.intents.retain(|intent| ids.contains(&intent.id));
    }
    Ok(())
}

/// Decides everything; the exit code is that of the findings alone.
pub fn decide(
    loaded: &Loaded,
    search: &SearchArgs,
    deny: &[Deny],
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<(Findings, Exit), Failure> {
    let options = search.options(loaded);
    // Who writes a scenario means what it says. Small clusters, of which more is assumed than drains, are searched, which takes
    // its time; proofs about large ones come soon or never.
    let parts = if loaded.cluster.events.len() > 1 { WITH_DRAINS - 1 } else { 1 };
    let undrained = loaded.cluster.assumed.as_ref().map(|_| options.timeout / WITH_DRAINS * parts);
    let options = Options { undrained, ..options };
    let findings = found(loaded, &options, cancel, observer)?;
    let exit = exit_of(loaded, deny, &findings);
    Ok((findings, exit))
}

/// The exit code of the findings about an input.
fn exit_of(loaded: &Loaded, deny: &[Deny], findings: &Findings) -> Exit {
    let circumstances = Circumstances {
        expect: &loaded.expect,
        accepted: &loaded.accepted,
        deny,
        ignored_risky: loaded.notes.iter().any(|note| note.severity == Severity::Risky),
        interrupted: findings.interrupted,
    };
    of_results(&findings.results, &circumstances)
}

/// Builds the model and searches; the time for both is that of the options.
fn found(loaded: &Loaded, options: &Options, cancel: &Cancel, observer: &dyn Observer) -> Result<Findings, Failure> {
    searched(loaded, options, cancel, observer)?.map_err(|fault| dumped(loaded, fault))
}

/// The same, where the caller judges what a fault of the search means.
pub fn searched(
    loaded: &Loaded,
    options: &Options,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Result<Findings, Fault>, Failure> {
    verify(&loaded.cluster, options, cancel, observer).map_err(refused)
}

/// A fault of ours; one between engines with the place of what is needed to see it again.
pub fn dumped(loaded: &Loaded, fault: Fault) -> Failure {
    let told = fault.to_string();
    let is_contradiction = matches!(fault, Fault::Contradiction { .. });
    if matches!(fault, Fault::NothingToCheck { .. }) {
        return Failure::Usage(fault.into());
    }
    let error = anyhow::Error::from(fault);
    if !is_contradiction {
        return Failure::Internal(error);
    }
    let arguments: Vec<String> = std::env::args().collect();
    Failure::Internal(match dump::write(loaded, &arguments, &told) {
        Ok(folder) => error.context(format!("{} has the input and how to see this again", folder.display())),
        Err(why) => error.context(format!("the input could not be saved: {why}")),
    })
}

/// The systems of a cluster. Intents that compare with another one are left out.
pub fn systems(cluster: &Cluster, granularity: Granularity) -> Result<Systems, Failure> {
    Systems::new(cluster, granularity).map_err(refused)
}

/// The same with all intents: what they compare with is found out before.
pub fn systems_with_intents(cluster: &Cluster, granularity: Granularity) -> Result<Systems, Failure> {
    let (mut known, options) = (cluster.clone(), Options::default());
    let stop = Stop::default().at_most(options.timeout);
    let open = references::resolve(&mut known, &Options { granularity, ..options }, &stop).map_err(refused)?;
    for one in open {
        log::warn!("{} is left out: {}", one.intent.id, one.why);
    }
    systems(&known, granularity)
}

fn refused(error: AssembleError) -> Failure {
    match error {
        AssembleError::Unsupported { .. } => Failure::Usage(error.into()),
        AssembleError::IllFormed(_) | AssembleError::Undeclared(_) | AssembleError::Stopped(_) => {
            Failure::Internal(error.into())
        }
    }
}

/// Sets what the process may use, once for all searches.
pub fn set_up(search: &SearchArgs) -> Result<(), Failure> {
    limit_memory(search.memory)?;
    set_jobs(search)
}

/// Watches how much memory the process has.
fn limit_memory(wanted: Option<MemoryArg>) -> Result<(), Failure> {
    let most = match wanted {
        Some(MemoryArg(bytes)) => bytes,
        None => default_memory(),
    };
    let Some(most) = most else { return Ok(()) };
    if resident_bytes().is_none() {
        log::warn!("this system does not tell how much memory a process has; --memory is not heeded");
        return Ok(());
    }
    memory::limit(most);
    let watch = || loop {
        memory::taken(resident_bytes().unwrap_or_default());
        thread::sleep(LOOK);
    };
    let started = thread::Builder::new().name("memory".to_owned()).spawn(watch);
    started.map(drop).map_err(|error| Failure::Internal(anyhow!(error).context("cannot start a thread")))
}

/// Three quarters of what the system allows: the rest is for what is freed late, and for others.
pub fn default_memory() -> Option<u64> {
    allowed_bytes().map(|bytes| bytes / 4 * 3)
}

/// Sets the number of threads of the explicit engine.
fn set_jobs(search: &SearchArgs) -> Result<(), Failure> {
    let Some(jobs) = search.jobs else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(usize::from(jobs)).build_global();
    built.map_err(|error| Failure::Internal(anyhow!(error).context("cannot start the threads")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_keeps_the_lower_end_or_fails() {
        let range = Span::new(1, 6, 1).expect("not empty");
        assert_eq!(cap(range, 3, "pool a", "--nodes").ok(), Span::new(1, 3, 1));
        assert_eq!(cap(range, 9, "pool a", "--nodes").ok(), Some(range));
        assert!(matches!(cap(range, 0, "pool a", "--nodes"), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_pool_may_have_only_the_nodes_that_an_autoscaler_adds() {
        use super::super::args::GranularityArg;
        let model = ModelArgs {
            granularity: GranularityArg::Fused,
            timing: None,
            nodes: None,
            pods: None,
            depth: None,
            faults: FaultArgs::default(),
        };
        let applied = |most: i64| {
            let scenario = format!(
                "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  clusterAutoscaler: {{}}\n  nodes:\n  \
                 - {{name: a, count: 0, autoscaling: {{max: {most}}}}}\n  - {{name: b, count: 0..1}}\n"
            );
            let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app}]}\n";
            let files = [("scenario.yaml".to_owned(), scenario), ("web.yaml".to_owned(), pod.to_owned())];
            let mut loaded = crate::manifest::load_embedded("test", &files).expect("a valid input");
            loaded.cluster.pools[1].count = Span::exactly(0);
            apply(&mut loaded, &model, &[])
        };
        assert!(applied(1).is_ok());
        assert!(matches!(applied(0), Err(Failure::Usage(_))));
    }

    #[test]
    fn an_unknown_intent_is_a_usage_error() {
        assert!(matches!(select(&mut Cluster::default(), &["x".into()]), Err(Failure::Usage(_))));
    }
}
