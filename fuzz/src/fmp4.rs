//! Any calls in any order, in fragmented MP4, under a sink that may fail: the Auditor finds nothing,
//! and the ways to copy what the sink is given agree.

use hls_segmenter::fmp4::{FragmentBuffer, FragmentHead, Init, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{End, Error, Fmp4, Segment, SegmentSink, SegmentStart, Segmenter};

use crate::engine::{auditor, make};
use crate::script::{Call, Script};

/// Fails at every call whose number is divided by this one; never where it is 0.
struct Host<'a> {
    fails_each: u32,
    calls: u32,
    failed: bool,
    buffer: FragmentBuffer<'a>,
    /// Payload of the fragment at hand, if there was room for all of it.
    payload: Option<Vec<u8>>,
}

impl Host<'_> {
    fn call(&mut self) -> Result<(), ()> {
        self.calls += 1;
        if self.fails_each > 0 && self.calls.is_multiple_of(self.fails_each) {
            self.failed = true;
            return Err(());
        }
        Ok(())
    }
}

impl SegmentSink for Host<'_> {
    type Error = ();

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), ()> {
        self.buffer.clear();
        self.payload = Some(Vec::new());
        self.call()
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), ()> {
        panic!("TS packets in fMP4");
    }

    fn init_section(&mut self, _: &Init<'_>) -> Result<(), ()> {
        self.call()
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), ()> {
        self.call()?;
        let mut copy = vec![0; payload.len()];
        assert_eq!(payload.copy_to_slice(&mut copy), Ok(copy.len()));
        let mut pieces = Vec::new();
        payload.for_each_piece(|piece| {
            assert!(!piece.is_empty());
            pieces.extend_from_slice(piece);
        });
        assert!(pieces == copy);
        match self.buffer.write(&payload) {
            Ok(()) => {
                if let Some(so_far) = &mut self.payload {
                    so_far.extend_from_slice(&copy);
                }
            }
            Err(short) => {
                assert!(short.needed > ROOM);
                self.payload = None;
            }
        }
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), ()> {
        self.call()?;
        let mut copy = vec![0; head.len()];
        assert_eq!(head.copy_to_slice(&mut copy), Ok(copy.len()));
        let mut pieces = Vec::new();
        head.for_each_piece(|piece| pieces.extend_from_slice(piece));
        assert!(pieces == copy);
        let mut padded = vec![0; head.len() + 64];
        assert_eq!(head.copy_padded(&mut padded), Ok(()));
        assert!(copy.len() <= FragmentBuffer::OVERHEAD);
        match self.payload.replace(Vec::new()) {
            Some(payload) => {
                let fragment = self.buffer.close(&head).expect("there was room for the payload");
                assert_eq!(head.payload_len(), payload.len());
                assert!(fragment == [copy, payload].concat());
            }
            None => self.buffer.clear(),
        }
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), ()> {
        self.call()
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), ()> {
        self.call()
    }
}

/// Runs the script to the end of the list and checks after each call. The first byte says at which
/// calls the sink fails.
pub fn check(data: &[u8]) {
    let (&fails_each, rest) = data.split_first().unwrap_or((&0, &[]));
    let script = Script::read(rest);
    let mut segmenter = Segmenter::<Fmp4>::with_container(script.config);
    let mut memory = vec![0; ROOM];
    let host = Host {
        fails_each: fails_each.into(),
        calls: 0,
        failed: false,
        buffer: FragmentBuffer::new(&mut memory),
        payload: None,
    };
    let mut sink = auditor(script.config, host);
    let mut ended = false;
    for call in &script.calls {
        let result = make(call, &mut segmenter, &mut sink);
        let failed = std::mem::take(&mut sink.inner_mut().failed);
        assert_eq!(result == Err(Error::Sink(())), failed, "what fails is told");
        ended |= *call == Call::Finish(End::List);
        sink.assert_clean();
    }
    assert_eq!(segmenter.finish(End::List, &mut sink) == Err(Error::Finished), ended);
    sink.assert_clean();
}

/// Bytes of memory for a fragment: large samples find no room.
const ROOM: usize = 64 << 10;
