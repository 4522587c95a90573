//! See [`adlib_fuzz::ntlm::av_pairs`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adlib_fuzz::ntlm::av_pairs(data));
