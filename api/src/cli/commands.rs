//! From a command's arguments to an operation and the columns in which its answer is shown.

use std::io::IsTerminal as _;

use catalog::{Error, Result};
use clap::CommandFactory as _;

use super::args::{Arguments, Audit, Command, Token};
use super::door::Door;
use super::render::{self, Column, Look};
use crate::config::{self, Config};
use crate::ops::{Operation, Paging};

/// Runs a command and gives its exit code.
///
/// # Errors
/// What it fails with.
pub(crate) async fn run(arguments: Arguments) -> Result<u8> {
    if let Command::Completions { shell } = arguments.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "headwater", &mut script);
        render::write_stdout(&script)?;
        return Ok(0);
    }
    let environment = config::environment();
    let config = config::load(&arguments.flags(), &environment)?;
    let secret = environment.get("HEADWATER_TOKEN").filter(|secret| !secret.is_empty()).cloned();
    let json = arguments.global.json;
    let (operation, columns) = ask(arguments.command, &config)?;
    let door = Door::open(&config, secret).await?;
    let answer = door.ask(operation).await?;
    door.close().await?;
    render::print(&answer, json, columns)
}

/// The operation of a command that asks the catalog, and how its answer looks.
fn ask(command: Command, _config: &Config) -> Result<(Operation, &'static [Column])> {
    Ok(match command {
        Command::Datasets(of) => {
            let paging = Paging::default();
            let operation =
                Operation::Datasets { which: of.dataset, files: of.files, as_of: of.at.as_of, paging };
            (operation, if of.files { FILES } else { DATASETS })
        }
        Command::Runs(of) => {
            let as_of = of.at.as_of;
            let operation = match of.run {
                Some(id) => Operation::RunShow { id, as_of },
                None => Operation::Runs { as_of, paging: Paging { limit: Some(of.limit), after: None } },
            };
            (operation, RUNS)
        }
        Command::Audit(Audit::List { limit }) => {
            (Operation::Audit { paging: Paging { limit: Some(limit), after: None } }, AUDIT)
        }
        Command::Audit(Audit::Verify) => (Operation::AuditVerify, AUDIT_VERIFY),
        Command::Token(Token::Create { roles, name }) => {
            let name = name.unwrap_or_else(|| crate::auth::role_name(roles[0]).to_owned());
            (Operation::TokenCreate { name, roles }, TOKENS)
        }
        Command::Token(Token::List) => (Operation::TokenList, TOKENS),
        Command::Token(Token::Revoke { which }) => (Operation::TokenRevoke { which }, TOKENS),
        Command::Serve(_) | Command::Completions { .. } => {
            return Err(Error::internal("run command", "it asks for no operation"));
        }
    })
}

/// Whether somebody watches stderr.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

const DATASETS: &[Column] = &[
    ("dataset", "/name", Look::Plain),
    ("root", "/root", Look::Plain),
    ("format", "/format", Look::Plain),
    ("packed", "/compression", Look::Plain),
    ("partitions", "/partition_keys", Look::Plain),
    ("blobs", "/blobs", Look::Count),
    ("rows", "/rows", Look::Count),
    ("size", "/bytes", Look::Bytes),
    ("schema", "/schema", Look::Features),
];
const FILES: &[Column] = &[("dataset", "/name", Look::Plain), ("files", "/files", Look::Plain)];
const RUNS: &[Column] = &[
    ("run", "/id", Look::Count),
    ("type", "/type", Look::Plain),
    ("name", "/name", Look::Plain),
    ("state", "/state", Look::Plain),
    ("started", "/started", Look::Time),
    ("seconds", "/seconds", Look::Count),
];
const AUDIT: &[Column] = &[
    ("entry", "/number", Look::Count),
    ("at", "/at", Look::Time),
    ("who", "/principal", Look::Plain),
    ("action", "/action", Look::Plain),
    ("thing", "/thing", Look::Plain),
    ("outcome", "/outcome", Look::Plain),
];
const AUDIT_VERIFY: &[Column] =
    &[("holds", "/holds", Look::Plain), ("entries", "/entries", Look::Count), ("head", "/head", Look::Plain)];
const TOKENS: &[Column] = &[
    ("token", "/id", Look::Plain),
    ("name", "/name", Look::Plain),
    ("roles", "/roles", Look::Plain),
    ("created", "/created", Look::Time),
    ("by", "/created_by", Look::Plain),
    ("revoked", "/revoked", Look::Time),
];
