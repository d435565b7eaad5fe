//! Variables of the model in words: `Running pods of default/web on spot-0` for `running[default/web][spot-0]`.

use super::document::CountedDocument;
use crate::text::plural;
use kubound_encodings::state::words;
use kubound_encodings::subject::{EVENT, Names, Object, POOL, Part, Subject};

/// The status of pods that a variable counts, as `kubectl get pods` has it where it can; nothing if it counts none.
fn status(subject: &Subject) -> Option<&'static str> {
    let is_count = subject.aspect.parts.iter().all(|part| matches!(part, Part::Left(_)));
    if !is_count {
        return None;
    }
    Some(match (subject.aspect.word.as_ref(), subject.slot) {
        (words::PENDING, _) => "Pending",
        (words::BOUND, Some(_)) => "ContainerCreating",
        (words::STARTING, Some(_)) => "Starting",
        (words::FRESH, Some(_)) => "Running, not available yet",
        (words::RUNNING, Some(_)) => "Running",
        (words::CRASHED, Some(_)) => "CrashLoopBackOff",
        (words::TERMINATING, Some(_)) => "Terminating",
        _ => return None,
    })
}

/// The pods that a variable counts.
pub fn pods(names: &Names, subject: &Subject) -> Option<CountedDocument> {
    let object = subject.object?;
    Some(CountedDocument {
        of: names.object(object).label(),
        workload: names.workload(object),
        status: status(subject)?.to_owned(),
    })
}

/// Whether a variable counts units of time down.
pub fn counts_time(subject: &Subject) -> bool {
    let word = subject.aspect.word.as_ref();
    let counts = |word: &str| ["timer", "timer of", "period", "schedule"].iter().any(|end| word.ends_with(end));
    let is_word = |part: &Part| matches!(part, Part::Word(word) if counts(word));
    counts(word) || subject.aspect.parts.iter().any(is_word)
}

/// What a variable says.
pub fn words(names: &Names, subject: &Subject) -> String {
    let node = subject.slot.map(|slot| names.slots[slot.index()].name.as_str());
    let on = node.map(|node| format!(" on {node}")).unwrap_or_default();
    let of = subject.object.map(|object| told(names.object(object))).unwrap_or_default();
    if let Some(status) = status(subject) {
        let place = match (subject.aspect.word.as_ref(), node) {
            (words::PENDING, Some(node)) => format!(" for {node}"),
            _ => on,
        };
        return format!("{status} pods of {of}{}{place}", remaining(subject));
    }
    let further = further(names, subject);
    let phrase = phrase(names, subject, &of, &further);
    phrase.unwrap_or_else(|| {
        let about = if of.is_empty() { String::new() } else { format!(" of {of}") };
        format!("{}{further}{about}{on}", subject.aspect.word)
    })
}

/// What an aspect is called where its own word does not tell it; custom resources have words of their own.
fn phrase(names: &Names, subject: &Subject, of: &str, further: &str) -> Option<String> {
    let node = subject.slot.map(|slot| names.slots[slot.index()].name.as_str());
    let object = subject.object.map(|object| names.object(object));
    let is_known = |kind: &str| WITH_PODS.contains(&kind) || OTHERS.contains(&kind);
    if object.is_some_and(|object| !is_known(&object.kind)) {
        return None;
    }
    if further.starts_with(" seen ") {
        let on = node.map(|node| format!(" on {node}")).unwrap_or_default();
        return Some(format!("{} pods of {of}{on}, as a late watch has seen them", subject.aspect.word));
    }
    let word = subject.aspect.word.as_ref();
    let at = node.unwrap_or("a node");
    let told = time_of(word, of, at, further).or_else(|| node_of(word, at)).or_else(|| fault_of(word, of, further));
    told.or_else(|| match word {
        words::EXISTS => Some(format!("{} exists", node.unwrap_or(of))),
        words::NOMINATED => Some(format!("pods of {of} nominated to {at}")),
        "begun" => Some(format!("{of} of {at} has begun")),
        words::FAILED if object.is_some_and(|object| object.kind == "Job") => Some(format!("{of} has failed")),
        _ => object_of(word, of),
    })
}

