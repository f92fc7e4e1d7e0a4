//! Segments whose upload fails after they were closed.

use super::multivariant::rates;
use crate::support::stream::{self, BASE, shift};
use crate::support::{Memory, OwnedTag, auditor, keep_playlist};
use hls_m3u8::MediaPlaylist;
use hls_segmenter::config::{FragCount, FragDuration, Options};
use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment, Playlist};
use hls_segmenter::time::Millis;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, End, Lost, ResumeToken, Segment, SegmentSink, SegmentStart, Segmenter,
};
use hls_segmenter_auditor::Auditor;

fn options() -> Options {
    Options { frag_duration: FragDuration::new(2).unwrap(), ..Options::default() }
}

/// Pushes tags, and tells after each of them that the segments of these ids are lost as soon as
/// they are listed.
fn run(segmenter: &mut Segmenter, auditor: &mut Auditor<Memory>, tags: &[OwnedTag], lost: &[u64]) {
    let mut told = Vec::new();
    for tag in tags {
        segmenter.push(tag.borrow(), auditor).unwrap();
        for &id in lost {
            let is_listed = auditor.inner().listed.iter().any(|segment| segment.id == id);
            if is_listed && !told.contains(&id) {
                assert_eq!(segmenter.lost(id), Lost::Listed);
                auditor.lost(id);
                told.push(id);
            }
        }
    }
    assert_eq!(told, lost);
}

/// Passes everything on, and fails to close one segment.
struct FailsToClose {
    memory: Memory,
    id: u64,
}

impl SegmentSink for FailsToClose {
    type Error = &'static str;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), &'static str> {
        self.memory.open_segment(start).map_err(|never| match never {})
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), &'static str> {
        self.memory.write_packets(packets).map_err(|never| match never {})
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), &'static str> {
        if segment.id == self.id {
            return Err("close");
        }
        self.memory.close_segment(segment).map_err(|never| match never {})
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), &'static str> {
        self.memory.update_playlist(playlist).map_err(|never| match never {})
    }
}

/// The ids that a text lists, with whether EXT-X-GAP precedes them.
fn gaps(text: &str) -> Vec<(u64, bool)> {
    let segments = text.split_inclusive(".ts\n").filter(|part| part.contains("#EXTINF:"));
    let id = |part: &str| {
        let line = part.lines().next_back().unwrap();
        line.strip_suffix(".ts").unwrap().parse().unwrap()
    };
    segments.map(|part| (id(part), part.contains("#EXT-X-GAP\n#EXTINF:"))).collect()
}

#[test]
fn h_17_a_lost_segment_is_a_gap_from_the_next_version_on_until_it_leaves() {
    let mut segmenter = Segmenter::new(Config::new(options()).unwrap());
    let mut auditor = auditor(&options());
    run(&mut segmenter, &mut auditor, &BASE.both(), &[3, 7, 8]);
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let memory = auditor.into_inner();
    for (version, text) in memory.playlists.iter().enumerate() {
        let newest = memory.segments[version.min(memory.segments.len() - 1)].id;
        for (id, is_gap) in gaps(text) {
            let is_lost = [3, 7, 8].contains(&id) && id < newest;
            assert_eq!(is_gap, is_lost, "{text}");
        }
        keep_playlist(text);
        assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:6\n"), "a gap needs no version");
        let list = MediaPlaylist::try_from(text.as_str()).unwrap();
        assert_eq!(list.unknown.len(), text.matches("#EXT-X-GAP\n").count());
    }
    assert!(memory.expired.iter().any(|expired| expired.id == 3), "gaps expire as others do");
}

#[test]
fn h_17_a_gap_of_the_last_segment_is_shown_by_the_end_of_the_list() {
    let mut segmenter = Segmenter::new(Config::new(options()).unwrap());
    let mut auditor = auditor(&options());
    run(&mut segmenter, &mut auditor, &BASE.both(), &[]);
    segmenter.finish(End::Pause, &mut auditor).unwrap();
    let last = auditor.inner().listed.last().unwrap().id;
    assert_eq!(segmenter.lost(last), Lost::Listed);
    auditor.lost(last);
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let text = auditor.inner().playlists.last().unwrap();
    assert_eq!(gaps(text).last(), Some(&(last, true)));
    assert!(text.ends_with("#EXT-X-ENDLIST\n"));
}

