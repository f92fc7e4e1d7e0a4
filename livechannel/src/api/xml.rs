//! The body of PutLiveChannel, read element by element: no entity is expanded, no depth is
//! followed, and what is unknown is passed over.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The texts of a `LiveChannelConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutBody {
    /// `Description`.
    pub description: Option<String>,
    /// `Status`.
    pub status: Option<String>,
    /// `Target.Type`.
    pub target_type: Option<String>,
    /// `Target.FragDuration`.
    pub frag_duration: Option<String>,
    /// `Target.FragCount`.
    pub frag_count: Option<String>,
    /// `Target.PlaylistName`.
    pub playlist_name: Option<String>,
    /// `Target.x-Container`, which OSS does not have.
    pub container: Option<String>,
    /// `Target.x-PartDuration`, which OSS does not have.
    pub part_duration: Option<String>,
    /// `Snapshot`.
    pub snapshot: Option<SnapshotBody>,
}

/// The texts of a `Snapshot`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotBody {
    /// `RoleName`.
    pub role_name: Option<String>,
    /// `DestBucket`.
    pub dest_bucket: Option<String>,
    /// `NotifyTopic`.
    pub notify_topic: Option<String>,
    /// `Interval`.
    pub interval: Option<String>,
}

/// A body that is no `LiveChannelConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmlError {
    /// It is not UTF-8.
    #[error("The XML you provided is not UTF-8.")]
    Encoding,
    /// It is not well-formed.
    #[error("The XML you provided was not well-formed: {0}")]
    Syntax(String),
    /// It has another root, more than one, or none.
    #[error("The XML you provided has no root LiveChannelConfiguration, or something beside it.")]
    Root,
    /// It declares a document type.
    #[error("The XML you provided has a document type, which is not supported.")]
    DocumentType,
    /// It uses an entity that XML does not define.
    #[error("The XML you provided has an unknown entity.")]
    Entity,
    /// It is nested too deep.
    #[error("The XML you provided is nested too deep.")]
    Depth,
    /// There are two `Snapshot`s.
    #[error("there is more than one Snapshot")]
    SnapshotTwice,
}

/// Reads a body.
///
/// # Errors
///
/// Why it is none. A value that makes no sense is not found here.
pub fn parse_put(body: &[u8]) -> Result<PutBody, XmlError> {
    let text = core::str::from_utf8(body).map_err(|_| XmlError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.chars().any(|c| c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(XmlError::Syntax("a control character".to_owned()));
    }
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let mut parser = Parser::default();
    loop {
        let event = reader.read_event().map_err(|error| XmlError::Syntax(error.to_string()))?;
        match event {
            Event::Start(start) => {
                check_attributes(&start)?;
                parser.start(start.name().as_ref())?;
            }
            Event::End(_) => parser.end(),
            Event::Text(text) => parser.text(&text.xml10_content())?,
            Event::CData(data) => parser.text(&data.xml10_content())?,
            Event::GeneralRef(reference) => {
                let mut buffer = [0; 4];
                parser.text(resolve(&reference, &mut buffer)?)?;
            }
            Event::DocType(_) => return Err(XmlError::DocumentType),
            Event::Eof => return parser.finish(),
            _ => {}
        }
    }
}

/// Attributes mean nothing here, but have to be some.
fn check_attributes(start: &BytesStart<'_>) -> Result<(), XmlError> {
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| XmlError::Syntax(error.to_string()))?;
        if attribute.value.contains('<') {
            return Err(XmlError::Syntax("< in an attribute".to_owned()));
        }
    }
    Ok(())
}

fn resolve<'b>(reference: &BytesRef<'_>, buffer: &'b mut [u8; 4]) -> Result<&'b str, XmlError> {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => Ok(c.encode_utf8(buffer)),
        Ok(None) => resolve_predefined_entity(reference).ok_or(XmlError::Entity),
        Err(_) => Err(XmlError::Entity),
    }
}

#[derive(Default)]
struct Parser {
    body: PutBody,
    /// Names of the open elements.
    path: Vec<String>,
    /// Text of the innermost open element.
    text: String,
    rooted: bool,
}

