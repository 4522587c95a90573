//! See [`adlib_fuzz::kerberos::acceptor`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::acceptor(data));
