//! Comparisons of a counter or of what is left of a quota with a limit.

use smol_str::SmolStr;

use super::program::DefId;
use super::reader::Reader;
use super::values::{At, Value};
use super::walk::children;
use crate::facts::{BinOp, Expr, ExprId, Lit, Name, Span};
use crate::model::FactValue;

/// Expressions of a branch that are looked at for what it does.
const MAX_LOOKED_AT: usize = 200;

/// A comparison of a counter or quota with a limit, in a condition.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The name of what is compared.
    pub name: Name,
    /// For a field of a struct of the workspace: the struct.
    pub of: Option<DefId>,
    /// The limit.
    pub limit: Value,
    /// Where.
    pub at: At,
    /// What is compared.
    pub about: About,
    /// Which of the things that are there count: `priority >= 20`.
    pub counts: Option<String>,
}

/// What a comparison with a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Attempts so far.
    Attempts,
    /// Failures in a row.
    Failures,
    /// Anything else that is counted up.
    Count,
    /// What is left of a quota.
    Quota,
}

impl Reader<'_> {
    /// A comparison of a counter of attempts, or of what is left of a quota, with a limit.
    pub(super) fn comparison(&self, id: ExprId, left: ExprId, right: ExprId) -> Option<Comparison> {
        let sides = [(left, right), (right, left)];
        sides.into_iter().find_map(|(this, limit)| {
            self.quota(id, this, limit).or_else(|| self.attempts(id, this, limit)).or_else(|| self.room(id, this, limit))
        })
    }

    /// `self.attempts >= config.max_attempts`.
    fn attempts(&self, id: ExprId, this: ExprId, limit: ExprId) -> Option<Comparison> {
        let (name, of, span) = self.named(this)?;
        let (said, is_number) = match &self.body[self.bare(limit)] {
            Expr::Lit(Lit::Int(number), _) => (None, *number >= 2),
            _ => (self.spoken(limit), false),
        };
        // `u32::MAX` bounds a type.
        let said = said.filter(|said| said != "MAX" && said != "MIN");
        let by_limit = said.as_ref().is_some_and(|said| is_about_attempts(said) || is_about_limits(said));
        // Of a variable and a field that both count attempts, the variable counts and the field is a setting.
        let field_is_limit = of.is_some() && self.is_counting(self.bare(limit));
        let about = if is_about_attempts(&name) {
            About::Attempts
        } else if says(&name, FAILURES) {
            About::Failures
        } else {
            About::Count
        };
        let is_counter = if about != About::Count {
            (by_limit && (of.is_some() || about == About::Attempts)) || (is_number && of.is_some())
        } else {
            // Any count of a record that goes up here, compared with what calls itself a limit.
            name.ends_with("count")
                && said.as_ref().is_some_and(|said| is_about_limits(said))
                && of.is_some_and(|of| self.goes_up(of, &name))
        };
        // The counters of loops are told with their loops; a constant counts nothing.
        let no_counter = matches!(self.body[self.bare(this)], Expr::Path(..))
            && (self.in_loop(id) || !self.types.local_of.contains_key(&self.bare(this)));
        if !is_counter
            || field_is_limit
            || is_about_limits(&name)
            || self.holds_limit(this)
            || says(&name, NO_COUNTERS)
            || no_counter
            || !self.decides(id)
        {
            return None;
        }
        Some(Comparison { name, of, limit: self.tracer.value(limit), at: self.at(span), about, counts: None })
    }

    /// `let retries = request.max_retries.unwrap_or(most);`: a limit that is asked for, which counts nothing.
    fn holds_limit(&self, id: ExprId) -> bool {
        let local = self.types.local_of.get(&self.bare(id)).filter(|local| !self.types.changed.contains(local));
        let init = local.and_then(|local| self.types.locals[local.0 as usize].init);
        init.and_then(|init| self.spoken(init)).is_some_and(|name| is_about_limits(&name))
    }

    /// `let room = config.max_queued - queued; if room <= 0 { return }`.
    fn room(&self, id: ExprId, this: ExprId, other: ExprId) -> Option<Comparison> {
        let Expr::Lit(Lit::Int(0 | 1), _) = &self.body[other] else { return None };
        let Expr::Path(_, span) = &self.body[this] else { return None };
        let local = self.types.local_of.get(&this).filter(|local| !self.types.changed.contains(local))?;
        let local = &self.types.locals[local.0 as usize];
        let Expr::Binary { op: BinOp::Sub, left, right } = &self.body[local.init?] else { return None };
        let of_limit = self.spoken(*left).is_some_and(|name| is_about_limits(&name));
        let of_use = self.spoken(*right).is_some_and(|name| says(&name, IN_USE));
        if !of_limit || !of_use || !self.gives_up(id) {
            return None;
        }
        let limit = self.tracer.value(*left);
        let counts = self.filtered_by(*right);
        Some(Comparison { name: local.name.clone(), of: None, limit, at: self.at(*span), about: About::Count, counts })
    }

    /// `rows.iter().filter(|row| row.priority >= LOW).count()`: `priority >= 20`.
    fn filtered_by(&self, id: ExprId) -> Option<String> {
        let mut at = self.tracer.behind(self.bare(id));
        for _ in 0..8 {
            let (recv, closure) = match &self.body[at] {
                Expr::Method { recv, name, args, .. } if matches!(name.as_str(), "filter" | "filter_map") => (*recv, args.first()),
                Expr::Method { recv, .. } => (*recv, None),
                Expr::Try(inner) | Expr::Await(inner) => (*inner, None),
                _ => return None,
            };
            let Some(Expr::Closure { body, .. }) = closure.map(|closure| &self.body[*closure]) else {
                at = recv;
                continue;
            };
            // `(test).then_some(count)`.
            let test = match &self.body[*body] {
                Expr::Method { recv, name, .. } if matches!(name.as_str(), "then" | "then_some") => *recv,
                _ => *body,
            };
            let Expr::Binary { op, left, right } = &self.body[test] else { return None };
            let op = match op {
                BinOp::AtLeast => ">=",
                BinOp::Over => ">",
                BinOp::Equal => "=",
                BinOp::Unequal => "!=",
                _ => return None,
            };
            let Value::Known(value, ..) = self.tracer.value(*right) else { return None };
            return Some(format!("{} {op} {value}", self.spoken(*left)?));
        }
        None
    }

    /// `rate_limit.remaining < floor`.
    fn quota(&self, id: ExprId, this: ExprId, limit: ExprId) -> Option<Comparison> {
        let (name, of, span) = self.named(this)?;
        let speaks = |text: &str| ["rate_limit", "ratelimit", "quota"].iter().any(|word| text.to_lowercase().contains(word));
        let around = self.receiver_around(id).unwrap_or_default();
        let is_left = name.contains("remaining") && speaks(&self.tracer.show(this));
        if !(is_left || speaks(&around)) || !self.gives_up(id) {
            return None;
        }
        let name = if is_left { name } else { SmolStr::new(around) };
        Some(Comparison { name, of, limit: self.tracer.value(limit), at: self.at(span), about: About::Quota, counts: None })
    }

    /// A variable that is changed.
    fn is_counting(&self, id: ExprId) -> bool {
        let Some(local) = self.types.local_of.get(&id) else { return false };
        self.types.changed.contains(local)
    }

    /// The name of a field, variable or plain method, behind casts and references.
    fn named(&self, id: ExprId) -> Option<(Name, Option<DefId>, Span)> {
        let id = self.bare(id);
        match &self.body[id] {
            Expr::Field { base, name, span } => Some((name.clone(), self.struct_with(*base, name), *span)),
            Expr::Path(path, span) => Some((path.last()?.clone(), None, *span)),
            Expr::Method { name, args, span, .. } if args.is_empty() => Some((name.clone(), None, *span)),
            _ => None,
        }
    }

    /// The last name of a field, variable, constant or getter.
    pub(super) fn spoken(&self, id: ExprId) -> Option<Name> {
        self.named(id).map(|(name, ..)| name)
    }

    /// Without what only changes the form: `&x`, `x as i64`, `x.into()`.
    fn bare(&self, mut id: ExprId) -> ExprId {
        for _ in 0..8 {
            id = match &self.body[id] {
                Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) | Expr::Try(inner) | Expr::Await(inner) => *inner,
                Expr::Method { recv, name, .. }
                    if matches!(
                        name.as_str(),
                        "into"
                            | "try_into"
                            | "clone"
                            | "len"
                            | "unwrap"
                            | "expect"
                            | "get"
                            | "cast_signed"
                            | "cast_unsigned"
                            | "unwrap_or"
                            | "unwrap_or_default"
                    ) =>
                {
                    *recv
                }
                Expr::Binary { op: BinOp::Add | BinOp::Sub, left, right } if matches!(self.body[*right], Expr::Lit(..)) => *left,
                _ => return id,
            };
        }
        id
    }

    /// The variable whose closure a comparison stands in: `rate_limit.is_some_and(|left| left < 1)`.
    fn receiver_around(&self, id: ExprId) -> Option<String> {
        let closure = self.parents[id.0 as usize].filter(|parent| matches!(self.body[*parent], Expr::Closure { .. }))?;
        match &self.body[self.parents[closure.0 as usize]?] {
            Expr::Method { recv, .. } => Some(self.spoken(*recv)?.to_lowercase()),
            _ => None,
        }
    }

    /// The condition that an expression is part of: its `if`, and the branch that is taken when it holds.
    fn branch(&self, id: ExprId) -> Option<(ExprId, Option<ExprId>)> {
        let mut at = id;
        for _ in 0..12 {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::If { cond, then, otherwise } if *cond == at => return Some((*then, *otherwise)),
                Expr::Match { arms, .. } => return arms.iter().find(|arm| arm.guard == Some(at)).map(|arm| (arm.body, None)),
                Expr::Block(_) | Expr::If { .. } => return None,
                _ => at = parent,
            }
        }
        None
    }

    /// Something depends on it: it is a condition.
    fn decides(&self, id: ExprId) -> bool {
        self.branch(id).is_some()
    }

    /// The branch returns an error, leaves or waits.
    pub(super) fn gives_up(&self, id: ExprId) -> bool {
        let Some((then, _)) = self.branch(id) else { return false };
        let mut stack = vec![then];
        for _ in 0..MAX_LOOKED_AT {
            let Some(next) = stack.pop() else { return false };
            match &self.body[next] {
                Expr::Return(_) | Expr::Break(_) => return true,
                Expr::Call { callee, .. } => {
                    if matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| last == "Err" || last.contains("sleep")))
                    {
                        return true;
                    }
                }
                Expr::Macro { path, .. } if path.last().is_some_and(|last| matches!(last.as_str(), "bail" | "ensure" | "err")) => {
                    return true;
                }
                _ => {}
            }
            children(&self.body[next], &mut |child| stack.push(child));
        }
        false
    }

    /// The number in an option that is given as a rule: `Policy::limited(5)`, `Policy::custom(|attempt| if attempt.previous().len()
    /// >= 5 { … })`.
    pub(super) fn number_within(&self, id: ExprId) -> Option<Value> {
        let rule = self.tracer.behind(id);
        // `RetryConfig::standard().with_max_attempts(attempts)`: the options object is told by its number.
        if let Expr::Method { name, args, .. } = &self.body[rule]
            && let [only] = **args
            && name.split('_').any(|word| word == "max" || word == "limit")
        {
            let value = self.tracer.value(only);
            return matches!(value, Value::Known(FactValue::Int(_), ..) | Value::Field { .. } | Value::Env { .. }).then_some(value);
        }
        let Expr::Call { args, .. } = &self.body[rule] else { return None };
        let [only] = **args else { return None };
        if let known @ Value::Known(FactValue::Int(_), ..) = self.tracer.value(only) {
            return Some(known);
        }
        let Expr::Closure { body, .. } = &self.body[only] else { return None };
        let (mut stack, mut found) = (vec![*body], None);
        for _ in 0..MAX_LOOKED_AT {
            let Some(next) = stack.pop() else { return found };
            if let Expr::Binary { op, left, right } = &self.body[next]
                && let Expr::Method { name, args, .. } = &self.body[*left]
                && matches!(name.as_str(), "len" | "count")
                && args.is_empty()
                && let Value::Known(FactValue::Int(number), _, at) = self.tracer.value(*right)
            {
                let from = match op {
                    BinOp::AtLeast => number,
                    BinOp::Over => number.saturating_add(1),
                    _ => return None,
                };
                // Of two numbers, which one bounds it is not known.
                if found.replace(Value::Known(FactValue::Text(format!("stopped at {from}")), false, at)).is_some() {
                    return None;
                }
            }
            children(&self.body[next], &mut |child| stack.push(child));
        }
        None
    }

    /// The body counts a field up: `x.count += 1`.
    fn goes_up(&self, of: DefId, name: &str) -> bool {
        self.body.exprs.iter().any(|expr| match expr {
            Expr::Assign { left, right, compound: true } => {
                matches!(self.body[*right], Expr::Lit(Lit::Int(1), _))
                    && matches!(&self.body[*left], Expr::Field { base, name: field, .. } if field == name && self.struct_with(*base, name) == Some(of))
            }
            _ => false,
        })
    }
}

/// Words of names that speak of attempts.
const ATTEMPTS: &[&str] = &["attempt", "attempts", "retry", "retries", "tries", "try", "retrying"];
/// Words of names that count failures.
const FAILURES: &[&str] = &["failures", "strikes"];
/// Words of names that speak of a limit.
const LIMITS: &[&str] = &["max", "maximum", "limit", "allowed", "threshold", "budget", "cap"];
/// Words of names that count what there is already.
const IN_USE: &[&str] = &["queued", "pending", "active", "running", "already", "existing", "open"];
/// Words of names that are about attempts and count none.
const NO_COUNTERS: &[&str] =
    &["min", "per", "base", "initial", "ratio", "delay", "interval", "timeout", "policy", "params", "config", "best", "last", "after"];

/// A name that speaks of attempts: `attempts`, `max_retries`, `tries`.
pub(super) fn is_about_attempts(name: &str) -> bool {
    says(name, ATTEMPTS)
}

/// A name that speaks of a limit: `max_uses`, `resend_limit`.
fn is_about_limits(name: &str) -> bool {
    says(name, LIMITS)
}

fn says(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known)))
}
