//! Values of expressions, as far as they can be told without running them: literals, constants, durations, what is taken where
//! nothing is given.

use smol_str::{SmolStr, format_smolstr};

use super::amount::Amount;
use super::linked::Scene;
use crate::facts::{BinOp, Body, Expr, ExprId, ItemKind, Lit, Name, Pat, PatId, Path, Stmt};
use crate::parse;
use crate::resolve::{DefId, Res, Space, Type};

/// Constants that name constants, calls that return calls.
pub(super) const MAX_DEPTH: u32 = 12;

/// Values of one body.
pub(super) struct Eval<'a> {
    pub(super) scene: &'a Scene<'a>,
    /// In whose scope the names stand.
    pub(super) def: DefId,
    pub(super) body: &'a Body,
}

impl Eval<'_> {
    /// The value of an expression.
    pub(super) fn amount(&self, id: ExprId, depth: u32) -> Option<Amount> {
        if depth > MAX_DEPTH {
            return None;
        }
        let next = |id: ExprId| self.amount(id, depth + 1);
        match &self.body[id] {
            Expr::Lit(lit, _) => match lit {
                Lit::Int(number) => Some(Amount::Number(*number as f64)),
                Lit::Float(text) => text.replace('_', "").parse().ok().map(Amount::Number),
                Lit::Bool(value) => Some(Amount::Bool(*value)),
                Lit::Str(text) => Some(Amount::Text(text.clone())),
                Lit::Char(_) | Lit::Other => None,
            },
            Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) | Expr::Try(inner) => next(*inner),
            Expr::Block(stmts) => match stmts.last()? {
                Stmt::Expr { expr, semi: false } if stmts.len() == 1 => next(*expr),
                _ => None,
            },
            Expr::Closure { params, body, .. } if params.is_empty() => next(*body),
            Expr::Binary { op, left, right } => {
                let (Amount::Number(left), Amount::Number(right)) = (next(*left)?, next(*right)?) else { return None };
                Some(Amount::Number(match op {
                    BinOp::Add => left + right,
                    BinOp::Sub => left - right,
                    BinOp::Mul => left * right,
                    BinOp::Div if right != 0.0 => (left / right).trunc(),
                    BinOp::Shl if (0.0..64.0).contains(&right) => left * right.exp2(),
                    _ => return None,
                }))
            }
            Expr::Path(path, _) => self.path(path, depth),
            Expr::Call { callee, args, .. } => {
                let Expr::Path(path, _) = &self.body[*callee] else { return None };
                self.call(path, args, depth)
            }
            Expr::Method { recv, name, args, .. } => match (name.as_str(), &**args) {
                ("unwrap" | "into" | "to_owned" | "to_string" | "get" | "clone" | "as_secs" | "as_millis" | "into_boxed_str", [])
                | ("expect", [_]) => next(*recv),
                // What is taken where nothing is given.
                ("unwrap_or" | "unwrap_or_else", [other]) => next(*other),
                ("pow", [power]) => match (next(*recv)?, next(*power)?) {
                    (Amount::Number(base), Amount::Number(power)) if (0.0..64.0).contains(&power) => Some(Amount::Number(base.powf(power))),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// What an expression may be where nothing is given: of `var("PORT").ok().unwrap_or(80)` the variable and the number.
    pub(super) fn each(&self, id: ExprId, depth: u32, out: &mut Vec<Amount>) {
        if depth > MAX_DEPTH {
            return;
        }
        let taken_else = |name: &str| matches!(name, "unwrap_or" | "unwrap_or_else" | "or" | "or_else" | "map_or");
        match &self.body[id] {
            Expr::Method { recv, name, args, .. } if taken_else(name) => {
                self.each(*recv, depth + 1, out);
                if let Some(other) = args.first() {
                    self.each(*other, depth + 1, out);
                }
            }
            Expr::Method { recv, name, .. } if matches!(name.as_str(), "ok" | "map" | "and_then" | "filter" | "flatten" | "parse") => {
                self.each(*recv, depth + 1, out);
            }
            Expr::Closure { params, body, .. } if params.is_empty() => self.each(*body, depth + 1, out),
            Expr::Path(path, _) if path.single().is_some_and(|name| self.local(name).is_some()) => {
                if let Some(value) = path.single().and_then(|name| self.local(name)) {
                    self.each(value, depth + 1, out);
                }
            }
            _ => out.extend(self.amount(id, depth)),
        }
    }

    /// The value of the only `let` of a name.
    fn local(&self, wanted: &Name) -> Option<ExprId> {
        let binds = |pat: PatId| match &self.body[pat] {
            Pat::Bind { name, sub: None, .. } => name == wanted,
            Pat::Typed(inner, _) => matches!(&self.body[*inner], Pat::Bind { name, sub: None, .. } if name == wanted),
            _ => false,
        };
        let stmts = self.body.exprs.iter().filter_map(|expr| match expr {
            Expr::Block(stmts) => Some(stmts),
            _ => None,
        });
        let mut values = stmts.flatten().filter_map(|stmt| match stmt {
            Stmt::Let { pat, init, .. } if binds(*pat) => Some(*init),
            _ => None,
        });
        let only = values.next()?;
        only.filter(|_| values.next().is_none())
    }

    fn path(&self, path: &Path, depth: u32) -> Option<Amount> {
        let last = path.last()?;
        if let Some(value) = path.single().and_then(|name| self.local(name)) {
            return self.amount(value, depth + 1);
        }
        let program = self.scene.program;
        match program.resolve(self.scene.catalog, program.def(self.def).module, path, Space::Value) {
            Some(Res::Def(id)) => return constant(self.scene, id, depth),
            Some(Res::Inside(id, tail)) if matches!(program.def(id).item.kind, ItemKind::Enum(_)) => return Some(Amount::Text(tail)),
            _ => {}
        }
        if path.segs.first().is_some_and(|seg| seg.name == "Self")
            && path.segs.len() == 2
            && let Some(Some(Type::Def(this, _))) = self.scene.signatures.this.get(self.def.0 as usize)
        {
            if let Some(member) = program.members.get(&(*this, last.clone())).and_then(|all| all.first()) {
                return constant(self.scene, *member, depth);
            }
            return matches!(&program.def(*this).item.kind, ItemKind::Enum(facts) if facts.variants.iter().any(|one| one.name == *last))
                .then(|| Amount::Text(last.clone()));
        }
        match last.as_str() {
            "None" | "MAX" => Some(Amount::Absent),
            "ZERO" => Some(Amount::Duration(0.0)),
            name if path.segs.len() > 1 && name.starts_with(char::is_uppercase) && name.chars().any(char::is_lowercase) => {
                Some(Amount::Text(last.clone()))
            }
            _ => None,
        }
    }

    fn call(&self, path: &Path, args: &[ExprId], depth: u32) -> Option<Amount> {
        let last = path.last()?.as_str();
        match args {
            [] => self.call_without_arguments(path, depth),
            [arg] => {
                let scaled = |seconds: f64| match self.amount(*arg, depth + 1)? {
                    Amount::Number(number) => Some(Amount::Duration(number * seconds)),
                    _ => None,
                };
                match last {
                    "from_secs" | "seconds" | "from_secs_f64" | "from_secs_f32" => scaled(1.0),
                    "from_millis" | "milliseconds" => scaled(1e-3),
                    "from_micros" => scaled(1e-6),
                    "from_nanos" => scaled(1e-9),
                    "from_mins" | "minutes" => scaled(60.0),
                    "from_hours" | "hours" => scaled(3600.0),
                    "days" => scaled(86_400.0),
                    "weeks" => scaled(7.0 * 86_400.0),
                    "var" | "var_os" => match self.amount(*arg, depth + 1)? {
                        Amount::Text(name) => Some(Amount::Text(format_smolstr!("env {name}"))),
                        _ => None,
                    },
                    // Wrappers that a value shines through.
                    "Some" | "new" | "from" | "new_unchecked" | "Borrowed" | "Arc" | "Box" => self.amount(*arg, depth + 1),
                    // `KeepAlive::Timeout(Duration::from_secs(5))`.
                    _ if self.is_variant(path) => self.amount(*arg, depth + 1),
                    _ => None,
                }
            }
            [seconds, nanos] if last == "new" && path.segs.len() > 1 && path.segs[path.segs.len() - 2].name == "Duration" => {
                match (self.amount(*seconds, depth + 1)?, self.amount(*nanos, depth + 1)?) {
                    (Amount::Number(seconds), Amount::Number(nanos)) => Some(Amount::Duration(seconds + nanos * 1e-9)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a path names a variant of an enum of the source.
    fn is_variant(&self, path: &Path) -> bool {
        let program = self.scene.program;
        let of = match self.scene.signatures.this.get(self.def.0 as usize) {
            Some(Some(Type::Def(this, _))) if path.segs.len() == 2 && path.segs[0].name == "Self" => Some(*this),
            _ => match program.resolve(self.scene.catalog, program.def(self.def).module, path, Space::Value) {
                Some(Res::Inside(of, _)) => Some(of),
                _ => None,
            },
        };
        let has = |of: DefId| match &program.def(of).item.kind {
            ItemKind::Enum(facts) => facts.variants.iter().any(|variant| Some(&variant.name) == path.last()),
            _ => false,
        };
        of.is_some_and(has)
    }

    fn call_without_arguments(&self, path: &Path, depth: u32) -> Option<Amount> {
        let program = self.scene.program;
        match program.resolve(self.scene.catalog, program.def(self.def).module, path, Space::Value)? {
            Res::Def(func) => returned(self.scene, func, depth),
            Res::Inside(of, name) if name == "default" => default_of(self.scene, of, depth),
            _ => None,
        }
    }
}

fn constant(scene: &Scene<'_>, id: DefId, depth: u32) -> Option<Amount> {
    match &scene.program.def(id).item.kind {
        ItemKind::Const(fact) | ItemKind::Static(fact) => {
            let body = fact.init.as_ref()?;
            (Eval { scene, def: id, body }).amount(body.root?, depth + 1)
        }
        _ => None,
    }
}

/// What a function returns, when its body is one value.
pub(super) fn returned(scene: &Scene<'_>, func: DefId, depth: u32) -> Option<Amount> {
    let body = scene.program.func(func)?.body.as_ref()?;
    (Eval { scene, def: func, body }).amount(body.root?, depth + 1)
}

/// What `Default` makes of a type of the source.
pub(super) fn default_of(scene: &Scene<'_>, of: DefId, depth: u32) -> Option<Amount> {
    if depth > MAX_DEPTH {
        return None;
    }
    let own = scene.program.members.get(&(of, SmolStr::new_static("default"))).and_then(|all| all.first());
    match own {
        Some(func) => returned(scene, *func, depth + 1),
        None => default_variant(scene, of).map(Amount::Text),
    }
}

/// What `Default` makes of a type.
pub(super) fn default_of_type(scene: &Scene<'_>, ty: &Type) -> Option<Amount> {
    match ty {
        Type::Def(of, _) => default_of(scene, *of, 0),
        Type::Foreign(path, _) => match path.as_str() {
            "std::option::Option" => Some(Amount::Absent),
            "bool" => Some(Amount::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

/// The variant under `#[default]`.
fn default_variant(scene: &Scene<'_>, of: DefId) -> Option<SmolStr> {
    let def = scene.program.def(of);
    let ItemKind::Enum(facts) = &def.item.kind else { return None };
    let text = scene.text(&scene.program.files[scene.program.module(def.module).file].file)?;
    let (first, last) = (def.item.span.line, parse::end_of_group(&text, def.item.span.line));
    let lines = (1..).zip(text.lines()).filter(|(line, _)| (first..=last).contains(line)).map(|(_, text)| text);
    let body: String = lines.collect::<Vec<&str>>().join("\n");
    let behind = &body[body.find("#[default]")? + "#[default]".len()..];
    // Between them may stand further attributes and comments.
    let code = behind.lines().map(|line| line.split("//").next().unwrap_or(line).trim()).filter(|line| !line.starts_with("#["));
    let word = code.flat_map(|line| line.split(|c: char| c != '_' && !c.is_alphanumeric())).find(|word| !word.is_empty())?;
    facts.variants.iter().find(|variant| variant.name == word).map(|variant| variant.name.clone())
}

/// The line of the first part of an expression that has one.
pub(super) fn line_of(body: &Body, id: ExprId, depth: u32) -> Option<u32> {
    if depth > MAX_DEPTH {
        return None;
    }
    let next = |id: ExprId| line_of(body, id, depth + 1);
    match &body[id] {
        Expr::Path(_, span) | Expr::Lit(_, span) | Expr::Call { span, .. } => Some(span.line),
        Expr::Method { recv, span, .. } => next(*recv).or(Some(span.line)),
        Expr::Ref(inner) | Expr::Deref(inner) | Expr::Cast(inner, _) | Expr::Try(inner) => next(*inner),
        Expr::Binary { left, .. } => next(*left),
        _ => None,
    }
}
