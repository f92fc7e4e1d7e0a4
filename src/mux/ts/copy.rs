//! The copy: a run of TS packets laid into memory, from front to back.
//!
//! Every byte of a stream goes through here once, and most of the engine's time is spent here: a
//! picture of 160 packets takes one head, one stretch of 158 plain packets, and one tail. All
//! lengths that are copied in the stretch are constants, so that each packet is a dozen moves of 16
//! bytes in and a dozen out.

use core::iter;

use super::layout::{Layout, Special, Stretch};
use super::packet::{BODY_LEN, HEAD_LEN, PACKET_LEN, PacketHeader, write_pcr_head};
use super::run::PesRun;

impl PesRun<'_> {
    /// Lays the run into as many packets as it has.
    #[inline]
    pub(super) fn copy(&self, packets: &mut [[u8; PACKET_LEN]]) {
        match self.payload.piece() {
            Some(piece) => copy(self, Source::new(piece, iter::empty()), packets),
            None => copy(self, Source::new(&[], self.payload.slices()), packets),
        }
    }
}

/// Lays a run, whose payload is `source`, into packets.
#[inline(always)]
fn copy<'a>(
    run: &PesRun<'_>,
    mut source: Source<'a, impl Iterator<Item = &'a [u8]>>,
    packets: &mut [[u8; PACKET_LEN]],
) {
    let Some((first, mut packets)) = packets.split_first_mut() else {
        return;
    };
    let head_len = run.write_first_head(first);
    source.fill(first.get_mut(head_len..).unwrap_or_default());
    let mut layout = Layout::new(run);
    let mut header = run.second_header();
    while let Some(Stretch { plain, then }) = layout.next() {
        let Some((now, [packet, later @ ..])) = packets.split_at_mut_checked(plain) else {
            return;
        };
        header = source.fill_plain(now, header);
        match then {
            Special::Pcr(pcr) => {
                let body = write_pcr_head(header, pcr, packet);
                source.fill(body);
            }
            Special::Last(field) => {
                let head_len = field.write(header, packet);
                return source.fill(packet.get_mut(head_len..).unwrap_or_default());
            }
        }
        header = header.next();
        packets = later;
    }
}

/// The payload on its way into packets.
struct Source<'a, I> {
    slice: &'a [u8],
    /// What comes after `slice`.
    slices: I,
}

impl<'a, I: Iterator<Item = &'a [u8]>> Source<'a, I> {
    #[inline(always)]
    const fn new(slice: &'a [u8], slices: I) -> Self {
        Self { slice, slices }
    }

    /// Fills `room` with payload.
    #[inline(always)]
    fn fill(&mut self, room: &mut [u8]) {
        self.slice = match self.slice.split_at_checked(room.len()) {
            Some((now, later)) => {
                copy_body(room, now);
                later
            }
            None => fill_from_several(self.slice, &mut self.slices, room),
        }
    }

    /// Fills plain packets, of which the first has this header; returns the header of the packet
    /// after them.
    #[inline(always)]
    fn fill_plain(
        &mut self,
        packets: &mut [[u8; PACKET_LEN]],
        header: PacketHeader,
    ) -> PacketHeader {
        match self.slice.split_at_checked(packets.len() * BODY_LEN) {
            Some((now, later)) => {
                self.slice = later;
                copy_plain(packets, now.as_chunks().0, header)
            }
            None => self.fill_plain_from_several(packets, header),
        }
    }

    /// Does the same where the payload does not lie in one slice.
    #[inline(never)]
    fn fill_plain_from_several(
        &mut self,
        mut packets: &mut [[u8; PACKET_LEN]],
        mut header: PacketHeader,
    ) -> PacketHeader {
        loop {
            let (bodies, _) = self.slice.as_chunks();
            let whole = bodies.len().min(packets.len());
            let (now, later) = packets.split_at_mut(whole);
            header = copy_plain(now, bodies, header);
            self.slice = self.slice.get(whole * BODY_LEN..).unwrap_or_default();
            let Some((packet, later)) = later.split_first_mut() else {
                return header;
            };
            let (head, room) = packet.split_at_mut(HEAD_LEN);
            head.copy_from_slice(&header.to_bytes());
            self.slice = fill_from_several(self.slice, &mut self.slices, room);
            header = header.next();
            packets = later;
        }
    }
}

/// Fills `room` with what is left of a slice and with those after it; returns what is left of the
/// last one.
#[inline(never)]
fn fill_from_several<'a>(
    mut slice: &'a [u8],
    slices: &mut impl Iterator<Item = &'a [u8]>,
    mut room: &mut [u8],
) -> &'a [u8] {
    loop {
        let (now, later) = slice.split_at(room.len().min(slice.len()));
        let (taken, left) = room.split_at_mut(now.len());
        taken.copy_from_slice(now);
        slice = later;
        room = left;
        if room.is_empty() {
            return slice;
        }
        let Some(next) = slices.next() else {
            return slice;
        };
        slice = next;
    }
}

/// Lays plain packets whose payload lies in one slice, and returns the header of the one after
/// them.
///
/// Nearly all bytes of a stream go through this loop: it moves constant lengths and has no bounds
/// to check.
#[inline(always)]
fn copy_plain(
    packets: &mut [[u8; PACKET_LEN]],
    bodies: &[[u8; BODY_LEN]],
    mut header: PacketHeader,
) -> PacketHeader {
    for (packet, body) in packets.iter_mut().zip(bodies) {
        let (head, room) = packet.split_at_mut(HEAD_LEN);
        head.copy_from_slice(&header.to_bytes());
        copy_body(room, body);
        header = header.next();
    }
    header
}

/// Copies the payload of a packet: two slices of one length. From 128 bytes on it moves constant
/// lengths, of which the second overlaps the first; otherwise the compiler would call a function.
#[inline(always)]
fn copy_body(to: &mut [u8], from: &[u8]) {
    match (to.first_chunk_mut::<128>(), from.first_chunk::<128>()) {
        (Some(to), Some(from)) => *to = *from,
        _ => return to.copy_from_slice(from),
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<64>(), from.last_chunk::<64>()) {
        *to = *from;
    }
}
