//! Says what an input of `engine`, `sink_faults` or `resume` does, call by call: `cargo run
//! --example explain -- engine FILE`.

use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, End, ExpiredSegment, Segment, SegmentSink, SegmentStart, Segmenter, Track,
};
use hls_segmenter_fuzz::engine::make;
use hls_segmenter_fuzz::script::{Call, Script};
use hls_segmenter_fuzz::sink_faults::{Fault, Faulty};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(target), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: explain TARGET FILE".into());
    };
    let data = std::fs::read(file)?;
    let prefix = match target.as_str() {
        "sink_faults" => 8,
        "resume" => 4,
        _ => 0,
    };
    let (prefix, data) = data.split_at(data.len().min(prefix));
    let script = Script::read(data);
    println!("before the script {prefix:?}\n{:#?}", script.config.options());
    let mut segmenter = Segmenter::new(script.config);
    let faults: &[u8] = if target == "sink_faults" { prefix } else { &[] };
    let mut told = Told { calls: 0, faulty: Faulty::new(faults) };
    for (nth, call) in script.calls.iter().chain([&Call::Finish(End::List)]).enumerate() {
        match call {
            Call::Push(tag) => {
                let front = &tag.data[..tag.data.len().min(24)];
                println!(
                    "{nth}: {:?} at {} ms, {} bytes {front:02x?}",
                    tag.kind,
                    tag.millis,
                    tag.data.len()
                );
            }
            other => println!("{nth}: {other:?}"),
        }
        let result = make(call, &mut segmenter, &mut told);
        if let Err(error) = result {
            println!("    error {error:?}");
        }
    }
    println!("{:#?}", segmenter.stats());
    Ok(())
}

/// Prints every call, counts those that are segments' and playlists', and fails as the input says.
struct Told {
    calls: usize,
    faulty: Faulty,
}

impl Told {
    fn say(&mut self, what: &str) {
        println!("    call {} {what}", self.calls);
        self.calls += 1;
    }
}

impl SegmentSink for Told {
    type Error = Fault;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Fault> {
        self.say(&format!("open {start:?}"));
        self.faulty.call()
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Fault> {
        let mut bytes = vec![0; packets.len()];
        let _ = packets.copy_to_slice(&mut bytes);
        let (pid, times) = (u16::from_be_bytes([bytes[1], bytes[2]]) & 0x1fff, times(&bytes));
        self.say(&format!("write {} packets of PID {pid}{times}", bytes.len() / 188));
        self.faulty.call()
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Fault> {
        self.say(&format!("close {segment:?}"));
        self.faulty.call()
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Fault> {
        self.say(&format!("playlist of {}", playlist.segments().len()));
        self.faulty.call()
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.say(&format!("expire {expired:?}"));
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.say(&format!("abort {aborted:?}"));
    }

    fn track(&mut self, track: &Track) {
        println!("    {track:?}");
    }

    fn notice(&mut self, notice: &Notice) {
        println!("    {notice:?}");
    }
}

/// Returns DTS, or PTS where that is the same, of the PES packet that a run begins with, in ticks.
fn times(bytes: &[u8]) -> String {
    let field = usize::from(bytes[3] & 0x20 != 0) * (1 + usize::from(bytes[4]));
    let pes = &bytes[4 + field..];
    let [0, 0, 1, id, _, _, _, flags, len, ..] = *pes else {
        return String::new();
    };
    let end = 9 + usize::from(len);
    let stamp = pes[end - 5..end].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let time = (stamp >> 3 & 0x1_c000_0000) | (stamp >> 2 & 0x3fff_8000) | (stamp >> 1 & 0x7fff);
    format!(", stream {id:02x} at {time}, flags {flags:02x}")
}
