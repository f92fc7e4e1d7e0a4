//! The input, a file or a pipe, through a buffer that grows up to one tag and no further.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A byte stream and the part of it that was read and not yet consumed.
pub(crate) struct Input {
    source: Box<dyn Read>,
    /// Length of the file, where it is one.
    len: Option<u64>,
    buffer: Vec<u8>,
    /// What is in use of `buffer`.
    start: usize,
    end: usize,
}

impl Input {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let len = metadata.is_file().then_some(metadata.len());
        Ok(Self::new(Box::new(file), len))
    }

    /// Reads standard input.
    pub(crate) fn stdin() -> Self {
        Self::new(Box::new(io::stdin().lock()), None)
    }

    fn new(source: Box<dyn Read>, len: Option<u64>) -> Self {
        Self { source, len, buffer: vec![0; FIRST_LEN], start: 0, end: 0 }
    }

    /// Returns the length in bytes where it is known.
    pub(crate) const fn len(&self) -> Option<u64> {
        self.len
    }

    /// Returns what was read and not yet consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Drops `count` bytes from the front.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Reads until `at_least` bytes are there, and whatever comes along with them; says whether the
    /// input had them.
    ///
    /// # Errors
    ///
    /// Those of the operating system.
    pub(crate) fn fill(&mut self, at_least: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < at_least {
            self.buffer.resize(at_least, 0);
        }
        while self.end < at_least {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Bytes of the buffer at first: two pipes full, and more than a tag of most streams.
const FIRST_LEN: usize = 128 * 1024;
