//! Content within a row: an attachment, an embedded file. It is walked as a blob is, and its cells are told as cells of that row,
//! so that whoever removes the row removes them. All of them together share one budget of decoded bytes.

use std::collections::HashMap;

use catalog::model::{AnomalyKind, FeaturePath, FeatureType, Segment, Value};

use super::tree::{EXPANSION_FREE_BYTES, EXPANSION_MAX, Visit, walk};
use super::{At, Bounds, Sink};
use crate::content::Content;

/// Features of nested content told apart; further ones are one.
const FEATURES_MAX: usize = 500;

/// What nested content of one blob may still cost, and the features that it gave.
pub(super) struct Nest {
    prefix: &'static str,
    bounds: Bounds,
    features: HashMap<FeaturePath, usize>,
}

impl Nest {
    /// For content of `outer`, told under `prefix`.
    pub(super) fn new(prefix: &'static str, outer: &Content, bounds: &Bounds) -> Self {
        let expanded = EXPANSION_FREE_BYTES.max(outer.len().saturating_mul(EXPANSION_MAX));
        let decoded_bytes_max = bounds.decoded_bytes_max.min(expanded);
        let depth_max = bounds.depth_max.saturating_sub(1);
        Self { prefix, bounds: Bounds { decoded_bytes_max, depth_max, ..*bounds }, features: HashMap::new() }
    }

    /// Walks content that stands in the row of `at`.
    pub(super) fn walk(&mut self, content: &Content, name: &str, at: At, sink: &mut dyn Sink) {
        if self.bounds.depth_max == 0 || content.len() > self.bounds.decoded_bytes_max {
            let reason = format!("an {} is nested too deeply or is too large to be read", self.prefix);
            sink.anomaly(AnomalyKind::LimitReached, reason);
            return;
        }
        let bounds = self.bounds;
        let mut decoded = 0_u64;
        let walked = walk(content, name, &bounds, &mut |visit| {
            match visit {
                Visit::Part(node) => {
                    decoded = decoded.saturating_add(node.content.len());
                    if let Some(read) = node.format.read {
                        let mut inner = Inner { nest: self, at, sink, features: Vec::new() };
                        if let Err(error) = read(node.content, node.dialect, &bounds, &mut inner) {
                            let reason = format!("an {} cannot be read: {error}", self.prefix);
                            sink.anomaly(error.anomaly(), reason);
                        }
                    } else if node.format.container.is_none() && !node.content.is_empty() {
                        let reason = format!("an {} is {}, which is not read", self.prefix, node.format.id);
                        sink.anomaly(AnomalyKind::LimitReached, reason);
                    }
                }
                Visit::Anomaly(anomaly) => match anomaly.kind {
                    AnomalyKind::Empty | AnomalyKind::Mislabelled => {}
                    kind => sink.anomaly(kind, format!("an {}: {}", self.prefix, anomaly.reason)),
                },
            }
            Ok(())
        });
        if let Err(error) = walked {
            sink.anomaly(error.anomaly(), format!("an {} cannot be read: {error}", self.prefix));
        }
        self.bounds.decoded_bytes_max = self.bounds.decoded_bytes_max.saturating_sub(decoded);
    }

    fn feature(&mut self, path: FeaturePath, sink: &mut dyn Sink) -> usize {
        if let Some(feature) = self.features.get(&path) {
            return *feature;
        }
        let full = self.features.len() >= FEATURES_MAX;
        let path = if full { FeaturePath::column(self.prefix).items().field("other") } else { path };
        *self.features.entry(path).or_insert_with_key(|path| sink.feature(path, None))
    }
}

/// Takes cells of nested content for cells of the row around.
struct Inner<'a> {
    nest: &'a mut Nest,
    at: At,
    sink: &'a mut dyn Sink,
    features: Vec<usize>,
}

impl Sink for Inner<'_> {
    fn table(&mut self, _: &str) {
        self.features.clear();
    }

    fn feature(&mut self, path: &FeaturePath, _: Option<FeatureType>) -> usize {
        let mut outer = FeaturePath::column(self.nest.prefix).items();
        for segment in &path.0 {
            outer = match segment {
                Segment::Name(name) => outer.field(name),
                Segment::Items => outer.items(),
            };
        }
        let feature = self.nest.feature(outer, self.sink);
        self.features.push(feature);
        self.features.len() - 1
    }

    fn row(&mut self, _: u64) {}

    fn cell(&mut self, feature: usize, _: At, value: Value<'_>) {
        if let Some(feature) = self.features.get(feature) {
            self.sink.cell(*feature, self.at, value);
        }
    }

    fn anomaly(&mut self, kind: AnomalyKind, reason: String) {
        self.sink.anomaly(kind, format!("an {}: {reason}", self.nest.prefix));
    }
}
