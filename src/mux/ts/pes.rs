//! The PES packet header (ISO/IEC 13818-1 §2.4.3.6–7).
//!
//! ```text
//!  00 00 01 │ stream_id │ PES_packet_length:16 │ 10 scrambling:2 priority alignment copyright original
//!           │ PTS_DTS_flags:2 … │ PES_header_data_length │ PTS:40 │ DTS:40
//! ```

use crate::codec::video::Delimiter;
use crate::stream_type::StreamType;
use crate::time::WireTime;

/// Kind of the elementary stream that a PES packet carries (table 2-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamId {
    /// `private_stream_1`, in which AC-3 is carried (ETSI TS 101 154 §4.1.8.6).
    Private = 0xbd,
    Audio = 0xc0,
    Video = 0xe0,
}

impl StreamId {
    /// Returns that of audio of this stream type.
    pub(super) fn of_audio(stream_type: Option<StreamType>) -> Self {
        if stream_type == Some(StreamType::AC3) { Self::Private } else { Self::Audio }
    }
}

/// A PES header, followed by the first few bytes of the elementary stream where those are not
/// borrowed: the access unit delimiter and the start code after it, or the ADTS header of a frame
/// that travels alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PesHeader {
    id: StreamId,
    pts: WireTime,
    dts: WireTime,
    packet_len: u16,
    /// Bytes of the header: 9 and those of the times. 0 where what follows goes on with the PES
    /// packet before it on the same PID, whose length is "unbounded".
    len: usize,
    lead: Lead,
}

/// Bytes of the elementary stream that are written with the header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl Lead {
    const MAX_LEN: usize = Delimiter::MAX_LEN;

    /// Takes a delimiter.
    #[inline]
    pub(crate) const fn delimiter(delimiter: Delimiter) -> Self {
        Self { bytes: delimiter.bytes, len: delimiter.len }
    }

    /// Takes at most as many bytes as a delimiter has.
    #[inline]
    pub(crate) fn of(lead: &[u8]) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        bytes.iter_mut().zip(lead).for_each(|(to, byte)| *to = *byte);
        let len = lead.len().min(bytes.len());
        Self { bytes, len }
    }
}

impl PesHeader {
    /// 9 fixed bytes, PTS and DTS, and a lead: what one of these writes at the most.
    const MAX_LEN: usize = 9 + 10 + Lead::MAX_LEN;

    /// Makes the header of a PES packet whose elementary stream bytes are `lead` and `payload_len`
    /// more.
    ///
    /// DTS is written only where it differs from PTS (§2.7.5). `PES_packet_length` is stated for
    /// audio, which the caller keeps below 65 536. For video it is 0, "unbounded": more slices of
    /// the picture may come in later tags.
    #[inline]
    pub(crate) fn new(
        id: StreamId,
        (pts, dts): (WireTime, WireTime),
        lead: Lead,
        payload_len: usize,
    ) -> Self {
        // DTS is there only where it differs from PTS.
        let len = 9 + if pts == dts { 5 } else { 10 };
        // `PES_packet_length` counts neither itself nor what stands before it.
        let packet_len = match id {
            StreamId::Private | StreamId::Audio => {
                u16::try_from(len - 6 + lead.len + payload_len).unwrap_or(0)
            }
            StreamId::Video => 0,
        };
        Self { id, pts, dts, packet_len, len, lead }
    }

    /// Makes none: what follows goes on with the picture before it, `lead` first.
    pub(crate) const fn continuing(lead: Lead) -> Self {
        let (pts, dts) = (WireTime::new(0), WireTime::new(0));
        Self { id: StreamId::Video, pts, dts, packet_len: 0, len: 0, lead }
    }

    /// Returns whether a PES packet starts here.
    #[inline]
    pub(super) const fn starts_packet(&self) -> bool {
        self.len > 0
    }

    /// Returns the length in bytes, the lead included.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len + self.lead.len
    }

    /// Writes the header to the front of `room`, of which it may spoil some bytes after it, and
    /// returns its length.
    #[inline(always)]
    pub(super) fn write(&self, room: &mut [u8]) -> usize {
        if let Some(room) = room.first_chunk_mut() {
            self.compose(room);
        } else {
            let mut bytes = [0; Self::MAX_LEN];
            self.compose(&mut bytes);
            room.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
        }
        self.len()
    }

    /// Composes the header from front to back, in copies of a fixed size. Each may run over the end
    /// of its field; the next one overwrites that.
    #[inline(always)]
    fn compose(&self, bytes: &mut [u8; Self::MAX_LEN]) {
        if !self.starts_packet() {
            bytes[..Lead::MAX_LEN].copy_from_slice(&self.lead.bytes);
            return;
        }
        let with_dts = self.pts != self.dts;
        let flags = if with_dts { 0xc0 } else { 0x80 };
        // 00 00 01, stream_id, PES_packet_length, data_alignment_indicator, PTS_DTS_flags; then
        // PES_header_data_length.
        let fixed =
            1 << 40 | (self.id as u64) << 32 | u64::from(self.packet_len) << 16 | 0x8400 | flags;
        bytes[..8].copy_from_slice(&fixed.to_be_bytes());
        if with_dts {
            bytes[8] = 10;
            bytes[9..17].copy_from_slice(&timestamp(0x3, self.pts));
            bytes[14..22].copy_from_slice(&timestamp(0x1, self.dts));
            bytes[19..19 + Lead::MAX_LEN].copy_from_slice(&self.lead.bytes);
        } else {
            bytes[8] = 5;
            bytes[9..17].copy_from_slice(&timestamp(0x2, self.pts));
            bytes[14..14 + Lead::MAX_LEN].copy_from_slice(&self.lead.bytes);
        }
    }
}

