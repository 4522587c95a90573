//! See [`adlib_fuzz::kerberos::ap_req`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::ap_req(data));
