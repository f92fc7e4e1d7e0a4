//! Calendar dates as EXT-X-PROGRAM-DATE-TIME has them (ISO 8601, UTC, milliseconds).

use core::fmt;

use super::WallTime;

/// Displays as EXT-X-PROGRAM-DATE-TIME has it (RFC 8216 §4.3.2.6, ISO 8601):
/// `2026-11-23T08:15:30.250Z`. Years beyond 9999 have more digits, and those before 0 a sign.
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.unix_millis();
        let (days, in_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        let (year, month, day) = civil(days);
        let width = if year < 0 { 5 } else { 4 };
        let (hour, minute, second) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1000 % 60);
        write!(
            f,
            "{year:0width$}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            in_day % 1000
        )
    }
}

impl WallTime {
    /// Returns whether the time is in the years 0 to 9999, which four digits can say: playlists
    /// give others no date.
    pub(crate) fn has_year_of_four_digits(self) -> bool {
        (FIRST_MILLIS..=LAST_MILLIS).contains(&self.unix_millis())
    }
}

/// Turns days since 1970-01-01 into year, month and day of the proleptic Gregorian calendar.
///
/// Years are reckoned from March, so that the leap day is the last day of its year, in eras of 400
/// years.
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, next_year) =
        if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    (year_of_era + era * 400 + next_year, month, day)
}

/// 0000-01-01T00:00:00.000Z.
const FIRST_MILLIS: i64 = -62_167_219_200_000;

/// 9999-12-31T23:59:59.999Z.
const LAST_MILLIS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn h_15_dates_are_iso_8601_in_utc_with_milliseconds() {
        for (millis, want) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_543_895_706_266, "2018-12-04T03:55:06.266Z"),
            (1_795_421_730_250, "2026-11-23T08:15:30.250Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(WallTime::from_unix_millis(millis).to_string(), want);
        }
    }

    #[test]
    fn h_15_years_of_more_than_four_digits_have_no_date() {
        for (millis, shown) in
            [(FIRST_MILLIS, "0000-01-01T00:00:00.000Z"), (LAST_MILLIS, "9999-12-31T23:59:59.999Z")]
        {
            let time = WallTime::from_unix_millis(millis);
            assert_eq!(time.to_string(), shown);
            assert!(time.has_year_of_four_digits());
        }
        for millis in [i64::MIN, FIRST_MILLIS - 1, LAST_MILLIS + 1, i64::MAX] {
            assert!(!WallTime::from_unix_millis(millis).has_year_of_four_digits(), "{millis}");
        }
        for (millis, shown) in [
            (LAST_MILLIS + 1, "10000-01-01T00:00:00.000Z"),
            (FIRST_MILLIS - 1, "-0001-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(WallTime::from_unix_millis(millis).to_string(), shown);
        }
        for millis in [i64::MIN, i64::MAX] {
            assert!(!WallTime::from_unix_millis(millis).to_string().is_empty());
        }
    }

    #[test]
    fn h_15_days_follow_each_other_for_four_hundred_years() {
        let month_len = |year: i64, month| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut want = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil(days), want);
            let (year, month, day) = want;
            want = if day < month_len(year, month) {
                (year, month, day + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
    }
}
