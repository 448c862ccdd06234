//! `headwater sql`: answers stream to stdout where the catalog is opened here, and come in one piece from a daemon.

use std::io::{BufWriter, Read as _, Write as _};

use catalog::{Error, Result};

use super::args::Sql;
use super::door::Door;
use super::render::{self, own_table};
use super::say;
use crate::config::Config;
use crate::error::EXIT_NOTHING;
use crate::ops::{Operation, Outcome, SqlFormat, SqlQuery, sql};

/// Rows that a table shows unless asked for more: it is drawn as a whole, to fit its columns.
const TABLE_ROWS: u64 = 200;
/// Bytes of a query read from stdin.
const QUERY_BYTES_MAX: u64 = 1 << 20;

/// Runs a query.
///
/// # Errors
/// What it fails with.
pub(super) async fn run(config: &Config, secret: Option<String>, asked: Sql, json: bool) -> Result<u8> {
    let mut text = asked.query;
    if text == "-" {
        text.clear();
        let read = std::io::stdin().take(QUERY_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|error| Error::invalid("run query", "stdin is no text").with_source(error))?;
    }
    let format = match (asked.csv, asked.arrow) {
        (true, _) => SqlFormat::Csv,
        (_, true) => SqlFormat::Arrow,
        _ => SqlFormat::Json,
    };
    let is_table = format == SqlFormat::Json && !json;
    let limit = asked.limit.or(is_table.then_some(TABLE_ROWS));
    let query = SqlQuery { query: text, format, limit, as_of: asked.at.as_of };
    let door = Door::open(config, secret.filter(|secret| !secret.is_empty())).await?;
    let code = match (&door, is_table) {
        (Door::Here { app, who }, false) => {
            Operation::Sql { query: query.clone() }.admit(who)?;
            let mut out = BufWriter::with_capacity(256 << 10, Quiet(std::io::stdout()));
            let written = sql::write(app, who, &query, &mut out).await?;
            out.flush().map_err(|error| Error::unavailable("print", "").with_source(error))?;
            if written.rows == 0 { EXIT_NOTHING } else { 0 }
        }
        _ => {
            let answer = door.ask(Operation::Sql { query }).await?;
            if let Some(bytes) = &answer.bytes {
                let bytes = hex::decode(bytes).map_err(|error| {
                    Error::corrupt("run query", "the answer is damaged").with_source(error)
                })?;
                render::write_stdout(&bytes)?;
            } else if is_table {
                render::write_stdout(own_table(&answer.rows).as_bytes())?;
            } else {
                render::print(&answer, json, &[])?;
            }
            if is_table {
                answer.messages.iter().for_each(|message| say(message));
            }
            if answer.outcome == Outcome::Nothing { EXIT_NOTHING } else { 0 }
        }
    };
    door.close()?;
    Ok(code)
}

/// Stdout whose reader may go away: `| head` is no failure.
struct Quiet(std::io::Stdout);

impl std::io::Write for Quiet {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}
