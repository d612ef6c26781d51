//! Operators between operands, by their precedence.

use super::exprs::Structs;
use super::tokens::{Key, Kind};
use super::types::Plus;
use super::{Direct, Res};
use crate::facts::{BinOp, Expr, ExprId};

/// How tightly an operator binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    Any,
    Assign,
    Range,
    Or,
    And,
    Compare,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Cast,
}

/// An operator between two operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Binary(BinOp),
    Assign,
    Compound,
    Range,
    Cast,
}

impl Direct<'_, '_> {
    pub(super) fn expr(&mut self) -> Res<ExprId> {
        self.expr_with(Structs::Yes)
    }

    pub(super) fn expr_with(&mut self, structs: Structs) -> Res<ExprId> {
        self.deeper(|reader| {
            let left = reader.unary_or_range(structs)?;
            reader.operators(left, structs, Binds::Any)
        })
    }

    /// The value of a `let` in a condition: `&&` and `||` behind it join conditions.
    pub(super) fn scrutinee(&mut self) -> Res<ExprId> {
        let left = self.unary_or_range(Structs::No)?;
        self.operators(left, Structs::No, Binds::Compare)
    }

    /// The body of an arm or a statement, and whether it is one that ends with its block.
    pub(super) fn early_expr(&mut self) -> Res<(ExprId, bool)> {
        self.deeper(|reader| {
            reader.outer_attrs()?;
            let is_block = reader.starts_block();
            let is_braced_macro = reader.bang_ahead().is_some_and(|bang| reader.tokens[bang + 1].kind == Kind::Open(b'{'));
            let left = if is_block { reader.atom(Structs::Yes)? } else { reader.unary_or_range(Structs::Yes)? };
            if is_block {
                let goes_on = reader.is_mark(b'?') || (reader.is_mark(b'.') && !reader.is_marks(b".."));
                if !goes_on {
                    return Ok((left, true));
                }
                let left = reader.trailers(left)?;
                return Ok((reader.operators(left, Structs::Yes, Binds::Any)?, false));
            }
            if is_braced_macro && matches!(reader.tokens[reader.at - 1].kind, Kind::Close(b'}')) {
                // Whether it ends here is told by what follows; few do not.
                return match reader.kind() {
                    Kind::Mark(b',') | Kind::Close(_) => Ok((left, false)),
                    _ => reader.bail(),
                };
            }
            Ok((reader.operators(left, Structs::Yes, Binds::Any)?, false))
        })
    }

    /// Whether what stands here ends a statement with its closing brace.
    pub(super) fn starts_block(&self) -> bool {
        match self.kind() {
            Kind::Key(Key::If | Key::While | Key::For | Key::Loop | Key::Match) | Kind::Open(b'{') | Kind::Lifetime => true,
            Kind::Key(Key::Unsafe | Key::Const) => self.ahead(1) == Kind::Open(b'{'),
            _ => false,
        }
    }

    /// An operand, or a range without a start.
    fn unary_or_range(&mut self, structs: Structs) -> Res<ExprId> {
        if !self.is_marks(b"..") {
            return self.unary(structs);
        }
        let range = self.range_from(None, structs)?;
        Ok(self.push(range))
    }

    /// The operators behind an operand that bind at least as tightly as `least`.
    fn operators(&mut self, mut left: ExprId, structs: Structs, least: Binds) -> Res<ExprId> {
        loop {
            // A range is no operand of anything.
            if matches!(self.low.arena.exprs[left.0 as usize], Expr::Range(..)) && !self.is_bracketed(left) {
                return Ok(left);
            }
            let Some((op, binds, len)) = self.operator() else { return Ok(left) };
            if binds < least {
                return Ok(left);
            }
            if binds == Binds::Compare && self.is_comparison(left) {
                return self.bail();
            }
            if op == Op::Range {
                let range = self.range_from(Some(left), structs)?;
                left = self.push(range);
                continue;
            }
            self.at += len;
            let expr = match op {
                Op::Cast => Expr::Cast(left, Box::new(self.ty_with(Plus::No)?)),
                Op::Binary(op) => Expr::Binary { op, left, right: self.right(structs, binds)? },
                Op::Assign | Op::Compound => Expr::Assign { left, right: self.right(structs, binds)?, compound: op == Op::Compound },
                Op::Range => return self.bail(),
            };
            left = self.push(expr);
        }
    }

    /// Whether an expression stands in brackets of its own: `(a..b)`.
    fn is_bracketed(&self, id: ExprId) -> bool {
        self.bracketed == Some(id)
    }

    /// `a < b`, which is no operand of another comparison.
    fn is_comparison(&self, id: ExprId) -> bool {
        let is_one = matches!(
            self.low.arena.exprs[id.0 as usize],
            Expr::Binary { op: BinOp::Under | BinOp::UpTo | BinOp::AtLeast | BinOp::Over | BinOp::Equal | BinOp::Unequal, .. }
        );
        is_one && !self.is_bracketed(id)
    }

