//! See [`adlib_fuzz::schema::entries`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::schema::entries(data));
