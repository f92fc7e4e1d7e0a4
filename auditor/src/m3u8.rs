//! A media playlist read back from its text (RFC 8216 §4).

use core::str::FromStr;

use super::violation::{Findings, Rule};

/// What the text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) version: u32,
    pub(super) target: u32,
    pub(super) media_sequence: u64,
    pub(super) discontinuity_sequence: u64,
    pub(super) independent: bool,
    pub(super) ended: bool,
    pub(super) entries: Vec<Entry>,
}

impl List {
    /// Returns the least target duration that goes with a segment: before version 6 it is not
    /// shorter, from then on it is rounded to the nearest second.
    pub(super) const fn target_for(&self, entry: &Entry) -> u32 {
        match self.version {
            0..6 => entry.extinf_millis.div_ceil(1000),
            _ => entry.extinf_millis.saturating_add(500) / 1000,
        }
    }
}

/// A segment that is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) extinf_millis: u32,
    /// EXT-X-PROGRAM-DATE-TIME in Unix ms.
    pub(super) date: Option<i64>,
    pub(super) discontinuity: bool,
    /// EXT-X-GAP.
    pub(super) gap: bool,
    /// The section that EXT-X-MAP has put in force.
    pub(super) init: Option<u64>,
}

/// Reads the text; what it gets wrong is told, and the rest is read all the same.
pub(super) fn parse(text: &str, findings: &mut Findings) -> List {
    let bad = text.replace("\r\n", "\n").chars().any(|c| c.is_control() && c != '\n');
    findings.expect(!bad, Rule::Syntax, format_args!("control characters in the text"));
    findings.expect(text.ends_with('\n'), Rule::Syntax, format_args!("last line does not end"));
    let mut lines = text.lines();
    findings.expect(
        lines.next() == Some("#EXTM3U"),
        Rule::Syntax,
        format_args!("first line is not #EXTM3U"),
    );
    let mut reader = Reader::default();
    for line in lines {
        reader.take(line, findings);
    }
    reader.finish(findings)
}

