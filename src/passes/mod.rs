//! Passes from system to system; they keep the ids of variables and choices and the names of rules.
