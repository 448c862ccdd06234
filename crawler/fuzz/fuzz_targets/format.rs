//! Any bytes through one row of the table of formats: the one that `HEADWATER_FUZZ_FORMAT` names, else the one that the
//! first byte picks.
#![no_main]

use headwater_crawler::format::{FORMATS, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let named = std::env::var_os("HEADWATER_FUZZ_FORMAT").is_some();
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    headwater_crawler_fuzz::format(row(*first), "blob", if named { bytes } else { rest });
});

/// The row as the environment says, else as the first byte does.
fn row(first: u8) -> &'static Format {
    let named = std::env::var("HEADWATER_FUZZ_FORMAT").ok();
    let wanted = |format: &&&Format| named.as_deref() == Some(format.id);
    let read: Vec<&&Format> =
        FORMATS.iter().filter(|format| format.read.is_some() || format.container.is_some()).collect();
    FORMATS.iter().find(wanted).unwrap_or_else(|| read[usize::from(first) % read.len()])
}
