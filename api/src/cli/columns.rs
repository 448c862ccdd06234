//! Which fields of an answer people see, and how.

use super::render::{Column, Look};

pub(super) const DATASETS: &[Column] = &[
    ("dataset", "/name", Look::Plain),
    ("root", "/root", Look::Plain),
    ("format", "/format", Look::Plain),
    ("packed", "/compression", Look::Plain),
    ("partitions", "/partition_keys", Look::Plain),
    ("blobs", "/blobs", Look::Count),
    ("rows", "/rows", Look::Count),
    ("size", "/bytes", Look::Bytes),
    ("tags", "/tags", Look::Plain),
    ("owners", "/owners", Look::Plain),
    ("schema", "/schema", Look::Features),
];
pub(super) const ANNOTATIONS: &[Column] = &[
    ("what", "/kind", Look::Plain),
    ("name", "/name", Look::Plain),
    ("column", "/column", Look::Plain),
    ("tags", "/tags", Look::Plain),
    ("owners", "/owners", Look::Plain),
    ("description", "/description", Look::Plain),
    ("by", "/by", Look::Plain),
    ("at", "/at", Look::Time),
];
pub(super) const FACETS: &[Column] = &[
    ("facet", "/facet", Look::Plain),
    ("value", "/value", Look::Plain),
    ("things", "/count", Look::Count),
    ("query", "/query", Look::Plain),
];
pub(super) const SUGGESTIONS: &[Column] =
    &[("query", "/query", Look::Plain), ("of", "/of", Look::Plain), ("things", "/count", Look::Count)];
pub(super) const FILES: &[Column] = &[("dataset", "/name", Look::Plain), ("files", "/files", Look::Plain)];
pub(super) const RUNS: &[Column] = &[
    ("run", "/id", Look::Count),
    ("type", "/type", Look::Plain),
    ("name", "/name", Look::Plain),
    ("state", "/state", Look::Plain),
    ("started", "/started", Look::Time),
    ("seconds", "/seconds", Look::Count),
];
pub(super) const AUDIT: &[Column] = &[
    ("entry", "/number", Look::Count),
    ("at", "/at", Look::Time),
    ("who", "/principal", Look::Plain),
    ("action", "/action", Look::Plain),
    ("thing", "/thing", Look::Plain),
    ("outcome", "/outcome", Look::Plain),
];
pub(super) const AUDIT_VERIFY: &[Column] =
    &[("holds", "/holds", Look::Plain), ("entries", "/entries", Look::Count), ("head", "/head", Look::Plain)];
pub(super) const TOKENS: &[Column] = &[
    ("token", "/id", Look::Plain),
    ("name", "/name", Look::Plain),
    ("roles", "/roles", Look::Plain),
    ("created", "/created", Look::Time),
    ("by", "/created_by", Look::Plain),
    ("revoked", "/revoked", Look::Time),
];
pub(super) const KEYS: &[Column] = &[
    ("epoch", "/epoch", Look::Plain),
    ("newest", "/newest", Look::Plain),
    ("sources", "/sources", Look::Plain),
];
pub(super) const FINDINGS: &[Column] = &[
    ("dataset", "/dataset", Look::Plain),
    ("feature", "/feature", Look::Plain),
    ("kind", "/kind", Look::Plain),
    ("category", "/category", Look::Plain),
    ("cells", "/cells", Look::Count),
    ("confidence", "/confidence", Look::Count),
    ("ruling", "/ruling", Look::Plain),
    ("why", "/why", Look::Plain),
];
pub(super) const PROCESSING: &[Column] = &[
    ("dataset", "/dataset", Look::Plain),
    ("source", "/source", Look::Plain),
    ("root", "/root", Look::Plain),
    ("blobs", "/blobs", Look::Count),
    ("rows", "/rows", Look::Count),
    ("special", "/special", Look::Plain),
    ("kinds", "/kinds", Look::Plain),
    ("purpose", "/purpose", Look::Plain),
    ("keep days", "/retention_days", Look::Count),
    ("too long", "/past_retention/blobs", Look::Count),
    ("recipients", "/recipients", Look::Plain),
    ("passed on to", "/passed_on_to", Look::Plain),
];
pub(super) const SCHEMAS: &[Column] = &[
    ("dataset", "/dataset", Look::Plain),
    ("schema", "/schema", Look::Features),
    ("pinned", "/pinned", Look::Time),
];
pub(super) const SCHEMA_VERSIONS: &[Column] = &[
    ("since", "/since", Look::Time),
    ("schema", "/id", Look::Plain),
    ("features", "/features", Look::Count),
    ("pinned", "/pinned", Look::Time),
    ("changes", "/changes", Look::Plain),
];
pub(super) const SCHEMA_CHANGES: &[Column] = &[
    ("feature", "/feature", Look::Plain),
    ("change", "/text", Look::Plain),
    ("breaking", "/breaking", Look::Plain),
];
pub(super) const ANOMALIES: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("member", "/member", Look::Plain),
    ("feature", "/feature", Look::Plain),
    ("anomaly", "/kind", Look::Plain),
    ("reason", "/reason", Look::Plain),
];
pub(super) const UPKEEP: &[Column] = &[("entries", "/entries", Look::Count), ("size", "/bytes", Look::Bytes)];
pub(super) const PROBLEMS: &[Column] =
    &[("where", "/space", Look::Plain), ("problem", "/problem", Look::Plain)];
