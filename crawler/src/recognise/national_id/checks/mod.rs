//! Checksums and rules of national id numbers, each over the digits and upper-case letters of its form.

mod digits;
mod europe;
mod world;

pub(in crate::recognise) use digits::{mod_11_10, verhoeff};
pub(super) use europe::*;
pub(super) use world::*;
