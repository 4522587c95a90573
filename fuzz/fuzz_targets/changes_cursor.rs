//! See [`adlib_fuzz::changes::cursor`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::changes::cursor(data));
