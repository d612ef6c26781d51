//! Conditions of `#[cfg(…)]`: read from tokens, decided as far as `test` decides them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::name;
use crate::facts::Cfg;

/// What is known of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Never holds.
    False,
    /// Always holds.
    True,
    /// Depends on this.
    Open(Cfg),
}

/// The condition in the parentheses of `cfg(…)`; nothing when it is empty or not understood.
pub(super) fn read(tokens: TokenStream) -> Option<Cfg> {
    list(tokens).into_iter().next()
}

fn list(tokens: TokenStream) -> Vec<Cfg> {
    let mut out = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let TokenTree::Ident(ident) = token else { continue };
        // The last branch of `cfg_select!`.
        if ident == "_" {
            continue;
        }
        let key = name(&ident);
        let one = match tokens.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                let inner = list(group.stream());
                match key.as_str() {
                    "all" => Cfg::All(inner),
                    "any" => Cfg::Any(inner),
                    "not" => match inner.into_iter().next() {
                        Some(inner) => Cfg::Not(Box::new(inner)),
                        None => continue,
                    },
                    // `version(…)`, `accessible(…)`: unstable, kept as a flag.
                    _ => Cfg::Flag(key),
                }
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
                tokens.next();
                match tokens.next() {
                    Some(TokenTree::Literal(value)) => Cfg::KeyValue(key, literal_text(&value).into()),
                    _ => continue,
                }
            }
            _ => Cfg::Flag(key),
        };
        out.push(one);
        // To the next comma.
        for token in tokens.by_ref() {
            if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
                break;
            }
        }
    }
    out
}

/// A literal without its quotes.
pub(super) fn literal_text(literal: &proc_macro2::Literal) -> String {
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => text.value(),
        syn::Lit::Char(one) => one.value().to_string(),
        syn::Lit::Int(number) => number.base10_digits().to_owned(),
        syn::Lit::Float(number) => number.base10_digits().to_owned(),
        syn::Lit::Bool(truth) => truth.value.to_string(),
        _ => literal.to_string(),
    }
}

/// Joins conditions that must all hold.
pub(super) fn all(mut cfgs: Vec<Cfg>) -> Option<Cfg> {
    if cfgs.len() > 1 { Some(Cfg::All(cfgs)) } else { cfgs.pop() }
}

/// Takes out of a condition what is known. Without `drop_tests` only `true` and `false` are.
pub(super) fn simplify(cfg: Cfg, drop_tests: bool) -> Known {
    match cfg {
        Cfg::Flag(flag) => match flag.as_str() {
            "test" | "doctest" if drop_tests => Known::False,
            "false" => Known::False,
            "true" => Known::True,
            _ => Known::Open(Cfg::Flag(flag)),
        },
        Cfg::KeyValue(..) => Known::Open(cfg),
        Cfg::Not(inner) => match simplify(*inner, drop_tests) {
            Known::False => Known::True,
            Known::True => Known::False,
            Known::Open(inner) => Known::Open(Cfg::Not(Box::new(inner))),
        },
        Cfg::All(parts) => join(parts, drop_tests, &Known::True, Cfg::All),
        Cfg::Any(parts) => join(parts, drop_tests, &Known::False, Cfg::Any),
    }
}

/// Whether a condition holds on Linux; none where that is up to the build.
pub(super) fn on_linux(cfg: &Cfg) -> Option<bool> {
    let all_or_any = |parts: &[Cfg], decides: bool| {
        let known: Vec<Option<bool>> = parts.iter().map(on_linux).collect();
        if known.contains(&Some(decides)) {
            return Some(decides);
        }
        known.iter().all(Option::is_some).then_some(!decides)
    };
    match cfg {
        Cfg::All(parts) => all_or_any(parts, false),
        Cfg::Any(parts) => all_or_any(parts, true),
        Cfg::Not(inner) => on_linux(inner).map(|holds| !holds),
        Cfg::Flag(flag) => match flag.as_str() {
            "unix" => Some(true),
            "windows" => Some(false),
            _ => None,
        },
        Cfg::KeyValue(key, value) => match key.as_str() {
            "target_os" => Some(value == "linux"),
            "target_family" => Some(value == "unix"),
            _ => None,
        },
    }
}

/// `all` and `any` are mirror images: parts equal to `neutral` vanish, the opposite decides.
fn join(parts: Vec<Cfg>, drop_tests: bool, neutral: &Known, build: fn(Vec<Cfg>) -> Cfg) -> Known {
    let mut open = Vec::with_capacity(parts.len());
    for part in parts {
        match simplify(part, drop_tests) {
            Known::Open(part) => open.push(part),
            known if known == *neutral => {}
            decided => return decided,
        }
    }
    match open.len() {
        0 => neutral.clone(),
        1 => open.pop().map_or_else(|| neutral.clone(), Known::Open),
        _ => Known::Open(build(open)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match simplify(read(text.parse().unwrap()).unwrap(), true) {
            Known::False => "never".into(),
            Known::True => "always".into(),
            Known::Open(cfg) => show(&cfg),
        }
    }

    #[test]
    fn what_holds_on_linux_is_known_of_systems_only() {
        let on = |text: &str| on_linux(&read(text.parse().unwrap()).unwrap());
        assert_eq!(on("unix"), Some(true));
        assert_eq!(on("target_os = \"macos\""), Some(false));
        assert_eq!(on("not(any(windows, target_os = \"macos\"))"), Some(true));
        assert_eq!(on("all(windows, feature = \"a\")"), Some(false));
        for open in ["feature = \"a\"", "all(unix, feature = \"a\")", "target_arch = \"x86_64\"", "any(windows, musl)"] {
            assert_eq!(on(open), None, "{open}");
        }
    }

    fn show(cfg: &Cfg) -> String {
        let list = |parts: &[Cfg]| parts.iter().map(show).collect::<Vec<_>>().join(", ");
        match cfg {
            Cfg::All(parts) => format!("all({})", list(parts)),
            Cfg::Any(parts) => format!("any({})", list(parts)),
            Cfg::Not(inner) => format!("not({})", show(inner)),
            Cfg::Flag(flag) => flag.to_string(),
            Cfg::KeyValue(key, value) => format!("{key} = {value}"),
        }
    }

    #[test]
    fn what_test_decides_is_decided() {
        assert_eq!(shown("test"), "never");
        assert_eq!(shown("not(test)"), "always");
        assert_eq!(shown("all(unix, test)"), "never");
        assert_eq!(shown("any(doctest, not(any(test, doctest)))"), "always");
        assert_eq!(shown("not(all())"), "never");
    }

    #[test]
    fn what_test_does_not_decide_stays() {
        assert_eq!(shown("any(test, feature = \"redis\")"), "feature = redis");
        assert_eq!(shown("all(not(test), unix, not(feature = r\"a\"),)"), "all(unix, not(feature = a))");
        assert_eq!(shown("all(loom, not(miri))"), "all(loom, not(miri))");
    }
}
