//! See [`adlib_fuzz::schema::values`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::schema::values(data));
