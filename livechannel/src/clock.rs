//! Calendar time: Unix milliseconds, and their texts in XML and in HTTP headers.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// Returns Unix milliseconds of now.
pub(crate) fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns `2016-08-25T06:25:15.000Z`.
pub(crate) fn iso(millis: i64) -> String {
    moment(millis).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Returns `2016-08-25T06:25:15.000Z`, on the second.
pub(crate) fn iso_seconds(millis: i64) -> String {
    moment(millis).format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Returns `Thu, 25 Aug 2016 06:25:15 GMT`.
pub(crate) fn http_date(millis: i64) -> String {
    moment(millis).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads `Thu, 25 Aug 2016 06:25:15 GMT`.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.timestamp_millis())
}

/// Reads `20160825T062515Z`.
pub(crate) fn parse_basic_date(text: &str) -> Option<i64> {
    chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
        .ok()
        .map(|date| date.and_utc().timestamp_millis())
}

fn moment(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_19_times_are_written_as_oss_writes_them() {
        let millis = 1_472_106_315_678;
        assert_eq!(iso(millis), "2016-08-25T06:25:15.678Z");
        assert_eq!(iso_seconds(millis), "2016-08-25T06:25:15.000Z");
        assert_eq!(http_date(millis), "Thu, 25 Aug 2016 06:25:15 GMT");
        let whole = Some(1_472_106_315_000);
        assert_eq!(parse_http_date("Thu, 25 Aug 2016 06:25:15 GMT"), whole);
        assert_eq!(parse_basic_date("20160825T062515Z"), whole);
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
