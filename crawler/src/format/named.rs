//! Texts of a document that goes as a whole: a row each, in a column that says what it is.

use catalog::model::{FeaturePath, Value};

use super::{At, Bounds, Sink, WHOLE};

/// Hands texts to a sink.
pub(super) struct Texts<'a> {
    pub(super) sink: &'a mut dyn Sink,
    /// Rows so far.
    pub(super) rows: u64,
    rows_max: u64,
    features: Vec<(&'static str, usize)>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, bounds: &Bounds) -> Self {
        Self { sink, rows: 0, rows_max: bounds.rows_max, features: Vec::new() }
    }

    /// Whether no more are taken; whoever reads says so.
    pub(super) fn is_full(&self) -> bool {
        self.rows >= self.rows_max
    }

    /// A text; nothing if it is empty.
    pub(super) fn add(&mut self, name: &'static str, text: &str) {
        let text = text.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
        if text.is_empty() || self.is_full() {
            return;
        }
        let known = self.features.iter().find(|(known, _)| *known == name).map(|(_, feature)| *feature);
        let feature = known.unwrap_or_else(|| {
            let feature = self.sink.feature(&FeaturePath::column(name), None);
            self.features.push((name, feature));
            feature
        });
        self.sink.row(self.rows);
        let at = At { row: self.rows, unit: WHOLE, offset: None };
        self.sink.cell(feature, at, Value::Text(text.into()));
        self.rows += 1;
    }
}
