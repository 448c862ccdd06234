//! The real binary, run as its users run it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod erase;
mod kill;
mod leak;
mod serve;
mod surface;
