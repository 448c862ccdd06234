//! Plain text and logs: a row a line, one feature `line`, unit = row number.
//!
//! What the lines mean is left to recognisers; a log is told from prose only so that it goes by its name.

use std::io::Write;
use std::sync::LazyLock;

use catalog::model::{AnomalyKind, Dialect, FeaturePath, Value};
use regex::Regex;

use super::arrow::RowsFn;
use super::charset::Charset;
use super::lines::Lines;
use super::{At, Bounds, Format, FormatError, Head, Removal, Rewritten, Sink, Sniff, locate_by_reading};
use crate::content::Content;

/// A format whose rows are lines.
pub(super) const fn lines(
    id: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    sniff: fn(&Head<'_>) -> Option<Sniff>,
) -> Format {
    Format {
        id,
        media_type,
        extensions,
        sniff,
        read: Some(read),
        rows: RowsFn::Cells,
        locate: Some(locate_by_reading),
        rewrite: Some(rewrite),
        container: None,
    }
}

/// Prose, notes: any text that is nothing more special.
pub(super) static TEXT: Format = lines("text", "text/plain", &["txt", "text", "out"], sniff_text);

/// Lines that each begin with a time, an address or a priority.
pub(super) static LOG: Format = lines("log", "text/x-log", &["log"], sniff_log);

/// Pieces of an overlong line overlap by this much, so that no identifier is cut in both.
const OVERLAP_BYTES: usize = 512;
/// Bytes of a line that a rewrite holds at once.
const COPY_BYTES: usize = 64 << 10;

static LOG_LINE: LazyLock<Regex> = LazyLock::new(|| {
    let patterns = [
        // Common and combined log format: address, identity, user, [time].
        r"\S+ \S+ \S+ \[\d{1,2}/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ",
        // Syslog of RFC 3164 and RFC 5424, with or without priority.
        r"(<\d{1,3}>)?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d \S+ ",
        r"<\d{1,3}>1 \d{4}-\d\d-\d\dT\S+ ",
        // A time, perhaps in brackets, then words.
        r"\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z| ?[+-]\d\d:?\d\d)?\]?\s+[^\s,;|]",
        // Apache's errors, Android, days of two digits, klog, clocks without a date, supercomputers, Hadoop.
        r"\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d(\.\d+)? \d{4}\] ",
        r"\[?\d\d[-/.]\d\d([-/.]\d{2,4})?[ -]\d\d:\d\d:\d\d\S* +\S+ +\S",
        r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ ",
        r"\[?\d\d:\d\d:\d\d([.,]\d+)?\]? +\[?[A-Za-z]",
        r"(- )?\d{10} \d{4}\.\d\d\.\d\d ",
        r"\d{6} \d{6} \d+ (INFO|WARN|ERROR|DEBUG|FATAL) ",
        // logfmt: pairs, a time or a level among them.
        r#"(\S+=("[^"]*"|\S*) )*(ts|time|timestamp|level|lvl)=("[^"]*"|\S+) (\S+=)"#,
        r"\[?(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)\]?[: ]+\S",
    ];
    Regex::new(&format!("^(?:{})", patterns.join("|"))).expect("the patterns of log lines are valid")
});

fn sniff_text(head: &Head<'_>) -> Option<Sniff> {
    let charset = Charset::detect(head)?;
    let confidence = if matches!(charset, Charset::Latin1 | Charset::Legacy(_)) { 0.4 } else { 0.5 };
    Some(Sniff { confidence, dialect: Dialect { encoding: charset.name(), ..Dialect::default() } })
}

fn sniff_log(head: &Head<'_>) -> Option<Sniff> {
    let charset = Charset::detect(head)?;
    let text = charset.decode_head(head);
    let mut share = log_share(&text)?;
    if share < 0.6 && head.is_named(LOG.extensions) {
        share = share.max(timed_share(&text));
    }
    let dialect = Dialect { encoding: charset.name(), ..Dialect::default() };
    // A name breaks the tie with a table whose first column is a time.
    let named = if head.is_named(LOG.extensions) { 0.14 } else { 0.0 };
    (share >= 0.6).then_some(Sniff { confidence: 0.7 + 0.1 * share + named, dialect })
}

/// Share of lines that begin with some kind of time.
fn timed_share(text: &str) -> f32 {
    let timed = |line: &&str| {
        let start: String = line.chars().take(24).collect();
        let digits = start.bytes().filter(u8::is_ascii_digit).count();
        let opens = start.starts_with(|first: char| first.is_ascii_digit() || first == '[');
        opens && digits >= 8 && start.contains(':')
    };
    let lines = || text.lines().filter(|line| !line.trim().is_empty()).take(200);
    lines().filter(timed).count() as f32 / lines().count().max(1) as f32
}

/// Share of lines that begin a log record; lines indented under one (stack traces) belong to it.
fn log_share(text: &str) -> Option<f32> {
    let lines =
        || text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with([' ', '\t'])).take(200);
    let all = lines().count();
    let log = lines().filter(|line| LOG_LINE.is_match(line)).count();
    (all > 0).then(|| log as f32 / all as f32)
}

