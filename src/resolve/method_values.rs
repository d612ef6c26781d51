//! Values of method calls and of macros.

use smol_str::SmolStr;

use super::arithmetic::{self, Math};
use super::displayed::{display_of, is_display};
use super::diverging::never_returns;
use super::format_strings::format_pieces;
use super::infer::Callee;
use super::machine;
use super::moments::{counted, unit_of};
use super::names::{Res, Space};
use super::types::Type;
use super::values::{TextPart, Tracer, Value, constant, is_path, is_text};
use crate::facts::{Expr, ExprId, Pat, Span};
use crate::model::FactValue;

/// Elements of an array that are joined to one text.
const MAX_ELEMENTS: usize = 16;

impl Tracer<'_> {
    /// What a variable or reference stands for.
    pub(super) fn behind(&self, mut id: ExprId) -> ExprId {
        for _ in 0..8 {
            match &self.body[id] {
                Expr::Ref(inner) => id = *inner,
                Expr::Path(..) => match self.types.local_of.get(&id) {
                    Some(local) if !self.types.changed.contains(local) => match self.types.locals[local.0 as usize].init {
                        Some(init) if init != id => id = init,
                        _ => return id,
                    },
                    _ => return id,
                },
                _ => return id,
            }
        }
        id
    }

    /// `|base| base.join(part)`: the part.
    fn joined_in(&self, closure: ExprId) -> Option<ExprId> {
        let Expr::Closure { params, body, .. } = &self.body[closure] else { return None };
        let [(param, _)] = &**params else { return None };
        let Pat::Bind { name: given, .. } = &self.body[*param] else { return None };
        let Expr::Method { recv, name, args, .. } = &self.body[*body] else { return None };
        let [part] = **args else { return None };
        let is_given = matches!(&self.body[*recv], Expr::Path(path, _) if path.single() == Some(given));
        (is_given && name == "join").then_some(part)
    }

    pub(super) fn method(&self, id: ExprId, recv: ExprId, name: &str, args: &[ExprId], span: Span, depth: u32) -> Value {
        let next = |id: ExprId| self.follow(id, depth + 1);
        let is_own = matches!(self.types.callees.get(&id), Some(Callee::Def(_)));
        match (name, args) {
            (
                "get_one" | "get_many" | "get_flag" | "get_count" | "try_get_one" | "remove_one" | "remove_many" | "value_of" | "values_of",
                [option],
            ) if !is_own && let Value::Known(FactValue::Text(option), ..) = next(*option) => {
                Value::OfCommandLine { option: option.into(), text: self.show(id).into(), at: self.at(span) }
            }
            ("into", []) if let Some(address) = self.address_from(id, recv, span, depth) => address,
            ("map" | "and_then", [closure]) if !is_own && let Some(part) = self.joined_in(*closure) => {
                let separator = Value::Known(FactValue::Text("/".to_owned()), false, self.at(span));
                Value::Join(vec![next(recv), separator, next(part)])
            }
            // A type that wraps others is shown as they are.
            ("to_string", [])
                if is_display(self.world, self.def)
                    && let Some(fmt) = display_of(self.world, &self.types.types[recv.0 as usize]) =>
            {
                Value::Call { func: fmt, args: Vec::new(), text: self.show(id).into(), at: self.at(span) }
            }
            // A variant is shown as its `Display` writes it.
            ("to_string", [])
                if let Some(fmt) = display_of(self.world, &self.types.types[recv.0 as usize])
                    && let shown @ (Value::Known(FactValue::Text(_), ..) | Value::Param { .. }) = next(recv) =>
            {
                Value::Call { func: fmt, args: vec![shown], text: self.show(id).into(), at: self.at(span) }
            }
            (
                "to_string" | "to_owned" | "into" | "clone" | "as_str" | "as_ref" | "parse" | "unwrap" | "expect" | "ok" | "as_path"
                | "as_os_str" | "as_u64" | "to_path_buf" | "as_deref" | "map_err" | "context" | "with_context" | "into_owned" | "trim"
                | "try_into" | "borrow" | "to_str" | "to_string_lossy" | "as_bytes" | "copied" | "cloned" | "deref" | "or_else"
                | "and_then" | "map" | "transpose" | "wrap_err" | "wrap_err_with" | "display" | "filter" | "as_mut" | "ok_or_else"
                | "ok_or" | "get" | "into_string" | "into_inner" | "cast_signed" | "cast_unsigned" | "expose_secret" | "trim_start"
                | "trim_end" | "trim_matches" | "trim_start_matches" | "trim_end_matches" | "canonicalize" | "canonicalize_utf8"
                | "into_std_path_buf" | "as_std_path" | "into_boxed_path" | "into_path_buf" | "absolutize",
                _,
            ) if !is_own => {
                // `settings.map(|settings| settings.size)`: the field is the value.
                if let ("map" | "and_then", [closure]) = (name, args)
                    && let Expr::Closure { body, .. } = &self.body[*closure]
                    && let Value::Field { of, field, text, at } = next(*body)
                    && !field.starts_with(|c: char| c.is_ascii_digit())
                {
                    return Value::Field { of, field, text, at };
                }
                let inner = next(recv);
                match (name, &inner) {
                    (_, count) if machine::stays(count, self.body, name, args) => inner,
                    // What a closure makes of a literal is not the literal.
                    ("map" | "and_then" | "get", Value::Known(..) | Value::Unknown(_) | Value::Contents { .. }) => self.unknown(id),
                    (_, Value::Unknown(_)) => self.unknown(id),
                    // The text of the whole expression stays what a page shows.
                    (_, Value::Contents { path, compiled_in, .. }) => {
                        Value::Contents { path: path.clone(), compiled_in: *compiled_in, text: self.show(id).into() }
                    }
                    _ => inner,
                }
            }
            ("parent" | "file_name", []) if !is_own => match next(recv) {
                Value::Unknown(_) | Value::Contents { .. } => self.unknown(id),
                path => Value::Part(Box::new(path), if name == "parent" { TextPart::Folder } else { TextPart::Name }),
            },
            ("strip_prefix", [start]) if !is_own => match (next(recv), next(*start)) {
                (Value::Unknown(_) | Value::Contents { .. }, _) => self.unknown(id),
                (text, Value::Known(FactValue::Text(mut start), ..)) => {
                    // Of a path, whole names are taken.
                    if is_path(&self.types.types[recv.0 as usize]) && !start.ends_with('/') {
                        start.push('/');
                    }
                    Value::Part(Box::new(text), TextPart::After(start.into()))
                }
                _ => self.unknown(id),
            },
            (_, [other]) if !is_own && let Some(op) = Math::named(name) => {
                arithmetic::numbers(op, &next(recv), &next(*other)).unwrap_or_else(|| self.unknown(id))
            }
            ("clamp", [least, most]) if !is_own => {
                let above = arithmetic::numbers(Math::Max, &next(recv), &next(*least));
                above.and_then(|above| arithmetic::numbers(Math::Min, &above, &next(*most))).unwrap_or_else(|| self.unknown(id))
            }
            (_, []) if !is_own && let Some(found) = self.suffixed(name, || next(recv)) => found,
            (_, []) if !is_own && let Some(unit) = unit_of(name) => counted(&next(recv), unit).unwrap_or_else(|| self.unknown(id)),
            // From the start of all time: the moment as it is.
            ("duration_since", [_]) if !is_own => match next(recv) {
                moment @ Value::Later { .. } => moment,
                _ => self.unknown(id),
            },
            // `var("A").or(var("B"))`: the second where the first is not there.
            ("or", [fallback]) if !is_own => match next(recv) {
                first @ (Value::Env { .. } | Value::Call { .. } | Value::Field { .. }) => first.with_default(next(*fallback)),
                _ => self.unknown(id),
            },
            ("unwrap_or_default", []) if !is_own => {
                let value = next(recv);
                let empty = match self.types.types[id.0 as usize].path().map_or("", SmolStr::as_str) {
                    "bool" => Some(FactValue::Bool(false)),
                    "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => Some(FactValue::Int(0)),
                    _ => None,
                };
                match (empty, &value) {
                    (Some(empty), Value::Env { .. } | Value::Call { .. }) => value.with_default(Value::Known(empty, false, self.at(span))),
                    (_, Value::Unknown(_)) => self.unknown(id),
                    _ => value,
                }
            }
            // `unwrap_or_else(|_| panic!("…"))`: nothing stands in for what is not there.
            ("unwrap_or_else", [fallback]) if never_returns(self.body, *fallback) => next(recv),
            ("unwrap_or" | "unwrap_or_else", [fallback]) => {
                // A function by its name: `unwrap_or_else(num_cpus::get)`.
                let told = match &self.body[*fallback] {
                    Expr::Path(path, span) if name == "unwrap_or_else" => machine::told_by(&path.text(), self.at(*span)),
                    _ => None,
                };
                next(recv).with_default(told.unwrap_or_else(|| next(*fallback)))
            }
            ("map_or" | "map_or_else", [fallback, _]) => next(recv).with_default(next(*fallback)),
            ("path", []) if let Some(kept) = temporary(&self.types.types[recv.0 as usize]) => {
                Value::Known(FactValue::Text(kept.to_owned()), false, self.at(span))
            }
            ("to_uppercase" | "to_lowercase" | "to_ascii_uppercase" | "to_ascii_lowercase", []) if !is_own => match next(recv) {
                Value::Known(FactValue::Text(text), false, at) => {
                    let text = if name.ends_with("uppercase") { text.to_uppercase() } else { text.to_lowercase() };
                    Value::Known(FactValue::Text(text), false, at)
                }
                _ => self.unknown(id),
            },
            // A moment as it is written in the name of a file: by how it is written.
            ("format", [form]) if !is_own => match next(*form) {
                Value::Known(FactValue::Text(form), ..) if form.contains('%') => Value::Unknown(form.into()),
                _ => self.unknown(id),
            },
            ("with_extension", [part]) => match (next(recv), next(*part)) {
                (Value::Unknown(_), _) | (_, Value::Unknown(_)) => self.unknown(id),
                (path, Value::Known(FactValue::Text(end), ..)) => Value::WithExtension(Box::new(path), end.into()),
                _ => self.unknown(id),
            },
            ("join", [separator]) if let Expr::Array(elements) = &self.body[self.behind(recv)] => {
                let (mut parts, separator) = (Vec::new(), next(*separator));
                for element in elements.iter().take(MAX_ELEMENTS) {
                    if !parts.is_empty() {
                        parts.push(separator.clone());
                    }
                    parts.push(next(*element));
                }
                Value::Join(parts)
            }
            ("join", _) if matches!(&self.types.types[recv.0 as usize], Type::Slice(_)) => self.unknown(id),
            ("join" | "push", [part])
                if is_path(&self.types.types[recv.0 as usize]) || name == "join" && !matches!(next(*part), Value::Unknown(_)) =>
            {
                let separator = "/";
                let separator = Value::Known(FactValue::Text(separator.to_owned()), false, self.at(span));
                Value::Join(vec![next(recv), separator, next(*part)])
            }
            _ => match (self.types.callees.get(&id), next(recv)) {
                // What is done to an error, or to a text before it is parsed.
                (_, Value::Contents { path, compiled_in, .. }) => Value::Contents { path, compiled_in, text: self.show(id).into() },
                (Some(Callee::Def(func)), _) if self.world.program.func(*func).is_some() => Value::Call {
                    func: *func,
                    args: args.iter().map(|arg| next(*arg)).collect(),
                    text: self.show(id).into(),
                    at: self.at(span),
                },
                _ => self.unknown(id),
            },
        }
    }

    pub(super) fn macro_call(&self, id: ExprId, name: &str, args: &[ExprId], depth: u32) -> Value {
        let next = |id: ExprId| self.follow(id, depth + 1);
        match (name, args) {
            ("format" | "format_args", [first, rest @ ..]) => {
                let Value::Known(FactValue::Text(template), _, at) = next(*first) else { return self.unknown(id) };
                let named = |name: &str, begins: bool| self.inline(name, begins, depth);
                format_pieces(&template, at, &rest.iter().map(|arg| next(*arg)).collect::<Vec<_>>(), &named)
            }
            // What a type is shown as.
            ("write", [_, first, rest @ ..]) if is_display(self.world, self.def) => {
                let Value::Known(FactValue::Text(template), _, at) = next(*first) else { return self.unknown(id) };
                let named = |name: &str, begins: bool| self.inline(name, begins, depth);
                format_pieces(&template, at, &rest.iter().map(|arg| next(*arg)).collect::<Vec<_>>(), &named)
            }
            ("concat", parts) => Value::Join(parts.iter().map(|part| next(*part)).collect()),
            ("dbg" | "nonzero", [only]) => next(*only),
            ("include_str" | "include_bytes", [only]) => match next(*only) {
                path @ Value::Known(FactValue::Text(_), ..) => {
                    Value::Contents { path: Box::new(path), compiled_in: true, text: self.show(id).into() }
                }
                _ => self.unknown(id),
            },
            _ => self.unknown(id),
        }
    }

    /// `{ROOT}` in a format string: a constant, or the only variable of that name where it holds one. What a text begins with
    /// is followed further: it says which folder or host the text is about.
    pub(super) fn inline(&self, name: &str, begins: bool, depth: u32) -> Option<Value> {
        let locals = self.types.locals.iter().filter(|local| local.name == name);
        let mut values = locals.map(|local| match (local.init, local.param) {
            (Some(init), _) => Some(self.follow(init, depth + 1)),
            (None, Some(index)) if is_text(&local.ty) => Some(Value::Param { func: self.def, index, name: local.name.clone() }),
            _ => None,
        });
        let value = match values.next() {
            // A name that is bound again may stand for either: `let path = path.trim()` changes nothing.
            Some(first) if values.all(|other| other == first) => first?,
            Some(_) => return None,
            None => {
                let module = self.world.program.def(self.def).module;
                let path = crate::facts::Path::of(&[name]);
                match self.world.program.resolve(self.world.catalog, module, &path, Space::Value)? {
                    Res::Def(def) => constant(self.world, def, depth, self.fuel)?,
                    _ => return None,
                }
            }
        };
        // Anything else reads better by its name.
        match &value {
            Value::Known(..) => Some(value),
            Value::Env { .. } | Value::Field { .. } | Value::Param { .. } | Value::Or(..) if begins => Some(value),
            Value::Choice { .. } if begins && is_display(self.world, self.def) => Some(value),
            Value::Param { .. } => Some(Value::Named(Box::new(value), name.into())),
            _ => None,
        }
    }
}

/// What a type of temporary file or folder is called in a path.
fn temporary(ty: &Type) -> Option<&'static str> {
    match ty.path()?.as_str() {
        "tempfile::TempDir" | "tempdir::TempDir" => Some("<temp dir>"),
        "tempfile::NamedTempFile" => Some("<temp file>"),
        _ => None,
    }
}
