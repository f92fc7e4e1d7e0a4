//! The Auditor on parts: captures are clean, and each fault is told under its rule.

use hls_segmenter::config::{Options, Parts, TargetDuration};
use hls_segmenter::time::{Secs, TickSpan, WallTime};
use hls_segmenter::{Config, Container, End, Fmp4, LowLatency, Segmenter, Ts};
use hls_segmenter_auditor::{Auditor, Discard, Event, Recorder, Rule};

use super::support::{captures, policy_for};
use super::tamper::{is_close, nth};
use super::{capture, short};

/// A fault that is put into a stream of parts, and the rule that must tell it.
struct Fault {
    name: &'static str,
    rule: Rule,
    spoil: fn(&mut Vec<Event>),
}

fn options() -> Options {
    let parts = Some(Parts::new(300, 45).unwrap());
    Options { parts, target_duration: TargetDuration::Declared(Secs::new(2)), ..short() }
}

fn events<C: Container>(name: &str, options: Options) -> Vec<Event> {
    let mut recorder = Recorder::new(Discard);
    let config = Config::new(options).unwrap();
    let mut segmenter = Segmenter::<LowLatency<C>>::with_container(config);
    segmenter.set_wall_time(WallTime::from_unix_millis(1_795_421_730_250));
    for tag in capture(name) {
        segmenter.push(tag.borrow(), &mut recorder).unwrap();
    }
    segmenter.finish(End::List, &mut recorder).unwrap();
    recorder.into_parts().1
}

fn rules(events: &[Event], options: &Options) -> Vec<Rule> {
    let mut auditor = Auditor::with_options(Discard, options);
    events.iter().for_each(|event| auditor.observe(event));
    auditor.violations().iter().map(|violation| violation.rule).collect()
}

fn is_part(event: &Event) -> bool {
    matches!(event, Event::Part(_))
}

fn part(events: &mut [Event], n: usize) -> &mut hls_segmenter::Part {
    let at = nth(events, n, is_part);
    let Event::Part(part) = &mut events[at] else { unreachable!() };
    part
}

/// A list in the middle of the third segment.
fn list(events: &mut [Event]) -> &mut String {
    let is_list = |event: &Event| matches!(event, Event::Playlist { live: Some(live), .. } if live.contains("\"2.1.part\"") && live.contains("\"2.0.part\",I"));
    let at = nth(events, 0, is_list);
    let Event::Playlist { live: Some(live), .. } = &mut events[at] else { unreachable!() };
    live
}

