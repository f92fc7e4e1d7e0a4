//! The PES packet header (ISO/IEC 13818-1 §2.4.3.6–7).
//!
//! ```text
//!  00 00 01 │ stream_id │ PES_packet_length:16 │ 10 scrambling:2 priority alignment copyright original
//!           │ PTS_DTS_flags:2 … │ PES_header_data_length │ PTS:40 │ DTS:40
//! ```

use crate::time::WireTime;

/// Kind of the elementary stream that a PES packet carries (table 2-18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamId {
    Audio,
    Video,
}

/// A composed PES header, followed by the first few bytes of the elementary stream where those are not borrowed:
/// the access unit delimiter and the start code behind it, or the ADTS header of a frame that travels alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PesHeader {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl PesHeader {
    /// 9 fixed bytes, PTS and DTS, a delimiter and a start code: what one of these holds at the most.
    const MAX_LEN: usize = 9 + 10 + Self::MAX_LEAD_LEN;
    const MAX_LEAD_LEN: usize = 10;

    /// Composes the header of a PES packet whose elementary stream bytes are `lead`, at most 10, and `payload_len` more.
    ///
    /// DTS is written only where it differs from PTS (§2.7.5). `PES_packet_length` is 0, "unbounded", for video that
    /// does not fit its 16 bits; the caller keeps audio below that.
    #[inline]
    pub(crate) fn new(
        id: StreamId,
        pts: WireTime,
        dts: WireTime,
        lead: &[u8],
        payload_len: usize,
    ) -> Self {
        let (times_len, flags): (u8, _) = if pts == dts { (5, 0x80) } else { (10, 0xc0) };
        let lead_len = lead.len().min(Self::MAX_LEAD_LEN);
        let packet_len = 3 + usize::from(times_len) + lead_len + payload_len;
        let [length_high, length_low] = u16::try_from(packet_len).unwrap_or(0).to_be_bytes();
        let stream_id = match id {
            StreamId::Audio => 0xc0,
            StreamId::Video => 0xe0,
        };
        let fixed = [
            0,
            0,
            1,
            stream_id,
            length_high,
            length_low,
            0x84,
            flags,
            times_len,
        ];
        let mut bytes = [0; Self::MAX_LEN];
        let (head, rest) = bytes.split_at_mut(fixed.len());
        head.copy_from_slice(&fixed);
        let (times, rest) = if pts == dts {
            let (times, rest) = rest.split_at_mut(5);
            times.copy_from_slice(&timestamp(0x2, pts));
            (times, rest)
        } else {
            let (times, rest) = rest.split_at_mut(10);
            let (first, second) = times.split_at_mut(5);
            first.copy_from_slice(&timestamp(0x3, pts));
            second.copy_from_slice(&timestamp(0x1, dts));
            (times, rest)
        };
        let len = fixed.len() + times.len() + lead_len;
        for (to, from) in rest.iter_mut().zip(lead) {
            *to = *from;
        }
        Self { bytes, len }
    }

    /// Returns the length in bytes, the lead included.
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Writes the header to the front of `room`, of which it may spoil some bytes behind it, and returns its length.
    #[inline]
    pub(super) fn write(&self, room: &mut [u8]) -> usize {
        if let Some(room) = room.first_chunk_mut() {
            // A constant length costs less than the exact one: payload is laid over what is too much.
            *room = self.bytes;
        } else if let Some((room, bytes)) = room.get_mut(..self.len).zip(self.bytes.get(..self.len))
        {
            room.copy_from_slice(bytes);
        }
        self.len
    }
}

/// Composes a 33-bit time behind a 4-bit prefix, with its three marker bits (§2.4.3.7).
const fn timestamp(prefix: u8, time: WireTime) -> [u8; 5] {
    let t = time.get();
    [
        prefix << 4 | ((t >> 29) as u8 & 0x0e) | 1,
        (t >> 22) as u8,
        (t >> 14) as u8 | 1,
        (t >> 7) as u8,
        (t << 1) as u8 | 1,
    ]
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
            assert_eq!(timestamp(0x2, WireTime::new(time)), want, "{time}");
        }
    }

    #[test]
    fn t_14_dts_is_written_only_where_it_differs() {
        let same = PesHeader::new(
            StreamId::Video,
            WireTime::new(9),
            WireTime::new(9),
            &[],
            100,
        );
        assert_eq!(same.bytes[7..9], [0x80, 5]);
        let reordered = PesHeader::new(
            StreamId::Video,
            WireTime::new(9),
            WireTime::new(5),
            &[],
            100,
        );
        assert_eq!(reordered.bytes[7..10], [0xc0, 10, 0x31]);
        assert_eq!(reordered.bytes[14], 0x11);
    }

    #[test]
    fn t_13_packet_length_counts_what_follows_it_and_is_zero_when_video_does_not_fit() {
        let time = WireTime::new(0);
        for (payload_len, want) in [(1, 16), (65_535 - 15, 65_535), (65_536 - 15, 0)] {
            let header = PesHeader::new(StreamId::Video, time, time, &[1; 7], payload_len);
            let [.., high, low, _, _, _] = *header.bytes.first_chunk::<9>().unwrap();
            assert_eq!(u16::from_be_bytes([high, low]), want, "{payload_len}");
        }
    }
}
