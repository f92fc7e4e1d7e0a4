//! The heads of a run's packets: what stands before the payload of each.

use super::packet::{Field, HEAD_LEN, PACKET_LEN, PacketHeader};
use super::run::PesRun;

impl PesRun<'_> {
    /// Returns the header of a packet by its index, as if it were plain.
    #[inline]
    pub(super) const fn header(&self, index: usize) -> PacketHeader {
        self.first.ahead(index)
    }

    /// Returns the adaptation field of the first packet of several.
    #[inline]
    pub(super) fn first_field(&self) -> Field {
        Field {
            flags: self.flags,
            pcr: self.pcrs.of_first(),
            stuffing: 0,
        }
    }

    /// Returns the adaptation field of the last packet of several.
    #[inline]
    pub(super) fn last_field(&self) -> Field {
        let last = self.packets - 1;
        let pcr = self.pcrs.last().filter(|&(at, _)| at == last);
        Field {
            flags: 0,
            pcr: pcr.map(|(_, pcr)| pcr),
            stuffing: self.stuffing,
        }
    }

    /// Returns the adaptation field of a packet.
    pub(super) fn field(&self, index: usize) -> Field {
        let (first, last) = (index == 0, index == self.packets - 1);
        Field {
            flags: if first { self.flags } else { 0 },
            pcr: self.pcrs.of_packet(index),
            stuffing: if last { self.stuffing } else { 0 },
        }
    }

    /// Returns how many packets from `index` on are plain: a header, and nothing but payload behind it.
    #[inline]
    pub(super) fn plain_count(&self, index: usize) -> usize {
        let end = self.packets - usize::from(self.stuffing > 0);
        let end = self.pcrs.next_at(index).unwrap_or(end).min(end);
        if index == 0 {
            0
        } else {
            end.saturating_sub(index)
        }
    }

    /// Writes everything of a packet that comes before its payload, and returns how many bytes that were. Bytes behind
    /// those may be spoilt.
    pub(super) fn write_head(&self, index: usize, packet: &mut [u8; PACKET_LEN]) -> usize {
        let field = self.field(index);
        let (_, body) = packet.split_at_mut(HEAD_LEN);
        if field.stuffing > 0
            && let Some(room) = body.get_mut(..field.len())
        {
            room.fill(0xff);
        }
        if index == 0 {
            self.write_first(field, packet)
        } else {
            field.write(self.header(index), packet)
        }
    }

    /// Writes the head of the first packet: its stuffing, if it has any, stands there already.
    #[inline(always)]
    pub(super) fn write_first(&self, field: Field, packet: &mut [u8; PACKET_LEN]) -> usize {
        let len = field.write(self.first.unit_start(), packet);
        let room = packet.get_mut(len..).unwrap_or_default();
        len + self.header.write(room)
    }
}
