//! From a command's arguments to an operation and the columns in which its answer is shown.

use std::path::Path;

use catalog::{Error, Result};
use clap::CommandFactory as _;

use super::args::{Arguments, Audit, Command, Schema, Token, Upkeep};
use super::door::Door;
use super::files::{infer, scan, sniff};
use super::render::{self, Column, Look};
use crate::compose;
use crate::config::{self, Config};
use crate::ops::{Operation, Paging, import_from};

/// Runs a command and gives its exit code.
///
/// # Errors
/// What it fails with.
pub(crate) async fn run(arguments: Arguments) -> Result<u8> {
    let environment = config::environment();
    let config = config::load(&arguments.flags(), &environment)?;
    let json = arguments.global.json;
    match arguments.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "headwater", &mut script);
            render::write_stdout(&script)?;
            Ok(0)
        }
        Command::Sniff(files) => sniff::run(files.paths, json).await,
        Command::Scan(files) => scan::run(files.paths, config.bounds, json).await,
        Command::Schema(Schema::Infer { paths }) => infer::run(paths, config.bounds, json).await,
        Command::Catalog(Upkeep::Import { file }) => import(&config, &file, json),
        command => {
            let secret = environment.get("HEADWATER_TOKEN").filter(|secret| !secret.is_empty()).cloned();
            let (operation, columns) = ask(command)?;
            let door = Door::open(&config, secret).await?;
            let answer = door.ask(operation).await?;
            door.close()?;
            render::print(&answer, json, columns)
        }
    }
}

/// An import comes before there is a catalog, so nothing could be asked for it.
fn import(config: &Config, file: &Path, json: bool) -> Result<u8> {
    let store = compose::open_store(config)?.ok_or_else(|| {
        Error::conflict("import catalog", "another process holds the directory; import into another one")
    })?;
    let answer = import_from(&store, file)?;
    render::print(&answer, json, UPKEEP)
}

/// The operation of a command that asks the catalog, and how its answer looks.
fn ask(command: Command) -> Result<(Operation, &'static [Column])> {
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
        Command::Schema(schema) => ask_schema(schema)?,
        Command::Catalog(upkeep) => ask_upkeep(upkeep)?,
        Command::Serve(_) | Command::Completions { .. } | Command::Sniff(_) | Command::Scan(_) => {
            return Err(no_operation());
        }
    })
}

fn no_operation() -> Error {
    Error::internal("run command", "it asks for no operation")
}

fn ask_schema(schema: Schema) -> Result<(Operation, &'static [Column])> {
    Ok(match schema {
        Schema::Infer { .. } => return Err(no_operation()),
        Schema::Show { dataset: Some(which), history, at } => {
            let operation = Operation::SchemaShow { which, history, as_of: at.as_of };
            (operation, if history { SCHEMA_VERSIONS } else { SCHEMAS })
        }
        Schema::Show { dataset: None, at, .. } => {
            (Operation::Schemas { as_of: at.as_of, paging: Paging::default() }, SCHEMAS)
        }
        Schema::Diff { dataset, other, from, to } => {
            let operation = Operation::SchemaDiff { which: dataset, to: other, from_time: from, to_time: to };
            (operation, SCHEMA_CHANGES)
        }
        Schema::Validate { dataset, environment, at } => {
            let operation = Operation::SchemaValidate { which: dataset, environment, as_of: at.as_of };
            (operation, ANOMALIES)
        }
        Schema::Pin { dataset, off } => (Operation::SchemaPin { which: dataset, unpin: off }, SCHEMAS),
    })
}

fn ask_upkeep(upkeep: Upkeep) -> Result<(Operation, &'static [Column])> {
    Ok(match upkeep {
        Upkeep::Export { file } => {
            // The daemon may work in another directory.
            let path = std::path::absolute(&file)
                .map_err(|error| Error::invalid("export catalog", "that is no path").with_source(error))?;
            (Operation::CatalogExport { path }, UPKEEP)
        }
        Upkeep::Import { .. } => return Err(no_operation()),
        Upkeep::Check => (Operation::CatalogCheck, PROBLEMS),
        Upkeep::Rewrite => (Operation::CatalogRewrite, &[]),
    })
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
const SCHEMAS: &[Column] = &[
    ("dataset", "/dataset", Look::Plain),
    ("schema", "/schema", Look::Features),
    ("pinned", "/pinned", Look::Time),
];
const SCHEMA_VERSIONS: &[Column] = &[
    ("since", "/since", Look::Time),
    ("schema", "/id", Look::Plain),
    ("features", "/features", Look::Count),
    ("pinned", "/pinned", Look::Time),
    ("changes", "/changes", Look::Plain),
];
const SCHEMA_CHANGES: &[Column] = &[
    ("feature", "/feature", Look::Plain),
    ("change", "/text", Look::Plain),
    ("breaking", "/breaking", Look::Plain),
];
const ANOMALIES: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("member", "/member", Look::Plain),
    ("feature", "/feature", Look::Plain),
    ("anomaly", "/kind", Look::Plain),
    ("reason", "/reason", Look::Plain),
];
const UPKEEP: &[Column] = &[("entries", "/entries", Look::Count), ("size", "/bytes", Look::Bytes)];
const PROBLEMS: &[Column] = &[("where", "/space", Look::Plain), ("problem", "/problem", Look::Plain)];
