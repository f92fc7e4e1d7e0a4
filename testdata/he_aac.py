#!/usr/bin/env python3
"""he_aac.py IN.flv OUT.flv: turns AAC-LC stereo at 22.05 kHz into HE-AAC v1 at 44.1 kHz.

No HE-AAC encoder is free enough for Debian, but the step from AAC-LC is short: each frame gets a fill
element with a small, legal SBR payload (ISO/IEC 14496-3 4.4.2.8, a flat and almost silent high band), and the
AudioSpecificConfig says AOT 5 in the hierarchical way, as fdk-aac writes it. The low band is untouched.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flvtags

# AOT 5, core 22.05 kHz, 2 channels, extension 44.1 kHz, core AOT 2 (ISO/IEC 14496-3 1.6.2.1).
HE_AAC_CONFIG = bytes.fromhex("2b920800")

# With bs_start_freq 5, bs_stop_freq 3 and the default header extras these are the low-resolution envelope
# bands and the noise bands of a 44.1 kHz output (4.6.18.3.2); a decoder complains about any other number.
ENVELOPE_BANDS = 5
NOISE_BANDS = 2


def sbr_payload():
    """Returns sbr_extension_data() of a channel pair as a string of bits, without the byte alignment."""
    header = "1" + "1" + "0101" + "0011" + "000" + "00" + "0" + "0"
    grid = "00" + "00" + "0"  # FIXFIX, one envelope, low resolution
    delta_direction = "0" + "0"  # along frequency, for the envelope and the noise floor
    inverse_filter = "00" * NOISE_BANDS
    envelope = "0000000" + "00" * (ENVELOPE_BANDS - 1)  # f_huffman_env_1_5dB: "00" is no change
    noise = "11110" + "0" * (NOISE_BANDS - 1)  # f_huffman_env_3_0dB: "0" is no change
    pair = "0" + "0"  # no extra data, no coupling
    pair += grid * 2 + delta_direction * 2 + inverse_filter * 2 + envelope * 2 + noise * 2
    return header + pair + "0" * 2 + "0"  # no sinusoids in either channel, no extended data


def with_sbr(frame):
    """Puts a fill element with the SBR payload in front of the END element of a raw_data_block."""
    bits = bin(int.from_bytes(b"\x01" + frame, "big"))[3:].rstrip("0")
    assert bits.endswith("111"), "raw_data_block without END element"
    payload = "1101" + sbr_payload()  # EXT_SBR_DATA
    payload += "0" * (-len(payload) % 8)
    count = len(payload) // 8
    size = f"{count:04b}" if count < 15 else "1111" + f"{count - 14:08b}"
    bits = bits[:-3] + "110" + size + payload + "111"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def main(source, target):
    tags = []
    for kind, time, body in flvtags.read(source):
        if kind == flvtags.AUDIO and body[1] == 0:
            body = body[:2] + HE_AAC_CONFIG
        elif kind == flvtags.AUDIO:
            body = body[:2] + with_sbr(body[2:])
        tags.append((kind, time, body))
    flvtags.write(target, tags)


if __name__ == "__main__":
    main(*sys.argv[1:])
