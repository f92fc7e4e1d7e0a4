//! A run of TS packets for hosts that have a heap or the standard library: into a `Vec`, into a
//! writer.

use alloc::vec::Vec;
#[cfg(feature = "std")]
use core::ops::ControlFlow;
#[cfg(feature = "std")]
use std::io::{self, IoSlice};

use super::TsPackets;
use super::copy::{Room, write_plain};
use super::packet::{BODY_LEN, HEAD_LEN, PACKET_LEN, PacketHeader};
#[cfg(feature = "std")]
use super::pieces::{PIECES_MAX, Pieces};

impl TsPackets<'_> {
    /// Appends the packets to `out`, which grows where it must: as fast as
    /// [`copy_to_slice`](Self::copy_to_slice), without memory that has to be prepared.
    ///
    /// ```
    /// # fn write(packets: hls_segmenter::ts::TsPackets<'_>) {
    /// let mut segment = Vec::new();
    /// packets.append_to(&mut segment);
    /// let bytes: Vec<u8> = segment.into_flattened(); // nothing is copied
    /// # }
    /// ```
    pub fn append_to(&self, out: &mut Vec<[u8; PACKET_LEN]>) {
        out.reserve(self.len() / PACKET_LEN);
        self.lay(out);
    }

    /// Appends the packets to `out`, which grows where it must.
    ///
    /// What is about to be written is filled with zeros first, as bytes that are not initialised
    /// cannot be lent without `unsafe`: [`append_to`](Self::append_to) does without.
    pub fn append_to_vec(&self, out: &mut Vec<u8>) {
        out.reserve(self.len());
        self.lay(out);
    }

    /// Writes the packets with vectored writes, of up to 130 pieces each, headers and payload in
    /// turn; nothing is copied on the way. Partial writes go on where they ended, and interrupted
    /// ones are done again.
    ///
    /// For a socket or a large run. A writer that takes one piece at a call
    /// ([`Write::write_vectored`](io::Write::write_vectored) is optional) is called twice for each
    /// packet: put a [`BufWriter`](io::BufWriter) before it, or gather with
    /// [`append_to_vec`](Self::append_to_vec).
    ///
    /// # Errors
    ///
    /// The first error of `out` other than [`Interrupted`](io::ErrorKind::Interrupted), or
    /// [`WriteZero`](io::ErrorKind::WriteZero) where it takes nothing. Some of the run may have
    /// been written then.
    #[cfg(feature = "std")]
    pub fn write_to(&self, out: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
        let mut pieces = self.pieces();
        while !pieces.chunk().is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES_MAX];
            let gathered = pieces.gather(&mut slices);
            write_all(out, slices.get_mut(..gathered.count).unwrap_or_default())?;
            pieces.skip(gathered.len);
        }
        Ok(())
    }
}

impl Room for Vec<[u8; PACKET_LEN]> {
    #[inline(always)]
    fn lay_whole(&mut self, packets: &[[u8; PACKET_LEN]]) {
        self.extend_from_slice(packets);
    }

    #[inline(always)]
    fn lay_packet(&mut self, fill: impl FnOnce(&mut [u8; PACKET_LEN])) {
        let mut packet = [0; PACKET_LEN];
        fill(&mut packet);
        self.push(packet);
    }

    #[inline(always)]
    fn lay_plain(&mut self, bodies: &[[u8; BODY_LEN]], mut header: PacketHeader) -> PacketHeader {
        self.extend(bodies.iter().map(
            #[inline(always)]
            |body| {
                let packet = compose_plain(header, body);
                header = header.next();
                packet
            },
        ));
        header
    }
}

/// Returns a plain packet. It is put together from parts that do not overlap, each short enough to
/// be moved in registers: so the compiler writes them to where the packet is going, and this
/// function's own memory disappears (43 instructions for each packet, instead of 76).
#[inline(always)]
fn compose_plain(header: PacketHeader, body: &[u8; BODY_LEN]) -> [u8; PACKET_LEN] {
    let mut packet = [0; PACKET_LEN];
    let (head, room) = packet.split_at_mut(HEAD_LEN);
    let (room_front, room_back) = room.split_at_mut(BODY_LEN / 2);
    let (front, back) = body.split_at(BODY_LEN / 2);
    head.copy_from_slice(&header.to_bytes());
    room_front.copy_from_slice(front);
    room_back.copy_from_slice(back);
    packet
}

