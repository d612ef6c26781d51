//! The pieces of a format string: its text, its arguments, and what its names stand for.

use super::values::{At, Value};
use crate::model::FactValue;

/// `"/tmp/report-{}.csv"` with its arguments; what is not known stays `{name}`.
pub(super) fn format_pieces(template: &str, at: At, args: &[Value], named: &dyn Fn(&str, bool) -> Option<Value>) -> Value {
    let known = |text: String| Value::Known(FactValue::Text(text), false, at);
    let (mut out, mut text, mut next) = (Vec::new(), String::new(), args.iter());
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.peek() == Some(&'{') => {
                chars.next();
                text.push('{');
            }
            '}' if chars.peek() == Some(&'}') => {
                chars.next();
                text.push('}');
            }
            '{' => {
                let hole: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let name = hole.split(':').next().unwrap_or("").trim().to_owned();
                let value = match name.parse::<usize>() {
                    _ if name.is_empty() => next.next().cloned(),
                    Ok(at) => args.get(at).cloned(),
                    Err(_) => named(&name, out.is_empty() && (text.is_empty() || text.ends_with("://"))),
                };
                if !text.is_empty() {
                    out.push(known(std::mem::take(&mut text)));
                }
                out.push(value.unwrap_or_else(|| Value::Unknown(name.into())));
            }
            c => text.push(c),
        }
    }
    if !text.is_empty() {
        out.push(known(text));
    }
    match out.len() {
        1 => out.remove(0),
        _ => Value::Join(out),
    }
}
