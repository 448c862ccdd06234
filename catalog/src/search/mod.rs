//! Full-text and facet search over datasets and blobs.
//!
//! The index is derived data in a directory of its own: deletable, rebuilt when it is missing, damaged or of another
//! layout, brought up to date by what changed since. It holds names, paths, columns, formats, kinds and what people
//! say of things, never values.
//! `words` cuts names into words, `document` says what is indexed of a thing, `query` reads what people type,
//! `facet` counts values over what fits, `suggest` says how a query may go on, `index` keeps the directory and `manifest` knows whether its files are whole.

use std::borrow::Cow;

mod document;
mod facet;
mod index;
mod manifest;
mod query;
mod suggest;
mod words;

pub use facet::{FacetCount, Facets};
pub use index::{Hit, Index, Refreshed};
pub use suggest::Suggestion;

/// Shows a path, or a column's name, without the segments that tell of somebody.
pub type HidePersons = for<'p> fn(&'p str) -> Cow<'p, str>;

/// What a search looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Full,
    /// Not the names that tell of somebody: who may not see them must not find out by searching either.
    WithoutPersons,
}