/// Memory of bytes that grows by zeros.
pub(super) trait Grow {
    /// Appends `len` zeros, and returns them.
    fn grow(&mut self, len: usize) -> &mut [u8];
}

impl Grow for Vec<u8> {
    #[inline(always)]
    fn grow(&mut self, len: usize) -> &mut [u8] {
        let end = self.len();
        self.resize(end + len, 0);
        self.get_mut(end..).unwrap_or_default()
    }
}

impl<G: Grow> Room for G {
    #[inline(always)]
    fn lay_whole(&mut self, packets: &[[u8; PACKET_LEN]]) {
        let packets = packets.as_flattened();
        self.grow(packets.len()).copy_from_slice(packets);
    }

    #[inline(always)]
    fn lay_packet(&mut self, fill: impl FnOnce(&mut [u8; PACKET_LEN])) {
        if let Some(packet) = self.grow(PACKET_LEN).first_chunk_mut() {
            fill(packet);
        }
    }

    /// Grows by a few packets at a time, so that the zeros are still in the nearest cache when the
    /// packets come.
    #[inline(always)]
    fn lay_plain(&mut self, bodies: &[[u8; BODY_LEN]], mut header: PacketHeader) -> PacketHeader {
        for bodies in bodies.chunks(GROWN_PACKETS) {
            let room = self.grow(bodies.len() * PACKET_LEN);
            for (packet, body) in room.as_chunks_mut().0.iter_mut().zip(bodies) {
                write_plain(packet, header, body);
                header = header.next();
            }
        }
        header
    }
}

/// What fills a list of slices.
#[cfg(feature = "std")]
pub(super) struct Gathered {
    /// How many slices.
    pub(super) count: usize,
    /// Their length together, in bytes.
    pub(super) len: usize,
}

#[cfg(feature = "std")]
impl Pieces<'_> {
    /// Fills `out` with the chunks from here on, as many as are ready.
    pub(super) fn gather<'s>(&'s self, out: &mut [IoSlice<'s>]) -> Gathered {
        let mut gathered = Gathered { count: 0, len: 0 };
        let mut room = out.iter_mut();
        let _ = self.show_ready(|chunk| {
            let Some(slot) = room.next() else {
                return ControlFlow::Break(());
            };
            *slot = IoSlice::new(chunk);
            gathered.count += 1;
            gathered.len += chunk.len();
            ControlFlow::Continue(())
        });
        gathered
    }
}

