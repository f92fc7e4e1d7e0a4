//! mpeg2ts's writer on the same frames: muxing alone.

use std::io::{self, Write};

use mpeg2ts::es::StreamId;
use mpeg2ts::pes::PesHeader;
use mpeg2ts::time::{ClockReference, Timestamp};
use mpeg2ts::ts::payload::{Bytes, Pes};
use mpeg2ts::ts::{
    AdaptationField, ContinuityCounter, Pid, TransportScramblingControl, TsHeader, TsPacket,
    TsPacketWriter, TsPayload, WriteTsPacket,
};

use super::elementary::{Elementary, Frame};

/// Writes every frame as a PES packet of its own, pictures with a PCR, into memory used again for
/// each four MiB.
pub fn mpeg2ts(elementary: &Elementary, out: &mut Vec<u8>) -> u64 {
    out.clear();
    let mut writer = TsPacketWriter::new(Recycled { out, packets: 0 });
    let mut counters = [ContinuityCounter::new(), ContinuityCounter::new()];
    for frame in &elementary.frames {
        write(
            &mut writer,
            &mut counters[usize::from(frame.video)],
            frame,
            elementary.bytes_of(frame),
        );
    }
    writer.stream().packets / 188
}

fn write<W: Write>(
    writer: &mut TsPacketWriter<W>,
    counter: &mut ContinuityCounter,
    frame: &Frame,
    data: &[u8],
) {
    let time = |ticks: u64| Timestamp::new((ticks + 63_000) & Timestamp::MAX).unwrap();
    let header = PesHeader {
        stream_id: StreamId::new(if frame.video { 0xe0 } else { 0xc0 }),
        priority: false,
        data_alignment_indicator: true,
        copyright: false,
        original_or_copy: false,
        pts: Some(time(frame.pts)),
        dts: (frame.dts != frame.pts).then(|| time(frame.dts)),
        escr: None,
    };
    let times_len = if header.dts.is_some() { 10 } else { 5 };
    let pcr_len = if frame.video { 8 } else { 0 };
    let (first, rest) = data.split_at(data.len().min(184 - 9 - times_len - pcr_len));
    let packet_len = if frame.video { 0 } else { (3 + times_len + data.len()) as u16 };
    let mut put = |adaptation_field, payload| {
        let header = TsHeader {
            transport_error_indicator: false,
            transport_priority: false,
            pid: Pid::new(if frame.video { 0x100 } else { 0x101 }).unwrap(),
            transport_scrambling_control: TransportScramblingControl::NotScrambled,
            continuity_counter: *counter,
        };
        counter.increment();
        let packet = TsPacket { header, adaptation_field, payload: Some(payload) };
        writer.write_ts_packet(&packet).unwrap();
    };
    let field = frame.video.then(|| AdaptationField {
        discontinuity_indicator: false,
        random_access_indicator: frame.key,
        es_priority_indicator: false,
        pcr: Some(ClockReference::new(frame.dts % (1 << 33) * 300).unwrap()),
        opcr: None,
        splice_countdown: None,
        transport_private_data: Vec::new(),
        extension: None,
    });
    let pes = Pes { header, pes_packet_len: packet_len, data: Bytes::new(first).unwrap() };
    put(field, TsPayload::PesStart(pes));
    for chunk in rest.chunks(184) {
        put(None, TsPayload::PesContinuation(Bytes::new(chunk).unwrap()));
    }
}

/// A writer that begins again at the front when four MiB are full.
struct Recycled<'a> {
    out: &'a mut Vec<u8>,
    packets: u64,
}

impl Write for Recycled<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.out.len() > 4 << 20 {
            self.out.clear();
        }
        self.packets += bytes.len() as u64;
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
