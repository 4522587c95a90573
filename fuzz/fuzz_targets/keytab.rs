//! See [`adlib_fuzz::kerberos::keytab`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::kerberos::keytab(data));
