//! Parts: what is told of each, and which the list of Low-Latency HLS has
//! (draft-pantos-hls-rfc8216bis §4.4.3.7 to §4.4.4.9, §4.4.5.3, §6.2.2).

use std::collections::BTreeMap;

use hls_segmenter::time::TickSpan;
use hls_segmenter::{Part, Segment};

use super::violation::{Findings, Rule};

/// The parts of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The Part Target Duration, where the engine makes parts.
    pub(super) target: Option<TickSpan>,
    /// Parts of segments that are open or closed, by segment and number.
    told: BTreeMap<(u64, u32), Part>,
    /// Segments that are whole: their sequence and how many parts they have.
    whole: BTreeMap<u64, u32>,
    /// EXT-X-SERVER-CONTROL and EXT-X-PART-INF of the versions so far.
    constants: Option<[String; 2]>,
}

impl Parts {
    /// Takes `close_part` in the segment of this id, of which `bytes` were written.
    pub(super) fn take(&mut self, part: &Part, (open, bytes): (u64, u64), findings: &mut Findings) {
        let before = self.of(open);
        let (count, offset) = (before.len(), before.iter().map(|part| part.bytes).sum::<u64>());
        let start = before.last().map(|last| last.start + last.duration);
        findings.expect(
            part.segment == open && part.index as usize == count,
            Rule::Part,
            format_args!("part {} of segment {}, not {count} of {open}", part.index, part.segment),
        );
        findings.expect(
            part.offset == offset && offset + part.bytes == bytes && part.bytes > 0,
            Rule::Part,
            format_args!(
                "{} bytes from {} on, not all {bytes} from {offset}",
                part.bytes, part.offset
            ),
        );
        findings.expect(
            start.is_none_or(|start| start == part.start),
            Rule::Part,
            format_args!("a part starts at {:?}, the one before it ends at {start:?}", part.start),
        );
        let target = self.target.unwrap_or_default();
        findings.expect(
            part.duration <= target && part.duration > TickSpan::ZERO,
            Rule::PartDuration,
            format_args!("{} ticks, PART-TARGET has {}", part.duration.get(), target.get()),
        );
        self.told.insert((part.segment, part.index), *part);
    }

    /// Takes `close_segment`.
    pub(super) fn close(&mut self, segment: &Segment, findings: &mut Findings) {
        let Some(target) = self.target else {
            return;
        };
        let parts = self.of(segment.id);
        let sum = parts.iter().fold(TickSpan::ZERO, |sum, part| sum + part.duration);
        let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        findings.expect(
            sum == segment.duration && bytes == segment.bytes,
            Rule::Part,
            format_args!("parts have {} ticks and {bytes} bytes of a segment", sum.get()),
        );
        // Exempt are the last one, and one with a key frame (§4.4.4.9).
        let others = parts.split_last().map(|(_, others)| others).unwrap_or_default();
        let short = others
            .iter()
            .find(|part| part.duration.get() * 100 < target.get() * 85 && !part.independent);
        findings.expect(
            short.is_none(),
            Rule::PartDuration,
            format_args!("{short:?} is shorter than 85 % of PART-TARGET"),
        );
        self.whole.insert(segment.id, u32::try_from(parts.len()).unwrap_or(u32::MAX));
    }

    /// Says whether the end of a segment may follow from what was declared of parts: frames that
    /// overlap last longer than a part may be, and those of a strange source longer than the gap.
    pub(super) fn bounds_end(&self, segment: u64, any_input: bool) -> bool {
        let parts = self.of(segment);
        let last = parts.last().map(|last| last.duration);
        self.target.is_some() && (any_input || last == self.target)
    }

    /// Takes `abort_segment`: what was told of it is of no segment.
    pub(super) fn abort(&mut self, id: u64) {
        self.told.retain(|&(segment, _), _| segment != id);
    }

    /// Takes a version of the list of Low-Latency HLS, whose parts are named by segment and number,
    /// beside the plain one; `open` is the segment that is being written.
    pub(super) fn take_list(
        &mut self,
        live: &str,
        plain: &str,
        open: Option<u64>,
        findings: &mut Findings,
    ) {
        let constants = CONSTANT_TAGS.map(|tag| {
            let line = live.lines().find(|line| line.starts_with(tag));
            line.unwrap_or_default().to_owned()
        });
        let target = decimal(self.target.unwrap_or_default());
        findings.expect(
            constants[1] == format!("#EXT-X-PART-INF:PART-TARGET={target}"),
            Rule::PartTarget,
            format_args!("{}, and the target is {target} s", constants[1]),
        );
        let is_same = self.constants.as_ref().is_none_or(|before| *before == constants);
        findings.expect(
            is_same && !constants[0].is_empty(),
            Rule::PartTarget,
            format_args!("{constants:?} is another than before, {:?}", self.constants),
        );
        self.constants = Some(constants);
        findings.expect(
            without_parts(live) == without_open(plain),
            Rule::PlainList,
            format_args!("without its parts a list is not the plain one: {live}"),
        );
        let ended = live.ends_with("#EXT-X-ENDLIST\n");
        self.check_parts(live, open, findings);
        self.check_hint(live, open, ended, findings);
    }

