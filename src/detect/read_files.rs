//! Files that are read at start-up: whether what they hold is kept, and whether it is settings or data.

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::diag::name_words;
use crate::facts::ItemKind;
use crate::resolve::{BodyFacts, Bound, KnownCall, Type};

/// A file read while the process starts: what `main` reaches by plain calls, or the initialiser of a static. What the
/// kernel tells (`/proc`, `/sys`) is no data of the service.
pub(super) fn is_kept(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> bool {
    let is_static = matches!(cx.world.program.def(body.def).item.kind, ItemKind::Static(_));
    let is_near = || cx.from_main.get(&body.def).is_none_or(|steps| *steps < 3);
    let stays = || matches!(&call.bound, Bound::Field(of, _) if cx.long_lived.contains(of));
    let starts =
        is_static || (cx.once.contains(&body.def) && (reads_settings(cx, body, call) || is_near() || stays() || reads_key(cx, call)));
    let path = call.args.first().map(|path| cx.flow.settle(cx.world, path));
    let of_kernel = path.and_then(|path| path.value).is_some_and(|path| {
        let path = path.to_string();
        path.starts_with("/proc") || path.starts_with("/sys") || path.starts_with("/etc/resolv.conf")
    });
    let fills_static =
        body.on_statics.iter().any(|(_, method)| matches!(method.as_str(), "set" | "store" | "get_or_init" | "lock" | "write"));
    // Read and used up in the same function, it is not kept.
    let handed_on =
        matches!(call.bound, Bound::Result | Bound::Field(..) | Bound::Argument) || is_static || returns_data(cx, body) || fills_static;
    starts && !of_kernel && call.bound != Bound::Dropped && handed_on
}

/// The function returns something that is more than success: what it made of the file, it seems.
fn returns_data(cx: &Cx<'_>, body: &BodyFacts) -> bool {
    let value = cx.world.signatures.value(body.def);
    let inner = match value {
        Type::Foreign(path, args) if path == "std::result::Result" || path == "std::option::Option" => {
            args.first().cloned().unwrap_or_default()
        }
        other => other.clone(),
    };
    !matches!(&inner, Type::Tuple(all) if all.is_empty()) && inner != Type::Unknown
}

/// A certificate or key is data, whatever the function that loads it is called.
fn reads_key(cx: &Cx<'_>, call: &KnownCall) -> bool {
    let settled = call.args.first().map(|path| cx.flow.settle(cx.world, path));
    let told = settled.and_then(|settled| settled.value.map(|path| path.to_string()).or(settled.from));
    told.is_some_and(|path| {
        // Keys of settings may be written in camel case.
        name_words(&path).iter().any(|word| matches!(word.as_str(), "cert" | "certs" | "certificate" | "key" | "pem" | "crt" | "ca"))
    })
}

/// The file is one of settings: its name, or that of the function or of what it returns, says so.
pub(super) fn reads_settings(cx: &Cx<'_>, body: &BodyFacts, call: &KnownCall) -> bool {
    let says = |text: &str| {
        let text = text.to_lowercase();
        ["config", "settings", "cfg"].iter().any(|word| text.contains(word))
    };
    if reads_key(cx, call) {
        return false;
    }
    let path = call.args.first().and_then(|path| cx.flow.settle(cx.world, path).value).map(|path| path.to_string());
    let by_path = path.is_some_and(|path| says(&path) || [".toml", ".yaml", ".yml", ".ini"].iter().any(|end| path.ends_with(end)));
    let of = cx.world.program.show(cx.world.signatures.value(body.def));
    by_path || says(&cx.short_name(body.def)) || says(&of)
}

/// A file is called by its path, where that is known.
pub(super) fn named_by_path(finding: &mut Finding) {
    let path = finding.facts.iter().find(|fact| fact.key == "path");
    let Some(path) = path.and_then(|fact| fact.value.as_ref().map(ToString::to_string).or_else(|| fact.from.clone())) else { return };
    finding.name = SmolStr::new(&path);
    if let Origin::Called { what, .. } = &mut finding.origin {
        *what = path.into();
    }
}