#[derive(Debug, Default)]
struct Reader<'a> {
    list: List,
    /// Tags of the whole list that have come.
    seen: Vec<&'a str>,
    /// Tags of the segment whose URI has not come.
    entry: Entry,
    dated: bool,
    timed: bool,
    /// EXT-X-MAP came for that segment.
    mapped: bool,
    /// The section in force.
    init: Option<u64>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, line: &'a str, findings: &mut Findings) {
        findings.expect(
            !self.list.ended,
            Rule::EndList,
            format_args!("{line:?} comes behind EXT-X-ENDLIST"),
        );
        findings.expect(line.trim() == line, Rule::Syntax, format_args!("blanks around {line:?}"));
        if !line.starts_with("#EXT") {
            if !line.is_empty() && !line.starts_with('#') {
                self.take_uri(line, findings);
            }
            return;
        }
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        if self.take_header(tag, value, findings) {
            let early = self.list.entries.is_empty() && self.entry == Entry::default();
            findings.expect(early, Rule::Syntax, format_args!("{tag} comes behind a segment"));
            findings.expect(
                !self.seen.contains(&tag),
                Rule::Syntax,
                format_args!("{tag} comes twice"),
            );
            self.seen.push(tag);
        } else {
            self.take_segment_tag(tag, value, findings);
        }
    }

    /// Takes a tag of the whole list; says whether it is one.
    fn take_header(&mut self, tag: &str, value: &str, findings: &mut Findings) -> bool {
        match tag {
            "#EXT-X-VERSION" => {
                self.list.version = integer(value, findings);
                let known = matches!(self.list.version, 3 | 6);
                findings.expect(known, Rule::Version, format_args!("version is {value:?}"));
            }
            "#EXT-X-TARGETDURATION" => self.list.target = integer(value, findings),
            "#EXT-X-MEDIA-SEQUENCE" => self.list.media_sequence = integer(value, findings),
            "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                self.list.discontinuity_sequence = integer(value, findings)
            }
            "#EXT-X-INDEPENDENT-SEGMENTS" => self.list.independent = true,
            _ => return false,
        }
        true
    }

    fn take_segment_tag(&mut self, tag: &str, value: &str, findings: &mut Findings) {
        match tag {
            "#EXT-X-DISCONTINUITY" if value.is_empty() => {
                findings.expect(
                    !self.entry.discontinuity,
                    Rule::Syntax,
                    format_args!("{tag} comes twice"),
                );
                self.entry.discontinuity = true;
            }
            "#EXT-X-GAP" if value.is_empty() => {
                findings.expect(!self.entry.gap, Rule::Syntax, format_args!("{tag} comes twice"));
                self.entry.gap = true;
            }
            "#EXT-X-PROGRAM-DATE-TIME" => {
                findings.expect(!self.dated, Rule::Syntax, format_args!("{tag} comes twice"));
                (self.dated, self.entry.date) = (true, parse_date(value));
                let read = self.entry.date.is_some();
                findings.expect(read, Rule::Syntax, format_args!("date is {value:?}"));
            }
            "#EXTINF" => {
                findings.expect(!self.timed, Rule::Syntax, format_args!("{tag} comes twice"));
                self.timed = true;
                match parse_extinf(value) {
                    Some(millis) => self.entry.extinf_millis = millis,
                    None => findings.add(Rule::Syntax, format_args!("EXTINF is {value:?}")),
                }
            }
            "#EXT-X-MAP" => self.take_map(value, findings),
            "#EXT-X-ENDLIST" if value.is_empty() => self.list.ended = true,
            _ => findings.add(Rule::Syntax, format_args!("{tag} has no place here, or no value")),
        }
    }

    /// Takes the section that segments need from now on (RFC 8216 §4.3.2.5).
    fn take_map(&mut self, value: &str, findings: &mut Findings) {
        let again = core::mem::replace(&mut self.mapped, true);
        let uri = value.strip_prefix("URI=\"").and_then(|rest| rest.strip_suffix("\""));
        let id = uri.and_then(|uri| uri.strip_suffix(".mp4")).and_then(digits);
        findings.expect(
            id.is_some() && !again,
            Rule::Map,
            format_args!("EXT-X-MAP says {value:?}, came before: {again}"),
        );
        let first = self.list.entries.is_empty();
        let breaks = first || self.entry.discontinuity || id == self.init;
        findings.expect(
            breaks,
            Rule::Map,
            format_args!("EXT-X-MAP goes from {:?} to {id:?} without a break", self.init),
        );
        findings.expect(
            self.list.version >= 6,
            Rule::Map,
            format_args!("EXT-X-MAP in version {}", self.list.version),
        );
        self.init = id;
    }

    fn take_uri(&mut self, line: &str, findings: &mut Findings) {
        findings.expect(self.timed, Rule::Syntax, format_args!("{line:?} has no EXTINF"));
        let entry = core::mem::take(&mut self.entry);
        (self.dated, self.timed, self.mapped) = (false, false, false);
        let init = self.init;
        let stem = line.strip_suffix(".ts").or_else(|| line.strip_suffix(".m4s"));
        match stem.and_then(|id| id.parse().ok()) {
            Some(id) => self.list.entries.push(Entry { id, init, ..entry }),
            None => findings.add(Rule::Syntax, format_args!("{line:?} is no URI that was given")),
        }
    }

    fn finish(self, findings: &mut Findings) -> List {
        let complete = self.entry == Entry::default() && !self.timed && !self.mapped;
        findings.expect(
            complete,
            Rule::Syntax,
            format_args!("tags come with no segment behind them"),
        );
        for (tag, rule) in [
            ("#EXT-X-VERSION", Rule::Version),
            ("#EXT-X-TARGETDURATION", Rule::Target),
            ("#EXT-X-MEDIA-SEQUENCE", Rule::MediaSequence),
            ("#EXT-X-DISCONTINUITY-SEQUENCE", Rule::DiscontinuitySequence),
        ] {
            findings.expect(self.seen.contains(&tag), rule, format_args!("{tag} is missing"));
        }
        self.list
    }
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn integer<T: FromStr + Default>(value: &str, findings: &mut Findings) -> T {
    digits(value).unwrap_or_else(|| {
        findings.add(Rule::Syntax, format_args!("{value:?} is no decimal integer"));
        T::default()
    })
}

/// Reads seconds with exactly three decimals and a comma behind them.
fn parse_extinf(value: &str) -> Option<u32> {
    let (secs, millis) = value.strip_suffix(',')?.split_once('.')?;
    let (secs, millis) =
        (digits::<u32>(secs)?, digits::<u32>(millis).filter(|_| millis.len() == 3)?);
    secs.checked_mul(1000)?.checked_add(millis)
}

/// Reads `2026-11-23T08:15:30.250Z` as Unix ms.
fn parse_date(value: &str) -> Option<i64> {
    let (date, time) = value.strip_suffix('Z')?.split_once('T')?;
    let (year, date) = date.split_once('-')?;
    let (month, day) = date.split_once('-')?;
    let (clock, millis) = time.split_once('.')?;
    let (hour, clock) = clock.split_once(':')?;
    let (minute, second) = clock.split_once(':')?;
    let field = |text: &str, len, range: core::ops::RangeInclusive<i64>| {
        digits::<i64>(text).filter(|value| text.len() == len && range.contains(value))
    };
    let days =
        days_before(field(year, 4, 0..=9999)?, field(month, 2, 1..=12)?, field(day, 2, 1..=31)?);
    let minutes = (days * 24 + field(hour, 2, 0..=23)?) * 60 + field(minute, 2, 0..=59)?;
    Some((minutes * 60 + field(second, 2, 0..=60)?) * 1000 + field(millis, 3, 0..=999)?)
}