/// Time that is left, and what is noted of the past.
fn time_of(word: &str, of: &str, node: &str, further: &str) -> Option<String> {
    let until = match word {
        "toleration timer" => {
            let why = if further.is_empty() { String::new() } else { format!(" ({})", further.trim()) };
            format!("pods of {of} on {node} are evicted{why}")
        }
        "unneeded timer" => format!("{node} is removed as unneeded"),
        "availability timer" => format!("pods of {of} are available"),
        "start-up timer" => format!("pods of {of} have started"),
        "run timer" => format!("pods of {of} are done"),
        "deadline timer" => format!("the deadline of {of}"),
        "missed start timer" => format!("{of} misses its start"),
        "memory pressure timer" => format!("{node} reports no memory pressure for {of}"),
        "sync period" => format!("the next sync of {of}, at the latest"),
        "self-heal period" => format!("the next self-healing of {of}, at the latest"),
        "descheduler period" => "the descheduler runs again, at the latest".to_owned(),
        "schedule" => format!("{of} is due"),
        "largest" | "smallest" if further.ends_with(" timer") => {
            format!("the {word} recommendation of {of} leaves its window")
        }
        "largest" | "smallest" if further.ends_with(" since") => {
            return Some(format!("{word} recommendation of {of} since the one that is kept"));
        }
        "largest" | "smallest" => return Some(format!("{word} recommendation of {of} in its window")),
        _ => return None,
    };
    Some(format!("time left until {until}"))
}

/// What is said of a node.
fn node_of(word: &str, node: &str) -> Option<String> {
    Some(match word {
        "alive" => format!("the kubelet of {node} runs"),
        "unschedulable" => format!("{node} is cordoned"),
        "notReady" => format!("{node} is NotReady"),
        "podsNotReady" => format!("pods on {node} are marked as not ready"),
        "noExecuteTaint" => format!("{node} has a NoExecute taint"),
        "memoryPressure" => format!("{node} has MemoryPressure"),
        "deleting" => format!("{node} is being removed"),
        "startupTaints" => format!("{node} still has its startup taints"),
        "labels" => format!("which of its labels {node} has: 0 for those of the manifest"),
        "pods to mark" => format!("pods on {node} are still to be marked"),
        "leftOutOfQuotas" => format!("quotas leave out pods on {node}"),
        _ => return None,
    })
}

/// What faults leave behind.
fn fault_of(word: &str, of: &str, further: &str) -> Option<String> {
    Some(match word {
        words::LEFT if of.is_empty() => format!("times that the fault{further} may still happen"),
        "expects" => format!("{of} waits for what it has asked for ({})", further.trim()),
        "expired" => format!("{of} waits no longer for what it has asked for ({})", further.trim()),
        "watch" => format!("the watch is late ({})", further.trim()),
        _ => return None,
    })
}

/// What is said of an object.
fn object_of(word: &str, of: &str) -> Option<String> {
    Some(match word {
        words::REPLICA_SET => format!("replicas of the ReplicaSet of {of}"),
        words::DESIRED_REPLICAS => format!("replicas noted at the ReplicaSet of {of}"),
        words::WITH_SURGE => format!("replicas with surge noted at the ReplicaSet of {of}"),
        "created" => format!("place of the ReplicaSet of {of} in the order of creation"),
        "revision" => format!("revision number of the ReplicaSet of {of}"),
        words::TEMPLATE => format!("revision wanted of {of}, from 0"),
        words::PAUSED => format!("{of} is paused"),
        words::CPU_USAGE => format!("CPU that pods of {of} use, in units of the model"),
        words::METRIC_NOW => format!("a metric of {of} now, in thousandths"),
        words::METRIC_GONE => format!("a metric of {of} has no value"),
        words::LEFT => format!("times that {of} may still happen"),
        words::FAILED => format!("failed pods of {of}"),
        "recommended" => format!("level of requests recommended for {of}"),
        "succeeded" => format!("pods of {of} that have succeeded"),
        "failures" => format!("failures of {of} that count"),
        "known" => format!("pods of {of} that its controller knows"),
        "replicas applied" => format!("spec.replicas of {of} has been applied"),
        "scheduled" => format!("{of} was due before"),
        "descheduler stage" => "stage of the run of the descheduler".to_owned(),
        "settled once" => "the cluster has settled once".to_owned(),
        _ => return None,
    })
}

