//! A host in C, which makes mistakes: it hears the story that a host in Rust hears, and its
//! mistakes change nothing.

use core::ffi::{c_char, c_int, c_void};
use core::fmt::Debug;
use core::ptr;

use arbitrary::Unstructured;
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::frame::AudioCoding;
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::{StreamType, TsPackets};
use hls_segmenter::{
    AbortedSegment, Announced, Config, End, Error, ExpiredSegment, Lost, Segment, SegmentSink,
    SegmentStart, Segmenter, Snapshot, SwitchAt,
};
use hls_segmenter_capi::{hlsseg_status as Status, *};

use crate::engine::make;
use crate::frames::{self, Clocks, FrameCall, Packing};
use crate::script::{Call, Script};
use crate::sink_faults::Faulty;

/// What a host hears, one line for each event, and when its callbacks fail.
struct Story {
    lines: Vec<String>,
    faulty: Faulty,
    /// In C: the engine that calls back, the sink that was lent to it, and how much room buffers
    /// have.
    engine: *mut hlsseg_engine,
    sink: *const hlsseg_sink,
    room: usize,
}

impl Story {
    fn new(faults: &[u8], room: u8) -> Self {
        Self {
            lines: Vec::new(),
            faulty: Faulty::new(faults),
            engine: ptr::null_mut(),
            sink: ptr::null(),
            room: room.into(),
        }
    }

    fn tell(&mut self, what: impl Debug) {
        self.lines.push(format!("{what:?}"));
    }

    fn outcome(&mut self) -> Result<(), c_int> {
        self.faulty.call().map_err(|_| 7)
    }

    fn answer(&mut self) -> c_int {
        self.outcome().err().unwrap_or(0)
    }

    /// Calls the engine from its own callback, which it must refuse.
    fn reenter(&self) {
        let (engine, sink) = (self.engine, self.sink);
        // SAFETY: both are alive: the engine is calling back.
        let said = unsafe {
            [
                hlsseg_finish(engine, 0, sink),
                hlsseg_request_switch(engine, 0),
                hlsseg_push_audio(engine, 1, 0, ptr::null(), 0, sink),
                hlsseg_configure(engine, 5, ptr::null(), 0, sink),
                hlsseg_lost(engine, 0, &mut 0),
            ]
        };
        assert_eq!(said, [Status::Busy; 5]);
    }
}

impl SegmentSink for Story {
    type Error = c_int;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), c_int> {
        self.tell(hlsseg_segment_start::from(start));
        self.outcome()
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), c_int> {
        let mut copy = vec![0; packets.len()];
        packets.copy_to_slice(&mut copy).expect("room enough");
        self.tell(copy);
        self.outcome()
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), c_int> {
        self.tell(hlsseg_segment::from(segment));
        self.outcome()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), c_int> {
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
        self.tell((text.to_string(), playlist.resume_token().to_bytes()));
        self.outcome()
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.tell(hlsseg_expired_segment::from(expired));
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.tell(hlsseg_aborted_segment::from(aborted));
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        let mut copy = Vec::new();
        snapshot.for_each_piece(|piece| copy.extend_from_slice(piece));
        self.tell((snapshot.pts.get(), copy));
    }

    fn notice(&mut self, notice: &Notice) {
        self.tell(hlsseg_notice::from(notice));
    }
}

/// Finds the story behind a callback's `user`, and repeats what the callback was given.
fn hear<'a, T: Debug>(user: *mut c_void, told: *const T) -> &'a mut Story {
    // SAFETY: `user` is the story of the C host, which nobody else uses during the call; `told` is
    // lent for as long.
    let (story, told) = unsafe { (&mut *user.cast::<Story>(), &*told) };
    story.tell(told);
    story.reenter();
    story
}

extern "C" fn open_segment(user: *mut c_void, start: *const hlsseg_segment_start) -> c_int {
    hear(user, start).answer()
}

extern "C" fn close_segment(user: *mut c_void, segment: *const hlsseg_segment) -> c_int {
    hear(user, segment).answer()
}

