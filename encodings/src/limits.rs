//! The limits of the models: sizes beyond which something is refused, sampled or left out, in one table.
//!
//! Numbers of Kubernetes (bursts, defaults, intervals) are none of these; they stand where they are used, with the place in
//! Kubernetes' code that they come from.

use std::fmt;

/// A limit, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Its name in the code, with its module.
    pub name: &'static str,
    /// The number.
    pub value: i128,
    /// What it counts.
    pub unit: &'static str,
    /// What it limits.
    pub what: &'static str,
    /// Why there is a limit, and of that size.
    pub why: &'static str,
}

impl Limit {
    /// What it belongs to: the module of its name.
    pub fn area(&self) -> &'static str {
        self.name.split("::").next().unwrap_or_default()
    }
}

impl fmt::Display for Limit {
    /// The number with its unit: `3 000 000 states`, `8 MiB`, `1.5 s`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (value, unit) = match (self.value, self.unit) {
            (value, "ms") if value >= 1000 && value % 1000 == 0 => (value / 1000, "s"),
            (value, "bytes") if value >= 1 << 20 && value % (1 << 20) == 0 => (value >> 20, "MiB"),
            other => other,
        };
        let digits = value.to_string();
        for (index, digit) in digits.chars().enumerate() {
            let left = digits.len() - index;
            if index > 0 && left % 3 == 0 && digits.len() > 4 {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        if unit.is_empty() { Ok(()) } else { write!(f, " {unit}") }
    }
}

/// Declares modules of limits, and their table: `NAME: type = number unit, what, why;`. A `Duration` is given in `"ms"`.
#[macro_export]
macro_rules! limits {
    (@value Duration $number:expr) => { std::time::Duration::from_millis($number) };
    (@value $type:ident $number:expr) => { $number };
    (@number Duration $number:expr) => { $number };
    (@number $type:ident $number:expr) => {{
        let number: $type = $number;
        number as i128
    }};
    (@type Duration) => { std::time::Duration };
    (@type $type:ident) => { $type };
    ($(
        $(#[$about:meta])*
        $area:ident { $( $name:ident: $type:ident = $number:expr, $unit:literal, $what:literal, $why:literal; )* }
    )*) => {
        $(
            $(#[$about])*
            pub mod $area {
                $(
                    #[doc = $what]
                    #[doc = ""]
                    #[doc = $why]
                    pub const $name: $crate::limits!(@type $type) = $crate::limits!(@value $type $number);
                )*
            }
        )*

        /// All of them.
        pub const TABLE: &[$crate::limits::Limit] = &[$($(
            $crate::limits::Limit {
                name: concat!(stringify!($area), "::", stringify!($name)),
                value: $crate::limits!(@number $type $number),
                unit: $unit,
                what: $what,
                why: $why,
            },
        )*)*];
    };
}

limits! {
    /// Terms.
    terms {
        LARGEST_VALUE: i64 = 1 << 60, "", "Largest value of a term, either way.",
            "Sums of two still fit a machine word; a range beyond it refuses the system instead of wrapping around.";
        REGISTERS: usize = 1 << 18, "registers", "Registers of a compiled system.",
            "Register numbers are cut to 18 bits, so that no access needs a bounds check.";
    }
    /// Sizes of clusters.
    models {
        MOST_SLOTS: i64 = 2000, "nodes", "Nodes of all pools together, those that autoscalers may add included.",
            "Rules exist for each node, and those that compare nodes for each pair: larger systems take gigabytes to build.";
        MOST_REVISIONS: usize = 8, "revisions", "Revisions of one workload.",
            "Each has pods of its own, counted on every node.";
        MOST_LABEL_SETS: usize = 16, "sets", "Sets of labels that events make of those of one node.",
            "Each makes for domains and affinities of its own; changes in any order make for many.";
        MOST_ORDINALS: i64 = 32, "replicas", "Replicas of a StatefulSet.",
            "Each ordinal is counted by itself, because each has a name and an order.";
        MOST_STAGES: i64 = 4, "units of time", "Units of time by which pods that start are counted apart, before events divide units.",
            "Each is a variable for every group and node; with more, pods are counted together and may be ready at any of them.";
        MOST_INSTANTS: i64 = 120, "instants", "Instants at which time may stop within the longest duration.",
            "Each is a state of its own while an event may happen; with more, events come at fewer instants, and verdicts say so.";
        MOST_PARTS: i64 = 6, "parts", "Parts into which events divide the unit of time.",
            "Each event asks for one more; with more, states multiply, so that events come at fewer instants, and verdicts say so.";
        MOST_TABLE: i64 = 4096, "entries", "Entries of a table over the counts of several groups on a node.",
            "Beyond it the sum is computed, which gives the same numbers by larger terms.";
        MOST_FRACTION: i128 = 1 << 58, "", "Common denominator of the capacities of nodes that the descheduler compares.",
            "Products with it have to stay below the largest value of a term.";
        MOST_TARGETS: usize = 6, "values", "Recommendations of one resource that a vertical autoscaler tells apart.",
            "Each is a revision of the pods; values between are rounded to one of them.";
        MOST_TARGETS_OF_BOTH: usize = 3, "values", "The same where CPU and memory are recommended.",
            "Every pair of values is a revision of the pods.";
        MOST_USAGES: i64 = 2000, "values", "Values of usage for which a recommendation is computed.",
            "Larger ranges are sampled evenly.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let shown = |value, unit| Limit { name: "", value, unit, what: "", why: "" }.to_string();
        assert_eq!(shown(3_000_000, "states"), "3 000 000 states");
        assert_eq!(shown(4096, "entries"), "4096 entries");
        assert_eq!([shown(1500, "ms"), shown(2000, "ms"), shown(8 << 20, "bytes")], ["1500 ms", "2 s", "8 MiB"]);
    }
}