/// Writes all of the slices.
#[cfg(feature = "std")]
fn write_all(
    out: &mut (impl io::Write + ?Sized),
    mut slices: &mut [IoSlice<'_>],
) -> io::Result<()> {
    while !slices.is_empty() {
        match out.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Packets that memory of bytes grows by at once: less than 2 KiB, from where on zeros are written
/// in a way that takes longer to begin.
const GROWN_PACKETS: usize = 10;

#[cfg(feature = "std")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::mux::ts::packet::{ContinuityCounter, Pid};
    use crate::mux::ts::pes::{Lead, PesHeader, StreamId};
    use crate::mux::ts::run::{Payload, PcrPlan, PesRun, Start};
    use crate::time::{TickSpan, Ticks, WireTime};
    use std::vec;

    /// Calls `test` with runs of all shapes, and the bytes of each.
    fn for_each_run(mut test: impl FnMut(TsPackets<'_>, &[u8])) {
        let payload: Vec<u8> = (0..=255).cycle().take(200 * 184).collect();
        let mut test = |packets: TsPackets<'_>| {
            let mut bytes = vec![0; packets.len()];
            packets.copy_to_slice(&mut bytes).unwrap();
            test(packets, &bytes);
        };
        test(TsPackets::whole(&payload[..2 * PACKET_LEN]));
        let time = WireTime::new(9);
        let spread =
            PcrPlan { first: Ticks::new(77), step: TickSpan::new(9000), count: 2, floating: false };
        for len in [20, 170, 184, 5 * 184 - 14, 5 * 184, 190 * 184] {
            let header = PesHeader::new(StreamId::Audio, (time, time), Lead::of(&[]), len);
            let place = (Pid::AUDIO, ContinuityCounter::new(5));
            let payload = Payload::Audio(&payload[..len]);
            for pcr in [PcrPlan::default(), spread] {
                test(TsPackets::pes(&PesRun::new(place, Start::default(), pcr, header, payload)));
            }
        }
    }

    /// A writer that takes so many bytes at a call, and is interrupted before each.
    struct Slow {
        bytes: Vec<u8>,
        most: usize,
        interrupted: bool,
    }

    impl io::Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let before = self.bytes.len();
            let most = before + self.most;
            for slice in slices {
                let room = slice.len().min(most - self.bytes.len());
                self.bytes.extend_from_slice(&slice[..room]);
            }
            Ok(self.bytes.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_appended_stands_after_what_was_there() {
        for_each_run(|packets, want| {
            let mut whole = vec![[7; PACKET_LEN]];
            packets.append_to(&mut whole);
            assert_eq!(whole[0], [7; PACKET_LEN]);
            assert_eq!(whole[1..].as_flattened(), want);

            let mut bytes = vec![7; 3];
            packets.append_to_vec(&mut bytes);
            assert_eq!((&bytes[..3], &bytes[3..]), (&[7; 3][..], want));
        });
    }

    #[test]
    fn a_writer_may_take_part_of_a_write_and_be_interrupted() {
        for_each_run(|packets, want| {
            for most in [1, 3, 187, 189, usize::MAX / 2] {
                let mut out = Slow { bytes: Vec::new(), most, interrupted: false };
                packets.write_to(&mut out).unwrap();
                assert!(out.bytes == want, "{most} bytes at a call, {}", want.len());
            }
        });
    }

    #[test]
    fn a_writer_that_takes_one_slice_at_a_call_gets_every_byte_once() {
        struct Plain(Vec<u8>);
        impl io::Write for Plain {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for_each_run(|packets, want| {
            let mut out = Plain(Vec::new());
            let dynamic: &mut dyn io::Write = &mut out;
            packets.write_to(dynamic).unwrap();
            assert!(out.0 == want);
        });
    }

    #[test]
    fn a_large_run_takes_few_writes() {
        struct Counted(usize);
        impl io::Write for Counted {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                Ok(bytes.len())
            }
            fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                self.0 += 1;
                Ok(slices.iter().map(|slice| slice.len()).sum())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for_each_run(|packets, want| {
            let mut out = Counted(0);
            packets.write_to(&mut out).unwrap();
            let most = 3 + want.len() / (60 * PACKET_LEN);
            assert!(out.0 <= most, "{} writes of {} bytes", out.0, want.len());
        });
    }

    #[test]
    fn an_error_of_the_writer_ends_the_run_and_comes_back() {
        struct Full(usize);
        impl io::Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for_each_run(|packets, _| {
            let error = packets.write_to(&mut Full(1)).map(drop);
            let is_short = packets.len() == 2 * PACKET_LEN && error.is_ok();
            assert!(is_short || error.unwrap_err().kind() == io::ErrorKind::StorageFull);
            let nothing: &mut [u8] = &mut [];
            let error = packets.write_to(&mut &mut *nothing).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WriteZero);
        });
    }

    #[test]
    fn the_first_error_of_a_piece_ends_the_walk() {
        for_each_run(|packets, want| {
            let mut seen = Vec::new();
            let walked = packets.try_for_each_piece(|piece| {
                seen.extend_from_slice(piece);
                if seen.len() > 500 { Err(seen.len()) } else { Ok(()) }
            });
            assert_eq!(walked.is_err(), want.len() > 500);
            assert_eq!(walked.err().unwrap_or(want.len()), seen.len());
            assert_eq!(seen, want[..seen.len()]);
        });
    }
}
