//! See [`adlib_fuzz::logon_name`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::logon_name(data));
