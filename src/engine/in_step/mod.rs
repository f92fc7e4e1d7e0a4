//! The short ways: of an AAC frame, and of a picture, that go on from the one before and change nothing else.
//!
//! Nearly every tag brings one of these, and what the long way asks of each is answered alike again and again. Here a few
//! comparisons tell that all its answers are the usual ones; where they do not, nothing was changed, and the long way
//! is gone. It does the same with these tags, to the byte: `tests/models/long_way.rs` holds both against each other.

mod frame;
mod picture;

pub(super) use frame::Pace;

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use std::vec::Vec;

    use crate::flv::{Tag, TagKind};
    use crate::playlist::Playlist;
    use crate::time::FlvTime;
    use crate::ts::TsPackets;
    use crate::{Config, Segment, SegmentSink, SegmentStart, Segmenter};

    struct Deaf;

    impl SegmentSink for Deaf {
        type Error = Infallible;

        fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
            Ok(())
        }

        fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
            Ok(())
        }

        fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
            Ok(())
        }

        fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Infallible> {
            Ok(())
        }
    }

    /// Parameter sets that x264 wrote, 256 × 144 at 25 pictures a second.
    const VIDEO_HEADER: &[u8] = b"\x17\0\0\0\0\x01\x42\xc0\x0c\xff\xe1\x00\x18\
        \x67\x42\xc0\x0c\xd9\x01\x01\x3b\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\x28\xf1\x42\xa4\x80\
        \x01\x00\x04\x68\xcb\x8c\xb2";
    const AUDIO_HEADER: &[u8] = &[0xaf, 0, 0x12, 0x10];
    const KEY_FRAME: &[u8] = b"\x17\x01\0\0\x50\0\0\0\x04\x65\x88\x84\x07";
    const PICTURE: &[u8] = b"\x27\x01\0\0\x50\0\0\0\x04\x41\x9a\x24\x07";
    const FRAME: &[u8] = &[0xaf, 1, 0x21, 7, 7, 7];

    /// Ten seconds of 25 pictures with a key frame every two, or of AAC at 44.1 kHz, as `(ms, kind, body)`.
    fn frames(kind: TagKind) -> Vec<(i32, TagKind, &'static [u8])> {
        let picture = |n: i32| if n % 50 == 0 { KEY_FRAME } else { PICTURE };
        if kind == TagKind::VIDEO {
            (0..250).map(|n| (n * 40, kind, picture(n))).collect()
        } else {
            (0..430).map(|n| (n * 10_240 / 441, kind, FRAME)).collect()
        }
    }

    /// Pushes frames in the order of their times, and returns of each kind how many took the long way.
    fn long_ways(kinds: &[TagKind]) -> [usize; 2] {
        let mut tags: Vec<_> = kinds.iter().flat_map(|&kind| frames(kind)).collect();
        tags.sort_by_key(|&(millis, ..)| millis);
        let mut segmenter = Segmenter::new(Config::default());
        let mut long = [0, 0];
        let headers = [
            (TagKind::VIDEO, VIDEO_HEADER),
            (TagKind::AUDIO, AUDIO_HEADER),
        ];
        let headers = headers.into_iter().filter(|(kind, _)| kinds.contains(kind));
        let headers: Vec<_> = headers.map(|(kind, data)| (0, kind, data)).collect();
        for (nth, &(millis, kind, data)) in headers.iter().chain(&tags).enumerate() {
            let time = FlvTime::from_millis(0).offset(millis);
            let tag = Tag { kind, time, data };
            let mut ahead = segmenter.clone();
            let short = if kind == TagKind::VIDEO {
                ahead.picture_in_step(&tag, &mut Deaf).is_some()
            } else {
                ahead.gather_in_step(&tag, &mut Deaf).is_some()
            };
            if nth >= headers.len() {
                long[usize::from(kind == TagKind::AUDIO)] += usize::from(!short);
            }
            segmenter.push(tag, &mut Deaf).unwrap();
        }
        long
    }

    #[test]
    fn nearly_every_frame_of_a_usual_stream_takes_the_short_way() {
        // Five key frames and the picture behind the first one; the first frame of each segment.
        assert_eq!(long_ways(&[TagKind::VIDEO, TagKind::AUDIO]), [6, 2]);
        assert_eq!(long_ways(&[TagKind::VIDEO]), [6, 0]);
        // 300 ms that wait for video, and the first frame of the second segment.
        assert_eq!(long_ways(&[TagKind::AUDIO]), [0, 15]);
    }
}
