//! What ends a command, but for faults of the input, which have ids of their own.

use kubound_encodings::explanation::Explanation;

/// Why a command ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FailureKind {
    /// Two engines contradict each other.
    Contradiction,
    /// A fault of ours.
    Internal,
    /// What was to be confirmed is not so.
    Refuted,
    /// A file, a stream or a program did not do what was asked of it.
    System,
    /// The command line asks for what cannot be.
    Usage,
}

impl FailureKind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Contradiction, Self::Internal, Self::Refuted, Self::System, Self::Usage];

    /// The stable id.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::Internal => "internal",
            Self::Refuted => "refuted",
            Self::System => "system",
            Self::Usage => "usage",
        }
    }
}

const EXIT_CODES: &str = "https://man.openbsd.org/sysexits";

/// The line about a kind, and everything else. Examples are commands.
pub(super) fn explain(kind: FailureKind) -> (&'static str, Explanation) {
    match kind {
        FailureKind::Contradiction => (
            "two engines or solvers contradict each other",
            Explanation {
                meaning: "Two ways of deciding the same question came to answers of which one must be wrong. No verdict is given. The message names a folder with the input, the command and both answers: please report it with that folder.",
                formal: "Of two answers about the same property within the same limits one is a violation and the other excludes it; or a violation cannot be replayed on the unreduced system. Exit code 70.",
                failing: "No command is known that does this.",
                passing: "kubound verify cases/c7/broken --cross-check",
                upstream: EXIT_CODES,
            },
        ),
        FailureKind::Internal => (
            "a fault of Kubound, not of the input",
            Explanation {
                meaning: "Something happened that the program holds impossible. No verdict is given, and none that was printed before is affected. Please report the command, the input and the message.",
                formal: "An invariant of the program does not hold. Exit code 70.",
                failing: "No command is known that does this.",
                passing: "kubound doctor",
                upstream: EXIT_CODES,
            },
        ),
        FailureKind::Refuted => (
            "what was to be confirmed is not so",
            Explanation {
                meaning: "A saved run was to be followed, and a step of it is not allowed any more, or it does not violate its intent any more. The message says at which step. A change has fixed it, or moved it elsewhere.",
                formal: "The saved run is no run of the system that the input becomes now, or it satisfies the intent. Exit code 1.",
                failing: "kubound replay tests/fixtures/saved/tampered.json tests/fixtures/clock --despite-changes",
                passing: "kubound replay tests/fixtures/saved/run.json tests/fixtures/clock",
                upstream: EXIT_CODES,
            },
        ),
        FailureKind::System => (
            "a file, a stream or a program did not do what was asked of it",
            Explanation {
                meaning: "A file or folder cannot be written or read, standard output cannot be written, or a program of yours (git, helm, kubectl, kustomize) is missing or failed. The message has the reason that the system gave.",
                formal: "A call of the operating system failed. Exit code 2.",
                failing: "kubound verify cases/c7/broken -q -o json=LICENSE/report.json",
                passing: "kubound verify cases/c7/broken -q -o json=target/explain-system.json",
                upstream: "https://man7.org/linux/man-pages/man3/errno.3.html",
            },
        ),
        FailureKind::Usage => (
            "the command line asks for what cannot be",
            Explanation {
                meaning: "A flag is unknown, a value is none that the flag takes, two flags exclude each other, or a name is not known. The message says which, and what could be meant. Nothing was done.",
                formal: "The arguments are not in the language that `--help` describes, or they contradict each other or the input. Exit code 2.",
                failing: "kubound verify cases/c7/broken --engine quick",
                passing: "kubound verify cases/c7/broken --engine explicit",
                upstream: "https://clig.dev/#errors",
            },
        ),
    }
}
