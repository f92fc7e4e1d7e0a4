//! The parameters of an address, decoded.

use percent_encoding::percent_decode_str;

/// Parameters in the order of the address; one without `=` has an empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// Every part was UTF-8 without control characters.
    is_text: bool,
}

impl Query {
    /// Reads what stands behind the `?` of an HTTP address, where `+` is a blank.
    pub fn http(text: &str) -> Self {
        Self::parse(text, |part| part.replace('+', " "))
    }

    /// Reads what stands behind the `?` of an RTMP address, where `+` is itself.
    pub fn rtmp(text: &str) -> Self {
        Self::parse(text, str::to_owned)
    }

    fn parse(text: &str, blanks: impl Fn(&str) -> String) -> Self {
        let mut is_text = true;
        let mut decode = |part: &str| {
            let part = blanks(part);
            let bytes: Vec<u8> = percent_decode_str(&part).collect();
            let decoded = String::from_utf8(bytes);
            is_text &= decoded.as_ref().is_ok_and(|text| !text.chars().any(char::is_control));
            decoded.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        let parts = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = parts
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self { pairs, is_text }
    }

    /// Returns whether these parameters are the only ones with their canonical form: none is
    /// repeated, and none holds what separates lines. Only such parameters can be signed.
    pub(super) fn has_one_form(&self) -> bool {
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        self.is_text && names.is_sorted_by(|one, next| one < next)
    }

    /// Returns a parameter's value, empty where it has none; the first one where it is repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Iterates over all parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns `k=v&k` of some parameters, sorted, each through `encode`.
    pub(super) fn canonical(
        &self,
        wanted: impl Fn(&str) -> bool,
        encode: impl Fn(&str) -> String,
    ) -> String {
        let kept = self.iter().filter(|(key, _)| wanted(key));
        let mut pairs: Vec<(String, String)> =
            kept.map(|(key, value)| (encode(key), encode(value))).collect();
        pairs.sort();
        let joined: Vec<String> = pairs
            .into_iter()
            .map(|(key, value)| if value.is_empty() { key } else { format!("{key}={value}") })
            .collect();
        joined.join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_could_be_read_in_two_ways_are_told_apart() {
        for query in ["", "live&comp=stat", "a=1&b=1", "%E6%B5%8B=a%26b"] {
            assert!(Query::http(query).has_one_form(), "{query}");
        }
        for query in ["a=1&a=1", "a&a=", "a=%0A", "%00", "a=%FF", "a=1&%61=2"] {
            assert!(!Query::rtmp(query).has_one_form(), "{query}");
        }
    }

    #[test]
    fn o_40_a_bare_parameter_is_one_with_an_empty_value() {
        let query = Query::http("live&comp=stat&a%2Fb=c+d%2B&&x=");
        assert_eq!(query.get("live"), Some(""));
        assert_eq!(query.get("a/b"), Some("c d+"));
        assert_eq!(query.get("y"), None);
        assert_eq!(Query::rtmp("s=a+b").get("s"), Some("a+b"));
        let canonical = query.canonical(|key| key != "x", str::to_owned);
        assert_eq!(canonical, "a/b=c d+&comp=stat&live");
    }
}
