//! See [`adlib_fuzz::kerberos::buffers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::buffers(data));
