//! TS packets as the tests look at them and spoil them (ISO/IEC 13818-1 §2.4.3).

/// A TS packet.
pub type Packet = [u8; 188];

/// The packet of PID 0x1FFF that means nothing (§2.4.1).
pub const NULL: Packet = {
    let mut packet = [0xff; 188];
    (packet[0], packet[1], packet[2], packet[3]) = (0x47, 0x1f, 0xff, 0x10);
    packet
};

/// Cuts a stream into packets.
pub fn packets(bytes: &[u8]) -> Vec<Packet> {
    let (packets, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "{} bytes are left over", rest.len());
    packets.to_vec()
}

pub fn pid(packet: &Packet) -> u16 {
    u16::from_be_bytes([packet[1] & 0x1f, packet[2]])
}

/// Returns the PCR in 27 MHz ticks and whether `discontinuity_indicator` stands beside it.
pub fn pcr(packet: &Packet) -> Option<(u64, bool)> {
    let has_field = packet[3] & 0x20 != 0 && packet[4] >= 7;
    if !has_field || packet[5] & 0x10 == 0 {
        return None;
    }
    let [.., b0, b1, b2, b3, b4, b5] = *packet.first_chunk::<12>()?;
    let field = u64::from_be_bytes([0, 0, b0, b1, b2, b3, b4, b5]);
    Some(((field >> 15) * 300 + (field & 0x1ff), packet[5] & 0x80 != 0))
}

/// Writes another PCR base over the one that is there.
pub fn set_pcr_base(packet: &mut Packet, base: u64) {
    let [_, _, field @ ..] = (base << 15 | 0x7e00).to_be_bytes();
    packet[6..12].copy_from_slice(&field);
}
