//! From YAML text to trees, one a document.
//!
//! The text is cut at its `---` lines before it is parsed, as kubectl does it and as YAML allows (no
//! scalar may contain such a line), so that a syntax error in one document leaves the others alone.
//!
//! **Limits**: [`MAX_TEXT`], [`MAX_DEPTH`] and [`MAX_EXPANSION`] bound time and memory whatever is pasted.
//!
//! **Source**: k8s.io/apimachinery `util/yaml` `YAMLReader`; YAML 1.2.2 §9.1.2.

use mesh_failover_sorted::SortedMap;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Marks, StrInput, Tag};

use super::forbidden;
use super::positions::Positions;
use super::reader::Finding;
use super::repeated::{first_of_each, last_of_each};
use super::{Entry, Node, Path, Scalar, Segment, Value, codes};
use crate::diagnostic::{Severity, Span};

/// Longest text that is read, in bytes.
pub const MAX_TEXT: usize = 8 << 20;
/// Deepest nesting that is read; Istio's kinds need about 12.
pub const MAX_DEPTH: usize = 64;
/// What all anchors and aliases of a text may add to it, in bytes of memory.
pub const MAX_EXPANSION: usize = 32 << 20;

/// The documents of a text that could be parsed, empty ones left out, and what was found on the way.
pub(super) fn parse(text: &str) -> (Vec<Node>, Vec<Finding>) {
    let mut findings = Vec::new();
    if text.len() > MAX_TEXT {
        let message = format!("the text has {} bytes; at most {MAX_TEXT} are read", text.len());
        let help = Some("split it into several files".into());
        let span = Positions::new("", 1, 0).span(0, 0);
        findings.push(error(codes::LIMIT, message, help, span));
        return (Vec::new(), findings);
    }
    let (body, base) = match text.strip_prefix('\u{feff}') {
        Some(body) => (body, text.len() - body.len()),
        None => (text, 0),
    };
    let mut budget = MAX_EXPANSION;
    let mut roots = Vec::new();
    for (chunk, line, start) in documents(body) {
        let positions = Positions::new(chunk, line, base + start);
        if let Some(finding) = forbidden::find(chunk, &positions) {
            findings.push(finding);
            continue;
        }
        let builder = Builder::new(&positions, &mut budget, &mut findings);
        match builder.build(chunk) {
            Ok(parsed) => roots.extend(parsed.into_iter().filter(|root| !root.is_null())),
            Err(finding) => findings.push(finding),
        }
    }
    (roots, findings)
}

pub(super) fn error(
    code: &'static str,
    message: String,
    help: Option<String>,
    span: Span,
) -> Finding {
    let place = (Path::default(), span);
    Finding { severity: Severity::Error, code, message, help, place }
}

/// The text of each document with its first line's number and its byte offset. Empty lines,
/// comments and directives before a `---` belong to the document that begins there.
fn documents(text: &str) -> Vec<(&str, u32, usize)> {
    let mut chunks = Vec::new();
    let (mut start, mut start_line) = (0, 1);
    let mut offset = 0;
    let mut has_content = false;
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        let after = offset + line.len();
        let begins = is_marker(line, "---");
        let ends = is_marker(line, "...");
        if begins && has_content {
            chunks.extend(text.get(start..offset).map(|chunk| (chunk, start_line, start)));
            (start, start_line) = (offset, number);
        } else if ends {
            chunks.extend(text.get(start..after).map(|chunk| (chunk, start_line, start)));
            (start, start_line) = (after, number.saturating_add(1));
        }
        has_content = begins || !ends && (has_content || is_content(line));
        offset = after;
    }
    chunks.extend(text.get(start..).map(|chunk| (chunk, start_line, start)));
    chunks
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Whether a text can stand wherever one value can, in a block and between braces. Names that come from elsewhere in the
/// manifests may be anything.
pub(crate) fn is_one_value(text: &str) -> bool {
    let (documents, findings) = parse(&format!("{{a: {text}}}"));
    let is_one = |it: &Node| matches!(&it.value, Value::Map(entries) if entries.len() == 1);
    let only = matches!(documents.as_slice(), [document] if is_one(document));
    only && findings.is_empty() && !text.contains(char::is_control)
}

