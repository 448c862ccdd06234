//! What a file says of itself, a row a field: for formats whose bulk is numbers, pictures or sound, and is not looked at.

use catalog::model::{AnomalyKind, FeaturePath, Value};

use super::{At, FormatError, Sink, WHOLE};

/// Fields of one file.
const FIELDS_MAX: u64 = 100_000;
/// Bytes of one value; of a longer one the beginning is taken.
const VALUE_BYTES_MAX: usize = 1 << 20;

/// Hands fields to a sink.
pub(super) struct Facts<'a> {
    pub(super) sink: &'a mut dyn Sink,
    features: Option<[usize; 2]>,
    rows: u64,
    cut: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, features: None, rows: 0, cut: false }
    }

    /// A field with its value; nothing if that is empty.
    pub(super) fn add(&mut self, field: &str, value: &str) {
        let value = value.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
        if value.is_empty() {
            return;
        }
        if self.rows >= FIELDS_MAX {
            self.cut = true;
            return;
        }
        let sink = &mut *self.sink;
        let declare = || ["field", "value"].map(|name| sink.feature(&FeaturePath::column(name), None));
        let [names, values] = *self.features.get_or_insert_with(declare);
        let at = At { row: self.rows, unit: WHOLE, offset: None };
        self.sink.row(self.rows);
        self.rows += 1;
        let (field, value) = (self.beginning(field), self.beginning(value));
        self.sink.cell(names, at, Value::Text(field.into()));
        self.sink.cell(values, at, Value::Text(value.into()));
    }

    fn beginning<'t>(&mut self, text: &'t str) -> &'t str {
        self.cut |= text.len() > VALUE_BYTES_MAX;
        &text[..text.floor_char_boundary(VALUE_BYTES_MAX)]
    }

    /// Tells if something was left out.
    pub(super) fn end(self) {
        if self.cut {
            let reason = format!(
                "it says more of itself than {FIELDS_MAX} fields or {VALUE_BYTES_MAX} bytes in one; the rest was not read"
            );
            self.sink.anomaly(AnomalyKind::LimitReached, reason);
        }
    }
}

/// Runs a reader of facts; what it found before something went wrong stays, and what went wrong is told.
pub(super) fn told(
    sink: &mut dyn Sink,
    read: impl FnOnce(&mut Facts<'_>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut facts = Facts::new(sink);
    match read(&mut facts) {
        Err(error @ FormatError::Io(_)) => return Err(error),
        Err(error) => facts.sink.anomaly(error.anomaly(), error.to_string()),
        Ok(()) => {}
    }
    facts.end();
    Ok(())
}
