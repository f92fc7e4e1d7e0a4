//! Script data: the few values of `onMetaData` that are worth knowing (FLV 10.1 E.4.4, AMF0).
//!
//! ```text
//! "@setDataFrame"?  "onMetaData"  ( 8 count 32 | 3 )  ( key_len 16 │ key │ value )*  00 00 09
//! ```
//!
//! Encoders write it late, twice, wrongly or not at all, so nothing is ever refused: what can be
//! read is read, the rest is passed over. No picture is muxed by what stands here.

use super::{AudioCodec, VideoCodec};
use nom::{
    IResult, Parser,
    bytes::complete::take,
    multi::length_data,
    number::complete::{be_f64, be_u8, be_u16, be_u32},
};

/// What `onMetaData` claims about the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Metadata {
    /// `width` of the picture, in pixels; never 0.
    pub width: Option<u32>,
    /// `height` of the picture, in pixels; never 0.
    pub height: Option<u32>,
    /// `framerate`, in pictures per second; positive and finite.
    pub frame_rate: Option<f64>,
    /// `videocodecid`, a legacy number, a FourCC number or a FourCC string.
    pub video: Option<VideoCodec>,
    /// `audiocodecid`, a legacy number, a FourCC number or a FourCC string.
    pub audio: Option<AudioCodec>,
    /// `audiosamplerate`, in Hz; never 0.
    pub audio_sample_rate: Option<u32>,
}

impl Metadata {
    /// Reads script data in AMF0, from an FLV tag, an RTMP message or an AMF3 message that wraps
    /// AMF0 after a 0 byte.
    ///
    /// Returns `None` when it is no `onMetaData`. Where the data is cut or strange, what came
    /// before it counts; the last of several values counts; values of a wrong type or range are
    /// not there.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let data = data.strip_prefix(&[0]).unwrap_or(data);
        let (mut rest, mut name) = message_name(data).ok()?;
        if name == b"@setDataFrame" {
            (rest, name) = message_name(rest).ok()?;
        }
        if name != b"onMetaData" {
            return None;
        }
        let mut metadata = Self::default();
        let mut properties = properties(rest);
        // The count of an ECMA array is approximate; each round consumes three bytes or more, so
        // this ends.
        while let Some((rest, (key, value))) = properties.and_then(|input| property(input).ok()) {
            metadata.set(key, value);
            properties = Some(rest);
        }
        Some(metadata)
    }

    fn set(&mut self, key: &[u8], value: Value<'_>) {
        match key {
            b"width" => self.width = value.positive(),
            b"height" => self.height = value.positive(),
            b"framerate" => {
                self.frame_rate = value.number().filter(|rate| rate.is_finite() && *rate > 0.0)
            }
            b"videocodecid" => {
                self.video = value.codec(VideoCodec::from_legacy, VideoCodec::from_fourcc)
            }
            b"audiocodecid" => {
                self.audio = value.codec(AudioCodec::from_legacy, AudioCodec::from_fourcc)
            }
            b"audiosamplerate" => self.audio_sample_rate = value.positive(),
            _ => {}
        }
    }
}

/// An AMF0 value, as far as it matters.
#[derive(Clone, Copy, Debug)]
enum Value<'a> {
    Number(f64),
    Text(&'a [u8]),
    Other,
}

impl Value<'_> {
    const fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns a number between 1 and 2^32 − 1 without its fraction.
    fn positive(self) -> Option<u32> {
        // A float cast saturates: NaN and what is below 0 become 0, and what is too large u32::MAX.
        self.number().map(|number| number as u32).filter(|number| !matches!(*number, 0 | u32::MAX))
    }

    fn codec<T>(self, from_legacy: fn(u8) -> T, from_fourcc: fn([u8; 4]) -> T) -> Option<T> {
        match self {
            Self::Number(number) if number >= 0.0 => Some(match number as u32 {
                id @ 0..=0xff => from_legacy(id as u8),
                code => from_fourcc(code.to_be_bytes()),
            }),
            Self::Text(text) => text.try_into().ok().map(from_fourcc),
            _ => None,
        }
    }
}

/// Reads a string value that names a message.
fn message_name(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let (input, value) = value(input, MAX_DEPTH)?;
    match value {
        Value::Text(name) => Ok((input, name)),
        _ => fail(input),
    }
}

/// Enters an ECMA array or an object and returns what follows: its properties.
fn properties(input: &[u8]) -> Option<&[u8]> {
    match input.split_first()? {
        (&ECMA_ARRAY, rest) => rest.get(4..),
        (&OBJECT, rest) => Some(rest),
        _ => None,
    }
}

