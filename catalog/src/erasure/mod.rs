//! The pure half of erasure: what may be asked, planned, approved and certified. It reads and writes no blob.
//!
//! | file | decides |
//! |---|---|
//! | [`request`] | what a request is and when it is due |
//! | [`evidence`] | nothing: what was confirmed |
//! | [`plan`] | evidence → steps; canonical JSON and its hash |
//! | [`policy`] | what a policy asks of a part |
//! | [`check`] | whether a plan is right, by rules of its own |
//! | [`approve`] | who may approve what, and for how long |
//! | [`journal`] | how a step may advance |
//! | [`certificate`] | whether a certificate would be true, and its signature |
//! | [`suppression`] | the ledger of erased identifiers |
//! | [`seal`] | identifiers under a key that can be destroyed |
//! | [`audit`] | the vocabulary of the audit log |
//!
//! `crawler::erase` gathers the evidence and carries out the steps.

pub mod approve;
pub mod audit;
pub mod certificate;
pub mod check;
pub mod evidence;
pub mod journal;
pub mod plan;
pub mod policy;
pub mod request;
pub mod seal;
pub mod suppression;
