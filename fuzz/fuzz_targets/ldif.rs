//! See [`adlib_fuzz::ldif`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldif(data));
