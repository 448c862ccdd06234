//! The command line: arguments become operations, answers become tables or JSON lines. Data goes to stdout, messages
//! go to stderr; exit codes are 0 done, 1 nothing found or findings left, 2 wrong use, 3 failed.
//!
//! | file | owns |
//! |---|---|
//! | [`args`] | the commands and their help |
//! | [`commands`] | from arguments to operations; [`people`] those about one person |
//! | [`columns`] | what people see of an answer |
//! | [`door`] | the catalog, opened here or asked through the daemon that holds it |
//! | [`files`] | commands that need no catalog |
//! | [`progress`] | bars for long work |
//! | [`query`] | SQL, whose answers stream |
//! | [`render`] | tables and JSON lines |

mod args;
mod columns;
mod commands;
mod door;
mod files;
mod people;
mod progress;
mod query;
mod render;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::error::{chain, face};
use crate::telemetry;

/// Runs the command that this process was started with.
pub(crate) fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    telemetry::start(arguments.log_level());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(arguments)),
        Err(error) => Err(catalog::Error::unavailable("start", "no threads can be made").with_source(error)),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("error: {}", chain(&error)));
            ExitCode::from(face(error.kind).exit)
        }
    }
}

/// Prints a message for people; nobody listening is no failure.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
