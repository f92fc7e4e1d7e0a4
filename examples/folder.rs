//! A live channel in a folder, from an FLV stream on standard input: `ffmpeg … -f flv - | cargo run
//! --example folder`. Killed and started again, it goes on where it was.

use std::io::{Read, stdin};
use std::time::SystemTime;

use hls_segmenter::dir::{Channel, Options};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::time::WallTime;
use hls_segmenter::{Config, End};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (mut channel, earlier) = Channel::open("hls", Options::new())?;
    let mut segmenter = earlier.segmenter(Config::default())?;
    let (mut reader, mut input, mut piece) = (Reader::new(), Vec::new(), [0; 65_536]);
    loop {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
        let now = WallTime::from_unix_millis(now.try_into()?);
        channel.sweep(now); // deletes what no player may ask for any more
        segmenter.set_wall_time(now);
        while let step @ (Step::Tag { consumed, .. } | Step::Header { consumed, .. }) =
            reader.step(&input)?
        {
            if let Step::Tag { tag, .. } = step
                && let Err(error) = segmenter.push(tag, &mut channel)
            {
                eprintln!("{error}"); // this tag or the open segment is lost; the stream goes on
            }
            input.drain(..consumed);
        }
        match stdin().read(&mut piece)? {
            0 => break,
            len => input.extend_from_slice(piece.get(..len).unwrap_or_default()),
        }
    }
    Ok(segmenter.finish(End::Pause, &mut channel)?)
}
