//! See [`adlib_fuzz::kerberos::cred`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::cred(data));