/// Returns the days from 1970-01-01 to a date, counting in years that begin with March.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:7\n\
        #EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXTINF:5.000,\n8.ts\n#EXT-X-DISCONTINUITY\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:15:30.250Z\n#EXT-X-GAP\n#EXTINF:4.999,\n9.ts\n#EXT-X-ENDLIST\n";

    fn rules(text: &str) -> Vec<Rule> {
        let mut findings = Findings::default();
        parse(text, &mut findings);
        findings.kept().iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn h_01_a_playlist_is_read_whole() {
        let mut findings = Findings::default();
        let list = parse(TEXT, &mut findings);
        assert_eq!(findings.kept(), []);
        let first = Entry { id: 8, extinf_millis: 5000, ..Entry::default() };
        let second = Entry {
            id: 9,
            extinf_millis: 4999,
            date: Some(1_795_421_730_250),
            discontinuity: true,
            gap: true,
            init: None,
        };
        let want = List {
            version: 6,
            target: 5,
            media_sequence: 7,
            discontinuity_sequence: 1,
            independent: false,
            ended: true,
            entries: [first, second].into(),
        };
        assert_eq!(list, want);
    }

    #[test]
    fn h_01_every_way_to_spoil_a_line_is_told() {
        for (from, to, want) in [
            ("#EXTM3U\n", "", Rule::Syntax),
            ("VERSION:6", "VERSION:4", Rule::Version),
            ("DURATION:5\n", "DURATION:5.0\n", Rule::Syntax),
            ("DURATION:5\n", "DURATION:5\n#EXT-X-TARGETDURATION:5\n", Rule::Syntax),
            ("#EXT-X-MEDIA-SEQUENCE:7\n", "", Rule::MediaSequence),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:1\n", "", Rule::DiscontinuitySequence),
            ("5.000,", "5.000", Rule::Syntax),
            ("5.000,", "5.0,", Rule::Syntax),
            ("5.000,", "4.96e0,", Rule::Syntax),
            ("\n8.ts", "\n 8.ts", Rule::Syntax),
            ("#EXTINF:4.999,\n9.ts\n", "", Rule::Syntax),
            ("08:15", "8:15", Rule::Syntax),
            ("#EXT-X-GAP\n", "#EXT-X-GAP\n#EXT-X-GAP\n", Rule::Syntax),
            ("#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n\n", Rule::EndList),
            ("#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST", Rule::Syntax),
            ("#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-PLAYLIST-TYPE:EVENT", Rule::Syntax),
        ] {
            let text = TEXT.replace(from, to);
            assert!(rules(&text).contains(&want), "{to:?}: {:?}", rules(&text));
        }
    }

    #[test]
    fn h_01_empty_lines_and_comments_are_passed_over() {
        let text = TEXT.replace("\n8.ts", "\n\n# a note\n8.ts");
        assert_eq!(rules(&text), []);
    }

    #[test]
    fn h_01_what_belongs_to_the_whole_list_stands_before_the_first_segment() {
        for before in ["#EXTINF:5.000,\n8.ts", "8.ts", "#EXT-X-ENDLIST"] {
            let text = TEXT
                .replace("#EXT-X-VERSION:6\n", "")
                .replace(before, &["#EXT-X-VERSION:6\n", before].concat());
            let early = before.starts_with("#EXTINF");
            assert_eq!(rules(&text).is_empty(), early, "{text}");
        }
    }

    #[test]
    fn h_01_tags_that_have_no_value_are_told_with_one() {
        for tag in ["#EXT-X-DISCONTINUITY\n", "#EXT-X-GAP\n", "#EXT-X-ENDLIST\n"] {
            let text = TEXT.replace(tag, &tag.replace('\n', ":1\n"));
            assert_eq!(rules(&text), [Rule::Syntax], "{tag}");
        }
    }

    #[test]
    fn h_15_every_day_of_three_centuries_follows_the_one_before_it() {
        let mut last = days_before(1899, 12, 31);
        for year in 1900..2201 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if leap { 29 } else { 28 };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for day in 1..=length {
                    let next = days_before(year, month, day);
                    assert_eq!(next, last + 1, "{year}-{month}-{day}");
                    last = next;
                }
            }
        }
    }

    #[test]
    fn h_15_days_are_counted_across_leap_years() {
        for (date, want) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2100, 3, 1), 47_541),
        ] {
            assert_eq!(days_before(date.0, date.1, date.2), want, "{date:?}");
        }
    }
}
