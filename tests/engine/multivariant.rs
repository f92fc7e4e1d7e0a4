//! Multivariant playlists of what engines have measured, and the rates in them.

use crate::support::stream::BASE;
use crate::support::{Base, OwnedTag, captures, keep_playlist, policy_for, read_flv, run};
use hls_m3u8::MasterPlaylist;
use hls_m3u8::tags::VariantStream;
use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::playlist::{Captions, Multivariant, Rendition, Variant, VideoRange};
use hls_segmenter::{BitRates, Segment, Stats};

fn stats(tags: &[OwnedTag]) -> Stats {
    run(tags, Options::default()).stats
}

/// The rates of segments by their definition, under a target duration.
pub(crate) fn rates(segments: &[Segment], target: u32) -> Option<BitRates> {
    let target = u64::from(target);
    let rate = |from: usize, to: usize| {
        let run = &segments[from..to];
        let bytes: u64 = run.iter().map(|segment| segment.bytes).sum();
        let millis: u64 = run.iter().map(|segment| u64::from(segment.extinf.millis())).sum();
        ((bytes * 8000).div_ceil(millis.max(1)), millis)
    };
    let runs =
        (0..segments.len()).flat_map(|from| (from + 1..=segments.len()).map(move |to| (from, to)));
    let peak = runs
        .map(|(from, to)| rate(from, to))
        .filter(|(_, millis)| (target * 500..=target * 1500).contains(millis))
        .map(|(rate, _)| rate)
        .max()?;
    Some(BitRates::new(peak, rate(0, segments.len()).0))
}

#[test]
fn pl_5_the_rates_of_every_capture_are_those_of_its_segments() {
    let mut seen = 0;
    for (name, bytes) in captures() {
        let options = Options {
            frag_duration: FragDuration::new(2).unwrap(),
            key_frames: policy_for(&name),
            ..Options::default()
        };
        let output = run(&read_flv(&bytes), options);
        // A target that grew says of earlier segments what it did not say then.
        let targets = output.targets();
        if targets.first() == targets.last() {
            assert_eq!(
                output.stats.bit_rates,
                rates(&output.memory.segments, targets[0]),
                "{name}"
            );
            seen += usize::from(output.stats.bit_rates.is_some());
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn pl_5_hls_m3u8_reads_what_is_made_of_stats() {
    let sound = stats(&BASE.audio());
    let high = stats(&BASE.both());
    let low = stats(&Base { gop: 25, ..BASE }.video());
    let rates = sound.bit_rates.unwrap();
    let track = sound.audio.unwrap().track;
    let english = Rendition::audio("aac", "English", track)
        .playlist("sound/en.m3u8", rates)
        .language("en")
        .default_choice();
    let within = Rendition::audio("aac", "within", track);
    let renditions = [english, within];
    let variants = [
        Variant::of_stats("high.m3u8", &high).unwrap().captions(Captions::None),
        Variant::of_stats("low.m3u8", &low)
            .unwrap()
            .audio_group("aac")
            .video_range(VideoRange::Sdr)
            .captions(Captions::None),
        Variant::of_stats("sound.m3u8", &sound).unwrap().captions(Captions::None),
    ];
    let text = Multivariant::new(&variants, &renditions).unwrap().to_string();
    keep_playlist(&text);
    let list = MasterPlaylist::try_from(text.as_str()).unwrap();
    assert!(list.unknown_tags.is_empty(), "{text}");
    assert_eq!(list.media.len(), 2);
    assert_eq!(list.media[0].uri().map(AsRef::as_ref), Some("sound/en.m3u8"));
    assert_eq!(list.media[0].language().map(AsRef::as_ref), Some("en"));
    assert_eq!(list.media[1].uri(), None);
    let peak = |stats: &Stats| stats.bit_rates.unwrap().peak;
    let codec = track.codec.to_string();
    let avc = high.video.unwrap().track.codec.to_string();
    let want = [
        ("high.m3u8", peak(&high), vec![avc.clone(), codec.clone()]),
        ("low.m3u8", peak(&low) + rates.peak, vec![avc, codec.clone()]),
        ("sound.m3u8", peak(&sound), vec![codec]),
    ];
    assert_eq!(list.variant_streams.len(), want.len());
    for (stream, (uri, peak, codecs)) in list.variant_streams.iter().zip(want) {
        let VariantStream::ExtXStreamInf { uri: read, frame_rate, stream_data, .. } = stream else {
            panic!("{stream:?}");
        };
        assert_eq!((read.as_ref(), stream_data.bandwidth()), (uri, peak));
        assert!(stream_data.average_bandwidth().unwrap() <= peak, "{text}");
        let read: Vec<_> =
            stream_data.codecs().unwrap().iter().map(|codec| codec.to_string()).collect();
        assert_eq!(read, codecs);
        let video = if uri == "sound.m3u8" { None } else { high.video };
        let size = stream_data.resolution().map(|size| (size.width(), size.height()));
        let want = video.and_then(|video| video.track.width.zip(video.track.height));
        assert_eq!(size, want.map(|(width, height)| (width as usize, height as usize)));
        assert_eq!(frame_rate.map(|rate| rate.as_f32() as u32), video.map(|_| 25));
    }
}

#[test]
fn pl_5_an_engine_that_has_listed_nothing_has_no_rates() {
    let stats = run(&[], Options::default()).stats;
    assert_eq!(stats.bit_rates, None);
    assert!(Variant::of_stats("a.m3u8", &stats).is_none());
}
