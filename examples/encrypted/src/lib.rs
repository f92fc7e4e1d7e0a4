//! Segments that are encrypted by AES-128 while they are written, and their keys (RFC 8216 §4.3.2.4,
//! §5.2).
//!
//! ```text
//!   FLV ──► Segmenter ──► Aes128 ──► segments      /{id}.ts
//!                           │  ▲
//!             EXT-X-KEY ◄───┘  └──── keys          /keys/{n}, for whoever may watch
//! ```
//!
//! The engine knows nothing of it: the bytes are the host's, and a hook of the playlist's text
//! writes EXT-X-KEY. Who may have a key is not asked here, and that is what such a host is for.

use core::error::Error;
use std::collections::{BTreeMap, btree_map::Entry};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aes::Aes128 as Cipher;
use aes::cipher::{Block, BlockEncryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::{Router, response::IntoResponse, routing::get};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, End, ExpiredSegment, Options, Segment, SegmentSink, SegmentStart, Segmenter,
};

/// What players see.
#[derive(Debug, Default)]
pub struct Served {
    playlist: String,
    segments: BTreeMap<u64, Vec<u8>>,
    /// Key `n` is for the media sequence numbers from `n` times [`SEGMENTS`] on.
    keys: BTreeMap<u64, Key>,
}

type Key = [u8; 16];

/// The sink: encrypts the open segment, block by block, as its packets come.
struct Aes128<'a> {
    served: &'a Mutex<Served>,
    cipher: Option<cbc::Encryptor<Cipher>>,
    /// The open segment: blocks that are encrypted, and the beginning of one that is not.
    data: Vec<u8>,
    encrypted: usize,
}

impl SegmentSink for Aes128<'_> {
    type Error = getrandom::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), getrandom::Error> {
        let key = match lock(self.served).keys.entry(start.sequence / SEGMENTS) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => *vacant.insert(new_key()?),
        };
        // Where the attribute IV is left out, it is the media sequence number (§5.2).
        let iv = u128::from(start.sequence).to_be_bytes();
        self.cipher = Some(cbc::Encryptor::new(&key.into(), &iv.into()));
        self.data.clear();
        self.encrypted = 0;
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), getrandom::Error> {
        packets.append_to_vec(&mut self.data);
        let whole = self.data.get_mut(self.encrypted..).unwrap_or_default();
        for block in whole.chunks_exact_mut(16) {
            if let Some(cipher) = &mut self.cipher {
                cipher.encrypt_block_mut(Block::<Cipher>::from_mut_slice(block));
            }
            self.encrypted += 16;
        }
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), getrandom::Error> {
        let rest = self.data.split_off(self.encrypted);
        let last = self.cipher.take().map(|cipher| cipher.encrypt_padded_vec_mut::<Pkcs7>(&rest));
        self.data.extend(last.into_iter().flatten());
        lock(self.served).segments.insert(segment.id, core::mem::take(&mut self.data));
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), getrandom::Error> {
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
        // The key that applies is stated before the first segment, and where it changes.
        let text = text.tags(|segment, first, tags| match segment.sequence {
            number if first || number % SEGMENTS == 0 => {
                writeln!(tags, "#EXT-X-KEY:METHOD=AES-128,URI=\"keys/{}\"", number / SEGMENTS)
            }
            _ => Ok(()),
        });
        lock(self.served).playlist = text.to_string();
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        // A live host waits `expired.keep_for` first, and keeps the key as long as its segments.
        lock(self.served).segments.remove(&expired.id);
    }
}

/// Segments an FLV file to its end; what it is made of is served meanwhile.
///
/// # Errors
///
/// Bytes that are no FLV file, and a system without random numbers.
pub fn encrypt(
    mut flv: &[u8],
    options: Options,
    served: &Mutex<Served>,
) -> Result<(), Box<dyn Error>> {
    let mut segmenter = Segmenter::new(Config::new(options)?);
    let mut to = Aes128 { served, cipher: None, data: Vec::new(), encrypted: 0 };
    let mut reader = Reader::new();
    while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
        reader.step(flv)?
    {
        if let Step::Tag { tag, .. } = step
            && let Err(error) = segmenter.push(tag, &mut to)
        {
            eprintln!("{error}"); // this tag or the open segment is lost; the stream goes on
        }
        flv = flv.get(consumed..).unwrap_or_default();
    }
    Ok(segmenter.finish(End::List, &mut to)?)
}

/// Serves playlist, segments and keys.
pub fn service(served: Arc<Mutex<Served>>) -> Router {
    let router = Router::new().route("/{file}", get(play)).route("/keys/{key}", get(key));
    router.with_state(served)
}

async fn play(
    State(served): State<Arc<Mutex<Served>>>,
    Path(file): Path<String>,
) -> Result<impl IntoResponse, StatusCode> {
    let served = lock(&served);
    if file == "playlist.m3u8" && !served.playlist.is_empty() {
        let kind = [(header::CONTENT_TYPE, "application/vnd.apple.mpegurl")];
        return Ok((kind, served.playlist.clone().into_bytes()));
    }
    let id = file.strip_suffix(".ts").and_then(|id| id.parse::<u64>().ok());
    let segment = id.and_then(|id| served.segments.get(&id)).ok_or(StatusCode::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, "video/mp2t")], segment.clone()))
}

async fn key(
    State(served): State<Arc<Mutex<Served>>>,
    Path(key): Path<u64>,
) -> Result<impl IntoResponse, StatusCode> {
    let key = lock(&served).keys.get(&key).copied().ok_or(StatusCode::NOT_FOUND)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], key.to_vec()))
}

fn new_key() -> Result<Key, getrandom::Error> {
    let mut key = Key::default();
    getrandom::fill(&mut key)?;
    Ok(key)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Segments that share a key.
pub const SEGMENTS: u64 = 3;