/// Composes a 33-bit time after a 4-bit prefix, with its three marker bits (§2.4.3.7): the first
/// five of these bytes.
#[inline]
const fn timestamp(prefix: u64, time: WireTime) -> [u8; 8] {
    let t = time.get();
    let high = (t & 0x1_c000_0000) << 3 | 1 << 32;
    let middle = (t & 0x3fff_8000) << 2 | 1 << 16;
    let low = (t & 0x7fff) << 1 | 1;
    ((prefix << 36 | high | middle | low) << 24).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_14a_pts_fields_have_the_golden_bytes() {
        for (time, want) in [
            (0, [0x21, 0x00, 0x01, 0x00, 0x01]),
            (63_000, [0x21, 0x00, 0x03, 0xec, 0x31]),
            (126_000, [0x21, 0x00, 0x07, 0xd8, 0x61]),
            ((1 << 30) - 1, [0x21, 0xff, 0xff, 0xff, 0xff]),
            (1 << 30, [0x23, 0x00, 0x01, 0x00, 0x01]),
            ((1 << 32) - 1, [0x27, 0xff, 0xff, 0xff, 0xff]),
            (1 << 32, [0x29, 0x00, 0x01, 0x00, 0x01]),
            ((1 << 33) - 1, [0x2f, 0xff, 0xff, 0xff, 0xff]),
            (1 << 33, [0x21, 0x00, 0x01, 0x00, 0x01]),
        ] {
            assert_eq!(timestamp(0x2, WireTime::new(time))[..5], want, "{time}");
        }
    }

    fn header(pts: u64, dts: u64, lead: &[u8], payload_len: usize) -> [u8; PesHeader::MAX_LEN] {
        let times = (WireTime::new(pts), WireTime::new(dts));
        let header = PesHeader::new(StreamId::Video, times, Lead::of(lead), payload_len);
        let mut bytes = [0; PesHeader::MAX_LEN];
        header.write(&mut bytes);
        bytes
    }

    #[test]
    fn t_14_dts_is_written_only_where_it_differs() {
        assert_eq!(header(9, 9, &[], 100)[7..14], [0x80, 5, 0x21, 0, 1, 0, 19]);
        assert_eq!(header(9, 5, &[], 100)[7..19], [0xc0, 10, 0x31, 0, 1, 0, 19, 0x11, 0, 1, 0, 11]);
    }

    #[test]
    fn the_lead_stands_behind_the_times() {
        for (dts, at) in [(9, 14), (5, 19)] {
            assert_eq!(header(9, dts, &[1, 2, 3], 7)[at..at + 3], [1, 2, 3]);
        }
    }

    #[test]
    fn a_header_is_the_same_where_there_is_room_for_nothing_else() {
        let times = (WireTime::new(9), WireTime::new(5));
        let header = PesHeader::new(StreamId::Audio, times, Lead::of(&[1; 7]), 100);
        let (mut wide, mut narrow) = ([0; PesHeader::MAX_LEN], [0; 26]);
        assert_eq!((header.write(&mut wide), header.write(&mut narrow)), (26, 26));
        assert_eq!(wide[..26], narrow);
    }

    #[test]
    fn t_13_packet_length_counts_what_follows_it_in_audio_and_is_unbounded_in_video() {
        let time = (WireTime::new(0), WireTime::new(0));
        for (id, payload_len, want) in [
            (StreamId::Audio, 1, 16),
            (StreamId::Audio, 65_535 - 15, 65_535),
            (StreamId::Video, 1, 0),
        ] {
            let mut bytes = [0; PesHeader::MAX_LEN];
            PesHeader::new(id, time, Lead::of(&[1; 7]), payload_len).write(&mut bytes);
            assert_eq!(u16::from_be_bytes([bytes[4], bytes[5]]), want, "{payload_len}");
        }
    }

    #[test]
    fn t_13_f_06_what_goes_on_with_a_packet_has_no_header() {
        let mut bytes = [0; PesHeader::MAX_LEN];
        let header = PesHeader::continuing(Lead::of(&[0, 0, 0, 1]));
        assert_eq!((header.write(&mut bytes), header.starts_packet()), (4, false));
        assert_eq!(bytes[..4], [0, 0, 0, 1]);
    }
}
