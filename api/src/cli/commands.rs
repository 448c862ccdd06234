//! From a command's arguments to an operation and the columns in which its answer is shown.

use std::path::{Path, PathBuf};

use catalog::{Error, Result};
use clap::CommandFactory as _;
use crawler::recognise::set_default_regions;

use super::args::{
    Annotate, Arguments, Audit, Command, Erase, Findings, Key, Schema, Serve, Subject, Token, Upkeep,
};
use super::columns::*;
use super::door::Door;
use super::files::{certificate, infer, package, scan, sniff};
use super::people;
use super::query;
use super::render::{self, Column};
use crate::compose;
use crate::config::{self, Config, recogniser};
use crate::ops::{Decision, Direction, LineageQuery, Operation, Paging, Saying, import_from};

/// Runs a command and gives its exit code.
///
/// # Errors
/// What it fails with.
pub(crate) async fn run(arguments: Arguments) -> Result<u8> {
    let environment = config::environment();
    let config = config::load(&arguments.flags(), &environment)?;
    if !config.phone_regions.is_empty() {
        set_default_regions(config.phone_regions.clone());
    }
    recogniser::put_in_force(&config.recognisers)?;
    let json = arguments.global.json;
    match arguments.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "headwater", &mut script);
            render::write_stdout(&script)?;
            Ok(0)
        }
        Command::Sniff(files) => sniff::run(files.paths, files.files_from, json).await,
        Command::Scan(files) => scan::run(files.paths, config.bounds, json).await,
        Command::Schema(Schema::Infer { paths }) => infer::run(paths, config.bounds, json).await,
        Command::Erase(Erase::Certificate { verify: Some(file), key, .. }) => {
            certificate::verify(&file, key.as_deref(), json)
        }
        Command::Catalog(Upkeep::Import { file }) => import(&config, &file, json),
        Command::Sql(query) => {
            query::run(&config, environment.get("HEADWATER_TOKEN").cloned(), query, json).await
        }
        Command::Serve(serve) => {
            refuse_unbuilt(&serve)?;
            crate::serve::run(config).await.map(|()| 0)
        }
        command => {
            let secret = environment.get("HEADWATER_TOKEN").filter(|secret| !secret.is_empty()).cloned();
            let out = package_of(&command).cloned();
            out.as_deref().map_or(Ok(()), package::check)?;
            let (operation, columns) = ask(command, json)?;
            let door = Door::open(&config, secret).await?;
            let mut answer = door.ask(operation.clone()).await?;
            door.close()?;
            if let Some(out) = out {
                package::write(&mut answer, &out)?;
            }
            if !json {
                people::unfolded(&operation, &mut answer);
            }
            render::print(&answer, json, columns)
        }
    }
}

/// Where a package goes, if the command makes one.
fn package_of(command: &Command) -> Option<&PathBuf> {
    match command {
        Command::Subject(Subject::Package { out, .. }) => Some(out),
        _ => None,
    }
}

/// The daemon may work in another directory, so folders travel as absolute paths.
fn absolute(url: &str) -> Result<String> {
    if url.contains("://") {
        return Ok(url.to_owned());
    }
    let path = std::path::absolute(url)
        .map_err(|error| Error::invalid("crawl", "that is no path").with_source(error))?;
    path.into_os_string().into_string().map_err(|_| Error::invalid("crawl", "the path is not UTF-8"))
}

