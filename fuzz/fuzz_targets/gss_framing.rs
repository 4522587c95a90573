//! See [`adlib_fuzz::gss_framing`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::gss_framing(data));
