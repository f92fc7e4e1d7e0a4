//! The test pattern: bars, a ramp, a square that moves, and a clock.

/// Pixels across; a multiple of 16.
pub(super) const WIDTH: usize = 640;
/// Pixels down; a multiple of 8.
pub(super) const HEIGHT: usize = 360;

/// White, yellow, cyan, green, magenta, red, blue and black at 75 %, as Y, Cb, Cr.
const BARS: [[u8; 3]; 8] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    [16, 128, 128],
];

/// Segments of a digit, one bit each: top, upper right, lower right, bottom, lower left, upper
/// left, middle.
const DIGITS: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];

/// A picture in planar YUV 4:2:0.
pub(super) struct Picture {
    planes: Vec<u8>,
}

impl Picture {
    /// Draws picture number `count` at `millis` Unix milliseconds.
    pub(super) fn draw(count: u64, millis: i64) -> Self {
        let mut picture = Self { planes: vec![0; WIDTH * HEIGHT * 3 / 2] };
        let bar = WIDTH / BARS.len();
        for (nth, color) in BARS.iter().enumerate() {
            picture.fill(nth * bar, 0, bar, HEIGHT / 3 * 2, *color);
        }
        for x in (0..WIDTH).step_by(2) {
            let luma = u8::try_from(16 + x * 219 / WIDTH).unwrap_or(235);
            picture.fill(x, HEIGHT / 3 * 2, 2, HEIGHT / 3, [luma, 128, 128]);
        }
        let way = (WIDTH - SQUARE) as u64;
        let step = count * 4 % (2 * way);
        let x = step.min(2 * way - step);
        picture.fill(
            usize::try_from(x).unwrap_or(0) & !1,
            HEIGHT / 3 * 2 + 30,
            SQUARE,
            SQUARE,
            [235, 128, 128],
        );
        picture.clock(millis);
        picture
    }

    /// Returns the three planes, one behind the other.
    pub(super) fn into_planes(self) -> Vec<u8> {
        self.planes
    }

    /// Draws the time of day, to the tenth of a second.
    fn clock(&mut self, millis: i64) {
        let seconds = millis.div_euclid(1000).rem_euclid(24 * 3600);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        let tenths = millis.rem_euclid(1000) / 100;
        let pairs = [hours, minutes, seconds % 60];
        let left = ((WIDTH - 7 * 44 - 2 * 16) / 2) & !1;
        self.fill(left - 16, 70, WIDTH - 2 * left + 40, 100, [16, 128, 128]);
        let mut x = left;
        for value in pairs {
            for digit in [value / 10, value % 10] {
                self.digit(x, digit);
                x += 44;
            }
            self.fill(x, 146, 6, 6, [235, 128, 128]);
            x += 16;
        }
        self.digit(x, tenths);
    }

    fn digit(&mut self, x: usize, digit: i64) {
        let lit = usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit));
        let lit = lit.copied().unwrap_or(0);
        let (y, long, thick) = (88, 28, 6);
        let places = [
            (thick, 0, long - thick, thick),
            (long, thick, thick, long - thick),
            (long, long + thick, thick, long - thick),
            (thick, 2 * long, long - thick, thick),
            (0, long + thick, thick, long - thick),
            (0, thick, thick, long - thick),
            (thick, long, long - thick, thick),
        ];
        for (nth, (dx, dy, width, height)) in places.into_iter().enumerate() {
            if lit >> nth & 1 == 1 {
                self.fill(x + dx, y + dy, width, height, [235, 128, 128]);
            }
        }
    }

    /// Fills a rectangle, whose sides are even.
    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, [luma, cb, cr]: [u8; 3]) {
        let (luma_plane, chroma) = self.planes.split_at_mut(WIDTH * HEIGHT);
        let (cb_plane, cr_plane) = chroma.split_at_mut(WIDTH * HEIGHT / 4);
        rectangle(luma_plane, WIDTH, [x, y, width, height], luma);
        let half = [x / 2, y / 2, width / 2, height / 2];
        rectangle(cb_plane, WIDTH / 2, half, cb);
        rectangle(cr_plane, WIDTH / 2, half, cr);
    }
}

fn rectangle(plane: &mut [u8], stride: usize, [x, y, width, height]: [usize; 4], value: u8) {
    for row in plane.chunks_exact_mut(stride).skip(y).take(height) {
        let end = (x + width).min(stride);
        if let Some(pixels) = row.get_mut(x..end) {
            pixels.fill(value);
        }
    }
}

const SQUARE: usize = 40;
