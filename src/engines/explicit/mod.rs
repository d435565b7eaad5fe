//! x
mod concrete;
mod fair;
mod initial;
mod layout;
mod machine;
mod search;
mod sharing;
