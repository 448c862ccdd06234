//! SQL over the raw blobs: who sees what, in which form the answer goes, and how much of it.
//!
//! The engine is `api/sql`; built without it, a query is refused in so many words.

use std::io::Write;
use std::sync::Arc;

use catalog::model::{Principal, Timestamp};
use catalog::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::{Answer, Outcome};
use crate::compose::App;

/// Bytes of an answer that is sent as one; the command line on the machine itself streams instead.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// In which form an answer goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SqlFormat {
    /// One object a row.
    #[default]
    Json,
    /// With a line of names.
    Csv,
    /// Arrow IPC, as a stream.
    Arrow,
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SqlQuery {
    /// Its text.
    pub(crate) query: String,
    /// In which form the answer goes.
    pub(crate) format: SqlFormat,
    /// Rows at most.
    pub(crate) limit: Option<u64>,
    /// As the catalog was then.
    pub(crate) as_of: Option<Timestamp>,
}

/// Answers as one piece.
pub(super) async fn run(app: &Arc<App>, who: &Principal, query: &SqlQuery) -> Result<Answer> {
    let mut bytes = Bounded(Vec::new());
    let written = write(app, who, query, &mut bytes).await?;
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).map_err(|error| Error::internal("run query", "").with_source(error))
    };
    let mut answer = match query.format {
        SqlFormat::Arrow => Answer { bytes: Some(hex::encode(bytes.0)), ..Answer::default() },
        SqlFormat::Csv => Answer::text(text(bytes.0)?),
        SqlFormat::Json => {
            let parse = |line: &str| {
                serde_json::from_str(line)
                    .map_err(|error| Error::internal("run query", "").with_source(error))
            };
            let rows: Result<Vec<_>> = text(bytes.0)?.lines().map(parse).collect();
            Answer { rows: rows?, ..Answer::default() }
        }
    };
    if written.rows == 0 {
        answer.outcome = Outcome::Nothing;
    }
    if written.more {
        answer = answer.say(format!("the first {} rows; there are more", written.rows));
    }
    Ok(answer)
}

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    /// Rows.
    pub(crate) rows: u64,
    /// Whether the limit left some out.
    pub(crate) more: bool,
}

/// An answer in memory, up to a bound.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > ANSWER_BYTES_MAX {
            return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "the answer is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes an answer as it comes, in bounded memory.
///
/// # Errors
/// `Invalid` if the text is no query, `Limit` if the answer is larger than `out` takes.
#[cfg(feature = "sql")]
pub(crate) async fn write(
    app: &Arc<App>,
    who: &Principal,
    query: &SqlQuery,
    out: &mut (dyn Write + Send),
) -> Result<Written> {
    use catalog::model::Role;
    use futures::StreamExt as _;

    let unmasked = who.may(Role::PrivacyOfficer);
    if unmasked {
        // The text may hold what it looks for, so the log says only that somebody looked.
        app.catalog.commit_durably(who, &[catalog::Change::audit("query unmasked data", "sql", "begun")])?;
    }
    let masking = match unmasked {
        true => sql::Masking::Off,
        false => sql::Masking::Personal(app.config.masking.clone()),
    };
    let engine = app.engine(masking, super::run::as_of(query.as_of)).await?;
    let mut batches = engine.query(&query.query).await?;
    let mut sink = sink::Sink::new(query.format, batches.schema(), out)?;
    let mut written = Written::default();
    while let Some(batch) = batches.next().await {
        let mut batch = batch?;
        let room = query.limit.map_or(u64::MAX, |limit| limit - written.rows);
        if batch.num_rows() as u64 > room {
            batch = batch.slice(0, room as usize);
            written.more = true;
        }
        written.rows += batch.num_rows() as u64;
        sink.batch(&batch)?;
        if written.more {
            break;
        }
    }
    sink.finish()?;
    Ok(written)
}

/// Refuses: the engine is not built in.
///
/// # Errors
/// Always `Invalid`.
#[cfg(not(feature = "sql"))]
pub(crate) async fn write(
    _: &Arc<App>,
    _: &Principal,
    _: &SqlQuery,
    _: &mut (dyn Write + Send),
) -> Result<Written> {
    Err(Error::new(ErrorKind::Invalid, "run query", "this binary was built without the feature sql"))
}

#[cfg(feature = "sql")]
mod sink {
    //! Record batches as JSON lines, CSV or Arrow IPC.

    use std::io::Write;

    use arrow_array::RecordBatch;
    use arrow_schema::{ArrowError, SchemaRef};

    use super::{Error, ErrorKind, Result, SqlFormat};

    type Out<'a> = &'a mut (dyn Write + Send);

    /// Writes batches in one form.
    pub(super) enum Sink<'a> {
        Json(Box<arrow_json::LineDelimitedWriter<Out<'a>>>),
        Csv(Box<arrow_csv::Writer<Out<'a>>>),
        Arrow(Box<arrow_ipc::writer::StreamWriter<Out<'a>>>),
    }

    impl<'a> Sink<'a> {
        /// # Errors
        /// If `out` fails.
        pub(super) fn new(format: SqlFormat, schema: SchemaRef, out: Out<'a>) -> Result<Self> {
            Ok(match format {
                SqlFormat::Json => {
                    let writer = arrow_json::WriterBuilder::new().with_explicit_nulls(true).build(out);
                    Self::Json(Box::new(writer))
                }
                SqlFormat::Csv => {
                    let mut writer = arrow_csv::WriterBuilder::new().with_header(true).build(out);
                    // An answer without rows still names its columns.
                    writer.write(&RecordBatch::new_empty(schema)).map_err(failed)?;
                    Self::Csv(Box::new(writer))
                }
                SqlFormat::Arrow => {
                    let writer = arrow_ipc::writer::StreamWriter::try_new(out, &schema).map_err(failed)?;
                    Self::Arrow(Box::new(writer))
                }
            })
        }

        pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
            match self {
                Self::Json(writer) => writer.write(batch),
                Self::Csv(writer) => writer.write(batch),
                Self::Arrow(writer) => writer.write(batch),
            }
            .map_err(failed)
        }

        pub(super) fn finish(self) -> Result<()> {
            match self {
                Self::Json(mut writer) => writer.finish(),
                Self::Csv(_) => Ok(()),
                Self::Arrow(mut writer) => writer.finish(),
            }
            .map_err(failed)
        }
    }

    fn failed(error: ArrowError) -> Error {
        let too_large = error.to_string().contains("the answer is too large");
        let (kind, context) = match &error {
            _ if too_large => (ErrorKind::Limit, "the answer is too large to send as one; add a LIMIT"),
            ArrowError::CsvError(_) => {
                (ErrorKind::Invalid, "nested columns do not fit CSV; pick their fields, or use --json")
            }
            ArrowError::IoError(..) => (ErrorKind::Unavailable, "writing the answer failed"),
            // Anything else could quote a value.
            _ => (ErrorKind::Internal, "the answer cannot be written in this form"),
        };
        Error::new(kind, "run query", context)
    }
}
