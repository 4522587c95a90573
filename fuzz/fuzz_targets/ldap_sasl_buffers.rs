//! See [`adlib_fuzz::ldap::sasl_buffers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::sasl_buffers(data));