    /// Each line names a part that was told, in order, before its own segment and with all others of
    /// it.
    fn check_parts(&self, live: &str, open: Option<u64>, findings: &mut Findings) {
        let mut listed: Vec<(u64, u32)> = Vec::new();
        let mut segments = BTreeMap::new();
        for line in live.lines() {
            if let Some(attributes) = line.strip_prefix("#EXT-X-PART:") {
                let named = self.named(attributes);
                findings.expect(
                    named.is_some(),
                    Rule::PartList,
                    format_args!("{line} is not what was told of a part"),
                );
                listed.extend(named);
            } else if let Some(id) = segment_of(line) {
                let count = listed.iter().filter(|(segment, _)| *segment == id).count();
                segments.insert(id, count);
                let whole = self.whole.get(&id).map(|&count| count as usize);
                findings.expect(
                    count == 0 || whole == Some(count),
                    Rule::PartList,
                    format_args!("segment {id} is listed behind {count} parts of {whole:?}"),
                );
            }
        }
        let is_in_order = listed.windows(2).all(|pair| {
            let &[before, now] = pair else { return true };
            now == (before.0, before.1 + 1) || now.0 > before.0 && now.1 == 0
        });
        let first = listed.first().is_none_or(|first| first.1 == 0);
        let strays = listed
            .iter()
            .filter(|(segment, _)| !segments.contains_key(segment) && Some(*segment) != open);
        findings.expect(
            is_in_order && first && strays.count() == 0,
            Rule::PartList,
            format_args!("parts are listed out of place: {listed:?}"),
        );
        let of_open = listed.iter().filter(|(segment, _)| Some(*segment) == open).count();
        let told = open.map_or(0, |open| self.of(open).len());
        findings.expect(
            of_open == told,
            Rule::PartList,
            format_args!("{of_open} of {told} parts of the open segment are listed"),
        );
    }

    /// The hint names the part that comes next.
    fn check_hint(&self, live: &str, open: Option<u64>, ended: bool, findings: &mut Findings) {
        let hints: Vec<_> =
            live.lines().filter_map(|line| line.strip_prefix(HINT)?.strip_suffix('"')).collect();
        let next = match open {
            Some(open) => (open, u32::try_from(self.of(open).len()).unwrap_or(u32::MAX)),
            None => (self.next_segment(), 0),
        };
        let want = format!("{}.{}.part", next.0, next.1);
        let is_right = if ended { hints.is_empty() } else { hints == [want.as_str()] };
        findings.expect(
            is_right,
            Rule::PartHint,
            format_args!("hints are {hints:?}, what comes next is {want}"),
        );
    }

    fn next_segment(&self) -> u64 {
        self.whole.last_key_value().map_or(0, |(id, _)| id + 1)
    }

    /// Returns the parts of a segment.
    fn of(&self, segment: u64) -> Vec<&Part> {
        self.told.range((segment, 0)..=(segment, u32::MAX)).map(|(_, part)| part).collect()
    }

    /// Returns segment and number of the part that a line names, if the line says what was told.
    fn named(&self, attributes: &str) -> Option<(u64, u32)> {
        let (duration, rest) = attributes.strip_prefix("DURATION=")?.split_once(",URI=\"")?;
        let (uri, rest) = rest.split_once('"')?;
        let (segment, index) = uri.strip_suffix(".part")?.split_once('.')?;
        let key = (segment.parse().ok()?, index.parse().ok()?);
        let part = self.told.get(&key)?;
        let independent = if part.independent { ",INDEPENDENT=YES" } else { "" };
        (duration == decimal(part.duration) && rest == independent).then_some(key)
    }
}

const HINT: &str = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"";

/// Tags that no version may change.
const CONSTANT_TAGS: [&str; 2] = ["#EXT-X-SERVER-CONTROL:", "#EXT-X-PART-INF:"];

/// Tags that only Low-Latency HLS has.
const TAGS: [&str; 5] = [
    "#EXT-X-SERVER-CONTROL:",
    "#EXT-X-PART-INF:",
    "#EXT-X-PART:",
    "#EXT-X-PRELOAD-HINT:",
    "#EXT-X-SKIP:",
];

/// Returns seconds with the decimals of a tick, less zeros at the end, but one.
fn decimal(span: TickSpan) -> String {
    let (secs, rest) = (span.get() / 90_000, span.get() % 90_000);
    let text = format!("{secs}.{:05}", rest * 100_000 / 90_000);
    let text = text.trim_end_matches('0');
    if text.ends_with('.') { format!("{text}0") } else { text.to_owned() }
}

/// Returns the segment that the URI of a line names.
fn segment_of(line: &str) -> Option<u64> {
    let (id, _) = line.split_once('.').filter(|_| !line.starts_with('#'))?;
    id.parse().ok()
}

/// Leaves out of a list what only Low-Latency HLS has: its tags, and those of the segment that is
/// being written.
fn without_parts(live: &str) -> String {
    let lines = live.lines().filter(|line| !TAGS.iter().any(|tag| line.starts_with(tag)));
    without_open(&lines.map(|line| format!("{line}\n")).collect::<String>())
}

/// Leaves out the tags that stand behind the last segment.
fn without_open(text: &str) -> String {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let is_of_list = |line: &&str| line.starts_with("#EXT-X-DISCONTINUITY-SEQUENCE:");
    let is_segment = |line: &&str| segment_of(line.trim_end()).is_some();
    let last = lines.iter().rposition(is_segment).or(lines.iter().position(is_of_list));
    let kept = last.map_or(0, |last| last + 1);
    let (head, tail) = lines.split_at(kept);
    let end = tail.iter().filter(|line| **line == "#EXT-X-ENDLIST\n");
    head.iter().chain(end).copied().collect()
}
