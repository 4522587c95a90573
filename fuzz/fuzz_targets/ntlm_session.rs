//! See [`adlib_fuzz::ntlm::session`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm::session(data));
