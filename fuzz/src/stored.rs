//! Stored forms: tokens, listed segments and a folder's state of any bytes, whole and damaged. What
//! is taken is stored again as it was, and an engine goes on from it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::dir::{Channel, DirError, Options};
use hls_segmenter::flv::TagKind;
use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{Millis, WallTime};
use hls_segmenter::{
    Config, Container, End, Error, Fmp4, ResumeError, ResumeToken, SegmentSink, Segmenter, Ts,
};

use crate::engine::auditor;
use crate::ledger::Null;
use crate::script::{OwnedTag, video_header};

/// Hands `data` behind its first byte to the reader that the first byte names.
pub fn check(data: &[u8]) {
    let Some((&which, data)) = data.split_first() else {
        return;
    };
    match which % 4 {
        0 => segment(data),
        1 => token(data),
        2 => folder(data.to_vec()),
        _ => {
            let _ = written_folder(&mut Unstructured::new(data));
        }
    }
}

/// CRC-32/MPEG-2, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
    bytes
        .iter()
        .fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| step(crc)))
}

/// Takes as many bytes as there are, and makes the check sum right.
fn sealed<const LEN: usize>(format: u8, data: &[u8]) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for (to, from) in bytes.iter_mut().zip([format].iter().chain(data)) {
        *to = *from;
    }
    let crc = crc(&bytes[..LEN - 4]);
    bytes[LEN - 4..].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// Takes as many bytes as there are.
fn unsealed<const LEN: usize>(data: &[u8]) -> [u8; LEN] {
    std::array::from_fn(|at| data.get(at).copied().unwrap_or_default())
}

fn segment(data: &[u8]) {
    let bytes = unsealed(data);
    let read = ListedSegment::from_bytes(&bytes);
    match read {
        Ok(segment) => assert_eq!(segment.to_bytes(), bytes),
        Err(ResumeError::Format) => assert!(!is_segment(&bytes)),
        Err(error) => assert_eq!(error, ResumeError::Damaged),
    }
    let bytes = sealed(0x82, data);
    let read = ListedSegment::from_bytes(&bytes);
    assert_eq!(read.is_ok(), is_segment(&bytes));
    if let Ok(segment) = read {
        assert_eq!(segment.to_bytes(), bytes);
        assert_eq!(segment.id.to_be_bytes(), bytes[2..10]);
        assert_eq!(segment.sequence.to_be_bytes(), bytes[10..18]);
        assert_eq!((segment.discontinuity, segment.gap), (bytes[1] & 1 == 1, bytes[1] & 2 == 2));
    }
}

/// Returns whether bytes are a segment, apart from their check sum: flags below 8, and no
/// initialization section where the third flag says that there is none.
fn is_segment(bytes: &[u8; ListedSegment::LEN]) -> bool {
    let has_none = bytes[38..46].iter().all(|&byte| byte == 0);
    bytes[0] == 0x82 && bytes[1] < 8 && (bytes[1] & 4 == 4 || has_none)
}

fn token(data: &[u8]) {
    let bytes = unsealed(data);
    if let Ok(token) = ResumeToken::from_bytes(&bytes) {
        assert_eq!(token.to_bytes(), bytes);
    }
    let bytes: [u8; ResumeToken::LEN] = sealed(2, data);
    let read = ResumeToken::from_bytes(&bytes);
    // 1 for a list that has ended, 0 for others; 255 for fMP4, whose fragments begin at 1.
    let is_sound = bytes[46] <= 1
        && bytes[1] <= 111
        && bytes[30].cast_signed().unsigned_abs() < 90
        && match bytes[35] {
            255 => bytes[31..35] != [0; 4],
            version => version < 32 && bytes[31..35].iter().all(|&counter| counter < 16),
        };
    assert_eq!(read.is_ok(), is_sound, "{read:?}");
    let Ok(token) = read else {
        return;
    };
    assert_eq!(token.to_bytes(), bytes);
    if bytes[35] == 255 {
        goes_on::<Fmp4>(&bytes, &token);
    } else {
        goes_on::<Ts>(&bytes, &token);
    }
}

