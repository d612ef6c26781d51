//! Detector `statics`: see `statics.md`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::contents;
use super::context::Cx;
use super::finding::{Finding, Origin};
use super::nature::{Nature, nature};
use crate::facts::{Expr, ItemKind, StaticFact, StaticForm};
use crate::model::{Access, Class, Confidence, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, Res, Space, Type, body_of};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for (id, def) in cx.world.program.all_defs() {
        if cx.is_for_tests(id) {
            continue;
        }
        if let ItemKind::Static(fact) = &def.item.kind
            && matches!(fact.form, StaticForm::Plain | StaticForm::Lazy)
            && let Some(finding) = static_item(cx, id, fact)
        {
            out.push(finding);
        }
    }
}

fn static_item(cx: &Cx<'_>, id: DefId, fact: &StaticFact) -> Option<Finding> {
    let ty = cx.world.signatures.value(id);
    let wrappers = cx.world.catalog.wrappers();
    let is_lazy = fact.form == StaticForm::Lazy || ty.path().is_some_and(|path| wrappers.is_lazy(path));
    let nature = if fact.mutable { Nature::Mutable } else { nature(cx.world, ty) };
    let shown = cx.world.program.show(ty);
    let item = cx.world.program.def(id).item;
    if nature == Nature::PerThread {
        return None;
    }
    if item.attrs.iter().any(|attr| attr.path.last().is_some_and(|last| last == "global_allocator")) {
        return None;
    }
    let differs = if is_lazy && nature == Nature::Constant { differs(cx, id, ty) } else { None };
    let (kind, class, label, entry) = match nature {
        Nature::Stateful(entry) => {
            let api = cx.api(entry);
            (api.kind.unwrap_or(Kind::Static), Class::Mutable, SmolStr::new(&api.label), Some(entry))
        }
        Nature::Mutable if is_registry(cx, &held(cx, ty)) => {
            (Kind::Session, Class::Mutable, SmolStr::new_static("registry of connections"), None)
        }
        Nature::Mutable => (kind_by_name(&item.name, &shown), Class::Mutable, SmolStr::new_static("static"), None),
        Nature::Constant | Nature::SetOnce if is_lazy && holds_settings(cx, ty) => {
            (Kind::StartupConfig, Class::Mutable, SmolStr::new_static("settings frozen at first use"), None)
        }
        Nature::Constant if differs.is_some() => (Kind::Static, Class::Mutable, SmolStr::new_static(differs.unwrap_or_default()), None),
        // Filled by an initialiser at first use, wherever that stands: a lazy constant in other words.
        Nature::SetOnce if only_initialised(cx, id) => {
            (Kind::Static, Class::Constant, SmolStr::new_static("constant made at first use"), None)
        }
        Nature::SetOnce => (Kind::Static, Class::Mutable, SmolStr::new_static("value set once at run time"), None),
        // Evaluated by the compiler: nothing is set at run time.
        Nature::Constant | Nature::Unknown if !is_lazy => return None,
        // Its type comes out of a macro, say: whether it changes cannot be told.
        Nature::Unknown if ty.args().first().is_some_and(Type::is_known) => {
            (Kind::Static, Class::Mutable, SmolStr::new_static("lazily made value"), None)
        }
        Nature::Constant | Nature::Unknown => (Kind::Static, Class::Constant, SmolStr::new_static("constant made at first use"), None),
        Nature::PerThread => return None,
    };
    let mut facts = Vec::new();
    if fact.mutable {
        facts.push(Cx::plain_fact("form", "static mut"));
    }
    let uses = uses(cx, id);
    if class == Class::Mutable && entry.is_none() {
        facts.extend(contents::facts(cx, kind, ty, &uses));
    }
    Some(Finding {
        scope: Scope::Process,
        class,
        confidence: if nature == Nature::Unknown { Confidence::Possible } else { Confidence::Certain },
        sites: vec![cx.site(cx.declared_at(id), Role::Declared, id)],
        uses,
        facts,
        label,
        ty: Some(written(fact, shown)),
        backs_on: entry.and_then(|entry| cx.api(entry).backs_on.clone()),
        entry,
        ..Finding::new("statics", kind, id, item.name.clone(), Origin::Declared(cx.path(id)))
    })
}

