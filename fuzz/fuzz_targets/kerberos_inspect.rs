//! See [`adlib_fuzz::kerberos::inspect`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::inspect(data));
