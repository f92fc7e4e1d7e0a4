#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| hls_segmenter_fuzz::av1::check(data));
