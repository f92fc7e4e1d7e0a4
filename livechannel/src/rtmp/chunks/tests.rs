//! Chunk streams in pieces, interleaved, beyond limits, and noise.

use super::*;

const LIMITS: ChunkLimits = ChunkLimits { message_len: 1000, unfinished_len: 1000, streams: 3 };

/// Feeds `input` in pieces of `piece` bytes and returns the messages.
fn read(reader: &mut ChunkReader, input: &[u8], piece: usize) -> Result<Vec<Owned>, ChunkError> {
    let (mut held, mut out) = (Vec::new(), Vec::new());
    for part in input.chunks(piece) {
        held.extend_from_slice(part);
        let mut used = 0;
        loop {
            match reader.step(&held[used..])? {
                Step::Need => break,
                Step::Progress { consumed } => used += consumed,
                Step::Message { consumed, message } => {
                    used += consumed;
                    out.push((message.kind, message.time, message.data.to_vec()));
                }
            }
        }
        held.drain(..used);
    }
    Ok(out)
}

type Owned = (u8, u32, Vec<u8>);

fn full(id: u8, time: u32, len: u32, kind: u8) -> Vec<u8> {
    let mut out = vec![id];
    out.extend_from_slice(&time.to_be_bytes()[1..]);
    out.extend_from_slice(&len.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, 1, 0, 0, 0]);
    out
}

#[test]
fn interleaved_chunk_streams_are_kept_apart_however_the_bytes_come() {
    let mut input = full(6, 10, 200, 9);
    input.extend_from_slice(&[1; 128]);
    input.extend_from_slice(&full(4, 12, 3, 8)); // audio between two chunks of a picture
    input.extend_from_slice(&[7, 8, 9]);
    input.push(0xc6);
    input.extend_from_slice(&[2; 72]);
    input.extend_from_slice(&[0x84, 0, 0, 23, 5, 6, 7]); // type 2: a delta of 23 ms, the length as before
    input.extend_from_slice(&[0xc4, 1, 2, 3]); // type 3: all as before
    let mut picture = vec![1; 128];
    picture.extend_from_slice(&[2; 72]);
    let want = vec![
        (8, 12, vec![7, 8, 9]),
        (9, 10, picture),
        (8, 35, vec![5, 6, 7]),
        (8, 58, vec![1, 2, 3]),
    ];
    for piece in [1, 2, 7, 100, 1000] {
        let messages = read(&mut ChunkReader::new(LIMITS), &input, piece);
        assert_eq!(messages, Ok(want.clone()), "pieces of {piece}");
    }
}

#[test]
fn extended_times_may_be_repeated_or_not() {
    for repeated in [true, false] {
        let mut input = full(6, 0xff_ffff, 130, 9);
        input.extend_from_slice(&[1, 0, 0, 0]);
        input.extend_from_slice(&[3; 128]);
        input.push(0xc6);
        if repeated {
            input.extend_from_slice(&[1, 0, 0, 0]);
        }
        input.extend_from_slice(&[3; 2]);
        let messages = read(&mut ChunkReader::new(LIMITS), &input, 1000).unwrap();
        assert_eq!(messages, [(9, 0x0100_0000, vec![3; 130])], "{repeated}");
    }
}

#[test]
fn what_exceeds_the_limits_is_refused() {
    let mut reader = ChunkReader::new(LIMITS);
    let long = full(6, 0, 1001, 9);
    let error = ChunkError::MessageTooLong { len: 1001, most: 1000 };
    assert_eq!(read(&mut reader, &long, 100), Err(error));

    let mut reader = ChunkReader::new(LIMITS);
    reader.set_chunk_size(600).unwrap();
    let mut two = full(6, 0, 900, 9);
    two.extend_from_slice(&[0; 600]);
    two.extend_from_slice(&full(4, 0, 900, 8));
    two.extend_from_slice(&[0; 600]);
    let error = ChunkError::TooMuchUnfinished { most: 1000 };
    assert_eq!(read(&mut reader, &two, 2000), Err(error));

    let mut reader = ChunkReader::new(LIMITS);
    let many: Vec<u8> = (3..7).flat_map(|id| full(id, 0, 0, 8)).collect();
    let error = ChunkError::TooManyStreams { most: 3 };
    assert_eq!(read(&mut reader, &many, 100), Err(error));

    let mut reader = ChunkReader::new(LIMITS);
    assert_eq!(read(&mut reader, &[0xc3], 1), Err(ChunkError::NoHeader { id: 3 }));
    assert_eq!(reader.set_chunk_size(0), Err(ChunkError::ChunkSize { size: 0 }));
}