#[test]
fn h_17_a_segment_that_cannot_be_a_gap_is_told_as_what_it_is() {
    let mut segmenter = Segmenter::new(Config::new(options()).unwrap());
    assert_eq!(segmenter.lost(0), Lost::Unlisted);
    let mut memory = Memory::default();
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut memory).unwrap();
    }
    let (open, listed) = (memory.starts.last().unwrap().id, memory.listed.clone());
    assert_eq!(segmenter.lost(open), Lost::Open);
    assert_eq!(segmenter.lost(open + 1), Lost::Unlisted);
    assert_eq!(segmenter.lost(memory.expired[0].id), Lost::Unlisted);
    segmenter.finish(End::List, &mut memory).unwrap();
    assert!(memory.listed.iter().all(|segment| !segment.gap));
    assert_eq!(segmenter.lost(listed[0].id), Lost::Ended);
}

#[test]
fn h_17_r_46_a_gap_is_one_still_after_a_restart() {
    let mut first = Segmenter::new(Config::new(options()).unwrap());
    let mut before = auditor(&options());
    run(&mut first, &mut before, &BASE.both(), &[]);
    let newest = before.inner().listed.last().unwrap().id;
    assert_eq!(first.lost(newest), Lost::Listed);
    before.lost(newest);
    first.finish(End::Pause, &mut before).unwrap();
    before.assert_clean();
    let memory = before.into_inner();
    let stored = memory.listed;
    assert_eq!(
        stored.iter().filter(|segment| segment.gap).map(|gap| gap.id).collect::<Vec<_>>(),
        [newest]
    );

    let token = ResumeToken::from_bytes(&memory.token.unwrap().to_bytes()).unwrap();
    let config = Config::new(options()).unwrap();
    let mut second = Segmenter::resume(config, &token, stored.iter().copied()).unwrap();
    let mut after = auditor(&options());
    after.resume(&token, &stored);
    run(&mut second, &mut after, &BASE.both(), &[]);
    after.assert_clean();
    assert!(gaps(&after.inner().playlists[0]).contains(&(newest, true)));
}

#[test]
fn h_17_pl_5_gaps_and_rates_live_over_pauses_jumps_lost_segments_and_changes_of_format() {
    let options = Options { frag_count: FragCount::new(100).unwrap(), ..options() };
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let failing = FailsToClose { memory: Memory::default(), id: 6 };
    let mut auditor = Auditor::with_options(failing, &options);
    let mut tags = BASE.both();
    shift(&mut tags, 8_000, 30_000);
    let other = stream::video_header(54_000, stream::OTHER_SPS);
    tags.insert(tags.iter().position(|tag| tag.millis >= 54_000).unwrap(), other);
    let mut failed = 0;
    for round in 0..2 {
        for tag in &tags {
            failed += usize::from(segmenter.push(tag.borrow(), &mut auditor).is_err());
            if auditor.inner().memory.segments.len() == 2 && segmenter.lost(1) == Lost::Listed {
                auditor.lost(1);
            }
        }
        segmenter.finish(if round == 0 { End::Pause } else { End::List }, &mut auditor).unwrap();
    }
    auditor.assert_clean();
    let memory = &auditor.inner().memory;
    assert_eq!(failed, 1, "a segment was lost on its way");
    assert!(memory.playlists.len() > 30);
    for text in &memory.playlists[2..] {
        let is_gap = |&(_, is_gap): &(u64, bool)| is_gap;
        assert_eq!(gaps(text).into_iter().filter(is_gap).collect::<Vec<_>>(), [(1, true)]);
    }
    assert!(memory.playlists.iter().all(|text| text.contains("#EXT-X-TARGETDURATION:2\n")));
    assert!(memory.playlists.last().unwrap().matches("DISCONTINUITY\n").count() >= 6);
    let measured = segmenter.stats().bit_rates;
    assert_eq!((measured.is_some(), measured), (true, rates(&memory.segments, 2)));
    let token = Segmenter::new(Config::new(options).unwrap()).resume_token();
    let resumed = Segmenter::resume(Config::new(options).unwrap(), &token, []).unwrap();
    assert_eq!(resumed.stats().bit_rates, None);
}

#[test]
fn h_17_pl_1_a_gap_that_the_host_writes_itself_stands_once() {
    for (is_gap, tag, want) in [
        (false, "", 0),
        (true, "", 1),
        (false, "#EXT-X-GAP", 1),
        (true, "#EXT-X-GAP", 1),
        (true, "#EXT-X-GAPS\n#A", 1),
    ] {
        let segment = ListedSegment::new(0, 0, Millis::new(2000)).with_gap(is_gap);
        let list =
            IndexPlaylist::new(IndexKind::Vod, [segment].into_iter(), |_, uri| write!(uri, "a.ts"));
        let text = list.tags(|_, _, out| out.write_str(tag)).to_string();
        assert_eq!(text.matches("#EXT-X-GAP\n").count(), want, "{text}");
    }
}
