//! Functions of templates that say something of values; those that only an installation can answer are unknown.

use std::sync::Arc;

use super::super::yaml::{Entry, Mark, Node, Value};
use super::value::{Val, json, quoted, truth};

/// At most so many members a function makes.
const MAX_MEMBERS: usize = 10_000;

/// Calls a function; none when it is not known or does not fit.
pub(super) fn call(name: &str, arguments: &[Val]) -> Option<Val> {
    let last = arguments.last();
    match name {
        "default" => {
            let [fallback, value] = arguments else { return arguments.first().cloned() };
            return Some(if value.truth()? { value.clone() } else { fallback.clone() });
        }
        "coalesce" => {
            for value in arguments {
                if value.truth()? {
                    return Some(value.clone());
                }
            }
            return Some(Val::nothing());
        }
        "ternary" => {
            let [yes, no, condition] = arguments else { return None };
            return Some(if condition.truth()? { yes.clone() } else { no.clone() });
        }
        "required" | "deepCopy" | "toString" => return last.cloned(),
        // What is not known stays so, however it is written.
        "quote" | "squote" | "trim" | "int" | "int64" | "lower" | "upper" if last?.is_unknown() => return last.cloned(),
        "not" => return Some(Val::bool(!last?.truth()?)),
        "empty" => return Some(Val::bool(!last?.truth()?)),
        "fail" => return Some(Val::nothing()),
        "lookup" => return Some(map(Vec::new())),
        "sha256sum" | "sha1sum" | "adler32sum" => return Some(Val::text("(checksum)")),
        "b64enc" => return Some(Val::text_at("(encoded)", last?.at())),
        "randAlphaNum" | "randAlpha" | "randNumeric" | "randAscii" | "uuidv4" | "genPrivateKey" | "htpasswd" | "derivePassword" => {
            return Some(Val::text("(made by each install)"));
        }
        ".Files.Get" => return Some(Val::text(format!("(the file {})", last?.shown()?))),
        _ => {}
    }
    if arguments.iter().any(Val::is_unknown) {
        return None;
    }
    texts(name, arguments).or_else(|| comparisons(name, arguments)).or_else(|| collections(name, arguments))
}

/// Functions on texts.
fn texts(name: &str, arguments: &[Val]) -> Option<Val> {
    let last = arguments.last()?;
    if let Val::Yaml(node, indent) = last {
        let number = || arguments.first()?.shown()?.parse::<usize>().ok().filter(|number| *number < 200);
        match name {
            "nindent" => return Some(Val::Yaml(node.clone(), Some((number()? + indent.map_or(0, |(before, _)| before), true)))),
            "indent" => return Some(Val::Yaml(node.clone(), Some((number()? + indent.map_or(0, |(before, _)| before), false)))),
            "trim" | "trimAll" => return Some(last.clone()),
            _ => {}
        }
    }
    let text = || last.shown();
    let first = || arguments.first()?.shown();
    let number = || first()?.parse::<i64>().ok();
    let of = |text: String| Some(Val::text_at(text, last.at()));
    match name {
        "quote" => {
            let said: Option<Vec<String>> = arguments.iter().map(|one| one.shown().map(|text| quoted(&text))).collect();
            of(said?.join(" "))
        }
        "squote" => of(format!("'{}'", text()?.replace('\'', "''"))),
        "toYaml" | "mustToYaml" | "toYamlPretty" => Some(Val::Yaml(last.node()?.clone(), None)),
        "toJson" | "mustToJson" | "toPrettyJson" | "toRawJson" => of(json(last.node()?, &mut 5_000)?),
        "trim" => of(text()?.trim().to_owned()),
        "trimSuffix" => of(text()?.strip_suffix(&first()?).map_or_else(|| text().unwrap_or_default(), str::to_owned)),
        "trimPrefix" => of(text()?.strip_prefix(&first()?).map_or_else(|| text().unwrap_or_default(), str::to_owned)),
        "trimAll" => of(text()?.trim_matches(first()?.chars().collect::<Vec<_>>().as_slice()).to_owned()),
        "trunc" => {
            let most = usize::try_from(number()?).ok()?;
            of(text()?.chars().take(most).collect())
        }
        "lower" => of(text()?.to_lowercase()),
        "upper" => of(text()?.to_uppercase()),
        "title" | "untitle" | "nospace" => of(text()?),
        "kebabcase" => of(text()?.to_lowercase().replace(['_', ' '], "-")),
        "replace" => {
            let [from, to, _] = arguments else { return None };
            of(limited(text()?.replace(&from.shown()?, &to.shown()?)))
        }
        "nindent" | "indent" => {
            let pad = " ".repeat(usize::try_from(number()?).ok().filter(|pad| *pad < 200)?);
            let said: Vec<String> = text()?.lines().map(|line| format!("{pad}{line}")).collect();
            of(format!("{}{}", if name == "nindent" { "\n" } else { "" }, said.join("\n")))
        }
        "print" | "println" | "cat" => {
            let said: Option<Vec<String>> = arguments.iter().map(Val::shown).collect();
            of(said?.join(if name == "print" { "" } else { " " }))
        }
        "printf" => printf(arguments),
        "contains" => Some(Val::bool(text()?.contains(&first()?))),
        "hasPrefix" => Some(Val::bool(text()?.starts_with(&first()?))),
        "hasSuffix" => Some(Val::bool(text()?.ends_with(&first()?))),
        "repeat" => of(text()?.repeat(usize::try_from(number()?).ok().filter(|times| *times < 100)?)),
        "int" | "int64" | "atoi" | "toDecimal" => {
            let whole = text()?;
            let whole = whole.split('.').next().unwrap_or_default().parse::<i64>().unwrap_or(0);
            Some(Val::Node(Arc::new(Node::plain(whole.to_string(), last.at()))))
        }
        "float64" => Some(last.clone()),
        "b64dec" => None,
        "join" => {
            let said: Option<Vec<String>> = last.node()?.items().iter().map(|item| item.text().map(str::to_owned)).collect();
            of(limited(said?.join(&first()?)))
        }
        "split" => {
            let parts = text()?;
            let sign = first()?;
            let entry = |(at, part): (usize, &str)| Entry::made(format!("_{at}"), last.at(), Node::scalar(part, last.at()));
            Some(map(parts.split(&sign).enumerate().take(MAX_MEMBERS).map(entry).collect()))
        }
        "splitList" => {
            let items = text()?.split(&first()?).take(MAX_MEMBERS).map(|part| Arc::new(Node::scalar(part, last.at()))).collect();
            Some(list(items))
        }
        _ => None,
    }
}

