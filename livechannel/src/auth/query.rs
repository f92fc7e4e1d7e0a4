//! The parameters of an address, decoded.

use percent_encoding::percent_decode_str;

/// Parameters in the order of the address; one without `=` has an empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

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
        let decode = |part: &str| {
            let part = blanks(part);
            percent_decode_str(&part).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// Returns a parameter's value, empty where it has none; the first one where it is repeated.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Iterates over all parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
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