/// Reads one property, key and value; fails at the end mark, at the end and where the rest is
/// strange.
fn property(input: &[u8]) -> IResult<&[u8], (&[u8], Value<'_>)> {
    let (input, key) = length_data(be_u16).parse(input)?;
    let (input, value) = value(input, MAX_DEPTH)?;
    Ok((input, (key, value)))
}

/// Reads one value of any AMF0 type; `depth` bounds how many may still lie in one another.
fn value(input: &[u8], depth: u8) -> IResult<&[u8], Value<'_>> {
    let (input, marker) = be_u8(input)?;
    let is_nested = matches!(marker, OBJECT | ECMA_ARRAY | TYPED_OBJECT | STRICT_ARRAY);
    let Some(depth) = depth.checked_sub(u8::from(is_nested)) else {
        return fail(input);
    };
    match marker {
        NUMBER => be_f64.map(Value::Number).parse(input),
        STRING => length_data(be_u16).map(Value::Text).parse(input),
        LONG_STRING | XML => length_data(be_u32).map(Value::Text).parse(input),
        BOOLEAN => skip(input, 1),
        REFERENCE => skip(input, 2),
        DATE => skip(input, 10), // milliseconds f64, time zone i16
        NULL | UNDEFINED | UNSUPPORTED => Ok((input, Value::Other)),
        OBJECT => skip_properties(input, depth),
        ECMA_ARRAY => be_u32(input).and_then(|(input, _)| skip_properties(input, depth)),
        TYPED_OBJECT => length_data(be_u16)
            .parse(input)
            .and_then(|(input, _): (_, &[u8])| skip_properties(input, depth)),
        STRICT_ARRAY => skip_elements(input, depth),
        _ => fail(input),
    }
}

fn skip(input: &[u8], len: u8) -> IResult<&[u8], Value<'_>> {
    take(len).map(|_: &[u8]| Value::Other).parse(input)
}

/// Passes over properties up to and including the end mark.
fn skip_properties(mut input: &[u8], depth: u8) -> IResult<&[u8], Value<'_>> {
    loop {
        if let Some(rest) = input.strip_prefix(END) {
            return Ok((rest, Value::Other));
        }
        let (rest, _): (_, &[u8]) = length_data(be_u16).parse(input)?;
        (input, _) = value(rest, depth)?;
    }
}

/// Passes over the elements of a strict array. A wild count ends with the input: each element has a
/// byte or more.
fn skip_elements(input: &[u8], depth: u8) -> IResult<&[u8], Value<'_>> {
    let (mut input, count) = be_u32(input)?;
    for _ in 0..count {
        (input, _) = value(input, depth)?;
    }
    Ok((input, Value::Other))
}

fn fail<T>(input: &[u8]) -> IResult<&[u8], T> {
    Err(nom::Err::Error(nom::error::make_error(input, nom::error::ErrorKind::Fail)))
}

/// Values that may lie in one another; real metadata nests two deep (key frame tables).
const MAX_DEPTH: u8 = 8;
const END: &[u8] = &[0, 0, 9];