fn limited(text: String) -> String {
    text.chars().take(100_000).collect()
}

/// `%s`, `%d`, `%v`, `%q`, `%t`.
fn printf(arguments: &[Val]) -> Option<Val> {
    let format = arguments.first()?.shown()?;
    let mut rest = arguments.iter().skip(1);
    let mut at = Mark::default();
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        while chars.peek().is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '#')) {
            chars.next();
        }
        match chars.next()? {
            '%' => out.push('%'),
            verb => {
                let value = rest.next()?;
                if at == Mark::default() {
                    at = value.at();
                }
                let text = value.shown()?;
                out.push_str(&if verb == 'q' { quoted(&text) } else { text });
            }
        }
        if out.len() > 100_000 {
            return None;
        }
    }
    Some(Val::text_at(out, at))
}

/// Comparisons and numbers.
fn comparisons(name: &str, arguments: &[Val]) -> Option<Val> {
    let texts: Option<Vec<String>> = arguments.iter().map(Val::shown).collect();
    let texts = texts?;
    let number = |at: usize| texts.get(at)?.parse::<f64>().ok();
    let same = |a: &str, b: &str| a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < f64::EPSILON);
    let compared = |test: fn(f64, f64) -> bool| Some(Val::bool(test(number(0)?, number(1)?)));
    let whole = |at: usize| texts.get(at)?.parse::<i64>().ok();
    match name {
        "eq" => {
            let (first, rest) = texts.split_first()?;
            Some(Val::bool(rest.iter().any(|one| same(first, one))))
        }
        "ne" => Some(Val::bool(!same(texts.first()?, texts.get(1)?))),
        "lt" => compared(|a, b| a < b),
        "le" => compared(|a, b| a <= b),
        "gt" => compared(|a, b| a > b),
        "ge" => compared(|a, b| a >= b),
        "add" => Some(Val::number((0..texts.len()).try_fold(0_i64, |sum, at| sum.checked_add(whole(at)?))?)),
        "add1" => Some(Val::number(whole(0)?.checked_add(1)?)),
        "sub" => Some(Val::number(whole(0)?.checked_sub(whole(1)?)?)),
        "mul" => Some(Val::number((0..texts.len()).try_fold(1_i64, |product, at| product.checked_mul(whole(at)?))?)),
        "div" => Some(Val::number(whole(0)?.checked_div(whole(1)?)?)),
        "mod" => Some(Val::number(whole(0)?.checked_rem(whole(1)?)?)),
        "max" => Some(Val::number((0..texts.len()).filter_map(whole).max()?)),
        "min" => Some(Val::number((0..texts.len()).filter_map(whole).min()?)),
        "kindIs" | "typeIs" if texts.len() == 2 => Some(Val::bool(texts[0] == kind_of(arguments.get(1)?.node()?))),
        _ => None,
    }
}

/// What Go calls a value.
fn kind_of(node: &Node) -> &'static str {
    match &node.value {
        Value::Map(_) => "map",
        Value::List(_) => "slice",
        Value::Scalar { text, plain: true } => match text.as_str() {
            "" | "~" | "null" => "invalid",
            "true" | "false" => "bool",
            text if text.parse::<f64>().is_ok() => "float64",
            _ => "string",
        },
        Value::Scalar { .. } => "string",
    }
}

