//! Routes about finding things in the catalog and what people say of them.

use catalog::Result;

use super::{AS_OF, optional, required};
use crate::ops::{Operation, Saying};
use crate::routes::input::Input;
use crate::routes::{Route, Shape};

pub(super) const SEARCH: Route = Route {
    method: "GET",
    path: "/v1/search",
    summary: "Datasets and blobs that fit words and facets, best first.",
    query: &[
        required("q", "string", "Words, `field:value`, `-not`, `OR`; `*` is everything."),
        optional("limit", "integer", "How many at most."),
        AS_OF,
    ],
    body: &[],
    shape: Shape::Items,
    operation: |input| {
        let as_of = input.time("as_of")?;
        let limit = input.paging()?.limit;
        Ok(Operation::Search { query: input.required("q")?, limit, facets: false, as_of })
    },
};

pub(super) const FACETS: Route = Route {
    method: "GET",
    path: "/v1/search/facets",
    summary: "How what fits a query spreads over formats, tags, owners, sizes and more; the first item is the total.",
    query: &[
        required("q", "string", "Words, `field:value`, `-not`, `OR`; `*` is everything."),
        optional("limit", "integer", "How many values of each facet at most."),
        AS_OF,
    ],
    body: &[],
    shape: Shape::Items,
    operation: |input| {
        let values = input.paging()?.limit;
        Ok(Operation::SearchFacets { query: input.required("q")?, values, as_of: input.time("as_of")? })
    },
};

pub(super) const SUGGESTIONS: Route = Route {
    method: "GET",
    path: "/v1/search/suggestions",
    summary: "How a query that begins so may go on.",
    query: &[
        required("q", "string", "The beginning; its last term is gone on with."),
        optional("limit", "integer", "How many at most."),
    ],
    body: &[],
    shape: Shape::Items,
    operation: |input| {
        Ok(Operation::SearchSuggest { beginning: input.required("q")?, limit: input.number("limit")? })
    },
};

pub(super) const ANNOTATIONS: Route = Route {
    method: "GET",
    path: "/v1/annotations",
    summary: "Tags, owners and descriptions that people gave to datasets, blobs and columns.",
    query: &[
        optional("thing", "string", "A dataset's name, root or id, or a blob's URI, path or id."),
        optional("column", "string", "One column of it."),
        optional("history", "boolean", "All that was ever said of the thing, newest first."),
        AS_OF,
    ],
    body: &[],
    shape: Shape::Page,
    operation: |input| {
        Ok(Operation::Annotations {
            which: input.text("thing"),
            column: input.text("column"),
            history: input.flag("history"),
            as_of: input.time("as_of")?,
            paging: input.paging()?,
        })
    },
};

pub(super) const ANNOTATE: Route = Route {
    method: "POST",
    path: "/v1/annotations",
    summary: "Adds and takes away tags and owners, and describes; personal values are refused.",
    query: &[],
    body: &[
        required("thing", "string", "A dataset's name, root or id, or a blob's URI, path or id."),
        optional("column", "string", "One column of it."),
        optional("tags", "strings", "Tags to add."),
        optional("untag", "strings", "Tags to take away."),
        optional("owners", "strings", "Teams, roles or names of tokens to add."),
        optional("disown", "strings", "Owners to take away."),
        optional("description", "string", "What it is; an empty text takes that away."),
    ],
    shape: Shape::One,
    operation: annotate,
};

fn annotate(input: &Input) -> Result<Operation> {
    Ok(Operation::Annotate {
        which: input.body_required("thing")?,
        column: input.body_text("column")?.unwrap_or_default(),
        saying: Saying {
            tags: input.body_texts("tags")?,
            untag: input.body_texts("untag")?,
            owners: input.body_texts("owners")?,
            disown: input.body_texts("disown")?,
            description: input.body_text("description")?,
        },
    })
}
