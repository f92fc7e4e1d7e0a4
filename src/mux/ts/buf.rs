//! A run of TS packets for hosts that use the crate `bytes`.

use bytes::BytesMut;

use super::TsPackets;
use super::host::Grow;
use super::pieces::Pieces;

/// A run of TS packets as a [`bytes::Buf`]: nothing is copied until its reader does.
#[derive(Clone, Debug)]
pub struct TsBuf<'a> {
    pieces: Pieces<'a>,
    /// In bytes.
    remaining: usize,
}

impl<'a> TsPackets<'a> {
    /// Appends the packets to `out`, which grows where it must.
    ///
    /// It costs what [`append_to_vec`](Self::append_to_vec) costs. A host that wants whole segments
    /// as [`Bytes`](bytes::Bytes) has them for less:
    ///
    /// ```
    /// # fn write(packets: hls_segmenter::ts::TsPackets<'_>) {
    /// let mut segment = Vec::new();
    /// packets.append_to(&mut segment);
    /// let bytes = bytes::Bytes::from(segment.into_flattened()); // nothing is copied
    /// # }
    /// ```
    pub fn append_to_bytes(&self, out: &mut BytesMut) {
        out.reserve(self.len());
        self.lay(out);
    }

    /// Turns the run into a reader of its bytes.
    pub fn into_buf(self) -> TsBuf<'a> {
        TsBuf { pieces: self.pieces(), remaining: self.len() }
    }
}

impl Grow for BytesMut {
    #[inline(always)]
    fn grow(&mut self, len: usize) -> &mut [u8] {
        let end = self.len();
        self.resize(end + len, 0);
        self.get_mut(end..).unwrap_or_default()
    }
}

impl bytes::Buf for TsBuf<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        self.pieces.chunk()
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, out: &mut [std::io::IoSlice<'a>]) -> usize {
        self.pieces.gather(out).count
    }

    /// # Panics
    ///
    /// As the trait demands, when `count` is more than [`remaining`](bytes::Buf::remaining).
    #[inline]
    fn advance(&mut self, count: usize) {
        assert!(count <= self.remaining, "cannot advance {count} of {} bytes", self.remaining);
        self.remaining -= count;
        self.pieces.skip(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::ts::packet::{ContinuityCounter, Pid};
    use crate::mux::ts::pes::{Lead, PesHeader, StreamId};
    use crate::mux::ts::run::{Payload, PcrPlan, PesRun, Start};
    use crate::mux::ts::{PACKET_LEN, TsPackets};
    use crate::time::{TickSpan, Ticks, WireTime};
    use bytes::Buf;
    use std::vec;
    use std::vec::Vec;

    /// Reads a run in steps of any length, within its pieces and over their borders.
    fn assert_reads(packets: TsPackets<'_>) {
        let mut whole = vec![0; packets.len()];
        packets.copy_to_slice(&mut whole).unwrap();
        for step in 1..=whole.len() {
            let mut buf = packets.into_buf();
            let mut at = 0;
            while buf.has_remaining() {
                assert_eq!(buf.remaining(), whole.len() - at, "{at}, steps of {step}");
                let chunk = buf.chunk();
                assert!(!chunk.is_empty(), "{at}, steps of {step}");
                assert_eq!(chunk, &whole[at..at + chunk.len()], "{at}, steps of {step}");
                #[cfg(feature = "std")]
                assert_shows(&buf, &whole[at..]);
                let step = step.min(buf.remaining());
                buf.advance(step);
                at += step;
            }
            assert_eq!((at, buf.chunk()), (whole.len(), &[][..]), "steps of {step}");
        }
    }

    /// Looks at the chunks that come next, in lists of several lengths.
    #[cfg(feature = "std")]
    fn assert_shows(buf: &TsBuf<'_>, rest: &[u8]) {
        for room in [0, 1, 2, 5, 300] {
            let mut slices = vec![std::io::IoSlice::new(&[]); room];
            let count = buf.chunks_vectored(&mut slices);
            assert!(count <= room && (count > 0 || room == 0));
            let shown: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
            assert!(slices[..count].iter().all(|slice| !slice.is_empty()));
            assert_eq!(shown, rest[..shown.len()]);
            assert!(count == 0 || slices[0][..] == *buf.chunk());
            assert!(count == room || count > 1 || shown.len() == buf.chunk().len());
        }
    }

    #[test]
    fn what_is_appended_to_bytes_stands_after_what_was_there() {
        let packets = [3; 4 * PACKET_LEN];
        let mut out = BytesMut::from(&[7, 7][..]);
        TsPackets::whole(&packets).append_to_bytes(&mut out);
        assert_eq!((&out[..2], &out[2..]), (&[7, 7][..], &packets[..]));
    }

    #[test]
    fn a_buf_reads_the_bytes_of_the_run_in_steps_of_any_length() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5 * 184).collect();
        assert_reads(TsPackets::whole(&bytes[..2 * PACKET_LEN]));
        let time = WireTime::new(9);
        let spread =
            PcrPlan { first: Ticks::new(77), step: TickSpan::new(9000), count: 2, floating: false };
        for len in [20, 170, 184, 5 * 184 - 14, 5 * 184] {
            let header = PesHeader::new(StreamId::Audio, (time, time), Lead::of(&[]), len);
            let place = (Pid::AUDIO, ContinuityCounter::new(5));
            let payload = Payload::Audio(&bytes[..len]);
            let run = PesRun::new(place, Start::default(), spread, header, payload);
            assert_reads(TsPackets::pes(&run));
        }
    }
}
