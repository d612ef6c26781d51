//! Expressions as people write them, for values that cannot be followed.

use super::values::Tracer;
use crate::facts::{BinOp, Expr, ExprId, Lit};

impl Tracer<'_> {
    /// An expression as people write it, cut when long.
    #[must_use]
    pub(super) fn show(&self, id: ExprId) -> String {
        // As much as is shown: a text that grows is copied each time.
        let mut text = String::with_capacity(64);
        self.show_at(id, 0, &mut text);
        if text.len() > 60 && text.chars().count() > 60 {
            text = text.chars().take(59).collect();
            text.push('…');
        }
        text
    }

    fn show_at(&self, id: ExprId, depth: u32, out: &mut String) {
        // Four bytes for each character that is shown, and one more to see that it is cut.
        if out.len() > 4 * 61 {
            return;
        }
        if depth > 6 {
            out.push('…');
            return;
        }
        let next = |id: &ExprId, out: &mut String| self.show_at(*id, depth + 1, out);
        let list = |args: &[ExprId], out: &mut String| {
            out.push('(');
            match args {
                [_, _, _, _, ..] => out.push('…'),
                _ => args.iter().enumerate().for_each(|(at, arg)| {
                    out.push_str(if at == 0 { "" } else { ", " });
                    next(arg, out);
                }),
            }
            out.push(')');
        };
        match &self.body[id] {
            Expr::Path(path, _) => path.write_text(out),
            Expr::Lit(Lit::Str(text), _) => out.push_str(&format!("{text:?}")),
            Expr::Lit(Lit::Int(number), _) => out.push_str(&number.to_string()),
            Expr::Lit(Lit::Bool(value), _) => out.push_str(if *value { "true" } else { "false" }),
            Expr::Lit(Lit::Float(text), _) => out.push_str(text),
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Try(inner) | Expr::Await(inner) | Expr::Cast(inner, _) => next(inner, out),
            Expr::Field { base, name, .. } => {
                next(base, out);
                out.push('.');
                out.push_str(name);
            }
            Expr::Method { recv, name, args, .. } => {
                next(recv, out);
                out.push('.');
                out.push_str(name);
                list(args, out);
            }
            Expr::Call { callee, args, .. } => {
                next(callee, out);
                list(args, out);
            }
            Expr::Macro { path, args, .. } => {
                path.write_text(out);
                out.push('!');
                list(args, out);
            }
            Expr::Array(all) if all.len() <= 3 => {
                out.push('[');
                all.iter().enumerate().for_each(|(at, one)| {
                    out.push_str(if at == 0 { "" } else { ", " });
                    next(one, out);
                });
                out.push(']');
            }
            Expr::Index { base, index } => {
                next(base, out);
                out.push('[');
                next(index, out);
                out.push(']');
            }
            Expr::Binary { op, left, right } => {
                next(left, out);
                out.push_str(match op {
                    BinOp::Add => " + ",
                    BinOp::Sub => " - ",
                    BinOp::Mul => " * ",
                    BinOp::Div => " / ",
                    BinOp::Shl => " << ",
                    BinOp::And => " && ",
                    BinOp::Equal => " == ",
                    BinOp::Unequal => " != ",
                    BinOp::Under | BinOp::UpTo | BinOp::AtLeast | BinOp::Over | BinOp::Other => " … ",
                });
                next(right, out);
            }
            _ => out.push('…'),
        }
    }
}

/// `self.inner.read().unwrap().config.folder` reads as `self.inner.config.folder`.
pub(super) fn without_locks(mut text: String) -> String {
    if text.contains("()") {
        for call in [".read()", ".lock()", ".borrow()", ".load()", ".unwrap()", ".clone()", ".as_ref()"] {
            text = text.replace(call, "");
        }
    }
    text
}
