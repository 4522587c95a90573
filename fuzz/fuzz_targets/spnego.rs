//! See [`adlib_fuzz::spnego`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::spnego(data));