pub(super) fn is_content(line: &str) -> bool {
    !line.starts_with('%') && !line.trim_start().starts_with('#') && !line.trim().is_empty()
}

/// A collection that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    Seq(Vec<Node>),
    Map(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    key: Option<Key>,
    merges: Vec<Node>,
}

struct Key {
    text: String,
    span: Span,
    merge: bool,
}

/// Puts the parser's events together. Not recursive: depth costs heap, not stack.
struct Builder<'a> {
    positions: &'a Positions<'a>,
    budget: &'a mut usize,
    findings: &'a mut Vec<Finding>,
    anchors: SortedMap<usize, Node>,
    open: Vec<Frame>,
    roots: Vec<Node>,
}

impl<'a> Builder<'a> {
    fn new(
        positions: &'a Positions<'a>,
        budget: &'a mut usize,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        Self {
            positions,
            budget,
            findings,
            anchors: SortedMap::new(),
            open: Vec::new(),
            roots: Vec::new(),
        }
    }

    fn build(mut self, chunk: &str) -> Result<Vec<Node>, Finding> {
        let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(chunk);
        while let Some(event) = parser.next_event() {
            let (event, marks) = event.map_err(|scan| self.syntax(&scan))?;
            self.event(event, marks)?;
        }
        Ok(self.roots)
    }

    fn span(&self, marks: Marks) -> Span {
        self.positions.span(marks.start.index(), marks.end.index())
    }

    fn event(&mut self, event: Event<'_>, marks: Marks) -> Result<(), Finding> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = Value::Scalar(scalar(text.into_owned(), style, tag.as_deref()));
                let merge = style == ScalarStyle::Plain;
                self.complete(Node { value, span: self.span(marks) }, anchor, merge)
            }
            Event::SequenceStart(anchor, _) => self.start(marks, anchor, Content::Seq(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.start(marks, anchor, Content::Map(Mapping::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(marks),
            Event::Alias(anchor) => self.alias(anchor, marks),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn start(&mut self, marks: Marks, anchor: usize, content: Content) -> Result<(), Finding> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(self.span(marks)));
        }
        let start = self.positions.behind_properties(marks.start.index());
        self.open.push(Frame { start, anchor, content });
        Ok(())
    }

    fn too_deep(&self, span: Span) -> Finding {
        error(codes::LIMIT, format!("nested deeper than {MAX_DEPTH} levels"), None, span)
    }

    fn end(&mut self, marks: Marks) -> Result<(), Finding> {
        let Some(frame) = self.open.pop() else { return Ok(()) };
        // An empty collection may end before the anchor that it has.
        let end = marks.end.index();
        let span = self.positions.span(frame.start.min(end), end);
        let value = match frame.content {
            Content::Seq(items) => Value::Seq(items),
            Content::Map(mapping) => Value::Map(self.merged(mapping)?),
        };
        self.complete(Node { value, span }, frame.anchor, false)
    }

    /// A finished node goes to the collection it is in. `plain`: an unquoted scalar, which may be `<<`.
    fn complete(&mut self, node: Node, anchor: usize, plain: bool) -> Result<(), Finding> {
        if anchor > 0 {
            self.charge(&node, node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        let mapping = match &mut frame.content {
            Content::Seq(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Map(mapping) => mapping,
        };
        match mapping.key.take() {
            None => {
                let Value::Scalar(scalar) = node.value else {
                    return Err(bad_key(node.span));
                };
                let merge = plain && scalar.text == "<<";
                mapping.key = Some(Key { text: scalar.text, span: node.span, merge });
            }
            Some(key) if key.merge => mapping.merges.push(node),
            Some(key) => {
                mapping.entries.push(Entry { key: key.text, key_span: key.span, value: node });
            }
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, marks: Marks) -> Result<(), Finding> {
        let span = self.span(marks);
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let message = "an alias inside of what it stands for".into();
            return Err(error(codes::UNSUPPORTED_YAML, message, None, span));
        };
        self.charge(&node, span)?;
        if self.open.len() + depth(&node) > MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.complete(node, 0, false)
    }

    /// Takes the memory of a copy of `node` from the budget.
    fn charge(&mut self, node: &Node, span: Span) -> Result<(), Finding> {
        match self.budget.checked_sub(size(node)) {
            Some(left) => {
                *self.budget = left;
                Ok(())
            }
            None => {
                let message =
                    format!("anchors and aliases expand to more than {} MiB", MAX_EXPANSION >> 20);
                let help = Some("write the repeated parts out, or use fewer aliases".into());
                Err(error(codes::LIMIT, message, help, span))
            }
        }
    }

    /// The mapping's own keys, each once, and what `<<` brings in; its own win, then the first of the merged ones.
    fn merged(&mut self, mapping: Mapping) -> Result<Vec<Entry>, Finding> {
        let Self { open, findings, .. } = self;
        let mut merged = last_of_each(mapping.entries, |first, again| {
            findings.push(given_twice(path_to(open), first, again));
        });
        if mapping.merges.is_empty() {
            return Ok(merged);
        }
        for merge in mapping.merges {
            let sources = match merge.value {
                Value::Seq(items) => items,
                value => vec![Node { value, span: merge.span }],
            };
            for source in sources {
                let Value::Map(entries) = source.value else {
                    let message = "`<<` merges mappings only".into();
                    let help = Some("give it an alias of a mapping, or a list of such".into());
                    return Err(error(codes::UNSUPPORTED_YAML, message, help, source.span));
                };
                merged.extend(entries);
            }
        }
        Ok(first_of_each(merged))
    }

    fn syntax(&self, scan: &ScanError) -> Finding {
        let index = scan.marker().index();
        let span = self.positions.span(index, index);
        // The scanner reads ahead and has a limit of its own.
        if scan.info().contains("recursion limit") {
            return self.too_deep(span);
        }
        let before = self.positions.line(span.line.saturating_sub(1));
        let line = self.positions.line(span.line);
        let message = format!("not valid YAML: {}", scan.info());
        error(
            codes::SYNTAX,
            message,
            Some(super::syntax_help::help(scan.info(), before, line)),
            span,
        )
    }
}

/// Where what was open last is.
fn path_to(open: &[Frame]) -> Path {
    let mut path = Path::default();
    for frame in open {
        match &frame.content {
            Content::Seq(items) => {
                path.push(Segment::Index(u32::try_from(items.len()).unwrap_or(u32::MAX)));
            }
            Content::Map(mapping) => {
                path.extend(mapping.key.iter().map(|key| Segment::Key(key.text.clone())));
            }
        }
    }
    path
}

/// `path` leads to the mapping.
fn given_twice(mut path: Path, first: &Entry, again: &Entry) -> Finding {
    let message = format!("`{}` is given twice; the last one is kept", again.key);
    let help = Some(format!("it is also in line {}; remove one of them", first.key_span.line));
    path.push(Segment::Key(again.key.clone()));
    let place = (path, again.key_span);
    Finding { place, ..error(codes::DUPLICATE_KEY, message, help, again.key_span) }
}

fn bad_key(span: Span) -> Finding {
    let message = "a key must be text, not a mapping or a list".into();
    let help = "if this is a template (`{{ … }}`), render it first; else put the key in quotes";
    error(codes::UNSUPPORTED_YAML, message, Some(help.into()), span)
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Scalar {
    let is_text = tag.is_some_and(|tag| {
        tag.is_yaml_core_schema() && tag.suffix == "str"
            || tag.handle.is_empty() && tag.suffix == "!"
    });
    if style == ScalarStyle::Plain && !is_text { Scalar::plain(text) } else { Scalar::text(text) }
}

/// Memory of a node and what is below it.
fn size(node: &Node) -> usize {
    size_of::<Node>()
        + match &node.value {
            Value::Scalar(scalar) => scalar.text.len(),
            Value::Seq(items) => items.iter().map(size).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| size_of::<Entry>() + entry.key.len() + size(&entry.value))
                .sum(),
        }
}

/// Levels of collections; 0 for a scalar.
fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::Seq(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|e| depth(&e.value)).max().unwrap_or(0),
    }
}
