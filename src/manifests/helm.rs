//! Templates of Helm charts, evaluated with the chart's own values as far as that is simple: values, defaults, quotes, `if`, `with`
//! on values, names of the release and the chart. What is not simple (ranges, functions, helpers of labels) is left out.
//!
//! Works line by line and keeps the line of the template for each line that it writes.

use super::yaml::{Node, Value};

/// A rendered template has at most so many lines.
const MAX_LINES: usize = 20_000;
/// Blocks nest at most so deep.
const MAX_DEPTH: usize = 64;

/// What a chart gives its templates.
pub(super) struct Chart<'a> {
    pub(super) name: &'a str,
    pub(super) values: Option<&'a Node>,
}

/// A rendered template: its text, and for each line the line of the template.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) lines: Vec<u32>,
    /// Nothing had to be left out.
    pub(super) whole: bool,
}

/// What a piece of a template stands for.
enum Said<'a> {
    Node(&'a Node),
    Text(String),
    Nothing,
    /// Not evaluated.
    Unknown,
}

/// An open `if`, `with`, `range` or `define`.
struct Block<'a> {
    /// Its lines are written.
    on: bool,
    /// A branch was taken already.
    done: bool,
    dot: Option<&'a Node>,
}

/// Renders a template.
pub(super) fn render(text: &str, chart: &Chart<'_>) -> Rendered {
    let mut out = Rendered { text: String::new(), lines: Vec::new(), whole: true };
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut in_comment = false;
    for (at, line) in text.lines().enumerate() {
        if out.lines.len() >= MAX_LINES || blocks.len() > MAX_DEPTH {
            out.whole = false;
            break;
        }
        if in_comment || line.trim_start().starts_with("{{/*") || line.trim_start().starts_with("{{- /*") {
            in_comment = !line.contains("*/");
            continue;
        }
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if let Some(action) = only_action(line)
            && control(action, chart, &mut blocks, &mut out.whole)
        {
            continue;
        }
        if blocks.iter().all(|block| block.on) {
            write(line, number, chart, blocks.iter().rev().find_map(|block| block.dot), &mut out);
        }
    }
    out
}

/// The action of a line that holds nothing else.
fn only_action(line: &str) -> Option<&str> {
    let inner = line.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{")).then(|| trimmed(inner))
}

/// An action without the signs that take white space away.
fn trimmed(action: &str) -> &str {
    let action = action.strip_prefix('-').unwrap_or(action);
    action.strip_suffix('-').unwrap_or(action).trim()
}

/// Opens, turns or closes a block; whether the action was one that does.
fn control<'a>(action: &str, chart: &Chart<'a>, blocks: &mut Vec<Block<'a>>, whole: &mut bool) -> bool {
    let (word, rest) = action.split_once(' ').unwrap_or((action, ""));
    let dot = blocks.iter().rev().find_map(|block| block.dot);
    match word {
        "if" => {
            let yes = is_true(rest, chart, dot).unwrap_or_else(|| {
                *whole = false;
                false
            });
            blocks.push(Block { on: yes, done: yes, dot: None });
        }
        "with" => {
            let node = match evaluate(rest, chart, dot) {
                Said::Node(node) if truth(node) => Some(node),
                Said::Unknown => {
                    *whole = false;
                    None
                }
                _ => None,
            };
            blocks.push(Block { on: node.is_some(), done: node.is_some(), dot: node });
        }
        "range" | "define" | "block" => {
            *whole &= word == "define";
            blocks.push(Block { on: false, done: true, dot: None });
        }
        "else" => {
            let taken = match rest.trim().strip_prefix("if ") {
                Some(condition) => is_true(condition, chart, dot).unwrap_or(false),
                None => true,
            };
            if let Some(block) = blocks.last_mut() {
                block.on = !block.done && taken;
                block.done |= block.on;
                block.dot = None;
            }
        }
        "end" => {
            blocks.pop();
        }
        _ => return action.starts_with('$') || action.starts_with("/*"),
    }
    true
}

/// Whether a condition holds; none when it is not simple.
fn is_true(condition: &str, chart: &Chart<'_>, dot: Option<&Node>) -> Option<bool> {
    let condition = condition.trim();
    let (word, rest) = condition.split_once(' ').unwrap_or((condition, ""));
    match word {
        "not" => return is_true(rest, chart, dot).map(|yes| !yes),
        "and" | "or" if !rest.contains('(') => {
            let all: Option<Vec<bool>> = rest.split_whitespace().map(|one| is_true(one, chart, dot)).collect();
            return all.map(|all| if word == "and" { all.iter().all(|yes| *yes) } else { all.iter().any(|yes| *yes) });
        }
        "eq" | "ne" if !rest.contains('(') => {
            let mut sides = rest.split_whitespace().map(|one| text_of(evaluate(one, chart, dot)));
            let (left, right) = (sides.next()??, sides.next()??);
            return Some((left == right) == (word == "eq"));
        }
        _ => {}
    }
    match evaluate(condition, chart, dot) {
        Said::Node(node) => Some(truth(node)),
        Said::Text(text) => Some(!matches!(text.as_str(), "" | "false" | "0")),
        Said::Nothing => Some(false),
        Said::Unknown => None,
    }
}

