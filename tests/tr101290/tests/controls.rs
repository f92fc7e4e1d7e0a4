//! Negative controls: a stream that was spoiled raises the indicator that says so.

use dvb_conformance::Indicator::{
    self, ContinuityCountError, CrcError, PatError2, PcrDiscontinuityError, PcrRepetitionError,
    PidError, PmtError2, PtsError, SyncByteError, TransportError, TsSyncLoss, UnreferencedPid,
};
use tr101290::capture::capture;
use tr101290::packet::{Packet, pcr, pid, set_pcr_base};
use tr101290::{monitor, relevant, summary};

const PAT: u16 = 0;
const PMT: u16 = 0x1000;
const VIDEO: u16 = 0x100;
const AUDIO: u16 = 0x101;

/// Spoils the output for a capture of H.264, and for one of H.265, and checks that `wanted`, and
/// none but `allowed` beside it, is raised.
fn control(spoil: impl Fn(&mut Vec<Packet>), wanted: Indicator, allowed: &[Indicator]) {
    for name in ["bframes", "h265/open_gop"] {
        let mut stream = capture(name).segment();
        spoil(&mut stream);
        let events = relevant(monitor(&stream));
        let raised = |indicator| events.iter().any(|event| event.indicator == indicator);
        assert!(raised(wanted), "{name}: {} was not raised{}", wanted.name(), summary(&events));
        let others = events
            .iter()
            .filter(|event| event.indicator != wanted && !allowed.contains(&event.indicator));
        assert_eq!(others.count(), 0, "{name}: besides {}:{}", wanted.name(), summary(&events));
    }
}

/// Returns the index of a packet in the middle of the stream for which `is` holds.
fn middle(stream: &[Packet], is: impl Fn(&Packet) -> bool) -> usize {
    let half = stream.len() / 2;
    half + stream[half..].iter().position(is).unwrap()
}

/// A packet of `of` that neither starts a PES packet nor has an adaptation field.
fn plain(of: u16) -> impl Fn(&Packet) -> bool {
    move |packet| pid(packet) == of && packet[1] & 0x40 == 0 && packet[3] & 0x30 == 0x10
}

#[test]
fn v_02_a_mutated_sync_byte_raises_1_2() {
    let spoil = |stream: &mut Vec<Packet>| {
        let at = middle(stream, plain(VIDEO));
        stream[at][0] = 0x48;
    };
    // The packet is lost with it.
    control(spoil, SyncByteError, &[ContinuityCountError]);
}

#[test]
fn v_02_two_mutated_sync_bytes_raise_1_1() {
    let spoil = |stream: &mut Vec<Packet>| {
        let at = middle(stream, plain(VIDEO));
        (stream[at][0], stream[at + 1][0]) = (0, 0);
    };
    // What comes while there is no sync is not looked at.
    control(spoil, TsSyncLoss, &[SyncByteError, ContinuityCountError]);
}

#[test]
fn v_02_a_dropped_packet_raises_1_4() {
    for of in [VIDEO, AUDIO] {
        let spoil = |stream: &mut Vec<Packet>| {
            let at = middle(stream, plain(of));
            stream.remove(at);
        };
        control(spoil, ContinuityCountError, &[]);
    }
}

#[test]
fn v_02_a_tripled_packet_raises_1_4_and_a_doubled_one_does_not() {
    let copies = |count: usize| {
        move |stream: &mut Vec<Packet>| {
            let at = middle(stream, plain(VIDEO));
            let packet = stream[at];
            stream.splice(at..at, vec![packet; count - 1]);
        }
    };
    control(copies(3), ContinuityCountError, &[]);
    let mut stream = capture("bframes").segment();
    copies(2)(&mut stream);
    assert_eq!(relevant(monitor(&stream)).len(), 0, "a duplicate is legal once");
}

