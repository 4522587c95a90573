//! See [`adlib_fuzz::ntlm::challenge`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm::challenge(data));