fn truth(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { .. } => !matches!(node.text(), None | Some("" | "false" | "0")),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
    }
}

fn text_of(said: Said<'_>) -> Option<String> {
    match said {
        Said::Node(node) => node.text().map(str::to_owned),
        Said::Text(text) => Some(text),
        Said::Nothing => Some(String::new()),
        Said::Unknown => None,
    }
}

/// A pipeline: a value, then functions that change how it is written.
fn evaluate<'a>(pipeline: &str, chart: &Chart<'a>, dot: Option<&'a Node>) -> Said<'a> {
    let mut parts = pipeline.split('|').map(str::trim);
    let mut said = operand(parts.next().unwrap_or_default(), chart, dot);
    for part in parts {
        let (function, argument) = part.split_once(' ').unwrap_or((part, ""));
        said = match (function, said) {
            ("default", Said::Nothing) => operand(argument, chart, dot),
            ("default", Said::Node(node)) if !truth(node) => operand(argument, chart, dot),
            ("trunc" | "trimSuffix" | "lower" | "upper" | "replace", Said::Text(text)) => Said::Text(text),
            (
                "default" | "quote" | "squote" | "toString" | "int" | "int64" | "trim" | "nindent" | "indent" | "toYaml" | "required",
                said,
            ) => said,
            _ => Said::Unknown,
        };
    }
    said
}

fn operand<'a>(text: &str, chart: &Chart<'a>, dot: Option<&'a Node>) -> Said<'a> {
    let text = text.trim().trim_start_matches("toYaml ").trim_start_matches("quote ").trim();
    if let Some(rest) = text.strip_prefix("default ") {
        // `default "x" .Values.y`
        let Some((fallback, value)) = rest.rsplit_once(' ') else { return Said::Unknown };
        return match operand(value, chart, dot) {
            Said::Nothing => operand(fallback, chart, dot),
            Said::Node(node) if !truth(node) => operand(fallback, chart, dot),
            said => said,
        };
    }
    if let Some(path) = text.strip_prefix("$.Values.").or_else(|| text.strip_prefix(".Values.")) {
        return found(chart.values, path);
    }
    match text {
        ".Release.Name" | "$.Release.Name" | ".Chart.Name" | "$.Chart.Name" => return Said::Text(chart.name.to_owned()),
        ".Release.Namespace" | "$.Release.Namespace" => return Said::Text("default".to_owned()),
        ".Chart.AppVersion" | ".Chart.Version" => return Said::Text("latest".to_owned()),
        "." => return dot.map_or(Said::Unknown, Said::Node),
        _ => {}
    }
    if let Some(helper) = text.strip_prefix("include \"").or_else(|| text.strip_prefix("template \"")) {
        // By custom, helpers of these names give the name of the release or the chart.
        let name = helper.split('"').next().unwrap_or_default();
        let named = [".fullname", ".name", ".serviceAccountName"].iter().any(|end| name.ends_with(end));
        return if named { Said::Text(chart.name.to_owned()) } else { Said::Unknown };
    }
    if let Some(path) = text.strip_prefix('.') {
        return if dot.is_some() && is_path(path) { found(dot, path) } else { Said::Unknown };
    }
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|text| !text.contains('"'));
    match quoted {
        Some(text) => Said::Text(text.to_owned()),
        None if text.parse::<f64>().is_ok() || matches!(text, "true" | "false") => Said::Text(text.to_owned()),
        None => Said::Unknown,
    }
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn found<'a>(root: Option<&'a Node>, path: &str) -> Said<'a> {
    if !is_path(path) {
        return Said::Unknown;
    }
    let node = path.split('.').try_fold(root, |node, key| node.map(|node| node.get(key)));
    node.flatten().map_or(Said::Nothing, Said::Node)
}

