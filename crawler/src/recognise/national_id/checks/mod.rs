//! Checksums and rules of national id numbers, each over the digits and upper-case letters of its form.

mod digits;
mod europe;
mod world;

pub(super) use europe::*;
pub(super) use world::*;
