//! Every route under `/v1`. A new one is one row here; the router and the OpenAPI document follow.

mod lake;
mod operations;

use catalog::Error;

use operations::{erase_plan, erase_show, finding_rule, lineage, new_token, refusal, sql};

use super::{Parameter, Route, Shape};
use crate::ops::Operation;

const fn optional(name: &'static str, kind: &'static str, about: &'static str) -> Parameter {
    Parameter { name, kind, required: false, about }
}

const fn required(name: &'static str, kind: &'static str, about: &'static str) -> Parameter {
    Parameter { name, kind, required: true, about }
}

const AS_OF: Parameter = optional("as_of", "time", "Answer as the catalog was then.");

const HASH: Parameter = required("hash", "string", "The plan's hash: 64 hexadecimal digits.");

/// All of them.
pub(crate) static ROUTES: &[Route] = &[
    lake::SEARCH,
    lake::FACETS,
    lake::SUGGESTIONS,
    lake::ANNOTATIONS,
    lake::ANNOTATE,
    Route {
        method: "GET",
        path: "/v1/lineage",
        summary: "Lineage edges: all, or up and down from one thing.",
        query: &[
            optional("thing", "string", "A path, a URI, a dataset's name or an artifact's number."),
            optional("direction", "string", "`up`, `down` or `both`."),
            optional("depth", "integer", "How many steps."),
            optional("dot", "boolean", "As a Graphviz digraph."),
            AS_OF,
        ],
        body: &[],
        shape: Shape::Page,
        operation: lineage,
    },
    Route {
        method: "POST",
        path: "/v1/sql",
        summary: "SQL over the raw blobs; personal columns read as null without the right.",
        query: &[AS_OF],
        body: &[
            required("query", "string", "One statement that reads."),
            optional("format", "string", "`json`, `csv` or `arrow`."),
            optional("limit", "integer", "Rows at most."),
        ],
        shape: Shape::Items,
        operation: sql,
    },
    Route {
        method: "POST",
        path: "/v1/crawls",
        summary: "Crawls sources now; all known ones if none is named.",
        query: &[],
        body: &[
            optional("urls", "strings", "URLs of sources."),
            optional("depth", "string", "How much of each blob is read: `head`, `sample` or `full`."),
        ],
        shape: Shape::Long,
        operation: |input| {
            let depth =
                input.body_text("depth")?.map_or(Ok(catalog::model::Depth::Full), |depth| depth.parse())?;
            Ok(Operation::Crawl { urls: input.body_texts("urls")?, depth })
        },
    },
    Route {
        method: "POST",
        path: "/v1/subjects/find",
        summary: "Every place of a person, confirmed in the bytes.",
        query: &[AS_OF],
        body: &[
            required("ids", "strings", "`KIND=VALUE` each."),
            optional("scan", "boolean", "Reads every blob instead of those that the index names."),
            optional("expand", "boolean", "Follows the keys in the person's rows."),
        ],
        shape: Shape::Items,
        operation: |input| {
            Ok(Operation::SubjectFind {
                ids: input.body_texts("ids")?,
                scan: input.body_flag("scan")?,
                expand: input.body_flag("expand")?,
                as_of: input.time("as_of")?,
            })
        },
    },
    Route {
        method: "POST",
        path: "/v1/subjects/package",
        summary: "Everything that is held of a person, as a ZIP archive to hand over.",
        query: &[],
        body: &[
            required("ids", "strings", "`KIND=VALUE` each."),
            optional("scan", "boolean", "Reads every blob instead of those that the index names."),
            optional("expand", "boolean", "Takes the rows too that the keys in the person's rows lead to."),
            optional("keep_others", "boolean", "Leaves other people's data in shared rows."),
        ],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::SubjectPackage {
                ids: input.body_texts("ids")?,
                scan: input.body_flag("scan")?,
                expand: input.body_flag("expand")?,
                keep_others: input.body_flag("keep_others")?,
            })
        },
    },
    Route {
        method: "GET",
        path: "/v1/requests",
        summary: "Erasure requests.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::Items,
        operation: |input| Ok(Operation::EraseList { as_of: input.time("as_of")? }),
    },
    Route {
        method: "GET",
        path: "/v1/requests/{id}",
        summary: "One erasure request with its plan.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::One,
        operation: erase_show,
    },
    Route {
        method: "POST",
        path: "/v1/plans",
        summary: "Records a request and plans it; the lake is not touched.",
        query: &[],
        body: &[
            optional("ids", "strings", "`KIND=VALUE` each."),
            optional("request", "string", "Plans anew for a request that is there already."),
            optional("legal_basis", "string", "Ground under Art. 17(1) GDPR."),
            optional(
                "rectify",
                "string",
                "A wrong value, `KIND=VALUE`, to be put right instead of erasing anybody.",
            ),
            optional("with", "string", "The right value."),
            optional("received", "string", "When the request reached the controller, if not now."),
            optional("scan", "boolean", "Reads every blob instead of those that the index names."),
        ],
        shape: Shape::Made,
        operation: erase_plan,
    },
    Route {
        method: "GET",
        path: "/v1/plans/{id}",
        summary: "A plan with its steps and how far they are.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::One,
        operation: erase_show,
    },
    Route {
        method: "POST",
        path: "/v1/plans/{id}/approve",
        summary: "Approves somebody else's plan by its hash.",
        query: &[],
        body: &[HASH],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::EraseApprove { plan: input.part("id")?, hash: input.body_required("hash")? })
        },
    },
    Route {
        method: "POST",
        path: "/v1/plans/{id}/run",
        summary: "Carries out an approved plan by its hash; it goes on after a 202.",
        query: &[],
        body: &[HASH],
        shape: Shape::Long,
        operation: |input| {
            Ok(Operation::EraseRun { plan: input.part("id")?, hash: input.body_required("hash")? })
        },
    },
    Route {
        method: "POST",
        path: "/v1/plans/{id}/dry-run",
        summary: "Does all that a run would do, but writes nothing; it goes on after a 202.",
        query: &[],
        body: &[HASH],
        shape: Shape::Long,
        operation: |input| {
            Ok(Operation::EraseDryRun { plan: input.part("id")?, hash: input.body_required("hash")? })
        },
    },
    Route {
        method: "POST",
        path: "/v1/requests/{id}/extend",
        summary: "Takes two more months for a request (Art. 12(3) GDPR).",
        query: &[],
        body: &[required("reason", "string", "Why, for people; no personal value.")],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::EraseExtend { which: input.part("id")?, reason: input.body_required("reason")? })
        },
    },
    Route {
        method: "POST",
        path: "/v1/requests/{id}/refuse",
        summary: "Refuses a request (Art. 17(3), 12(5) GDPR); nothing is erased.",
        query: &[],
        body: &[
            required("ground", "string", "The exception that applies, such as `legal_obligation`."),
            required("reason", "string", "Why it applies, for people; no personal value."),
        ],
        shape: Shape::One,
        operation: refusal,
    },
    Route {
        method: "POST",
        path: "/v1/replay",
        summary: "Looks for erased persons in what came back, and plans anew; it goes on after a 202.",
        query: &[],
        body: &[optional("scan", "boolean", "Reads every blob, old versions too.")],
        shape: Shape::Long,
        operation: |input| Ok(Operation::EraseReplay { scan: input.body_flag("scan")? }),
    },
    Route {
        method: "POST",
        path: "/v1/plans/{id}/verify",
        summary: "Looks for the person afresh, in the lake and in the catalog.",
        query: &[],
        body: &[],
        shape: Shape::Long,
        operation: |input| Ok(Operation::EraseVerify { which: input.part("id")? }),
    },
    Route {
        method: "POST",
        path: "/v1/plans/{id}/certificate",
        summary: "Signs the certificate, or gives the one that was signed.",
        query: &[],
        body: &[],
        shape: Shape::Long,
        operation: |input| Ok(Operation::EraseCertificate { which: input.part("id")? }),
    },
    Route {
        method: "GET",
        path: "/v1/holds",
        summary: "What must not be erased for now.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::Items,
        operation: |input| Ok(Operation::EraseHolds { as_of: input.time("as_of")? }),
    },
    Route {
        method: "POST",
        path: "/v1/holds",
        summary: "Places holds on persons or on all blobs below a URI.",
        query: &[],
        body: &[
            optional("ids", "strings", "`KIND=VALUE` each."),
            optional("under", "string", "What the blobs' URIs begin with."),
            required("reason", "string", "Why, for people; no personal value."),
        ],
        shape: Shape::Items,
        operation: |input| {
            Ok(Operation::EraseHold {
                ids: input.body_texts("ids")?,
                under: input.body_text("under")?,
                reason: input.body_required("reason")?,
            })
        },
    },
    Route {
        method: "POST",
        path: "/v1/holds/{id}/lift",
        summary: "Lifts a hold.",
        query: &[],
        body: &[],
        shape: Shape::One,
        operation: |input| Ok(Operation::EraseLift { hold: input.part("id")? }),
    },
    Route {
        method: "POST",
        path: "/v1/tokens",
        summary: "Makes a token; its secret is in this answer and nowhere else.",
        query: &[],
        body: &[
            required("name", "string", "Who its holder is."),
            required("roles", "strings", "What its holder may do."),
        ],
        shape: Shape::Made,
        operation: new_token,
    },
    Route {
        method: "GET",
        path: "/v1/tokens",
        summary: "All tokens, without their secrets.",
        query: &[],
        body: &[],
        shape: Shape::Items,
        operation: |_| Ok(Operation::TokenList),
    },
    Route {
        method: "POST",
        path: "/v1/tokens/{id}/revoke",
        summary: "Ends tokens by name or id.",
        query: &[],
        body: &[],
        shape: Shape::Items,
        operation: |input| Ok(Operation::TokenRevoke { which: input.part("id")? }),
    },
    Route {
        method: "GET",
        path: "/v1/datasets",
        summary: "Datasets with their schemas.",
        query: &[
            optional("which", "string", "Only those with this name, root or id."),
            optional("files", "boolean", "With the paths of their blobs."),
            AS_OF,
        ],
        body: &[],
        shape: Shape::Page,
        operation: |input| {
            Ok(Operation::Datasets {
                which: input.text("which"),
                files: input.flag("files"),
                as_of: input.time("as_of")?,
                paging: input.paging()?,
            })
        },
    },
    Route {
        method: "GET",
        path: "/v1/datasets/{id}",
        summary: "One dataset with statistics, findings, anomalies and blobs.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::DatasetShow { which: input.part("id")?, as_of: input.time("as_of")? })
        },
    },
    Route {
        method: "GET",
        path: "/v1/schemas",
        summary: "Schemas of all datasets.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::Page,
        operation: |input| Ok(Operation::Schemas { as_of: input.time("as_of")?, paging: input.paging()? }),
    },
    Route {
        method: "GET",
        path: "/v1/schemas/{id}",
        summary: "A dataset's schema.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::SchemaShow {
                which: input.part("id")?,
                history: false,
                as_of: input.time("as_of")?,
            })
        },
    },
    Route {
        method: "GET",
        path: "/v1/schemas/{id}/versions",
        summary: "Every schema that a dataset has had, newest first, with what it changed.",
        query: &[],
        body: &[],
        shape: Shape::Items,
        operation: |input| Ok(Operation::SchemaShow { which: input.part("id")?, history: true, as_of: None }),
    },
    Route {
        method: "GET",
        path: "/v1/schemas/{id}/anomalies",
        summary: "Where observed statistics part from the schema.",
        query: &[
            optional("environment", "string", "`TRAINING`, `SERVING` or another one of the schema's."),
            AS_OF,
        ],
        body: &[],
        shape: Shape::Items,
        operation: |input| {
            Ok(Operation::SchemaValidate {
                which: input.part("id")?,
                environment: input.text("environment"),
                as_of: input.time("as_of")?,
            })
        },
    },
    Route {
        method: "GET",
        path: "/v1/findings",
        summary: "What is personal in datasets, and why; rejected false alarms are marked.",
        query: &[optional("dataset", "string", "A dataset's name, root or id."), AS_OF],
        body: &[],
        shape: Shape::Items,
        operation: |input| {
            Ok(Operation::Findings { which: input.text("dataset"), as_of: input.time("as_of")? })
        },
    },
    Route {
        method: "POST",
        path: "/v1/findings/rulings",
        summary: "Confirms or rejects a finding; it wins over recognisers, also after later crawls.",
        query: &[],
        body: &[
            required("dataset", "string", "A dataset's name, root or id."),
            required("feature", "string", "The feature; empty for paths."),
            required("kind", "string", "The kind, such as `PHONE_NUMBER`."),
            required("decision", "string", "`confirm`, `reject` or `forget`."),
            optional("spread", "boolean", "Also of the same feature in datasets that lineage connects."),
        ],
        shape: Shape::Items,
        operation: finding_rule,
    },
    Route {
        method: "GET",
        path: "/v1/findings/record",
        summary: "Which datasets hold which kinds of personal data, with reasons (GDPR Art. 30).",
        query: &[AS_OF],
        body: &[],
        shape: Shape::Items,
        operation: |input| Ok(Operation::ProcessingRecord { as_of: input.time("as_of")? }),
    },
    Route {
        method: "POST",
        path: "/v1/schemas/{id}/pin",
        summary: "Pins a dataset's schema, or lets it widen again.",
        query: &[],
        body: &[optional("off", "boolean", "Lets it widen again.")],
        shape: Shape::One,
        operation: |input| {
            Ok(Operation::SchemaPin { which: input.part("id")?, unpin: input.body_flag("off")? })
        },
    },
    Route {
        method: "GET",
        path: "/v1/runs",
        summary: "Crawls, pipeline runs and erasures, newest first.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::Page,
        operation: |input| Ok(Operation::Runs { as_of: input.time("as_of")?, paging: input.paging()? }),
    },
    Route {
        method: "GET",
        path: "/v1/runs/{id}",
        summary: "One run with what it read and wrote.",
        query: &[AS_OF],
        body: &[],
        shape: Shape::One,
        operation: |input| {
            let id =
                input.part("id")?.parse().map_err(|_| Error::invalid("read request", "id is no number"))?;
            Ok(Operation::RunShow { id, as_of: input.time("as_of")? })
        },
    },
    Route {
        method: "GET",
        path: "/v1/audit",
        summary: "The audit log, newest first.",
        query: &[],
        body: &[],
        shape: Shape::Page,
        operation: |input| Ok(Operation::Audit { paging: input.paging()? }),
    },
    Route {
        method: "GET",
        path: "/v1/audit/verification",
        summary: "Whether the chain of the audit log holds.",
        query: &[],
        body: &[],
        shape: Shape::One,
        operation: |_| Ok(Operation::AuditVerify),
    },
];
