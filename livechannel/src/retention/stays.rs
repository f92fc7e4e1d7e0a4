//! Which files of a folder go with age, by their names alone.
//!
//! ```text
//! before = 6000    1000_3.mp4   needed by 5000_3.m4s, which is listed, and by 7000_3.m4s
//!                  2000_3.m4s   goes
//!                  5000_3.m4s   listed
//!                  7000_3.m4s   newer
//! ```

use std::collections::{BTreeMap, HashSet};

use crate::store::{MediaKind, MediaName};

/// What stays although it may be old.
#[derive(Debug)]
pub(super) struct Stays {
    /// Unix milliseconds: what is older goes.
    pub(super) before: i64,
    /// Names that the playlist has.
    pub(super) listed: HashSet<String>,
    /// Epoch of the publication that is going on.
    pub(super) writing: Option<u64>,
}

impl Stays {
    /// Returns of each file of a folder whether it goes.
    pub(super) fn leaving<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Vec<bool> {
        let needed = self.needed(names.clone());
        let goes = |name: &str| {
            let is_old = written_at(name).is_some_and(|wall| wall < self.before);
            is_old && !self.listed.contains(name) && !needed.contains(name)
        };
        names.map(goes).collect()
    }

    /// Returns the sections that a segment needs which stays, and those of a publication that is
    /// going on: its first segment may be on its way.
    fn needed<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> HashSet<&'a str> {
        let files = || names.clone().filter_map(|name| Some((name, MediaName::parse(name)?)));
        let mut needed = HashSet::new();
        let mut sections = BTreeMap::new();
        for (name, file) in files().filter(|(_, file)| file.kind == MediaKind::Init) {
            sections.insert((file.epoch, file.wall), name);
            if self.writing == Some(file.epoch) {
                needed.insert(name);
            }
        }
        for (name, file) in files().filter(|(_, file)| file.kind == MediaKind::Fragments) {
            if file.wall >= self.before || self.listed.contains(name) {
                let earlier = sections.range((file.epoch, i64::MIN)..=(file.epoch, file.wall));
                needed.extend(earlier.map(|(_, section)| *section).next_back());
            }
        }
        needed
    }
}

/// Returns when a segment, section or snapshot of that name was made, in Unix milliseconds; `None`
/// for every other name.
pub(super) fn written_at(name: &str) -> Option<i64> {
    if let Some(file) = MediaName::parse(name) {
        return Some(file.wall);
    }
    let stamp = name.strip_suffix(".jpg")?;
    let is_stamp = stamp.len() == 13 && stamp.bytes().all(|byte| byte.is_ascii_digit());
    is_stamp.then(|| stamp.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(before: i64, listed: &[&str], writing: Option<u64>, names: &[&str]) -> Vec<String> {
        let listed = listed.iter().map(|name| (*name).to_owned()).collect();
        let stays = Stays { before, listed, writing };
        let leaving = stays.leaving(names.iter().copied());
        let gone = names.iter().zip(leaving).filter(|(_, leaves)| *leaves);
        gone.map(|(name, _)| (*name).to_owned()).collect()
    }

    const NAMES: [&str; 7] = [
        "0000000001000_3.mp4",
        "0000000002000_3.m4s",
        "0000000005000_3.m4s",
        "0000000005500_3.mp4",
        "0000000005500_3.m4s",
        "0000000005600_4.mp4",
        "0000000007000_3.m4s",
    ];

    #[test]
    fn mp4_10_a_section_stays_as_long_as_a_segment_that_needs_it() {
        // The segment of 7000 needs the section of 5500; that of epoch 4 is needed by none.
        let want = [NAMES[0], NAMES[1], NAMES[2], NAMES[4], NAMES[5]];
        assert_eq!(gone(6000, &[], None, &NAMES), want);
        let want = [NAMES[1], NAMES[4], NAMES[5]];
        assert_eq!(gone(6000, &[NAMES[2]], None, &NAMES), want);
        assert_eq!(gone(8000, &[], None, &NAMES), NAMES);
    }

    #[test]
    fn mp4_10_a_section_whose_first_segment_is_on_its_way_stays() {
        let names = ["0000000001000_3.mp4", "0000000001000_4.mp4"];
        assert_eq!(gone(6000, &[], Some(4), &names), [names[0]]);
    }

    #[test]
    fn only_names_of_the_service_have_an_age() {
        for (name, want) in [
            ("1795419310000.ts", Some(1_795_419_310_000)),
            ("1795419310000_17.ts", Some(1_795_419_310_000)),
            ("1795419310000_17.m4s", Some(1_795_419_310_000)),
            ("1795419310000_17.mp4", Some(1_795_419_310_000)),
            ("1795419310000.jpg", Some(1_795_419_310_000)),
            ("1795419310000_.ts", None),
            ("1795419310000_1.jpg", None),
            ("179541931000.ts", None),
            ("1795419310000.m3u8", None),
            ("-795419310000.ts", None),
        ] {
            assert_eq!(written_at(name), want, "{name}");
        }
    }
}