extern "C" fn expire_segment(user: *mut c_void, expired: *const hlsseg_expired_segment) {
    hear(user, expired);
}

extern "C" fn abort_segment(user: *mut c_void, aborted: *const hlsseg_aborted_segment) {
    hear(user, aborted);
}

extern "C" fn notice(user: *mut c_void, notice: *const hlsseg_notice) {
    hear(user, notice);
}

extern "C" fn snapshot(user: *mut c_void, snapshot: *const hlsseg_snapshot<'_>) {
    // SAFETY: as in `hear`; the copy has the length that was asked for.
    unsafe {
        let story = &mut *user.cast::<Story>();
        let mut copy = vec![0; hlsseg_snapshot_len(snapshot)];
        let (to, len) = (copy.as_mut_ptr(), copy.len());
        let short = hlsseg_snapshot_copy(snapshot, to, story.room.min(len - 1));
        assert_eq!(short, Status::ShortBuffer);
        assert_eq!(hlsseg_snapshot_copy(snapshot, to, len), Status::Ok);
        story.tell((hlsseg_snapshot_ticks(snapshot), copy));
    }
}

extern "C" fn write_packets(
    user: *mut c_void,
    packets: *const hlsseg_packets,
    len: usize,
) -> c_int {
    // SAFETY: as in `hear`.
    let story = unsafe { &mut *user.cast::<Story>() };
    let mut copy = vec![0; len];
    // SAFETY: `copy` has room for as many bytes as are said.
    unsafe {
        let short = hlsseg_packets_copy(packets, copy.as_mut_ptr(), story.room.min(len - 1));
        assert_eq!(short, Status::ShortBuffer);
        let whole = hlsseg_packets_copy(packets, copy.as_mut_ptr(), len);
        assert_eq!(whole, Status::Ok);
    }
    assert_eq!(gather(packets, 1 + story.room % 9, 188 + story.room), copy);
    story.tell(copy);
    story.answer()
}

/// Gathers a run, so many pieces at a time, with so much room for heads.
fn gather(packets: *const hlsseg_packets, max: usize, room: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut pieces = hlsseg_pieces { opaque: [0; 128] };
    let none = hlsseg_piece { data: ptr::null(), len: 0 };
    let (mut list, mut heads, mut count) = (vec![none; max], vec![0; room], 0);
    // SAFETY: the run is lent to the callback that this is called from; lists and heads have the
    // lengths that are said, and the pieces are read before the next call.
    unsafe {
        assert_eq!(hlsseg_pieces_init(&mut pieces, packets), Status::Ok);
        loop {
            let said = hlsseg_pieces_gather(
                &mut pieces,
                list.as_mut_ptr(),
                max,
                heads.as_mut_ptr(),
                room,
                &mut count,
            );
            assert_eq!(said, Status::Ok);
            if count == 0 {
                return all;
            }
            for piece in &list[..count] {
                all.extend_from_slice(core::slice::from_raw_parts(piece.data, piece.len));
            }
        }
    }
}

extern "C" fn uri(
    _: *mut c_void,
    segment: *const hlsseg_listed_segment,
    dst: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the segment is lent, and `dst` has room for `len` bytes, which are more than the name
    // has.
    unsafe {
        let name = format!("{}.ts", (*segment).id);
        assert!(name.len() < len);
        ptr::copy_nonoverlapping(name.as_ptr(), dst.cast(), name.len());
        name.len() as c_int
    }
}

