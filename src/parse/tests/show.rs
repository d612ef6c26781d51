//! Facts as short text, close to the Rust that they came from.

use crate::facts::{Arm, Body, Cfg, Expr, ExprId, FieldFact, ItemFact, ItemKind, Lit, Pat, PatId, StaticFact, StaticForm, Stmt};

pub(super) fn items(items: &[ItemFact]) -> Vec<String> {
    items.iter().map(item).collect()
}

fn list<T>(all: impl IntoIterator<Item = T>, show: impl Fn(T) -> String, between: &str) -> String {
    all.into_iter().map(show).collect::<Vec<_>>().join(between)
}

pub(super) fn cfg(cfg: &Cfg) -> String {
    match cfg {
        Cfg::All(parts) => format!("all({})", list(parts, self::cfg, ", ")),
        Cfg::Any(parts) => format!("any({})", list(parts, self::cfg, ", ")),
        Cfg::Not(inner) => format!("not({})", self::cfg(inner)),
        Cfg::Flag(flag) => flag.to_string(),
        Cfg::KeyValue(key, value) => format!("{key}={value}"),
    }
}

pub(super) fn item(item: &ItemFact) -> String {
    let mut out = String::new();
    if let Some(condition) = &item.cfg {
        out.push_str(&format!("[{}] ", cfg(condition)));
    }
    if let Some(mac) = &item.from_macro {
        out.push_str(&format!("<{mac}!> "));
    }
    if item.public {
        out.push_str("pub ");
    }
    let name = &item.name;
    out.push_str(&match &item.kind {
        ItemKind::Mod(module) => match (&module.items, &module.path) {
            (Some(inner), _) => format!("mod {name} {{ {} }}", list(inner, self::item, " | ")),
            (None, Some(path)) => format!("mod {name} at {path}"),
            (None, None) => format!("mod {name}"),
        },
        ItemKind::Use(leaves) => format!("use {}", list(leaves, |leaf| leaf.path.join("::"), ", ")),
        ItemKind::ExternCrate(of) => format!("extern crate {of} as {name}"),
        ItemKind::Static(fact) => statics("static", name, fact),
        ItemKind::Const(fact) => statics("const", name, fact),
        ItemKind::Struct(one) => format!("struct {name} {{ {} }}", fields(&one.fields)),
        ItemKind::Enum(one) => {
            format!("enum {name} {{ {} }}", list(&one.variants, |variant| format!("{}({})", variant.name, fields(&variant.fields)), ", "))
        }
        ItemKind::TypeAlias(_, ty) => format!("type {name} = {ty}"),
        ItemKind::Fn(func) => {
            let params = func.params.iter().map(|param| match &func.body {
                Some(body) => format!("{}: {}", pat(body, param.pat), param.ty),
                None => param.ty.to_string(),
            });
            let receiver = if func.has_self { vec!["self".to_owned()] } else { Vec::new() };
            let params = receiver.into_iter().chain(params).collect::<Vec<_>>().join(", ");
            let ret = func.ret.as_ref().map(|ty| format!(" -> {ty}")).unwrap_or_default();
            let body = func.body.as_ref().map_or(String::from(";"), |body| format!(" {}", self::body(body)));
            format!("{}fn {name}({params}){ret}{body}", if func.is_async { "async " } else { "" })
        }
        ItemKind::Impl(imp) => {
            let of = imp.of_trait.as_ref().map(|path| format!("{path} for ")).unwrap_or_default();
            format!("impl {of}{} {{ {} }}", imp.self_ty, list(&imp.items, self::item, " | "))
        }
        ItemKind::Trait(one) => format!("trait {name} {{ {} }}", list(&one.items, self::item, " | ")),
        ItemKind::MacroRules => format!("macro_rules {name}"),
        ItemKind::Include(path) => format!("include {path}"),
        ItemKind::MacroCall(path) => format!("unread {}!", path.text()),
    });
    out
}

fn statics(keyword: &str, name: &str, fact: &StaticFact) -> String {
    let form = match fact.form {
        StaticForm::Plain => "",
        StaticForm::ThreadLocal => "thread-local ",
        StaticForm::TaskLocal => "task-local ",
        StaticForm::Lazy => "lazy ",
    };
    let mutable = if fact.mutable { "mut " } else { "" };
    let init = fact.init.as_ref().map(|init| format!(" = {}", body(init))).unwrap_or_default();
    format!("{form}{keyword} {mutable}{name}: {}{init}", fact.ty)
}

fn fields(fields: &[FieldFact]) -> String {
    list(fields, |field| format!("{}: {}", field.name, field.ty), ", ")
}

/// A body and the items inside it.
pub(super) fn body(body: &Body) -> String {
    let root = body.root.map(|root| expr(body, root)).unwrap_or_default();
    if body.items.is_empty() { root } else { format!("{root} with {}", items(&body.items).join(" | ")) }
}

fn exprs(body: &Body, ids: &[ExprId]) -> String {
    list(ids, |id| expr(body, *id), ", ")
}

fn maybe(body: &Body, id: Option<ExprId>) -> String {
    id.map(|id| expr(body, id)).unwrap_or_default()
}

