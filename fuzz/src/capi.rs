//! A host in C, which makes mistakes: it hears the story that a host in Rust hears, and its
//! mistakes change nothing.

use core::ffi::{c_char, c_int, c_void};
use core::fmt::Debug;
use core::ptr;

use arbitrary::Unstructured;
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::config::{Parts, TargetDuration};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::frame::AudioCoding;
use hls_segmenter::notice::{Notice, NoticeKind};
use hls_segmenter::playlist::{Playlist, Reload};
use hls_segmenter::time::Secs;
use hls_segmenter::ts::{StreamType, TsPackets};
use hls_segmenter::{
    AbortedSegment, Announced, Config, Container, End, Error, ExpiredSegment, Fmp4, Lost,
    LowLatency, Options, Part, Segment, SegmentSink, SegmentStart, Segmenter, Snapshot, SwitchAt,
    Ts,
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
    /// In C: payload of the fragment at hand.
    fragment: Vec<u8>,
}

impl Story {
    fn new(faults: &[u8], room: u8) -> Self {
        Self {
            lines: Vec::new(),
            faulty: Faulty::new(faults),
            engine: ptr::null_mut(),
            sink: ptr::null(),
            room: room.into(),
            fragment: Vec::new(),
        }
    }

    /// Returns the buffer of the fragment at hand, in memory where it stands.
    fn buffer(&self, memory: &mut [u8]) -> hlsseg_fragment_buffer {
        hlsseg_fragment_buffer {
            size: size_of::<hlsseg_fragment_buffer>(),
            memory: memory.as_mut_ptr(),
            len: memory.len(),
            payload_len: self.fragment.len(),
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

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), c_int> {
        self.tell((init.id(), init.as_bytes()));
        self.outcome()
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), c_int> {
        let mut copy = vec![0; payload.len()];
        payload.copy_to_slice(&mut copy).expect("room enough");
        self.tell(copy);
        self.outcome()
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), c_int> {
        let mut copy = vec![0; head.len()];
        head.copy_to_slice(&mut copy).expect("room enough");
        self.tell((copy, head.payload_len()));
        self.outcome()
    }

    fn close_part(&mut self, part: &Part) -> Result<(), c_int> {
        self.tell(hlsseg_part::from(part));
        self.outcome()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), c_int> {
        let text = playlist
            .m3u8(|segment, uri| write!(uri, "{}.ts", segment.id))
            .init_uri(|id, uri| write!(uri, "{id}.mp4"));
        self.tell((text.to_string(), playlist.resume_token().to_bytes()));
        if let Some(edge) = playlist.live_edge() {
            let text = text.low_latency(|part, uri| write!(uri, "{}.{}", part.segment, part.index));
            self.tell((text.to_string(), text.delta().to_string()));
            let answer = match edge.reload(Some(edge.sequence), Some(self.room as u32)) {
                Reload::Now => hlsseg_reload_answer::Now,
                Reload::Wait => hlsseg_reload_answer::Wait,
                Reload::BadRequest => hlsseg_reload_answer::BadRequest,
            };
            self.tell((hlsseg_live_edge::from(edge), answer as u32));
            self.tell(playlist.next_part().map(hlsseg_next_part::from));
            for part in playlist.parts() {
                self.tell(hlsseg_listed_part::from(part));
            }
        }
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
    let story = hear(user, start);
    story.fragment.clear();
    story.answer()
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
    // SAFETY: the run is lent to this callback.
    let begin = |pieces| unsafe { hlsseg_pieces_init(pieces, packets) };
    assert_eq!(gather(begin, 1 + story.room % 9, 188 + story.room), copy);
    story.tell(copy);
    story.answer()
}

extern "C" fn init_section(user: *mut c_void, section: *const hlsseg_init_section) -> c_int {
    // SAFETY: as in `hear`; the section has the length that it says.
    let (story, id, bytes) = unsafe {
        let bytes = core::slice::from_raw_parts((*section).data, (*section).len);
        (&mut *user.cast::<Story>(), (*section).id, bytes)
    };
    story.tell((id, bytes));
    story.answer()
}

extern "C" fn write_payload(
    user: *mut c_void,
    payload: *const hlsseg_payload,
    len: usize,
) -> c_int {
    // SAFETY: as in `hear`.
    let story = unsafe { &mut *user.cast::<Story>() };
    let mut copy = vec![0; len];
    // SAFETY: `copy` has room for as many bytes as are said.
    unsafe {
        let short = hlsseg_payload_copy(payload, copy.as_mut_ptr(), story.room.min(len - 1));
        assert_eq!(short, Status::ShortBuffer);
        assert_eq!(hlsseg_payload_copy(payload, copy.as_mut_ptr(), len), Status::Ok);
    }
    // SAFETY: the payload is lent to this callback.
    let begin = |pieces| unsafe { hlsseg_pieces_init_payload(pieces, payload) };
    assert_eq!(gather(begin, 1 + story.room % 9, 4 + story.room), copy);
    let mut memory = vec![0; story.fragment.len() + hlsseg_fragment_overhead() + len];
    memory[hlsseg_fragment_overhead()..][..story.fragment.len()].copy_from_slice(&story.fragment);
    let mut buffer = story.buffer(&mut memory);
    buffer.len -= 1;
    // SAFETY: the buffer's memory has the length that it says.
    unsafe {
        assert_eq!(hlsseg_fragment_write(&mut buffer, payload), Status::ShortBuffer);
        buffer.len += 1;
        assert_eq!(hlsseg_fragment_write(&mut buffer, payload), Status::Ok);
    }
    story.fragment = memory[hlsseg_fragment_overhead()..].to_vec();
    assert!(story.fragment.ends_with(&copy) && story.fragment.len() == buffer.payload_len);
    story.tell(copy);
    story.answer()
}

extern "C" fn close_fragment(
    user: *mut c_void,
    head: *const hlsseg_fragment_head,
    len: usize,
) -> c_int {
    // SAFETY: as in `hear`.
    let story = unsafe { &mut *user.cast::<Story>() };
    let mut copy = vec![0; len];
    let mut memory = vec![0; hlsseg_fragment_overhead()];
    memory.extend_from_slice(&story.fragment);
    let mut buffer = story.buffer(&mut memory);
    let mut whole = hlsseg_piece { data: ptr::null(), len: 0 };
    // SAFETY: copy and memory have the lengths that are said, and the fragment lies in the memory.
    unsafe {
        let short = hlsseg_fragment_head_copy(head, copy.as_mut_ptr(), story.room.min(len - 1));
        assert_eq!(short, Status::ShortBuffer);
        assert_eq!(hlsseg_fragment_head_copy(head, copy.as_mut_ptr(), len), Status::Ok);
        assert_eq!(hlsseg_fragment_payload_len(head), story.fragment.len());
        assert_eq!(hlsseg_fragment_close(&mut buffer, head, &mut whole), Status::Ok);
        let whole = core::slice::from_raw_parts(whole.data, whole.len);
        assert_eq!(whole.split_at(len), (&copy[..], &story.fragment[..]));
    }
    let payload_len = core::mem::take(&mut story.fragment).len();
    story.tell((copy, payload_len));
    story.answer()
}

extern "C" fn close_part(user: *mut c_void, part: *const hlsseg_part) -> c_int {
    hear(user, part).answer()
}

/// Gathers media, so many pieces at a time, with so much room for heads.
fn gather(begin: impl FnOnce(*mut hlsseg_pieces) -> Status, max: usize, room: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut pieces = hlsseg_pieces { opaque: [0; 128] };
    let none = hlsseg_piece { data: ptr::null(), len: 0 };
    let (mut list, mut heads, mut count) = (vec![none; max], vec![0; room], 0);
    // SAFETY: the media is lent to the callback that this is called from; lists and heads have the
    // lengths that are said, and the pieces are read before the next call.
    unsafe {
        assert_eq!(begin(&mut pieces), Status::Ok);
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

/// Writes a URI as a callback does.
fn put(name: &str, dst: *mut c_char, len: usize) -> c_int {
    assert!(name.len() < len);
    // SAFETY: `dst` has room for `len` bytes, which are more than the name has.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr(), dst.cast(), name.len()) };
    name.len() as c_int
}

extern "C" fn uri(
    _: *mut c_void,
    segment: *const hlsseg_listed_segment,
    dst: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the segment is lent.
    put(&format!("{}.ts", unsafe { (*segment).id }), dst, len)
}

extern "C" fn init_uri(_: *mut c_void, id: u64, dst: *mut c_char, len: usize) -> c_int {
    put(&format!("{id}.mp4"), dst, len)
}

extern "C" fn part_uri(
    _: *mut c_void,
    part: *const hlsseg_next_part,
    dst: *mut c_char,
    len: usize,
) -> c_int {
    // SAFETY: the part is lent.
    let part = unsafe { &*part };
    put(&format!("{}.{}", part.segment, part.index), dst, len)
}

/// Returns the playlist in a view, of which less room than it needs gives nothing.
fn text_of(playlist: *const hlsseg_playlist<'_>, view: hlsseg_view, room: usize) -> String {
    let uris = hlsseg_uris {
        size: size_of::<hlsseg_uris>(),
        user: ptr::null_mut(),
        segment: Some(uri),
        init: Some(init_uri),
        part: Some(part_uri),
    };
    let (mut text, mut len) = (vec![0_u8; 64 << 10], 0);
    let to = text.as_mut_ptr().cast();
    let view = view as u32;
    // SAFETY: buffers have the lengths that are said.
    unsafe {
        let short = hlsseg_playlist_text(playlist, &uris, view, to, room % 40, &mut len);
        assert_eq!(short, Status::ShortBuffer);
        let room = len + 1;
        let said = hlsseg_playlist_text(playlist, &uris, view, to, room, &mut len);
        assert_eq!((said, text[len], room), (Status::Ok, 0, len + 1));
    }
    text.truncate(len);
    String::from_utf8(text).expect("UTF-8")
}

/// Tells what a list with parts says of them.
fn tell_parts(story: &mut Story, playlist: *const hlsseg_playlist<'_>, mut edge: hlsseg_live_edge) {
    let views = [hlsseg_view::LowLatency, hlsseg_view::Delta];
    let [whole, delta] = views.map(|view| text_of(playlist, view, story.room));
    story.tell((whole, delta));
    let (part, mut answer) = (story.room as u32, 9);
    // SAFETY: all structs have the size that they say.
    unsafe {
        let sequence = edge.sequence;
        assert_eq!(hlsseg_reload(&edge, &sequence, &part, &mut answer), Status::Ok);
        edge.size = size_of::<hlsseg_live_edge>();
        story.tell((edge, answer));
        let size = size_of::<hlsseg_next_part>();
        let mut next = hlsseg_next_part { size, segment: 0, index: 0, reserved: 0 };
        let said = hlsseg_playlist_next_part(playlist, &mut next);
        story.tell((said == Status::Ok).then_some(next));
        let mut listed: hlsseg_listed_part = core::mem::zeroed();
        listed.size = size_of::<hlsseg_listed_part>();
        for nth in 0.. {
            if hlsseg_playlist_part(playlist, nth, &mut listed) != Status::Ok {
                break;
            }
            story.tell(listed);
        }
    }
}

extern "C" fn update_playlist(user: *mut c_void, playlist: *const hlsseg_playlist<'_>) -> c_int {
    // SAFETY: as in `hear`; the token has the length that is said, and an edge has all integers 0.
    unsafe {
        let story = &mut *user.cast::<Story>();
        let mut token = [0; HLSSEG_TOKEN_LEN];
        let text = text_of(playlist, hlsseg_view::Plain, story.room);
        let said = hlsseg_playlist_token(playlist, token.as_mut_ptr(), token.len());
        assert_eq!(said, Status::Ok);
        story.tell((text, token));
        let mut edge: hlsseg_live_edge = core::mem::zeroed();
        edge.size = size_of::<hlsseg_live_edge>();
        if hlsseg_playlist_live_edge(playlist, &mut edge) == Status::Ok {
            tell_parts(story, playlist, edge);
        }
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
    fn make<C: Container>(
        &self,
        segmenter: &mut Segmenter<C>,
        story: &mut Story,
    ) -> Result<(), Error<c_int>> {
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
                hlsseg_push_video(engine, 1, 0, 0, 5, nothing, 0, sink),
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

/// Eight bytes say when callbacks fail, one how much room buffers have and, in its highest bits,
/// what the rest is, a script of tags, or options and steps of a host that has frames; whether
/// segments are fMP4; and whether they have parts.
pub fn check(data: &[u8]) {
    read(data);
    let (faults, data) = data.split_at(data.len().min(8));
    let (&first, data) = data.split_first().unwrap_or((&0, &[]));
    let host = Host { faults, room: first & 0x1f };
    let is_fragmented = first & 0x40 != 0;
    let with_parts = |config| if first & 0x20 == 0 { config } else { with_parts(config) };
    if first & 0x80 == 0 {
        let mut script = Script::read(data);
        script.calls.push(Call::Finish(End::List));
        let (config, calls) = (with_parts(script.config), script.calls);
        if is_fragmented {
            host.compare::<LowLatency<Fmp4>, _>(config, &calls, make, make_in_c);
        } else {
            host.compare::<LowLatency<Ts>, _>(config, &calls, make, make_in_c);
        }
    } else if let Ok((config, steps)) = FrameStep::read(data) {
        let (config, make_in_c) = (with_parts(config), FrameStep::make_in_c);
        if is_fragmented {
            host.compare::<LowLatency<Fmp4>, _>(config, &steps, FrameStep::make, make_in_c);
        } else {
            host.compare::<LowLatency<Ts>, _>(config, &steps, FrameStep::make, make_in_c);
        }
    }
}

/// Returns the same with parts, where they go with the other options.
fn with_parts(config: Config) -> Config {
    let options = *config.options();
    let target = Secs::new(2 * options.frag_duration.secs());
    let target_duration = TargetDuration::Declared(target);
    let parts = Parts::lasting(1000).ok();
    Config::new(Options { parts, target_duration, ..options }).unwrap_or(config)
}

/// What segments are made of, in C.
trait InC: Container {
    const CONTAINER: hlsseg_container;
}

impl InC for LowLatency<Ts> {
    const CONTAINER: hlsseg_container = hlsseg_container::Ts;
}

impl InC for LowLatency<Fmp4> {
    const CONTAINER: hlsseg_container = hlsseg_container::Fmp4;
}

/// When callbacks fail, and how much room buffers have.
struct Host<'a> {
    faults: &'a [u8],
    room: u8,
}

impl Host<'_> {
    /// Makes all calls in Rust and in C, and compares what is heard after each. Without parts, the
    /// engine in C has no room for them.
    fn compare<K: InC, C>(
        &self,
        config: Config,
        calls: &[C],
        make: impl Fn(&C, &mut Segmenter<K>, &mut Story) -> Result<(), Error<c_int>>,
        make_in_c: impl Fn(&C, *mut hlsseg_engine, &hlsseg_sink) -> Status,
    ) {
        let mut segmenter = Segmenter::<K>::with_container(config);
        let mut wanted = Story::new(self.faults, self.room);
        let mut heard = Story::new(self.faults, self.room);
        let container = K::CONTAINER as u32;
        let config = hlsseg_config { container, ..hlsseg_config::of(config.options()) };
        let (mut engine, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the configuration has the size that it says.
        assert_eq!(unsafe { hlsseg_sizeof_for(&config, &mut len) }, Status::Ok);
        let mut memory = vec![0_u64; len.div_ceil(8)];
        // SAFETY: the memory has the length that is asked for and is aligned to 8 bytes.
        let made = unsafe {
            assert!(hlsseg_alignof() <= 8);
            hlsseg_init(memory.as_mut_ptr().cast(), len, &config, &mut engine)
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
        init_section: Some(init_section),
        write_payload: Some(write_payload),
        close_fragment: Some(close_fragment),
        close_part: Some(close_part),
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn every_committed_seed_holds_in_both_containers_with_parts_and_without() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/capi");
        let mut checked = 0;
        for seed in fs::read_dir(seeds).expect("the folder is there") {
            let mut data = fs::read(seed.expect("a file").path()).expect("a file is read");
            for kind in [0, 0x20, 0x40, 0x60] {
                data[8] = data[8] & 0x9f | kind;
                super::check(&data);
                checked += 1;
            }
        }
        assert!(checked > 60, "{checked}");
    }
}