extern "C" fn update_playlist(user: *mut c_void, playlist: *const hlsseg_playlist<'_>) -> c_int {
    // SAFETY: as in `hear`; buffers have the lengths that are said.
    unsafe {
        let story = &mut *user.cast::<Story>();
        let (mut len, mut token) = (0, [0; HLSSEG_TOKEN_LEN]);
        let mut text = vec![0_u8; 32 << 10];
        let (to, nobody) = (text.as_mut_ptr().cast(), ptr::null_mut());
        let short =
            hlsseg_playlist_m3u8(playlist, Some(uri), nobody, to, story.room % 40, &mut len);
        assert_eq!(short, Status::ShortBuffer);
        let room = len + 1;
        let said = hlsseg_playlist_m3u8(playlist, Some(uri), nobody, to, room, &mut len);
        assert_eq!((said, text[len], room), (Status::Ok, 0, len + 1));
        text.truncate(len);
        let said = hlsseg_playlist_token(playlist, token.as_mut_ptr(), token.len());
        assert_eq!(said, Status::Ok);
        story.tell((String::from_utf8(text).expect("UTF-8"), token));
        story.reenter();
        story.answer()
    }
}

/// Makes a call through C, and mistakes before it.
fn make_in_c(call: &Call, engine: *mut hlsseg_engine, sink: &hlsseg_sink) -> Status {
    let odd = engine.wrapping_byte_add(1);
    // SAFETY: the engine is alive, tags and sink are lent for the call; the odd engine is refused
    // before it is looked at.
    unsafe {
        assert_eq!(hlsseg_set_wall_time(odd, 0), Status::Alignment);
        let nothing = hlsseg_push(engine, 9, 0, ptr::null(), 1, sink);
        assert_eq!(nothing, Status::Null);
        match call {
            Call::Push(tag) => {
                let (kind, data) = (tag.kind.get(), &tag.data);
                hlsseg_push(engine, kind, tag.millis, data.as_ptr(), data.len(), sink)
            }
            Call::WallTime(millis) => hlsseg_set_wall_time(engine, *millis),
            Call::Switch(SwitchAt::KeyFrame) => hlsseg_request_switch(engine, 0),
            Call::Switch(SwitchAt::Once) => hlsseg_request_switch(engine, 1),
            Call::Finish(End::List) => hlsseg_finish(engine, 0, sink),
            Call::Finish(End::Pause) => hlsseg_finish(engine, 1, sink),
        }
    }
}

/// What a host does that has frames.
enum FrameStep {
    Call(FrameCall),
    Announce { video: bool, audio: u8 },
    Lost(u64),
    Finish,
}

impl FrameStep {
    /// Reads options and steps; one in eight is the host's word.
    fn read(data: &[u8]) -> arbitrary::Result<(Config, Vec<Self>)> {
        let mut u = Unstructured::new(data);
        let config = frames::config(&mut u)?;
        let (mut clocks, mut steps) = (Clocks::default(), Vec::new());
        while !u.is_empty() {
            match u.arbitrary::<u8>()? {
                kind @ 0..16 => steps.push(Self::Lost(kind.into())),
                kind @ 16..32 => {
                    steps.push(Self::Announce { video: kind & 1 == 1, audio: u.arbitrary()? });
                }
                _ => steps.extend(clocks.read(&mut u)?.map(Self::Call)),
            }
        }
        steps.push(Self::Finish);
        Ok((config, steps))
    }

    /// Makes the step.
    fn make(&self, segmenter: &mut Segmenter, story: &mut Story) -> Result<(), Error<c_int>> {
        match self {
            Self::Call(call) => return call.make(segmenter, story),
            Self::Finish => return segmenter.finish(End::List, story),
            Self::Announce { video, audio } => {
                let mut announced = Announced::default();
                announced.video = *video;
                announced.audio = (*audio != 0).then(|| StreamType::new(*audio));
                segmenter.announce(&announced);
            }
            Self::Lost(id) => {
                let answer = match segmenter.lost(*id) {
                    Lost::Listed => hlsseg_lost_answer::Listed,
                    Lost::Open => hlsseg_lost_answer::Open,
                    Lost::Unlisted => hlsseg_lost_answer::Unlisted,
                    Lost::Ended => hlsseg_lost_answer::Ended,
                    other => panic!("unknown answer {other:?}"),
                };
                story.tell(("lost", answer as u32));
            }
        }
        Ok(())
    }

