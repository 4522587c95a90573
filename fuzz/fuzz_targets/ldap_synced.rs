//! See [`adlib_fuzz::ldap::synced`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::synced(data));
