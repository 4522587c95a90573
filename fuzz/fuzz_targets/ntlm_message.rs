//! See [`adlib_fuzz::ntlm_message`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm_message(data));
