//! See [`adlib_fuzz::ap_req`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ap_req(data));
