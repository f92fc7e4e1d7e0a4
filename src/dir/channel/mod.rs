//! The sink that writes a folder, and what a later process finds of it.

mod sink;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::earlier::Earlier;
use super::error::DirError;
use super::files::{Files, temporary};
use super::leaving::{self, Leaving, RETRY_MILLIS};
use super::options::{Deletes, Options, is_playlist_name, is_segment_name, is_temporary_segment};
use super::parts::Parts;
use super::state::State;
use crate::playlist::{IndexKind, IndexPlaylist, Playlist};
use crate::time::WallTime;

/// A folder that holds the segments and playlists of one stream, for a web server to serve.
///
/// Every file is written under a temporary name and renamed when it is whole. The folder belongs to
/// the channel: what ends there with `.ts`, `.m4s` or `.mp4` and is listed nowhere is deleted
/// sooner or later.
///
/// 1. [`open`](Self::open) finds what an earlier process left, and
///    [`Earlier::segmenter`] goes on with it; [`create`](Self::create) begins a list that no later
///    process goes on with.
/// 2. Lend the channel to every call of the engine.
/// 3. Call [`sweep`](Self::sweep) now and then with the time: it deletes what is due.
///
/// The process may be killed at any point: no number that players have seen is used twice, no
/// segment that the playlist lists is missing, and no file stays for good.
#[derive(Debug)]
pub struct Channel {
    files: Files,
    options: Options,
    memory: Memory,
    state: State,
    /// Whether the playlist in the folder is that of the state.
    is_published: bool,
    open: Option<OpenFile>,
    /// Packets that are not in the file yet; used again for every segment.
    buffer: Vec<u8>,
    filled: usize,
    /// Payload of the fragment whose head has not come yet.
    payload: Vec<u8>,
    parts: Parts,
}

/// Whether a state is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    State,
    Nothing,
}

/// The segment that is being written.
#[derive(Debug)]
struct OpenFile {
    id: u64,
    name: String,
    file: File,
}

impl Channel {
    /// Opens a folder, makes it where it is not there, and goes on with what an earlier process
    /// left: a version of the playlist that was stored and not published any more is published, and
    /// files that nothing lists are noted for [`sweep`](Self::sweep).
    ///
    /// # Errors
    ///
    /// [`DirError::Name`] for a playlist's name that cannot be; [`DirError::State`] where the
    /// stored state (`.channel`) is damaged or of another version: it is for the host to say
    /// whether to begin in another folder or to delete the state, after which numbers begin again;
    /// [`DirError::File`].
    pub fn open(folder: impl Into<PathBuf>, options: Options) -> Result<(Self, Earlier), DirError> {
        let mut channel = Self::new(folder.into(), options, Memory::State)?;
        if let Some(bytes) = channel.files.read(STATE)? {
            channel.state = State::from_bytes(&bytes)
                .map_err(|source| DirError::State { path: channel.files.path(STATE), source })?;
            let published = channel.files.read(&channel.options.playlist_name)?;
            let has_gone = published.is_none() && channel.is_to_go();
            if !has_gone && published.as_deref() != Some(channel.state.playlist.as_bytes()) {
                channel.publish()?;
            }
        }
        channel.find_leftovers()?;
        let earlier = Earlier::of(&channel.state);
        Ok((channel, earlier))
    }

    /// Begins a list that no later process goes on with, as that of a recording which is cut once:
    /// no state is stored. Files that are there stay until one of the same name replaces them.
    ///
    /// # Errors
    ///
    /// [`DirError::Name`], [`DirError::File`].
    pub fn create(folder: impl Into<PathBuf>, options: Options) -> Result<Self, DirError> {
        Self::new(folder.into(), options, Memory::Nothing)
    }

    fn new(folder: PathBuf, options: Options, memory: Memory) -> Result<Self, DirError> {
        for name in [Some(&options.playlist_name), options.vod_name.as_ref()].into_iter().flatten()
        {
            if !is_playlist_name(name) {
                return Err(DirError::Name(name.clone()));
            }
        }
        Ok(Self {
            files: Files::new(folder, options.durability)?,
            options,
            memory,
            state: State::default(),
            is_published: true,
            open: None,
            buffer: vec![0; BUFFER_LEN],
            filled: 0,
            payload: Vec::new(),
            parts: Parts::default(),
        })
    }