/// Goes on from a token that is sound, in its container.
fn goes_on<C: Container>(bytes: &[u8; ResumeToken::LEN], token: &ResumeToken) {
    let first = u64::from_be_bytes(bytes[2..10].try_into().unwrap());
    let next_id = u64::from_be_bytes(bytes[18..26].try_into().unwrap());
    let count = u64::from(bytes[1]);
    let listed: Vec<_> = (0..count)
        .map(|nth| {
            let id = next_id.wrapping_sub(count - nth);
            ListedSegment::new(id, first.wrapping_add(nth), Millis::new(5000))
        })
        .collect();
    let config = Config::default();
    let resumed = Segmenter::<C>::resume_with_container(config, token, listed.iter().copied());
    if bytes[46] == 1 {
        assert_eq!(resumed.err(), Some(ResumeError::Ended));
        return;
    }
    let Ok(mut segmenter) = resumed else {
        return;
    };
    // Nothing has happened since, but that FragDuration may ask for a longer target.
    let mut now = segmenter.resume_token().to_bytes();
    assert!(now[26..30] >= bytes[26..30]);
    now[26..30].copy_from_slice(&bytes[26..30]);
    assert_eq!(sealed::<{ ResumeToken::LEN }>(2, &now[1..]), *bytes);
    // The Auditor knows what an engine stores, and not what numbers near their ends lead to.
    let is_plain = [first, next_id].iter().all(|&number| number < 1 << 62) && next_id >= count;
    if is_plain && !listed.is_empty() {
        let mut sink = auditor(config, Null);
        sink.resume(token, &listed);
        let _ = drive(&mut segmenter, &mut sink, 2);
        sink.assert_clean();
    } else {
        let _ = drive(&mut segmenter, &mut Null, 2);
    }
}

/// Makes so many segments of 6 s.
fn drive<C: Container, S: SegmentSink>(
    segmenter: &mut Segmenter<C>,
    sink: &mut S,
    segments: u32,
) -> std::result::Result<(), Error<S::Error>> {
    let mut push = |millis, data| {
        let tag = OwnedTag { kind: TagKind::VIDEO, millis, data };
        segmenter.push(tag.borrow(), sink)
    };
    push(0, video_header(0))?;
    let mut result = Ok(());
    for nth in 0..=segments * 2 {
        let key = [0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21];
        result = result.and(push(nth * 3000, key.to_vec()));
    }
    result.and(segmenter.finish(End::Pause, sink))
}

/// A folder of its own, which is gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
        let count = COUNT.replace(COUNT.get() + 1);
        let thread = format!("{:?}", std::thread::current().id());
        let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
        let name = format!("hls-stored-{}-{thread}-{}", std::process::id(), count % 4);
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).expect("a folder for temporary files");
        Self(path)
    }

    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const NOW: WallTime = WallTime::from_unix_millis(1_795_421_730_250);

