//! The real binary, run as its users run it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod annotate;
mod bad;
mod beside;
mod checksums;
mod clouds;
mod declared;
mod delta;
mod erase;
mod findings;
mod keys;
mod kill;
mod leak;
mod made_files;
mod names;
mod past;
mod policy;
mod serve;
mod sniff;
mod surface;
