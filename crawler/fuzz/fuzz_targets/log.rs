//! Any bytes as the log of a table, of the kind that the first byte picks.
#![no_main]

use headwater_crawler_fuzz::{LOGS, log};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    log(LOGS[usize::from(*first) % LOGS.len()], rest);
});