/// Opens a folder with this state: it is refused, or gone on with.
fn folder(state: Vec<u8>) {
    let scratch = Scratch::new();
    fs::write(scratch.0.join(".channel"), &state).expect("a file");
    // A name that a state may have, and files that are not the channel's.
    for name in ["000001.ts", "other.mp4", "notes"] {
        fs::write(scratch.0.join(name), name).expect("a file");
    }
    let (mut channel, earlier) = match Channel::open(&scratch.0, Options::new()) {
        Ok(opened) => opened,
        Err(DirError::State { .. }) => {
            let unchanged = fs::read(scratch.0.join(".channel")).expect("it is still there");
            assert_eq!(unchanged, state, "a state that is refused stays as it is");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let published = fs::read(scratch.0.join("playlist.m3u8")).unwrap_or_default();
    assert!(
        state.windows(published.len().max(1)).any(|text| text == published) || published.is_empty()
    );
    channel.sweep(NOW);
    let files = scratch.files();
    assert!(files.contains("other.mp4") && files.contains("notes"), "{files:?}");
    let Ok(mut segmenter) = earlier.segmenter(Config::default()) else {
        return;
    };
    segmenter.set_wall_time(NOW);
    if drive(&mut segmenter, &mut channel, 2).is_err() {
        return; // a name that is in use, or numbers that come again
    }
    // What was stored is read again, and has the same to delete.
    let due = channel.sweep(NOW);
    let files = scratch.files();
    let (mut again, later) = Channel::open(&scratch.0, Options::new()).expect("what was stored");
    assert_eq!(later.token().map(ResumeToken::to_bytes), Some(segmenter.resume_token().to_bytes()));
    // What is stored says for how long at the most, and is rounded to milliseconds.
    let later_due = again.sweep(NOW);
    assert_eq!(later_due.is_some(), due.is_some(), "pending expiries are stored");
    assert!(later_due >= due.map(|due| due.offset(-1)), "{later_due:?} before {due:?}");
    assert_eq!(scratch.files(), files);
    later.segmenter(Config::default()).expect("what was stored goes on");
}

/// A state's fields, as text.
#[derive(Arbitrary, Debug)]
enum Line {
    Token(Vec<u8>),
    Longest(i64),
    Segment { data: Vec<u8>, name: Word },
    Leaving { id: Option<u64>, keep: i64, until: Option<i64>, name: Word },
    Any(String),
}

/// A file's name.
#[derive(Arbitrary, Debug)]
enum Word {
    Number(u8),
    Any(String),
}

impl Word {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => format!("{number:06}.ts"),
            Self::Any(text) => text.clone(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or("-".to_owned(), |value| value.to_string())
}

/// A state whose check sum is right.
fn written_folder(u: &mut Unstructured<'_>) -> Result<()> {
    let lines: Vec<Line> = u.arbitrary()?;
    let playlist: String = u.arbitrary()?;
    let mut text = "hls-segmenter channel 1\n".to_owned();
    for line in lines {
        text += &match line {
            Line::Token(data) => {
                let token: [u8; ResumeToken::LEN] = sealed(2, &data);
                format!("token {}", hex(&token))
            }
            Line::Longest(millis) => format!("longest {millis}"),
            Line::Segment { data, name } => {
                let segment: [u8; ListedSegment::LEN] = sealed(0x82, &data);
                format!("segment {} {}", hex(&segment), name.text())
            }
            Line::Leaving { id, keep, until, name } => {
                format!("leaving {} {keep} {} {}", or_dash(id), or_dash(until), name.text())
            }
            Line::Any(text) => text,
        };
        text.push('\n');
    }
    text += &format!("playlist {}\n{playlist}", playlist.len());
    let crc = crc(text.as_bytes());
    text += &format!("crc {crc:08x}\n");
    folder(text.into_bytes());
    Ok(())
}

/// Makes the inputs of seeds: what an engine and a folder have stored, whole.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = Scratch::new();
    let (mut channel, earlier) = Channel::open(&scratch.0, Options::new()).expect("it is empty");
    let mut segmenter = earlier.segmenter(Config::default()).expect("a new list");
    segmenter.set_wall_time(NOW);
    drive(&mut segmenter, &mut channel, 6).expect("a well-formed stream");
    let state = fs::read(scratch.0.join(".channel")).expect("a state");
    let (_, earlier) = Channel::open(&scratch.0, Options::new()).expect("what was stored");
    let token = earlier.token().expect("a list").to_bytes();
    let segment = earlier.listed()[0].to_bytes();
    let mut of_fragments = [&[1][..], &token[1..]].concat();
    of_fragments[31..36].copy_from_slice(&[0, 0, 0, 9, 255]);
    // The format is what `sealed` puts in front.
    vec![
        ("segment".into(), [&[0][..], &segment].concat()),
        ("segment_fields".into(), [&[0][..], &segment[1..]].concat()),
        ("token".into(), [&[1][..], &token].concat()),
        ("token_fields".into(), [&[1][..], &token[1..]].concat()),
        ("token_of_fragments".into(), of_fragments),
        ("state".into(), [&[2][..], &state].concat()),
        ("no_state".into(), [&[2][..], b"hls-segmenter channel 2\n"].concat()),
        ("written_state".into(), [&[3][..], &state].concat()),
    ]
}
