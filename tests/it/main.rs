//! The real binary, run as its users run it.

mod erase;
mod leak;
mod surface;
