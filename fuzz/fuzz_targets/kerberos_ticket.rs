//! See [`adlib_fuzz::kerberos::ticket`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::ticket(data));
