//! See [`adlib_fuzz::sync_plan`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::sync_plan(data));