fn read(
    content: &Content,
    dialect: &Dialect,
    bounds: &Bounds,
    sink: &mut dyn Sink,
) -> Result<(), FormatError> {
    let charset = Charset::by_name(dialect.encoding.as_deref());
    let mut lines = Lines::new(content, charset, None, bounds.record_bytes_max)?;
    let line = sink.feature(&FeaturePath::column("line"), None);
    let (mut row, mut overlong, mut carried) = (0, 0_u64, Vec::new());
    while let Some(piece) = lines.next()? {
        if piece.first {
            if row >= bounds.rows_max {
                sink.anomaly(AnomalyKind::LimitReached, format!("only the first {row} lines were read"));
                break;
            }
            sink.row(row);
            carried.clear();
            overlong += u64::from(!piece.last);
        }
        let (bytes, offset) = if piece.first {
            (piece.bytes, piece.offset)
        } else {
            let overlap = carried.len();
            carried.extend_from_slice(piece.bytes);
            (&carried[..], piece.offset - overlap as u64)
        };
        let text = charset.decode(charset.without_line_end(bytes));
        sink.cell(line, At { row, unit: row, offset: Some(offset) }, Value::Raw(text));
        if piece.last {
            row += 1;
        } else {
            carried = bytes[overlap_start(charset, bytes)..].to_vec();
        }
    }
    if overlong > 0 {
        let reason = format!(
            "{overlong} lines are longer than {} bytes and were read in pieces",
            bounds.record_bytes_max
        );
        sink.anomaly(AnomalyKind::LimitReached, reason);
    }
    Ok(())
}

/// Where the overlap with the next piece begins: at a character.
fn overlap_start(charset: Charset, bytes: &[u8]) -> usize {
    let mut start = bytes.len().saturating_sub(OVERLAP_BYTES.min(bytes.len() / 2));
    match charset {
        Charset::Utf8 => {
            while start < bytes.len() && bytes[start] & 0xc0 == 0x80 {
                start += 1;
            }
            start
        }
        _ => start - start % charset.width(),
    }
}

fn rewrite(
    content: &Content,
    dialect: &Dialect,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let charset = Charset::by_name(dialect.encoding.as_deref());
    let lines = Lines::new(content, charset, None, COPY_BYTES)?;
    copy_without(content, lines, Heading::default(), &|_| true, removal, out)
}

/// What stands before the first record.
#[derive(Clone, Copy, Default)]
pub(super) struct Heading {
    /// Lines of a preamble.
    pub(super) lines: u64,
    /// Whether a record that names columns comes next.
    pub(super) header: bool,
}

/// Copies records but the removed ones; the heading and lines that are no records stay. What remains ends with
/// a line end or without as it is: removing the last record leaves the line end of the one before.
///
/// # Errors
/// If a unit is asked for that is not there: then nothing that was written may be used.
pub(super) fn copy_without(
    content: &Content,
    mut lines: Lines,
    heading: Heading,
    is_record: &dyn Fn(&[u8]) -> bool,
    removal: &Removal,
    out: &mut (dyn Write + Send),
) -> Result<Rewritten, FormatError> {
    let units = removal.units.get("");
    let wanted = removal.units.values().map(|units| units.len()).sum::<u64>();
    out.write_all(&content.range(0, lines.offset() as usize)?)?;
    let Heading { lines: mut skip, mut header } = heading;
    let (mut rewritten, mut row, mut removing) = (Rewritten::default(), 0, false);
    while let Some(piece) = lines.next()? {
        if piece.first {
            removing = false;
            if skip > 0 {
                skip -= 1;
            } else if is_record(piece.bytes) && !std::mem::take(&mut header) {
                removing = units.is_some_and(|units| units.contains(row));
                row += 1;
                rewritten.removed += u64::from(removing);
                rewritten.kept += u64::from(!removing);
            }
        }
        if !removing {
            out.write_all(piece.bytes)?;
        }
    }
    if rewritten.removed != wanted {
        return Err(FormatError::Unsupported(format!(
            "{} of {wanted} records to remove are not there; the content has changed or the whole of it must go",
            wanted - rewritten.removed
        )));
    }
    Ok(rewritten)
}
