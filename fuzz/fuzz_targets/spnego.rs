//! See [`adlib_fuzz::spnego::tokens`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::spnego::tokens(data));