    /// The operand behind an operator, with all that binds tighter.
    fn right(&mut self, structs: Structs, of: Binds) -> Res<ExprId> {
        self.deeper(|reader| {
            let mut right = reader.unary_or_range(structs)?;
            loop {
                let Some((_, next, _)) = reader.operator() else { return Ok(right) };
                if next < of || (next == of && of != Binds::Assign) {
                    return Ok(right);
                }
                let before = reader.at;
                right = reader.operators(right, structs, next)?;
                if reader.at == before {
                    return Ok(right);
                }
            }
        })
    }

    /// `..b`, `..=b`, `..` from the dots on.
    fn range_from(&mut self, start: Option<ExprId>, structs: Structs) -> Res<Expr> {
        let closed = self.eat_marks(b"..=");
        if !closed && !self.eat_marks(b"..") {
            return self.bail();
        }
        let open = !closed && (!self.starts_expr() || (structs == Structs::No && self.is(Kind::Open(b'{'))));
        let end = if open { None } else { Some(self.right(structs, Binds::Range)?) };
        Ok(Expr::Range(start, end, closed))
    }

    /// Whether an expression can begin here.
    pub(super) fn starts_expr(&self) -> bool {
        match self.kind() {
            Kind::Ident | Kind::Text | Kind::Number | Kind::Lifetime | Kind::Open(_) => true,
            Kind::Key(key) => !matches!(key, Key::As | Key::Else | Key::In | Key::Where),
            Kind::Mark(b'!') => !self.is_marks(b"!="),
            Kind::Mark(b'-') => !self.is_marks(b"-=") && !self.is_marks(b"->"),
            Kind::Mark(b'*') => !self.is_marks(b"*="),
            Kind::Mark(b'&') => !self.is_marks(b"&="),
            Kind::Mark(b'|') => !self.is_marks(b"|="),
            Kind::Mark(b'<') => !self.is_marks(b"<=") && !self.is_marks(b"<<="),
            Kind::Mark(b'.') => self.is_marks(b".."),
            Kind::Mark(b':') => self.is_marks(b"::"),
            Kind::Mark(b'#') => true,
            _ => false,
        }
    }

    /// The operator that stands here, how tightly it binds, and its tokens.
    fn operator(&self) -> Option<(Op, Binds, usize)> {
        if self.is_key(Key::As) {
            return Some((Op::Cast, Binds::Cast, 1));
        }
        let Kind::Mark(mark) = self.kind() else { return None };
        let compound = |op: BinOp, binds: Binds| {
            let followed = self.has_marks(self.at, &[mark, b'=']);
            Some(if followed { (Op::Compound, Binds::Assign, 2) } else { (Op::Binary(op), binds, 1) })
        };
        match mark {
            b'=' if self.is_marks(b"==") => Some((Op::Binary(BinOp::Equal), Binds::Compare, 2)),
            b'=' if self.is_marks(b"=>") => None,
            b'=' => Some((Op::Assign, Binds::Assign, 1)),
            b'!' if self.is_marks(b"!=") => Some((Op::Binary(BinOp::Unequal), Binds::Compare, 2)),
            b'<' if self.is_marks(b"<<=") => Some((Op::Compound, Binds::Assign, 3)),
            b'<' if self.is_marks(b"<<") => Some((Op::Binary(BinOp::Shl), Binds::Shift, 2)),
            b'<' if self.is_marks(b"<=") => Some((Op::Binary(BinOp::UpTo), Binds::Compare, 2)),
            b'<' => Some((Op::Binary(BinOp::Under), Binds::Compare, 1)),
            b'>' if self.is_marks(b">>=") => Some((Op::Compound, Binds::Assign, 3)),
            b'>' if self.is_marks(b">>") => Some((Op::Binary(BinOp::Other), Binds::Shift, 2)),
            b'>' if self.is_marks(b">=") => Some((Op::Binary(BinOp::AtLeast), Binds::Compare, 2)),
            b'>' => Some((Op::Binary(BinOp::Over), Binds::Compare, 1)),
            b'&' if self.is_marks(b"&&") => Some((Op::Binary(BinOp::And), Binds::And, 2)),
            b'|' if self.is_marks(b"||") => Some((Op::Binary(BinOp::Other), Binds::Or, 2)),
            b'.' if self.is_marks(b"..") => Some((Op::Range, Binds::Range, 2)),
            b'+' => compound(BinOp::Add, Binds::Sum),
            b'-' => compound(BinOp::Sub, Binds::Sum),
            b'*' => compound(BinOp::Mul, Binds::Product),
            b'/' => compound(BinOp::Div, Binds::Product),
            b'%' => compound(BinOp::Other, Binds::Product),
            b'^' => compound(BinOp::Other, Binds::BitXor),
            b'&' => compound(BinOp::Other, Binds::BitAnd),
            b'|' => compound(BinOp::Other, Binds::BitOr),
            _ => None,
        }
    }
}
