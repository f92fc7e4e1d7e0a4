//! An embeddable HLS segmenter: FLV tags or RTMP messages in, MPEG-TS segments and a sliding-window playlist out.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(feature = "std", test))]
extern crate std;

pub mod codec;
pub mod flv;
pub mod time;
pub mod ts;
