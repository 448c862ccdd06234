//! Any bytes as a blob: sniffed, layers peeled, containers opened, parts read, units and members taken out.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headwater_crawler_fuzz::blob("blob", bytes));
