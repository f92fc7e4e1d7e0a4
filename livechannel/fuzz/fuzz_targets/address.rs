#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| livechannel::fuzzing::address(data));