impl Parser {
    fn start(&mut self, name: &str) -> Result<(), XmlError> {
        if self.path.is_empty() && (self.rooted || name != "LiveChannelConfiguration") {
            return Err(XmlError::Root);
        }
        if self.path.len() >= MOST_DEPTH {
            return Err(XmlError::Depth);
        }
        self.rooted = true;
        self.path.push(name.to_owned());
        self.text.clear();
        if self.is_at(&["LiveChannelConfiguration", "Snapshot"])
            && self.body.snapshot.replace(SnapshotBody::default()).is_some()
        {
            return Err(XmlError::SnapshotTwice);
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        if !self.path.is_empty() {
            self.text.push_str(text);
        } else if !text.trim().is_empty() {
            return Err(XmlError::Root);
        }
        Ok(())
    }

    fn end(&mut self) {
        let text = core::mem::take(&mut self.text);
        if let Some(place) = self.place() {
            *place = Some(text.trim().to_owned());
        }
        self.path.pop();
    }

    /// Where the text of the innermost open element belongs.
    fn place(&mut self) -> Option<&mut Option<String>> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let (body, snapshot) = (&mut self.body, |body: &mut PutBody| body.snapshot.is_some());
        match path.get(1..)? {
            ["Description"] => Some(&mut body.description),
            ["Status"] => Some(&mut body.status),
            ["Target", "Type"] => Some(&mut body.target_type),
            ["Target", "FragDuration"] => Some(&mut body.frag_duration),
            ["Target", "FragCount"] => Some(&mut body.frag_count),
            ["Target", "PlaylistName"] => Some(&mut body.playlist_name),
            ["Target", "x-Container"] => Some(&mut body.container),
            ["Target", "x-PartDuration"] => Some(&mut body.part_duration),
            ["Snapshot", name] if snapshot(body) => {
                let snapshot = body.snapshot.as_mut()?;
                match *name {
                    "RoleName" => Some(&mut snapshot.role_name),
                    "DestBucket" => Some(&mut snapshot.dest_bucket),
                    "NotifyTopic" => Some(&mut snapshot.notify_topic),
                    "Interval" => Some(&mut snapshot.interval),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_at(&self, path: &[&str]) -> bool {
        self.path.len() == path.len() && self.path.iter().zip(path).all(|(a, b)| a == b)
    }

    fn finish(self) -> Result<PutBody, XmlError> {
        if self.rooted && self.path.is_empty() { Ok(self.body) } else { Err(XmlError::Root) }
    }
}

/// A configuration is three deep.
const MOST_DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PutBody, XmlError> {
        parse_put(text.as_bytes())
    }

    #[test]
    fn o_02_o_09_the_body_that_the_python_client_sends() {
        let text = "<LiveChannelConfiguration><Description /><Status>enabled</Status><Target><Type>HLS</Type>\
            <FragDuration>5</FragDuration><FragCount>3</FragCount><PlaylistName /></Target></LiveChannelConfiguration>";
        let some = |text: &str| Some(text.to_owned());
        let want = PutBody {
            description: some(""),
            status: some("enabled"),
            target_type: some("HLS"),
            frag_duration: some("5"),
            frag_count: some("3"),
            playlist_name: some(""),
            ..PutBody::default()
        };
        assert_eq!(parse(text), Ok(want.clone()));
        let prolog = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n");
        assert_eq!(parse(&prolog), Ok(want));
    }

    #[test]
    fn o_05_o_10_text_is_unescaped_and_the_unknown_is_passed_over() {
        let text = "<LiveChannelConfiguration><Description>d&lt;&amp;&#62;<![CDATA[<x>]]></Description><Target>\
            <PlayListName>no.m3u8</PlayListName><Type> HLS </Type><More><Type>RTMP</Type></More></Target>\
            <Snapshot><Interval>5</Interval><PornRec><a/></PornRec></Snapshot></LiveChannelConfiguration>";
        let body = parse(text).unwrap();
        assert_eq!(body.description.as_deref(), Some("d<&><x>"));
        assert_eq!(body.target_type.as_deref(), Some("HLS"));
        assert_eq!(body.playlist_name, None);
        assert_eq!(body.snapshot.unwrap().interval.as_deref(), Some("5"));
    }

    #[test]
    fn extensions_are_read_where_they_belong() {
        let text = "<LiveChannelConfiguration><x-Container>ts</x-Container><Target><Type>HLS</Type>\
            <x-Container>fMP4</x-Container><x-PartDuration>500</x-PartDuration></Target></LiveChannelConfiguration>";
        let body = parse(text).unwrap();
        assert_eq!(body.container.as_deref(), Some("fMP4"));
        assert_eq!(body.part_duration.as_deref(), Some("500"));
    }

    #[test]
    fn o_02_what_is_no_configuration_is_malformed() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;&b;\">]><LiveChannelConfiguration>&c;</LiveChannelConfiguration>";
        assert_eq!(parse(bomb), Err(XmlError::DocumentType));
        let deep = format!("<LiveChannelConfiguration>{}", "<a>".repeat(100_000));
        assert_eq!(parse(&deep), Err(XmlError::Depth));
        for text in [
            "",
            "x",
            "<a/>",
            "<LiveChannelConfiguration>",
            "<LiveChannelConfiguration></Other>",
            "<LiveChannelConfiguration/><LiveChannelConfiguration/>",
            "<LiveChannelConfiguration/>junk",
            "<LiveChannelConfiguration>&unknown;</LiveChannelConfiguration>",
            "<LiveChannelConfiguration>&#0;&#xD800;</LiveChannelConfiguration>",
            "<LiveChannelConfiguration a=></",
            "<LiveChannelConfiguration a b></LiveChannelConfiguration>",
            "<LiveChannelConfiguration a='<'></LiveChannelConfiguration>",
            "<LiveChannelConfiguration>\0</LiveChannelConfiguration>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse_put(b"\xff"), Err(XmlError::Encoding));
        let twice = "<LiveChannelConfiguration><Snapshot/><Snapshot/></LiveChannelConfiguration>";
        assert_eq!(parse(twice), Err(XmlError::SnapshotTwice));
    }
}
