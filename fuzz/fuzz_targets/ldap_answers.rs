//! See [`adlib_fuzz::ldap::answers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::answers(data));