    /// Deletes what may go, and returns when the next file may: the host calls again then, or
    /// sooner. `None` where nothing waits.
    ///
    /// A segment may go once it has left the playlist for as long as
    /// [`ExpiredSegment::keep_for`](crate::ExpiredSegment::keep_for) says; that time runs from the
    /// first sweep after it has left, so a host sweeps with each segment. With [`Deletes::Ended`]
    /// it runs for what the last version lists too, and the playlist goes with the first of them. A
    /// leftover that nothing lists may go when it is older than any segment would stay. What cannot
    /// be deleted is tried again ten seconds later.
    pub fn sweep(&mut self, now: WallTime) -> Option<WallTime> {
        let is_to_go = self.is_to_go();
        // No list may name a file that is gone: the list goes first.
        let mut due = self.state.leaving.iter().filter(|leaving| leaving.is_due(now));
        let is_due = is_to_go && due.any(|leaving| self.state.lists(leaving));
        if is_due && self.files.remove(&self.options.playlist_name).is_err() {
            return Some(now.offset(RETRY_MILLIS));
        }
        let Self { files, state, is_published, .. } = self;
        let next = leaving::sweep(&mut state.leaving, files, *is_published, now);
        if !is_to_go || next.is_some() {
            return next;
        }
        if self.files.remove(STATE).is_err() {
            return Some(now.offset(RETRY_MILLIS));
        }
        self.state = State::default();
        None
    }

    /// Returns whether the last version was published of a list that goes when it has ended.
    fn is_to_go(&self) -> bool {
        self.is_published && self.options.deletes == Deletes::Ended && self.state.has_ended()
    }

    /// Returns the path of a file of the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.files.path("").join(name)
    }

    /// Writes the playlists of the state. The live one comes last: where it is that of the state,
    /// so is the other.
    fn publish(&mut self) -> Result<(), DirError> {
        let Self { files, options, state, .. } = self;
        self.is_published = false;
        if let Some(name) = &options.vod_name {
            let listed = state.segments.iter().map(|entry| entry.listed);
            let text = IndexPlaylist::new(IndexKind::Vod, listed, |segment, uri| {
                state.write_name(segment.id, uri)
            });
            let text = text.init_uri(|id, uri| uri.write_str(&(options.init_name)(id)));
            let mut vod = String::new();
            let _ = write!(vod, "{text}");
            files.replace(name, vod.as_bytes())?;
        }
        files.replace(&options.playlist_name, state.playlist.as_bytes())?;
        self.is_published = true;
        Ok(())
    }

    /// Takes a version of the playlist into the state: what it lists, and what has left it.
    fn take_version(&mut self, playlist: Playlist<'_>) -> Result<(), DirError> {
        let state = &mut self.state;
        if let Some(unknown) = playlist.segments().find(|listed| state.entry(listed.id).is_none()) {
            return Err(DirError::Unknown { id: unknown.id });
        }
        state.token = Some(playlist.resume_token());
        let mut text = String::new();
        let init_name = &self.options.init_name;
        let m3u8 = playlist.m3u8(|segment, uri| state.write_name(segment.id, uri));
        let m3u8 = m3u8.init_uri(|id, uri| uri.write_str(&init_name(id)));
        let _ = match self.options.part_name.as_ref().filter(|_| playlist.live_edge().is_some()) {
            Some(name) => {
                let m3u8 = m3u8.low_latency(|part, uri| uri.write_str(&name(part)));
                write!(text, "{m3u8}")
            }
            None => write!(text, "{m3u8}"),
        };
        let parts = self.parts.take_version(&self.options, playlist);
        if self.options.deletes != Deletes::Never {
            state.leaving.extend(parts);
        }
        state.playlist = text;
        let length = playlist.segments().map(|listed| i64::from(listed.extinf.millis())).sum();
        state.longest_millis = state.longest_millis.max(length);
        if self.options.vod_name.is_none() {
            let longest_millis = state.longest_millis;
            let first = playlist.media_sequence();
            let needed = playlist.segments().next().and_then(|listed| listed.init);
            let gone = state.segments.extract_if(.., |entry| entry.listed.sequence < first);
            let gone: Vec<_> = gone.collect();
            if self.options.deletes != Deletes::Never {
                let leaving = leaving::of_segments(&gone, needed, longest_millis, init_name);
                state.leaving.extend(leaving);
            }
            if playlist.ended() && self.options.deletes == Deletes::Ended {
                let listed = &state.segments;
                let leaving = leaving::of_segments(listed, None, longest_millis, init_name);
                state.leaving.extend(leaving);
                state.leaving.extend(self.parts.leave(longest_millis));
            }
        }
        Ok(())
    }

    /// Deletes temporary files, and notes segments that nothing lists.
    fn find_leftovers(&mut self) -> Result<(), DirError> {
        let options = &self.options;
        let own = [Some(options.playlist_name.as_str()), options.vod_name.as_deref(), Some(STATE)];
        let own = own.map(|name| name.map(temporary));
        let whole_millis = 2 * self.state.longest_millis;
        let keep_millis = if whole_millis == 0 { UNKNOWN_MILLIS } else { whole_millis };
        for found in self.files.list()? {
            let name = found.name;
            if is_temporary_segment(&name) || own.contains(&Some(name.clone())) {
                self.files.remove(&name)?;
            } else if self.options.deletes != Deletes::Never
                && is_segment_name(&name)
                && !self.is_known(&name)
            {
                self.state.leaving.push(Leaving::of_leftover(name, found.written, keep_millis));
            }
        }
        Ok(())
    }

    /// Returns whether a file is listed or kept, as a segment or as the initialization section of
    /// one.
    fn is_known(&self, name: &str) -> bool {
        let mut inits = self.state.segments.iter().filter_map(|entry| entry.listed.init);
        self.state.names().any(|known| known == name)
            || inits.any(|init| (self.options.init_name)(init) == name)
    }

    /// Writes what the buffer holds to the open segment's file.
    fn flush(&mut self) -> Result<(), DirError> {
        let packets = self.buffer.get(..self.filled).unwrap_or_default();
        self.parts.write(&self.options, packets);
        if let Some(OpenFile { name, file, .. }) = &mut self.open {
            self.files.write(file, name, packets)?;
        }
        self.filled = 0;
        Ok(())
    }
}

