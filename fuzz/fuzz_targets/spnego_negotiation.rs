//! See [`adlib_fuzz::spnego::negotiation`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::spnego::negotiation(data));
