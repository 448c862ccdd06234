//! The HTTP face: routes are rows of one table, each of which is an operation; what may be asked stands in `ops::access`.
//!
//! | file | owns |
//! |---|---|
//! | [`table`] | every route under `/v1` |
//! | [`input`] | parameters and bodies → operations |
//! | [`answer`] | answers and errors → JSON |
//! | [`guard`] | who speaks: bearer tokens, sessions of pages |
//! | [`server`] | the router, limits, health, metrics |
//! | [`openapi`] | the table as an OpenAPI document |
//! | [`metrics`] | what Prometheus reads |

pub(crate) mod answer;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod server;
pub(crate) mod table;

use std::sync::Arc;

use catalog::Result;

use crate::compose::App;
use crate::ops::Operation;
use input::Input;

/// One thing that programs can ask.
pub(crate) struct Route {
    /// `GET` reads, `POST` changes something or carries personal values, which belong into no URL.
    pub(crate) method: &'static str,
    /// With parameters in braces, as OpenAPI and axum write them.
    pub(crate) path: &'static str,
    /// One line for people.
    pub(crate) summary: &'static str,
    /// Parameters of the query, beside those that the answer's shape brings along.
    pub(crate) query: &'static [Parameter],
    /// Fields of the JSON body.
    pub(crate) body: &'static [Parameter],
    /// The shape of its answer.
    pub(crate) shape: Shape,
    /// The operation that it asks for.
    pub(crate) operation: fn(&Input) -> Result<Operation>,
}

/// A named value of a query or a body.
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type, as JSON Schema names it; `strings` is a list of them.
    pub(crate) kind: &'static str,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// One line for people.
    pub(crate) about: &'static str,
}

/// The shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A page: `items`, and `next` if there are more. Takes `limit` and `after`.
    Page,
    /// All of it at once: `items`.
    Items,
    /// One object.
    One,
    /// One object that was made.
    Made,
    /// Work that may take long: the object, or 202 while it goes on.
    Long,
}

/// What every handler has at hand.
pub(crate) struct State {
    /// What is open.
    pub(crate) app: Arc<App>,
    /// Who may speak.
    pub(crate) guard: guard::Guard,
    /// What is counted.
    pub(crate) metrics: metrics::Metrics,
    /// Whether the daemon listens on loopback alone.
    pub(crate) loopback: bool,
}