#[cfg(test)]
impl Channel {
    /// Has the process be killed after so many operations: all later ones fail.
    pub(super) const fn kill_after(&mut self, operations: usize) {
        self.files.lives_for = Some(operations);
    }
}

/// Name of the stored state. No segment or playlist begins with a full stop.
const STATE: &str = ".channel";

/// Bytes of the segment buffer, and so of most writes: a 60 s segment of 6 Mbit/s is 45 MB, which
/// nobody needs in memory.
const BUFFER_LEN: usize = 128 * 1024;

/// Milliseconds that a leftover stays in a folder of which nothing else is known.
const UNKNOWN_MILLIS: i64 = 3_600_000;

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec;
    use alloc::vec::Vec;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    use super::*;
    use crate::config::{
        Config, End, FragCount, FragDuration, Options as Choices, Parts, TargetDuration,
    };
    use crate::dir::{Durability, StateError};
    use crate::engine::Segmenter;
    use crate::flv::{Tag, TagKind};
    use crate::mux::{Fmp4, LowLatency};
    use crate::resume::ResumeError;
    use crate::time::{FlvTime, Secs, WallTime};

    /// A folder that is gone with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("hls-dir-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }

        fn files(&self) -> BTreeSet<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }

        fn text(&self, name: &str) -> String {
            fs::read_to_string(self.0.join(name)).unwrap()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// A stream of AAC, which is cut each second, and a host that is fed with it.
    struct Host {
        channel: Channel,
        segmenter: Segmenter,
        now: WallTime,
        /// Milliseconds of media so far.
        millis: u32,
        failed: Option<DirError>,
    }

    impl Host {
        fn open(path: &Path, options: Options, now: WallTime) -> Self {
            let (channel, earlier) = Channel::open(path, options).unwrap();
            Self::new(channel, &earlier, now)
        }

        fn new(channel: Channel, earlier: &Earlier, now: WallTime) -> Self {
            let choices = Choices {
                frag_duration: FragDuration::new(1).unwrap(),
                frag_count: FragCount::new(3).unwrap(),
                ..Choices::default()
            };
            let segmenter = earlier.segmenter(Config::new(choices).unwrap()).unwrap();
            let mut host = Self { channel, segmenter, now, millis: 0, failed: None };
            host.push(&[0xaf, 0, 0x12, 0x10]);
            host
        }

        fn push(&mut self, data: &[u8]) {
            self.segmenter.set_wall_time(self.now);
            let time = FlvTime::from_millis(self.millis);
            let tag = Tag { kind: TagKind::AUDIO, time, data };
            if let Err(crate::Error::Sink(error)) = self.segmenter.push(tag, &mut self.channel) {
                self.failed.get_or_insert(error);
            }
            self.channel.sweep(self.now);
        }

        /// Pushes a frame of some media that no other process had.
        fn frame(&mut self) {
            let byte = self.now.unix_millis().to_le_bytes()[0];
            self.push(&[0xaf, 1, byte, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c]);
            self.millis += 23;
            self.now = self.now.offset(23);
        }

        fn run(&mut self, secs: u32) {
            for _ in 0..secs * 1000 / 23 {
                self.frame();
            }
        }

        fn pause(&mut self) {
            let _ = self.segmenter.finish(End::Pause, &mut self.channel);
        }
    }

    /// What players saw: by media sequence number, the name and bytes of the segment.
    #[derive(Default)]
    struct Players {
        seen: BTreeMap<u64, (String, Vec<u8>)>,
        first: u64,
    }

    impl Players {
        /// Loads the playlist and every segment that it lists.
        fn look(&mut self, folder: &Path, when: &str) {
            let Ok(text) = fs::read_to_string(folder.join("playlist.m3u8")) else {
                return;
            };
            let number = |name: &str| -> u64 {
                text.split_once(name).unwrap().1.lines().next().unwrap().parse().unwrap()
            };
            let first = number("#EXT-X-MEDIA-SEQUENCE:");
            assert!(first >= self.first, "{when}: the list went back");
            self.first = first;
            for (name, sequence) in text.lines().filter(|line| !line.starts_with('#')).zip(first..)
            {
                let bytes = fs::read(folder.join(name))
                    .unwrap_or_else(|_| panic!("{when}: {name} is listed and missing"));
                let was = self.seen.entry(sequence).or_insert((name.to_owned(), bytes.clone()));
                assert!(*was == (name.to_owned(), bytes), "{when}: {sequence} was something else");
            }
        }
    }

    fn now() -> WallTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        WallTime::from_unix_millis(i64::try_from(since.as_millis()).unwrap())
    }

    fn listed(text: &str) -> BTreeSet<String> {
        text.lines().filter(|line| !line.starts_with('#')).map(ToString::to_string).collect()
    }

    /// Looks at the folder after everything that waited was swept up.
    fn assert_no_leftovers(scratch: &Scratch, host: &mut Host, when: &str) {
        host.channel.sweep(host.now);
        let next = host.channel.sweep(host.now.offset(60_000));
        assert_eq!(next, None, "{when}: something waits longer than a minute");
        let mut want = listed(&scratch.text("playlist.m3u8"));
        want.extend([".channel", "playlist.m3u8"].map(ToOwned::to_owned));
        assert_eq!(scratch.files(), want, "{when}");
    }

    #[test]
    fn r_46_a_channel_may_be_killed_between_any_two_file_operations() {
        let mut operations = 0;
        loop {
            let scratch = Scratch::new("killed");
            let mut players = Players::default();
            let when = format!("killed after {operations}");
            let mut at = now().offset(-60_000);
            let mut was_killed = false;
            for lives_for in [operations, operations / 2] {
                let mut host = Host::open(&scratch.0, Options::new(), at);
                host.channel.kill_after(lives_for);
                for _ in 0..(7 * 1000 / 23) {
                    host.frame();
                    if host.failed.is_some() {
                        was_killed = true;
                        break;
                    }
                }
                players.look(&scratch.0, &when);
                at = host.now.offset(3_000);
            }
            let mut host = Host::open(&scratch.0, Options::new(), at);
            players.look(&scratch.0, &when);
            host.run(5);
            host.pause();
            assert!(host.failed.is_none(), "{when}: {:?}", host.failed);
            players.look(&scratch.0, &when);
            assert!(players.seen.len() >= 3, "{when}");
            assert_no_leftovers(&scratch, &mut host, &when);
            if !was_killed {
                break;
            }
            operations += 1;
        }
        assert!(operations > 60, "seven segments take more operations than {operations}");
    }

    #[test]
    fn a_version_that_was_stored_and_not_published_is_published_when_the_folder_is_opened() {
        for operations in 0..60 {
            let scratch = Scratch::new("stored");
            let mut players = Players::default();
            let mut host = Host::open(&scratch.0, Options::new(), now());
            host.channel.kill_after(operations);
            host.run(7);
            let at = host.now;
            drop(host);
            // Nobody publishes any more, and what the stored version does not list is deleted.
            let (mut channel, _) = Channel::open(&scratch.0, Options::new()).unwrap();
            channel.sweep(at);
            channel.sweep(at.offset(3_600_000));
            players.look(&scratch.0, &format!("killed after {operations}"));
        }
    }

    #[test]
    fn a_stored_name_that_is_no_file_of_the_folder_is_refused() {
        let leaving = |name: &str| Leaving {
            id: Some(3),
            name: name.to_owned(),
            keep_millis: 5,
            until: Some(WallTime::from_unix_millis(-1)),
        };
        let state = |name| State { leaving: vec![leaving(name)], ..State::default() };
        let sound = state("a b.ts");
        assert_eq!(State::from_bytes(sound.to_text().as_bytes()), Ok(sound));
        for name in ["../a.ts", "a", ".channel", ""] {
            let refused = State::from_bytes(state(name).to_text().as_bytes());
            assert_eq!(refused, Err(StateError::Format), "{name}");
        }
    }

    #[test]
    fn what_an_ended_list_still_lists_goes_after_its_time_and_the_list_behind_it() {
        let scratch = Scratch::new("ended");
        let options = || Options::new().deletes(Deletes::Ended);
        let mut host = Host::open(&scratch.0, options(), now());
        host.run(7);
        host.segmenter.finish(End::List, &mut host.channel).unwrap();
        let text = scratch.text("playlist.m3u8");
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        let listed = listed(&text);
        // Three segments of a second were listed: each stays for four seconds.
        host.channel.sweep(host.now);
        let at = |millis| host.now.offset(millis);
        assert!(host.channel.sweep(at(3_900)).is_some());
        assert!(listed.iter().all(|name| scratch.files().contains(name)));
        assert_eq!(scratch.text("playlist.m3u8"), text);
        // Killed meanwhile, and gone on with.
        let (mut channel, earlier) = Channel::open(&scratch.0, options()).unwrap();
        assert_eq!(earlier.segmenter(Config::default()).err(), Some(ResumeError::Ended));
        channel.sweep(at(3_900));
        assert!(listed.iter().all(|name| scratch.files().contains(name)));
        // Killed while the list and its segments go: the list is the first of them.
        for operations in 0..5 {
            channel.kill_after(operations);
            channel.sweep(at(8_100));
            let files = scratch.files();
            let is_whole = listed.iter().all(|name| files.contains(name));
            assert!(is_whole || !files.contains("playlist.m3u8"), "{files:?}");
            (channel, _) = Channel::open(&scratch.0, options()).unwrap();
            channel.sweep(at(3_900));
        }
        assert_eq!(channel.sweep(at(8_100)), None);
        assert_eq!(scratch.files(), BTreeSet::new());
        let mut host = Host::open(&scratch.0, options(), at(9_000));
        host.run(3);
        assert!(scratch.text("playlist.m3u8").contains("#EXT-X-MEDIA-SEQUENCE:0\n"));
    }

    #[test]
    fn what_an_ended_list_still_lists_stays_where_nothing_else_was_asked_for() {
        let scratch = Scratch::new("stays");
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(7);
        host.segmenter.finish(End::List, &mut host.channel).unwrap();
        assert_no_leftovers(&scratch, &mut host, "ended");
    }

    #[test]
    fn a_stored_state_that_no_channel_has_made_is_refused() {
        let scratch = Scratch::new("made");
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(7);
        let sound = host.channel.state.clone();
        assert_eq!(State::from_bytes(sound.to_text().as_bytes()), Ok(sound.clone()));
        let spoiled: [fn(&mut State); 6] = [
            |state| state.token = None,
            |state| state.longest_millis = -1,
            |state| state.leaving[0].keep_millis = i64::MAX,
            |state| state.segments.swap(0, 1),
            |state| drop(state.segments.pop()),
            |state| drop(state.segments.drain(..1)),
        ];
        for (nth, spoil) in spoiled.iter().enumerate() {
            let mut state = sound.clone();
            spoil(&mut state);
            let read = State::from_bytes(state.to_text().as_bytes());
            assert_eq!(read, Err(StateError::Format), "{nth}");
        }
        // A sign among the digits, and the check sum right.
        let text = sound.to_text().replacen("token 02", "token +2", 1);
        let (fields, _) = text.split_at(text.len() - "crc 00000000\n".len());
        let text = format!("{fields}crc {:08x}\n", crate::crc::crc32_mpeg2(fields.as_bytes()));
        assert_eq!(State::from_bytes(text.as_bytes()), Err(StateError::Format));
    }

    #[test]
    fn r_49_each_file_operation_may_fail_and_no_listed_segment_is_missing() {
        for operation in 0..80 {
            let scratch = Scratch::new("fails");
            let mut players = Players::default();
            let when = format!("operation {operation} fails");
            let mut host = Host::open(&scratch.0, Options::new(), now());
            host.channel.kill_after(operation);
            for _ in 0..(12 * 1000 / 23) {
                host.frame();
                if host.failed.is_some() {
                    host.channel.kill_after(usize::MAX);
                }
                players.look(&scratch.0, &when);
            }
            host.pause();
            players.look(&scratch.0, &when);
            assert!(players.seen.len() >= 10, "{when}: {} segments", players.seen.len());
            // What could not be deleted is found when the folder is opened again.
            let mut host = Host::open(&scratch.0, Options::new(), host.now);
            assert_no_leftovers(&scratch, &mut host, &when);
        }
    }

    #[test]
    fn r_49_while_the_playlist_cannot_be_written_what_it_lists_stays() {
        let scratch = Scratch::new("full");
        let mut players = Players::default();
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(5);
        let before = scratch.text("playlist.m3u8");
        let obstacle = scratch.0.join("playlist.m3u8.tmp");
        fs::create_dir(&obstacle).unwrap();
        host.run(20);
        assert!(host.failed.is_some());
        assert_eq!(scratch.text("playlist.m3u8"), before);
        players.look(&scratch.0, "twenty seconds later");
        fs::remove_dir(&obstacle).unwrap();
        host.run(10);
        players.look(&scratch.0, "written again");
        host.pause();
        assert_no_leftovers(&scratch, &mut host, "in the end");
    }

    #[test]
    fn h_11_a_file_stays_until_its_time_is_over_and_is_deleted_then() {
        let scratch = Scratch::new("stays");
        let begin = now();
        let mut host = Host::open(&scratch.0, Options::new(), begin);
        host.run(5);
        assert!(!listed(&scratch.text("playlist.m3u8")).contains("000000.ts"));
        // One second of its own, and three of the longest list: it left after the fourth segment.
        let left = begin.offset(4_000);
        assert!(scratch.files().contains("000000.ts"));
        host.channel.sweep(left.offset(3_800));
        assert!(scratch.files().contains("000000.ts"), "it left 3.8 s ago");
        let next = host.channel.sweep(left.offset(4_300));
        assert!(!scratch.files().contains("000000.ts"), "it left 4.3 s ago");
        assert_eq!(next, None);
    }

    #[test]
    fn the_time_of_a_segment_goes_on_in_the_next_process() {
        let scratch = Scratch::new("goes-on");
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(6);
        host.pause();
        let at = host.now;
        drop(host);
        let (mut channel, _) = Channel::open(&scratch.0, Options::new()).unwrap();
        let next = channel.sweep(at.offset(1_000)).unwrap();
        assert!(next <= at.offset(4_500), "the clock of the last ones runs since they left");
        // A clock that was set back by a day keeps nothing for a day.
        let earlier = at.offset(-86_400_000);
        let next = channel.sweep(earlier).unwrap();
        assert!(next <= earlier.offset(5_000));
        assert_eq!(channel.sweep(earlier.offset(5_000)), None);
    }

    #[test]
    fn a_state_that_is_not_what_was_stored_is_refused_and_nothing_is_changed() {
        let scratch = Scratch::new("damaged");
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(4);
        drop(host);
        let path = scratch.0.join(".channel");
        let stored = fs::read(&path).unwrap();
        let files = scratch.files();
        for at in 0..stored.len() {
            let mut damaged = stored.clone();
            damaged[at] ^= 0x10;
            for bytes in [&damaged[..], &stored[..at]] {
                fs::write(&path, bytes).unwrap();
                let refused = Channel::open(&scratch.0, Options::new()).map(drop).unwrap_err();
                let DirError::State { path: named, source } = refused else {
                    panic!("byte {at}: {refused}");
                };
                assert_eq!(named, path);
                let is_head = at < "hls-segmenter channel 1".len();
                assert_eq!(source, if is_head { StateError::Format } else { StateError::Damaged });
            }
        }
        assert_eq!(scratch.files(), files);
        fs::write(&path, stored).unwrap();
        assert!(Channel::open(&scratch.0, Options::new()).is_ok());
    }

    #[test]
    fn o_31_a_vod_list_has_all_that_was_published_by_any_process() {
        let scratch = Scratch::new("vod");
        let options = || Options::new().vod_name("vod.m3u8");
        let mut at = now();
        for _ in 0..3 {
            let mut host = Host::open(&scratch.0, options(), at);
            host.run(5);
            host.pause();
            at = host.now.offset(60_000);
        }
        let vod = scratch.text("vod.m3u8");
        let in_vod = listed(&vod);
        assert_eq!(in_vod.len(), 15);
        assert_eq!(vod.matches("#EXT-X-DISCONTINUITY\n").count(), 2);
        assert!(vod.ends_with("#EXT-X-ENDLIST\n"));
        let mut host = Host::open(&scratch.0, options(), at);
        assert_eq!(host.channel.sweep(at.offset(1 << 40)), None);
        assert!(in_vod.is_subset(&scratch.files()));
    }

    #[test]
    fn nothing_is_deleted_where_the_host_says_so() {
        let scratch = Scratch::new("never");
        let mut host = Host::open(&scratch.0, Options::new().deletes(Deletes::Never), now());
        host.run(8);
        let mut again = Host::open(&scratch.0, Options::new().deletes(Deletes::Never), host.now);
        assert_eq!(again.channel.sweep(host.now.offset(1 << 40)), None);
        assert_eq!(scratch.files().iter().filter(|name| name.ends_with(".ts")).count(), 7);
    }

    #[test]
    fn a_list_that_nobody_goes_on_with_has_no_state_and_may_be_made_again() {
        let scratch = Scratch::new("created");
        let mut texts = Vec::new();
        for _ in 0..2 {
            let channel = Channel::create(&scratch.0, Options::new()).unwrap();
            let earlier = Earlier::default();
            let mut host = Host::new(channel, &earlier, WallTime::from_unix_millis(0));
            host.run(3);
            host.pause();
            assert!(host.failed.is_none());
            texts.push((
                scratch.text("playlist.m3u8"),
                fs::read(scratch.0.join("000002.ts")).unwrap(),
            ));
        }
        assert!(texts[0] == texts[1]);
        assert!(!scratch.files().contains(".channel"));
    }

    #[test]
    fn names_that_are_no_file_of_the_folder_are_refused() {
        let scratch = Scratch::new("names");
        for name in
            ["", ".", "..", "a/b.m3u8", "../a", ".a", "a\\b", "C:a", "a.ts", "a.tmp", "a\nb"]
        {
            for options in [Options::new().playlist_name(name), Options::new().vod_name(name)] {
                let refused = Channel::create(&scratch.0, options).map(drop).unwrap_err();
                assert!(matches!(refused, DirError::Name(given) if given == name), "{name:?}");
            }
        }
        for name in ["", "a", "../a.ts", "a/b.ts", ".ts", "a%2e.ts", "#a.ts"] {
            let options = Options::new().segment_names(move |_| name.to_owned());
            let mut host = Host::open(&scratch.0, options, now());
            host.run(1);
            assert!(
                matches!(host.failed, Some(DirError::Name(given)) if given == name),
                "{name:?}"
            );
        }
        let options = Options::new().segment_names(|start| format!("{}.ts", start.id % 2));
        let mut host = Host::open(&scratch.0, options, now());
        host.run(4);
        assert!(matches!(host.failed, Some(DirError::NameInUse(given)) if given == "0.ts"));
    }

    #[test]
    fn names_may_be_any_and_are_remembered() {
        let scratch = Scratch::new("remembered");
        let mut host = Host::open(
            &scratch.0,
            Options::new()
                .playlist_name("live.m3u8")
                .segment_names(|start| format!("a b {}.ts", start.wall.unwrap().unix_millis()))
                .durability(Durability::Power),
            now(),
        );
        host.run(3);
        drop(host);
        // The next process names segments otherwise, and still lists those of the first.
        let mut host = Host::open(&scratch.0, Options::new().playlist_name("live.m3u8"), now());
        host.run(2);
        let text = scratch.text("live.m3u8");
        assert!(text.contains("\na%20b%20") && text.contains("\n000002.ts\n"), "{text}");
    }

    #[test]
    fn errors_name_the_file() {
        let scratch = Scratch::new("errors");
        fs::create_dir_all(scratch.0.join("000000.ts.tmp")).unwrap();
        let mut host = Host::open(&scratch.0, Options::new(), now());
        host.run(1);
        let error = host.failed.take().unwrap();
        assert_eq!(error.path(), Some(&*scratch.0.join("000000.ts.tmp")));
        assert!(error.to_string().contains("000000.ts.tmp: "), "{error}");
        let source = core::error::Error::source(&error);
        assert!(source.is_none(), "its text is in that of the error");
        assert_eq!(
            DirError::Name("a/b".to_owned()).to_string(),
            "\"a/b\" cannot be a file of the channel"
        );
    }

    /// Names of files that a playlist has, but for what it hints at.
    fn named(text: &str) -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.contains("PRELOAD-HINT"));
        let name = |line: &str| match line.split_once("URI=\"") {
            Some((_, uri)) => uri.split('"').next().map(ToOwned::to_owned),
            None => (!line.starts_with('#')).then(|| line.to_owned()),
        };
        lines.filter_map(name).collect()
    }

    #[test]
    fn mp4_10_a_channel_of_fmp4_goes_on_after_a_restart_and_keeps_what_is_named() {
        let scratch = Scratch::new("fmp4");
        let choices = Choices {
            frag_duration: FragDuration::new(1).unwrap(),
            frag_count: FragCount::new(3).unwrap(),
            target_duration: TargetDuration::Declared(Secs::new(2)),
            parts: Some(Parts::lasting(300).unwrap()),
            ..Choices::default()
        };
        let mut now = WallTime::from_unix_millis(1_795_421_730_000);
        for round in 0..3 {
            let options =
                Options::new().part_names(|part| format!("{:06}.{}.m4s", part.segment, part.index));
            let (mut channel, earlier) = Channel::open(&scratch.0, options).unwrap();
            assert_eq!(earlier.listed().len(), if round == 0 { 0 } else { 3 });
            let config = Config::new(choices).unwrap();
            let mut segmenter = earlier.segmenter_of::<LowLatency<Fmp4>>(config).unwrap();
            let frame = [0xaf, 1, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c];
            for nth in 0..1_000 {
                let data = if nth == 0 { &[0xaf, 0, 0x12, 0x10][..] } else { &frame };
                let time = FlvTime::from_millis(nth * 23);
                now = now.offset(23);
                segmenter.set_wall_time(now);
                let tag = Tag { kind: TagKind::AUDIO, time, data };
                segmenter.push(tag, &mut channel).unwrap();
                channel.sweep(now);
                let text = fs::read_to_string(scratch.0.join("playlist.m3u8"));
                let named = text.map(|text| named(&text)).unwrap_or_default();
                assert!(named.is_subset(&scratch.files()), "{round}, {nth}: {named:?}");
            }
            segmenter.finish(End::Pause, &mut channel).unwrap();
            channel.sweep(now);
            now = now.offset(3_600_000);
            channel.sweep(now);
            let mut expected = named(&scratch.text("playlist.m3u8"));
            expected.extend(["playlist.m3u8".to_owned(), STATE.to_owned()]);
            assert_eq!(scratch.files(), expected, "{round}");
        }
        assert!(scratch.text("playlist.m3u8").contains("#EXT-X-MAP:URI=\"init-"));
    }

    /// Fails to close its first segment.
    #[derive(Default)]
    struct FailsOnce(bool);

    impl crate::SegmentSink for FailsOnce {
        type Error = DirError;

        fn open_segment(&mut self, _: &crate::SegmentStart) -> Result<(), DirError> {
            Ok(())
        }

        fn write_packets(&mut self, _: crate::ts::TsPackets<'_>) -> Result<(), DirError> {
            Ok(())
        }

        fn close_segment(&mut self, segment: &crate::Segment) -> Result<(), DirError> {
            if core::mem::replace(&mut self.0, true) {
                return Ok(());
            }
            Err(DirError::Unknown { id: segment.id })
        }

        fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), DirError> {
            Ok(())
        }
    }

    #[test]
    fn mp4_10_the_section_of_a_segment_that_is_lost_goes_with_it() {
        let scratch = Scratch::new("fmp4-lost");
        let mut sink = (Channel::create(&scratch.0, Options::new()).unwrap(), FailsOnce::default());
        let mut segmenter = Segmenter::fmp4(Config::default());
        for nth in 0..1_000 {
            let frame = &[0xaf, 1, 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c][..];
            let data = if nth == 0 { &[0xaf, 0, 0x12, 0x10] } else { frame };
            let time = FlvTime::from_millis(nth * 23);
            let _ = segmenter.push(Tag { kind: TagKind::AUDIO, time, data }, &mut sink);
        }
        segmenter.finish(End::List, &mut sink).unwrap();
        let sections: Vec<_> =
            scratch.files().into_iter().filter(|name| name.starts_with("init")).collect();
        assert_eq!(sections, ["init-000001.mp4"]);
    }
}
