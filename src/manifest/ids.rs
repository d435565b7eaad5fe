//! Stable names of everything that the reader may say: `kubound explain ID` tells more about each.

use super::Severity;

/// Declares the kinds of one sort of message with their ids, in one place.
macro_rules! kinds {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $kind:ident = $id:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$doc])* $kind,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The stable id.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$kind => $id,)*
                }
            }
        }
    };
}

kinds! {
    /// Why an input is refused.
    ErrorKind {
        /// A version of an object that is not served.
        ApiVersion = "api-version",
        /// Something is there twice that may be there once.
        Duplicate = "duplicate",
        /// A condition or number of a scenario that cannot be read.
        Expression = "expression",
        /// A character that steers terminals or hides text.
        HiddenCharacter = "hidden-character",
        /// A value that is not one of those accepted.
        InvalidValue = "invalid-value",
        /// A text beyond the limits of size and nesting.
        Limits = "limits",
        /// A field that must be there.
        MissingField = "missing-field",
        /// No objects to check.
        NoInput = "no-input",
        /// Something that this version cannot do.
        NotSupported = "not-supported",
        /// A path that leaves the folder of the scenario.
        OutsideFolder = "outside-folder",
        /// An amount that cannot be read.
        Quantity = "quantity",
        /// A range without values.
        Range = "range",
        /// A text that is not YAML.
        Syntax = "syntax",
        /// A key of a scenario that means nothing.
        UnknownKey = "unknown-key",
        /// A name that nothing has.
        UnknownName = "unknown-name",
        /// A file or folder that cannot be read.
        Unreadable = "unreadable",
    }
}

kinds! {
    /// What a note is about.
    NoteKind {
        /// Something refers to an object that is not there.
        DanglingReference = "dangling-reference",
        /// A setting that does nothing in any run.
        DormantSetting = "dormant-setting",
        /// A key that occurs twice.
        DuplicateKey = "duplicate-key",
        /// An object that occurs twice.
        DuplicateObject = "duplicate-object",
        /// An exception whose last day is over.
        ExpiredException = "expired-exception",
        /// A field that cannot change a verdict.
        IgnoredField = "ignored-field",
        /// An object that a tool outside of the model rewrites.
        ManagedObject = "managed-object",
        /// Something odd about the input.
        OddInput = "odd-input",
        /// A document that is no Kubernetes object.
        SkippedDocument = "skipped-document",
        /// A field that nobody knows.
        UnknownField = "unknown-field",
        /// A field that is not modelled and could change a verdict.
        UnmodelledField = "unmodelled-field",
        /// A kind of object that is not modelled.
        UnmodelledKind = "unmodelled-kind",
        /// A field of which other values are to be tried.
        VariedField = "varied-field",
    }
}

impl From<Severity> for NoteKind {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Harmless => Self::IgnoredField,
            Severity::Risky => Self::UnmodelledField,
            Severity::Warning => Self::OddInput,
        }
    }
}