/// What stays as it is for the life of a process and is another value in each: a random one, or a time.
fn differs(cx: &Cx<'_>, id: DefId, ty: &Type) -> Option<&'static str> {
    let Some(Type::Foreign(..)) = ty.args().first().filter(|inner| inner.args().iter().all(|arg| arg.args().is_empty())) else {
        return None;
    };
    let (program, wrappers) = (cx.world.program, cx.world.catalog.wrappers());
    let def = program.def(id);
    let paths = body_of(def.item)?.exprs.iter().filter_map(|expr| match expr {
        Expr::Path(path, _) => program.resolve(cx.world.catalog, def.module, path, Space::Value),
        _ => None,
    });
    // One that is made of more than itself is named by what it is made of.
    let mut made = paths.filter_map(|found| match found {
        Res::Foreign(path) if wrappers.is_random(&path) => Some("random value made at first use"),
        Res::Foreign(path) if wrappers.is_clock(&path) => Some("time taken at first use"),
        _ => None,
    });
    let is_plain = |body: &&BodyFacts| body.own.is_empty() && body.known.is_empty();
    let at = *cx.body_of.get(&id)?;
    Some(&cx.bodies[at]).filter(is_plain).and_then(|_| made.next())
}

/// A static that is made at first use, which never comes: only functions that nobody calls speak of it.
pub(super) fn is_never_made(cx: &Cx<'_>, id: DefId) -> bool {
    let ItemKind::Static(fact) = &cx.world.program.def(id).item.kind else { return false };
    let by_type = || cx.world.signatures.value(id).path().is_some_and(|path| cx.world.catalog.wrappers().is_lazy(path));
    let used = uses(cx, id);
    (fact.form == StaticForm::Lazy || by_type()) && !used.is_empty() && used.iter().all(|(_, user, _)| cx.is_dead(*user))
}

/// The value is a struct of the workspace that is named like settings.
fn holds_settings(cx: &Cx<'_>, ty: &Type) -> bool {
    let mut inner = ty;
    while let Type::Foreign(_, args) = inner
        && let Some(next) = args.first()
    {
        inner = next;
    }
    let Type::Def(of, _) = inner else { return false };
    let path = cx.path(*of).to_lowercase();
    let name = path.rsplit("::").next().unwrap_or("");
    ["config", "settings"].iter().any(|word| name.ends_with(word))
}

/// Nothing sets it: its only uses are `get_or_init` and reads.
fn only_initialised(cx: &Cx<'_>, id: DefId) -> bool {
    let methods = || cx.uses.on_statics.get(&id).into_iter().flatten().map(SmolStr::as_str);
    methods().any(|method| matches!(method, "get_or_init" | "get_or_try_init"))
        && !methods().any(|method| matches!(method, "set" | "try_set" | "try_insert" | "replace" | "take" | "get_mut"))
}

/// The declared type as written, when it is short; else what it resolves to.
fn written(fact: &StaticFact, shown: String) -> String {
    let text = fact.ty.to_string();
    if text.is_empty() { shown } else { text }
}

/// A lock whose name says what it is for.
pub(super) fn kind_by_name(name: &str, ty: &str) -> Kind {
    let (name, ty) = (name.to_lowercase(), ty.to_lowercase());
    // `cache_task_stats` are numbers about something.
    let counts =
        !name.starts_with("cached") && name.rsplit('_').next().is_some_and(|last| matches!(last, "stats" | "statistics" | "metrics"));
    let name = if counts { String::new() } else { name };
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word) || ty.contains(word));
    if says(&["cache", "memo"]) && !ty.contains("atomic") {
        Kind::Cache
    } else if ["map<", "set<", "vec<"].iter().any(|word| ty.contains(word)) && (name.contains("session") || holds_sessions(&ty)) {
        Kind::Session
    } else {
        Kind::Static
    }
}

/// The type in lower case speaks of sessions, and not only as what something is found by: `map<sessionkind, instant>` holds times.
fn holds_sessions(ty: &str) -> bool {
    let in_key = |at: usize| {
        let Some(key) = ty[..at].rfind("map<").map(|start| start + "map<".len()) else { return false };
        let (mut depth, mut parts) = (0, 0);
        for c in ty[key..at].chars() {
            match c {
                '<' | '(' => depth += 1,
                '>' | ')' => depth -= 1,
                ',' if depth == 0 => parts += 1,
                _ => {}
            }
        }
        // Before the first comma of the map, and not behind its end.
        parts == 0 && depth >= 0
    };
    ty.match_indices("session").any(|(at, _)| !in_key(at))
}

