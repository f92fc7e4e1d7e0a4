//! What is seen on a terminal while the program works, and its warnings.

use core::fmt::Display;
use core::time::Duration;
use std::io::{Write, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for a file, a spinner for a pipe; nothing when standard error is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// What the bar says.
    segments: u64,
}

impl Progress {
    /// Begins, with the length of the input where it is known.
    pub(crate) fn new(len: Option<u64>, quiet: bool) -> Self {
        let (bar, template) = match len {
            _ if quiet => (ProgressBar::hidden(), ""),
            Some(len) => {
                (ProgressBar::new(len), "{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {msg}")
            }
            None => (ProgressBar::no_length(), "{spinner} {bytes} {elapsed} {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, segments: 0 }
    }

    /// Tells how many bytes of the input are done, and how many segments were made of them.
    pub(crate) fn update(&mut self, bytes: u64, segments: u64) {
        self.bar.set_position(bytes);
        if self.segments != segments {
            self.segments = segments;
            self.bar.set_message(format!("{segments} segments"));
        }
    }

    /// Prints a warning above the bar.
    pub(crate) fn warn(&self, warning: impl Display) {
        self.bar.suspend(|| say(format_args!("warning: {warning}")));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Prints a line to standard error, which may be closed.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
