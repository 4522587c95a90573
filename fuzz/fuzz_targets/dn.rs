//! See [`adlib_fuzz::dn`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::dn(data));
