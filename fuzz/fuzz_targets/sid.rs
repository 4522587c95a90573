//! See [`adlib_fuzz::sid`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::sid(data));
