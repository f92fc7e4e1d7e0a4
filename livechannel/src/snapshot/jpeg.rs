//! One key frame to one JPEG.

use jpeg_encoder::{ColorType, Encoder};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;

/// A key frame that gives no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The decoder does not take it.
    #[error("decoder: {0}")]
    Decode(#[from] openh264::Error),
    /// The decoder takes it and gives nothing.
    #[error("the key frame gives no picture")]
    Nothing,
    /// The picture cannot be a JPEG.
    #[error("JPEG: {0}")]
    Encode(#[from] jpeg_encoder::EncodingError),
    /// The picture is larger than any that is expected.
    #[error("a picture of {0} × {1} is too large")]
    Large(usize, usize),
    /// The program that decodes failed.
    #[error("the decoder's process: {0}")]
    Process(String),
}

/// Decodes one H.264 key frame with its parameter sets, an Annex B byte stream, to a JPEG file.
///
/// # Errors
///
/// Why there is no picture.
pub fn decode_to_jpeg(frame: &[u8]) -> Result<Vec<u8>, PictureError> {
    let mut decoder = Decoder::new()?;
    let picture = decoder.decode(frame)?.ok_or(PictureError::Nothing)?;
    let (width, height) = picture.dimensions();
    let (Ok(wide), Ok(high)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(PictureError::Large(width, height));
    };
    let mut rgb = vec![0; width * height * 3];
    picture.write_rgb8(&mut rgb);
    let mut jpeg = Vec::with_capacity(width * height / 4);
    Encoder::new(&mut jpeg, QUALITY).encode(&rgb, wide, high, ColorType::Rgb)?;
    Ok(jpeg)
}

const QUALITY: u8 = 80;
