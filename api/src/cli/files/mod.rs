//! Commands that look at files as they are, without a catalog: their inputs, and what they print.
//!
//! | file | command |
//! |---|---|
//! | [`sniff`] | what a file is |
//! | [`scan`] | personal data in it |
//! | [`certificate`] | whether a certificate is genuine |
//! | [`infer`] | a schema that its rows fit |
//! | [`package`] | where a package of a person's data goes (the catalog made it) |

pub(crate) mod certificate;
pub(crate) mod infer;
pub(crate) mod inputs;
pub(crate) mod package;
pub(crate) mod scan;
pub(crate) mod sniff;
