//! The three inputs: files of `make_inputs.sh` where they are, else frames of the same shape made
//! by rule.

use std::path::Path;

/// An FLV file in memory.
pub struct Input {
    pub name: &'static str,
    pub made_by: &'static str,
    pub file: Vec<u8>,
}

/// Frame sizes and rates of an input.
struct Shape {
    name: &'static str,
    /// Frames per second, bytes of a key frame, of the picture that leads a group of four, and of
    /// the other three.
    video: Option<(u32, [usize; 3])>,
    /// Bytes of an AAC frame at 44.1 kHz.
    audio: usize,
}

/// 6 Mbit/s at 30 fps, 600 kbit/s at 25 fps, and no video; a key frame every two seconds, three
/// B-frames.
const SHAPES: [Shape; 3] = [
    Shape { name: "a", video: Some((30, [150_000, 42_000, 16_000])), audio: 371 },
    Shape { name: "b", video: Some((25, [22_000, 5_600, 1_600])), audio: 186 },
    Shape { name: "c", video: None, audio: 371 },
];

/// Loads the inputs from `folder`, and makes those that are not there, `secs` long.
pub fn inputs(folder: &Path, secs: u32) -> Vec<Input> {
    SHAPES
        .iter()
        .map(|shape| match std::fs::read(folder.join(shape.name).with_extension("flv")) {
            Ok(file) => Input { name: shape.name, made_by: "ffmpeg", file },
            Err(_) => synthetic(shape, secs),
        })
        .collect()
}

/// Makes the inputs by rule.
pub fn by_rule(secs: u32) -> Vec<Input> {
    SHAPES.iter().map(|shape| synthetic(shape, secs)).collect()
}

fn synthetic(shape: &Shape, secs: u32) -> Input {
    let mut file = Flv::new();
    if shape.video.is_some() {
        let record: &[u8] = b"\x17\0\0\0\0\x01\x64\x00\x0b\xff\xe1\x00\x19\
            \x67\x64\x00\x0b\xac\xd9\x43\x0f\xfb\xc0\x44\x00\x00\x03\x00\x04\x00\x00\x03\x00\xc8\x3c\x50\xa6\x58\
            \x01\x00\x04\x68\xcb\x8c\xb2";
        file.tag(9, 0, record);
    }
    file.tag(8, 0, &[0xaf, 0, 0x12, 0x10]);
    let mut audio = 0;
    let mut audio_until = |file: &mut Flv, millis: u32| {
        while audio * 102_400 / 4410 <= millis {
            let len = shape.audio - 16 + (audio as usize * 7) % 32;
            file.tag(8, audio * 102_400 / 4410, &body(&[0xaf, 1], &[], len, audio));
            audio += 1;
        }
    };
    if let Some((rate, sizes)) = shape.video {
        for n in 0..secs * rate {
            let millis = n * 1000 / rate;
            audio_until(&mut file, millis);
            let (key, leads) = (n % (2 * rate) == 0, n % 4 == 0);
            let len = sizes[if key { 0 } else { 2 - usize::from(leads) }];
            let len = len * 3 / 4 + (n as usize * 7919) % (len / 2);
            // I0 P4 B2 B1 B3: two pictures of delay.
            let composition = [2, 3, 0, 0][n as usize % 4] * 1000 / rate;
            let head =
                [if key { 0x17 } else { 0x27 }, 1, 0, (composition >> 8) as u8, composition as u8];
            let slice = [if key { 0x65 } else { 0x41 }, 0x9a, 0x24];
            let length = (len as u32 + 3).to_be_bytes();
            file.tag(9, millis, &body(&head, &[&length[..], &slice].concat(), len, n));
        }
    } else {
        audio_until(&mut file, secs * 1000);
    }
    Input { name: shape.name, made_by: "rule", file: file.0 }
}

/// A body of `len` bytes that follow no pattern, behind its headers.
fn body(head: &[u8], slice: &[u8], len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let random = core::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8 | 4
    });
    head.iter().chain(slice).copied().chain(random.take(len)).collect()
}

/// An FLV file that grows.
struct Flv(Vec<u8>);

impl Flv {
    fn new() -> Self {
        Self(b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec())
    }

    fn tag(&mut self, kind: u8, millis: u32, data: &[u8]) {
        let [_, l0, l1, l2] = (data.len() as u32).to_be_bytes();
        let [t3, t0, t1, t2] = millis.to_be_bytes();
        self.0.extend([kind, l0, l1, l2, t0, t1, t2, t3, 0, 0, 0]);
        self.0.extend(data);
        self.0.extend((data.len() as u32 + 11).to_be_bytes());
    }
}
