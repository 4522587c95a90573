//! See [`adlib_fuzz::kerberos::pac`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::pac(data));