#[test]
fn v_02_a_pcr_that_jumps_raises_2_3b() {
    for (forward, ms) in [(true, 60), (true, 3_600_000), (false, 1)] {
        let spoil = |stream: &mut Vec<Packet>| {
            let at = middle(stream, |packet| pcr(packet).is_some());
            let (value, _) = pcr(&stream[at]).unwrap();
            let by = 90 * ms;
            for packet in &mut stream[at..] {
                if let Some((value, _)) = pcr(packet) {
                    let base = value / 300;
                    set_pcr_base(packet, if forward { base + by } else { base - 9_000 - by });
                }
            }
            assert!(value / 300 > 9_000 + by || forward);
        };
        // Packet times follow the PCR: where it leaps by more than 100 ms, the interval is too long
        // as well.
        control(spoil, PcrDiscontinuityError, &[PcrRepetitionError]);
    }
}

#[test]
fn v_02_missing_pcrs_raise_2_3a() {
    let spoil = |stream: &mut Vec<Packet>| {
        let from = middle(stream, |packet| pcr(packet).is_some());
        for packet in stream[from..].iter_mut().filter(|packet| pcr(packet).is_some()).take(3) {
            // What was the PCR is stuffing now.
            packet[5] &= !0x10;
        }
    };
    control(spoil, PcrRepetitionError, &[PcrDiscontinuityError]);
}

#[test]
fn v_02_a_transport_error_indicator_raises_2_1() {
    let spoil = |stream: &mut Vec<Packet>| {
        let at = middle(stream, plain(AUDIO));
        stream[at][1] |= 0x80;
    };
    control(spoil, TransportError, &[]);
}

#[test]
fn v_02_a_wrong_crc_in_a_table_raises_2_2() {
    for table in [PAT, PMT] {
        let spoil = |stream: &mut Vec<Packet>| {
            let at = middle(stream, |packet| pid(packet) == table);
            let section_len = usize::from(stream[at][7]);
            stream[at][8 + section_len - 1] ^= 1;
        };
        // A table that cannot be believed does not count as one.
        control(spoil, CrcError, &[PatError2, PmtError2]);
    }
}

#[test]
fn v_02_tables_only_where_segments_begin_raise_1_3a_and_1_5a() {
    for (table, wanted) in [(PAT, PatError2), (PMT, PmtError2)] {
        let spoil = |stream: &mut Vec<Packet>| {
            let mut seen = 0;
            stream.retain(|packet| {
                seen += usize::from(pid(packet) == table);
                pid(packet) != table || seen % 5 == 1
            });
        };
        control(spoil, wanted, &[ContinuityCountError]);
    }
}

#[test]
fn v_02_a_listed_stream_that_falls_silent_raises_1_6() {
    let spoil = |stream: &mut Vec<Packet>| {
        // For more than five seconds, in eight.
        let quarter = stream.len() / 4;
        let silent = stream.split_off(quarter).into_iter().filter(|packet| pid(packet) != AUDIO);
        stream.extend(silent);
    };
    control(spoil, PidError, &[]);
}

#[test]
fn v_02_a_pts_that_is_long_in_coming_raises_2_5() {
    let spoil = |stream: &mut Vec<Packet>| {
        let starts = |packet: &Packet| pid(packet) == AUDIO && packet[1] & 0x40 != 0;
        let from = middle(stream, starts);
        // Four PES packets of up to 300 ms each.
        for packet in stream[from..].iter_mut().filter(|packet| starts(packet)).take(4) {
            let at = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
            packet[at + 7] &= !0x80;
        }
    };
    control(spoil, PtsError, &[]);
}

#[test]
fn v_02_a_stream_that_no_table_lists_raises_3_4() {
    let spoil = |stream: &mut Vec<Packet>| {
        for packet in stream.iter_mut().filter(|packet| pid(packet) == AUDIO) {
            packet[2] = 0x99;
        }
    };
    control(spoil, UnreferencedPid, &[PidError, PtsError]);
}
