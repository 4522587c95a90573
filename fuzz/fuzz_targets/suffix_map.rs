//! See [`adlib_fuzz::suffix_map`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::suffix_map(data));
