//! The summary: a sink that watches, and a table of what it saw.

use std::collections::VecDeque;
use std::io::{self, Write};

use hls_segmenter::dir::DirError;
use hls_segmenter::notice::{Notice, NoticeAmount, NoticeKind};
use hls_segmenter::playlist::{NextPart, Playlist};
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AudioTrack, Segment, SegmentSink, SegmentStart, Stats, TrackStats, VideoTrack,
};

use crate::command::ContainerKind;

/// Returns the name of a segment's file, which is its URI in the playlist too. One that needs an
/// initialization section is fMP4.
pub(crate) fn segment_name(id: u64, init: Option<u64>) -> String {
    let suffix = if init.is_some() { "m4s" } else { "ts" };
    format!("{id:06}.{suffix}")
}

/// Returns the name of a part's file.
pub(crate) fn part_name(part: NextPart, container: ContainerKind) -> String {
    let suffix = match container {
        ContainerKind::Ts => "ts",
        ContainerKind::Fmp4 => "m4s",
    };
    format!("{:06}.{}.{suffix}", part.segment, part.index)
}

/// Returns the name of an initialization section's file.
pub(crate) fn init_name(id: u64) -> String {
    format!("init-{id:06}.mp4")
}

/// Notes every finished segment: the last of the sinks, after those that write.
pub(crate) struct Report {
    segments: u64,
    bytes: u64,
    duration: TickSpan,
    /// The newest segments, as many as the table has rows.
    last: VecDeque<Segment>,
    /// The codecs that notices named.
    codecs: Vec<(NoticeKind, String)>,
}

impl Report {
    pub(crate) const fn new() -> Self {
        Self {
            segments: 0,
            bytes: 0,
            duration: TickSpan::ZERO,
            last: VecDeque::new(),
            codecs: Vec::new(),
        }
    }

    /// Returns how many segments were finished.
    pub(crate) const fn segments(&self) -> u64 {
        self.segments
    }

    /// Prints the table and the totals.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub(crate) fn print(&self, out: &mut impl Write, stats: &Stats) -> io::Result<()> {
        writeln!(
            out,
            "{:>8}  {:12} {:>11} {:>8}  {:13} {:>5} {:>10} {:>8}",
            "sequence", "name", "start s", "EXTINF", "cause", "keys", "bytes", "kbit/s",
        )?;
        let before = self.segments - self.last.len() as u64;
        if before > 0 {
            writeln!(out, "{:>8}  {before} before these", "...")?;
        }
        for segment in &self.last {
            print_segment(out, segment)?;
        }
        writeln!(out)?;
        write!(
            out,
            "total    {} segments, {} s, {} bytes, {} kbit/s",
            self.segments,
            Seconds(self.duration),
            self.bytes,
            kbit_per_second(self.bytes, self.duration),
        )?;
        let media =
            stats.video.map_or(0, |video| video.bytes) + stats.audio.map_or(0, |audio| audio.bytes);
        // Media that was lost with a segment would make it less than nothing.
        match self.bytes.checked_sub(media) {
            Some(added) if media > 0 => {
                let percent = added as f64 / media as f64 * 100.0;
                let is_fragmented = self.last.iter().any(|segment| segment.init.is_some());
                let name = if is_fragmented { "fMP4" } else { "MPEG-TS" };
                writeln!(out, "; {name} adds {percent:.2} % to {media} bytes of media")?;
            }
            _ => writeln!(out)?,
        }
        if let Some(video) = stats.video {
            print_video(out, &video)?;
        }
        if let Some(audio) = stats.audio {
            print_audio(out, &audio)?;
        }
        for (kind, count) in stats.noticed() {
            write!(out, "notice   {kind}: {count}")?;
            for (_, codec) in self.codecs.iter().filter(|(named, _)| *named == kind) {
                write!(out, ", {codec}")?;
            }
            writeln!(out)?;
        }
        out.flush()
    }
}

impl SegmentSink for Report {
    type Error = DirError;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), DirError> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), DirError> {
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), DirError> {
        self.segments += 1;
        self.bytes += segment.bytes;
        self.duration += segment.duration;
        if self.last.len() == ROWS {
            self.last.pop_front();
        }
        self.last.push_back(*segment);
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), DirError> {
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) {
        let codec = match notice.amount {
            NoticeAmount::AudioCodec(codec) => codec.to_string(),
            NoticeAmount::VideoCodec(codec) => codec.to_string(),
            _ => return,
        };
        let named = (notice.kind, codec);
        if !self.codecs.contains(&named) {
            self.codecs.push(named);
        }
    }
}

fn print_segment(out: &mut impl Write, segment: &Segment) -> io::Result<()> {
    writeln!(
        out,
        "{:>8}  {:12} {:>11} {:>8}  {:13} {:>5} {:>10} {:>8}{}{}",
        segment.sequence,
        segment_name(segment.id, segment.init),
        Seconds(TickSpan::new(segment.start.get())),
        segment.extinf,
        segment.cause,
        segment.key_frames,
        segment.bytes,
        kbit_per_second(segment.bytes, segment.duration),
        if segment.discontinuity { "  D" } else { "" },
        if segment.starts_with_idr { "" } else { "  no IDR" },
    )
}

fn print_video(out: &mut impl Write, stats: &TrackStats<VideoTrack>) -> io::Result<()> {
    write!(out, "video    {}", stats.track.codec)?;
    if let (Some(width), Some(height)) = (stats.track.width, stats.track.height) {
        write!(out, ", {width}x{height}")?;
    }
    if let Some((frames, seconds)) = stats.track.frame_rate {
        let rate = f64::from(frames) / f64::from(seconds.max(1));
        write!(out, ", {} fps", (rate * 1000.0).round() / 1000.0)?;
    }
    writeln!(out, ", {} frames, {} bytes", stats.frames, stats.bytes)
}

fn print_audio(out: &mut impl Write, stats: &TrackStats<AudioTrack>) -> io::Result<()> {
    let AudioTrack { codec, sample_rate, .. } = stats.track;
    write!(out, "audio    {codec}, {sample_rate} Hz")?;
    if let Some(channels) = stats.track.channels {
        write!(out, ", {channels} channels")?;
    }
    writeln!(out, ", {} frames, {} bytes", stats.frames, stats.bytes)
}

/// A time in seconds, with three decimals and a padding of its own.
struct Seconds(TickSpan);

impl core::fmt::Display for Seconds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let millis = self.0.round_millis();
        let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
        f.pad(&format!("{sign}{}.{:03}", millis / 1000, millis % 1000))
    }
}

fn kbit_per_second(bytes: u64, span: TickSpan) -> u64 {
    let ticks = span.get().unsigned_abs().max(1);
    // 8 bits a byte, 90 000 ticks a second, 1000 bits a kbit.
    bytes.saturating_mul(720) / ticks
}

/// Rows of the table: a terminal's height with the totals.
const ROWS: usize = 20;