pub(super) fn expr(body: &Body, id: ExprId) -> String {
    let of = |id: &ExprId| expr(body, *id);
    match &body[id] {
        Expr::Path(path, _) => path.to_string(),
        Expr::Lit(lit, _) => literal(lit),
        Expr::Call { callee, args, .. } => format!("{}({})", of(callee), exprs(body, args)),
        Expr::Method { recv, name, turbofish, args, .. } => {
            let types = if turbofish.is_empty() { String::new() } else { format!("::<{}>", list(turbofish, ToString::to_string, ", ")) };
            format!("{}.{name}{types}({})", of(recv), exprs(body, args))
        }
        Expr::Field { base, name, .. } => format!("{}.{name}", of(base)),
        Expr::Index { base, index } => format!("{}[{}]", of(base), of(index)),
        Expr::Ref(inner) => format!("&{}", of(inner)),
        Expr::Deref(inner) => format!("*{}", of(inner)),
        Expr::Unary(inner) => format!("-{}", of(inner)),
        Expr::Try(inner) => format!("{}?", of(inner)),
        Expr::Await(inner) => format!("{}.await", of(inner)),
        Expr::Cast(inner, ty) => format!("{} as {ty}", of(inner)),
        Expr::Binary { op, left, right } => format!("({} {op:?} {})", of(left), of(right)),
        Expr::Assign { left, right, compound } => format!("{} {} {}", of(left), if *compound { "op=" } else { "=" }, of(right)),
        Expr::Block(stmts) => format!("{{ {} }}", list(stmts, |stmt| self::stmt(body, stmt), " ")),
        Expr::If { cond, then, otherwise } => {
            let otherwise = otherwise.map(|id| format!(" else {}", expr(body, id))).unwrap_or_default();
            format!("if {} {}{otherwise}", of(cond), of(then))
        }
        Expr::Let { pat, value } => format!("let {} = {}", self::pat(body, *pat), of(value)),
        Expr::Match { value, arms } => format!("match {} {{ {} }}", of(value), list(arms, |one| arm(body, one), ", ")),
        Expr::Loop { body: inner, .. } => format!("loop {}", of(inner)),
        Expr::While { cond, body: inner, .. } => format!("while {} {}", of(cond), of(inner)),
        Expr::For { pat, iter, body: inner, .. } => format!("for {} in {} {}", self::pat(body, *pat), of(iter), of(inner)),
        Expr::Closure { params, body: inner, is_async, .. } => {
            let params =
                list(params, |(pat, ty)| self::pat(body, *pat) + &ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default(), ", ");
            format!("{}|{params}| {}", if *is_async { "async " } else { "" }, of(inner))
        }
        Expr::Async { body: inner, .. } => format!("async {}", of(inner)),
        Expr::Struct { path, fields, rest, .. } => {
            let rest = rest.map(|id| format!(", ..{}", expr(body, id))).unwrap_or_default();
            format!("{path} {{ {}{rest} }}", list(fields, |(name, value)| format!("{name}: {}", of(value)), ", "))
        }
        Expr::Tuple(ids) => format!("({})", exprs(body, ids)),
        Expr::Array(ids) => format!("[{}]", exprs(body, ids)),
        Expr::Range(start, end, closed) => {
            format!("{}..{}{}", maybe(body, *start), if *closed { "=" } else { "" }, maybe(body, *end))
        }
        Expr::Return(inner) => format!("return {}", maybe(body, *inner)),
        Expr::Break(inner) => format!("break {}", maybe(body, *inner)),
        Expr::Macro { path, args, read, .. } => format!("{}!{}({})", path.text(), if *read { "" } else { "?" }, exprs(body, args)),
        Expr::Other(ids) => format!("other({})", exprs(body, ids)),
    }
}

fn literal(lit: &Lit) -> String {
    match lit {
        Lit::Str(text) => format!("{text:?}"),
        Lit::Int(number) => number.to_string(),
        Lit::Float(number) => format!("{number}f"),
        Lit::Bool(truth) => truth.to_string(),
        Lit::Char(one) => format!("{one:?}"),
        Lit::Other => "lit".into(),
    }
}

fn arm(body: &Body, arm: &Arm) -> String {
    let guard = arm.guard.map(|guard| format!(" if {}", expr(body, guard))).unwrap_or_default();
    format!("{}{guard} => {}", pat(body, arm.pat), expr(body, arm.body))
}

fn stmt(body: &Body, stmt: &Stmt) -> String {
    match stmt {
        Stmt::Let { pat, ty, init, otherwise } => {
            let ty = ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default();
            let init = init.map(|init| format!(" = {}", expr(body, init))).unwrap_or_default();
            let otherwise = otherwise.map(|otherwise| format!(" else {}", expr(body, otherwise))).unwrap_or_default();
            format!("let {}{ty}{init}{otherwise};", self::pat(body, *pat))
        }
        Stmt::Expr { expr, semi } => format!("{}{}", self::expr(body, *expr), if *semi { ";" } else { "" }),
    }
}

pub(super) fn pat(body: &Body, id: PatId) -> String {
    let of = |id: &PatId| pat(body, *id);
    match &body[id] {
        Pat::Bind { name, sub, .. } => name.to_string() + &sub.map(|sub| format!("@{}", pat(body, sub))).unwrap_or_default(),
        Pat::Tuple(all) => format!("({})", list(all, of, ", ")),
        Pat::TupleStruct(path, all) => format!("{path}({})", list(all, of, ", ")),
        Pat::Struct(path, fields) => format!("{path}{{{}}}", list(fields, |(name, pat)| format!("{name}: {}", of(pat)), ", ")),
        Pat::Ref(inner) => format!("&{}", of(inner)),
        Pat::Or(all) => list(all, of, " | "),
        Pat::Slice(all) => format!("[{}]", list(all, of, ", ")),
        Pat::Typed(inner, ty) => format!("{}: {ty}", of(inner)),
        Pat::Path(path) => format!("path {path}"),
        Pat::Other => "_".into(),
    }
}