pub(super) const CRAWL: &[Column] = &[
    ("source", "/source", Look::Plain),
    ("run", "/run", Look::Count),
    ("blobs", "/listed", Look::Count),
    ("new", "/new", Look::Count),
    ("changed", "/changed", Look::Count),
    ("unchanged", "/unchanged", Look::Count),
    ("gone", "/deleted", Look::Count),
    ("datasets", "/datasets", Look::Count),
];
pub(super) const LINEAGE: &[Column] = &[
    ("from", "/from", Look::Plain),
    ("to", "/to", Look::Plain),
    ("kind", "/kind", Look::Plain),
    ("confidence", "/confidence", Look::Count),
    ("reported by", "/reported_by", Look::Plain),
    ("evidence", "/evidence", Look::Plain),
];
pub(super) const SEARCH: &[Column] = &[
    ("what", "/kind", Look::Plain),
    ("name", "/name", Look::Plain),
    ("format", "/format", Look::Plain),
    ("size", "/bytes", Look::Bytes),
    ("tags", "/tags", Look::Plain),
    ("where", "/uri", Look::Plain),
];
pub(super) const PLACES: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("member", "/member", Look::Plain),
    ("column", "/column", Look::Plain),
    ("row", "/row", Look::Count),
    ("kind", "/kind", Look::Plain),
    ("origin", "/origin", Look::Plain),
    ("copies below", "/downstream", Look::Plain),
];
pub(super) const STEPS: &[Column] = &[
    ("step", "/step", Look::Count),
    ("path", "/path", Look::Plain),
    ("members", "/members", Look::Plain),
    ("method", "/method", Look::Plain),
    ("rows go", "/rows_removed", Look::Count),
    ("rows stay", "/rows_kept", Look::Count),
    ("values change", "/values_replaced", Look::Count),
    ("version", "/version", Look::Plain),
    ("state", "/state", Look::Plain),
    ("reason", "/reason", Look::Plain),
];
pub(super) const REQUEST: &[Column] = &[
    ("request", "/request", Look::Plain),
    ("plan", "/plan", Look::Plain),
    ("hash", "/hash", Look::Plain),
    ("status", "/status", Look::Plain),
    ("kinds", "/kinds", Look::Plain),
    ("requested by", "/requester", Look::Plain),
    ("received", "/received", Look::Time),
    ("due", "/due", Look::Time),
    ("basis", "/legal_basis", Look::Plain),
    ("approved by", "/approval/by", Look::Plain),
    ("approved until", "/approval/expires", Look::Time),
    ("places left", "/verification/hits", Look::Count),
    ("certified", "/certified", Look::Plain),
];
pub(super) const REQUESTS: &[Column] = &[
    ("request", "/request", Look::Plain),
    ("plan", "/plan", Look::Plain),
    ("status", "/status", Look::Plain),
    ("kinds", "/kinds", Look::Plain),
    ("requested by", "/requester", Look::Plain),
    ("asks for", "/asks_for", Look::Plain),
    ("due", "/due", Look::Time),
    ("days left", "/days_left", Look::Count),
];
pub(super) const DRY_RUN: &[Column] = &[
    ("step", "/step", Look::Count),
    ("method", "/method", Look::Plain),
    ("outcome", "/outcome", Look::Plain),
    ("reads", "/bytes_read", Look::Bytes),
    ("writes", "/bytes_written", Look::Bytes),
    ("rows go", "/rows_removed", Look::Count),
    ("reason", "/reason", Look::Plain),
];
pub(super) const REPLAYED: &[Column] = &[
    ("erased by", "/erased_by", Look::Plain),
    ("kinds", "/kinds", Look::Plain),
    ("plan", "/plan/plan", Look::Plain),
    ("hash", "/plan/hash", Look::Plain),
    ("why not", "/why_not", Look::Plain),
];
pub(super) const APPROVAL: &[Column] =
    &[("plan", "/plan", Look::Plain), ("approved by", "/by", Look::Plain), ("until", "/expires", Look::Time)];
pub(super) const RUN: &[Column] =
    &[("plan", "/plan", Look::Plain), ("done", "/done", Look::Count), ("reported", "/reported", Look::Count)];
pub(super) const LEFT: &[Column] = &[
    ("path", "/path", Look::Plain),
    ("version", "/version", Look::Plain),
    ("kind", "/kind", Look::Plain),
    ("place", "/place", Look::Plain),
    ("count", "/count", Look::Count),
];
pub(super) const HOLD: &[Column] = &[("hold", "/hold", Look::Plain), ("lifted", "/lifted", Look::Plain)];
pub(super) const HOLDS: &[Column] = &[
    ("hold", "/id", Look::Plain),
    ("on", "/scope", Look::Plain),
    ("reason", "/reason", Look::Plain),
    ("by", "/by", Look::Plain),
    ("since", "/at", Look::Time),
];
