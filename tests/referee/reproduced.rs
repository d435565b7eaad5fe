//! The page about known failures on a real control plane.

use crate::cases::{CaseRecord, Outcome};
use std::fmt::Write as _;

/// The page.
pub fn page(records: &[CaseRecord], release: &str) -> String {
    let of = |is_meant: &dyn Fn(&CaseRecord) -> bool| records.iter().filter(|one| is_meant(one)).count();
    let reproduced = of(&|one| matches!(one.outcome, Outcome::Reproduced));
    let refused = of(&|one| matches!(one.outcome, Outcome::Refused(_)));
    let tried = of(&|one| one.is_fixed_tried);
    let away = of(&|one| one.fixed.is_some());
    let mut text = String::from(HEAD);
    let _ = writeln!(
        text,
        "Kubernetes {release}: of {} cases **{reproduced} are reproduced**, {} are not, {refused} have no script. With the \
         fixed manifests the failure stayed away in {away} of {tried} that were tried.\n",
        records.len(),
        records.len() - reproduced - refused,
    );
    text.push_str(
        "| case | failure | on the control plane | with the fixed manifests, not seen |\n|---|---|---|---|\n",
    );
    for one in records {
        let seen = match &one.outcome {
            Outcome::Reproduced if one.tries == 1 => format!("**reproduced** ({:.0} s)", one.seconds),
            Outcome::Reproduced => format!("**reproduced** at try {} ({:.0} s)", one.tries, one.seconds),
            Outcome::NotReproduced(why) => format!("not reproduced in {} tries: {}", one.tries, cell(why)),
            Outcome::Refused(why) => format!("no script: {}", cell(why)),
        };
        let fixed = match (&one.fixed, one.is_fixed_tried) {
            (Some(unseen), _) => cell(unseen),
            (None, true) => "**the failure was seen**".to_owned(),
            (None, false) => String::new(),
        };
        let _ = writeln!(text, "| {} | {} | {seen} | {fixed} |", one.case, cell(&one.title));
    }
    text
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const HEAD: &str = "# Known failures on a real control plane

`scripts/referee cases` writes this page. For each of the [known failures](gallery/index.md) it searches the violating run, has
`kubound replay --script kwok` make [a script](reproduce.md) of it, and runs the script, as it is, on a [real control
plane](referee.md): etcd, API server, controller manager and scheduler, and the descheduler where the case has one. Nodes and
pods are played by the referee in the place of KWOK, and a stand-in serves what pods use.

*Reproduced* means that the script saw every step of the run's controllers and the state at its end, all of which it only waits
for. A tie that went another way, or a step that was not seen, is tried again, six times in all. Descheduling passes are every
15 s, and loops are followed two times round.

Then the same script is made with the fixed manifests (`--instead`): same sizes, same replicas, same things that users do. The
failure *stays away* if what the run ends with (or what it repeats) is not seen, though nothing changes any more; the line says
what was looked for.

Faults, such as crashes and lost answers, have [a page of their own](reproduced-faults.md).

";
