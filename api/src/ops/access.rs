//! Who may ask what. One table; a test pins it, so that no change opens a way around approval unseen.

use catalog::model::{Principal, Role};
use catalog::{Error, Result};

use super::Operation;
use crate::auth::role_name;

impl Operation {
    /// Its name in audit entries, metrics and JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Crawl { .. } => "crawl",
            Self::Search { .. } => "search",
            Self::SearchFacets { .. } => "search_facets",
            Self::SearchSuggest { .. } => "search_suggest",
            Self::Annotations { .. } => "annotations",
            Self::Annotate { .. } => "annotate",
            Self::Sql { .. } => "sql",
            Self::Lineage { .. } => "lineage",
            Self::LineageReport { .. } => "lineage_report",
            Self::SubjectFind { .. } => "subject_find",
            Self::SubjectPackage { .. } => "subject_package",
            Self::ErasePlan { .. } => "erase_plan",
            Self::EraseHolds { .. } => "erase_holds",
            Self::EraseHold { .. } => "erase_hold",
            Self::EraseLift { .. } => "erase_lift",
            Self::EraseList { .. } => "erase_list",
            Self::EraseShow { .. } => "erase_show",
            Self::EraseApprove { .. } => "erase_approve",
            Self::EraseRun { .. } => "erase_run",
            Self::EraseDryRun { .. } => "erase_dry_run",
            Self::EraseExtend { .. } => "erase_extend",
            Self::EraseRefuse { .. } => "erase_refuse",
            Self::EraseReplay { .. } => "erase_replay",
            Self::EraseVerify { .. } => "erase_verify",
            Self::EraseCertificate { .. } => "erase_certificate",
            Self::Datasets { .. } => "datasets",
            Self::DatasetShow { .. } => "dataset_show",
            Self::Findings { .. } => "findings",
            Self::FindingRule { .. } => "finding_rule",
            Self::ProcessingRecord { .. } => "processing_record",
            Self::Schemas { .. } => "schemas",
            Self::SchemaShow { .. } => "schema_show",
            Self::SchemaDiff { .. } => "schema_diff",
            Self::SchemaValidate { .. } => "schema_validate",
            Self::SchemaPin { .. } => "schema_pin",
            Self::CatalogExport { .. } => "catalog_export",
            Self::CatalogCheck => "catalog_check",
            Self::CatalogRewrite => "catalog_rewrite",
            Self::Runs { .. } => "runs",
            Self::RunShow { .. } => "run_show",
            Self::Audit { .. } => "audit",
            Self::AuditVerify => "audit_verify",
            Self::TokenCreate { .. } => "token_create",
            Self::TokenList => "token_list",
            Self::TokenRevoke { .. } => "token_revoke",
            Self::KeyList => "key_list",
            Self::KeyRotate => "key_rotate",
            Self::KeyDestroy { .. } => "key_destroy",
        }
    }

    /// Roles of which one is needed. An admin holds viewer, analyst and steward too, but neither privacy role;
    /// everybody with a role may what a viewer may.
    pub(crate) fn roles(&self) -> &'static [Role] {
        match self {
            Self::Search { .. }
            | Self::SearchFacets { .. }
            | Self::SearchSuggest { .. }
            | Self::Annotations { .. }
            | Self::Lineage { .. }
            | Self::Datasets { .. }
            | Self::DatasetShow { .. }
            | Self::Findings { .. }
            | Self::ProcessingRecord { .. }
            | Self::Schemas { .. }
            | Self::SchemaShow { .. }
            | Self::SchemaDiff { .. }
            | Self::SchemaValidate { .. }
            | Self::Runs { .. }
            | Self::RunShow { .. } => &[Role::Viewer],
            Self::Sql { .. } => &[Role::Analyst],
            Self::Crawl { .. }
            | Self::LineageReport { .. }
            | Self::SchemaPin { .. }
            | Self::Annotate { .. } => &[Role::Steward],
            Self::FindingRule { .. } => &[Role::Steward, Role::PrivacyOfficer],
            Self::SubjectFind { .. }
            | Self::SubjectPackage { .. }
            | Self::ErasePlan { .. }
            | Self::EraseHold { .. }
            | Self::EraseRun { .. }
            | Self::EraseDryRun { .. }
            | Self::EraseExtend { .. }
            | Self::EraseRefuse { .. }
            | Self::EraseReplay { .. }
            | Self::EraseVerify { .. }
            | Self::EraseCertificate { .. } => &[Role::PrivacyOfficer],
            Self::EraseList { .. }
            | Self::EraseShow { .. }
            | Self::EraseHolds { .. }
            | Self::EraseLift { .. } => &[Role::PrivacyOfficer, Role::Approver],
            Self::EraseApprove { .. } => &[Role::Approver],
            Self::Audit { .. } | Self::AuditVerify => &[Role::PrivacyOfficer, Role::Approver, Role::Admin],
            Self::TokenCreate { .. }
            | Self::TokenList
            | Self::TokenRevoke { .. }
            | Self::KeyList
            | Self::KeyRotate
            | Self::KeyDestroy { .. }
            | Self::CatalogExport { .. }
            | Self::CatalogCheck
            | Self::CatalogRewrite => &[Role::Admin],
        }
    }

    /// Refuses a principal without the right.
    ///
    /// # Errors
    /// `Denied`, naming the roles that would do.
    pub(crate) fn admit(&self, who: &Principal) -> Result<()> {
        if self.roles().iter().any(|role| who.may(*role)) {
            return Ok(());
        }
        let roles: Vec<_> = self.roles().iter().map(|role| role_name(*role)).collect();
        let context =
            format!("{} may not ask for {}; it takes the role {}", who.name, self.name(), roles.join(" or "));
        Err(Error::denied("answer", context))
    }
}

#[cfg(test)]
mod tests;
