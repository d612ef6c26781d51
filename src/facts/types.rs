//! Paths and types as written in the source.

use serde::{Deserialize, Serialize};

use super::Name;

/// A path as written: `std::sync::Arc<T>`, `self::x`, `Vec::<u8>::new`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path {
    /// Starts with `::`.
    pub global: bool,
    /// The segments; never empty for a path that was written.
    pub segs: Vec<Seg>,
}

/// One segment of a path with its generic arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seg {
    /// The identifier.
    pub name: Name,
    /// Type arguments; `Output = T` is [`Ty::Assoc`]; lifetimes and const arguments are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<Ty>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ty {
    /// A named type.
    Path(Path),
    /// `&T`, `&mut T`, `*const T`.
    Ref(Box<Ty>),
    /// `(A, B)`; `()` is empty.
    Tuple(Vec<Ty>),
    /// `[T]` or `[T; N]`.
    Slice(Box<Ty>),
    /// `fn(A) -> B`.
    Fn(Vec<Ty>, Box<Ty>),
    /// `impl A + B`.
    Impl(Vec<Path>),
    /// `dyn A + B`.
    Dyn(Vec<Path>),
    /// `<T as Trait>::Name`, with the trait when given.
    Projection(Box<Ty>, Option<Path>, Vec<Name>),
    /// `Output = T` among the arguments of a bound.
    Assoc(Name, Box<Ty>),
    /// `!`.
    Never,
    /// `_`.
    Infer,
    /// Anything else: a macro in type position.
    Other,
}

impl Path {
    /// A path of plain names.
    pub fn of(names: &[&str]) -> Self {
        Self { global: false, segs: names.iter().map(|name| Seg { name: Name::new(name), args: Vec::new() }).collect() }
    }

    /// The last segment's name.
    #[must_use]
    pub fn last(&self) -> Option<&Name> {
        self.segs.last().map(|seg| &seg.name)
    }

    /// The only segment's name, when there is just one.
    #[must_use]
    pub fn single(&self) -> Option<&Name> {
        match self.segs.as_slice() {
            [one] if !self.global => Some(&one.name),
            _ => None,
        }
    }

    /// The names joined by `::`, without generic arguments.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for (index, seg) in self.segs.iter().enumerate() {
            if index > 0 {
                out.push_str("::");
            }
            out.push_str(&seg.name);
        }
        out
    }
}
