//! The copy: a run of TS packets laid into memory, from front to back, whatever memory that is.
//!
//! Every byte of a stream goes through here once, and most of the engine's time is spent here: a
//! picture of 160 packets takes one head, one stretch of 158 plain packets, and one tail. All
//! lengths that are copied in the stretch are constants, so that each packet is a dozen moves of 16
//! bytes in and a dozen out.

use core::iter;

use super::layout::{Layout, Special, Stretch};
use super::packet::{BODY_LEN, HEAD_LEN, PACKET_LEN, PacketHeader, write_pcr_head};
use super::run::PesRun;

/// Where packets are laid, one behind the other.
pub(super) trait Room {
    /// Lays packets that were composed whole.
    fn lay_whole(&mut self, packets: &[[u8; PACKET_LEN]]);

    /// Lays one packet, which `fill` writes whole.
    fn lay_packet(&mut self, fill: impl FnOnce(&mut [u8; PACKET_LEN]));

    /// Lays plain packets, the first of which has `header`, and returns the header after them.
    fn lay_plain(&mut self, bodies: &[[u8; BODY_LEN]], header: PacketHeader) -> PacketHeader;
}

impl PesRun<'_> {
    /// Lays the run into `room`.
    #[inline]
    pub(super) fn lay(&self, room: &mut impl Room) {
        match self.payload.piece() {
            Some(piece) => lay(self, Source::new(piece, iter::empty()), room),
            None => lay(self, Source::new(&[], self.payload.slices()), room),
        }
    }
}

/// Lays a run, whose payload is `source`, into `room`.
#[inline(always)]
fn lay<'a>(
    run: &PesRun<'_>,
    mut source: Source<'a, impl Iterator<Item = &'a [u8]>>,
    room: &mut impl Room,
) {
    room.lay_packet(
        #[inline(always)]
        |packet| {
            let head_len = run.write_first_head(packet);
            source.fill(packet.get_mut(head_len..).unwrap_or_default());
        },
    );
    let mut layout = Layout::new(run);
    let mut header = run.second_header();
    while let Some(Stretch { plain, then }) = layout.next() {
        header = source.fill_plain(plain, room, header);
        match then {
            Special::Pcr(pcr) => room.lay_packet(
                #[inline(always)]
                |packet| source.fill(write_pcr_head(header, pcr, packet)),
            ),
            Special::Last(field) => {
                return room.lay_packet(
                    #[inline(always)]
                    |packet| {
                        let head_len = field.write(header, packet);
                        source.fill(packet.get_mut(head_len..).unwrap_or_default());
                    },
                );
            }
        }
        header = header.next();
    }
}

/// Memory that is there, and as long as the run.
impl Room for &mut [[u8; PACKET_LEN]] {
    #[inline(always)]
    fn lay_whole(&mut self, packets: &[[u8; PACKET_LEN]]) {
        if let Some(room) = self.split_off_mut(..packets.len()) {
            room.copy_from_slice(packets);
        }
    }

    #[inline(always)]
    fn lay_packet(&mut self, fill: impl FnOnce(&mut [u8; PACKET_LEN])) {
        if let Some(packet) = self.split_off_first_mut() {
            fill(packet);
        }
    }

    #[inline(always)]
    fn lay_plain(&mut self, bodies: &[[u8; BODY_LEN]], mut header: PacketHeader) -> PacketHeader {
        if let Some(packets) = self.split_off_mut(..bodies.len()) {
            for (packet, body) in packets.iter_mut().zip(bodies) {
                write_plain(packet, header, body);
                header = header.next();
            }
        }
        header
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

    /// Fills `count` plain packets, of which the first has this header; returns the header of the
    /// packet after them.
    #[inline(always)]
    fn fill_plain(
        &mut self,
        count: usize,
        room: &mut impl Room,
        header: PacketHeader,
    ) -> PacketHeader {
        match self.slice.split_at_checked(count * BODY_LEN) {
            Some((now, later)) => {
                self.slice = later;
                room.lay_plain(now.as_chunks().0, header)
            }
            None => self.fill_plain_from_several(count, room, header),
        }
    }

    /// Does the same where the payload does not lie in one slice.
    #[inline(never)]
    fn fill_plain_from_several(
        &mut self,
        mut count: usize,
        room: &mut impl Room,
        mut header: PacketHeader,
    ) -> PacketHeader {
        loop {
            let (bodies, _) = self.slice.as_chunks();
            let (now, _) = bodies.split_at(bodies.len().min(count));
            header = room.lay_plain(now, header);
            self.slice = self.slice.get(now.len() * BODY_LEN..).unwrap_or_default();
            let Some(left) = (count - now.len()).checked_sub(1) else {
                return header;
            };
            room.lay_packet(|packet| {
                let (head, body) = packet.split_at_mut(HEAD_LEN);
                head.copy_from_slice(&header.to_bytes());
                self.slice = fill_from_several(self.slice, &mut self.slices, body);
            });
            header = header.next();
            count = left;
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

/// Writes a plain packet. Nearly all bytes of a stream go through here: it moves constant lengths
/// and has no bounds to check.
#[inline(always)]
pub(super) fn write_plain(
    packet: &mut [u8; PACKET_LEN],
    header: PacketHeader,
    body: &[u8; BODY_LEN],
) {
    let (head, room) = packet.split_at_mut(HEAD_LEN);
    head.copy_from_slice(&header.to_bytes());
    copy_body(room, body);
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