    /// Makes the step through C, and mistakes before it.
    fn make_in_c(&self, engine: *mut hlsseg_engine, sink: &hlsseg_sink) -> Status {
        let nothing = ptr::null();
        // SAFETY: the engine is alive, frames and sink are lent for the call, and nobody borrows
        // the story between calls.
        unsafe {
            let wrong = [
                hlsseg_push_video(engine, 99, 0, 0, 0, nothing, 0, sink),
                hlsseg_push_video(engine, 1, 0, 0, 3, nothing, 0, sink),
                hlsseg_push_audio(engine, 0, 0, nothing, 0, sink),
                hlsseg_configure(engine, 99, nothing, 0, sink),
            ];
            assert_eq!(wrong, [Status::Argument; 4]);
            assert_eq!(hlsseg_push_video(engine, 1, 0, 0, 0, nothing, 1, sink), Status::Null);
            assert_eq!(hlsseg_lost(engine, 0, ptr::null_mut()), Status::Null);
            match self {
                Self::Call(call) => make_call_in_c(call, engine, sink),
                Self::Announce { video, audio } => hlsseg_announce(engine, (*video).into(), *audio),
                Self::Lost(id) => {
                    let mut answer = u32::MAX;
                    let said = hlsseg_lost(engine, *id, &mut answer);
                    (*sink.user.cast::<Story>()).tell(("lost", answer));
                    said
                }
                Self::Finish => hlsseg_finish(engine, 0, sink),
            }
        }
    }
}

/// Makes a call of frames through C.
///
/// # Safety
///
/// The engine is alive.
unsafe fn make_call_in_c(
    call: &FrameCall,
    engine: *mut hlsseg_engine,
    sink: &hlsseg_sink,
) -> Status {
    let is_hevc = |coding: VideoCoding| u32::from(coding == VideoCoding::Hevc);
    let configure = |kind, data: &[u8]| {
        // SAFETY: the data is lent for the call.
        unsafe { hlsseg_configure(engine, kind, data.as_ptr(), data.len(), sink) }
    };
    match call {
        &FrameCall::Video { coding, dts, pts, packing, ref data } => {
            let units = match packing {
                Packing::AnnexB => 0,
                Packing::One => 1,
                Packing::Two => 2,
                Packing::Four => 4,
            };
            let (coding, at, len) = (1 + is_hevc(coding), data.as_ptr(), data.len());
            // SAFETY: the data is lent for the call.
            unsafe { hlsseg_push_video(engine, coding, dts, pts, units, at, len, sink) }
        }
        &FrameCall::Audio { coding, pts, ref data } => {
            let coding = 1 + u32::from(coding == AudioCoding::Mpeg);
            // SAFETY: the data is lent for the call.
            unsafe { hlsseg_push_audio(engine, coding, pts, data.as_ptr(), data.len(), sink) }
        }
        FrameCall::Record { coding, data } => configure(1 + is_hevc(*coding), data),
        FrameCall::Sets { coding, data } => configure(3 + is_hevc(*coding), data),
        FrameCall::AacConfig(config) => configure(5, config),
        // SAFETY: the engine is alive.
        FrameCall::Pause => unsafe { hlsseg_finish(engine, 1, sink) },
    }
}

/// Eight bytes say when callbacks fail, one how much room buffers have and, in its highest bit,
/// what the rest is: a script of tags, or options and steps of a host that has frames.
pub fn check(data: &[u8]) {
    read(data);
    let (faults, data) = data.split_at(data.len().min(8));
    let (&first, data) = data.split_first().unwrap_or((&0, &[]));
    let host = Host { faults, room: first & 0x7f };
    if first & 0x80 == 0 {
        let mut script = Script::read(data);
        script.calls.push(Call::Finish(End::List));
        host.compare(script.config, &script.calls, make, make_in_c);
    } else if let Ok((config, steps)) = FrameStep::read(data) {
        host.compare(config, &steps, FrameStep::make, FrameStep::make_in_c);
    }
}

/// When callbacks fail, and how much room buffers have.
struct Host<'a> {
    faults: &'a [u8],
    room: u8,
}

