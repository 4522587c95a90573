//! See [`adlib_fuzz::ldap::bind_answer`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::bind_answer(data));
