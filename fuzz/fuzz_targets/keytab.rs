//! See [`adlib_fuzz::keytab`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::keytab(data));
