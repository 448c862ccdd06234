//! The access list of an object (Amazon S3 API Reference, GetObjectAcl). An object that is written anew gets the list that its owner alone
//! is on, unless the request grants more (`x-amz-grant-*`): so the grants of the old one go with the new one's bytes, in one step.

use std::collections::BTreeMap;

use reqwest::Method;

use super::request::Refused;
use super::{Bucket, or_off, xml};
use crate::error::{Error, Result};

/// Permissions that an object can carry, and the headers that grant them.
const GRANTS: [(&str, &str); 4] = [
    ("FULL_CONTROL", "x-amz-grant-full-control"),
    ("READ", "x-amz-grant-read"),
    ("READ_ACP", "x-amz-grant-read-acp"),
    ("WRITE_ACP", "x-amz-grant-write-acp"),
];

impl Bucket {
    pub(super) async fn grants_of(&self, path: &str) -> Result<Vec<(&'static str, String)>> {
        let operation = "read access list";
        let answer = self.client.send(operation, Method::GET, &self.object(path), "acl=").await;
        let answer = match or_off(answer.map(Some)) {
            // Some servers know no list of what they joined of parts, and fail each time they are asked.
            Err(error) if is_failure_of_its_own(&error) => None,
            answer => answer?,
        };
        let Some(answer) = answer else { return Ok(Vec::new()) };
        let unclear = || Error::invalid(operation, "the store's answer is not understood");
        grants(&xml::parse(&answer.body).ok_or_else(unclear)?).ok_or_else(unclear)
    }
}

/// Whether the server failed at every try, rather than was busy or could not be reached.
fn is_failure_of_its_own(error: &Error) -> bool {
    let refused = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Refused>());
    refused == Some(&Refused(500))
}

/// Headers that grant what an access list grants; none for the list that every new object has. `None` if a grant is not understood:
/// leaving it out would take somebody's access away.
fn grants(list: &xml::Element) -> Option<Vec<(&'static str, String)>> {
    let owner = list.all("Owner").next().and_then(|owner| owner.text("ID"));
    let mut granted = BTreeMap::<&str, Vec<String>>::new();
    let mut is_usual = true;
    for grant in list.all("AccessControlList").flat_map(|grants| grants.all("Grant")) {
        let grantee = grant.all("Grantee").next()?;
        let permission = grant.text("Permission")?;
        let (_, header) = GRANTS.iter().find(|(name, _)| *name == permission)?;
        let named = |field, key| grantee.text(field).map(|value| format!("{key}=\"{value}\""));
        let to = named("ID", "id")
            .or_else(|| named("URI", "uri"))
            .or_else(|| named("EmailAddress", "emailAddress"))?;
        is_usual &= permission == "FULL_CONTROL" && grantee.text("ID") == owner;
        granted.entry(header).or_default().push(to);
    }
    let headers = granted.into_iter().map(|(header, to)| (header, to.join(", ")));
    Some(if is_usual { Vec::new() } else { headers.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(grants: &str) -> xml::Element {
        let text = format!(
            "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
        );
        xml::parse(text.as_bytes()).unwrap()
    }

    fn grant(grantee: &str, permission: &str) -> String {
        format!("<Grant><Grantee>{grantee}</Grantee><Permission>{permission}</Permission></Grant>")
    }

    #[test]
    fn grants_become_headers_and_the_usual_list_none() {
        let mine = grant("<ID>me</ID>", "FULL_CONTROL");
        assert_eq!(grants(&list(&mine)), Some(Vec::new()));
        let all = "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>";
        let shared = mine.clone() + &grant("<ID>you</ID>", "READ") + &grant(all, "READ");
        let headers = grants(&list(&shared)).unwrap();
        let read = "id=\"you\", uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";
        let expected =
            [("x-amz-grant-full-control", "id=\"me\"".to_owned()), ("x-amz-grant-read", read.to_owned())];
        assert_eq!(headers, expected);
        let others = grants(&list(&grant("<ID>you</ID>", "FULL_CONTROL"))).unwrap();
        assert_eq!(others, [("x-amz-grant-full-control", "id=\"you\"".to_owned())]);
    }

    #[test]
    fn a_grant_that_is_not_understood_stops_the_rewrite() {
        assert_eq!(grants(&list(&grant("<ID>you</ID>", "FLY"))), None);
        assert_eq!(grants(&list(&grant("<Name>you</Name>", "READ"))), None);
    }
}
