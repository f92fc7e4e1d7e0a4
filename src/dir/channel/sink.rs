//! What the engine has to say, as files.

use alloc::vec::Vec;

use super::{Channel, Memory, OpenFile, STATE};
use crate::dir::error::DirError;
use crate::dir::files::temporary;
use crate::dir::options::is_segment_name;
use crate::dir::state::Entry;
use crate::mux::fmp4::{FragmentHead, Init, Payload};
use crate::part::Part;
use crate::playlist::Playlist;
use crate::segment::{AbortedSegment, ExpiredSegment, Segment, SegmentStart};
use crate::sink::SegmentSink;
use crate::ts::TsPackets;

impl SegmentSink for Channel {
    type Error = DirError;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), DirError> {
        let name = (self.options.segment_name)(start);
        if !is_segment_name(&name) {
            return Err(DirError::Name(name));
        }
        // A leftover that nothing lists is overwritten, and must not be deleted any more.
        self.state.leaving.retain(|leaving| leaving.id.is_some() || leaving.name != name);
        if self.state.names().any(|known| *known == name) {
            return Err(DirError::NameInUse(name));
        }
        self.filled = 0;
        self.payload.clear();
        self.parts.clear();
        let file = self.files.create(&name)?;
        self.open = Some(OpenFile { id: start.id, name, file });
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), DirError> {
        if self.buffer.len() - self.filled < packets.len() {
            self.flush()?;
        }
        if self.buffer.len() < packets.len() {
            self.buffer.resize(packets.len(), 0);
        }
        // There is room now, and so no error.
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        self.filled += packets.copy_to_slice(room).unwrap_or_default();
        Ok(())
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), DirError> {
        let name = (self.options.init_name)(init.id());
        if !is_segment_name(&name) {
            return Err(DirError::Name(name));
        }
        self.state.leaving.retain(|leaving| leaving.id.is_some() || leaving.name != name);
        if self.is_known(&name) {
            return Err(DirError::NameInUse(name));
        }
        self.files.replace(&name, init.as_bytes())
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), DirError> {
        payload.append_to(&mut self.payload);
        Ok(())
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), DirError> {
        let mut bytes = Vec::with_capacity(head.len());
        head.append_to(&mut bytes);
        if let Some(OpenFile { name, file, .. }) = &mut self.open {
            for bytes in [&bytes, &self.payload] {
                self.parts.write(&self.options, bytes);
                self.files.write(file, name, bytes)?;
            }
        }
        self.payload.clear();
        Ok(())
    }

    fn close_part(&mut self, part: &Part) -> Result<(), DirError> {
        self.flush()?;
        self.parts.close(&mut self.files, &self.options, part)
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), DirError> {
        self.flush()?;
        let Some(OpenFile { name, file, .. }) = &self.open else {
            return Err(DirError::Unknown { id: segment.id });
        };
        self.files.finish(file, name)?;
        if let Some(OpenFile { name, .. }) = self.open.take() {
            self.state.segments.push(Entry { listed: segment.into(), name });
        }
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), DirError> {
        self.is_published = false;
        self.take_version(playlist)?;
        if self.memory == Memory::State {
            self.files.replace(STATE, self.state.to_text().as_bytes())?;
        }
        self.publish()
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        let mut leaving = self.state.leaving.iter_mut();
        if let Some(leaving) = leaving.find(|leaving| leaving.id == Some(expired.id)) {
            leaving.keep_millis = expired.keep_for.round_millis();
        }
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        let name = if let Some(open) = self.open.take_if(|open| open.id == aborted.id) {
            open.name
        } else if let Some(entry) =
            self.state.segments.pop_if(|entry| entry.listed.id == aborted.id)
        {
            entry.name
        } else {
            return; // it could not be opened
        };
        // What cannot be deleted here is found when the folder is opened again.
        let _ = self.files.remove(&temporary(&name));
        let _ = self.files.remove(&name);
        // A section that was for this segment first is for no other: the next one has its own.
        let _ = self.files.remove(&(self.options.init_name)(aborted.id));
    }
}
