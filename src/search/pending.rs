//! Stand-ins for parts that are written at the same time elsewhere, with the same paths as the real ones. Every
//! function here refuses to work. Delete the file once the parts are in: `use crate::search::pending::X` becomes
//! `use crate::X`.

/// Stand-in for `crate::manifest`.
pub mod manifest {
    use kubound_encodings::cluster::Cluster;
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::time::Duration;

    /// What is wrong with the input.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    pub struct InputError(pub String);

    /// How much a note matters.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum Severity {
        /// Cannot change a verdict.
        Harmless,
        /// May change a verdict.
        Risky,
        /// Something is odd.
        Warning,
    }

    /// Something in the input that is not modelled, or odd.
    #[derive(Clone, Debug)]
    pub struct Note {
        /// How much it matters.
        pub severity: Severity,
        /// File.
        pub file: String,
        /// Index of the document in the file.
        pub document: usize,
        /// Object.
        pub object: String,
        /// Field.
        pub field: String,
        /// In words.
        pub message: String,
        /// Line, if known.
        pub line: Option<usize>,
    }

    /// A verdict that a scenario expects.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum ExpectedVerdict {
        /// Violated.
        Violated,
        /// Holds.
        Holds,
        /// Undecided.
        Unknown,
        /// Vacuous.
        Vacuous,
    }

    /// Where an object is written.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SourcePlace {
        /// File.
        pub file: String,
        /// Index of the document.
        pub document: usize,
        /// Line, if known.
        pub line: Option<usize>,
    }

    /// Where objects are written.
    #[derive(Clone, Debug, Default)]
    pub struct SourceMap(pub BTreeMap<String, SourcePlace>);

    impl SourceMap {
        /// The place of an object.
        pub fn locate(&self, object: &str) -> Option<&SourcePlace> {
            self.0.get(object)
        }
    }

    /// A cluster with what the reader has to say about it.
    #[derive(Clone, Debug, Default)]
    pub struct Loaded {
        /// The cluster.
        pub cluster: Cluster,
        /// Notes.
        pub notes: Vec<Note>,
        /// Expected verdicts by intent.
        pub expect: BTreeMap<String, ExpectedVerdict>,
        /// Places.
        pub sources: SourceMap,
        /// Time limit of the scenario.
        pub timeout: Option<Duration>,
        /// Depth of the scenario.
        pub depth: Option<usize>,
    }

    /// Reads files and folders; the text is standard input for the path `-`.
    pub fn load(paths: &[PathBuf], stdin: Option<&str>) -> Result<Loaded, InputError> {
        let _ = (paths, stdin);
        Err(InputError("the reader is not built in yet".into()))
    }

    /// Reads files given as name and text.
    pub fn load_embedded(name: &str, files: &[(String, String)]) -> Result<Loaded, InputError> {
        let _ = (name, files);
        Err(InputError("the reader is not built in yet".into()))
    }
}

/// Stand-in for `crate::smt`.
pub mod smt {
    /// How terms reach the solver.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    pub enum Encoding {
        /// Clauses of our own.
        #[default]
        Clauses,
        /// Words.
        BitVectors,
        /// Integers.
        Integers,
    }

    /// The solver's name and version.
    pub fn version() -> String {
        "Z3 (not built in yet)".into()
    }
}

/// Stand-in for `crate::engines`.
pub mod engines {
    macro_rules! symbolic {
        ($module:ident, $engine:ident, $name:literal) => {
            /// A symbolic engine.
            pub mod $module {
                use super::super::smt::Encoding;
                use crate::engines::{Cancel, Engine, EngineError, Limits, Outcome};
                use kubound_encodings::system::TransitionSystem;

                /// A symbolic engine.
                #[derive(Clone, Copy, Debug, Default)]
                pub struct $engine {
                    /// How terms reach the solver.
                    pub encoding: Encoding,
                }

                impl Engine for $engine {
                    fn name(&self) -> &'static str {
                        $name
                    }

                    fn decide(
                        &self,
                        _: &TransitionSystem,
                        _: usize,
                        _: &Limits,
                        _: &Cancel,
                    ) -> Result<Outcome, EngineError> {
                        Err(EngineError::Internal(concat!("the engine ", $name, " is not built in yet").into()))
                    }
                }
            }
        };
    }

    symbolic!(bmc, Bmc, "bmc");
    symbolic!(lasso, Lasso, "lasso");

    /// Stand-in for `crate::engines::explicit`.
    pub mod explicit {
        use crate::engines::{Cancel, Engine, EngineError, Limits, Outcome};
        use crate::trace::Trace;
        use kubound_encodings::system::TransitionSystem;

        /// The explicit engine.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Explicit {}

        impl Engine for Explicit {
            fn name(&self) -> &'static str {
                "explicit"
            }

            fn decide(&self, _: &TransitionSystem, _: usize, _: &Limits, _: &Cancel) -> Result<Outcome, EngineError> {
                Err(EngineError::Internal("the engine explicit is not built in yet".into()))
            }
        }

        /// Whether the picks of a run matter.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Inevitability {
            /// Every pick leads to a violation.
            Inevitable,
            /// Only some pick at this step does.
            Possible {
                /// Index of the step.
                step: usize,
            },
            /// Could not tell.
            Undecided,
        }

        /// Whether the violation of a run is inevitable.
        pub fn inevitability(
            system: &TransitionSystem,
            property: usize,
            trace: &Trace,
            limits: &Limits,
            cancel: &Cancel,
        ) -> Inevitability {
            let _ = (system, property, trace, limits, cancel);
            Inevitability::Undecided
        }
    }
}

/// Stand-in for `crate::trace`.
pub mod trace {
    /// Stand-in for `crate::trace::replay`.
    pub mod replay {
        use crate::trace::Trace;
        use kubound_encodings::system::TransitionSystem;

        /// Where a run is not one.
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        pub struct ReplayError(pub String);

        /// Checks that a run is one of the system and violates the property.
        pub fn replay(system: &TransitionSystem, trace: &Trace, property: usize) -> Result<(), ReplayError> {
            let _ = (system, trace, property);
            Err(ReplayError("replay is not built in yet".into()))
        }

        /// Turns a run of the fused system into one of the fine system, and replays it.
        pub fn replay_expanded(
            fine: &TransitionSystem,
            fused: &TransitionSystem,
            trace: &Trace,
            property: usize,
        ) -> Result<Trace, ReplayError> {
            let _ = (fine, fused, trace, property);
            Err(ReplayError("replay is not built in yet".into()))
        }
    }
}