/// Kinds of objects that have pods.
const WITH_PODS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Pod"];

/// Other kinds whose variables are told here.
const OTHERS: [&str; 5] = [EVENT, POOL, "HorizontalPodAutoscaler", "VerticalPodAutoscaler", "CronJob"];

/// What tells an aspect from others of the same word.
fn further(names: &Names, subject: &Subject) -> String {
    let part = |part: &Part| match part {
        Part::Object(object) => format!(", {}", told(names.object(*object))),
        Part::Slot(slot) => format!(", {}", names.slots[slot.index()].name),
        Part::Number(number) => format!(" {number}"),
        Part::Left(units) => format!(", {units} units of time left"),
        Part::Word(word) => format!(" {word}"),
        Part::Field(field) => format!(" of {field}"),
    };
    subject.aspect.parts.iter().map(part).collect()
}

/// How much time pods have left in their phase.
fn remaining(subject: &Subject) -> String {
    let left = |part: &Part| match part {
        Part::Left(units) => Some(format!(" with {} of time left", plural(i64::from(*units), "unit"))),
        _ => None,
    };
    subject.aspect.parts.iter().filter_map(left).collect()
}

/// An object as people call it: events by their name, what has pods by namespace and name, others with their kind.
fn told(object: &Object) -> String {
    match WITH_PODS.contains(&object.kind.as_str()) || object.kind == EVENT || object.says_kind {
        true => object.label(),
        false => format!("{} {}", object.kind, object.label()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::subject::ObjectId;

    #[test]
    fn variables_are_told_in_words_that_differ() {
        let mut names = Names::default();
        let web = names.add(Object::new("Deployment", "default", "web"));
        let later = names.add(Object { owner: Some(web), revision: 1, ..names.object(web).clone() });
        let hpa = names.add(Object::new("HorizontalPodAutoscaler", "default", "web"));
        let drain = names.add(Object::new(EVENT, "", "drain-1"));
        names.slots.push(kubound_encodings::subject::SlotName { name: "spot-0".into(), pool: 0 });
        let on = |word: &'static str, object: ObjectId| Subject::new(word).of(object).on(0);
        for (subject, expected) in [
            (on(words::RUNNING, web), "Running pods of default/web on spot-0"),
            (on(words::RUNNING, later), "Running pods of default/web@2 on spot-0"),
            (on(words::PENDING, web), "Pending pods of default/web for spot-0"),
            (
                on(words::STARTING, web).with(Part::Left(3)),
                "Starting pods of default/web with 3 units of time left on spot-0",
            ),
            (Subject::new(words::REPLICA_SET).of(later), "replicas of the ReplicaSet of default/web@2"),
            (
                Subject::new("sync period").of(hpa),
                "time left until the next sync of HorizontalPodAutoscaler default/web, at the latest",
            ),
            (Subject::new(words::LEFT).of(drain), "times that drain-1 may still happen"),
            (Subject::new(words::LEFT).word("crash"), "times that the fault crash may still happen"),
            (
                on("toleration timer", web).word("unreachable"),
                "time left until pods of default/web on spot-0 are evicted (unreachable)",
            ),
            (Subject::new("widgets").of(web), "widgets of default/web"),
        ] {
            assert_eq!(words(&names, &subject), expected);
        }
        let counted = pods(&names, &on(words::CRASHED, later)).expect("it counts pods");
        assert_eq!(
            (counted.of.as_str(), counted.workload.as_str(), counted.status.as_str()),
            ("default/web@2", "Deployment/default/web", "CrashLoopBackOff")
        );
        assert_eq!(pods(&names, &Subject::new(words::REPLICAS).of(web)), None);
    }
}
