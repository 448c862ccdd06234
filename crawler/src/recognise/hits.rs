//! Where recognisers put what they see: spans worth a finding, tokens for the index, or both in one pass.

use super::Span;

/// Takes a candidate of an identifier: its kind, its byte range, and one normal form that it may stand for.
pub(super) type TokenSink<'a> = dyn FnMut(&'static str, usize, usize, &str) + 'a;

/// What one pass over a text gives; a caller that wants one of the two does not pay for the other.
pub struct Hits<'a> {
    spans: Option<&'a mut Vec<Span>>,
    tokens: Option<&'a mut TokenSink<'a>>,
}

impl<'a> Hits<'a> {
    /// Gathers what is given; `None` is what the caller does not want.
    pub(super) fn new(spans: Option<&'a mut Vec<Span>>, tokens: Option<&'a mut TokenSink<'a>>) -> Self {
        Self { spans, tokens }
    }

    /// The spans so far, unless nobody wants any.
    pub(super) fn spans(&mut self) -> Option<&mut Vec<Span>> {
        self.spans.as_deref_mut()
    }

    /// Whether anybody wants tokens, so that normal forms are worth making.
    pub(super) fn wants_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Pushes a span unless nobody wants it or its confidence, which is asked for only then, is under one half.
    pub(super) fn span(&mut self, span: Span, confidence: impl FnOnce() -> f32) {
        if let Some(spans) = self.spans.as_deref_mut() {
            let confidence = confidence();
            if confidence >= 0.5 {
                spans.push(Span { confidence, ..span });
            }
        }
    }

    /// Hands a candidate's normal form on.
    pub(super) fn token(&mut self, kind: &'static str, start: usize, end: usize, normal: &str) {
        if let Some(tokens) = self.tokens.as_deref_mut() {
            tokens(kind, start, end, normal);
        }
    }
}

impl Span {
    /// A span of a kind, as yet without confidence.
    pub(super) fn of(kind: &'static str, start: usize, end: usize) -> Self {
        Self { start, end, kind, subtype: None, confidence: 0.0 }
    }
}
