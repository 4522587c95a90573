//! See [`adlib_fuzz::ntlm::authenticate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm::authenticate(data));