/// Writes a line with its actions replaced; one that cannot be is left out.
fn write(line: &str, number: u32, chart: &Chart<'_>, dot: Option<&Node>, out: &mut Rendered) {
    let mut written = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        written.push_str(&rest[..start]);
        let raw = &rest[start + 2..start + length];
        let action = trimmed(raw);
        rest = &rest[start + length + 2..];
        match evaluate(action, chart, dot) {
            Said::Node(node) if !matches!(node.value, Value::Scalar { .. }) => {
                // `toYaml .Values.resources | nindent 12`: lines of their own below the key.
                let indent = indent_of(action).unwrap_or_else(|| line.len() - line.trim_start().len());
                push(&written, number, out);
                lines_of(node, indent, number, out, 0);
                return;
            }
            Said::Node(node) => match node.text() {
                Some(text) if action.contains("quote") || needs_quotes(text, &written, rest) => written.push_str(&quoted(text)),
                Some(text) => written.push_str(text),
                None => {}
            },
            Said::Text(text) if action.contains("| quote") => written.push_str(&quoted(&text)),
            Said::Text(text) => written.push_str(&text),
            Said::Nothing => {}
            Said::Unknown => {
                // Labels stand on a line of their own; anything else is a value that is not known: its key stays.
                if only_action(line).is_none() {
                    out.whole = false;
                    if let Some(colon) = line[..line.find("{{").unwrap_or(0)].rfind(':') {
                        push(&line[..=colon], number, out);
                    }
                }
                return;
            }
        }
    }
    written.push_str(rest);
    push(&written, number, out);
}

fn needs_quotes(text: &str, before: &str, after: &str) -> bool {
    before.trim_end().ends_with(':')
        && after.trim().is_empty()
        && (text.contains(": ") || text.contains(" #") || text.starts_with(['{', '[', '*', '&', '!', '%', '@']))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn indent_of(action: &str) -> Option<usize> {
    let (_, rest) = action.rsplit_once("indent ")?;
    rest.trim().parse().ok().filter(|indent| *indent < 100)
}

fn push(line: &str, number: u32, out: &mut Rendered) {
    if !line.trim().is_empty() && out.lines.len() < MAX_LINES {
        out.text.push_str(line);
        out.text.push('\n');
        out.lines.push(number);
    }
}

/// A value as lines of YAML.
fn lines_of(node: &Node, indent: usize, number: u32, out: &mut Rendered, depth: usize) {
    let pad = " ".repeat(indent);
    if depth > MAX_DEPTH || out.lines.len() >= MAX_LINES {
        return;
    }
    let scalar = |node: &Node| match &node.value {
        Value::Scalar { text, plain: true } => Some(text.clone()),
        Value::Scalar { text, .. } => Some(quoted(text)),
        Value::List(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
        _ => None,
    };
    for entry in node.entries() {
        let key = quoted(&entry.key);
        match scalar(&entry.node) {
            Some(text) => push(&format!("{pad}{key}: {text}"), number, out),
            None => {
                push(&format!("{pad}{key}:"), number, out);
                lines_of(&entry.node, indent + 2, number, out, depth + 1);
            }
        }
    }
    for item in node.items() {
        match scalar(item) {
            Some(text) => push(&format!("{pad}- {text}"), number, out),
            None => {
                push(&format!("{pad}-"), number, out);
                lines_of(item, indent + 2, number, out, depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    #[test]
    fn simple_templates_are_evaluated_and_lines_are_kept() {
        let values = yaml::parse(
            "replicas: 3\nimage: {name: shop, tag: \"\"}\npersistence: {enabled: false}\nresources: {limits: {memory: 1Gi}}\nlog: 'info: x'\n",
        );
        let chart = Chart { name: "shop", values: Some(&values.roots[0]) };
        let template = "{{/* why */}}\nname: {{ include \"shop.fullname\" . }}\nlabels:\n  {{- include \"shop.labels\" . | nindent 2 }}\nreplicas: {{ .Values.replicas }}\nimage: \"{{ .Values.image.name }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"\n{{- if .Values.persistence.enabled }}\nvolume: yes\n{{- else }}\nvolume: none\n{{- end }}\n{{- with .Values.resources }}\nresources:\n  {{- toYaml . | nindent 2 }}\n{{- end }}\nlog: {{ .Values.log }}\nmissing: {{ .Values.a.b | default 7 }}\n";
        let rendered = render(template, &chart);
        assert_eq!(
            rendered.text,
            "name: shop\nlabels:\nreplicas: 3\nimage: \"shop:latest\"\nvolume: none\nresources:\n  \"limits\":\n    \"memory\": 1Gi\nlog: \"info: x\"\nmissing: 7\n"
        );
        assert_eq!(rendered.lines, [2, 3, 5, 6, 10, 13, 14, 14, 16, 17]);
        assert!(rendered.whole, "labels are left out and say nothing of state");
        let unknown = render("a: {{ lookup \"v1\" }}\n{{- range .Values.x }}\nb: 1\n{{- end }}\nc: 1\n", &chart);
        assert_eq!((unknown.text.as_str(), unknown.whole), ("a:\nc: 1\n", false));
    }
}
