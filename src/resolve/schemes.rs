//! Questions with what a text begins: which of several stores an address leads to.

use smol_str::{SmolStr, format_smolstr};

use super::reader::Reader;
use super::values::{At, Value};
use crate::facts::{BinOp, Expr, ExprId, Lit};

/// Steps from a question to the branch that it decides on.
const MAX_STEPS: usize = 8;

/// Where it holds, the value is an address of this scheme.
#[derive(Clone, Debug)]
pub struct SchemeTest {
    /// The address.
    pub value: Value,
    /// What it begins with, as the code writes it: `mysql:`, `postgres://`.
    pub begins: SmolStr,
    /// Where it is asked.
    pub at: At,
}

impl Reader<'_> {
    /// `url.starts_with("mysql:")`.
    pub(super) fn scheme_of_start(&self, id: ExprId, recv: ExprId, name: &str, args: &[ExprId]) -> Option<SchemeTest> {
        let [only] = args else { return None };
        if !matches!(name, "starts_with" | "strip_prefix") {
            return None;
        }
        self.scheme_test(id, recv, self.literal(*only)?.clone())
    }

    /// `&url[..6] == "mysql:"`, `url.scheme() == "mysql"`.
    pub(super) fn scheme_of_part(&self, id: ExprId, op: BinOp, left: ExprId, right: ExprId) -> Option<SchemeTest> {
        if op != BinOp::Equal {
            return None;
        }
        let text = self.literal(right)?;
        let mut left = left;
        while let Expr::Ref(inner) = &self.body[left] {
            left = *inner;
        }
        match &self.body[left] {
            Expr::Index { base, index } if matches!(self.body[*index], Expr::Range(None, Some(_), _)) => {
                self.scheme_test(id, *base, text.clone())
            }
            Expr::Method { recv, name, args, .. } if name == "scheme" && args.is_empty() => {
                self.scheme_test(id, *recv, format_smolstr!("{text}:"))
            }
            _ => None,
        }
    }

    fn scheme_test(&self, id: ExprId, of: ExprId, begins: SmolStr) -> Option<SchemeTest> {
        let (scheme, rest) = begins.split_once(':')?;
        let is_scheme = !scheme.is_empty() && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-'));
        if !is_scheme || !rest.trim_matches('/').is_empty() || !self.is_taken(id) {
            return None;
        }
        let at = self.at(self.span(id).or_else(|| self.span(of))?);
        Some(SchemeTest { value: self.tracer.value(of), begins, at })
    }

    fn literal(&self, id: ExprId) -> Option<&SmolStr> {
        match &self.body[id] {
            Expr::Lit(Lit::Str(text), _) => Some(text),
            _ => None,
        }
    }

    /// A branch is taken where it holds: it is no half of a denial.
    fn is_taken(&self, id: ExprId) -> bool {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::If { cond, .. } => return *cond == at,
                Expr::Binary { op: BinOp::And | BinOp::Other, .. } | Expr::Let { .. } => at = parent,
                _ => return false,
            }
        }
        false
    }
}
