//! The symbolic views: lowering of terms, unrolling, and the solvers.
