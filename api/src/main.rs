//! Headwater: a data-lake catalog that knows blobs by their bytes and erases one person's data with proof.
//!
//! This is the one binary. `cli` reads arguments and prints answers, `ops` is everything that can be asked, `compose`
//! opens what operations work with. The daemon serves the same operations over HTTP.

mod auth;
mod cli;
mod compose;
mod config;
mod error;
mod keys;
mod ops;
mod reach;
mod routes;
mod serve;
mod telemetry;
mod throttle;
mod ui;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