#[test]
fn complete_messages_on_many_chunk_streams_hold_one_buffer() {
    const LEN: usize = 64 * 1024;
    let limits = ChunkLimits { message_len: LEN, unfinished_len: LEN, streams: 64 };
    let mut reader = ChunkReader::new(limits);
    let mut count = 0;
    for id in 3..63 {
        let mut input = full(id, 0, LEN as u32, 3);
        for (nth, chunk) in vec![0; LEN].chunks(128).enumerate() {
            if nth > 0 {
                input.push(0xc0 | id);
            }
            input.extend_from_slice(chunk);
        }
        count += read(&mut reader, &input, 8192).unwrap().len();
        assert_eq!(reader.unfinished, 0);
        assert!(held(&reader) <= LEN, "{id}: {}", held(&reader));
    }
    assert_eq!(count, 60);
}

#[test]
fn a_publisher_holds_its_longest_message_and_a_part_for_the_others() {
    let mut reader = ChunkReader::new(LIMITS);
    reader.allow(8 << 20, 512 << 10);
    reader.set_chunk_size(4 << 20).unwrap();
    let mut most = 0;
    for round in 0..20_u32 {
        // Two long ones by turns, and a short one in between.
        for (id, len) in [(6, 8 << 20), (4, 300), (5, 7 << 20)] {
            let mut input = full(id, round, len, 9);
            input.resize(input.len() + (len as usize).min(4 << 20), 1);
            let outcome = read(&mut reader, &input, 64 << 10);
            most = most.max(held(&reader));
            if outcome.is_err() {
                reader = ChunkReader::new(LIMITS);
                reader.allow(8 << 20, 512 << 10);
                reader.set_chunk_size(4 << 20).unwrap();
            }
        }
    }
    assert!(most <= (8 << 20) + (512 << 10), "{most}");
}

/// What the reader's buffers could hold.
fn held(reader: &ChunkReader) -> usize {
    let streams = reader.streams.iter().map(|stream| stream.partial.capacity()).sum::<usize>();
    assert_eq!(streams, reader.unfinished, "what is counted is what there is");
    streams + reader.complete.capacity()
}

#[test]
fn an_abort_after_a_complete_message_changes_nothing() {
    let mut reader = ChunkReader::new(LIMITS);
    let message = [full(6, 10, 200, 9), vec![1; 128], vec![0xc6], vec![2; 72]].concat();
    for round in 0..20 {
        assert_eq!(read(&mut reader, &message, 1000).map(|read| read.len()), Ok(1), "{round}");
        reader.abort(6);
        assert_eq!(reader.unfinished, 0, "nothing is unfinished, and so nothing is given back");
    }
    reader.abort(7); // a chunk stream that never was
}

#[test]
fn an_aborted_message_is_forgotten() {
    let mut reader = ChunkReader::new(LIMITS);
    let mut input = full(6, 0, 200, 9);
    input.extend_from_slice(&[1; 128]);
    assert_eq!(read(&mut reader, &input, 1000), Ok(vec![]));
    reader.abort(6);
    let mut next = full(6, 5, 2, 9);
    next.extend_from_slice(&[4, 4]);
    assert_eq!(read(&mut reader, &next, 1000), Ok(vec![(9, 5, vec![4, 4])]));
    assert_eq!(reader.unfinished, 0);
}

#[test]
fn random_bytes_never_do_harm() {
    let mut seed = 1_u64;
    for round in 0..2000 {
        let bytes: Vec<u8> = (0..300)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                (seed >> 32) as u8
            })
            .collect();
        let mut reader = ChunkReader::new(LIMITS);
        let _ = read(&mut reader, &bytes, 1 + round % 40);
        assert!(held(&reader) <= LIMITS.unfinished_len);
    }
}
