//! See [`adlib_fuzz::ntlm::acceptor`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm::acceptor(data));
