//! A sink that keeps every version of the playlist.

use core::fmt::Write;
use std::fs;
use std::path::PathBuf;

use hls_segmenter::dir::DirError;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Segment, SegmentSink, SegmentStart};

use crate::command::ContainerKind;
use crate::report::{init_name, part_name, segment_name};

/// Writes versions of the playlist into a folder: `000001.m3u8`, `000002.m3u8`, … Without a folder
/// it writes nothing.
pub(crate) struct Log {
    folder: Option<PathBuf>,
    container: ContainerKind,
    versions: u64,
}

impl Log {
    /// Makes the folder where it is not there.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(crate) fn create(
        folder: Option<PathBuf>,
        container: ContainerKind,
    ) -> Result<Self, DirError> {
        if let Some(path) = &folder {
            fs::create_dir_all(path)
                .map_err(|source| DirError::File { path: path.clone(), source })?;
        }
        Ok(Self { folder, container, versions: 0 })
    }
}

impl SegmentSink for Log {
    type Error = DirError;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), DirError> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), DirError> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), DirError> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), DirError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        self.versions += 1;
        let path = folder.join(format!("{:06}.m3u8", self.versions));
        let m3u8 = playlist
            .m3u8(|segment, uri| uri.write_str(&segment_name(segment.id, segment.init)))
            .init_uri(|id, uri| uri.write_str(&init_name(id)));
        let text = if playlist.live_edge().is_some() {
            let part = |part, uri: &mut dyn Write| uri.write_str(&part_name(part, self.container));
            m3u8.low_latency(part).to_string()
        } else {
            m3u8.to_string()
        };
        fs::write(&path, text).map_err(|source| DirError::File { path, source })
    }
}