fn replace(events: &mut [Event], from: &str, to: &str) {
    let list = list(events);
    assert!(list.contains(from), "{list}");
    *list = list.replacen(from, to, 1);
}

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault { name: "a part is of another segment", rule: Rule::Part, spoil: |events| part(events, 2).segment += 1 },
    Fault { name: "a part is counted twice", rule: Rule::Part, spoil: |events| part(events, 2).index -= 1 },
    Fault { name: "a part has a byte more", rule: Rule::Part, spoil: |events| part(events, 2).bytes += 1 },
    Fault { name: "a part begins a byte later", rule: Rule::Part, spoil: |events| part(events, 2).offset += 1 },
    Fault { name: "a part starts later than the one before it ends", rule: Rule::Part, spoil: |events| {
        let part = part(events, 2);
        part.start = part.start + TickSpan::new(1);
    } },
    Fault { name: "a part is missing", rule: Rule::Part, spoil: |events| {
        let at = nth(events, 2, is_part);
        events.remove(at);
    } },
    Fault { name: "the last part of a segment is shorter than told", rule: Rule::Part, spoil: |events| {
        let close = nth(events, 0, is_close);
        let at = events[..close].iter().rposition(is_part).unwrap();
        let Event::Part(part) = &mut events[at] else { unreachable!() };
        part.duration = part.duration - TickSpan::new(90);
    } },
    Fault { name: "a part is longer than PART-TARGET", rule: Rule::PartDuration, spoil: |events| part(events, 1).duration = TickSpan::from_millis(346) },
    Fault { name: "a part without a key frame is short", rule: Rule::PartDuration, spoil: |events| {
        let part = part(events, 1);
        assert!(!part.independent);
        part.duration = TickSpan::from_millis(200);
    } },
    Fault { name: "a part comes when no segment is open", rule: Rule::Order, spoil: |events| {
        let at = nth(events, 0, is_close);
        let part = events[nth(events, 0, is_part)].clone();
        events.insert(at + 2, part);
    } },
    Fault { name: "PART-TARGET is another", rule: Rule::PartTarget, spoil: |events| replace(events, "PART-TARGET=0.345", "PART-TARGET=0.346") },
    Fault { name: "PART-HOLD-BACK changes", rule: Rule::PartTarget, spoil: |events| replace(events, "PART-HOLD-BACK=1", "PART-HOLD-BACK=2") },
    Fault { name: "what the server can do is missing", rule: Rule::PartTarget, spoil: |events| replace(events, "#EXT-X-SERVER-CONTROL:", "#EXT-X-SERVER:") },
    Fault { name: "a part is listed with another duration", rule: Rule::PartList, spoil: |events| replace(events, "DURATION=0.32,URI=\"2.0", "DURATION=0.33,URI=\"2.0") },
    Fault { name: "a part is listed under another name", rule: Rule::PartList, spoil: |events| replace(events, "\"1.1.part\"", "\"1.9.part\"") },
    Fault { name: "a part is not said to be independent", rule: Rule::PartList, spoil: |events| replace(events, "\"2.0.part\",INDEPENDENT=YES", "\"2.0.part\"") },
    Fault { name: "a part of a whole segment is not listed", rule: Rule::PartList, spoil: |events| {
        let list = list(events);
        let line = list.lines().find(|line| line.contains("\"1.0.part\"")).unwrap().to_owned() + "\n";
        *list = list.replace(&line, "");
    } },
    Fault { name: "the newest part is not listed", rule: Rule::PartList, spoil: |events| {
        let list = list(events);
        let line = list.lines().find(|line| line.contains("\"2.0.part\"")).unwrap().to_owned() + "\n";
        *list = list.replace(&line, "");
    } },
    Fault { name: "parts are listed out of order", rule: Rule::PartList, spoil: |events| {
        replace(events, "\"1.0.part\",INDEPENDENT=YES", "\"X\"");
        replace(events, "\"1.1.part\"", "\"1.0.part\",INDEPENDENT=YES");
        replace(events, "\"X\"", "\"1.1.part\"");
    } },
    Fault { name: "there are no parts where they were declared", rule: Rule::PartList, spoil: |events| {
        let at = events.iter().position(|event| matches!(event, Event::Playlist { .. })).unwrap();
        let Event::Playlist { live, .. } = &mut events[at] else { unreachable!() };
        *live = None;
    } },
    Fault { name: "the hint names a part that is there", rule: Rule::PartHint, spoil: |events| replace(events, "URI=\"2.1.part\"", "URI=\"2.0.part\"") },
    Fault { name: "there is no hint", rule: Rule::PartHint, spoil: |events| replace(events, "#EXT-X-PRELOAD-HINT:", "#EXT-X-PRELOAD:") },
    Fault { name: "a list that ends has a hint", rule: Rule::PartHint, spoil: |events| {
        let Some(Event::Playlist { live: Some(live), .. }) = events.iter_mut().rfind(|event| matches!(event, Event::Playlist { .. })) else { unreachable!() };
        *live = live.replace("#EXT-X-ENDLIST\n", "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"9.0.part\"\n#EXT-X-ENDLIST\n");
    } },
    Fault { name: "a segment has another EXTINF than in the plain list", rule: Rule::PlainList, spoil: |events| replace(events, "#EXTINF:1.000", "#EXTINF:1.001") },
];

#[test]
fn ll_1_ll_2_ll_5_ll_7_ll_9_ll_11_each_rule_of_parts_is_broken_by_its_own_fault() {
    let sound = events::<Fmp4>("nobframes", options());
    assert_eq!(rules(&sound, &options()), []);
    for Fault { name, rule, spoil } in FAULTS {
        let mut spoiled = sound.clone();
        spoil(&mut spoiled);
        assert!(spoiled != sound, "{name}: changes nothing");
        let told = rules(&spoiled, &options());
        assert!(told.contains(rule), "{name}: tells {told:?}");
    }
}

#[test]
fn ll_1_ll_11_captures_with_parts_are_clean() {
    for (name, _) in captures() {
        let options = Options { key_frames: policy_for(&name), ..options() };
        assert_eq!(rules(&events::<Ts>(&name, options), &options), [], "{name}");
        if name != "mp3" {
            assert_eq!(rules(&events::<Fmp4>(&name, options), &options), [], "{name}");
        }
    }
}
