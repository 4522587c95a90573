//! See [`adlib_fuzz::ldap::referral_url`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ldap::referral_url(data));
