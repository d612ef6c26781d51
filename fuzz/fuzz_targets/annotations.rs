//! Fuzzes `annotations` of `targets.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| statemap_fuzz::run(statemap_fuzz::targets::annotations, data));
