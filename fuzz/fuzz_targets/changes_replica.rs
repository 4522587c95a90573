//! See [`adlib_fuzz::changes::replica`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::changes::replica(data));
