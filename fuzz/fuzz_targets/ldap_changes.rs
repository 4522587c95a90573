//! See [`adlib_fuzz::ldap::changes::told`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::changes::told(data));