impl Host<'_> {
    /// Makes all calls in Rust and in C, and compares what is heard after each.
    fn compare<C>(
        &self,
        config: Config,
        calls: &[C],
        make: impl Fn(&C, &mut Segmenter, &mut Story) -> Result<(), Error<c_int>>,
        make_in_c: impl Fn(&C, *mut hlsseg_engine, &hlsseg_sink) -> Status,
    ) {
        let mut segmenter = Segmenter::new(config);
        let mut wanted = Story::new(self.faults, self.room);
        let mut heard = Story::new(self.faults, self.room);
        let mut memory = vec![0_u64; hlsseg_sizeof().div_ceil(8)];
        let config = hlsseg_config::of(config.options());
        let mut engine = ptr::null_mut();
        // SAFETY: the memory has the length that is asked for and is aligned to 8 bytes.
        let made = unsafe {
            assert!(hlsseg_alignof() <= 8);
            hlsseg_init(memory.as_mut_ptr().cast(), hlsseg_sizeof(), &config, &mut engine)
        };
        assert_eq!(made, Status::Ok);
        heard.engine = engine;
        let story = &raw mut heard;
        let sink = sink_of(story);
        // SAFETY: nobody borrows the story between calls.
        unsafe { (*story).sink = &sink };
        for call in calls {
            let want = match make(call, &mut segmenter, &mut wanted) {
                Ok(()) => Status::Ok,
                Err(Error::Tag(_)) => Status::Tag,
                Err(Error::Codec(_)) => Status::Codec,
                Err(Error::Sink(_)) => Status::Sink,
                Err(Error::Finished) => Status::Finished,
                Err(other) => panic!("unknown error {other:?}"),
            };
            assert_eq!(make_in_c(call, engine, &sink), want);
            // SAFETY: as above.
            let lines = unsafe { &mut (*story).lines };
            assert_eq!(*lines, wanted.lines);
            lines.clear();
            wanted.lines.clear();
        }
        let stats = segmenter.stats();
        for (nth, &kind) in NoticeKind::ALL.iter().enumerate() {
            let mut count = 0;
            // SAFETY: the engine is alive.
            let said = unsafe { hlsseg_notice_count(engine, nth as u32 + 1, &mut count) };
            assert_eq!((said, count), (Status::Ok, stats.count(kind)), "{kind}");
        }
    }
}

/// Returns the callbacks that tell a story.
fn sink_of(story: *mut Story) -> hlsseg_sink {
    hlsseg_sink {
        size: size_of::<hlsseg_sink>(),
        user: story.cast(),
        open_segment: Some(open_segment),
        write_packets: Some(write_packets),
        close_segment: Some(close_segment),
        update_playlist: Some(update_playlist),
        expire_segment: Some(expire_segment),
        abort_segment: Some(abort_segment),
        snapshot: Some(snapshot),
        track: None,
        notice: Some(notice),
        init_section: None,
        write_payload: None,
        close_fragment: None,
        close_part: None,
    }
}

/// Reads the input as an FLV file, both ways.
fn read(data: &[u8]) {
    let (mut reader, mut at) = (Reader::new(), 0);
    let mut in_c = hlsseg_reader { opaque: [0; 16] };
    // SAFETY: a step has all integers 0 and no place.
    let mut step: hlsseg_step = unsafe { core::mem::zeroed() };
    step.size = size_of::<hlsseg_step>();
    // SAFETY: the reader is this function's own.
    assert_eq!(unsafe { hlsseg_reader_init(&mut in_c) }, Status::Ok);
    loop {
        let rest = &data[at..];
        // SAFETY: the input has the length that is said.
        let said = unsafe { hlsseg_reader_step(&mut in_c, rest.as_ptr(), rest.len(), &mut step) };
        let want = reader.step(rest);
        assert_eq!(said == Status::Ok, want.is_ok());
        match want {
            Ok(found @ (Step::Header { consumed, .. } | Step::Tag { consumed, .. })) => {
                assert_eq!(format!("{step:?}"), format!("{:?}", hlsseg_step::from(found)));
                at += consumed;
            }
            _ => return,
        }
    }
}
