//! What hosts do with payload and heads: put them together in memory, or write payload at once
//! behind room that they have left.

use std::convert::Infallible;

use hls_segmenter::fmp4::{FragmentBuffer, FragmentHead, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};

use crate::support::stream::BASE;
use crate::support::{Base, OwnedTag, run_fmp4};

/// A sink that knows nothing of TS, and passes on what a fragment is made of.
struct Host<P, H> {
    payload: P,
    head: H,
}

impl<P, H> SegmentSink for Host<P, H>
where
    P: FnMut(Payload<'_>),
    H: FnMut(FragmentHead<'_>),
{
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        panic!("no packets are asked for");
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Infallible> {
        (self.payload)(payload);
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Infallible> {
        (self.head)(head);
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

fn push(tags: &[OwnedTag], payload: impl FnMut(Payload<'_>), head: impl FnMut(FragmentHead<'_>)) {
    let mut segmenter = Segmenter::fmp4(Config::default());
    let mut sink = Host { payload, head };
    for tag in tags {
        segmenter.push(tag.borrow(), &mut sink).unwrap();
    }
    segmenter.finish(End::List, &mut sink).unwrap();
}

fn tags() -> Vec<OwnedTag> {
    Base { millis: 12_000, ..BASE }.both()
}

#[test]
fn mp4_2_a_fragment_put_together_in_memory_is_in_one_piece() {
    let want = run_fmp4(&tags(), hls_segmenter::Options::default()).memory.bodies.concat();
    let mut memory = vec![0; 64 << 10];
    let buffer = std::cell::RefCell::new(FragmentBuffer::new(&mut memory));
    let mut all = Vec::new();
    push(
        &tags(),
        |payload| buffer.borrow_mut().write(&payload).unwrap(),
        |head| {
            let mut buffer = buffer.borrow_mut();
            let fragment = buffer.close(&head).unwrap();
            assert_eq!(fragment.len(), head.len() + head.payload_len());
            all.extend_from_slice(fragment);
        },
    );
    assert!(all == want);
}

#[test]
fn mp4_2_memory_that_is_too_short_is_told_with_what_is_needed() {
    let mut memory = vec![0; FragmentBuffer::OVERHEAD + 100];
    let mut short = FragmentBuffer::new(&mut memory);
    let mut nothing = FragmentBuffer::new(&mut []);
    let (mut taken, mut refused) = (0, 0);
    push(
        &tags(),
        |payload| match short.write(&payload) {
            Ok(()) => taken += payload.len(),
            Err(error) => {
                assert_eq!(error.needed, FragmentBuffer::OVERHEAD + taken + payload.len());
                refused += 1;
                short.clear();
                taken = 0;
                let needed = FragmentBuffer::OVERHEAD + payload.len();
                assert_eq!(nothing.write(&payload).unwrap_err().needed, needed);
            }
        },
        |_| {},
    );
    assert!(refused > 100, "{refused}");
}

#[test]
fn mp4_2_all_ways_to_copy_a_head_or_payload_give_the_same_bytes() {
    let (mut payloads, mut heads) = (0, 0);
    push(
        &tags(),
        |payload| {
            let mut pieces = Vec::new();
            payload.for_each_piece(|piece| pieces.extend_from_slice(piece));
            let (mut copy, mut appended) = (vec![0xee; payload.len() + 1], vec![7]);
            assert_eq!(payload.copy_to_slice(&mut copy), Ok(payload.len()));
            payload.append_to(&mut appended);
            assert_eq!(copy.pop(), Some(0xee));
            assert!(pieces == copy && appended[1..] == copy && appended[0] == 7);
            let error = payload.copy_to_slice(&mut copy[1..]).unwrap_err();
            assert_eq!(error.needed, payload.len());
            payloads += 1;
        },
        |head| {
            let mut pieces = Vec::new();
            head.for_each_piece(|piece| {
                assert!(!piece.is_empty());
                pieces.extend_from_slice(piece);
            });
            let (mut copy, mut appended) = (vec![0xee; head.len() + 1], Vec::new());
            assert_eq!(head.copy_to_slice(&mut copy), Ok(head.len()));
            head.append_to(&mut appended);
            assert_eq!(copy.pop(), Some(0xee));
            assert!(pieces == copy && appended == copy);
            assert_eq!(head.copy_to_slice(&mut copy[1..]).unwrap_err().needed, head.len());
            heads += 1;
        },
    );
    assert!(payloads > 300 && heads >= 12, "{payloads} {heads}");
}

#[test]
fn mp4_4_a_padded_head_has_the_size_that_is_asked_for_and_its_runs_are_behind_the_padding() {
    push(
        &tags(),
        |_| {},
        |head| {
            let len = head.len();
            let mut plain = vec![0; len];
            head.copy_to_slice(&mut plain).unwrap();
            for padding in [0, 8, 9, 100, 2048, 70_000] {
                let mut padded = vec![0xee; len + padding];
                head.copy_padded(&mut padded).unwrap();
                if padding == 0 {
                    assert_eq!(padded, plain);
                    continue;
                }
                let (moof, rest) = padded.split_at(len - 8);
                let (free, mdat) = rest.split_at(padding);
                let want = [&(padding as u32).to_be_bytes()[..], b"free"].concat();
                assert_eq!(free[..8], want);
                assert!(free[8..].iter().all(|byte| *byte == 0));
                assert_eq!(mdat, &plain[len - 8..]);
                assert_eq!(
                    offsets(moof),
                    offsets(&plain).iter().map(|at| at + padding as u32).collect::<Vec<_>>()
                );
            }
            for room in [0, 1, len - 1, len + 1, len + 7] {
                let mut short = vec![0xee; room];
                assert!(head.copy_padded(&mut short).is_err(), "{room}");
                assert!(short.iter().all(|byte| *byte == 0xee), "{room}");
            }
        },
    );
}

/// `data_offset` of each `trun`.
fn offsets(moof: &[u8]) -> Vec<u32> {
    let at = moof.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"trun");
    at.map(|(at, _)| u32::from_be_bytes(moof[at + 12..at + 16].try_into().unwrap())).collect()
}
