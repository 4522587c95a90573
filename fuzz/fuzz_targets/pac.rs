//! See [`adlib_fuzz::pac`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::pac(data));