const NUMBER: u8 = 0;
const BOOLEAN: u8 = 1;
const STRING: u8 = 2;
const OBJECT: u8 = 3;
const NULL: u8 = 5;
const UNDEFINED: u8 = 6;
const REFERENCE: u8 = 7;
const ECMA_ARRAY: u8 = 8;
const STRICT_ARRAY: u8 = 10;
const DATE: u8 = 11;
const LONG_STRING: u8 = 12;
const UNSUPPORTED: u8 = 13;
const XML: u8 = 15;
const TYPED_OBJECT: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn string(text: &str) -> Vec<u8> {
        [&[STRING][..], &key(text)].concat()
    }

    fn key(text: &str) -> Vec<u8> {
        [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
    }

    fn number(name: &str, number: f64) -> Vec<u8> {
        [key(name), Vec::from([NUMBER]), number.to_be_bytes().to_vec()].concat()
    }

    fn ffmpeg() -> Vec<u8> {
        [
            string("onMetaData"),
            Vec::from([ECMA_ARRAY, 0, 0, 0, 13]), // count too large on purpose
            number("duration", 0.0),
            number("width", 1280.0),
            number("height", 720.0),
            number("videodatarate", 0.0),
            number("framerate", 29.97),
            number("videocodecid", 7.0),
            number("audiosamplerate", 44_100.0),
            [key("stereo"), Vec::from([BOOLEAN, 0])].concat(),
            number("audiocodecid", 10.0),
            [key("encoder"), string("Lavf59.27.100")].concat(),
            END.to_vec(),
        ]
        .concat()
    }

    fn want() -> Metadata {
        Metadata {
            width: Some(1280),
            height: Some(720),
            frame_rate: Some(29.97),
            video: Some(VideoCodec::AVC),
            audio: Some(AudioCodec::AAC),
            audio_sample_rate: Some(44_100),
        }
    }

    #[test]
    fn f_13_an_ecma_array_is_read_whatever_its_count_says() {
        assert_eq!(Metadata::parse(&ffmpeg()), Some(want()));
    }

    #[test]
    fn f_13_set_data_frame_and_the_amf3_byte_may_precede() {
        let prefixed = [string("@setDataFrame"), ffmpeg()].concat();
        assert_eq!(Metadata::parse(&prefixed), Some(want()));
        assert_eq!(Metadata::parse(&[&[0][..], &prefixed].concat()), Some(want()));
    }

    #[test]
    fn f_13_an_object_and_every_amf0_type_are_passed_over() {
        let data = [
            string("onMetaData"),
            Vec::from([OBJECT]),
            [key("date"), Vec::from([DATE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])].concat(),
            [key("array"), Vec::from([STRICT_ARRAY, 0, 0, 0, 2, NULL, BOOLEAN, 1])].concat(),
            [key("times"), Vec::from([OBJECT]), number("a", 1.0), END.to_vec()].concat(),
            [key("long"), Vec::from([LONG_STRING, 0, 0, 0, 1, b'x'])].concat(),
            [key("class"), Vec::from([TYPED_OBJECT]), key("C"), END.to_vec()].concat(),
            [key("map"), Vec::from([ECMA_ARRAY, 0, 0, 0, 0]), END.to_vec()].concat(),
            [key("rest"), Vec::from([UNDEFINED])].concat(),
            [key("ref"), Vec::from([REFERENCE, 0, 1])].concat(),
            number("width", 320.0),
        ]
        .concat(); // and no end mark
        assert_eq!(
            Metadata::parse(&data),
            Some(Metadata { width: Some(320), ..Metadata::default() })
        );
    }

    #[test]
    fn f_13_codec_ids_may_be_fourcc_numbers_or_strings() {
        let head = [string("onMetaData"), Vec::from([OBJECT])].concat();
        let numbers = [head.clone(), number("videocodecid", 1_635_135_537.0)].concat();
        assert_eq!(Metadata::parse(&numbers).unwrap().video, Some(VideoCodec::AV1));
        let strings =
            [head, key("videocodecid"), string("avc1"), key("audiocodecid"), string("mp4a")]
                .concat();
        let metadata = Metadata::parse(&strings).unwrap();
        assert_eq!(
            (metadata.video, metadata.audio),
            (Some(VideoCodec::AVC), Some(AudioCodec::AAC))
        );
    }

    #[test]
    fn f_46_a_codec_of_a_number_below_0_or_of_no_number_is_none() {
        for (odd, want) in [(0.0, Some(VideoCodec::from_legacy(0))), (-1.0, None), (f64::NAN, None)]
        {
            let data = [string("onMetaData"), Vec::from([OBJECT]), number("videocodecid", odd)];
            let metadata = Metadata::parse(&data.concat()).unwrap();
            assert_eq!(metadata.video, want, "{odd}");
        }
    }

    #[test]
    fn f_46_values_that_mean_nothing_are_not_there() {
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            let data = [
                string("onMetaData"),
                Vec::from([OBJECT]),
                number("width", odd),
                number("framerate", odd.min(0.0)),
            ];
            assert_eq!(Metadata::parse(&data.concat()), Some(Metadata::default()), "{odd}");
        }
    }

    #[test]
    fn another_message_is_no_metadata() {
        for data in [
            string("onTextData"),
            string("@setDataFrame"),
            Vec::new(),
            Vec::from([0]),
            Vec::from([0xff; 9]),
        ] {
            assert_eq!(Metadata::parse(&data), None);
        }
    }

    #[test]
    fn f_13_metadata_cut_anywhere_gives_what_came_before() {
        let data = ffmpeg();
        for len in 0..data.len() {
            if let Some(metadata) = Metadata::parse(&data[..len]) {
                assert!(metadata.width.is_none_or(|width| width == 1280), "{len}");
            }
        }
    }

    #[test]
    fn odd_amf_of_64_kib_neither_loops_nor_overflows_the_stack() {
        let head = [string("onMetaData"), Vec::from([OBJECT])].concat();
        for unit in [
            &[0, 0, OBJECT][..],
            &[0, 0, STRICT_ARRAY, 0xff, 0xff, 0xff, 0xff],
            &[0, 0, NULL],
            &[STRICT_ARRAY],
            &[0],
        ] {
            let data = [head.clone(), unit.repeat(65_536 / unit.len())].concat();
            assert_eq!(Metadata::parse(&data), Some(Metadata::default()), "{unit:?}");
        }
    }
}
