//! The real binary, run as its users run it.

mod erase;
mod kill;
mod leak;
mod serve;
mod surface;
