//! See [`adlib_fuzz::kerberos::differential`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::differential(data));