/// Functions on lists and maps.
fn collections(name: &str, arguments: &[Val]) -> Option<Val> {
    let node = |at: usize| arguments.get(at)?.node();
    let text = |at: usize| arguments.get(at)?.shown();
    match name {
        "len" => Some(Val::number(i64::try_from(size(node(0)?)).ok()?)),
        "kindIs" | "typeIs" => Some(Val::bool(text(0)? == kind_of(node(1)?))),
        "kindOf" | "typeOf" => Some(Val::text(kind_of(node(0)?))),
        "dict" => {
            let mut entries = Vec::new();
            for pair in arguments.chunks(2) {
                let [key, value] = pair else { return None };
                entries.push(Entry::made(key.shown()?, value.at(), value.node()?.clone()));
            }
            Some(map(entries))
        }
        "list" | "tuple" => Some(list(arguments.iter().map(|one| one.node().cloned()).collect::<Option<_>>()?)),
        "keys" => Some(list(node(0)?.entries().iter().map(|entry| Arc::new(Node::scalar(entry.key.as_str(), entry.at))).collect())),
        "values" => Some(list(node(0)?.entries().iter().map(|entry| entry.node.clone()).collect())),
        "first" => Some(node(0)?.items().first().map_or_else(Val::nothing, |item| Val::Node(item.clone()))),
        "last" => Some(node(0)?.items().last().map_or_else(Val::nothing, |item| Val::Node(item.clone()))),
        "rest" => Some(list(node(0)?.items().iter().skip(1).cloned().collect())),
        "initial" => {
            let items = node(0)?.items();
            Some(list(items[..items.len().saturating_sub(1)].to_vec()))
        }
        "uniq" | "compact" | "sortAlpha" => Some(arguments.first()?.clone()),
        "concat" => {
            Some(list(arguments.iter().filter_map(Val::node).flat_map(|node| node.items().iter().cloned()).take(MAX_MEMBERS).collect()))
        }
        "append" | "prepend" => {
            let mut items = node(0)?.items().to_vec();
            let at = if name == "append" { items.len() } else { 0 };
            items.insert(at, node(1)?.clone());
            (items.len() < MAX_MEMBERS).then(|| list(items))
        }
        "has" => {
            let wanted = text(0)?;
            Some(Val::bool(node(1)?.items().iter().any(|item| item.text() == Some(&wanted))))
        }
        "until" => {
            let count = text(0)?.parse::<usize>().ok().filter(|count| *count <= 1_000)?;
            Some(list((0..count).map(|at| Arc::new(Node::plain(at.to_string(), Mark::default()))).collect()))
        }
        "hasKey" => {
            let key = text(1)?;
            Some(Val::bool(node(0)?.get(&key).is_some()))
        }
        "get" | "index" => {
            let mut value = node(0)?.clone();
            for at in 1..arguments.len() {
                let key = text(at)?;
                value = match &value.value {
                    Value::List(items) => items.get(key.parse::<usize>().ok()?)?.clone(),
                    _ => match value.get_arc(&key) {
                        Some(inner) => inner,
                        None => return Some(Val::nothing()),
                    },
                };
            }
            Some(Val::Node(value))
        }
        "dig" => {
            let (container, rest) = arguments.split_last()?;
            let (fallback, keys) = rest.split_last()?;
            let mut value = container.node()?.clone();
            for key in keys {
                match value.get_arc(&key.shown()?) {
                    Some(inner) => value = inner,
                    None => return Some(fallback.clone()),
                }
            }
            Some(Val::Node(value))
        }
        "pick" | "omit" => {
            let keys: Vec<String> = arguments[1..].iter().filter_map(Val::shown).collect();
            let kept = node(0)?.entries().iter().filter(|entry| keys.contains(&entry.key) == (name == "pick")).cloned().collect();
            Some(map(kept))
        }
        "merge" | "mergeOverwrite" | "mustMerge" | "mustMergeOverwrite" => {
            let mut out = node(0)?.clone();
            for other in arguments.iter().skip(1) {
                let other = other.node()?;
                out = if name.ends_with("Overwrite") { super::merged(&out, other) } else { super::merged(other, &out) };
            }
            Some(Val::Node(out))
        }
        "set" => {
            let (at, value) = (text(1)?, node(2)?.clone());
            let one = Arc::new(Node::made(Value::Map(vec![Entry::made(at, value.at, value)]), Mark::default()));
            Some(Val::Node(super::merged(node(0)?, &one)))
        }
        _ => None,
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => node.text().map_or(0, str::len),
        Value::List(items) => items.len(),
        Value::Map(entries) => entries.len(),
    }
}

fn list(items: Vec<Arc<Node>>) -> Val {
    Val::Node(Arc::new(Node::made(Value::List(items), Mark::default())))
}

fn map(entries: Vec<Entry>) -> Val {
    Val::Node(Arc::new(Node::made(Value::Map(entries), Mark::default())))
}

/// `and`, `or`: the first value that decides, of those that are known.
pub(super) fn decided(name: &str, values: impl Iterator<Item = Val>) -> Val {
    let wanted = name == "or";
    let mut unknown: Option<Val> = None;
    let mut last = Val::nothing();
    for value in values {
        match value.node().map(|node| truth(node)) {
            Some(yes) if yes == wanted => return value,
            Some(_) => last = value,
            None => unknown = unknown.or(Some(value)),
        }
    }
    unknown.unwrap_or(last)
}