/// Protocols that a later version speaks: asking for one must not look as if it were served.
fn refuse_unbuilt(serve: &Serve) -> Result<()> {
    let asked = [
        ("--grpc-listen", &serve.grpc_listen),
        ("--pg-listen", &serve.pg_listen),
        ("--flight-listen", &serve.flight_listen),
    ];
    match asked.iter().find(|(_, address)| address.is_some()) {
        Some((flag, _)) => {
            Err(Error::invalid("serve", format!("{flag} is not built into this version; leave it out")))
        }
        None => Ok(()),
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
fn ask(command: Command, json: bool) -> Result<(Operation, &'static [Column])> {
    Ok(match command {
        Command::Crawl(crawl) => {
            let urls = crawl.urls.iter().map(|url| absolute(url)).collect::<Result<_>>()?;
            (Operation::Crawl { urls, depth: crawl.depth }, CRAWL)
        }
        Command::Lineage(of) => {
            let direction = match (of.up, of.down) {
                (true, _) => Direction::Up,
                (_, true) => Direction::Down,
                _ => Direction::Both,
            };
            let query = LineageQuery { thing: of.thing, direction, depth: of.depth, dot: of.dot };
            (Operation::Lineage { query, as_of: of.at.as_of, paging: Paging::default() }, LINEAGE)
        }
        Command::Search(search) => {
            let (query, as_of, limit) = (search.query.join(" "), search.at.as_of, Some(search.limit));
            match search.suggest {
                Some(beginning) => (Operation::SearchSuggest { beginning, limit }, SUGGESTIONS),
                None if search.facets => (Operation::SearchFacets { query, values: limit, as_of }, FACETS),
                None => (Operation::Search { query, limit, facets: !json, as_of }, SEARCH),
            }
        }
        Command::Subject(Subject::Find { ids, expand, scan, at }) => {
            let ids = people::read_ids(ids)?;
            (Operation::SubjectFind { ids, scan, expand, as_of: at.as_of }, PLACES)
        }
        Command::Subject(Subject::Package { ids, expand, scan, keep_others, .. }) => {
            let ids = people::read_ids(ids)?;
            (Operation::SubjectPackage { ids, scan, expand, keep_others }, PLACES)
        }
        Command::Erase(erase) => people::ask(erase)?,
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
        Command::Key(Key::List) => (Operation::KeyList, KEYS),
        Command::Key(Key::Rotate) => (Operation::KeyRotate, KEYS),
        Command::Key(Key::Destroy { epoch, anyway }) => (Operation::KeyDestroy { epoch, anyway }, KEYS),
        Command::Annotate(said) => ask_annotate(said),
        Command::Findings(findings) => ask_findings(findings),
        Command::Schema(schema) => ask_schema(schema)?,
        Command::Catalog(upkeep) => ask_upkeep(upkeep)?,
        Command::Sql(_)
        | Command::Serve(_)
        | Command::Completions { .. }
        | Command::Sniff(_)
        | Command::Scan(_) => {
            return Err(no_operation());
        }
    })
}

fn no_operation() -> Error {
    Error::internal("run command", "it asks for no operation")
}

fn ask_annotate(said: Annotate) -> (Operation, &'static [Column]) {
    let saying = Saying {
        tags: said.tags,
        untag: said.untag,
        owners: said.owners,
        disown: said.disown,
        description: said.description,
    };
    let operation = match said.thing {
        Some(which) if saying != Saying::default() => {
            Operation::Annotate { which, column: said.column.unwrap_or_default(), saying }
        }
        which => Operation::Annotations {
            which,
            column: said.column,
            history: said.history,
            as_of: said.at.as_of,
            paging: Paging::default(),
        },
    };
    (operation, ANNOTATIONS)
}

fn ask_findings(asked: Findings) -> (Operation, &'static [Column]) {
    let as_of = asked.at.as_of;
    if asked.record {
        return (Operation::ProcessingRecord { as_of }, PROCESSING);
    }
    let decided = [
        (Decision::Confirm, asked.confirm),
        (Decision::Reject, asked.reject),
        (Decision::Forget, asked.forget),
    ];
    for (decision, words) in decided {
        if let (Some(which), [feature, kind]) = (&asked.dataset, words.as_slice()) {
            let (which, feature, kind) = (which.clone(), feature.clone(), kind.clone());
            let spread = asked.spread;
            return (Operation::FindingRule { which, feature, kind, decision, spread }, FINDINGS);
        }
    }
    (Operation::Findings { which: asked.dataset, as_of }, FINDINGS)
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