/// What a static holds behind lazy cells and pointers; for a struct of one container, that container.
fn held(cx: &Cx<'_>, ty: &Type) -> Type {
    let wrappers = cx.world.catalog.wrappers();
    let mut ty = ty.clone();
    while let Type::Foreign(path, args) = &ty
        && (wrappers.is_lazy(path) || wrappers.is_transparent(path))
        && let Some(inner) = args.first()
    {
        ty = inner.clone();
    }
    if let Type::Def(id, _) = &ty
        && let ItemKind::Struct(facts) = &cx.world.program.def(*id).item.kind
    {
        let mut fields = facts.fields.iter().filter_map(|field| cx.world.signatures.field(*id, &field.name));
        if let Some(map) = fields.find(|ty| is_registry(cx, ty)) {
            return map.clone();
        }
    }
    ty
}

/// A map or list whose values can be sent to: a registry of connections or users.
pub(super) fn holds_senders(cx: &Cx<'_>, ty: &Type, depth: u32) -> bool {
    if depth > 6 {
        return false;
    }
    match ty {
        Type::Foreign(path, args) => {
            let is_sender = ["::Sender", "::UnboundedSender", "::SplitSink", "::WebSocket", "::Addr", "::Recipient"]
                .iter()
                .any(|end| path.ends_with(end));
            (is_sender && depth > 1) || args.iter().any(|arg| holds_senders(cx, arg, depth + 1))
        }
        Type::Def(id, _) => match &cx.world.program.def(*id).item.kind {
            ItemKind::Struct(facts) => {
                let fields = facts.fields.iter().filter_map(|field| cx.world.signatures.field(*id, &field.name));
                fields.into_iter().any(|ty| holds_senders(cx, ty, depth + 1))
            }
            _ => false,
        },
        Type::Tuple(all) => all.iter().any(|ty| holds_senders(cx, ty, depth + 1)),
        Type::Slice(inner) => holds_senders(cx, inner, depth + 1),
        _ => false,
    }
}

/// What a map or list of what can be sent to is called where it is told by its type alone.
pub(super) const REGISTRY: SmolStr = SmolStr::new_static("registry of channels");

/// Whether a type is a concurrent map, or a lock around a map or list.
pub(super) fn is_registry(cx: &Cx<'_>, ty: &Type) -> bool {
    let shown = cx.world.program.show(ty);
    ["Map<", "Set<", "Vec<", "Slab<"].iter().any(|word| shown.contains(word)) && holds_senders(cx, ty, 0)
}

/// Where a static is used, its own initialiser left out. Who calls a method that changes what is inside changes it.
pub(super) fn uses(cx: &Cx<'_>, id: DefId) -> Vec<(At, DefId, Access)> {
    let all = cx.uses.statics.get(&id).into_iter().flatten().filter(|(_, user, _)| *user != id);
    let Some(of) = inner_struct(cx.world.signatures.value(id)) else { return all.copied().collect() };
    let mut known: FxHashMap<SmolStr, bool> = FxHashMap::default();
    let mut through_method = |user: DefId| {
        let methods = cx.body_of.get(&user).map_or(&[][..], |at| cx.bodies[*at].on_statics.as_slice());
        let mut own = methods.iter().filter(|(on, _)| *on == id).map(|(_, method)| method);
        own.any(|method| *known.entry(method.clone()).or_insert_with(|| changes(cx, of, method, 0)))
    };
    all.map(|(at, user, access)| (*at, *user, if through_method(*user) { Access::Write } else { *access })).collect()
}

/// The struct of the workspace in a static, behind what makes it late.
fn inner_struct(ty: &Type) -> Option<DefId> {
    match ty {
        Type::Def(of, _) => Some(*of),
        Type::Foreign(_, args) => args.first().and_then(inner_struct),
        _ => None,
    }
}

/// Methods of a type that call each other.
const MAX_STEPS: usize = 2;

/// Whether a method changes a field of its own type, itself or through another method of it.
fn changes(cx: &Cx<'_>, of: DefId, method: &SmolStr, depth: usize) -> bool {
    let Some(func) = cx.world.program.members.get(&(of, method.clone())).and_then(|all| all.first()) else { return false };
    let Some(body) = cx.body_of.get(func).map(|at| &cx.bodies[*at]) else { return false };
    let is_own = |other: DefId| cx.world.signatures.this[other.0 as usize].as_ref().is_some_and(|ty| inner_struct(ty) == Some(of));
    body.field_uses.iter().any(|(on, _, access, _)| *on == of && *access == Access::Write)
        || depth < MAX_STEPS && body.own.iter().any(|call| is_own(call.func) && changes(cx, of, &cx.short_name(call.func), depth + 1))
}
